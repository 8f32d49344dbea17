"""Administration by a real browser: invited, confined, explained; asked before giving it away."""

from __future__ import annotations

import secrets

import pytest
from playwright.async_api import Browser, Page, expect
from tests.accounts.letters import written
from tests.conftest import Running
from tests.factories import Owner
from tests.pages.newcomers import path_in
from tests.pages.windows import PASSWORD, Fingers, register

pytest_plugins = ("tests.pages.windows",)
pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
_FORGET = "UPDATE tenfold.sessions SET sure_at = now() - interval '1 hour' WHERE user_id = $1"
_WHO = "SELECT id FROM tenfold.users WHERE email = $1"


async def enrol(page: Page) -> Fingers:
    """Set up a passkey, as the notice of an administrator's page asks."""
    fingers = await Fingers.of(page)
    await page.click(".due a")
    await page.click("#add-passkey summary")
    await page.click("#add-passkey .passkey button")
    await page.click("text=I have kept them")
    await expect(page.locator("h1")).to_have_text("Sign-in & security")
    return fingers


async def confirm(page: Page, app: Running, email: str) -> None:
    """Confirm one's address by the first letter; before, nobody invites others."""
    letters = await written(app, email)
    first = next(one for one in letters if one.letter.kind == "verify_email")
    await page.goto(path_in(first.letter.text))
    await page.click("form[method=post] button.primary")
    await expect(page.locator(".toast")).to_contain_text("is confirmed")


async def administration(page: Page, place: str) -> None:
    """Open a place of administration by the menus."""
    await page.click(".me")
    await page.click(".me + .sheet >> text=Administration")
    await expect(page.locator("h1")).to_have_text("Administration")
    await page.click(f".section-tile:has(strong:text-is('{place}'))")
    await expect(page.locator("h1")).to_have_text(place)


async def invite(page: Page, email: str) -> None:
    await administration(page, "People")
    await page.click("text=Invite somebody")
    await expect(page.locator("[name=email]")).to_be_focused()
    await page.keyboard.type(email)
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_contain_text(f"{email} is invited. No mail server")


async def join(page: Page, path: str) -> None:
    """Open the letter's link, without an account."""
    await page.goto(path)
    await expect(page.locator("[name=firstName]")).to_be_focused()
    for text in ("Grace", "Hopper", PASSWORD):
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
    await page.click("button:text-is('Join')")
    await expect(page.locator(".toast")).to_contain_text("Welcome to Looms & Co")


async def make_lead(page: Page) -> str:
    await page.goto("/leads/new")
    for name, text in (("first_name", "Zoë"), ("last_name", "Ünal"), ("budget", "450,000")):
        await page.fill(f"[name={name}]", text)
    await page.keyboard.press("Enter")
    await expect(page.locator("article h1")).to_have_text("Zoë Ünal")
    await expect(page.locator("article")).to_contain_text("Budget")
    return page.url


async def make_role(page: Page) -> None:
    """A role that sees all leads, but not their budgets."""
    await administration(page, "Roles")
    await page.locator("header >> text=New role").click()
    await expect(page.locator("[name=name]")).to_be_focused()
    await page.keyboard.type("Desk")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Desk")
    await page.select_option("[name='read.lead']", "all")
    await page.click("header button:text-is('Save')")
    await expect(page.locator(".toast")).to_contain_text("Leads: Reads all.")
    await page.click("[aria-label='Fields of leads: all visible']")
    await page.check("[name='way.budget'][value=hidden]")
    await page.click("header button:text-is('Save')")
    await expect(page.locator(".toast")).to_contain_text("Does not see Budget. Nobody has it yet.")


async def test_somebody_is_invited_confined_and_the_reason_explained(
    page: Page, chrome: Browser, place: str, app: Running
) -> None:
    await confirm(page, app, await register(page))
    await enrol(page)
    email = f"{secrets.token_hex(6)}@example.com"
    await invite(page, email)
    lead = await make_lead(page)
    await make_role(page)

    theirs = await chrome.new_context(base_url=place)
    them = await theirs.new_page()
    await join(them, path_in((await written(app, email))[0].letter.text))
    await them.goto(lead)
    await expect(them.locator("h1")).to_have_text("You may not do this")

    await administration(page, "People")
    await page.click("text=Grace Hopper")
    await page.check("text=Desk")
    await page.click("button:text-is('Save')")
    await expect(page.locator(".toast")).to_contain_text("Grace Hopper is changed")
    await them.goto(lead)
    await expect(them.locator("article h1")).to_have_text("Zoë Ünal")
    await expect(them.locator("article")).not_to_contain_text("Budget")
    await theirs.close()

    await page.click("text=What they may do")
    await expect(page.locator("[name=person]")).to_have_value(email)
    await page.select_option("[name=type]", "lead")
    await page.fill("[name=record]", lead)
    await page.select_option("[name=field]", label="Budget")
    await page.click("button:text-is('Explain')")
    verdict = "Grace Hopper may not see Budget of the lead Zoë Ünal."
    await expect(page.locator(".verdict")).to_have_text(verdict)
    await expect(page.locator(".reasons")).to_contain_text(
        "Budget does not exist for them: the role desk (of your own) hides it."
    )


async def test_who_gives_the_organisation_away_is_asked_who_they_are(
    page: Page, chrome: Browser, place: str, app: Running, owner: Owner
) -> None:
    email = await register(page)
    await confirm(page, app, email)
    fingers = await enrol(page)
    theirs = f"{secrets.token_hex(6)}@example.com"
    await invite(page, theirs)
    window = await chrome.new_context(base_url=place)
    await join(await window.new_page(), path_in((await written(app, theirs))[0].letter.text))
    await window.close()
    await administration(page, "People")
    await page.click("text=Grace Hopper")
    await owner.execute(_FORGET, await owner.fetchval(_WHO, email))
    await fingers.present(False)
    await page.click("summary:text-is('Transfer')")
    await page.click("text=Make Grace Hopper the owner")
    await expect(page.locator("h1")).to_have_text("Confirm that it is you")
    sql = "SELECT role FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id "
    assert await owner.fetchval(f"{sql} WHERE u.email = $1", theirs) == "member"
    await fingers.present(True)
    await page.click("text=Use a passkey")
    await expect(page.locator(".toast")).to_contain_text("Grace Hopper owns the organisation now")
    assert await owner.fetchval(f"{sql} WHERE u.email = $1", theirs) == "owner"


async def test_a_field_is_shown_as_it_will_look_while_it_is_made_and_settings_are_found(
    page: Page,
) -> None:
    await register(page)
    await enrol(page)
    await page.goto("/admin")
    await page.fill("#q", "custom field")
    await page.click("#settings-found >> text=Custom fields")
    await expect(page.locator("h1")).to_have_text("Types and fields")
    await page.goto("/admin/types/lead/fields/new")
    await expect(page.locator("#f-options")).to_be_hidden()
    await page.fill("#f-label", "Size")
    await page.select_option("#f-kind", "choice")
    await expect(page.locator("#f-max_length")).to_be_hidden()
    await page.fill("#f-options", "Small\nLarge")
    preview = page.locator("#field-preview")
    await expect(preview.locator("label")).to_have_text("Size")
    await expect(preview.locator("option")).to_have_text(["", "Small", "Large"])
    await page.click("text=Add the field")
    await expect(page.locator(".toast")).to_contain_text("The field Size is added.")
    await page.goto("/leads/new")
    await expect(page.locator("[name='custom.size'] option")).to_have_text(["", "Small", "Large"])
