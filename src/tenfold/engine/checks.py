"""What a write must satisfy beyond its values: scope, moves, targets of relations, unique keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from tenfold.db.database import Transaction
from tenfold.engine import reach
from tenfold.engine.access import Access, Person
from tenfold.engine.definition import PRIVATE, Definition, Field, Scope
from tenfold.engine.query import Shapes
from tenfold.engine.reach import Whose
from tenfold.engine.registry import Registry
from tenfold.engine.sql import Statement, compiled
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import AnyRef, Ref, User
from tenfold.engine.values import Values
from tenfold.engine.written import Results
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, Lost, TenfoldError
from tenfold.kernel.language import mark, say, say_as
from tenfold.kernel.language import within as inside

_shapes = Shapes()
Parsed = list[tuple[int, UUID, Values]]
_MEMBERS = (
    "SELECT user_id, team_id FROM tenfold.members "
    "WHERE tenant_id = $1 AND user_id = ANY ($2) AND active"
)
_TAKEN = mark("Another %(type)s has this %(field)s already.")


def within(
    scope: Scope, person: Person, row: asyncpg.Record, verb: str, definition: Definition
) -> None:
    """Raise Forbidden unless the record lies within the scope that the person has for the verb."""
    one = Whose.of(definition, row)
    if reach.within(scope, person.access(definition), person, one):
        return
    if one.private:
        word = inside(definition.label)
        raise Forbidden(
            say(
                "This %(word)s is private: only its owner may %(verb)s it.",
                word=word,
                verb=say_as("verb", verb),
            )
        )
    whose = say("your team's") if scope == "team" else say("your own")
    raise Forbidden(
        say(
            "You may only %(verb)s %(whose)s %(label_plural)s.",
            verb=say_as("verb", verb),
            whose=whose,
            label_plural=inside(definition.label_plural),
        )
    )


def change(access: Access, person: Person, row: asyncpg.Record, definition: Definition) -> None:
    """Raise Forbidden unless the person may change the record: within their scope, or shared so."""
    if not reach.changeable(access, person, Whose.of(definition, row)):
        within(access.update, person, row, "change", definition)


def handed_on(
    access: Access,
    person: Person,
    row: asyncpg.Record,
    definition: Definition,
    columns: Mapping[str, object],
) -> None:
    """Raise Forbidden where who may change a record only because it is shared decides whose it is.

    Neither its owner nor who else may see it is theirs to say.
    """
    names = [name for name in ("owner_id", definition.private) if name in columns]
    if all(columns[name] == row[name] for name in names):
        return
    if not reach.within(access.update, access, person, Whose.of(definition, row)):
        word = inside(definition.label)
        raise Forbidden(
            say(
                "This %(word)s is shared with you: only somebody it belongs to may give it to "
                "another owner, or decide who may see it.",
                word=word,
            )
        )


def owned(definition: Definition, row: asyncpg.Record, columns: Mapping[str, object]) -> None:
    """Raise Invalid where a record that nobody but its owner sees would have none: it were lost."""
    if not definition.strict:
        return
    now = {name: columns.get(name, row[name]) for name in ("owner_id", definition.private)}
    if now["owner_id"] is None and now[definition.private] == PRIVATE:
        word = inside(definition.label)
        raise Invalid(
            {
                "owner_id": say(
                    "is required: a private %(word)s is seen by its owner alone", word=word
                )
            }
        )


def version(definition: Definition, row: asyncpg.Record, expected: int | None) -> None:
    """Raise Lost where the record no longer has the version that the writer saw."""
    if expected is not None and expected != row["version"]:
        raise Lost(
            say(
                "Somebody changed this %(label)s meanwhile (version %(version)s, yours was "
                "%(expected)s). Read it again and repeat your change.",
                label=inside(definition.label),
                version=row["version"],
                expected=expected,
            )
        )


def move(definition: Definition, row: asyncpg.Record, values: Values) -> None:
    """Raise Conflict where a change of `status` is not an allowed move."""
    stage = definition.status
    new = values.columns.get("status")
    if stage is None or new is None or "status" not in values.given:
        return
    old = row["status"]
    if not stage.may_move(old, new):
        allowed = ", ".join(sorted(stage.moves[old])) or "nothing"
        raise Conflict(
            say(
                "A %(label)s can't move from %(old)s to %(new)s; from %(old)s it can move to "
                "%(allowed)s.",
                label=inside(definition.label),
                old=old,
                new=new,
                allowed=allowed,
            ),
            code="MOVE_NOT_ALLOWED",
            fields={"status": say("can move to %(allowed)s", allowed=allowed)},
        )


async def relations(
    tx: Transaction,
    person: Person,
    definition: Definition,
    registry: Registry,
    parsed: Parsed,
    results: Results,
) -> Parsed:
    """Keep the rows whose relations point to what the writer may read; one query per target."""
    wanted = _wanted(definition, parsed)
    if not wanted:
        return parsed
    known: dict[str, Mapping[UUID, UUID | None]] = {}
    for target, ids in wanted.items():
        known[target] = await readable(tx, person, registry, target, sorted(ids))
    kept: Parsed = []
    for index, identity, values in parsed:
        problems = _misdirected(definition, registry, known, values)
        if problems:
            results.refuse(index, Invalid(problems))
        else:
            kept.append((index, identity, values))
    return kept


def _misdirected(
    definition: Definition,
    registry: Registry,
    known: Mapping[str, Mapping[UUID, UUID | None]],
    values: Values,
) -> dict[str, str]:
    """What is wrong with the relations of one row, by field; the team follows its owner."""
    problems: dict[str, str] = {}
    for one, target, to in _pointers(definition, values):
        if target not in registry.by_name and target != "user":
            problems[one.json_name] = f"there is no record type {target!r}"
        elif isinstance(one.type, AnyRef) and one.type.among and target not in one.type.among:
            problems[one.json_name] = f"takes {', '.join(one.type.among)}, not {target}"
        elif to not in known[target]:
            word = say("person") if target == "user" else inside(registry.by_name[target].label)
            problems[one.json_name] = f"there is no {word} with the id {to}"
        elif one.name == "owner":
            values.columns["team_id"] = known["user"][to]
    return problems


def _wanted(definition: Definition, parsed: Parsed) -> dict[str, set[UUID]]:
    wanted: dict[str, set[UUID]] = {}
    for _, _, values in parsed:
        for _, target, to in _pointers(definition, values):
            wanted.setdefault(target, set()).add(to)
    return wanted


def _pointers(definition: Definition, values: Values) -> list[tuple[Field, str, UUID]]:
    """The relations that were given a target: field, type's name, id."""
    found: list[tuple[Field, str, UUID]] = []
    for name in values.given:
        one = definition.fields[name]
        to: Any = values.columns.get(f"{name}_id")
        if to is None:
            continue
        if isinstance(one.type, Ref):
            found.append((one, one.type.to, to))
        elif isinstance(one.type, User):
            found.append((one, "user", to))
        elif isinstance(one.type, AnyRef):
            found.append((one, values.columns[f"{name}_type"], to))
    return found


async def readable(
    tx: Transaction, person: Person, registry: Registry, target: str, ids: Sequence[UUID]
) -> Mapping[UUID, UUID | None]:
    """Which of the ids the person may read; for people, with their team."""
    if target == "user":
        rows = await tx.rows(_MEMBERS, person.tenant, list(ids))
        return {r[0]: r[1] for r in rows}
    other = registry.by_name.get(target)
    if other is None or person.access(other).read == "none":
        return {}
    reading = PersonReading(other, person, registry)
    key = (other.name, other.digest, reading.access.shape)
    statement = _shapes.get(key, lambda: _held(reading))
    bound = person.bound(ids=list(ids))
    rows = await tx.rows(statement.text, *statement.arguments(bound))
    return {r[0]: None for r in rows}


def _held(reading: PersonReading) -> Statement:
    """The rows of some ids, kept from being deleted; locked in order, as whoever deletes does."""
    table = reading.table
    chosen = sa.bindparam("ids", type_=ARRAY(sa.UUID(as_uuid=True)))
    rows = reading.matching().where(table.c.id == sa.any_(chosen)).order_by(table.c.id)
    return compiled(rows.with_only_columns(table.c.id).with_for_update(key_share=True, read=True))


def taken(definition: Definition, error: asyncpg.UniqueViolationError) -> TenfoldError:
    """The answer to a unique key that another record has."""
    name = (error.constraint_name or "").removeprefix(f"{definition.table}_")
    one = definition.fields.get(name.removesuffix("_unique"))
    if one is None:
        return Conflict(say("A record with this key exists already."), code="DUPLICATE")
    return key_taken(definition, one)


def keyed(definition: Definition, rows: Iterable[Mapping[str, object]]) -> bool:
    """Whether any of the rows has a value that no other record may have."""
    names = [one.name for one in definition.unique_fields]
    return any(row.get(name) is not None for row in rows for name in names)


def one_taken(definition: Definition, row: Mapping[str, object]) -> TenfoldError:
    """The same, where it is known of which row: its only key, or one of several."""
    keys = [one for one in definition.unique_fields if row.get(one.name) is not None]
    if len(keys) == 1:
        return key_taken(definition, keys[0])
    either = say("or")
    labels = f" {either} ".join(inside(one.label) for one in keys) or say("key")
    text = say(_TAKEN, type=inside(definition.label), field=labels)
    return Conflict(
        text, code="DUPLICATE", fields={one.json_name: say("may be taken") for one in keys}
    )


def key_taken(definition: Definition, one: Field) -> TenfoldError:
    """The same, where it is known which key; nothing is said of the record that has it."""
    text = say(_TAKEN, type=inside(definition.label), field=inside(one.label))
    return Conflict(text, code="DUPLICATE", fields={one.json_name: say("is taken")})
