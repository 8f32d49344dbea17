"""The main tasks by the keys of the keyboard alone, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.factories import Organisation, Owner, Somebody
from tests.pages.conftest import Make
from tests.pages.showing import Stored, call, leads, stored
from tests.pages.test_browser import Open, address, chromium, open_page, trouble, windows

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
__all__ = ["address", "chromium", "leads", "open_page", "stored", "trouble", "windows"]


async def _press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def _tab_to(page: Page, wanted: str, key: str = "Tab", most: int = 40) -> None:
    """Go on by Tab until what is wanted has the focus."""
    for _ in range(most):
        await page.keyboard.press(key)
        if await page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"{most} times {key} do not lead to {wanted}")


async def _told(page: Page, text: str) -> None:
    await expect(page.locator(".toast")).to_contain_text(text)


async def test_a_record_is_created_and_found(open_page: Open, stored: Stored) -> None:
    page = await open_page("/")
    await page.keyboard.press("c")
    await expect(page.locator("#palette-words")).to_be_focused()
    await page.keyboard.type("lead")
    await expect(page.locator("#palette [aria-selected=true]")).to_contain_text("ead")
    await page.keyboard.press("Enter")
    await expect(page.locator("[name=first_name]")).to_be_focused()
    await page.keyboard.type("Zoë")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Ünal")
    await page.keyboard.press("Enter")
    await _told(page, "Zoë Ünal was created.")
    (lead,) = await stored("leads")
    assert (lead["first_name"], lead["last_name"]) == ("Zoë", "Ünal")
    await _press(page, "g", "h")
    await expect(page).to_have_title("Home · Tenfold")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("zoe un")
    await expect(page.locator("#palette [aria-selected=true]")).to_contain_text("Zoë Ünal")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Zoë Ünal")


async def test_a_list_is_filtered_saved_and_edited(
    open_page: Open, stored: Stored, leads: list[dict[str, Any]]
) -> None:
    page = await open_page("/leads?sort=first_name")
    await page.keyboard.press("f")
    await expect(page.locator("#add-field")).to_be_focused()
    await page.keyboard.type("Source")
    await expect(page.locator("#filter-value .tick").first).to_be_visible()
    await _tab_to(page, "[name=add_value][value=referral]")
    await _press(page, "Space", "Enter")
    await expect(page.locator(".sentence")).to_contain_text("Source is Referral")
    await expect(page.locator(".count")).to_have_text("2 leads")
    await expect(page.locator("#filters summary")).to_be_focused()

    await _tab_to(page, ".view-menu summary", "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#view-name-new")).to_be_focused()
    await page.keyboard.type("Referred")
    await page.keyboard.press("Enter")
    await expect(page.locator(".rail .pinned")).to_contain_text("Referred")
    assert [one["name"] for one in await stored("saved_views")] == ["Referred"]

    await page.keyboard.press("j")
    await expect(page.locator("tr.marked")).to_contain_text("Hana")
    for _ in range(12):
        await page.keyboard.press("ArrowRight")
        if await page.evaluate("!!document.activeElement.querySelector('[data-edit$=budget]')"):
            break
    await page.keyboard.press("Enter")
    await expect(page.locator("form.editor [name=budget]")).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("900,000")
    await page.keyboard.press("Enter")
    await expect(page.locator("tr.marked [data-edit$=budget]")).to_have_text("$900,000")
    assert (await stored(f"leads/{leads[4]['id']}"))["budget"] == 900_000
    await page.keyboard.press("z")
    await expect(page.locator("tr.marked [data-edit$=budget]")).to_have_text("$1,150,000")
    assert (await stored(f"leads/{leads[4]['id']}"))["budget"] == 1_150_000


async def test_rows_are_chosen_and_changed_together(
    open_page: Open, stored: Stored, leads: list[dict[str, Any]]
) -> None:
    page = await open_page("/leads?sort=first_name")
    await _press(page, "j", "x", "j", "x")
    await expect(page.locator("#chosen [data-count]")).to_have_text("2")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("change a field")
    await expect(page.locator("#palette [aria-selected=true]")).to_have_text("Change a field")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chosen summary")).to_be_focused()
    await expect(page.locator("#bulk-choice")).to_be_visible()
    await _tab_to(page, "#bulk-choice")
    await page.keyboard.type("Source", delay=100)
    await expect(page.locator("#bulk-choice")).to_have_value("source")
    await _tab_to(page, "#bulk-field select[name=source]", most=1)
    await page.keyboard.type("Cold", delay=20)
    await expect(page.locator("#bulk-field select[name=source]")).to_have_value("cold_call")
    await _tab_to(page, "#bulk-field button[value=set]")
    await page.keyboard.press("Enter")
    await _told(page, "2 leads")
    changed = {one["first_name"] for one in await stored("leads", source="cold_call")}
    assert changed == {"Amara", "Hana"}


async def test_the_look_and_the_way_out_are_in_the_palette(open_page: Open) -> None:
    page = await open_page("/leads")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("dark")
    await expect(page.locator("#palette [aria-selected=true]")).to_have_text("Theme: Dark")
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("sign out")
    await expect(page.locator("#palette [aria-selected=true]")).to_have_text("Sign out")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/login*")


async def test_a_refused_change_of_many_keeps_what_was_chosen_and_typed(
    open_page: Open, stored: Stored, leads: list[dict[str, Any]]
) -> None:
    page = await open_page("/leads?sort=first_name")
    await _press(page, "j", "x", "j", "x")
    await page.locator("#chosen summary").click()
    await page.locator("#bulk-choice").select_option("owner_id")
    owner = page.locator("#bulk-field input[name=owner_id]")
    await owner.fill("Nobody Known")
    await page.locator("#bulk-field button[value=set]").click()
    await expect(page.locator(".toast.problem")).to_contain_text("There is none of this name.")
    await expect(owner).to_have_value("Nobody Known")
    await expect(page.locator(".box input:checked")).to_have_count(2)
    await expect(page.locator("#chosen [data-count]")).to_have_text("2")
    assert page.url.endswith("/leads?sort=first_name")


async def test_keys_of_one_letter_can_be_switched_off(
    open_page: Open, leads: list[dict[str, Any]]
) -> None:
    page = await open_page("/leads")
    await page.click("summary.me")
    await page.click("[name=keys][value=off]")
    await expect(page.locator("html")).to_have_attribute("data-keys", "off")
    await _press(page, "j", "x", "c", "?", "/")
    assert page.url.endswith("/leads")
    assert await page.locator("tr.marked, dialog[open], .box input:checked").count() == 0
    await page.keyboard.press("Control+k")
    await expect(page.locator("#palette-words")).to_be_focused()
    await page.keyboard.type("jx")
    await expect(page.locator("#palette-words")).to_have_value("jx")
    await page.keyboard.press("Escape")
    await page.click("summary.me")
    await page.click("[name=keys][value='']")
    await expect(page.locator("html")).not_to_have_attribute("data-keys", "off")
    await page.keyboard.press("j")
    await expect(page.locator("tr.marked")).to_have_count(1)


async def test_a_card_is_moved(
    open_page: Open, stored: Stored, leads: list[dict[str, Any]]
) -> None:
    page = await open_page("/leads")
    await _tab_to(page, ".forms a[title=Board]", most=60)
    await page.keyboard.press("Enter")
    await expect(page.locator(".board")).to_be_visible()
    await _tab_to(page, "[data-lane=new] .board-card a", most=60)
    name = await page.evaluate("document.activeElement.textContent.trim()")
    await page.keyboard.press("Alt+ArrowRight")
    await _told(page, "Contacted")
    await expect(page.locator("[data-lane=contacted] .board-card a").first).to_be_focused()
    contacted = {one["first_name"] for one in await stored("leads", status="contacted")}
    assert len(contacted) == 3
    assert any(one in name for one in contacted)
    await page.keyboard.press("z")
    await expect(page.locator("[data-lane=new] .board-card")).to_have_count(2)
    assert len(await stored("leads", status="contacted")) == 2
    for lane in ("new", "contacted"):
        await expect(page.locator(f"[data-sum={lane}]")).to_contain_text("$")


async def test_a_card_that_somebody_moved_meanwhile_is_shown_where_it_is(
    open_page: Open, client: httpx.AsyncClient, admin: Somebody, leads: list[dict[str, Any]]
) -> None:
    page = await open_page("/leads?as=board")
    card = page.locator("[data-lane=new] .board-card").first
    identity = (await card.get_attribute("id") or "").removeprefix("card-")
    where = f"/v1/leads/{identity}"
    answer = await client.patch(where, json={"status": "hot"}, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    await card.locator("a").first.focus()
    await page.keyboard.press("Alt+ArrowRight")
    await _told(page, "Somebody changed it meanwhile")
    await expect(page.locator(f"[data-lane=hot] #card-{identity}")).to_be_visible()


async def test_a_task_is_ticked_off(
    open_page: Open, stored: Stored, make: Make, admin: Somebody
) -> None:
    due = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    task = await make("tasks", title="Call Maya", due_at=due, assignee_id=str(admin.id))
    page = await open_page("/")
    await _tab_to(page, ".tick-off button", most=80)
    await page.keyboard.press("Enter")
    await expect(page.locator(".day-parts")).not_to_contain_text("Call Maya")
    assert (await stored(f"tasks/{task['id']}"))["done"] is True


async def test_after_a_task_is_put_off_or_done_the_next_has_the_focus(
    open_page: Open, make: Make, admin: Somebody
) -> None:
    for days, title in enumerate(("Third", "Second", "First"), start=1):
        due = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        await make("tasks", title=title, due_at=due, assignee_id=str(admin.id))
    page = await open_page("/")
    await _tab_to(page, ".tick-off button", most=80)
    await page.keyboard.press("Enter")
    await expect(page.locator(".day-parts")).not_to_contain_text("First")
    await expect(page.locator(":focus")).to_have_text("Done: Second")
    await _tab_to(page, ".agenda-line summary", most=3)
    await page.keyboard.press("Enter")
    await _tab_to(page, "[name=until][value=week]", most=3)
    await page.keyboard.press("Enter")
    await expect(page.locator(".agenda-line.late")).to_have_count(1)
    await expect(page.locator(":focus")).to_have_text("Put off: Third")


async def test_a_record_is_reassigned_in_its_place(
    open_page: Open,
    stored: Stored,
    leads: list[dict[str, Any]],
    organisation: Organisation,
    owner: Owner,
) -> None:
    agent = await organisation.person("member", ["agent"], name="Else")
    await call(owner, agent, "Sam", "Rivera")
    page = await open_page(f"/leads/{leads[0]['id']}")
    await _tab_to(page, "[data-edits][title='Edit owner']", most=90)
    await page.keyboard.press("Enter")
    await expect(page.locator("form.editor [name=owner_id]")).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("Sam Rivera")
    option = page.locator("form.editor datalist option[value='Sam Rivera']:only-child")
    await option.wait_for(state="attached")
    await page.keyboard.press("Enter")
    await _told(page, "Owner is saved.")
    assert (await stored(f"leads/{leads[0]['id']}"))["owner_id"] == str(agent.id)


async def test_rows_in_groups_are_walked(open_page: Open, leads: list[dict[str, Any]]) -> None:
    page = await open_page("/leads?group=status")
    for _ in range(3):
        await page.keyboard.press("j")
    names = page.locator(".grid tbody .record")
    await expect(names.nth(2)).to_be_focused()
    await page.locator("[data-fold]").first.click()  # its two are not seen any more
    await _press(page, "k", "k", "k")
    await expect(names.nth(2)).to_be_focused()
