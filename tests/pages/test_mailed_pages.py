"""Links by mail: asked for and opened by the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.accounts.letters import work_off, written
from tests.conftest import Running, Serve
from tests.pages.newcomers import PASSWORD, Newcomer, browser, path_in
from tests.security.conftest import somewhere

from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
NEW = "copper violin marsh 7"


async def ask(running: Running, person: Newcomer, path: str = "/login/link") -> None:
    """Ask for a link; the letter is written."""
    await person.get(path)
    await person.send(person.form(path.partition("?")[0]), email=person.email)
    assert person.answer.status_code == 200
    await work_off(running)


async def link(running: Running, person: Newcomer, kind: str) -> str:
    """The path of the newest link of a kind that was mailed."""
    letters = await written(running, person.email)
    return next(path_in(k.letter.text) for k in letters if f"/{kind}/" in k.letter.text)


# -- sign-in links


async def test_a_link_signs_in_by_its_button_and_leads_on(free: Running, ada: Newcomer) -> None:
    await ada.register()
    await ada.sign_out()
    await ask(free, ada, "/login/link?next=/leads")
    path = await link(free, ada, "sign-in")
    for _ in range(2):  # scanners of mail open it, too
        await ada.get(path)
    assert ada.email in ada.page.one("main").text
    assert not ada.page.all(id="f-email"), "this browser asked for it"
    await ada.send(ada.form(path))
    assert (ada.answer.status_code, ada.path) == (200, "/leads")
    await ada.get(path)
    assert ada.answer.status_code == 404
    assert "used up" in ada.page.one("h1").text


async def test_the_sign_in_page_sends_a_link_without_a_password(
    free: Running, ada: Newcomer
) -> None:
    await ada.register()
    await ada.sign_out()
    await ada.get("/login")
    button = next(b for b in ada.page.all("button") if b.get("formaction") == "/login/link")
    assert (button["form"], button.has("formnovalidate")) == ("sign-in", True)
    await ada.post("/login/link", [("email", ada.email.upper()), ("password", ""), ("next", "/")])
    assert ada.email in ada.page.one("main").text
    await work_off(free)
    assert await link(free, ada, "sign-in")


async def test_another_browser_must_know_the_address(
    free: Running, ada: Newcomer, elsewhere: Newcomer
) -> None:
    await ada.register()
    await ask(free, ada)
    path = await link(free, ada, "sign-in")
    await elsewhere.get(path)
    assert ada.email not in elsewhere.page.text
    await elsewhere.send(elsewhere.form(path), email="")
    assert elsewhere.mistake("email") == "This is required in another browser"
    await elsewhere.send(elsewhere.form(path), email="somebody@example.com")
    assert elsewhere.answer.status_code == 400
    assert elsewhere.mistake("email") == "This is not the one that the link was sent to"
    await elsewhere.send(elsewhere.form(path), email=ada.email)
    assert elsewhere.path == "/"


async def test_a_link_asks_for_the_second_factor_too(free: Running, ada: Newcomer) -> None:
    await ada.register()
    app = await ada.add_app()
    await ada.sign_out()
    await ask(free, ada)
    path = await link(free, ada, "sign-in")
    await ada.get(path)
    await ada.send(ada.form(path))
    assert ada.path == "/login/second-factor"
    await ada.send(ada.form("/login/second-factor"), code=app.code())
    assert ada.path == "/"


async def test_a_link_is_good_for_a_quarter_of_an_hour(
    free: Running, ada: Newcomer, later: Callable[[timedelta], None]
) -> None:
    await ada.register()
    await ask(free, ada)
    path = await link(free, ada, "sign-in")
    await ada.get(path)
    form = ada.form(path)
    later(timedelta(minutes=16))
    await ada.send(form)
    assert ada.answer.status_code == 404


# -- the same answer for everybody


@pytest.mark.parametrize("path", ["/login/link", "/forgot"])
async def test_unknown_addresses_are_answered_like_known_ones(
    ada: Newcomer, elsewhere: Newcomer, path: str
) -> None:
    await ada.register()
    told: list[str] = []
    for person in (ada, elsewhere):
        await person.get(path)
        await person.send(person.form(path), email=person.email)
        assert person.answer.status_code == 200
        told.append(person.answer.text.replace(person.email, "").replace(person.email[:12], ""))
    assert told[0] == told[1]
    assert "If there is an account for" in ada.page.text


@pytest.mark.parametrize(
    ("typed", "told"),
    [("", "Enter your e-mail address."), ("ada", "This must have an @-sign")],
)
async def test_what_is_no_address_is_told_beside_the_field(
    ada: Newcomer, typed: str, told: str
) -> None:
    await ada.get("/forgot")
    await ada.send(ada.form("/forgot"), email=typed)
    assert ada.answer.status_code == 400
    assert ada.mistake("email").startswith(told)
    assert ada.page.one(id="f-email")["value"] == typed


# -- a new password


async def test_a_forgotten_password_is_set_anew(
    free: Running, ada: Newcomer, elsewhere: Newcomer
) -> None:
    await ada.register()
    elsewhere.email = ada.email
    await elsewhere.sign_in()
    await ask(free, ada, "/forgot")
    path = await link(free, ada, "reset")
    await ada.get(path)
    assert ada.page.one(id="f-username")["value"] == ada.email
    for typed, told in (("", "This is required"), ("password", "This was in a breach")):
        await ada.send(ada.form(path), password=typed)
        assert ada.answer.status_code == 400
        assert ada.mistake("password").startswith(told)
    await ada.send(ada.form(path), password=NEW)
    assert ada.path == "/"
    assert "new password is set" in ada.toast
    await elsewhere.get("/")
    assert elsewhere.path == "/login"
    await elsewhere.sign_in(PASSWORD)
    assert elsewhere.path == "/login"
    await elsewhere.sign_in(NEW)
    assert elsewhere.path == "/"


async def test_a_new_password_opens_a_locked_account(free: Running, ada: Newcomer) -> None:
    await ada.register()
    ada.http.cookies.clear()
    for _ in range(6):
        await ada.sign_in("wrong")
    assert ada.answer.status_code == 423
    await ask(free, ada, "/forgot")
    path = await link(free, ada, "reset")
    await ada.get(path)
    await ada.send(ada.form(path), password=NEW)
    assert ada.path == "/"


# -- confirming an address


async def test_an_address_is_confirmed_by_a_button(free: Running, ada: Newcomer) -> None:
    await ada.register()
    await ada.get("/settings/profile")
    assert "Not confirmed yet" in ada.page.text
    path = await link(free, ada, "verify")
    await ada.get(path)
    await ada.get("/settings/profile")
    assert "Not confirmed yet" in ada.page.text, "opening the link is not enough"
    await ada.get(path)
    await ada.send(ada.form(path))
    assert ada.path == "/settings/profile"
    assert "confirmed" in ada.toast
    assert "Not confirmed yet" not in ada.page.text


async def test_who_is_not_signed_in_does_that_before_an_address_is_confirmed(
    free: Running, ada: Newcomer, elsewhere: Newcomer
) -> None:
    await ada.register()
    path = await link(free, ada, "verify")
    elsewhere.email = ada.email
    await elsewhere.sign_in(path=path)
    assert elsewhere.path == path
    await elsewhere.send(elsewhere.form(path))
    assert elsewhere.path == "/settings/profile"
    assert "is confirmed" in elsewhere.toast


async def test_an_address_is_confirmed_by_nobody_else(
    free: Running, ada: Newcomer, elsewhere: Newcomer
) -> None:
    await ada.register()
    await elsewhere.register(email=elsewhere.email)
    path = await link(free, ada, "verify")
    await elsewhere.get(path)
    await elsewhere.send(elsewhere.form(path))
    assert elsewhere.answer.status_code == 403


async def test_the_letter_is_sent_again_a_few_times(free: Running, ada: Newcomer) -> None:
    await ada.register()
    await ada.get("/settings/profile")
    for n in range(5):
        await ada.send(ada.form("/settings/profile/verify"))
        assert ("waits in the outbox" in ada.toast) == (n < 4)
    assert "Several letters" in ada.toast


# -- another address


async def test_an_address_is_changed_by_the_button_of_the_link(
    free: Running, ada: Newcomer
) -> None:
    await ada.register()
    await ada.get("/settings/profile")
    form = "/settings/profile/email"
    for typed, says in (("", "Enter your new"), (ada.email, "is your address already")):
        await ada.send(ada.form(form), email=typed)
        assert ada.answer.status_code == 400
        assert says in ada.page.one(id="e-email").text
    old, ada.email = ada.email, f"{ada.email[:11]}.new@example.com"
    await ada.send(ada.form(form), email=ada.email)
    assert f"the link that goes to {ada.email}. No mail server is set up" in ada.toast
    await work_off(free)
    path = await link(free, ada, "change-email")
    await ada.get(path)
    assert ada.email in ada.page.one("main").text
    await ada.get("/settings/profile")
    assert old in ada.page.one("main").text, "opening the link is not enough"
    await ada.get(path)
    await ada.send(ada.form(path))
    assert ada.path == "/settings/profile"
    assert ada.email in ada.toast
    assert old not in ada.page.one("main").text
    await ada.get(path)
    assert "used up" in ada.page.one("h1").text


# -- whose language a letter is in


@pytest.mark.parametrize(
    ("browser", "chosen", "subject"),
    [
        ("de-AT,de", "", "Ihr Anmeldelink"),
        ("de-AT,de", "es", "Su enlace de inicio de sesión"),
        ("", "de", "Ihr Anmeldelink"),
        ("fr", "", "Your sign-in link"),
    ],
)
async def test_a_letter_is_in_its_readers_language(
    free: Running, ada: Newcomer, browser: str, chosen: str, subject: str
) -> None:
    ada.http.headers["accept-language"] = browser
    await ada.register()
    await ada.get("/settings/language")
    await ada.send(ada.form("/settings/language"), language=chosen)
    await ada.sign_out()
    ada.http.cookies.delete("language")
    await ask(free, ada)
    (letter, *_) = await written(free, ada.email)
    assert letter.letter.subject == subject
    assert ("Guten Tag," in letter.letter.text) == (subject == "Ihr Anmeldelink")


async def test_one_who_reads_german_is_told_in_german_by_a_program(
    free: Running, ada: Newcomer
) -> None:
    await ada.register()
    await ada.get("/settings/language")
    await ada.send(ada.form("/settings/language"), language="de")
    await ada.sign_out()
    wanted = {"email": ada.email}
    answer = await ada.http.post("/v1/auth/password-reset", json=wanted)
    assert answer.status_code == 202, answer.text
    await work_off(free)
    (letter, *_) = await written(free, ada.email)
    assert letter.letter.subject == "Neues Passwort festlegen"
    assert "Minuten lang" in letter.letter.text


async def test_both_letters_of_a_new_address_are_in_ones_language(
    free: Running, ada: Newcomer
) -> None:
    ada.http.headers["accept-language"] = "es"
    await ada.register()
    await ada.get("/settings/profile")
    old, new = ada.email, f"{ada.email[:11]}.new@example.com"
    await ada.send(ada.form("/settings/profile/email"), email=new)
    await work_off(free)
    told = [(await written(free, one))[0].letter.subject for one in (old, new)]
    assert told == [
        "Su dirección de correo está a punto de cambiar",
        "Confirme su nueva dirección de correo",
    ]


# -- what is no link


@pytest.mark.parametrize("kind", ["sign-in", "reset", "verify", "change-email"])
async def test_what_is_no_link_says_how_to_get_one(ada: Newcomer, kind: str) -> None:
    if kind in ("verify", "change-email"):
        await ada.register()
    for secret in ("nothing", "x" * 2_000, "%00", "..%2f..", "é"):
        await ada.get(f"/{kind}/{secret}")
        assert ada.answer.status_code == 404
    await ada.get(f"/{kind}/nothing")
    assert "used up" in ada.page.one("h1").text
    await ada.post(f"/{kind}/nothing", [("password", NEW)])
    assert ada.answer.status_code == 404


async def test_a_link_of_one_kind_is_none_of_another(free: Running, ada: Newcomer) -> None:
    await ada.register()
    await ask(free, ada)
    secret = (await link(free, ada, "sign-in")).rpartition("/")[2]
    for kind in ("reset", "verify", "change-email"):
        await ada.post(f"/{kind}/{secret}", [("password", NEW)])
        assert ada.answer.status_code == 404


async def test_links_are_not_asked_for_without_end(serve: Serve, settings: Settings) -> None:
    few = msgspec.structs.replace(settings, sign_in_per_minute=2)
    async with serve(few) as running, browser(running, somewhere()) as http:
        person = Newcomer(http)
        for n in range(4):
            await person.get("/forgot")
            await person.send(person.form("/forgot"), email=person.email)
            assert person.answer.status_code == (200 if n < 2 else 429), n
        assert person.notice


async def test_forms_of_other_sites_ask_for_nothing(ada: Newcomer) -> None:
    evil: dict[str, Any] = {"headers": {"origin": "https://evil.example"}}
    for path in ("/login", "/login/link", "/login/passkey", "/login/passkey/options", "/forgot",
                 "/register", "/password", "/login/second-factor", "/reset/x", "/sign-in/x",
                 "/verify/x", "/change-email/x"):  # fmt: skip
        await ada.post(path, [("email", ada.email)], **evil)
        assert ada.answer.status_code == 403, path
