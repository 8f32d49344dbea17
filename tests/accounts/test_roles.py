"""Roles of an organisation's own: scopes, verbs and hidden fields as the API shows them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.accounts.conftest import Api
from tests.factories import Organisation, Somebody

pytestmark = pytest.mark.anyio

ALL = {"read": "all", "create": True, "update": "all", "delete": "all"}


async def holder(
    api: Api, organisation: Organisation, admin: Somebody, lead: dict[str, Any]
) -> Somebody:
    """Somebody whose only role, `helper`, grants this of leads."""
    await api.data(admin, "POST", "roles", {"name": "helper", "grants": {"lead": lead}})
    return await organisation.person("member", ["helper"], team=organisation.team)


async def test_role_is_made_read_changed_and_deleted(api: Api, admin: Somebody) -> None:
    grants = {"lead": {"read": "team", "hide": ["budget", "owner_id"]}}
    answer = await api.ask(admin, "POST", "roles", {"name": "helper", "grants": grants})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/roles/helper"
    made = answer.json()["data"]
    assert made["grants"]["lead"] == {
        "read": "team",
        "create": False,
        "update": "none",
        "delete": "none",
        "reveal": [],
        "hide": ["budget", "owner_id"],
        "read_only": [],
    }
    assert await api.data(admin, "GET", "roles") == [made]
    assert await api.data(admin, "GET", "roles/helper") == made
    changed = await api.data(admin, "PATCH", "roles/helper", {"grants": {}})
    assert changed["grants"] == {}
    await api.data(admin, "DELETE", "roles/helper")
    assert (await api.refused(admin, "GET", "roles/helper"))[0] == 404


@pytest.mark.parametrize(
    ("grants", "field"),
    [
        ({"leed": {}}, "grants.leed"),
        ({"lead": {"read": "some"}}, "grants.lead.read"),
        ({"lead": {"reed": "all"}}, "grants.lead.reed"),
        ({"lead": {"create": "yes"}}, "grants.lead.create"),
        ({"lead": {"hide": ["budgett"]}}, "grants.lead.hide"),
        ({"lead": {"hide": ["id"]}}, "grants.lead.hide"),
        ({"lead": {"read_only": ["custom.none"]}}, "grants.lead.read_only"),
        ({"lead": {"reveal": ["budget"]}}, "grants.lead.reveal"),
        ({"lead": "all"}, "grants"),
        ([], "grants"),
    ],
)
async def test_role_names_what_is_wrong(api: Api, admin: Somebody, grants: Any, field: str) -> None:
    body = {"name": "helper", "grants": grants}
    status, code, fields = await api.refused(admin, "POST", "roles", body)
    assert (status, code) == (400, "INVALID_FIELDS")
    assert [name for name in fields if name.startswith(field)], fields


@pytest.mark.parametrize("name", ["owner", "admin", "Has Blank", "", "x" * 60, "1st"])
async def test_role_refuses_names(api: Api, admin: Somebody, name: str) -> None:
    status, _, fields = await api.refused(admin, "POST", "roles", {"name": name, "grants": {}})
    assert (status, set(fields)) == (400, {"name"})
    assert "regex" not in fields["name"]


async def test_roles_may_not_read_alike(api: Api, admin: Somebody) -> None:
    body: dict[str, Any] = {"grants": {}}
    await api.data(admin, "POST", "roles", {"name": "night-desk", **body})
    for name in ("night_desk", "front-desk"):
        refused = await api.refused(admin, "POST", "roles", {"name": name, **body})
        assert (refused[0], set(refused[2])) == (400, {"name"}), "front_desk is a pack's role"
    await api.data(admin, "POST", "roles", {"name": "front_desk", **body})


async def test_role_in_use_is_not_deleted(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    await holder(api, organisation, admin, {"read": "all"})
    assert (await api.refused(admin, "DELETE", "roles/helper"))[:2] == (409, "IN_USE")
    again = {"name": "helper", "grants": {}}
    assert (await api.refused(admin, "POST", "roles", again))[:2] == (409, "DUPLICATE")


async def test_roles_of_another_organisation_are_unknown(
    api: Api, organisation: Organisation, admin: Somebody, stranger: Organisation
) -> None:
    them = await stranger.person("owner")
    await api.data(them, "POST", "roles", {"name": "theirs", "grants": {"lead": ALL}})
    assert await api.data(admin, "GET", "roles") == []
    assert (await api.refused(admin, "GET", "roles/theirs"))[0] == 404
    assert (await api.refused(admin, "DELETE", "roles/theirs"))[0] == 404
    give = {"roles": ["theirs"]}
    assert (await api.refused(admin, "PATCH", f"members/{admin.id}", give))[0] == 400


@pytest.mark.parametrize(
    ("scope", "sees"),
    [("none", []), ("own", ["mine"]), ("team", ["mine", "team"]), ("all", ["mine", "team", "far"])],
)
async def test_each_scope_of_each_verb(
    api: Api, organisation: Organisation, admin: Somebody, scope: str, sees: list[str]
) -> None:
    everything = {"lead": {"read": "all", "create": True, "update": scope, "delete": scope}}
    await api.data(admin, "POST", "roles", {"name": "changer", "grants": everything})
    who = await organisation.person("member", ["changer"], team=organisation.team)
    mate = await organisation.person("manager", team=organisation.team)
    far = await organisation.person("manager", team=organisation.other_team)
    ids = {"mine": await api.lead(who), "team": await api.lead(mate), "far": await api.lead(far)}
    for name, identity in ids.items():
        changed = await api.ask(who, "PATCH", f"leads/{identity}", {"first_name": "X"})
        deleted = await api.ask(who, "DELETE", f"leads/{identity}")
        expected = 200 if name in sees else 403
        assert (changed.status_code, deleted.status_code) == (expected, expected), name
        if name in sees:
            await api.data(who, "POST", f"leads/{identity}/restore", status=200)
    reader = {"grants": {"lead": {"read": scope}}}
    await api.data(admin, "PATCH", "roles/changer", reader)
    if scope == "none":
        assert (await api.refused(who, "GET", "leads"))[0] == 403
        return
    assert set(await api.leads(who)) == {ids[name] for name in sees}
    for name, identity in ids.items():
        answer = await api.ask(who, "GET", f"leads/{identity}")
        assert answer.status_code == (200 if name in sees else 404), name
        changed = await api.ask(who, "PATCH", f"leads/{identity}", {"first_name": "X"})
        assert changed.status_code == (403 if name in sees else 404), name
    body = {"first_name": "A", "last_name": "B"}
    assert (await api.refused(who, "POST", "leads", body))[0] == 403


async def test_hidden_field_is_an_unknown_one_everywhere(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    who = await holder(api, organisation, admin, {**ALL, "hide": ["budget", "source"]})
    lead = await api.lead(admin, budget=5_000, source="referral")
    shown = await api.data(who, "GET", f"leads/{lead}")
    assert not {"budget", "budget_currency", "source"} & set(shown)
    (listed,) = await api.data(who, "GET", "leads")
    assert not {"budget", "budget_currency", "source"} & set(listed)
    of_budget = ("budget=5000", "budget[gte]=1", "sort=-budget", "fields=budget")
    for query in (*of_budget, "source=website"):
        hidden = await api.refused(who, "GET", f"leads?{query}")
        nothing = await api.refused(who, "GET", f"leads?{query.replace('budget', 'no_such')}")
        assert hidden[:2] == (400, "UNKNOWN_FIELD"), query
        if "budget" in query:
            (told,), (same,) = hidden[2].values(), nothing[2].values()
            assert told.partition(";")[0].replace("budget", "no_such") == same.partition(";")[0]
            assert "budget" not in same
    for name, value in (("budget", 1), ("budget_currency", "EUR"), ("source", "website")):
        for method, path in (("PATCH", f"leads/{lead}"), ("POST", "leads")):
            body = {"first_name": "A", "last_name": "B", name: value}
            refused = await api.refused(who, method, path, body)
            assert refused[:2] == (400, "UNKNOWN_FIELD")
            assert set(refused[2]) == {name}
    answer = await api.data(who, "PATCH", f"leads/{lead}", {"first_name": "Zoe"})
    assert "budget" not in answer
    kept = await api.data(admin, "GET", f"leads/{lead}")
    assert (kept["budget"], kept["source"]) == (5_000, "referral")


async def test_field_hidden_by_one_role_is_shown_by_another(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    who = await holder(api, organisation, admin, {"read": "all", "hide": ["budget"]})
    lead = await api.lead(admin, budget=7)
    assert "budget" not in await api.data(who, "GET", f"leads/{lead}")
    await api.data(admin, "PATCH", f"members/{who.id}", {"roles": ["helper", "coordinator"]})
    assert (await api.data(who, "GET", f"leads/{lead}"))["budget"] == 7


async def test_read_only_field_is_seen_and_not_set(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    who = await holder(api, organisation, admin, {**ALL, "read_only": ["budget"]})
    lead = await api.lead(admin, budget=7)
    assert (await api.data(who, "GET", f"leads/{lead}"))["budget"] == 7
    refused = await api.refused(who, "PATCH", f"leads/{lead}", {"budget": 8})
    assert (refused[0], set(refused[2])) == (400, {"budget"})


async def test_create_without_read_answers_no_record(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    who = await holder(api, organisation, admin, {"create": True})
    made = await api.data(who, "POST", "leads", {"first_name": "A", "last_name": "B"})
    assert set(made) == {"id", "version"}
    assert (await api.refused(who, "GET", f"leads/{made['id']}"))[0] == 403


async def test_read_only_person_reads_and_no_more(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    lead = await api.lead(admin, budget=7)
    who = await organisation.person("read-only", ["broker"])
    assert await api.leads(who) == [lead]
    for method, path, body in (
        ("POST", "leads", {"first_name": "A", "last_name": "B"}),
        ("PATCH", f"leads/{lead}", {"first_name": "X"}),
        ("DELETE", f"leads/{lead}", None),
        ("POST", f"leads/{lead}/moves", {"to": "hot"}),
        ("POST", "leads/bulk", {"records": [{"first_name": "A", "last_name": "B"}]}),
        ("PATCH", "leads/bulk", {"records": [{"id": lead, "first_name": "A"}]}),
        ("DELETE", "leads/bulk", {"records": [{"id": lead}]}),
    ):
        assert (await api.refused(who, method, path, body))[0] == 403, (method, path)


async def test_hiding_roles_bind_a_read_only_person_too(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    lead = await api.lead(admin, budget=7)
    grants = {"lead": {**ALL, "hide": ["budget"]}}
    await api.data(admin, "POST", "roles", {"name": "helper", "grants": grants})
    who = await organisation.person("read-only", ["helper"])
    assert "budget" not in await api.data(who, "GET", f"leads/{lead}")


async def test_own_role_adds_to_the_role_member(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    who = await organisation.person("member")
    assert (await api.refused(who, "GET", "leads"))[0] == 403
    body = {"name": "member", "grants": {"lead": {"read": "all"}}}
    await api.data(admin, "POST", "roles", body)
    assert await api.leads(who) == []


# -- what may I do, and why


async def test_access_tells_what_and_why(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    grant = {"read": "all", "hide": ["notes"], "read_only": ["phone"]}
    await api.data(admin, "POST", "roles", {"name": "helper", "grants": {"lead": grant}})
    who = await organisation.person("member", ["agent", "helper"], team=organisation.team)
    (found,) = await api.data(who, "GET", "access?type=lead")
    agent, helper = {"role": "agent", "origin": "shipped"}, {"role": "helper", "origin": "own"}
    assert found["path"] == "/v1/leads"
    assert found["read"] == {"scope": "all", "because": [helper]}
    assert found["create"] == {"allowed": True, "because": [agent]}
    assert found["update"] == {"scope": "own", "because": [agent]}
    assert found["delete"] == {"scope": "own", "because": [agent]}
    assert "hide" not in str(found)
    every = await api.data(who, "GET", "access")
    assert found in every
    assert len(every) > 10


async def test_access_of_an_owner_comes_from_that(api: Api, admin: Somebody) -> None:
    (found,) = await api.data(admin, "GET", "access?type=lead")
    because = [{"role": "owner", "origin": "organization"}]
    assert found["delete"] == {"scope": "all", "because": because}
    assert (await api.refused(admin, "GET", "access?type=leed"))[0] == 400


async def test_access_does_not_speak_of_hidden_fields(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    grant = {**ALL, "hide": ["budget"], "read_only": ["budget", "phone"]}
    who = await holder(api, organisation, admin, grant)
    (found,) = await api.data(who, "GET", "access?type=lead")
    assert found["read_only"] == ["phone"]
    assert "budget" not in str(found)
