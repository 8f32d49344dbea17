"""What people mark private stays theirs, whichever way one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.exchange.imports import Person, working
from tests.factories import Organisation, Somebody

if TYPE_CHECKING:
    from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio


async def _written(client, who: Somebody, about: dict | None = None) -> tuple[str, str]:
    """An open and a private note of somebody, by their ids."""
    made = []
    for privacy in ("everyone", "private"):
        body = {"title": f"Heron {privacy}", "body": "<p>Nest</p>", "privacy": privacy}
        given = {**body, **({"about": about} if about else {})}
        answer = await client.post("/v1/notes", json=given, headers=who.headers)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["data"]["id"])
    return made[0], made[1]


async def _ids(client, who: Somebody, where: str) -> set[str]:
    answer = await client.get(where, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["data"]}


async def test_a_private_note_is_its_authors_alone(client, organisation: Organisation):
    author = await organisation.person("member", team=organisation.team)
    mate = await organisation.person("member", team=organisation.team, name="mate")
    manager = await organisation.person("manager")
    reader = await organisation.person("read-only")
    owner = await organisation.person("owner")
    open_, private = await _written(client, author)
    for who, sees in ((author, True), (mate, False), (manager, False), (reader, False)):
        listed = await _ids(client, who, "/v1/notes")
        assert listed == ({open_, private} if sees else {open_}), who.role
        found = await _ids(client, who, "/v1/notes/search?q=heron")
        assert found == listed, who.role
        one = await client.get(f"/v1/notes/{private}", headers=who.headers)
        assert one.status_code == (200 if sees else 404)
        many = await client.get("/v1/notes?count=capped&title[prefix]=heron p", headers=who.headers)
        assert many.json()["meta"]["count"] == (1 if sees else 0)
    assert await _ids(client, owner, "/v1/notes") == {open_, private}


async def test_pages_kept_for_one_are_not_shown_to_another(client, organisation: Organisation):
    author = await organisation.person("member", team=organisation.team)
    other = await organisation.person("member", team=organisation.other_team)
    open_, private = await _written(client, author)
    for _ in range(2):
        assert await _ids(client, author, "/v1/notes") == {open_, private}
        assert await _ids(client, other, "/v1/notes") == {open_}


async def test_nobody_but_the_author_changes_or_hides_a_note(client, organisation: Organisation):
    author = await organisation.person("member", team=organisation.team)
    mate = await organisation.person("member", team=organisation.team, name="mate")
    open_, private = await _written(client, author)
    change = {"privacy": "private"}
    for note, expected in ((open_, 403), (private, 404)):
        answer = await client.patch(f"/v1/notes/{note}", json=change, headers=mate.headers)
        assert answer.status_code == expected
    hidden = await client.patch(f"/v1/notes/{open_}", json=change, headers=author.headers)
    assert hidden.status_code == 200
    assert await _ids(client, mate, "/v1/notes") == set()


async def test_advisers_share_notes_about_students_unless_they_are_private(
    client, organisation: Organisation
):
    counselor = await organisation.person("member", ["counselor"])
    colleague = await organisation.person("member", ["counselor"], name="colleague")
    desk = await organisation.person("member", ["front_desk"])
    made = await client.post(
        "/v1/students", json={"first_name": "Ada", "last_name": "Lo"}, headers=counselor.headers
    )
    student = made.json()["data"]["id"]
    ids = {}
    for privacy in ("shared", "staff", "private"):
        body = {
            "title": "Note",
            "student_id": student,
            "at": "2026-11-20T10:00:00Z",
            "body": "<p>Unsure.</p>",
            "privacy": privacy,
        }
        answer = await client.post("/v1/student_notes", json=body, headers=counselor.headers)
        ids[privacy] = answer.json()["data"]["id"]
    assert await _ids(client, colleague, "/v1/student_notes") == {ids["shared"], ids["staff"]}
    refused = await client.get("/v1/student_notes", headers=desk.headers)
    assert refused.status_code == 403
    inside = await client.get(
        f"/v1/students/{student}?embed=student_notes", headers=colleague.headers
    )
    shown = inside.json()["data"]["student_notes"]["data"]
    assert {row["id"] for row in shown} == {ids["shared"], ids["staff"]}


async def test_the_front_desk_does_not_know_what_is_restricted(client, organisation: Organisation):
    counselor = await organisation.person("member", ["counselor"])
    desk = await organisation.person("member", ["front_desk"])
    body = {"first_name": "Ada", "last_name": "Lo", "accommodations": "Extra time", "veteran": True}
    made = await client.post("/v1/students", json=body, headers=counselor.headers)
    where = f"/v1/students/{made.json()['data']['id']}"
    seen = (await client.get(where, headers=desk.headers)).json()["data"]
    assert "accommodations" not in seen
    assert "veteran" not in seen
    asked = await client.get("/v1/students?veteran=true", headers=desk.headers)
    assert asked.json()["error"]["code"] == "UNKNOWN_FIELD"


async def _grant(client, owner: Somebody, role: str, grants: dict) -> None:
    body = {"name": role, "grants": grants}
    answer = await client.post("/v1/roles", json=body, headers=owner.headers)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("plural", "kind", "hidden", "told", "body"),
    [
        (
            "leads",
            "lead",
            "budget",
            ("budget", "score", "score_reasons"),
            {"first_name": "A", "last_name": "B", "budget": 2_000_000},
        ),
        (
            "listings",
            "listing",
            "list_price",
            ("list_price", "price_per_sqft"),
            {"address": "1 Main Street", "list_price": 500_000},
        ),
    ],
)
async def test_what_is_computed_from_a_hidden_field_is_unknown_everywhere(
    client, organisation: Organisation, plural: str, kind: str, hidden: str, told: tuple, body: dict
):
    owner = await organisation.person("owner")
    made = await client.post(f"/v1/{plural}", json=body, headers=owner.headers)
    assert {*told} <= {*made.json()["data"]}, made.text
    await _grant(client, owner, "clerk", {kind: {"read": "all", "hide": [hidden]}})
    clerk = await organisation.person("member", ("clerk",))
    (row,) = (await client.get(f"/v1/{plural}", headers=clerk.headers)).json()["data"]
    assert not [name for name in row if name.startswith(told)]
    for name in told:
        for asked in (f"{name}[null]=false", f"sort=-{name}", f"fields={name}"):
            answer = await client.get(f"/v1/{plural}?{asked}", headers=clerk.headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UNKNOWN_FIELD")
        answer = await client.get(f"/v1/{plural}/aggregate?max={name}", headers=clerk.headers)
        assert answer.json()["error"]["code"] == "UNKNOWN_FIELD"


async def test_a_rollup_counts_nothing_through_a_relation_that_is_hidden(
    client, organisation: Organisation
):
    owner = await organisation.person("owner")
    agent = {"name": "Ann Agent", "email": "a@b.example"}
    made = await client.post("/v1/agents", json=agent, headers=owner.headers)
    assert made.status_code == 201, made.text
    identity = made.json()["data"]["id"]
    body = {"address": "1 Main Street", "list_price": 1, "agent_id": identity}
    assert (await client.post("/v1/listings", json=body, headers=owner.headers)).is_success
    every = {"read": "all", "create": True, "update": "all"}
    await _grant(client, owner, "open", {"agent": every, "listing": every})
    await _grant(client, owner, "shut", {"agent": every, "listing": {**every, "hide": ["agent"]}})
    # The answer of a write, too, is made under the access to what it counts.
    for role, count in (("open", 1), ("shut", None)):
        who = await organisation.person("member", (role,))
        path = f"/v1/agents/{identity}"
        read = await client.get(path, headers=who.headers)
        assert read.json()["data"]["listing_count"] == count, role
        written = await client.patch(path, json={"name": role}, headers=who.headers)
        assert written.json()["data"]["listing_count"] == count, role


async def _contact(client, who: Somebody, **fields: str) -> dict:
    body = {"first_name": "Heron", "last_name": "Lee", **fields}
    answer = await client.post("/v1/contacts", json=body, headers=who.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


@pytest.mark.parametrize("source", ["hubspot", "salesforce", "google"])
async def test_a_synced_contact_is_its_owners_alone(
    client, organisation: Organisation, source: str
):
    mine = await organisation.person("member", team=organisation.team)
    made = await _contact(client, mine, source=source, email="heron@example.com")
    assert made["privacy"] == "private"
    path = f"/v1/contacts/{made['id']}"
    for role in ("owner", "admin", "manager", "member", "read-only"):
        other = await organisation.person(role, team=organisation.team, name="other")
        assert (await client.get(path, headers=other.headers)).status_code == 404, role
        for where in ("", "/search?q=heron", "?email=heron@example.com", "/export?format=json"):
            answer = await client.get(f"/v1/contacts{where}", headers=other.headers)
            assert made["id"] not in answer.text, f"{role} {where}"
        ids = {"ids": [made["id"]]}
        many = await client.post("/v1/contacts/batch-read", json=ids, headers=other.headers)
        assert many.json()["data"] == []
        sums = await client.get("/v1/contacts/aggregate?group=source", headers=other.headers)
        assert sums.json()["data"] == []
        if role != "read-only":
            about = {"subject": "Call", "about": {"type": "contact", "id": made["id"]}}
            answer = await client.post("/v1/tasks", json=about, headers=other.headers)
            assert answer.status_code == 400, role
            gone = await client.delete(path, headers=other.headers)
            assert gone.status_code == 404, role
    assert await _ids(client, mine, "/v1/contacts") == {made["id"]}


async def test_a_private_contact_is_seen_once_it_is_shared_or_open(
    client, organisation: Organisation
):
    mine = await organisation.person("member", team=organisation.team)
    admin = await organisation.person("owner")
    manager = await organisation.person("manager")
    made = await _contact(client, mine, source="google")
    path = f"/v1/contacts/{made['id']}"
    share = {"user_id": str(admin.id)}
    answer = await client.post(f"{path}/shares", json=share, headers=mine.headers)
    assert answer.status_code == 201
    assert (await client.get(path, headers=admin.headers)).status_code == 200
    assert (await client.get(path, headers=manager.headers)).status_code == 404
    everyone = {"privacy": "everyone"}
    assert (await client.patch(path, json=everyone, headers=mine.headers)).status_code == 200
    assert (await client.get(path, headers=manager.headers)).status_code == 200


async def test_a_share_of_a_private_contact_is_all_that_others_have_of_it(
    client, organisation: Organisation
):
    mine = await organisation.person("member", team=organisation.team)
    mate = await organisation.person("member", team=organisation.team, name="mate")
    admin = await organisation.person("owner")
    made = await _contact(client, mine, source="google")
    path = f"/v1/contacts/{made['id']}"
    for who in (mate, admin):  # whose roles would let them change it if it were not private
        for may, expected in (("read", 403), ("update", 200)):
            share = {"user_id": str(who.id), "may": may}
            await client.post(f"{path}/shares", json=share, headers=mine.headers)
            answer = await client.patch(path, json={"job_title": "CEO"}, headers=who.headers)
            assert answer.status_code == expected, (who.role, may)
            for body in ({"privacy": "everyone"}, {"owner_id": str(who.id)}):
                answer = await client.patch(path, json=body, headers=who.headers)
                assert answer.status_code == 403, (who.role, may, body)
            assert (await client.delete(path, headers=who.headers)).status_code == 403
            on = {"user_id": str((await organisation.person("manager")).id)}
            answer = await client.post(f"{path}/shares", json=on, headers=who.headers)
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("given", "privacy"),
    [
        ({"source": "manual"}, "everyone"),
        ({}, "everyone"),
        ({"source": "google", "privacy": "everyone"}, "everyone"),
        ({"source": "manual", "privacy": "private"}, "private"),
    ],
)
async def test_privacy_is_what_was_said_or_follows_the_source(
    client, organisation: Organisation, given: dict[str, str], privacy: str
):
    mine = await organisation.person("member")
    assert (await _contact(client, mine, **given))["privacy"] == privacy


async def test_every_way_of_making_contacts_keeps_synced_ones_private(
    client, organisation: Organisation, desk: Desk
):
    mine = await organisation.person("member")
    known = await _contact(client, mine, external_id="known")
    rows = [{"last_name": "A", "source": "google", "external_id": "a"}]
    bulk = await client.post("/v1/contacts/bulk", json={"records": rows}, headers=mine.headers)
    rows = [
        {"last_name": "B", "source": "hubspot", "external_id": "b"},
        {"source": "hubspot", "external_id": "known"},
    ]
    body = {"key": "external_id", "records": rows}
    upserted = await client.post("/v1/contacts/upsert", json=body, headers=mine.headers)
    assert bulk.json()["data"][0]["privacy"] == "private"
    # What is known already stays as it is.
    assert [r["privacy"] for r in upserted.json()["data"]] == ["private", "everyone"]
    person = Person(client, mine)
    async with working(desk):
        text = "Last Name,Source,External ID\nC,Salesforce,c\nD,Website,d\n"
        view = await person.imported(text, "contact")
    assert view["state"] == "completed"
    made = {r["external_id"]: r["privacy"] for r in await person.every("contacts")}
    assert made == {
        "known": "everyone",
        "a": "private",
        "b": "private",
        "c": "private",
        "d": "everyone",
    }
    assert known["privacy"] == "everyone"


async def test_a_team_sees_its_contacts_but_not_the_private_ones(
    client, organisation: Organisation
):
    mine = await organisation.person("member", team=organisation.team)
    mate = await organisation.person("member", team=organisation.team, name="mate")
    open_ = await _contact(client, mine)
    private = await _contact(client, mine, source="google")
    assert await _ids(client, mate, "/v1/contacts") == {open_["id"]}
    assert await _ids(client, mine, "/v1/contacts") == {open_["id"], private["id"]}
    assert await _ids(client, mate, "/v1/contacts/search?q=heron") == {open_["id"]}
    assert await _ids(client, mate, "/v1/contacts/search?q=he") == {open_["id"]}


async def test_a_role_that_reads_all_reads_no_private_contacts(client, organisation: Organisation):
    mine = await organisation.person("member")
    admin = await organisation.person("owner")
    grants = {"contact": {"read": "all", "update": "all", "delete": "all"}}
    role = {"name": "everything", "grants": grants}
    await client.post("/v1/roles", json=role, headers=admin.headers)
    reader = await organisation.person("member", ["everything"])
    open_ = await _contact(client, mine)
    await _contact(client, mine, source="google")
    assert await _ids(client, reader, "/v1/contacts") == {open_["id"]}
