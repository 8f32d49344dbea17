"""No fault that axe-core can find, on any main page and in what opens on it, light and dark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.factories import Somebody
from tests.pages.browsing import DESK, PHONE
from tests.pages.conftest import Make
from tests.pages.test_browser import Open, address, chromium, open_page, trouble, windows
from tools.assets import VENDOR, for_tests

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
__all__ = ["address", "chromium", "open_page", "trouble", "windows"]

RULES = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22a",
    "wcag22aa",
    "best-practice",
    "experimental",
]
RUN = """async (rules) => (await axe.run(document, {
  runOnly: { type: "tag", values: rules }, resultTypes: ["violations"],
})).violations.flatMap(
  (fault) => fault.nodes.map((node) => [fault.id, ...node.target, node.failureSummary].join(" ")),
)"""
SETTLED = """async () => {
  const painted = () => new Promise(
    (done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await painted();
  document.getAnimations().forEach((one) => one.finish());
  await painted();
}"""
CSV = b"First Name,Last Name,E-mail,Colour\nGrace,Hopper,g@example.com,red\nAda,,no address,blue\n"
Act = Callable[[Page], Awaitable[Any]]


@pytest.fixture(scope="session")
def axe() -> str:
    """The script, as npm brought it."""
    return for_tests("axe-core/axe.min.js").read_text("utf-8")


async def faults(page: Page, axe: str) -> list[str]:
    """What axe finds, by rule and place, light and then dark."""
    await page.evaluate(axe)
    found: list[str] = []
    for scheme in ("light", "dark"):
        # Without motion, so that no colour is caught on its way.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.evaluate(SETTLED)
        found += [f"{scheme}: {one}" for one in await page.evaluate(RUN, RULES)]
    return found


@pytest.fixture
async def filled(client: httpx.AsyncClient, admin: Somebody, make: Make) -> str:
    """Leads, contacts with tags, a task, an appointment and a note; answers where one lead is."""
    lead = await make(
        "leads", first_name="Zoë", last_name="Ünal", email="zoe@example.com", phone="+14155550123",
        budget=1_000_000, next_touch="2026-11-20T10:00:00Z",
    )  # fmt: skip
    for name in ("Ada", "Ben", "Cleo"):
        await make("leads", first_name=name, last_name="Lead", status="hot", email=f"{name}@x.com")
    for name in ("Ada", "Ben"):
        await make("contacts", first_name=name, last_name="Lee", tags=["vip", "owes a call"])
    await make("companies", name="Acme", tags=["vip", "owes a call"])
    await make("tasks", title="Send the papers", due_at="2026-11-20T10:00:00Z")
    await make(
        "appointments",
        title="Advising",
        starts_at="2026-11-24T10:00:00Z",
        ends_at="2026-11-24T11:00:00Z",
    )
    return f"/leads/{lead['id']}"


# -- what opens on a page


async def chosen(page: Page) -> None:
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator("#chosen")).to_be_visible()


async def filtering(page: Page) -> None:
    await page.keyboard.press("f")
    await expect(page.locator(".filter-form").first).to_be_visible()


async def beside(page: Page) -> None:
    await page.keyboard.press("j")
    await page.keyboard.press(" ")
    await expect(page.locator("#panel h1")).to_be_visible()


async def palette(page: Page) -> None:
    await page.keyboard.press("Control+k")
    async with page.expect_response(lambda answer: "q=le" in answer.url):
        await page.keyboard.type("le")
    await expect(page.locator("#palette [role=option]").first).to_be_visible()


async def palette_without_hits(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await page.keyboard.type("zzzz")
    await expect(page.locator("#palette .nothing")).to_be_visible()


async def keys(page: Page) -> None:
    await page.keyboard.press("?")
    await expect(page.locator("#shortcuts")).to_be_visible()


async def cell(page: Page) -> None:
    await page.locator("tbody [data-edit]").first.dblclick()
    await expect(page.locator("form.editor")).to_be_visible()


async def composing(page: Page) -> None:
    await page.locator(".kinds a").first.click()
    await expect(page.locator(".composing")).to_be_visible()


async def field(page: Page) -> None:
    await page.locator(".fact [data-edits]").first.click(force=True)
    await expect(page.locator("form.editor")).to_be_visible()


async def mistaken(page: Page) -> None:
    await page.locator("[form=record-form].primary").click()
    await expect(page.locator(".mistake:visible").first).to_be_visible()


async def menus(page: Page) -> None:
    await page.locator(".me").click()
    await expect(page.locator(".me + .sheet")).to_be_visible()


LIST: list[tuple[str, Act | None]] = [
    ("/", None), ("/", menus), ("/leads", None), ("/leads", chosen), ("/leads", filtering),
    ("/leads", beside), ("/leads", palette), ("/leads", palette_without_hits), ("/leads", keys),
    ("/leads", cell), ("/leads?group=status", None), ("/leads?q=zzzz", None), ("/contacts", None),
    ("/leads?as=board", None), ("/appointments?as=calendar&on=2026-11-24", None),
    ("/appointments?as=calendar&span=week&on=2026-11-24", None),
    ("/appointments?as=calendar&span=day&on=2026-11-24", None), ("/leads/new", None),
    ("/leads/new", mistaken), ("/search", None), ("/search?q=zo", None), ("/search?q=zzzz", None),
    ("/menu", None), ("/imports", None), ("/imports/new", None), ("/no/such/page", None),
    ("/offline", None), ("/components", None),
]  # fmt: skip
SETTINGS = [
    "/settings", "/settings/language", "/settings/security", "/settings/sessions",
    "/settings/organisations", "/settings/whom-to-ask", "/admin", "/admin/organisation",
    "/admin/people",
    "/admin/people/invite", "/admin/roles", "/admin/roles/new", "/admin/types",
    "/admin/types/lead", "/admin/types/lead/fields/new", "/admin/pipelines", "/admin/jobs",
    "/admin/pipelines/lead", "/admin/health", "/admin/programs", "/admin/programs/new",
    "/admin/security", "/admin/security/events", "/admin/security/audit-log", "/admin/sessions",
    "/admin/teams", "/admin/explain", "/admin/tags",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "act"), LIST, ids=[f"{p}-{act.__name__}" if act else p for p, act in LIST]
)
async def test_no_fault_on_the_main_pages(
    open_page: Open, axe: str, filled: str, path: str, act: Act | None
) -> None:
    page = await open_page(path)
    if act:
        await act(page)
    assert await faults(page, axe) == []


@pytest.mark.parametrize("path", SETTINGS)
async def test_no_fault_in_settings_and_administration(
    open_page: Open, axe: str, filled: str, path: str
) -> None:
    page = await open_page(path)
    assert page.url.endswith(path)
    assert await faults(page, axe) == []


@pytest.mark.parametrize("act", [None, composing, field, menus])
async def test_no_fault_on_a_record(
    open_page: Open, axe: str, filled: str, act: Act | None
) -> None:
    page = await open_page(filled)
    if act:
        await act(page)
    assert await faults(page, axe) == []


async def test_no_fault_where_a_file_is_mapped(open_page: Open, axe: str) -> None:
    page = await open_page("/imports/new?type=leads")
    await page.set_input_files(
        "input[type=file]", {"name": "people.csv", "mimeType": "text/csv", "buffer": CSV}
    )
    await page.locator("#send-form button.primary, [form=send-form].primary").first.click()
    await page.wait_for_url("**/columns")
    assert await faults(page, axe) == []


@pytest.mark.parametrize("path", ["/login", "/register", "/forgot"])
async def test_no_fault_at_the_door(open_page: Open, axe: str, path: str) -> None:
    page = await open_page("/offline")
    await page.context.clear_cookies()
    await page.goto(path)
    assert await faults(page, axe) == []


@pytest.mark.parametrize(
    "path", ["/", "/leads", "/leads?as=board", "/menu", "/leads/new", "record", "/components"]
)
async def test_no_fault_on_a_phone(open_page: Open, axe: str, filled: str, path: str) -> None:
    page = await open_page(filled if path == "record" else path, PHONE)
    assert await faults(page, axe) == []


# -- the gate turns red


async def test_a_fault_is_found_in_each_scheme(open_page: Open, axe: str) -> None:
    page = await open_page("/offline", DESK)
    await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<main><input></main>')")
    await page.evaluate("document.querySelector('main p').style.color = '#777c'")
    found = " ".join(await faults(page, axe))
    for one in ("light: label", "dark: label", "light: color-contrast", "dark: color-contrast"):
        assert one in found


def test_axe_is_not_served() -> None:
    assert for_tests("axe-core/axe.min.js").is_file()
    assert not [path for path in VENDOR.iterdir() if "axe" in path.name]
