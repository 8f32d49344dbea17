"""The record page by keys: written down, mentioned, walked through, beside its list."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from tests.pages.conftest import Make
from tests.pages.test_browser import Open, address, chromium, open_page, trouble, windows

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
__all__ = ["address", "chromium", "open_page", "trouble", "windows"]


async def test_a_note_with_a_mention_is_written_by_keys(
    open_page: Open, lead: dict[str, Any]
) -> None:
    page = await open_page(f"/leads/{lead['id']}")
    await page.locator(".kinds a", has_text="Note").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#composing textarea")).to_be_focused()
    await page.keyboard.type("Ask @rob")
    await expect(page.locator(".mentionable [role=option]").first).to_contain_text("Robin")
    await page.keyboard.press("Enter")
    await page.keyboard.type("today.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".toast")).to_contain_text("Note added.")
    await expect(page.locator(".timeline .text-of")).to_contain_text("Ask @Robin")
    await page.locator("#timeline .narrow a", has_text="Changes").click()
    await expect(page.locator(".timeline > li")).to_have_count(1)


async def test_the_list_is_walked_through_from_a_record(open_page: Open, make: Make) -> None:
    for name in ("Ada", "Ben"):
        await make("leads", first_name=name, last_name="L")
    page = await open_page("/leads?sort=first_name")
    await page.locator("tbody a.record").first.click()
    await expect(page.locator("h1")).to_have_text("Ada L")
    await page.keyboard.press("j")
    await expect(page.locator("h1")).to_have_text("Ben L")
    await page.keyboard.press("j")
    await expect(page.locator(".toast")).to_contain_text("This is the last of the list.")
    await page.keyboard.press("k")
    await expect(page.locator("h1")).to_have_text("Ada L")
    await page.locator(".crumb").click()
    await expect(page).to_have_url("/leads?sort=first_name")


async def test_a_record_beside_its_list_is_moved_and_edited(open_page: Open, make: Make) -> None:
    await make("leads", first_name="Ada", last_name="L", budget=1_000)
    page = await open_page("/leads?sort=first_name")
    await page.keyboard.press("j")
    await page.keyboard.press(" ")
    await expect(page.locator("#panel h1")).to_have_text("Ada L")
    await page.locator("#panel button[value=hot]").click()
    await expect(page.locator(".toast")).to_contain_text("Moved to Hot.")
    await expect(page.locator("#panel [aria-current=step]")).to_have_text("Hot")
    await expect(page).to_have_url("/leads?sort=first_name")
    await page.locator("#panel .fact:has([data-edit$='/budget']) dt").click()
    await page.fill("#panel [name=budget]", "2000")
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel .timeline")).to_contain_text("changed budget")
    await expect(page.locator("#panel .holds[data-edit$='/budget']")).to_have_text("$2,000")
