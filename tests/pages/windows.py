"""A window of a real browser at a server of this machine, with a virtual authenticator."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, expect
from tests.pages.browsing import DESK, browsing, served

from tenfold.kernel.settings import Settings

PASSWORD = "plum harbour lantern 42"


@pytest.fixture(scope="session")
async def place(settings: Settings, anyio_backend: str) -> AsyncIterator[str]:
    """A server by the name of this machine, which passkeys need."""
    async with served(settings, TENFOLD_SIGN_IN_PER_MINUTE="0") as port:
        yield f"http://localhost:{port}"


@pytest.fixture(scope="session")
async def chrome(anyio_backend: str) -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest.fixture
async def window(chrome: Browser, place: str) -> AsyncIterator[BrowserContext]:
    made = await chrome.new_context(base_url=place)
    yield made
    await made.close()


@pytest.fixture
async def page(window: BrowserContext) -> AsyncIterator[Page]:
    """A page; at the end nothing may stand in the console, and no policy was violated."""
    said: list[str] = []
    made = await window.new_page()
    made.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    made.on("pageerror", lambda error: said.append(str(error)))
    made.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    await made.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    yield made
    assert [text for text in said if "the server responded with a status of 4" not in text] == []


class Fingers:
    """A virtual authenticator that makes sure of its person."""

    def __init__(self, session: CDPSession, identity: str) -> None:
        self._session, self._identity = session, identity

    @classmethod
    async def of(cls, page: Page) -> Fingers:
        """One that is built into the machine that the page is on."""
        session = await page.context.new_cdp_session(page)
        await session.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return cls(session, made["authenticatorId"])

    async def credentials(self) -> list[dict[str, Any]]:
        """The passkeys on it."""
        asked = {"authenticatorId": self._identity}
        return (await self._session.send("WebAuthn.getCredentials", asked))["credentials"]

    async def present(self, there: bool) -> None:
        """Whether a finger lies on it."""
        asked = {"authenticatorId": self._identity, "enabled": there}
        await self._session.send("WebAuthn.setAutomaticPresenceSimulation", asked)


async def register(page: Page) -> str:
    """Register, with the keys of the keyboard alone; answers the address."""
    email = f"{secrets.token_hex(6)}@example.com"
    await page.goto("/register")
    for text in ("Ada", "Byron", "Looms & Co", email, PASSWORD):
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
    await expect(page.locator("#h-password")).to_contain_text("Hard to guess")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url("/")
    return email
