"""Signing in by a real browser: passkeys of a virtual authenticator, codes, the keyboard alone."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pyotp
import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, expect
from tests.factories import Owner
from tests.pages.browsing import DESK, browsing, served

from tenfold.kernel.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
PASSWORD = "plum harbour lantern 42"
_FORGET = "UPDATE tenfold.sessions SET sure_at = now() - interval '1 hour' WHERE user_id = $1"
_WHO = "SELECT id FROM tenfold.users WHERE email = $1"


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


async def sign_out(page: Page) -> None:
    await page.goto("/settings")
    await page.click(".me")
    await page.click("text=Sign out")
    await expect(page.locator("h1")).to_have_text("Sign in to Tenfold")


async def give_password(page: Page, email: str) -> None:
    await page.fill("[name=email]", email)
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")


async def test_a_new_person_sets_up_second_factors_and_signs_in_with_each(
    page: Page, owner: Owner
) -> None:
    fingers = await Fingers.of(page)
    email = await register(page)
    user = await owner.fetchval(_WHO, email)
    await expect(page.locator(".due")).to_contain_text("Administrators need a second factor")
    await page.click(".due a")

    # A passkey is the first second factor, and brings recovery codes.
    await page.click("#add-passkey summary")
    await page.fill("#add-passkey [name=name]", "Fingers of Ada")
    await page.click("#add-passkey .passkey button")
    await expect(page.locator(".codes li")).to_have_count(10)
    codes = await page.locator(".codes code").all_inner_texts()
    assert len(await fingers.credentials()) == 1
    await page.click("text=I have kept them")
    await expect(page.locator(".own")).to_have_count(2)
    await expect(page.locator(".panel").nth(1)).to_contain_text("Fingers of Ada")
    await expect(page.locator(".panel").nth(1)).to_contain_text("10 of 10 left")
    await expect(page.locator(".due")).to_have_count(0)

    # An authenticator app: its code is sent with the sixth digit.
    await page.click("text=Set up")
    key = (await page.inner_text("#key")).replace(" ", "")
    totp = pyotp.TOTP(key)
    await expect(page.locator("[name=code]")).to_be_focused()
    await page.keyboard.type(totp.now())
    await expect(page.locator(".toast")).to_contain_text("Your authenticator app is set up")
    await expect(page.locator(".panel").nth(1)).to_contain_text("Set up")

    # With the passkey alone.
    await fingers.present(False)
    await sign_out(page)
    await fingers.present(True)
    await page.click("text=Use a passkey")
    await expect(page).to_have_url("/")

    # With the password, and a code of the app.
    await fingers.present(False)
    await sign_out(page)
    await give_password(page, email)
    await expect(page.locator("[name=code]")).to_be_focused()
    await page.keyboard.type("000000")
    await expect(page.locator("#e-code")).to_contain_text("not the right code")
    await expect(page.locator("[name=code]")).to_be_focused()
    await page.keyboard.type(totp.at(int(__import__("time").time()) + 30))
    await expect(page).to_have_url("/")

    # With the password, and the passkey as the second factor.
    await sign_out(page)
    await give_password(page, email)
    await page.locator("[name=code]").wait_for()
    await fingers.present(True)
    await page.click("text=Use a passkey")
    await expect(page).to_have_url("/")

    # With the password, and a recovery code.
    await fingers.present(False)
    await sign_out(page)
    await give_password(page, email)
    await page.click("text=Use a recovery code")
    await expect(page.locator("[name=recovery]")).to_be_focused()
    await page.keyboard.type(codes[3].upper())
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_contain_text("recovery code")

    # What is dangerous asks again after a while, and goes on with what was meant.
    await owner.execute(_FORGET, user)
    await page.goto("/settings/security")
    await page.click("summary[aria-label='Remove: authenticator app']")
    await page.click("text=Remove the app")
    await expect(page.locator("h1")).to_have_text("Confirm that it is you")
    await fingers.present(True)
    await page.click("text=Use a passkey")
    await expect(page.locator(".toast")).to_contain_text("The authenticator app is removed")
    await expect(page).to_have_url("/settings/security")
    assert await owner.fetchval("SELECT count(*) FROM tenfold.totp WHERE user_id = $1", user) == 0
