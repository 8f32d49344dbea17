"""What happened to a record and what comes next: one stream, narrowed, written down, ticked off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.guards import Counter
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.html import Element
from tests.pages.showing import Stored, stored

pytestmark = pytest.mark.anyio
__all__ = ["stored"]
FAR = "2090-01-15T09:00:00Z"


def said(visitor: Visitor) -> list[str]:
    """What the timeline tells, newest first."""
    entries = visitor.page.one("ol", class_="timeline").all("div", class_="entry")
    return [" ".join(e.text.split()) for e in entries]


def ahead(visitor: Visitor) -> Element:
    """What comes next."""
    return visitor.page.one("section", aria_label="Next step")


@pytest.fixture
def path(lead: dict[str, Any]) -> str:
    """The page of a lead."""
    return f"/leads/{lead['id']}"


@pytest.fixture
def about(lead: dict[str, Any]) -> dict[str, str]:
    """What is about the lead."""
    return {"type": "lead", "id": lead["id"]}


async def test_everything_stands_in_one_stream(
    visitor: Visitor, make: Make, path: str, about: dict[str, str], lead: dict[str, Any]
) -> None:
    await make("notes", title="Prefers mail", body="<p>Write, don't call.</p>", about=about)
    call = {"subject": "First call", "kind": "call", "about": about}
    await make("activities", at="2020-01-01T10:00:00Z", **call)
    await make("appointments", title="Showing", starts_at=FAR, ends_at=FAR, lead_id=lead["id"])
    await visitor.get(path)
    shown = said(visitor)
    assert "planned an appointment" in shown[0], "what is to come stands first"
    assert "added a note" in shown[1]
    assert "Write, don't call." in shown[1]
    assert "created this lead" in shown[2]
    assert "added an activity" in shown[3], "a call stands at the moment it was made"
    assert "First call Call" in shown[3]


async def test_the_stream_is_narrowed_and_goes_on(
    visitor: Visitor, make: Make, path: str, about: dict[str, str], client: httpx.AsyncClient,
    admin: Somebody, queries: Counter,
) -> None:  # fmt: skip
    for n in range(25):
        await make("notes", body=f"<p>Note {n}</p>", about=about)
    await client.patch(f"/v1{path}", json={"budget": 5}, headers=admin.headers)
    await visitor.get(f"{path}?only=changes", headers={"hx-target": "section#timeline"})
    assert len(said(visitor)) == 2
    await visitor.get(f"{path}?only=activity", headers={"hx-target": "section#timeline"})
    assert visitor.page.one("li", class_="none").text == "No activity yet."
    await visitor.get(f"{path}?only=notes", headers={"hx-target": "section#timeline"})
    first = said(visitor)
    earlier = visitor.page.one(id="timeline-more").one("a")["href"]
    queries.clear()
    await visitor.get(earlier, headers={"hx-target": "div#timeline-more"})
    assert len(queries) <= 5
    every = [*first, *said(visitor)]
    found = {text.rsplit(" ", 1)[1] for text in every}
    assert (len(every), found) == (25, {str(n) for n in range(25)})
    assert not visitor.page.all(id="timeline-more")


async def test_somebody_elses_private_note_is_not_there(
    visitor: Visitor, visit: Visit, organisation: Organisation, make: Make, path: str,
    about: dict[str, str],
) -> None:  # fmt: skip
    await make("notes", body="<p>Between us.</p>", about=about, privacy="private")
    await visitor.get(path)
    assert any("Between us." in text and "Private" in text for text in said(visitor))
    manager = visit(await organisation.person("manager"))
    await manager.get(path)
    assert manager.answer.status_code == 200
    assert not any("note" in text for text in said(manager))


async def test_the_next_task_is_done_put_off_and_taken_back(
    visitor: Visitor, make: Make, path: str, about: dict[str, str]
) -> None:
    await make("tasks", title="Later", due_at="2091-01-15T09:00:00Z", about=about)
    await make("tasks", title="Send the contract", due_at=FAR, about=about)
    await visitor.get(path)
    assert "Send the contract" in ahead(visitor).text
    done, put_off = ahead(visitor).all("form")
    await visitor.send(done)
    assert visitor.path == path
    assert visitor.toast == "Done. Undo"
    assert "Later" in ahead(visitor).text
    await visitor.send(visitor.page.one("div", class_="toasts").one("form"))
    assert visitor.toast == "Taken back."
    assert "Send the contract" in ahead(visitor).text
    await visitor.send(put_off, button="until=tomorrow")
    assert visitor.toast == "Put off: tomorrow at nine. Undo"
    assert "tomorrow 9:00" in ahead(visitor).text


async def test_an_appointment_that_is_next_can_be_done_but_not_put_off(
    visitor: Visitor, make: Make, lead: dict[str, Any], path: str
) -> None:
    await make("appointments", title="Showing", starts_at=FAR, ends_at=FAR, lead_id=lead["id"])
    await visitor.get(path)
    assert "Showing" in ahead(visitor).text
    assert "Snooze" not in ahead(visitor).text


async def test_what_has_no_time_comes_after_what_has_one(
    visitor: Visitor, lead: dict[str, Any], make: Make
) -> None:
    about = {"type": "lead", "id": lead["id"]}
    await make("tasks", title="Some day", about=about)
    await visitor.get(f"/leads/{lead['id']}")
    assert "Some day" in ahead(visitor).text
    await make("appointments", title="Showing", starts_at=FAR, ends_at=FAR, lead_id=lead["id"])
    await visitor.get(visitor.path)
    assert "Showing" in ahead(visitor).text


@pytest.mark.parametrize("hidden", ["starts_at", "status"])
async def test_what_comes_next_is_told_by_fields_that_one_sees(
    visit: Visit, client: httpx.AsyncClient, admin: Somebody, organisation: Organisation,
    lead: dict[str, Any], path: str, make: Make, hidden: str,
) -> None:  # fmt: skip
    await make("appointments", title="Showing", starts_at=FAR, ends_at=FAR, lead_id=lead["id"])
    for name, hide in (("seeing", []), ("clerk", [hidden])):
        grants = {"lead": {"read": "all"}, "appointment": {"read": "all", "hide": hide}}
        role = {"name": name, "grants": grants}
        answer = await client.post("/v1/roles", json=role, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        page = await visit(await organisation.person("member", [name])).get(path)
        assert "Showing" in page.text, "it is in the timeline"
        assert bool(page.all("section", aria_label="Next step")) == (not hide)


async def test_what_happened_is_written_down_on_the_page(
    visitor: Visitor, path: str, stored: Stored
) -> None:
    await visitor.get(path)
    kinds = visitor.page.one("nav", class_="kinds").all("a")
    assert [k.text for k in kinds] == ["Note", "Activity", "Task", "Appointment"]
    await visitor.get(kinds[0]["href"])
    about = next(e for e in visitor.page.all("input", name="about") if e.get("type") != "hidden")
    assert about["value"] == "Zoë Ünal", "the whole form is about the record, too"
    await visitor.get(kinds[1]["hx-get"])
    form = visitor.page.one("form", class_="composing")
    began = form.one("input", name="began")["value"]
    assert form.one("input", name="at")["value"][14:16] == began[14:16], "it just happened"
    await visitor.send(form, subject="")
    assert visitor.answer.status_code == 400
    assert visitor.answer.headers["hx-retarget"] == "#composing"
    form = visitor.page.one("form", class_="composing")
    await visitor.send(form, subject="Left word", kind="call")
    assert visitor.path == path
    assert visitor.toast == "Activity added. Undo"
    (call,) = await stored("activities")
    assert datetime.fromisoformat(call["at"]) == datetime.fromisoformat(began)
    told = said(visitor)
    made = next(n for n, text in enumerate(told) if "created this" in text)
    assert any("Left word" in text for text in told[:made]), "it comes after the lead was made"
    await visitor.send(visitor.page.one("div", class_="toasts").one("form"))
    assert visitor.path == path
    assert not any("Left word" in text for text in said(visitor))
    await visitor.send(visitor.page.one("div", class_="toasts").one("form"))
    assert (visitor.path, visitor.toast) == (path, "This activity is back.")
    assert any("Left word" in text for text in said(visitor))


async def test_what_was_done_is_told_by_a_page_and_by_no_part_of_one(
    visitor: Visitor, path: str
) -> None:
    await visitor.get(f"{path}/edit")
    form = visitor.page.one("form", id="record-form")
    answer = await visitor.http.post(
        form["action"], data=dict(form.fields()) | {"last_name": "Roe"}, follow_redirects=False
    )
    assert answer.status_code == 303
    for target in ("section#record", "section#timeline", "section#list", "section#batch"):
        part = {"hx-request": "true", "hx-target": target}
        await visitor.get(path if "list" not in target else "/leads", headers=part)
        assert "are saved" not in visitor.page.text
    await visitor.get(path, headers={"hx-request": "true", "hx-target": "body"})
    assert visitor.toast == "Your changes are saved. Undo"
    await visitor.get(path)
    assert "are saved" not in visitor.page.text


async def test_whose_latest_changes_are_all_hidden_is_led_to_the_earlier(
    visit: Visit, client: httpx.AsyncClient, admin: Somebody, organisation: Organisation, path: str
) -> None:
    for budget in range(21):
        await client.patch(f"/v1{path}", json={"budget": budget + 1}, headers=admin.headers)
    role = {"name": "clerk", "grants": {"lead": {"read": "all", "hide": ["budget"]}}}
    await client.post("/v1/roles", json=role, headers=admin.headers)
    clerk = visit(await organisation.person("member", ["clerk"]))
    page = await clerk.get(path)
    assert page.one("ol", class_="timeline").text == "Nothing of late that you may see."
    await clerk.get(page.one("div", id="timeline-more").one("a")["href"])
    assert any("created this lead" in text for text in said(clerk))


async def test_who_may_write_nothing_gets_no_composer(
    visit: Visit, organisation: Organisation, path: str
) -> None:
    reader = visit(await organisation.person("read-only"))
    await reader.get(path)
    assert not reader.page.all("nav", class_="kinds")
    await reader.get(f"{path}/compose/notes")
    assert reader.answer.status_code == 404


async def test_a_panel_shows_the_record_without_its_frame(visitor: Visitor, path: str) -> None:
    await visitor.get(path, headers={"hx-target": "aside#panel"})
    assert not visitor.page.all("html")
    record = visitor.page.one("article", id="record")
    assert "in-panel" in record["class"]
    assert record.one("h1").one("a")["href"] == path


async def test_the_next_and_the_previous_of_the_list(
    visitor: Visitor, make: Make, queries: Counter
) -> None:
    names = ("Ada", "Ben", "Cleo", "Dora")
    leads = {n: await make("leads", first_name=n, last_name="L", budget=b * 1_000 or None)
             for n, b in zip(names, (3, 0, 1, 2), strict=True)}  # fmt: skip
    await make("leads", first_name="Zed", last_name="Other", status="lost")

    async def walked(within: str, to: str, begin: str) -> list[str]:
        found = [begin]
        await visitor.get(f"/leads/{leads[begin]['id']}", params={"in": within})
        while True:
            (button,) = visitor.page.all("a", rel="prev" if to == "previous" else "next")
            await visitor.get(button["href"])
            if "of the list" in visitor.toast:
                return found
            found.append(visitor.page.one("h1").text.split()[0])

    by_name = "sort=first_name&status=new"
    assert await walked(by_name, "next", "Ada") == ["Ada", "Ben", "Cleo", "Dora"]
    assert visitor.page.one("a", class_="crumb")["href"] == f"/leads?{by_name}"
    assert await walked(by_name, "previous", "Dora") == ["Dora", "Cleo", "Ben", "Ada"]
    for sort, order in (("budget", "Cleo Dora Ada Ben"), ("-budget", "Ada Dora Cleo Ben")):
        expected, within = order.split(), f"sort={sort}&status=new&page=2&as=board"
        assert await walked(within, "next", expected[0]) == expected
        assert await walked(within, "previous", expected[-1]) == expected[::-1]
    await visitor.get(f"/leads/{leads['Ada']['id']}")
    assert not visitor.page.all("a", rel="next"), "from nowhere there is no next"
