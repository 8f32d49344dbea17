"""The pages at /docs: each part of the document, in a browser, under our own security policy."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.factories import Somebody
from tests.pages.browsing import browser_path
from tests.served import Served

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def opened(browser: Browser, address: str) -> AsyncIterator[tuple[Page, list[str]]]:
    """The page, and what the browser complained of."""
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: _note_stranger(r.url, address, complaints))
    await page.goto(f"{address}/docs", wait_until="load")
    yield page, complaints
    await page.close()


def _note_stranger(url: str, address: str, complaints: list[str]) -> None:
    if not url.startswith((address, "data:")):
        complaints.append(f"asked {url}")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        path = browser_path(driver.chromium.executable_path)
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = await driver.chromium.launch(executable_path=path, args=options)
        yield found
        await found.close()


async def test_shows_the_document_and_tries_an_operation(
    browser: Browser, served: Served, insider: Somebody, tmp_path: Any
) -> None:
    async with opened(browser, served.address) as (page, complaints):
        await expect(page.get_by_text("A person who may buy or sell")).to_be_visible()
        await page.get_by_role("link", name="Sign-in").click()
        await page.get_by_role("button", name="Authorize").first.click()
        await page.get_by_label("auth-bearer-value").fill(insider.token)
        await page.get_by_label("Apply credentials").click()
        await page.get_by_role("button", name="Close").click()
        operation = page.locator("#operations-Sign-in-read_me")
        await operation.locator(".opblock-summary").click()
        await operation.get_by_role("button", name="Try it out").click()
        await operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table .response")
        await expect(answer).to_contain_text(insider.email, timeout=20_000)
        await page.get_by_role("link", name="Tenfold API").click()
        await page.get_by_role("link", name="Tags").click()
        # The token goes along to the other parts.
        await expect(page.get_by_role("button", name="Authorize").first).to_have_class(
            re.compile("locked"), timeout=20_000
        )
        await page.screenshot(path=str(tmp_path / "docs.png"))
    assert complaints == []


async def test_the_policy_is_that_of_every_page(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.address) as client:
        other = await client.get("/v1/health")
        for path in ("/docs", "/docs/tags"):
            page = await client.get(path)
            policy = "content-security-policy"
            assert page.headers[policy] == other.headers[policy]
            assert "unsafe" not in page.headers[policy]
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page.text)
