"""What a person may do unites their roles' grants; its shape is that of its statements.

How fields are united: docs/decisions/0004-roles-united.md.
"""

from __future__ import annotations

from uuid import uuid4

from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field, Grant
from tenfold.engine.types import Secret, Text

FIELDS = {
    "name": Field(name="name", type=Text()),
    "wage": Field(name="wage", type=Text()),
    "code": Field(name="code", type=Secret()),
}


def definition(**access: Grant) -> Definition:
    return Definition(
        name="thing", plural="things", pack="p", declared_doc="", fields=FIELDS, access=access
    )


def person(role: str, *roles: str, **own: Grant) -> Person:
    return Person(
        user=uuid4(),
        tenant=uuid4(),
        role=role,
        roles=frozenset(roles),
        own_roles={name: {"thing": grant} for name, grant in own.items()},
    )


def test_nothing_is_granted_that_was_not_declared() -> None:
    access = person("member", "clerk").access(definition(boss=Grant(read="all")))
    assert (access.read, access.create, access.update, access.delete) == (
        "none",
        False,
        "none",
        "none",
    )
    assert access.reveal == frozenset()


def test_widest_scope_of_all_roles_counts() -> None:
    kind = definition(
        a=Grant(read="own", update="team"), b=Grant(read="team", create=True, update="own")
    )
    access = person("member", "a", "b").access(kind)
    assert (access.read, access.create, access.update) == ("team", True, "team")


def test_a_field_is_seen_only_where_a_role_that_reads_furthest_shows_it() -> None:
    kind = definition(
        a=Grant(read="all", hide=frozenset({"wage", "name"})),
        b=Grant(read="all", hide=frozenset({"wage"})),
        c=Grant(create=True),
        d=Grant(read="own"),
    )
    assert person("member", "a").access(kind).hidden == {"wage", "name"}
    assert person("member", "a", "b", "c").access(kind).hidden == {"wage"}
    access = person("member", "b", "d").access(kind)
    assert (access.read, access.hidden) == ("all", {"wage"})
    assert person("member", "d").access(kind).hidden == frozenset()


def test_a_secret_is_revealed_only_where_a_role_that_reads_furthest_reveals_it() -> None:
    code = frozenset({"code"})
    kind = definition(
        a=Grant(read="own", reveal=code),
        b=Grant(read="all"),
        c=Grant(read="all", reveal=code),
        d=Grant(read="all", reveal=code, hide=code),
    )
    assert person("member", "a").access(kind).reveal == code
    access = person("member", "a", "b").access(kind)
    assert (access.read, access.reveal) == ("all", frozenset())
    assert person("member", "a", "b", "c").access(kind).reveal == code
    assert person("member", "b", "d").access(kind).reveal == frozenset()


def test_a_field_is_set_only_where_a_role_that_changes_furthest_lets_it_be_set() -> None:
    wage = frozenset({"wage"})
    kind = definition(
        a=Grant(read="own", update="own"),
        b=Grant(read="all", update="all", read_only=wage),
        c=Grant(read="own", update="all", hide=wage),
        d=Grant(read="all"),
    )
    access = person("member", "a", "b").access(kind)
    assert (access.update, access.locked) == ("all", wage)
    # What a role hides it does not let be set either.
    access = person("member", "c", "d").access(kind)
    assert (access.hidden, access.update, access.locked) == (frozenset(), "all", wage)


def test_what_is_computed_from_a_hidden_field_is_hidden() -> None:
    uses = {"wage": ("base",), "yearly": ("wage",), "name": ()}
    fields = {n: Field(name=n, type=Text(), uses=u) for n, u in uses.items()}
    fields["base"] = Field(name="base", type=Text())
    kind = Definition(
        name="thing",
        plural="things",
        pack="p",
        declared_doc="",
        fields=fields,
        access={"a": Grant(read="all", hide=frozenset({"base"})), "b": Grant(read="all")},
    )
    access = person("member", "a").access(kind)
    assert access.hidden == {"base", "wage", "yearly"}
    assert access.shape != person("member", "b").access(kind).shape


def test_a_field_is_locked_only_where_every_writing_role_locks_it() -> None:
    kind = definition(
        a=Grant(read="all", update="all", read_only=frozenset({"wage"})),
        b=Grant(read="all", update="all"),
        c=Grant(read="all", read_only=frozenset({"wage"})),
    )
    assert person("member", "a").access(kind).locked == {"wage"}
    assert person("member", "a", "c").access(kind).locked == {"wage"}
    assert person("member", "a", "b").access(kind).locked == frozenset()


def test_organisation_roles() -> None:
    kind = definition(clerk=Grant(read="own", hide=frozenset({"wage"})))
    for role in ("owner", "admin"):
        access = person(role).access(kind)
        assert (access.read, access.delete, access.reveal) == ("all", "all", {"code"})
        assert access.hidden == frozenset()
    assert person("manager").access(kind).reveal == frozenset()
    reader = person("read-only").access(kind)
    assert (reader.read, reader.create, reader.update, reader.delete) == (
        "all",
        False,
        "none",
        "none",
    )


def test_read_only_takes_away_what_other_roles_may_write() -> None:
    kind = definition(
        boss=Grant("all", True, "all", "all", frozenset({"code"}), frozenset({"wage"}))
    )
    access = person("read-only", "boss").access(kind)
    assert (access.read, access.create, access.update, access.delete) == (
        "all",
        False,
        "none",
        "none",
    )
    assert (access.hidden, access.reveal) == ({"wage"}, frozenset())


def test_roles_of_the_organisations_own_count_too() -> None:
    access = person("member", "helper", helper=Grant(read="team")).access(definition())
    assert access.read == "team"


def test_shape_is_shared_by_those_whose_statements_look_alike() -> None:
    kind = definition(
        a=Grant(read="all"),
        b=Grant(read="all", create=True, update="own"),
        c=Grant(read="own"),
        d=Grant(read="all", hide=frozenset({"wage"})),
    )
    shapes = {role: person("member", role).access(kind).shape for role in "abcd"}
    assert shapes["a"] == shapes["b"]
    assert len(set(shapes.values())) == 3
