"""Editing in place by hand and by keys, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.factories import Somebody
from tests.pages.browsing import PHONE
from tests.pages.test_browser import Open, address, chromium, open_page, trouble, windows

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
__all__ = ["address", "chromium", "open_page", "trouble", "windows"]


def fact(page: Page, name: str) -> Any:
    """A field of the record page."""
    return page.locator(f".fact:has([data-edit$='/fields/{name}'])")


async def test_a_record_is_edited_by_keys_alone(open_page: Open, lead: dict[str, Any]) -> None:
    page = await open_page(f"/leads/{lead['id']}")
    await page.keyboard.press("e")
    await expect(page.locator("[name=first_name]")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("[name=last_name]")).to_be_focused()
    await page.keyboard.type("Unal")
    await page.keyboard.press("Enter")
    await expect(fact(page, "last_name").locator(".holds")).to_have_text("Unal")
    await expect(fact(page, "last_name").locator("button")).to_be_focused()
    await expect(page.locator(".toast")).to_contain_text("Last name is saved.")
    await page.keyboard.press("z")
    await expect(page.locator(".toast")).to_contain_text("Taken back.")
    await expect(fact(page, "last_name").locator(".holds")).to_have_text("Ünal")
    await fact(page, "email").locator("button").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("[name=email]")).to_be_focused()
    await page.keyboard.type("never mind")
    await page.keyboard.press("Escape")
    await expect(fact(page, "email").locator(".holds")).to_have_text("zoe@example.com")
    await expect(fact(page, "email").locator("button")).to_be_focused()


async def test_what_was_saved_a_while_ago_is_taken_back_on_the_page_too(
    open_page: Open, lead: dict[str, Any]
) -> None:
    page = await open_page(f"/leads/{lead['id']}")
    async with page.expect_response(
        lambda answer: answer.request.headers.get("hx-target") == "#record"
    ):
        await fact(page, "last_name").locator("button").click(force=True)
        await page.fill("[name=last_name]", "Unal")
        await page.keyboard.press("Enter")
    await expect(page.locator(".here[dir]")).to_have_text("Zoë Unal")
    assert (await page.title()).startswith("Zoë Unal")
    async with page.expect_response(
        lambda answer: answer.request.headers.get("hx-target") == "#record"
    ):
        await page.locator(".toast .undo").click()
    await expect(fact(page, "last_name").locator(".holds")).to_have_text("Ünal")
    await expect(page.locator(".here[dir]")).to_have_text("Zoë Ünal")


async def test_an_address_is_edited_by_a_double_click(
    open_page: Open, lead: dict[str, Any]
) -> None:
    page = await open_page("/leads")
    await page.locator(".grid td a[href^='mailto:']").first.dblclick()
    await expect(page.locator("[name=email]")).to_be_focused()
    await page.wait_for_timeout(400)
    await expect(page.locator("[name=email]")).to_have_value("zoe@example.com")


async def test_a_record_that_is_gone_is_told_in_words(
    open_page: Open, lead: dict[str, Any], client: httpx.AsyncClient, admin: Somebody
) -> None:
    page = await open_page(f"/leads/{lead['id']}")
    await fact(page, "email").locator("button").click(force=True)
    await page.fill("[name=email]", "zuzana@example.com")
    await client.delete(f"/v1/leads/{lead['id']}", headers=admin.headers)
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_contain_text("is gone")
    await expect(page.locator("[name=email]")).to_have_value("zuzana@example.com")


async def test_what_was_typed_and_not_sent_is_there_again(
    open_page: Open, lead: dict[str, Any]
) -> None:
    page = await open_page("/leads/new")
    await page.fill("[name=first_name]", "Ada")
    await page.select_option("[name=source]", "referral")
    await page.locator(".rail a[href='/clients']").click()
    await expect(page).to_have_url(re.compile("/clients"))
    await page.go_back()
    await expect(page.locator("[name=first_name]")).to_have_value("Ada")
    await page.reload()
    await expect(page.locator("#record-form .notice")).to_contain_text("is back")
    await expect(page.locator("select[name=source]")).to_have_value("referral")
    await page.fill("[name=last_name]", "Lovelace")
    await page.locator("#record-form .form-end .primary").click()
    await expect(page.locator(".toast")).to_contain_text("Ada Lovelace was created.")
    await page.goto("/leads/new")
    await expect(page.locator("[name=first_name]")).to_have_value("")
    await page.fill("[name=email]", "nobody")
    await page.locator("#record-form .form-end .primary").click()
    await expect(page.locator("#record-form > [role=alert]")).to_be_visible()
    await page.goto("/leads")
    await page.goto("/leads/new")
    await expect(page.locator("[name=email]")).to_have_value("nobody")
    await page.locator("#record-form .notice button").click()
    await expect(page.locator("[name=email]")).to_have_value("")
    await page.reload()
    await expect(page.locator("[name=email]")).to_have_value("")


async def test_a_refused_value_comes_back_with_its_editor(
    open_page: Open, lead: dict[str, Any], trouble: list[str]
) -> None:
    page = await open_page(f"/leads/{lead['id']}")
    await fact(page, "email").locator("button").click(force=True)
    await page.fill("[name=email]", "nobody")
    await page.keyboard.press("Enter")
    await expect(page.locator(".editor .mistake")).to_have_text("This must have an @-sign")
    await expect(page.locator("[name=email]")).to_have_value("nobody")
    await expect(page.locator("[name=email]")).to_be_focused()
    await page.route("**/fields/email", lambda route: route.abort())
    await page.fill("[name=email]", "zuzana@example.com")
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_contain_text("can't be reached")
    await expect(page.locator("[name=email]")).to_have_value("zuzana@example.com")
    await page.unroute("**/fields/email")
    trouble.clear()
    await page.keyboard.press("Enter")
    await expect(fact(page, "email").locator(".holds")).to_have_text("zuzana@example.com")


async def test_half_a_date_is_told_and_not_sent_as_none(
    open_page: Open, lead: dict[str, Any], client: httpx.AsyncClient, admin: Somebody
) -> None:
    path, due = f"/v1/leads/{lead['id']}", "2030-01-15T09:30:00+00:00"
    await client.patch(path, json={"next_touch": due}, headers=admin.headers)
    page = await open_page(f"/leads/{lead['id']}/edit")
    mistake, box = page.locator("#e-next_touch"), page.locator("[name=next_touch]")
    await box.focus()
    await page.keyboard.press("Delete")
    await page.keyboard.press("Enter")
    await expect(mistake).to_contain_text("enter a valid value")
    await expect(box).to_be_focused()
    await page.keyboard.type("05")
    await expect(mistake).to_be_hidden()
    await page.keyboard.press("Delete")
    await page.locator("[name=email]").focus()
    await expect(mistake).to_be_visible()
    await page.goto(f"/leads/{lead['id']}")
    await fact(page, "next_touch").locator("button").click(force=True)
    await box.focus()
    await page.keyboard.press("Delete")
    await page.keyboard.press("Enter")
    await expect(page.locator(".editor .mistake")).to_contain_text("enter a valid value")
    answer = await client.get(path, headers=admin.headers)
    assert answer.json()["data"]["next_touch"] == due


async def test_leaving_saves_and_a_choice_waits_for_one(
    open_page: Open, lead: dict[str, Any], client: httpx.AsyncClient, admin: Somebody
) -> None:
    page = await open_page(f"/leads/{lead['id']}")
    await fact(page, "budget").locator("dt").click()
    await page.fill("[name=budget]", "2000000")
    await page.locator("h1").click()
    await expect(fact(page, "budget").locator(".holds")).to_have_text("$2,000,000")
    await fact(page, "budget").locator("dt").click()
    await page.fill("[name=budget]", "3000000")
    change = {"budget": 4_000_000}
    await client.patch(f"/v1/leads/{lead['id']}", json=change, headers=admin.headers)
    await page.keyboard.press("Enter")
    await expect(page.locator(".choice")).to_contain_text("Now: $4,000,000")
    await page.locator("h1").click()
    await expect(page.locator(".choice")).to_be_visible()
    await page.click("text=Take theirs")
    await expect(fact(page, "budget").locator(".holds")).to_have_text("$4,000,000")


async def test_a_phone_edits_with_buttons_for_a_thumb(
    open_page: Open, lead: dict[str, Any]
) -> None:
    page = await open_page(f"/leads/{lead['id']}", PHONE, is_mobile=True, has_touch=True)
    await fact(page, "last_name").locator("dt").tap()
    await page.fill("[name=last_name]", "Unal")
    save = page.locator(".editor [data-save]")
    box = await save.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    await save.tap()
    await expect(fact(page, "last_name").locator(".holds")).to_have_text("Unal")
