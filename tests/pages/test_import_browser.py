"""A file is dropped on the page of imports, named with its size, and sent; or pasted."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, Route, expect
from tests.exchange.test_workbooks import workbook
from tests.pages.browsing import PHONE
from tests.pages.test_browser import Open, address, chromium, open_page, trouble, windows

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
__all__ = ["address", "chromium", "open_page", "trouble", "windows"]
_DROP = """([name, text]) => {
  const given = new DataTransfer();
  given.items.add(new File([text], name, { type: "text/csv" }));
  const tell = (kind) => document.querySelector("[data-drop]").dispatchEvent(
    new DragEvent(kind, { dataTransfer: given, bubbles: true, cancelable: true }));
  tell("dragover");
  const over = document.querySelector("[data-drop]").classList.contains("over");
  tell("drop");
  return over;
}"""
_PASTE = """(text) => {
  const given = new DataTransfer();
  given.setData("text/plain", text);
  document.body.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
}"""
ROWS = "First Name,Last Name\nGrace,Hopper\n"


async def _drop(page: Page, name: str, text: str) -> bool:
    return await page.evaluate(_DROP, [name, text])


async def test_a_dropped_file_is_named_and_sent(open_page: Open) -> None:
    page = await open_page("/imports/new?type=leads")
    assert await _drop(page, "people.csv", ROWS * 100)
    await expect(page.locator(".drop [data-name]")).to_have_text("people.csv")
    await expect(page.locator(".drop [data-size]")).to_have_text(re.compile(r"3\.3\s?kB"))
    await page.locator("#send-form .button.primary").click()
    await expect(page).to_have_url(re.compile(r"/imports/[0-9a-f-]+/columns$"))
    await expect(page.locator(".import-steps [aria-current=step]")).to_contain_text("Columns")


async def test_what_is_wrong_with_a_file_is_told_where_it_was_dropped(open_page: Open) -> None:
    page = await open_page("/imports/new?type=leads")
    await _drop(page, "nothing.json", '[{"name":')
    await page.locator("#send-form .button.primary").click()
    await expect(page.locator("#send-form [role=alert]")).to_contain_text("could not be read")
    await expect(page.locator(".drop [data-name]")).to_have_text("nothing.json")
    await expect(page).to_have_url(re.compile(r"/imports/new\?type=leads$"))


async def test_a_long_name_of_a_file_widens_no_page(open_page: Open) -> None:
    page = await open_page("/imports/new?type=leads", PHONE)
    await _drop(page, f"{'an_export_of_another_program_' * 5}.csv", ROWS)
    wide = "document.documentElement.scrollWidth"
    assert await page.evaluate(wide) == PHONE[0]
    await page.locator("#send-form .button.primary").click()
    await expect(page.locator(".mapping")).to_be_visible()
    assert await page.evaluate(wide) == PHONE[0]
    await page.locator("#columns-form .button.primary").click()
    await expect(page.locator("#batch")).to_be_visible()
    assert await page.evaluate(wide) == PHONE[0]
    await page.locator("#batch form button").click()
    await expect(page.locator("#batch [role=alert]")).to_be_visible()
    await page.goto("/imports")
    await expect(page.locator("ul.lines")).to_be_visible()
    assert await page.evaluate(wide) == PHONE[0]


async def test_rows_are_pasted(open_page: Open) -> None:
    page = await open_page("/imports/new?type=leads")
    await page.evaluate(_PASTE, ROWS)
    await expect(page.locator(".drop [data-name]")).to_have_text("Pasted.txt")
    await page.locator("#send-form .button.primary").click()
    await expect(page.locator(".mapping")).to_contain_text("Grace")


async def test_a_workbook_shows_the_columns_of_its_sheet(open_page: Open) -> None:
    page = await open_page("/imports/new?type=leads")
    rows = [["First name", "Last name"], ["Grace", "Hopper"]]
    await page.set_input_files(
        "#f-file",
        {"name": "p.xlsx", "mimeType": "", "buffer": workbook(("Notes", []), ("People", rows))},
    )
    await page.locator("#send-form .button.primary").click()
    await expect(page.locator(".mapping")).to_contain_text("Grace")
    await expect(page.locator("main")).to_contain_text(
        "Read from the sheet People; not read: Notes."
    )


async def test_progress_goes_on_after_the_connection_broke_and_after_a_reload(
    open_page: Open, trouble: list[str]
) -> None:
    page = await open_page("/imports/new?type=leads")
    await page.evaluate(_PASTE, ROWS)
    await page.locator("#send-form .button.primary").click()
    await page.locator("#columns-form .button.primary").click()
    await expect(page.locator("#batch progress")).to_be_visible()
    batch = page.url
    asked = 0

    async def broken(route: Route) -> None:
        nonlocal asked
        asked += 1
        await route.fulfill(status=503, body="gone")

    await page.route(batch, broken)
    await expect(page.locator("#batch .failed")).to_be_visible()
    async with page.expect_response(batch):
        pass
    assert asked > 1
    await page.unroute(batch, broken)
    await expect(page.locator("#batch .failed")).to_have_count(0)
    await expect(page.locator("#batch progress")).to_be_visible()
    await page.reload()
    async with page.expect_response(batch):
        pass
    await page.locator("#batch form button").click()
    await expect(page.locator("#batch [role=alert]")).to_contain_text("It was stopped")
    trouble.clear()  # the answers of 503 are told in the console
