"""The pages in a real browser: what htmx and the keys add, on a desk and on a phone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect
from tests.factories import Organisation, Owner, Somebody
from tests.pages.browsing import DESK, PHONE, TABLET, browsing, served
from tests.pages.conftest import Make

from tenfold.kernel.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


@pytest.fixture(scope="session")
async def address(settings: Settings, anyio_backend: str) -> AsyncIterator[str]:
    """A server of the worker's database."""
    # The tokens name the address that the worker's own application signs with.
    async with served(settings, TENFOLD_PUBLIC_URL=settings.address) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
async def chromium(anyio_backend: str) -> AsyncIterator[Browser]:
    """The browser."""
    async with browsing() as browser:
        yield browser


Open = Callable[..., Awaitable[Page]]


@pytest.fixture
def trouble() -> list[str]:
    """What the console said; a test that makes trouble on purpose looks at it and clears it."""
    return []


Windows = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture(scope="session")
async def windows(chromium: Browser, address: str) -> Windows:
    """Windows by what they can do: to open one takes longer than most tests."""
    known: dict[str, BrowserContext] = {}

    async def window(**options: Any) -> BrowserContext:
        if (key := repr(sorted(options.items()))) not in known:
            known[key] = await chromium.new_context(
                base_url=address, timezone_id="America/Los_Angeles", **options
            )
            await known[key].new_page()  # so that the window stays when a test's page is closed
        await known[key].clear_cookies()
        return known[key]

    return window


@pytest.fixture
async def open_page(
    windows: Windows, address: str, admin: Somebody, trouble: list[str]
) -> AsyncIterator[Open]:
    """Opens a page as the owner; at the end, nothing may stand in the console."""
    said = trouble
    pages: list[Page] = []

    async def opened(path: str, size: tuple[int, int] = DESK, **options: Any) -> Page:
        window = await windows(**options)
        await window.add_cookies(
            [{"name": "session", "value": admin.token, "url": address, "httpOnly": True}]
        )
        page = await window.new_page()
        pages.append(page)
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None
        )
        await page.goto(path)
        return page

    yield opened
    for page in pages:
        await page.close()
    # A form that is refused on purpose is told there with its status.
    assert [text for text in said if "the server responded with a status of 4" not in text] == []


@pytest.fixture
async def leads(client: httpx.AsyncClient, admin: Somebody) -> None:
    """Sixty leads."""
    rows = [
        {"first_name": f"N{n:02}", "last_name": "Lead", "budget": n * 1_000, "status": status}
        for n in range(60)
        for status in ["hot" if n % 2 else "new"]
    ]
    answer = await client.post("/v1/leads/bulk", json={"records": rows}, headers=admin.headers)
    assert answer.status_code == 201


async def sees(locator: Any, text: str) -> None:
    await expect(locator).to_contain_text(text)


async def test_the_list_changes_in_place(open_page: Open, leads: None) -> None:
    page = await open_page("/")
    await page.evaluate("window.here = true")
    await page.click(".rail a[href='/leads']")
    await expect(page).to_have_url("/leads")
    await expect(page).to_have_title("Leads · Tenfold")
    await sees(page.locator(".count"), "60 leads")
    await page.keyboard.press("/")
    await page.keyboard.type("n1")
    await sees(page.locator(".count"), "10 leads")
    await expect(page.locator("#q")).to_be_focused()
    await expect(page.locator("#q")).to_have_value("n1")
    assert "q=n1" in page.url
    await page.fill("#q", "")
    await sees(page.locator(".count"), "60 leads")
    await page.click("th.k-money a")
    await page.wait_for_url("**sort=**")
    await sees(page.locator("tbody tr").first, "N59 Lead")
    await expect(page.locator("tbody tr[id^=r-]")).to_have_count(30)
    await page.locator("tr.more").scroll_into_view_if_needed()
    await expect(page.locator("tbody tr[id^=r-]")).to_have_count(60)
    await sees(page.locator("tbody tr").last, "N00 Lead")
    await page.go_back()
    await expect(page.locator("th.k-money")).not_to_have_attribute("aria-sort", "descending")
    assert await page.evaluate("window.here"), "the page was loaded anew"


async def test_one_comes_back_to_the_row_that_one_left(open_page: Open, leads: None) -> None:
    page = await open_page("/leads?sort=first_name")
    await page.locator("tr.more").scroll_into_view_if_needed()
    await expect(page.locator("tbody tr[id^=r-]")).to_have_count(60)
    name = page.locator("a.record:has-text('N57 Lead')")
    await name.click()
    await expect(page.locator("h1")).to_have_text("N57 Lead")
    await page.go_back()
    for _ in ("back", "loaded anew"):
        await expect(page.locator("tbody tr[id^=r-]")).to_have_count(60)
        await expect(name).to_be_focused()
        await expect(name).to_be_in_viewport()
        await page.reload()


async def test_a_filter_is_made_in_three_choices(open_page: Open, leads: None) -> None:
    page = await open_page("/leads")
    await page.click("#filters summary")
    await page.select_option("#add-field", "status")
    await page.get_by_label("Hot", exact=True).check()
    await page.click(".filter-form button.primary")
    await sees(page.locator(".sentence"), "Status is Hot")
    await expect(page.locator("#filters summary")).to_be_focused()
    await sees(page.locator(".count"), "30 leads")
    await expect(page).to_have_url("/leads?status=hot")
    assert await page.evaluate("scrollY") == 0
    await page.set_viewport_size({"width": 1440, "height": 500})
    await page.evaluate("scrollTo(0, 0)")
    await page.click(".sentence .says")
    sheet = page.locator("#filters .sheet")
    await expect(sheet).to_be_visible()
    await expect(sheet.locator("#add-field")).to_be_focused()
    condition = await page.locator(".sentence .says").bounding_box()
    panel = await sheet.bounding_box()
    assert condition is not None
    assert panel is not None
    assert await page.evaluate("scrollY") == 0
    assert abs(panel["x"] - condition["x"]) <= 1
    assert 0 <= panel["y"] - condition["y"] - condition["height"] <= 8
    await page.keyboard.press("Escape")
    await page.click(".sentence .clear")
    await sees(page.locator(".count"), "60 leads")


TOP = "document.querySelector('.timed .days').scrollTop"


async def test_a_week_begins_where_it_is_busy_and_a_free_hour_begins_a_record(
    open_page: Open, make: Make
) -> None:
    moments = {"starts_at": "2029-01-08T22:00:00Z", "ends_at": "2029-01-08T23:00:00Z"}
    await make("appointments", title="Fitting", **moments)
    page = await open_page("/appointments?as=calendar&on=2029-01-08")
    await page.get_by_role("link", name="Week", exact=True).click()
    await expect(page.locator(".timed .entry-on")).to_be_visible()
    await page.wait_for_function(f"{TOP} === 32 * 12 - 12")
    await page.evaluate(f"{TOP} = 500")
    await page.get_by_title("After", exact=True).click()
    await expect(page.locator(".timed .entry-on")).to_have_count(0)
    await page.wait_for_function(f"{TOP} === 32 * 12 - 12")
    day = page.locator("[data-day='2029-01-16'] .entries")
    await day.click(position={"x": 30, "y": 15.25 * 48})
    start, end = page.locator("[name=starts_at]"), page.locator("[name=ends_at]")
    await expect(start).to_have_value("2029-01-16T15:00")
    await expect(end).to_have_value("2029-01-16T16:00")
    await start.fill("2029-01-16T14:00")
    await start.blur()
    await expect(end).to_have_value("2029-01-16T16:00")
    await start.fill("2029-01-17T23:30")
    await start.blur()
    await expect(end).to_have_value("2029-01-18T00:30")


async def test_a_long_name_stays_in_what_is_told(open_page: Open, make: Make) -> None:
    lead = await make("leads", first_name="N" * 100, last_name="M" * 100)
    page = await open_page(f"/leads/{lead['id']}/edit")
    await page.get_by_role("button", name="Save", exact=False).first.click()
    toast = page.locator(".toast")
    await expect(toast).to_be_visible()
    assert await toast.evaluate(
        "e => e.querySelector('.close').getBoundingClientRect().right"
        " <= e.getBoundingClientRect().right && e.offsetHeight < 70"
    )


async def test_rows_are_walked_by_keys(open_page: Open, leads: None) -> None:
    page = await open_page("/leads?sort=first_name")
    for key in "jjk":
        await page.keyboard.press(key)
    await sees(page.locator("tr.marked"), "N00 Lead")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await sees(page.locator("h1"), "N01 Lead")
    await page.keyboard.press("e")
    await expect(page.locator("[name=first_name]")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Shift+E")
    await expect(page).to_have_title("Edit N01 Lead · Tenfold")
    await page.go_back()
    await page.click(".crumb")
    await page.locator("#list").wait_for()
    await page.keyboard.press("c")
    await expect(page).to_have_title("New lead · Tenfold")
    await expect(page.locator("[name=first_name]")).to_be_focused()


async def test_the_page_that_was_asked_for_last_is_the_one_that_shows(
    open_page: Open, leads: None
) -> None:
    page = await open_page("/leads?sort=first_name")
    late: list[Route] = []

    async def hold(route: Route) -> None:
        late.append(route)

    await page.click("tr[id^=r-] a >> nth=1")
    await sees(page.locator("h1"), "N01 Lead")
    await page.click("[data-key=E]")
    await expect(page).to_have_title("Edit N01 Lead · Tenfold")
    await page.route("**/leads/01*-*?in=*", hold)  # the record's own page waits from here on
    async with page.expect_request(lambda one: "/leads/01" in one.url):
        await page.go_back()
    await page.click(".crumb >> nth=0")
    await expect(page).to_have_title("Leads · Tenfold")
    for one in late:
        await one.continue_()
    await page.wait_for_load_state("networkidle")
    await expect(page).to_have_title("Leads · Tenfold")
    assert page.url.endswith("/leads")
    await page.unroute_all()


async def test_a_record_from_the_first_mistake_to_the_undo(open_page: Open, make: Make) -> None:
    await make("contacts", first_name="Joan", last_name="Clarke", email="joan@example.com")
    page = await open_page("/leads/new")
    await page.fill("[name=first_name]", "Grace")
    await page.fill("[name=email]", "not an address")
    await page.keyboard.press("Tab")
    await expect(page.locator("[id='e-email']")).to_be_visible()
    await page.fill("[name=email]", "grace@example.com")
    await expect(page.locator("[id='e-email']")).to_be_hidden()
    await page.click(".form-end .primary")
    await sees(page.locator("[role=alert]"), "One field needs a correction")
    await expect(page.locator("[name=last_name]")).to_be_focused()
    await page.fill("[name=last_name]", "Hopper")
    await page.fill("[name=phone]", "12")
    await page.click(".form-end .primary")
    await expect(page.locator("[name=phone]")).to_be_focused()
    await page.keyboard.press("Tab")
    await sees(page.locator("[id='e-phone']"), "not a possible telephone number")
    await page.fill("[name=phone]", "")
    await expect(page.locator("[id='e-phone']")).to_be_hidden()
    await page.focus("[name=contact_id]")
    await page.keyboard.type("joan")
    await page.locator("[id='l-contact_id'] option").first.wait_for(state="attached")
    assert (
        await page.locator("[id='l-contact_id'] option").first.get_attribute("value")
        == "Joan Clarke"
    )
    await page.fill("[name=contact_id]", "Joan Clarke")
    await page.click(".form-end .primary")
    await sees(page.locator(".toast"), "Grace Hopper was created.")
    await sees(page.locator(".facts").first, "Joan Clarke")
    await page.click("button[value=hot]")
    await sees(page.locator("[aria-current=step]"), "Hot")
    await sees(page.locator(".timeline"), "moved this lead")
    await page.click(".acts details summary")
    await page.click(".item.danger")
    await sees(page.locator(".toast"), "Grace Hopper was deleted.")
    await expect(page).to_have_url("/leads")
    await page.click(".undo")
    await sees(page.locator(".toast"), "This lead is back.")
    await sees(page.locator("h1"), "Grace Hopper")


async def test_styles_that_others_put_on_the_page_are_not_taken_over(open_page: Open) -> None:
    page = await open_page("/leads/new")
    await page.evaluate("document.getElementById('find').style.caretColor = 'red'")
    await page.fill("[name=first_name]", "Grace")
    await page.fill("[name=last_name]", "Hopper")
    await page.click(".form-end .primary")
    await sees(page.locator("h1"), "Grace Hopper")  # and nothing stands in the console


async def test_the_rail_shows_that_it_scrolls(open_page: Open) -> None:
    page = await open_page("/", (850, 600))
    style = await page.evaluate(
        """() => {
            const rail = document.querySelector(".places"), how = getComputedStyle(rail);
            return [rail.scrollHeight > rail.clientHeight, how.backgroundAttachment];
        }"""
    )
    assert style == [True, "local, local, scroll, scroll"]


async def test_a_phone_sorts_and_opens_what_a_row_is_related_to(
    open_page: Open, make: Make
) -> None:
    company = await make("companies", name="Analytical Engines")
    for name in ("Ada", "Charles"):
        await make("contacts", first_name=name, last_name="L", company_id=company["id"])
    page = await open_page("/contacts", PHONE, is_mobile=True, has_touch=True)
    assert await page.evaluate(SMALL) == []
    await page.tap(".sorts summary")
    await page.tap(".sorts a >> text=First name")
    await expect(page.locator(".sorts [aria-current]")).to_have_count(1)
    await sees(page.locator("tbody tr").first, "Ada L")
    await page.tap("tbody td a.record >> nth=0")
    await sees(page.locator("h1"), "Analytical Engines")
    await page.tap(".bar .menu summary")
    assert await page.evaluate(HIDDEN) == []
    assert await page.evaluate("document.querySelector('.bar .sheet').offsetWidth") == PHONE[0]
    await page.tap(".bar .danger")
    await expect(page.locator(".toast")).to_contain_text("was deleted")


async def test_menus_close_with_escape_and_give_the_focus_back(open_page: Open) -> None:
    page = await open_page("/leads")
    await page.click("#filters summary")
    await page.focus("#add-field")
    await page.keyboard.press("Escape")
    await expect(page.locator("#filters .sheet")).to_be_hidden()
    await expect(page.locator("#filters summary")).to_be_focused()


async def test_the_menu_of_the_rail_lies_over_the_page(open_page: Open, leads: None) -> None:
    page = await open_page("/leads")
    await page.click(".me")
    assert await page.evaluate(HIDDEN) == []
    await page.goto("/user_cards")
    await expect(page.locator(".rail .place.here")).to_be_in_viewport(ratio=1)


# What of an open menu lies below something else.
HIDDEN = """() => [...document.querySelectorAll("details[open] > .sheet button")]
    .filter((one) => one.checkVisibility())
    .filter((one) => {
        const box = one.getBoundingClientRect();
        const top = document.elementFromPoint(box.right - 4, box.top + box.height / 2);
        return top !== one && !one.contains(top);
    })
    .map((one) => one.outerHTML)"""


async def test_the_theme_follows_the_system_until_it_is_chosen(open_page: Open) -> None:
    page = await open_page("/leads", color_scheme="dark")
    ground = "getComputedStyle(document.querySelector('.stage')).backgroundColor"
    dark = await page.evaluate(ground)
    await page.click(".me")
    await page.click(".segments button[value=light]")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert await page.evaluate(ground) != dark


async def test_the_zone_of_the_browser_is_used(open_page: Open, make: Make) -> None:
    lead = await make("leads", first_name="A", last_name="B", next_touch="2030-01-15T17:30:00Z")
    page = await open_page("/")
    await page.goto(f"/leads/{lead['id']}/edit")
    await expect(page.locator("[name=next_touch]")).to_have_value("2030-01-15T09:30")


OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
async def test_no_page_is_wider_than_its_screen(
    open_page: Open, leads: None, make: Make, size: tuple[int, int]
) -> None:
    lead = await make(
        "leads", first_name="Wolfeschlegelsteinhausenbergerdorff" * 4, last_name="محمد الفارسي"
    )
    path = f"/leads/{lead['id']}"
    company = await make("companies", name="Firm")
    await make("contacts", first_name="M" * 100, last_name="M" * 100, company_id=company["id"])
    page = await open_page("/", size)
    for address in ("/", "/leads", "/leads?status=hot", path, f"{path}/edit", "/listings/new",
                    f"/companies/{company['id']}",
                    "/search?q=wolf", "/menu", "/drops", "/nothing/here/at/all", "/imports",
                    "/imports/new"):  # fmt: skip
        await page.goto(address)
        assert await page.evaluate(OVERFLOW) <= 0, address


CUT_OFF = """[...document.querySelectorAll(".scroll")].filter((one) => one.querySelector(".grid"))
    .map((one) => one.scrollWidth - one.clientWidth)"""


@pytest.mark.parametrize("path", ["/leads", "/contacts", "/companies", "/tasks", "/listings"])
async def test_no_screen_cuts_the_usual_columns_of_a_list_off(
    open_page: Open, make: Make, path: str
) -> None:
    await make("companies", name="Northwind")
    await make("tasks", title="Call")
    await make("contacts", first_name="Ada", last_name="Byron")
    await make("leads", first_name="Ada", last_name="Byron", email="ada@example.com")
    await make("listings", address={"street": "18 Harbour Lane"}, list_price=695_000)
    page = await open_page(path)
    for width in (1024, 1080, 1081, 1319, 1320, 1440, 1599, 1600, 1760):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate(CUT_OFF) == [0], width


HEADS = """(shown) => [...document.querySelectorAll(".grid thead [data-column]")]
    .filter((one) => !shown || one.offsetWidth).map((one) => one.dataset.column)"""


async def _pull(page: Page, end: str = "up") -> None:
    """Pull the edge of the first column after the name a hundred pixels to the right."""
    head = page.locator(".grid thead [data-column]").nth(1)
    box = await head.locator(".grip").bounding_box()
    assert box
    x, y = box["x"] + 3, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 50, y)
    await page.mouse.move(x + 100, y)
    if end == "up":
        await page.mouse.up()


async def test_a_column_widened_on_a_small_screen_takes_none_away(
    open_page: Open, leads: None
) -> None:
    page = await open_page("/leads", TABLET)
    every, shown = await page.evaluate(HEADS, False), await page.evaluate(HEADS, True)
    assert len(shown) < len(every)
    async with page.expect_response("**/leads/columns"):
        await _pull(page)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.reload()
    assert await page.evaluate(HEADS, False) == every


async def test_a_column_moved_on_a_small_screen_shows_no_others(
    open_page: Open, leads: None
) -> None:
    page = await open_page("/leads", TABLET)
    every, shown = await page.evaluate(HEADS, False), await page.evaluate(HEADS, True)
    first, second = (page.locator(".grid thead [data-column]").nth(n) for n in (1, 2))
    async with page.expect_response("**/leads/columns"):
        await second.drag_to(first, target_position={"x": 5, "y": 10})
    await expect(page.locator(".grid thead [data-column]").nth(1)).to_have_attribute(
        "data-column", shown[2]
    )
    assert sorted(await page.evaluate(HEADS, True)) == sorted(shown)
    assert sorted(await page.evaluate(HEADS, False)) == sorted(every)


async def test_a_width_that_was_not_kept_is_put_back_and_said(
    open_page: Open, leads: None, trouble: list[str]
) -> None:
    page = await open_page("/leads")
    head = page.locator(".grid thead [data-column]").nth(1)
    width = await head.evaluate("(one) => one.offsetWidth")
    await _pull(page, end="")
    assert await head.evaluate("(one) => one.offsetWidth") > width + 60
    await head.dispatch_event("pointercancel")
    assert await head.evaluate("(one) => one.offsetWidth") == width
    assert await page.locator(".grip.held").count() == 0
    await page.mouse.up()
    await page.route("**/leads/columns", lambda route: route.fulfill(status=503, body="gone"))
    await _pull(page)
    await sees(page.locator(".toast"), "Something went wrong on our side")
    assert await head.evaluate("(one) => one.offsetWidth") == width
    trouble.clear()
    await page.unroute("**/leads/columns")
    await page.context.clear_cookies()
    await _pull(page)
    await page.wait_for_url("**/login?next=/leads")
    await expect(page.locator(".rail")).to_have_count(0)


async def test_a_box_takes_none_of_the_keys(open_page: Open, leads: None) -> None:
    page = await open_page("/leads")
    await page.locator(".grid tbody .box input").first.focus()
    await page.keyboard.press("e")
    await expect(page.locator("form.editor")).to_have_count(1)


# What a thumb can hardly hit: a link or button of less than 40 pixels, with what it covers.
SMALL = """() => [...document.querySelectorAll(
    "main a, main button, main summary, .bar a, .bar button, .bar summary, .tabs a")]
    .filter((one) => one.checkVisibility() && !one.closest("thead, .scroll:not(:has(.grid))"))
    .filter((one) => {
        const cover = getComputedStyle(one, "::after");
        const height = cover.position === "absolute" && cover.content !== "none"
            ? parseFloat(cover.height) : one.getBoundingClientRect().height;
        return height < 40;
    })
    .map((one) => one.outerHTML)"""


async def test_enter_in_a_box_does_nothing_to_the_chosen(open_page: Open, leads: None) -> None:
    page = await open_page("/leads?sort=first_name")
    box = page.locator(".grid tbody .box input").first
    await box.check()
    await expect(page.locator("#chosen")).to_be_visible()
    await box.press("Enter")
    await page.wait_for_timeout(300)
    await expect(box).to_be_checked()
    await expect(page.locator(".toast")).to_have_count(0)


async def test_shift_on_a_head_sorts_by_it_besides(open_page: Open, leads: None) -> None:
    page = await open_page("/leads?sort=first_name")
    await page.locator(".grid thead a", has_text="Budget").click(modifiers=["Shift"])
    await expect(page.locator(".grid thead [aria-sort]")).to_have_count(2)
    await expect(page).to_have_url(re.compile(r"sort=first_name,-?budget"))
    assert len(page.context.pages) == 2  # this one, and that which keeps the window


async def test_all_lanes_of_a_tall_screen_go_on(open_page: Open, leads: None) -> None:
    page = await open_page("/leads?as=board&sort=first_name", (2600, 2600))
    for lane in ("new", "hot"):
        await expect(page.locator(f"[data-lane={lane}] .board-card")).to_have_count(30)


async def test_the_last_row_asked_for_is_read_beside_the_list(open_page: Open, leads: None) -> None:
    page = await open_page("/leads?sort=first_name")
    await page.locator(".grid tbody a.record").first.focus()
    for _ in range(4):
        await page.keyboard.press("j")
        await page.keyboard.press("Space")
    await expect(page.locator("#panel")).to_contain_text("N03 Lead")
    link = await page.locator("[data-open-panel]").get_attribute("href")
    assert link == await page.locator(".grid tr.marked a.record").get_attribute("href")


async def test_keys_do_nothing_behind_the_list_of_keys(open_page: Open, leads: None) -> None:
    page = await open_page("/leads?sort=first_name")
    await page.locator(".grid tbody .box input").first.check()
    await page.keyboard.press("?")
    await expect(page.locator("#shortcuts")).to_be_visible()
    await page.keyboard.press("c")
    await page.keyboard.press("Escape")
    await expect(page.locator("#shortcuts")).to_be_hidden()
    await expect(page.locator("#chosen [data-count]")).to_have_text("1")
    await expect(page).to_have_url(re.compile(r"/leads\?"))


async def test_a_phone_has_a_bar_of_five_and_rows_of_two_lines(
    open_page: Open, leads: None
) -> None:
    page = await open_page("/leads", PHONE, is_mobile=True, has_touch=True)
    await expect(page.locator(".tabs a")).to_have_count(5)
    await expect(page.locator(".rail")).to_be_hidden()
    row = await page.locator("tbody tr").first.bounding_box()
    assert row is not None
    assert 56 <= row["height"] <= 76
    await page.tap("tbody tr >> nth=1")
    await expect(page.locator(".record-page")).to_be_visible()
    assert await page.evaluate(SMALL) == []
    crumb = await page.locator(".crumb").aria_snapshot()
    assert crumb == '- link "Leads":\n  - /url: /leads?sort=-created_at'
    for address in ("/", "/leads", "/leads?status=hot", "/leads/new", "/menu", "/search?q=n1",
                    "/imports", "/imports/new"):  # fmt: skip
        await page.goto(address)
        assert await page.evaluate(SMALL) == [], address


async def test_a_phone_keeps_its_rows_to_two_lines_and_begins_with_the_present_stage(
    open_page: Open, make: Make
) -> None:
    long = "The Clockmakers Collector pack"
    card_set = await make("card_sets", name=long, code="CLK")
    odds = {"price": 5, "cards_per_pack": 5, "odds": {"rare": 1_000_000}}
    pack = await make("pack_types", name=long, card_set_id=card_set["id"], **odds)
    moments = {"starts_at": "2029-01-05T20:15:00Z", "ends_at": "2029-01-08T20:15:00Z"}
    await make("drops", name=f"{long}, wave 6", pack_type_id=pack["id"], supply=9, **moments)
    home = {"street": "4992 Bayberry Lane", "city": "Rancho Cordova", "state": "CA"}
    dates = {"listing_contract_date": "2025-11-01", "on_market_date": "2025-11-01"}
    listing = await make("listings", address=home, list_price=1_000_000, **dates)
    page = await open_page("/drops", PHONE, is_mobile=True, has_touch=True)
    for address in ("/drops", "/listings"):
        await page.goto(address)
        (row,) = [await r.bounding_box() for r in await page.locator("tbody tr").all()]
        assert row is not None
        assert row["height"] <= 76, address
        stage = page.locator("tbody td.k-stage .chip").first
        assert await stage.evaluate("e => e.scrollWidth <= e.clientWidth"), address
    path = f"/listings/{listing['id']}"
    for stage in ("pending", "closed"):
        await page.goto(path)
        await page.locator(f".step[value={stage}]").click()
        await expect(page.locator(f".step[value={stage}]")).to_have_count(0)
    await page.goto(path)
    await expect(page.locator("[aria-current=step]")).to_be_in_viewport(ratio=1)


UNNAMED = """() => [...document.querySelectorAll(
    "a, button, input:not([type=hidden]), select, textarea, summary")]
    .filter((one) => one.checkVisibility() && !one.hasAttribute("aria-hidden"))
    .filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim() || one.title
        || one.labels?.length))
    .map((one) => one.outerHTML)"""


async def test_everything_that_acts_has_a_name(
    open_page: Open, leads: None, make: Make, organisation: Organisation
) -> None:
    listing = await make("listings", address={"street": "1 Main Street"}, list_price=1)
    page = await open_page("/")
    for address in ("/", "/leads", f"/listings/{listing['id']}", f"/listings/{listing['id']}/edit",
                    "/search", "/menu", "/imports", "/imports/new"):  # fmt: skip
        await page.goto(address)
        assert await page.evaluate(UNNAMED) == [], address
        assert await page.locator("h1").count() == 1, address


async def test_without_scripts_all_of_it_works(open_page: Open, leads: None) -> None:
    page = await open_page("/leads", java_script_enabled=False)
    await page.fill("#q", "n1")
    await page.press("#q", "Enter")
    await sees(page.locator(".count"), "10 leads")
    await page.goto("/leads")
    await page.click("#filters summary")
    await page.select_option("#add-field", "status")
    await page.click("button[name=choose]")
    await page.get_by_label("Hot", exact=True).check()
    await page.click(".filter-form button.primary")
    await sees(page.locator(".count"), "30 leads")
    await page.click("tbody a.record >> nth=0")
    await page.click("button[value=closed]")
    await sees(page.locator("[aria-current=step]"), "Closed")
    await page.goto("/leads/new")
    await page.fill("[name=first_name]", "Grace")
    await page.click(".form-end .primary")
    await sees(page.locator(".mistake:not([hidden])"), "required")
    await page.fill("[name=last_name]", "Hopper")
    await page.click(".form-end .primary")
    await sees(page.locator(".toast"), "Grace Hopper was created.")
    await page.click(".acts a[href$='/edit']")
    await page.fill("[name=budget]", "450,000")
    await page.click(".form-end .primary")
    await sees(page.locator(".facts").first, "$450,000")
    await page.click(".acts summary")
    await page.click(".item.danger")
    await page.click(".undo")
    await sees(page.locator(".toast"), "This lead is back.")


async def test_two_tabs_on_one_record_lose_nothing(open_page: Open, lead: dict[str, Any]) -> None:
    path = f"/leads/{lead['id']}"
    first = await open_page(f"{path}/edit")
    second = await first.context.new_page()
    await second.goto(f"{path}/edit")
    await first.fill("[name=first_name]", "Zelda")
    await first.fill("[name=budget]", "2,000,000")
    await first.click(".form-end .primary")
    await sees(first.locator(".toast"), "Your changes are saved.")
    await second.fill("[name=first_name]", "Zora")
    await second.click(".form-end .primary")
    await sees(second.locator("[role=alert]"), "Somebody changed this lead")
    await expect(second.locator("[name=first_name]")).to_have_value("Zora")
    await sees(second.locator(".meanwhile").first, "Now: Zelda")
    await second.click(".form-end .primary")
    await sees(second.locator("h1"), "Zora")


async def test_a_session_that_ended_leads_to_sign_in_and_back(open_page: Open, leads: None) -> None:
    page = await open_page("/leads?status=hot")
    await page.context.clear_cookies()
    await page.fill("#q", "n1")
    await page.locator(".card form").wait_for()
    await expect(page.locator(".rail")).to_have_count(0)
    assert page.url.endswith("/login?next=/leads%3Fstatus%3Dhot")
    await expect(page.locator("[name=next]")).to_have_value("/leads?status=hot")


async def test_a_form_is_sent_once_however_often_it_is_pressed(open_page: Open) -> None:
    page = await open_page("/leads/new")
    posts: list[str] = []

    async def slow(route: Any) -> None:
        if route.request.method == "POST":
            posts.append(route.request.url)
            await asyncio.sleep(0.3)
        await route.continue_()

    await page.route("**/leads/new", slow)
    await page.fill("[name=first_name]", "Only")
    await page.fill("[name=last_name]", "Once")
    for _ in range(2):
        await page.click(".form-end .primary", no_wait_after=True)
    await sees(page.locator(".toast"), "Only Once was created.")
    await page.goto("/leads")
    await sees(page.locator(".count"), "1 lead")
    assert len(posts) == 1


async def test_what_fails_on_the_way_is_told_and_nothing_typed_is_lost(
    open_page: Open, leads: None, trouble: list[str]
) -> None:
    page = await open_page("/leads/new")
    await page.fill("[name=first_name]", "Kept")
    await page.fill("[name=last_name]", "Here")
    await page.route("**/leads/new", lambda route: route.fulfill(status=503, body="gone"))
    await page.click(".form-end .primary")
    await sees(page.locator(".toast"), "Something went wrong on our side")
    await expect(page.locator("[name=first_name]")).to_have_value("Kept")
    await page.unroute("**/leads/new")
    await page.context.set_offline(True)
    await page.click(".form-end .primary")
    await sees(page.locator(".toast"), "Tenfold can't be reached")
    await page.context.set_offline(False)
    await page.click(".form-end .primary")
    await sees(page.locator(".toast"), "Kept Here was created.")
    assert trouble
    trouble.clear()


VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""


async def test_no_page_breaks_the_policy_it_comes_with(
    open_page: Open, lead: dict[str, Any], owner: Owner, trouble: list[str]
) -> None:
    await owner.execute("DELETE FROM tenfold.csp_reports")
    page = await open_page("/login")
    await page.add_init_script(VIOLATIONS)
    record = f"/leads/{lead['id']}"
    places = ["/", "/leads", "/leads?status=new&sort=-budget", "/leads/new", record]
    places += [f"{record}/edit", "/menu", "/search?q=zoe", "/imports", "/imports/new", "/contacts"]
    for path in [*places, "/nothing/here", "/docs", "/docs/leads", "/docs/sign-in"]:
        await page.goto(path, wait_until="load")
        assert await page.evaluate("window.violations") == [], path
    assert await owner.fetchval("SELECT count(*) FROM tenfold.csp_reports") == 0
    assert [text for text in trouble if "status of 404" not in text] == []


@pytest.mark.parametrize(
    ("planted", "directive", "blocked"),
    [
        ("script.textContent = 'window.evil = 1'", "script-src-elem", "inline"),
        ("script.src = 'https://evil.example/x.js?id=1'", "script-src-elem", "https://evil.example/x.js"),
    ],
)  # fmt: skip
async def test_what_is_planted_on_a_page_does_not_run_and_is_reported(
    open_page: Open, owner: Owner, trouble: list[str], planted: str, directive: str, blocked: str
) -> None:
    await owner.execute("DELETE FROM tenfold.csp_reports")
    page = await open_page("/leads/new")
    code = (
        f"const script = document.createElement('script'); {planted}; document.body.append(script)"
    )
    async with page.expect_response("**/v1/csp-reports") as answered:
        await page.evaluate(f"() => {{ {code} }}")
    assert (await answered.value).status == 204
    assert await page.evaluate("window.evil") is None
    kept = await owner.fetch("SELECT document, directive, blocked, n FROM tenfold.csp_reports")
    assert [tuple(row) for row in kept] == [("/leads/new", directive, blocked, 1)]
    assert trouble
    trouble.clear()


async def test_on_a_phone_rows_are_chosen_by_a_tap_and_changed_together(
    open_page: Open, make: Make, client: httpx.AsyncClient, admin: Somebody
) -> None:
    for name in ("Ada", "Ben", "Cleo"):
        await make("leads", first_name=name, last_name="Lee", status="hot")
    page = await open_page("/leads?sort=first_name", PHONE, is_mobile=True, has_touch=True)
    await page.locator("details.more summary").tap()
    await page.get_by_role("button", name="Choose rows").tap()
    for name in ("Ada", "Cleo"):
        await page.locator("tbody tr", has_text=name).tap()
    await expect(page.locator("#chosen [data-count]")).to_have_text("2")
    await page.locator("#chosen summary").tap()
    await page.locator("#bulk-choice").select_option("source")
    await page.locator("#bulk-field select[name=source]").select_option("referral")
    await page.locator("#bulk-field button[value=set]").tap()
    await expect(page.locator(".toast")).to_contain_text("2 leads")
    answer = await client.get("/v1/leads?source=referral", headers=admin.headers)
    assert {one["first_name"] for one in answer.json()["data"]} == {"Ada", "Cleo"}
    await page.locator("tbody tr", has_text="Ben").tap()
    await expect(page.locator("h1")).to_have_text("Ben Lee")
