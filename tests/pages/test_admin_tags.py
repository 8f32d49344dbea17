"""The tags of an organisation by pages: what is in use, renamed, merged, taken off, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
from tests.factories import Organisation, Owner, Somebody
from tests.guards import Counter
from tests.jobs.tools import until, working
from tests.pages.conftest import Make, Visit, Visitor

from tenfold.accounts import people
from tenfold.accounts.organisation import retagging
from tenfold.engine import tagging
from tenfold.engine.types import Locale
from tenfold.engine.written import Change
from tenfold.kernel.context import Context

if TYPE_CHECKING:
    from tenfold.web.desk import Desk

One = Callable[[str], Awaitable[dict[str, Any]]]
pytestmark = pytest.mark.anyio
TAGS = "/admin/tags"
_WAITING = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'"""


def uses(visitor: Visitor) -> dict[str, list[str]]:
    """What uses each tag of the page."""
    rows = visitor.page.one("tbody").all("tr") if visitor.page.all("tbody") else []
    return {r.one("span", class_="tag").text: [a.text for a in r.all("a")] for r in rows}


async def act(visitor: Visitor, what: str, tag: str, **typed: Any) -> None:
    """Send the form of a tag."""
    await visitor.get(TAGS)
    forms = (f for f in visitor.page.all("form") if f.get("action") == f"{TAGS}/{what}")
    form = next(f for f in forms if dict(f.fields())["tag"] == tag)
    await visitor.send(form, **typed)


@pytest.fixture
def one(client: httpx.AsyncClient, admin: Somebody) -> One:
    """Reads a record."""

    async def found(path: str) -> dict[str, Any]:
        answer = await client.get(f"/v1/{path}", headers=admin.headers)
        return answer.json()["data"]

    return found


@pytest.fixture
async def tagged(make: Make) -> None:
    """Some records with tags."""
    await make("contacts", first_name="Zoë", last_name="Ü", tags=["VIP", "Old"])
    await make("contacts", first_name="Ada", last_name="L", tags=["vips"])
    await make("companies", name="Globex", tags=["VIP"])


async def test_every_tag_in_use_says_by_how_many(visitor: Visitor, tagged: None) -> None:
    await visitor.get(TAGS)
    assert uses(visitor) == {
        "Old": ["1 contact"],
        "VIP": ["1 company", "1 contact"],
        "vips": ["1 contact"],
    }
    (link,) = (a for a in visitor.page.all("a") if a.text == "1 company")
    await visitor.get(link["href"])
    assert "Globex" in visitor.page.text
    await visitor.get(f"{TAGS}?q=vip")
    assert list(uses(visitor)) == ["VIP", "vips"]


async def test_a_tag_is_merged_with_another_and_that_is_taken_back(
    visitor: Visitor, tagged: None
) -> None:
    await act(visitor, "rename", "VIP", to="vips")
    assert "2 records changed." in visitor.toast
    assert uses(visitor) == {"Old": ["1 contact"], "vips": ["1 company", "2 contacts"]}
    undo = next(f for f in visitor.page.all("form") if "/undo" in f.get("action", ""))
    await visitor.send(undo)
    assert uses(visitor)["VIP"] == ["1 company", "1 contact"]


async def test_a_colour_goes_with_the_new_name(
    visitor: Visitor, tagged: None, make: Make, one: One
) -> None:
    colour = await make("tags", name="old", colour="red")
    await act(visitor, "rename", "Old", to="Former")
    assert (await one(f"tags/{colour['id']}"))["name"] == "Former"
    other = await make("tags", name="VIP", colour="blue")
    await act(visitor, "rename", "Former", to="VIP")
    assert (await one(f"tags/{other['id']}"))["colour"] == "blue", "a colour that is there stays"
    assert (await one(f"tags/{colour['id']}"))["name"] == "Former"


async def test_an_undo_brings_the_colour_back(
    visitor: Visitor, tagged: None, make: Make, one: One
) -> None:
    colour = await make("tags", name="old", colour="red")
    await act(visitor, "rename", "Old", to="Former")
    await visitor.send(next(f for f in visitor.page.all("form") if "/undo" in f.get("action", "")))
    assert uses(visitor)["Old"] == ["1 contact"]
    assert (await one(f"tags/{colour['id']}"))["name"] == "old"


async def test_a_colour_stays_where_no_record_is_changed(
    visitor: Visitor, make: Make, one: One, client: httpx.AsyncClient, admin: Somebody
) -> None:
    colour = await make("tags", name="Old", colour="red")
    gone = await make("contacts", last_name="N", tags=["Old"])
    await client.delete(f"/v1/contacts/{gone['id']}", headers=admin.headers)
    await act(visitor, "rename", "Old", to="Former")
    assert "1 stays as it is." in visitor.toast
    assert (await one(f"tags/{colour['id']}"))["name"] == "Old"


async def test_a_tag_that_is_added_meanwhile_stays(
    visitor: Visitor, make: Make, one: One, desk: Desk, owner: Owner, admin: Somebody
) -> None:
    contact = await make("contacts", last_name="N", tags=["VIP"])
    definition = desk.registry.by_name["contact"]
    context = Context(admin.tenant, admin.id)
    change = Change(UUID(contact["id"]), {"tags": ["VIP", "Just added"]}, None)
    async with desk.database.transaction(context) as tx:
        person = await people.load(tx, admin.tenant, admin.id)
        await desk.records.update(tx, person, definition, [change], Locale())
        renaming = asyncio.create_task(act(visitor, "rename", "VIP", to="Valued"))

        async def waits() -> bool:
            return bool(await owner.fetchval(_WAITING))

        await until(waits)
    await renaming
    assert (await one(f"contacts/{contact['id']}"))["tags"] == ["Valued", "Just added"]


async def test_many_records_are_changed_by_a_job(
    visitor: Visitor, make: Make, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retagging, "AT_ONCE", 4)
    monkeypatch.setattr(tagging, "PIECE", 2)
    for number in range(5):
        await make("contacts", last_name=f"N{number}", tags=["Odd", f"T{number}"])
    await make("companies", name="Globex", tags=["Even", "Odd"])
    await act(visitor, "rename", "Odd", to="Even")
    assert "6 records are being changed." in visitor.toast
    assert uses(visitor)["Odd"] == ["1 company", "5 contacts"], "nothing is done while one waits"
    (link,) = (a for a in visitor.page.all("a") if a.get("href", "").startswith("/imports/"))

    async def ended() -> bool:
        await visitor.get(link["href"])
        return not visitor.page.all("progress")

    async with working(desk.database, *retagging.handlers(desk.registry, desk.records)):
        await until(ended)
    assert "Bulk edit of 6" in visitor.page.text
    await visitor.get(TAGS)
    assert uses(visitor)["Even"] == ["1 company", "5 contacts"]
    assert "Odd" not in uses(visitor)
    await visitor.get(link["href"])
    await visitor.send(next(f for f in visitor.page.all("form") if "/undo" in f["action"]))
    await visitor.get(TAGS)
    assert uses(visitor)["Odd"] == ["1 company", "5 contacts"]
    assert uses(visitor)["Even"] == ["1 company"]


async def test_a_job_of_somebody_who_left_says_so(
    visit: Visit,
    organisation: Organisation,
    visitor: Visitor,
    make: Make,
    desk: Desk,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retagging, "AT_ONCE", 0)
    await make("contacts", last_name="N", tags=["Odd"])
    leaver = await organisation.person("admin")
    await act(visit(leaver), "remove", "Odd")
    await owner.execute("UPDATE tenfold.members SET active = false WHERE user_id = $1", leaver.id)

    async def ended() -> bool:
        await visitor.get("/imports")
        return "Stopped" in visitor.page.text

    async with working(desk.database, *retagging.handlers(desk.registry, desk.records)):
        await until(ended)
    (link,) = (a for a in visitor.page.all("a") if a.text.startswith("Bulk edit"))
    await visitor.get(link["href"])
    assert "Who began it has left" in visitor.page.text
    await visitor.get(TAGS)
    assert uses(visitor) == {"Odd": ["1 contact"]}


async def test_tags_of_a_field_of_ones_own_are_renamed(
    visitor: Visitor, make: Make, one: One, client: httpx.AsyncClient, admin: Somebody
) -> None:
    async def post(path: str, body: dict[str, Any]) -> None:
        answer = await client.post(f"/v1/{path}", json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text

    await post("types", {"name": "vehicles"})
    for kind in ("contact", "custom_vehicles"):
        field = {"type": kind, "name": "wishes", "kind": "tags", "label": "Wishes"}
        await post("custom-fields", field)
    wishes = {"custom": {"wishes": ["Pool", "View"]}}
    contact = await make("contacts", last_name="N", **wishes)
    car = await make("custom/vehicles", name="A car", **wishes)
    await act(visitor, "rename", "Pool", to="Swimming pool")
    assert "2 records changed." in visitor.toast
    for path in (f"contacts/{contact['id']}", f"custom/vehicles/{car['id']}"):
        assert (await one(path))["custom"]["wishes"] == ["Swimming pool", "View"]


async def test_a_tag_is_taken_off_all_records(visitor: Visitor, tagged: None) -> None:
    await act(visitor, "remove", "Old")
    assert "1 record changed." in visitor.toast
    assert "Old" not in uses(visitor)
    assert uses(visitor)["VIP"] == ["1 company", "1 contact"]


async def test_a_name_that_is_none_changes_nothing(visitor: Visitor, tagged: None) -> None:
    await act(visitor, "rename", "Old", to="  ")
    assert "A tag has 1 to 100 characters." in visitor.toast
    assert "Old" in uses(visitor)


async def test_who_administers_nothing_renames_nothing(
    visit: Visit, organisation: Organisation, tagged: None
) -> None:
    member = visit(await organisation.person("member"))
    await member.get(TAGS)
    assert member.answer.status_code == 403


async def test_the_page_asks_at_most_five_times(
    visitor: Visitor, tagged: None, queries: Counter
) -> None:
    await visitor.get(TAGS)
    queries.clear()
    await visitor.get(TAGS)
    assert visitor.answer.status_code == 200
    assert len(queries) <= 5


async def test_private_contacts_of_others_tell_administrators_nothing(
    visitor: Visitor,
    visit: Visit,
    make: Make,
    organisation: Organisation,
    client: httpx.AsyncClient,
) -> None:
    agent = await organisation.person("member", ["agent"])
    for name, privacy, tags in (
        ("Own", "private", ["Divorce lawyer", "VIP"]),
        ("Open", "everyone", ["VIP"]),
    ):
        body = {"last_name": name, "privacy": privacy, "tags": tags}
        answer = await client.post("/v1/contacts", json=body, headers=agent.headers)
        assert answer.status_code == 201, answer.text
    await make("contacts", last_name="Mine", privacy="private", tags=["Discreet"])
    await make("companies", name="Globex", tags=["VIP"])
    await visitor.get(TAGS)
    assert uses(visitor) == {"Discreet": ["1 contact"], "VIP": ["1 company", "1 contact"]}
    await visitor.get(f"{TAGS}?q=divorce")
    assert uses(visitor) == {}
    await act(visitor, "rename", "VIP", to="Valued")
    assert "2 records changed." in visitor.toast
    assert "stay" not in visitor.toast
    form = [("csrf", visitor.page.all("input", name="csrf")[0]["value"])]
    await visitor.post(f"{TAGS}/rename", [*form, ("tag", "Divorce lawyer"), ("to", "Other")])
    assert "No record has a tag like that." in visitor.toast
    told = await client.get("/v1/contacts?last_name=Own", headers=agent.headers)
    found = await client.get("/v1/contacts", headers=agent.headers)
    tags = {row["last_name"]: row["tags"] for row in found.json()["data"]}
    assert tags["Own"] == ["Divorce lawyer", "VIP"], told.text
    assert tags["Open"] == ["Valued"]


async def test_a_search_finds_what_is_behind_the_first_of_the_list(
    visitor: Visitor, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagging, "MOST", 2)
    await make("contacts", last_name="N", tags=["A", "B", "C", "Zürich"])
    await visitor.get(TAGS)
    assert list(uses(visitor)) == ["A", "B"]
    assert "There are more tags than are listed here." in visitor.page.text
    await visitor.get(f"{TAGS}?q=ZÜR")
    assert uses(visitor) == {"Zürich": ["1 contact"]}
    assert "There are more tags" not in visitor.page.text
    monkeypatch.setattr(tagging, "REACH", 3)
    await visitor.get(f"{TAGS}?q=zür")
    assert "There are more tags" in visitor.page.text, "not all were looked through"
