"""Home as the person's day, the palette, favourites, and what one looked at last."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.guards import Counter
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.html import Element

pytestmark = pytest.mark.anyio


def parts(page: Element) -> dict[str, list[str]]:
    """The groups of the home page, each with the names in it."""
    return {
        re.split(r"\s?\d", one.all("h2")[0].text)[0]: [
            a.all("span", class_="text")[-1].text for a in one.all("a", class_="record")
        ]
        for one in page.all("section", class_="agenda-part")
    }


def at(days: int, hour: int = 12) -> str:
    """A moment some days from today, in UTC."""
    day = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=days)).isoformat()


async def test_the_day_has_tasks_meetings_deadlines_and_what_is_new(
    visitor: Visitor, make: Make, admin: Somebody, organisation: Organisation
) -> None:
    me, other = str(admin.id), str((await organisation.person("member", name="Else")).id)
    await make("tasks", title="Late", due_at=at(-1), assignee_id=me)
    await make("tasks", title="Tomorrow's", due_at=at(1), assignee_id=me)
    await make("tasks", title="Done", due_at=at(-1), assignee_id=me, done=True)
    await make("tasks", title="Theirs", due_at=at(-1), assignee_id=other)
    await make("tasks", title="Nobody's but mine", due_at=at(2))
    await make("tasks", title="Far away", due_at=at(30), assignee_id=me)
    await make("appointments", title="Showing", starts_at=at(1, 9), ends_at=at(1, 10))
    await make(
        "appointments", title="Cancelled", starts_at=at(1), ends_at=at(1, 13), status="cancelled"
    )
    days = {"loan_deadline": (date.today() + timedelta(days=3)).isoformat()}  # noqa: DTZ011
    await make("escrows", property_address="5 Elm", **days)
    await make("leads", first_name="New", last_name="One")
    await make("leads", first_name="Old", last_name="One", status="lost")
    await visitor.get("/")
    found = parts(visitor.page)
    assert found["Overdue"] == ["Late"]
    assert found["Tomorrow"] == ["Showing", "Tomorrow's"]
    assert found["Next days"] == ["Nobody's but mine"]
    assert found["Deadlines"] == ["5 Elm"]
    assert "Loan deadline" in visitor.page.text
    assert found["New for you"] == ["New One"]


async def test_a_task_is_ticked_off_put_off_and_taken_back_at_home(
    visitor: Visitor, make: Make, admin: Somebody
) -> None:
    await make("tasks", title="Call", due_at=at(-1), assignee_id=str(admin.id))
    await visitor.get("/")
    snooze = next(f for f in visitor.page.all("form") if f.get("action", "").endswith("/snooze"))
    await visitor.send(snooze, until="tomorrow")
    assert visitor.path == "/"
    assert parts(visitor.page)["Tomorrow"] == ["Call"]
    await visitor.send(visitor.page.one(class_="toasts").one("form"))
    await visitor.get("/")
    assert parts(visitor.page)["Overdue"] == ["Call"]
    done = next(f for f in visitor.page.all("form") if f.get("action", "").endswith("/done"))
    await visitor.send(done)
    assert "Overdue" not in parts(visitor.page)


async def test_a_lead_that_waits_is_put_off_at_home_and_on_its_page(
    visitor: Visitor, make: Make
) -> None:
    lead = await make("leads", first_name="Ann", last_name="Lee", next_touch=at(-1))
    for page, part in (("/", "Overdue"), (f"/leads/{lead['id']}", "")):
        await visitor.get(page)
        if part:
            assert parts(visitor.page)[part] == ["Ann Lee"]
        forms = (f for f in visitor.page.all("form") if f.get("action", "").endswith("/snooze"))
        await visitor.send(next(forms), until="tomorrow")
        assert visitor.path == page
        assert "Put off: tomorrow at nine." in visitor.page.one(class_="toasts").text
        await visitor.get("/")
        assert parts(visitor.page)["Tomorrow"] == ["Ann Lee"]


async def test_what_was_due_earlier_today_is_late(
    visitor: Visitor, make: Make, admin: Somebody
) -> None:
    for title, minutes in (("Past", -5), ("Coming", 5)):
        due = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
        await make("tasks", title=title, due_at=due, assignee_id=str(admin.id))
    await visitor.get("/")
    late = [one.one("a").text for one in visitor.page.all("li", class_="late")]
    assert late == ["Past"]


async def test_a_task_that_was_opened_again_is_ticked_off_again(
    visitor: Visitor, make: Make, admin: Somebody, client: httpx.AsyncClient
) -> None:
    task = await make("tasks", title="Call", due_at=at(-1), assignee_id=str(admin.id))
    path = f"/v1/tasks/{task['id']}"
    moments: list[str] = []
    for _ in range(2):
        await visitor.get("/")
        forms = (f for f in visitor.page.all("form") if f.get("action", "").endswith("/done"))
        await visitor.send(next(forms))
        read = (await client.get(path, headers=admin.headers)).json()["data"]
        assert read["done"] is True, visitor.toast
        moments.append(read["done_at"])
        await client.patch(path, json={"done": False}, headers=admin.headers)
    assert moments[0] < moments[1]


async def test_what_one_may_not_read_is_in_nobodys_day(
    visit: Visit, organisation: Organisation, make: Make
) -> None:
    member = await organisation.person("member", name="Else")
    await make("leads", first_name="Not", last_name="Theirs", owner_id=str(member.id))
    theirs = visit(member)
    page = await theirs.get("/")
    assert "New for you" not in parts(page)
    assert theirs.answer.status_code == 200


async def test_what_one_looked_at_comes_first(visitor: Visitor, make: Make) -> None:
    one = await make("leads", first_name="First", last_name="Seen")
    other = await make("contacts", first_name="Then", last_name="Seen")
    for path in (f"/leads/{one['id']}", f"/contacts/{other['id']}"):
        await visitor.get(path)
        assert visitor.answer.status_code == 200
    page = await visitor.get("/")
    assert parts(page)["Lately"] == ["Then Seen", "First Seen"]
    page = await visitor.get("/palette")
    lately = next(s for s in page.all("section") if s.all("h3")[0].text == "Lately")
    assert [a["href"] for a in lately.all("a")] == [
        f"/contacts/{other['id']}",
        f"/leads/{one['id']}",
    ]


async def test_a_favourite_is_marked_found_and_let_go(
    visitor: Visitor, visit: Visit, organisation: Organisation, lead: dict[str, Any]
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form("/favourites"), on="1")
    assert visitor.page.one("button", class_="star")["aria-pressed"] == "true"
    assert parts(await visitor.get("/"))["Favourites"] == ["Zoë Ünal"]
    page = await visitor.get("/palette?q=zoe")
    assert "Favourites" in [h.text for h in page.all("h3")]
    other = visit(await organisation.person("owner", name="Else"))
    assert "Favourites" not in parts(await other.get("/"))
    await visitor.get(path)
    await visitor.send(visitor.form("/favourites"), on="")
    assert "Favourites" not in parts(await visitor.get("/"))


async def test_favourites_are_called_as_they_are_now_and_hidden_where_they_are(
    visitor: Visitor,
    visit: Visit,
    organisation: Organisation,
    client: httpx.AsyncClient,
    admin: Somebody,
    make: Make,
) -> None:
    agent = await organisation.person("member", ["agent"])
    body = {"last_name": "Secret", "privacy": "everyone"}
    answer = await client.post("/v1/contacts", json=body, headers=agent.headers)
    theirs = f"contacts/{answer.json()['data']['id']}"
    renamed = f"contacts/{(await make('contacts', last_name='Before'))['id']}"
    gone = f"contacts/{(await make('contacts', last_name='Deleted'))['id']}"
    for path in (theirs, renamed, gone):
        await visitor.get(f"/{path}")
        await visitor.send(visitor.form("/favourites"), on="1")
    assert parts(await visitor.get("/"))["Favourites"] == ["Secret", "Before", "Deleted"]

    async def change(path: str, who: Somebody, **values: str) -> None:
        done = await client.patch(f"/v1/{path}", json=values, headers=who.headers)
        assert done.status_code == 200, done.text

    await change(theirs, agent, privacy="private")
    await change(renamed, admin, last_name="After")
    await client.delete(f"/v1/{gone}", headers=admin.headers)
    assert parts(await visitor.get("/"))["Favourites"] == ["After"]
    for address in ("/palette", "/palette?q=secret", "/palette?q=deleted"):
        text = (await visitor.get(address)).text
        assert "Secret" not in text
        assert "Deleted" not in text


async def test_nobody_marks_what_they_can_not_see(
    visit: Visit, organisation: Organisation, lead: dict[str, Any]
) -> None:
    member = visit(await organisation.person("member", name="Else"))
    page = await member.get("/contacts")
    csrf = page.all("input", name="csrf")[0]["value"]
    body = [("csrf", csrf), ("type", "lead"), ("id", lead["id"]), ("on", "1"), ("next", "/")]
    await member.post("/favourites", body)
    assert member.answer.status_code == 404


async def test_namesakes_are_told_apart_among_hits(visitor: Visitor, make: Make) -> None:
    mails = ["ann@one.example", "ann@two.example"]
    for mail in mails:
        await make("leads", first_name="Ann", last_name="Lee", email=mail)
    page = await visitor.get("/palette?q=ann+lee")
    assert [e.text for e in page.all("span", class_="note") if "@" in e.text] == mails[::-1]
    page = await visitor.get("/search?q=ann+lee")
    assert sorted(e.text for e in page.all("span", class_="beside")) == mails


async def test_the_palette_finds_records_places_and_what_can_be_made(
    visitor: Visitor, lead: dict[str, Any]
) -> None:
    page = await visitor.get("/palette?q=unal")
    assert [a["href"] for a in page.all("a")] == [f"/leads/{lead['id']}"]
    page = await visitor.get("/palette?q=lea")
    hrefs = [a["href"] for a in page.all("a")]
    assert {"/leads", "/leads/new"} <= set(hrefs)
    for words, place in (
        ("sessio sett", "/settings/sessions"),
        ("webhook", None),
        ("custom f", "/admin/types"),
        ("logout", "/admin/sessions"),
    ):
        page = await visitor.get(f"/palette?q={words}")
        assert (place in [a["href"] for a in page.all("a")]) == (place is not None), words
    page = await visitor.get("/palette?only=create&q=con")
    assert [a["href"] for a in page.all("a")] == ["/contacts/new"]
    page = await visitor.get("/palette?q=%3F%3F")
    assert "Nothing found" in page.text


async def test_the_palette_offers_only_what_one_may(
    visit: Visit, organisation: Organisation, lead: dict[str, Any]
) -> None:
    member = visit(await organisation.person("member", name="Else"))
    page = await member.get("/palette?q=lea")
    assert not page.all("a")
    for words in ("admin", "invite", "custom"):
        page = await member.get(f"/palette?q={words}")
        assert not page.all("a")


async def test_home_and_palette_need_few_statements(
    visitor: Visitor, lead: dict[str, Any], queries: Counter
) -> None:
    await visitor.get(f"/leads/{lead['id']}")
    await visitor.send(visitor.form("/favourites"), on="1")
    for path in ("/", "/palette", "/palette?q=zo"):
        await visitor.get(path)
        queries.clear()
        await visitor.get(path)
        assert visitor.answer.status_code == 200
        assert len(queries) <= 5, path


async def test_letters_lead_to_lists(visitor: Visitor, client: httpx.AsyncClient) -> None:
    page = await visitor.get("/")
    keys = {a["data-go"]: a["href"] for a in page.all("a") if a.has("data-go")}
    assert (keys["h"], keys["l"], keys["s"]) == ("/", "/leads", "/students")
    bar = [a["href"] for a in page.one("nav", class_="tabs").all("a")]
    assert bar == ["/", "/clients", "/leads", "/search", "/menu"]
    assert len(keys) == len(set(keys.values()))
    shown = page.one("dialog", class_="shortcuts").text
    assert all(
        f"{a.text} " in f"{shown} " or a["href"] == "/" for a in page.all("a") if a.has("data-go")
    )


async def test_who_administers_begins_with_the_organisation(
    visitor: Visitor, visit: Visit, organisation: Organisation, client: httpx.AsyncClient,
    admin: Somebody,
) -> None:  # fmt: skip
    place = "/admin/organisation"

    async def steps() -> dict[str, bool]:
        guide = (await visitor.get("/")).all("details", class_="guide")[0]
        return {li.one("a")["href"]: "done" in (li.get("class") or "") for li in guide.all("li")}

    people, factor = "/admin/people/invite", "/settings/security"
    assert await steps() == {place: False, people: False, factor: False}
    for path, body, method in (
        ("/v1/invitations", {"email": "new@example.com", "role": "member"}, "POST"),
        ("/v1/organization", {"timezone": "Europe/Berlin"}, "PATCH"),
    ):
        answer = await client.request(method, path, json=body, headers=admin.headers)
        assert answer.is_success, answer.text
    assert await steps() == {place: True, people: True, factor: False}
    member = visit(await organisation.person("member", ["agent"], name="Else"))
    assert place not in [a["href"] for a in (await member.get("/")).all("a")]
    guide = visitor.page.all("details", class_="guide")[0]
    await visitor.send(guide.one("form"), button="pack=organisation")
    assert place not in await steps()


async def test_the_guide_ticks_itself_and_is_put_away(visitor: Visitor, make: Make) -> None:
    page = await visitor.get("/")
    labels = [g.one("h2").text for g in page.all("details", class_="guide")]
    assert "Begin with Real estate" in labels
    guide = page.all("details", class_="guide")[labels.index("Begin with Real estate")]
    assert "0 of 4" in guide.text
    await make("leads", first_name="Ann", last_name="Lee")
    page = await visitor.get("/")
    guide = page.all("details", class_="guide")[labels.index("Begin with Real estate")]
    assert "1 of 4" in guide.text
    assert [li.one("a")["href"] for li in guide.all("li", class_="done")] == ["/leads/new"]
    await visitor.send(guide.one("form"), button="pack=real_estate")
    assert "Begin with Real estate" not in visitor.page.text
    page = await visitor.get("/")
    assert "Begin with Real estate" not in page.text
    assert "Begin with Career services" in page.text
