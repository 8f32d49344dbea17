"""Undo of a batch: what it made goes, what it changed returns, and what others did since stays."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest
from tests.exchange.imports import Person, working
from tests.factories import Owner

pytestmark = pytest.mark.anyio


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk):
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


async def bulk(person: Person, method: str, plural: str, records: list[dict[str, Any]]) -> Any:
    answer = await person.client.request(
        method,
        f"/v1/{plural}/bulk",
        json={"records": records},
        headers=person.who.headers,
    )
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def leads(person: Person, count: int = 3, **more: Any) -> list[dict[str, Any]]:
    records = [{"first_name": f"F{n}", "last_name": "L", **more} for n in range(count)]
    return (await bulk(person, "POST", "leads", records))["data"]


async def changed(person: Person, rows: list[dict[str, Any]], **values: Any) -> str:
    """Change the leads in one bulk call; answers its batch."""
    records = [{"id": row["id"], **values} for row in rows]
    return (await bulk(person, "PATCH", "leads", records))["meta"]["batch_id"]


def shown(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("version", "updated_at")}


async def test_a_bulk_edit_goes_back_field_by_field_to_what_was(person):
    made = await leads(person, budget=100, areas=["x"], notes="old words", phone="+14155550101")
    batch = await changed(
        person, made, budget=7, budget_currency="EUR", areas=["y", "z"], notes="new text",
        phone=None, timeline="immediate",
    )  # fmt: skip
    preview = (await person.get(f"/v1/batches/{batch}"))["undo"]
    assert (preview["restored"], preview["kept"], preview["exact"]) == (3, 0, True)
    undo = await person.undone(batch)
    assert (undo["kind"], undo["result"]["restored"], undo["result"]["kept"]) == ("undo", 3, 0)
    back = {row["id"]: row for row in await person.every("leads")}
    assert [shown(back[row["id"]]) for row in made] == [shown(row) for row in made]
    assert all(back[row["id"]]["version"] == row["version"] + 2 for row in made)


async def test_slots_and_search_words_follow(person):
    made = await leads(person, 2, areas=["before"], notes="formerly")
    batch = await changed(person, made, areas=["after"], notes="nowadays", first_name="Changed")
    assert len(await person.every("leads", areas="after")) == 2
    await person.undone(batch)
    assert await person.every("leads", areas="after") == []
    assert len(await person.every("leads", areas="before")) == 2
    assert len(await person.get("/v1/leads/search", q="formerly")) == 2
    assert await person.get("/v1/leads/search", q="nowadays") == []


async def test_custom_fields_go_back_each_by_itself(person):
    for name in ("one", "two"):
        body = {"type": "lead", "name": name, "kind": "text"}
        await person.post("/v1/custom-fields", body, 201)
    (lead,) = await leads(person, 1, custom={"one": "a", "two": "b"})
    batch = await changed(person, [lead], custom={"one": "A", "two": "B"})
    await person.patch(f"/v1/leads/{lead['id']}", {"custom": {"two": "mine"}})
    undo = await person.undone(batch)
    assert undo["result"]["details"][0]["fields"] == ["custom.two"]
    (now,) = await person.every("leads")
    assert now["custom"] == {"one": "a", "two": "mine"}
    assert len(await person.every("leads", **{"custom.one": "a"})) == 1


async def test_later_edits_are_kept_and_reported_the_rest_goes_back(person):
    first, second, third = await leads(person, budget=1, notes="old")
    batch = await changed(person, [first, second, third], budget=2, notes="new")
    await person.patch(f"/v1/leads/{second['id']}", {"notes": "edited"})
    # The amount is still the batch's, but its currency is not: the field is left whole.
    await person.patch(f"/v1/leads/{third['id']}", {"budget": 2, "budget_currency": "EUR"})
    undo = await person.undone(batch)
    assert {one["id"]: one["fields"] for one in undo["result"]["details"]} == {
        second["id"]: ["notes"],
        third["id"]: ["budget"],
    }
    now = {row["id"]: row for row in await person.every("leads")}
    assert (now[first["id"]]["budget"], now[first["id"]]["notes"]) == (1, "old")
    assert (now[second["id"]]["budget"], now[second["id"]]["notes"]) == (1, "edited")
    assert (now[third["id"]]["budget"], now[third["id"]]["notes"]) == (2, "old")
    assert now[third["id"]]["budget_currency"] == "EUR"


async def test_a_value_that_came_back_by_itself_counts_as_the_batchs(person):
    (lead,) = await leads(person, 1, notes="old")
    batch = await changed(person, [lead], notes="new")
    for text in ("between", "new"):
        await person.patch(f"/v1/leads/{lead['id']}", {"notes": text})
    await person.undone(batch)
    assert (await person.every("leads"))[0]["notes"] == "old"


async def test_records_that_a_batch_made_go_unless_they_were_edited(person):
    made = await leads(person)
    batch = (await person.get("/v1/batches"))[0]["id"]
    await person.patch(f"/v1/leads/{made[1]['id']}", {"notes": "mine", "first_name": "My"})
    undo = await person.undone(batch)
    assert (undo["result"]["deleted"], undo["result"]["kept"]) == (2, 1)
    assert undo["result"]["details"][0]["reason"] == "It was edited after the batch made it."
    assert undo["result"]["details"][0]["fields"] == ["first_name", "notes"]
    assert [row["id"] for row in await person.every("leads")] == [made[1]["id"]]
    deleted = await person.every("leads", deleted="true")
    assert {row["id"] for row in deleted} == {made[0]["id"], made[2]["id"]}


async def test_an_edit_that_was_taken_back_is_none(person):
    made = await leads(person, 4, budget=5)
    batch = (await person.get("/v1/batches"))[0]["id"]
    by_hand, by_undo, emptied, kept = made
    for budget in (6, 5):
        await person.patch(f"/v1/leads/{by_hand['id']}", {"budget": budget})
    edit = await changed(person, [by_undo], notes="new", budget=None)
    await person.undone(edit)
    for notes in ("there", None):
        await person.patch(f"/v1/leads/{emptied['id']}", {"notes": notes})
    for budget in (None, 7):
        await person.patch(f"/v1/leads/{kept['id']}", {"budget": budget})
    undo = await person.undone(batch)
    assert (undo["result"]["deleted"], undo["result"]["kept"]) == (3, 1)
    (told,) = undo["result"]["details"]
    assert (told["id"], told["fields"]) == (kept["id"], ["budget"])


async def test_records_that_a_batch_deleted_come_back(person):
    made = await leads(person)
    ids = [{"id": row["id"]} for row in made]
    batch = (await bulk(person, "DELETE", "leads", ids))["meta"]["batch_id"]
    assert await person.every("leads") == []
    undo = await person.undone(batch)
    assert undo["result"]["restored"] == 3
    assert {row["id"] for row in await person.every("leads")} == {row["id"] for row in made}


async def test_each_record_counts_once_so_that_the_counts_add_up(person):
    made = await leads(person, 4, notes="old", timeline="immediate")
    batch = await changed(person, made, notes="new", timeline="exploring")
    partly, by_hand, gone, _ = [f"/v1/leads/{row['id']}" for row in made]
    await person.patch(partly, {"notes": "later"})
    await person.patch(by_hand, {"notes": "old", "timeline": "immediate"})
    await person.client.delete(gone, headers=person.who.headers)
    result = (await person.undone(batch))["result"]
    # The first goes back in part, the second was as before, the third is deleted but goes back.
    assert [result[n] for n in ("kept", "gone", "restored", "deleted")] == [1, 1, 2, 0]
    assert result["total"] == 4


async def test_a_key_that_is_taken_meanwhile_keeps_its_record_away_and_no_other(person):
    made = [
        await person.post("/v1/leads", {**body, "external_id": key}, 201)
        for key in ("a", "b", "c")
        for body in [{"first_name": key, "last_name": "L"}]
    ]
    ids = [{"id": row["id"]} for row in made]
    batch = (await bulk(person, "DELETE", "leads", ids))["meta"]["batch_id"]
    taken = {"first_name": "New", "last_name": "L", "external_id": "b"}
    await person.post("/v1/leads", taken, 201)
    undo = await person.undone(batch)
    assert (undo["result"]["restored"], undo["result"]["kept"]) == (2, 1)
    assert undo["result"]["details"][0]["reason"] == ("Another lead has this external ID already.")
    assert {row["first_name"] for row in await person.every("leads")} == {"a", "New", "c"}


async def test_what_others_point_to_by_now_stays(person):
    company = await bulk(person, "POST", "listings", [{"address": "1 A", "list_price": 1}])
    batch, listing = company["meta"]["batch_id"], company["data"][0]["id"]
    await person.post("/v1/escrows", {"property_address": "1 A", "listing_id": listing}, 201)
    undo = await person.undone(batch)
    assert (undo["result"]["deleted"], undo["result"]["kept"]) == (0, 1)
    assert "still used by escrows" in undo["result"]["details"][0]["reason"]


async def test_undo_twice_is_refused_and_undo_of_an_undo_does_it_again(person):
    made = await leads(person, notes="old")
    batch = await changed(person, made, notes="new")
    undo = await person.undone(batch)
    await person.post(f"/v1/batches/{batch}/undo", status=409)
    assert (await person.get(f"/v1/batches/{batch}"))["undone_by"] == undo["id"]
    redo = await person.undone(undo["id"])
    assert {row["notes"] for row in await person.every("leads")} == {"new"}
    await person.post(f"/v1/batches/{undo['id']}/undo", status=409)
    # Now it stands again, so that it can be undone again, by either way.
    again = await person.undone(batch)
    assert again["result"]["restored"] == 3
    assert {row["notes"] for row in await person.every("leads")} == {"old"}
    assert redo["id"] != again["id"]


async def test_records_made_and_redone_can_be_undone_again(person):
    await leads(person)
    batch = (await person.get("/v1/batches"))[0]["id"]
    undo = await person.undone(batch)
    assert (await person.undone(undo["id"]))["result"]["restored"] == 3
    assert len(await person.every("leads")) == 3
    assert (await person.undone(batch))["result"]["deleted"] == 3


async def test_a_stage_goes_back_even_where_no_move_would(person):
    (lead,) = await leads(person, 1)
    batch = await changed(person, [lead], status="contacted")
    await person.undone(batch)
    assert (await person.every("leads"))[0]["status"] == "new"


async def test_secrets_go_back_sealed(person):
    body = {"address": "1 A", "list_price": 1, "lockbox_code": "old"}
    made = (await bulk(person, "POST", "listings", [body]))["data"][0]
    records = [{"id": made["id"], "lockbox_code": "new"}]
    batch = (await bulk(person, "PATCH", "listings", records))["meta"]["batch_id"]
    await person.undone(batch)
    answer = await person.client.post(
        f"/v1/listings/{made['id']}/reveals",
        json={"field": "lockbox_code"},
        headers=person.who.headers,
    )
    assert "old" in answer.text, answer.text


async def test_the_log_says_what_undid_what(person, owner: Owner):
    (lead,) = await leads(person, 1, notes="old")
    batch = await changed(person, [lead], notes="new")
    undo = await person.undone(batch)
    rows = await owner.fetch(
        "SELECT operation, batch_id::text, cause_id::text FROM tenfold.change_log "
        "WHERE record_id = $1::text::uuid ORDER BY seq",
        lead["id"],
    )
    assert [tuple(row) for row in rows][1:] == [
        ("update", batch, None),
        ("update", undo["id"], batch),
    ]


async def test_others_may_not_see_or_undo_a_batch(client, organisation, stranger, person):
    made = await leads(person, 1)
    batch = await changed(person, made, notes="new")
    member = await organisation.person("member", ["broker"])
    for somebody in (member, await stranger.person("owner")):
        for method, path in (("GET", ""), ("POST", "/undo")):
            answer = await client.request(
                method, f"/v1/batches/{batch}{path}", headers=somebody.headers
            )
            assert answer.status_code == 404
    assert await Person(client, member).get("/v1/batches") == []
    manager = Person(client, await organisation.person("manager"))
    assert (await manager.undone(batch))["result"]["restored"] == 1


async def test_an_undo_asks_for_the_right_to_change_each_record(client, organisation, person):
    agent = Person(client, await organisation.person("member", ["agent"], team=organisation.team))
    made = await leads(agent, 2)
    batch = (await agent.get("/v1/batches"))[0]["id"]
    manager = await organisation.person("manager", team=organisation.team)
    await person.patch(f"/v1/leads/{made[0]['id']}", {"owner_id": str(manager.id)})
    undo = await agent.undone(batch)
    assert (undo["result"]["deleted"], undo["result"]["kept"]) == (1, 1)


async def test_looking_at_a_batch_changes_nothing(person, owner: Owner):
    """What an undo would do is tried and taken back; nothing of the trial stays."""
    (lead,) = await leads(person, 1, areas=["old"], notes="old")
    batch = await changed(person, [lead], areas=["new"], notes="new")
    state = "SELECT count(*), max(seq) FROM tenfold.change_log"
    versions = "SELECT v FROM tenfold.versions v ORDER BY v"
    before = (await owner.fetch(state), await owner.fetch(versions), await person.every("leads"))
    assert (await person.get(f"/v1/batches/{batch}"))["undo"]["restored"] == 1
    after = (await owner.fetch(state), await owner.fetch(versions), await person.every("leads"))
    assert after == before
    assert len(await person.every("leads", areas="new")) == 1


async def test_a_preview_tries_no_more_than_a_few_records(person, monkeypatch):
    from tenfold.exchange import jobs  # noqa: PLC0415

    assert jobs.TRIED * 5 <= jobs.AT_ONCE
    monkeypatch.setattr(jobs, "TRIED", 2)
    for count, exact in ((2, True), (3, False)):
        batch = await changed(person, await leads(person, count), notes="new")
        foreseen = (await person.get(f"/v1/batches/{batch}"))["undo"]
        assert (foreseen["records"], foreseen["exact"]) == (count, exact)
        assert (await person.undone(batch))["result"]["restored"] == count


async def test_a_preview_waits_only_shortly_for_what_others_hold(person, base):
    made = await leads(person, 2)
    batch = await changed(person, made, notes="new")
    looking = {"accept": "text/html", "cookie": f"session={person.who.token}"}
    holder = await asyncpg.connect(base.admin_url)
    async with asyncio.timeout(30), holder.transaction():  # what waits for ever is no preview
        await holder.execute("SELECT FROM tenfold.leads WHERE id = $1 FOR UPDATE", made[1]["id"])
        told = (await person.get(f"/v1/batches/{batch}"))["undo"]
        page = await person.client.get(f"/imports/{batch}/undo", headers=looking)
    await holder.close()
    assert told == {"records": 2, "exact": False}
    assert (page.status_code, "Undo takes back 2 records" in page.text) == (200, True)
    assert (await person.get(f"/v1/batches/{batch}"))["undo"]["restored"] == 2


async def test_a_large_batch_is_undone_by_a_job(person, monkeypatch):
    from tenfold.exchange import jobs  # noqa: PLC0415
    from tenfold.web.api import batches  # noqa: PLC0415

    monkeypatch.setattr(batches, "AT_ONCE", 5)
    monkeypatch.setattr(jobs, "TRIED", 5)
    await leads(person, 30)
    batch = (await person.get("/v1/batches"))[0]["id"]
    assert (await person.get(f"/v1/batches/{batch}"))["undo"] == {"records": 30, "exact": False}
    answer = await person.client.post(f"/v1/batches/{batch}/undo", headers=person.who.headers)
    assert answer.status_code == 202
    assert answer.headers["location"].startswith("/v1/batches/")


async def test_an_undo_in_several_pieces_reaches_every_record(person, monkeypatch):
    from tenfold.engine import undo  # noqa: PLC0415

    monkeypatch.setattr(undo, "PIECE", 7)
    await leads(person, 30)
    batch = (await person.get("/v1/batches"))[0]["id"]
    done = await person.undone(batch)
    assert done["result"]["deleted"] == done["result"]["done"] == 30
    assert await person.every("leads") == []


async def test_records_of_a_tenants_own_type_are_undone_too(person):
    await person.post("/v1/types", {"name": "vehicles"}, 201)
    field = {"type": "custom_vehicles", "name": "wheels", "kind": "integer"}
    await person.post("/v1/custom-fields", field, 201)
    made = await bulk(person, "POST", "custom/vehicles", [{"name": "Car", "custom": {"wheels": 4}}])
    row = made["data"][0]
    records = [{"id": row["id"], "name": "Cart", "custom": {"wheels": 2}}]
    batch = (await bulk(person, "PATCH", "custom/vehicles", records))["meta"]["batch_id"]
    assert (await person.undone(batch))["result"]["restored"] == 1
    (found,) = await person.every("custom/vehicles", **{"custom.wheels": "4"})
    assert found["name"] == "Car"
    other = await bulk(person, "POST", "custom/vehicles", [{"name": "Van"}])
    assert (await person.undone(other["meta"]["batch_id"]))["result"]["deleted"] == 1
    assert [row["name"] for row in await person.every("custom/vehicles")] == ["Car"]


async def granted(person: Person, other: Person, **grant: Any) -> None:
    """Give the other person's only role all of leads but these restrictions."""
    everything = {"read": "all", "create": True, "update": "all", "delete": "all"}
    grants = {"lead": {**everything, **grant}}
    answer = await person.client.patch(
        "/v1/roles/editor", json={"grants": grants}, headers=person.who.headers
    )
    assert answer.status_code == 200, answer.text
    assert other.who.roles == ("editor",)


async def test_an_undo_sets_no_field_that_is_barred_by_now(person, organisation):
    await person.post("/v1/roles", {"name": "editor", "grants": {"lead": {"read": "all"}}}, 201)
    editor = Person(person.client, await organisation.person("member", ("editor",)))
    await granted(person, editor)
    body = {"type": "lead", "name": "depth", "kind": "money"}
    await person.post("/v1/custom-fields", body, 201)
    old = {"budget": 1, "notes": "old", "phone": "+14155550101", "custom": {"depth": 1}}
    (lead,) = await leads(editor, 1, **old)
    new = {"budget": 2, "notes": "new", "phone": "+14155550102", "custom": {"depth": 2}}
    batch = await changed(editor, [lead], **new)
    await granted(person, editor, hide=["budget", "custom.depth"], read_only=["notes"])
    preview = (await editor.get(f"/v1/batches/{batch}"))["undo"]
    undo = await editor.undone(batch)
    for told in (preview["details"], undo["result"]["details"]):
        assert [(one["reason"], one["fields"]) for one in told] == [
            ("You may not set these fields; they stay as the batch left them.", ["notes"]),
            ("Fields that you may not see stay as the batch left them.", []),
        ]
    (now,) = await person.every("leads")
    assert (now["budget"], now["notes"], now["custom"]["depth"]) == (2, "new", 2)
    assert now["phone"] == "+14155550101"


async def test_an_undo_does_not_name_edited_fields_that_are_hidden(person, organisation):
    await person.post("/v1/roles", {"name": "editor", "grants": {"lead": {"read": "all"}}}, 201)
    editor = Person(person.client, await organisation.person("member", ("editor",)))
    await granted(person, editor)
    (lead,) = await leads(editor, 1, budget=1, notes="old")
    made = (await editor.get("/v1/batches"))[0]["id"]
    batch = await changed(editor, [lead], budget=2, notes="new")
    await person.patch(f"/v1/leads/{lead['id']}", {"budget": 3, "notes": "mine"})
    seen = (await editor.get(f"/v1/batches/{batch}"))["undo"]["details"]
    assert [one["fields"] for one in seen] == [["budget", "notes"]]
    undo = await editor.undone(batch)
    await granted(person, editor, hide=["budget"])
    for identity in (batch, made):
        (told,) = (await editor.get(f"/v1/batches/{made}"))["undo"]["details"]
        assert told["fields"] == ["notes"], identity
    # What was written down while the field could be seen is told without it now.
    (told,) = (await editor.get(f"/v1/batches/{undo['id']}"))["result"]["details"]
    assert told["fields"] == ["notes"]
    (told,) = (await person.get(f"/v1/batches/{undo['id']}"))["result"]["details"]
    assert told["fields"] == ["budget", "notes"]
