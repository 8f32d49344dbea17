"""Lists, boards and calendars under a hand: the wheel, a held card, keys, narrow screens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Route, expect
from tests.factories import Somebody
from tests.pages.browsing import PHONE
from tests.pages.conftest import Make
from tests.pages.test_browser import OVERFLOW, Open, address, chromium, open_page, trouble, windows

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
__all__ = ["address", "chromium", "open_page", "trouble", "windows"]


@pytest.fixture
async def many(client: httpx.AsyncClient, admin: Somebody) -> None:
    """More leads than a list shows at once."""
    rows = [{"first_name": f"Lead {n:03}", "last_name": "Roe"} for n in range(180)]
    answer = await client.post("/v1/leads/bulk", json={"records": rows}, headers=admin.headers)
    assert answer.status_code < 300, answer.text


async def lead_in(make: Make, status: str, name: str) -> dict[str, Any]:
    """A lead at a stage."""
    return await make("leads", first_name=name, last_name="Roe", status=status)


async def test_the_next_rows_come_without_moving_the_page(open_page: Open, many: None) -> None:
    page = await open_page("/leads")
    rows = page.locator(".grid tbody tr[id^=r-]")
    first = await rows.count()
    await page.mouse.move(700, 500)
    await page.mouse.wheel(0, first * 40)
    await expect(rows).not_to_have_count(first)
    place = await page.evaluate("scrollY")
    now = await rows.count()
    await page.wait_for_timeout(600)
    assert await page.evaluate("scrollY") == place
    assert await rows.count() == now, "the rest waits until one comes to it"


HEAD = """() => ["thead th[data-column]", "tr.marked"].map((one) =>
    Math.round(document.querySelector(`.grid ${one}`).getBoundingClientRect().top))"""


async def test_heads_stay_in_sight_and_cover_no_row_that_is_gone_to(
    open_page: Open, many: None
) -> None:
    page = await open_page("/leads")
    await page.keyboard.press("j")
    await page.evaluate("scrollTo({ top: 700, behavior: 'instant' })")
    bar = await page.evaluate("document.querySelector('.bar').getBoundingClientRect().bottom")
    assert (await page.evaluate(HEAD))[0] == bar
    await page.keyboard.press("j")
    await page.wait_for_timeout(300)
    head, row = await page.evaluate(HEAD)
    assert row >= head + 32, "a row is in sight below the heads"
    # A table that is wider than its room has a bar to scroll sideways with, as before.
    await page.evaluate("document.querySelector('.grid').style.minWidth = '3000px'")
    await expect(page.locator(":root[data-fits]")).to_have_count(0)
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def _grab(page: Page, card: Any) -> None:
    box = await card.bounding_box()
    await page.mouse.move(box["x"] + 20, box["y"] + 8)
    await page.mouse.down()


async def test_a_card_on_its_way_is_not_taken_again(open_page: Open, make: Make) -> None:
    lead = await lead_in(make, "new", "Ada")
    page = await open_page("/leads?as=board")
    card = page.locator(f"#card-{lead['id']}")
    gone = asyncio.Event()

    async def slow(route: Route) -> None:
        await gone.wait()
        await route.continue_()

    await page.route("**/lane", slow)
    for lane in ("contacted", "qualified"):
        place = await page.locator(f"[data-lane={lane}]").bounding_box()
        assert place
        await _grab(page, card)
        await page.mouse.move(place["x"] + 60, place["y"] + 80, steps=4)
        await page.mouse.up()
    gone.set()
    await expect(page.locator(".toast")).to_contain_text("Contacted")
    await expect(page.locator(f"[data-lane=contacted] #card-{lead['id']}")).to_be_visible()


async def test_a_board_comes_on_while_a_card_is_held_still_at_its_edge(
    open_page: Open, make: Make
) -> None:
    lead = await lead_in(make, "new", "Ada")
    page = await open_page("/leads?as=board", (900, 700))
    await _grab(page, page.locator(f"#card-{lead['id']}"))
    await page.mouse.move(890, 300, steps=3)
    left = "one => one.scrollWidth - one.clientWidth - one.scrollLeft"
    for _ in range(100):
        if await page.locator(".board").evaluate(left) < 5:
            break
        await page.wait_for_timeout(50)
    last = await page.locator("[data-lane=lost]").bounding_box()
    assert last
    await page.mouse.move(last["x"] + 80, 300)
    await page.mouse.up()
    await expect(page.locator(f"[data-lane=lost] #card-{lead['id']}")).to_be_visible()


async def test_cards_are_walked_by_keys(open_page: Open, make: Make) -> None:
    for name, status in (("Ada", "new"), ("Ben", "new"), ("Cleo", "qualified")):
        await lead_in(make, status, name)
    page = await open_page("/leads?as=board")

    async def at() -> str:
        return await page.evaluate(
            "document.activeElement.closest('.board-card')?.textContent ?? ''"
        )

    new = [
        await one.text_content()
        for one in await page.locator("[data-lane=new] .board-card a").all()
    ]
    first, second = (text.strip() for text in new if text)
    for key, wanted in (
        ("j", first), ("j", second), ("k", first), ("ArrowDown", second), ("ArrowUp", first),
        ("ArrowRight", "Cleo Roe"), ("ArrowLeft", first), ("ArrowLeft", first),
    ):  # fmt: skip
        await page.keyboard.press(key)
        assert wanted in await at(), key


async def test_an_entry_is_moved_by_keys_to_another_hour_and_day(
    open_page: Open, make: Make, client: httpx.AsyncClient, admin: Somebody
) -> None:
    monday = datetime.now(UTC).replace(hour=18, minute=0, second=0, microsecond=0)
    monday += timedelta(days=(2 - monday.weekday()) % 7)
    times = {"starts_at": monday.isoformat(), "ends_at": (monday + timedelta(hours=1)).isoformat()}
    made = await make("appointments", title="Showing", **times)
    on = monday.date().isoformat()
    page = await open_page("/")  # the server learns the browser's zone
    await page.goto(f"/appointments?as=calendar&span=week&on={on}")

    async def starts() -> datetime:
        answer = await client.get(f"/v1/appointments/{made['id']}", headers=admin.headers)
        return datetime.fromisoformat(answer.json()["data"]["starts_at"])

    entry = page.locator(".entry-on a")
    await entry.focus()
    for key, moved in (("ArrowDown", 0.5), ("ArrowRight", 24), ("ArrowUp", -0.5)):
        before = await starts()
        async with page.expect_response("**/day"):
            await page.keyboard.press(f"Alt+{key}")
        assert await starts() - before == timedelta(hours=moved), key
        await expect(page.locator(".entry-on[aria-busy]")).to_have_count(0)
        await expect(entry).to_be_focused()


@pytest.mark.parametrize("path", ["/leads", "/contacts", "/appointments?as=calendar"])
async def test_the_tools_of_a_list_keep_within_every_screen(
    open_page: Open, make: Make, path: str
) -> None:
    await lead_in(make, "new", "Ada")
    page = await open_page(path)
    for width in (1180, 1100, 1024, 960, 900, 800, 721, 720):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate(OVERFLOW) <= 0, width
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.goto("/admin/pipelines/application")
    assert await page.evaluate(OVERFLOW) <= 0


async def test_allowed_moves_stand_in_cells(open_page: Open) -> None:
    page = await open_page("/admin/pipelines/escrow")
    looks = await page.locator(".moves tbody td").evaluate_all(
        "all => [...new Set(all.map((one) => getComputedStyle(one).display))]"
    )
    assert looks == ["table-cell"]


async def test_a_week_on_a_phone_has_no_hole_where_it_is_now(open_page: Open, make: Make) -> None:
    page = await open_page("/appointments?as=calendar&span=week", PHONE)
    await expect(page.locator(".day.today")).to_be_visible()
    await expect(page.locator(".timed .now")).to_be_hidden()


async def test_a_file_that_was_refused_or_stopped_is_sent_again_at_once(
    open_page: Open, trouble: list[str]
) -> None:
    page = await open_page("/imports/new?type=leads")
    send = page.locator("#send-form .button.primary")
    box = page.locator("input[type=file]")
    await box.set_input_files({"name": "x.xlsx", "mimeType": "x/y", "buffer": b"PK\x03\x04no"})
    await send.click()
    await expect(page.locator("#send-form [role=alert]").first).to_be_visible()
    await box.set_input_files(
        {"name": "y.csv", "mimeType": "text/csv", "buffer": b"First name,Last name\nA,B\n"}
    )
    await send.click()
    await expect(page.locator("#columns-form")).to_be_visible()
