"""Signing in by a real browser: passkeys of a virtual authenticator, codes, the keyboard alone."""

from __future__ import annotations

import pyotp
import pytest
from playwright.async_api import Page, expect
from tests.factories import Owner
from tests.pages.windows import PASSWORD, Fingers, register

pytest_plugins = ("tests.pages.windows",)
pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
_FORGET = "UPDATE tenfold.sessions SET sure_at = now() - interval '1 hour' WHERE user_id = $1"
_WHO = "SELECT id FROM tenfold.users WHERE email = $1"


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
    # The suggestion of the e-mail field would let her in before she presses the button.
    await page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
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
