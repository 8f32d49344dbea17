"""The second half of a sign-in by the pages, without scripts as far as passkeys allow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.pages.newcomers import PASSWORD, SITE, Newcomer

pytestmark = pytest.mark.anyio
PLACE = "/login/second-factor"


async def test_a_code_of_the_app_lets_in_and_leads_on(ada: Newcomer) -> None:
    await ada.register()
    app = await ada.add_app()
    assert len(ada.codes) == 10
    await ada.sign_out()
    await ada.sign_in(path="/login?next=/leads")
    assert ada.path == PLACE
    assert ada.email in ada.page.one("main").text
    field = ada.page.one(id="f-code")
    assert (field["autocomplete"], field["inputmode"]) == ("one-time-code", "numeric")
    assert field.has("autofocus")
    await ada.send(ada.form(PLACE), code=f" {app.code()[:3]} {app.code()[3:]} ")
    assert (ada.answer.status_code, ada.path) == (200, "/leads")
    assert "waiting" not in ada.http.cookies


async def test_the_question_survives_a_reload_and_is_kept_from_scripts(ada: Newcomer) -> None:
    await ada.register()
    app = await ada.add_app()
    await ada.sign_out()
    await ada.get("/login")
    data = {"email": ada.email, "password": PASSWORD}
    answer = await ada.http.post("/login", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, PLACE)
    (kept,) = [c.lower() for c in answer.headers.get_list("set-cookie")]
    assert kept.startswith("waiting=")
    assert all(word in kept for word in ("httponly", "samesite=lax", "max-age=600"))
    for _ in range(2):
        await ada.get(PLACE)
    await ada.send(ada.form(PLACE), code=app.code())
    assert ada.path == "/"


async def test_a_wrong_code_is_told_beside_its_field(ada: Newcomer) -> None:
    await ada.register()
    app = await ada.add_app()
    await ada.sign_out()
    await ada.sign_in()
    await ada.send(ada.form(PLACE), code="000000")
    assert ada.answer.status_code == 401
    assert ada.mistake("code") == "This is not the right code; try again."
    assert ada.page.one(id="f-code")["value"] == ""
    await ada.send(ada.form(PLACE), code="")
    assert (ada.answer.status_code, ada.mistake("code")) == (400, "Enter the code first.")
    await ada.send(ada.form(PLACE), code=app.code())
    assert ada.path == "/"


async def test_an_empty_field_is_no_try(ada: Newcomer) -> None:
    await ada.register()
    app = await ada.add_app()
    await ada.sign_out()
    await ada.sign_in()
    for _ in range(6):
        await ada.send(ada.form(PLACE), code=" ")
    await ada.send(ada.form(PLACE), code=app.code())
    assert ada.path == "/"


async def test_five_wrong_codes_lock_and_the_page_says_for_how_long(
    ada: Newcomer, later: Callable[[timedelta], None]
) -> None:
    await ada.register()
    app = await ada.add_app()
    await ada.sign_out()
    await ada.sign_in()
    for _ in range(5):
        await ada.send(ada.form(PLACE), code="000000")
    assert ada.path == "/login"
    assert "Too many wrong codes" in ada.notice
    await ada.sign_in()
    assert "locked after 5 failed sign-ins. Try again in 30 minutes" in ada.notice
    assert not ada.page.all(id="f-code"), "nothing to type in vain"
    await ada.post(PLACE, [("code", app.code())])
    assert ada.answer.status_code == 423
    later(timedelta(minutes=31))
    await ada.sign_in()
    await ada.send(ada.form(PLACE), code=app.code())
    assert ada.path == "/"


async def test_a_passkey_lets_in_while_codes_are_locked(ada: Newcomer) -> None:
    await ada.register()
    await ada.add_app()
    key = await ada.add_passkey()
    await ada.sign_out()
    await ada.sign_in()
    for _ in range(5):
        await ada.send(ada.form(PLACE), code="000000")
    await ada.sign_in()
    assert "Your passkey lets you in" in ada.page.text
    await ada.show(ada.form(PLACE), key)
    assert ada.path == "/"


async def test_who_comes_too_late_begins_again(
    ada: Newcomer, later: Callable[[timedelta], None]
) -> None:
    await ada.register()
    app = await ada.add_app()
    await ada.sign_out()
    await ada.sign_in(path="/login?next=/leads")
    form = ada.form(PLACE)
    later(timedelta(minutes=11))
    await ada.send(form, code=app.code())
    assert ada.path == "/login"
    assert "not finished in time" in ada.notice
    assert ada.page.one("form", id="sign-in").one(name="next")["value"] == "/leads"
    await ada.get(PLACE)
    assert ada.path == "/login"


async def test_a_recovery_code_lets_in_once(ada: Newcomer) -> None:
    await ada.register()
    await ada.add_app()
    for status in (200, 401):
        await ada.sign_out() if status == 200 else ada.http.cookies.clear()
        await ada.sign_in()
        (link,) = [a for a in ada.page.all("a") if a.text == "Use a recovery code"]
        await ada.get(link["href"])
        await ada.send(ada.form(PLACE), recovery=ada.codes[0].upper())
        assert ada.answer.status_code == status
    assert ada.mistake("recovery") == "This is not the right code; try again."


async def test_a_recovery_code_says_what_to_do_about_a_lost_phone(ada: Newcomer) -> None:
    await ada.register()
    await ada.add_app()
    await ada.sign_out()
    await ada.sign_in()
    await ada.get(f"{PLACE}?use=recovery")
    await ada.send(ada.form(PLACE), recovery=ada.codes[1])
    assert "lost" in ada.toast


async def test_a_passkey_is_the_second_factor_or_the_only_one(ada: Newcomer) -> None:
    await ada.register()
    key = await ada.add_passkey()
    await ada.sign_out()
    await ada.sign_in()
    assert ada.path == PLACE
    assert not ada.page.all(id="f-code")
    await ada.show(ada.form(PLACE), key)
    assert ada.path == "/"
    await ada.sign_out()
    await ada.get("/login?next=/contacts")
    await ada.show(ada.form("/login/passkey"), key)
    assert ada.path == "/contacts"


async def test_a_strangers_passkey_is_refused(ada: Newcomer, elsewhere: Newcomer) -> None:
    await ada.register()
    await ada.add_passkey()
    await ada.sign_out()
    await elsewhere.register()
    strange = await elsewhere.add_passkey()
    await ada.sign_in()
    await ada.show(ada.form(PLACE), strange)
    assert ada.answer.status_code == 401
    assert "not the right one" in ada.notice


@pytest.mark.parametrize("credential", ["", "{", "[]", '{"rawId": "AAAA"}', "\ud800"])
async def test_what_is_no_answer_of_a_passkey_is_refused(ada: Newcomer, credential: str) -> None:
    await ada.get("/login")
    pairs = {"token": "x", "credential": credential.encode("utf-8", "replace").decode()}
    await ada.send(ada.form("/login/passkey"), **pairs)
    assert ada.answer.status_code == 401
    assert "passkey is not known" in ada.notice


async def test_figures_are_no_name_for_a_passkey(ada: Newcomer) -> None:
    answer = await ada.http.get("http://127.0.0.1:8000/login?next=/leads")
    assert "data-passkey" not in answer.text
    assert "http://localhost:8000/login" in answer.text
    assert "data-passkey" in (await ada.http.get("/login")).text


async def test_without_a_question_there_is_no_answer(ada: Newcomer) -> None:
    for cookie in ("", "AAAA", "x" * 500):
        headers = {"cookie": f"waiting={cookie}"}
        await ada.get(PLACE, headers=headers)
        assert ada.path == "/login"
        await ada.post(PLACE, [("code", "123456")], headers=headers)
        assert ada.path == "/login"


async def test_the_next_page_is_always_ours(ada: Newcomer) -> None:
    await ada.register()
    app = await ada.add_app()
    await ada.sign_out()
    await ada.sign_in()
    await ada.get(f"{PLACE}?next=//evil.example")
    await ada.send(ada.form(PLACE), code=app.code(), next="//evil.example")
    assert str(ada.answer.url) == f"{SITE}/"
