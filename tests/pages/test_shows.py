"""Days of work by hand in a real browser: what is seen after each step, and what is stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.async_api import expect
from tests.exchange.imports import working
from tests.factories import Organisation, Owner
from tests.pages.conftest import Make
from tests.pages.showing import Begin, Show, Stored, begin, call, leads, stored
from tests.pages.test_browser import Open, address, chromium, open_page, trouble, windows

from tenfold.web.desk import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.untraced]
__all__ = ["address", "begin", "chromium", "leads", "open_page", "stored", "trouble", "windows"]

_ZONE = ZoneInfo("America/Los_Angeles")  # the browser's


def _tomorrow(hour: int) -> datetime:
    day = datetime.now(_ZONE) + timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def _typed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


async def _compose(show: Show, what: str, **values: str) -> None:
    """Write something down about the record that is open."""
    await show.page.locator(".kinds a", has_text=what).first.click()
    await expect(show.page.locator("#composing form")).to_be_visible()
    await show.write(**values)
    await show.page.click("#composing .primary")


async def test_an_agents_day(
    begin: Begin, make: Make, stored: Stored, leads: list[dict[str, Any]]
) -> None:
    await make("listings", address={"street": "18 Harbour Lane"}, list_price=695_000)
    await make("tasks", title="Send the disclosures to Priya", due_at=_tomorrow(9).isoformat())
    show = await begin("agent", "Ada", "Moreno")
    page = show.page
    await show.picture("1-home")

    await show.go("Leads")
    await page.click(".bar >> text=New lead")
    await show.write(first_name="Zoë", last_name="Ünal", email="zoe@example.com",
                     phone="+1 415 555 0134", budget="640,000", timeline="Immediate",
                     source="Open house")  # fmt: skip
    await page.click(".form-end .primary")
    await show.told("Zoë Ünal was created.")
    await expect(page.locator("h1")).to_have_text("Zoë Ünal")
    (lead,) = await stored("leads", email="zoe@example.com")
    assert (lead["status"], lead["budget"], lead["source"]) == ("new", 640_000, "open_house")
    await show.picture("2-new-lead")

    said = "Wants three bedrooms near the ferry; sells in spring."
    await _compose(show, "Activity", subject="First call", kind="Call",
                   outcome="Connected", body=said)  # fmt: skip
    await show.told("Activity added.")
    await expect(page.locator(".timeline")).to_contain_text(said)
    (call,) = await stored("activities")
    assert (call["kind"], call["outcome"], call["body"]) == ("call", "connected", said)
    assert call["about"]["id"] == lead["id"]
    await show.picture("3-call-logged")

    at = _tomorrow(10)
    await _compose(show, "Appointment", title="Showing of 18 Harbour Lane",
                   starts_at=_typed(at), ends_at=_typed(at + timedelta(hours=1)))  # fmt: skip
    await show.told("Appointment added.")
    await expect(page.locator(".ahead")).to_contain_text("Showing of 18 Harbour Lane")
    (showing,) = await stored("appointments", lead_id=lead["id"])
    assert datetime.fromisoformat(showing["starts_at"]) == at
    await show.picture("4-showing-booked")

    await show.go("Leads")
    await page.click(".forms a[title=Board]")
    await expect(page.locator("[data-lane=new] .board-card")).to_have_count(3)
    await show.drag("Zoë Ünal", "contacted")
    await show.told("Contacted")
    await expect(page.locator("[data-lane=contacted] .board-card")).to_have_count(3)
    await expect(page.locator("[data-lane=contacted] [data-number]")).to_have_text("3")
    assert (await stored(f"leads/{lead['id']}"))["status"] == "contacted"
    await show.picture("5-board")

    await show.go("Home")
    await expect(page.locator(".day-parts")).to_contain_text("Showing of 18 Harbour Lane")
    await show.picture("6-home")


async def test_an_advisers_day(begin: Begin, make: Make, stored: Stored) -> None:
    names = (("Noor", "Haddad"), ("Elias", "Berg"), ("Wren", "Castillo"))
    for first, last in names:
        await make("students", first_name=first, last_name=last, major="Biology",
                   school_year="junior", email=f"{last.lower()}@example.edu")  # fmt: skip
    (student,) = await stored("students", email="haddad@example.edu")
    employer = await make("employers", name="Northwind Labs")
    posting = await make("job_postings", title="Research assistant", kind="internship",
                         employer_id=employer["id"])  # fmt: skip
    application = await make("applications", title="Research assistant", status="under_review",
                             student_id=student["id"], job_posting_id=posting["id"],
                             employer_id=employer["id"])  # fmt: skip
    show = await begin("adviser", "Grace", "Whitfield", "career_services")
    page = show.page

    await page.keyboard.press("Control+k")
    await page.keyboard.type("noor")
    await expect(page.locator("#palette [role=option]").first).to_contain_text("Noor Haddad")
    await show.picture("1-palette")
    await page.locator("#palette [role=option]", has_text="Noor Haddad").first.click()
    await expect(page.locator("h1")).to_have_text("Noor Haddad")
    await show.picture("2-student")

    at = _tomorrow(14)
    await _compose(show, "Advising appointment",
                   title="Résumé for Northwind", kind="Resume review",
                   starts_at=_typed(at))  # fmt: skip
    await show.told("Advising appointment added.")
    await expect(page.locator("#record")).to_contain_text("Résumé for Northwind")
    (meeting,) = await stored("advising_appointments", student_id=student["id"])
    assert (meeting["kind"], datetime.fromisoformat(meeting["starts_at"])) == ("resume_review", at)
    await show.picture("3-appointment")

    await _compose(show, "Student note", title="Nerves",
                   privacy="Private", body="Interviews make her anxious.")  # fmt: skip
    await show.told("Student note added.")
    await expect(page.locator(".timeline")).to_contain_text("Interviews make her anxious.")
    (note,) = await stored("student_notes")
    assert (note["privacy"], note["student_id"]) == ("private", student["id"])
    await show.picture("4-private-note")

    await page.locator(".related a.record", has_text="Research assistant").first.click()
    await page.click("button[value=interview]")
    await show.told("Moved to Interview.")
    await expect(page.locator("[aria-current=step]")).to_have_text("Interview")
    assert (await stored(f"applications/{application['id']}"))["status"] == "interview"
    await show.picture("5-application-moved")


async def _filter(show: Show, field: str, *ticks: str) -> None:
    """What the form of a filter, which is open, asks for."""
    await show.page.select_option("#add-field", label=field)
    for tick in ticks:
        await show.page.locator(".filter-form").get_by_label(tick, exact=True).check()
    await show.page.click(".filter-form button.primary:visible")


async def test_a_managers_day(
    begin: Begin,
    stored: Stored,
    leads: list[dict[str, Any]],
    organisation: Organisation,
    owner: Owner,
) -> None:
    agent = await organisation.person("member", ["agent"], name="Else")
    await call(owner, agent, "Sam", "Rivera")
    show = await begin("manager", "Ines", "Calloway")
    page = show.page
    await show.go("Leads")
    await page.click("#filters summary")
    await _filter(show, "Status", "New")
    await expect(page.locator(".sentence")).to_contain_text("Status is New")
    await page.click(".sentence .either")
    await _filter(show, "Source", "Referral")
    await expect(page.locator(".sentence .joiner")).to_have_text("or")
    await page.click("#filters summary")
    await page.select_option("#add-field", label="Score")
    await page.select_option("#add-operator", label="is at least")
    await page.fill("#add-value", "46")
    await page.click(".filter-form button.primary:visible")
    await expect(page.locator(".sentence .joiner")).to_have_text(["and", "or"])
    await expect(page.locator(".count")).to_have_text("3 leads")
    await show.picture("1-conditions")

    await page.click(".view-menu summary")
    await page.fill("#view-name-new", "Worth a call")
    await page.check(".view-menu [name=privacy]")
    await page.click("button:text-is('Save the view')")
    await expect(page.locator(".rail .pinned")).to_contain_text("Worth a call")
    (view,) = await stored("saved_views")
    assert (view["name"], view["privacy"]) == ("Worth a call", "everyone")
    await show.picture("2-view")

    await page.check(".grid [data-all]")
    await expect(page.locator("#chosen")).to_contain_text("3 leads")
    await page.click("#chosen summary")
    await page.select_option("#bulk-choice", label="Owner")
    await expect(page.locator("#f-owner_id, [id^=f-owner]").first).to_be_visible()
    await show.picture("3-reassign")
    await page.locator("#bulk-field input[list]").fill("Sam Rivera")
    await page.click("#bulk-field .primary")
    await show.told("3 leads")
    theirs = await stored("leads", owner_id=str(agent.id))
    names = {"Maya", "Rosa", "Hana"}
    assert {one["first_name"] for one in theirs} == names
    await show.picture("4-reassigned")

    await page.click(".toast .undo")
    await expect(page.locator(".toast")).not_to_contain_text("Undo")
    assert await stored("leads", owner_id=str(agent.id)) == []
    await show.picture("5-undone")


_FILE = b"""First name,Last name,E-mail,Mobile,How warm,Shoe size
Iris,Novak,iris@example.com,+1 415 555 0110,New,38
Omar,Haddad,omar@example.com,+1 415 555 0111,Boiling,44
Lena,Brandt,lena@example.com,,New,
Nobody,,not an address,,,
"""


async def test_an_importers_day(begin: Begin, stored: Stored, desk: Desk) -> None:
    show = await begin("importer", "Theo", "Lindgren")
    page = show.page
    figures = page.locator(".figures")
    await show.go("Imports")
    await page.click(".bar >> text=Import a file")
    file: Any = {"name": "spring fair.csv", "mimeType": "text/csv", "buffer": _FILE}
    await page.set_input_files("#f-file", file)
    await page.select_option("#f-type", label="Leads")
    await show.picture("1-file")
    await page.click("text=Show the columns")
    await expect(page.locator(".mapping").first).to_contain_text("iris@example.com")
    await expect(page.get_by_label("E-mail")).to_have_value("email")
    await page.get_by_label("How warm").select_option(label="Status")
    await page.click(".form-end button[value=look]")
    word = page.locator(".mapping li:has(.text:text-is('Boiling')) select")
    await word.select_option(label="Hot")
    await page.click(".form-end button[value=look]")
    await expect(page.locator(".refused")).to_have_count(1)
    await show.picture("2-mapping")

    async with working(desk):
        await page.click("text=Try it without storing")
        await expect(figures).to_contain_text("refused", timeout=20_000)
        assert await stored("leads") == []
        await show.picture("3-trial")
        await page.click(".form-end .primary")
        await expect(page.locator(".undo-form")).to_be_visible(timeout=20_000)
        await expect(figures.locator("dd").first).to_have_text("3")
        found = {one["first_name"]: one["status"] for one in await stored("leads")}
        assert found == {"Iris": "new", "Omar": "hot", "Lena": "new"}
        await show.picture("4-imported")
        await page.click(".undo-form button")
        await expect(figures).to_contain_text("taken away", timeout=20_000)
        assert await stored("leads") == []
    await show.picture("5-undone")
    await show.go("Imports")
    await expect(page.locator(".batches li")).to_have_count(3)
    await show.picture("6-imports")


async def _administration(show: Show, place: str) -> None:
    await show.page.click(".me")
    await show.page.click(".me + .sheet >> text=Administration")
    await show.page.click(f".section-tile:has(strong:text-is('{place}'))")
    await expect(show.page.locator("h1")).to_have_text(place)


async def test_an_admins_day(
    begin: Begin,
    stored: Stored,
    leads: list[dict[str, Any]],
    organisation: Organisation,
    owner: Owner,
    client: httpx.AsyncClient,
    open_page: Open,
    address: str,
) -> None:
    member = await organisation.person("member", [], name="Else")
    await call(owner, member, "Sam", "Rivera")
    maya = f"leads/{leads[0]['id']}"
    show = await begin("admin", "Vera", "Castellan")
    page = show.page
    await _administration(show, "Roles")
    await page.locator("header >> text=New role").click()
    await page.fill("[name=name]", "reception")
    await page.click("text=Make the role")
    await page.select_option("[name='read.lead']", "all")
    await page.click("header button:text-is('Save')")
    await show.told("Leads: Reads all.")
    await show.picture("1-role")
    await page.click("[aria-label='Fields of leads: all visible']")
    await page.check("[name='way.budget'][value=hidden]")
    await show.picture("2-fields")
    await page.click("header button:text-is('Save')")
    await show.told("Does not see Budget.")

    await _administration(show, "People")
    await page.click("text=Sam Rivera")
    await page.get_by_label("Reception").check()
    await page.click("button:text-is('Save')")
    await show.told("Sam Rivera is changed")
    await show.picture("3-person")
    answer = await client.get(f"/v1/{maya}", headers=member.headers)
    assert (answer.status_code, "budget" in answer.json()["data"]) == (200, False)
    assert "budget" in await stored(maya)

    await page.click("text=What they may do")
    await page.select_option("[name=type]", "lead")
    await page.fill("[name=record]", "Maya Okafor")
    await page.select_option("[name=field]", label="Budget")
    await page.click("button:text-is('Explain')")
    await expect(page.locator(".verdict")).to_have_text(
        "Sam Rivera may not see Budget of the lead Maya Okafor."
    )
    await expect(page.locator(".reasons")).to_contain_text("hides it")
    await show.picture("4-explanation")

    theirs = await open_page("/", color_scheme="light", reduced_motion="no-preference")
    session = {"name": "session", "value": member.token, "url": address, "httpOnly": True}
    await theirs.context.add_cookies([session])  # pyright: ignore[reportArgumentType]
    await theirs.goto("/")
    them = Show(theirs, show.folder / "theirs")
    await them.go("Leads")
    await theirs.click("a.record:has-text('Maya Okafor')")
    await expect(theirs.locator("article h1")).to_have_text("Maya Okafor")
    await expect(theirs.locator("article")).not_to_contain_text("Budget")
    await them.picture("5-lead")
