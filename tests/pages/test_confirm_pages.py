"""Proving anew who one is before something dangerous, and going on with what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.conftest import MakeOrganisation, Running
from tests.factories import Owner
from tests.pages.html import Element
from tests.pages.newcomers import PASSWORD, Newcomer

from tenfold.kernel.errors import Forbidden
from tenfold.web.pages import settings as settings_pages

pytestmark = pytest.mark.anyio
SECURITY, PROOF = "/settings/security", "/confirm/proof"
Later = Callable[[timedelta], None]


async def stale(person: Newcomer, later: Later) -> None:
    """Time passes: what was proved is proved no more, and the page's session was renewed."""
    later(timedelta(minutes=11))
    await person.get(SECURITY)


def proof(person: Newcomer, field: str) -> Element:
    """The form that takes this proof."""
    return next(f for f in person.page.all("form", action=PROOF) if f.all(name=field))


def goes_on(person: Newcomer) -> Element:
    """The form that goes on with what was meant, which the page's script sends at once."""
    return next(f for f in person.page.all("form") if f.has("data-at-once"))


async def test_a_password_is_asked_for_and_what_was_meant_goes_on(
    ada: Newcomer, later: Later
) -> None:
    await ada.register()
    await stale(ada, later)
    await ada.send(ada.form(f"{SECURITY}/app/begin"))
    assert ada.page.one("h1").text == "Confirm that it is you"
    await ada.send(proof(ada, "password"), password="wrong")
    assert (ada.answer.status_code, ada.mistake("password")) == (401, "The password is wrong.")
    session = ada.http.cookies["session"]
    await ada.send(proof(ada, "password"), password=PASSWORD)
    assert ada.http.cookies["session"] != session, "the session rises"
    await ada.send(goes_on(ada))
    assert ada.path == f"{SECURITY}/app"
    assert ada.page.one(id="key")


async def test_nothing_that_was_typed_is_lost(
    ada: Newcomer, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ada.register()
    await ada.get("/settings/profile")
    form = ada.form("/settings/profile")
    real, refused = settings_pages.convert, [True]

    def dangerous(*given: object) -> object:
        if refused.pop() if refused else False:
            raise Forbidden("Confirm that it is you first.", code="STEP_UP_REQUIRED")
        return real(*given)  # pyright: ignore[reportCallIssue, reportArgumentType]

    monkeypatch.setattr(settings_pages, "convert", dangerous)
    last = 'King "of"\r\n<Lovelace>'
    await ada.send(form, firstName="Ada & Co", lastName=last)
    await ada.send(proof(ada, "password"), password=PASSWORD)
    assert (goes_on(ada)["method"], goes_on(ada)["action"]) == ("post", "/settings/profile")
    await ada.send(goes_on(ada))
    assert ada.toast == "Your name is saved."
    assert ada.page.one(id="f-firstName")["value"] == "Ada & Co"
    assert ada.page.one(id="f-lastName")["value"] == " ".join(last.split())


async def test_a_code_proves_it_and_a_wrong_one_keeps_what_was_meant(
    ada: Newcomer, later: Later
) -> None:
    await ada.register()
    app = await ada.add_app()
    await stale(ada, later)
    await ada.send(ada.form(f"{SECURITY}/app/remove"))
    await ada.send(proof(ada, "code"), code="000000")
    assert ada.answer.status_code == 401
    await ada.send(proof(ada, "code"), code="")
    assert ada.answer.status_code == 400
    await ada.send(proof(ada, "code"), code=app.code())
    await ada.send(goes_on(ada))
    assert ada.toast == "The authenticator app is removed."


async def test_a_recovery_code_proves_it_too(ada: Newcomer, later: Later) -> None:
    await ada.register()
    await ada.add_app()
    await stale(ada, later)
    await ada.send(ada.form(f"{SECURITY}/recovery-codes"))
    await ada.send(proof(ada, "recovery"), recovery="abcd-abcd-abcd")
    assert ada.answer.status_code == 401
    await ada.send(proof(ada, "recovery"), recovery=ada.codes[2])
    await ada.send(goes_on(ada))
    assert len(ada.page.one(id="codes").all("li")) == 10


async def test_a_passkey_proves_it(ada: Newcomer, later: Later) -> None:
    await ada.register()
    key = await ada.add_passkey()
    await stale(ada, later)
    await ada.send(ada.form(f"{SECURITY}/recovery-codes"))
    await ada.show(proof(ada, "credential"), key)
    await ada.send(goes_on(ada))
    assert len(ada.page.one(id="codes").all("li")) == 10


async def test_adding_a_passkey_leads_there_and_back(ada: Newcomer, later: Later) -> None:
    await ada.register()
    await stale(ada, later)
    form = ada.form(f"{SECURITY}/passkeys")
    told = await ada.ask(form, name="Phone")
    assert told["code"] == "STEP_UP_REQUIRED"
    await ada.get(form["data-sure"])
    await ada.send(proof(ada, "password"), password=PASSWORD)
    assert (ada.path, ada.answer.url.query) == (SECURITY, b"add=passkey")
    (adding,) = ada.page.one(id="add-passkey").all("details")
    assert adding.has("open")
    await ada.add_passkey()


async def test_a_page_that_needs_proof_asks_and_comes_back(ada: Newcomer, later: Later) -> None:
    await ada.register()
    await ada.get(SECURITY)
    await ada.send(ada.form(f"{SECURITY}/app/begin"))
    later(timedelta(minutes=11))
    await ada.get(f"{SECURITY}/app")
    assert ada.path == "/confirm"
    await ada.send(proof(ada, "password"), password=PASSWORD)
    assert ada.path == f"{SECURITY}/app"


async def test_proof_is_asked_once_in_ten_minutes(ada: Newcomer, later: Later) -> None:
    await ada.register()
    await stale(ada, later)
    await ada.get("/confirm?next=/settings")
    await ada.send(proof(ada, "password"), password=PASSWORD)
    assert ada.path == "/settings"
    await ada.get(SECURITY)
    await ada.send(ada.form(f"{SECURITY}/app/begin"))
    assert ada.path == f"{SECURITY}/app"


async def test_guessing_is_bounded_and_the_lock_told(ada: Newcomer) -> None:
    await ada.register()
    await ada.get("/confirm")
    for _ in range(5):
        await ada.send(proof(ada, "password"), password="wrong")
    await ada.send(proof(ada, "password"), password=PASSWORD)
    assert ada.answer.status_code == 423
    assert "Try again in 30 minutes" in ada.notice


async def test_what_is_meant_is_sealed_for_its_sender(
    ada: Newcomer, elsewhere: Newcomer, later: Later
) -> None:
    await ada.register()
    await elsewhere.register()
    await stale(ada, later)
    await ada.send(ada.form(f"{SECURITY}/app/begin"))
    meant = dict(proof(ada, "password").fields())["meant"]
    assert "app/begin" not in ada.answer.text, "not even what it is, is told"
    await elsewhere.get("/confirm")
    for text in (meant, meant[:-8] + "AAAAAAA=", "nonsense", "é"):
        await elsewhere.send(proof(elsewhere, "password"), password=PASSWORD, meant=text)
        assert elsewhere.answer.status_code == 400
        await elsewhere.get("/confirm")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/x", "/\\evil.example"])
async def test_one_goes_on_to_no_other_site(ada: Newcomer, target: str) -> None:
    await ada.register()
    await ada.get("/confirm", params={"next": target})
    await ada.send(proof(ada, "password"), password=PASSWORD)
    assert (ada.answer.url.host, ada.path) == ("localhost", "/")
    await ada.get("/settings")
    csrf = dict(ada.page.all("form", action="/logout")[0].fields())["csrf"]
    await ada.post(f"/confirm?act={target}", [("csrf", csrf), ("name", "x")])
    await ada.send(proof(ada, "password"), password=PASSWORD)
    assert goes_on(ada)["action"] == "/"


async def test_the_session_before_is_over_and_its_forms_too(
    ada: Newcomer, owner: Owner, free: Running
) -> None:
    await ada.register()
    await ada.get("/settings/profile")
    before, session = ada.form("/settings/profile"), ada.http.cookies["session"]
    await ada.get("/confirm")
    await ada.send(proof(ada, "password"), password=PASSWORD)
    await ada.send(before, firstName="Eve")
    assert ada.answer.status_code == 403
    answer = await ada.http.get("/", headers={"cookie": f"session={session}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_no_proof_is_left_in_the_page(ada: Newcomer, later: Later) -> None:
    await ada.register()
    app = await ada.add_app()
    await stale(ada, later)
    await ada.send(ada.form(f"{SECURITY}/recovery-codes"))
    code = app.code()
    await ada.send(proof(ada, "code"), code=code)
    names = {name for name, _ in goes_on(ada).fields()}
    assert names == {"csrf"}
    assert not re.search(rf"value=\"{code}\"", ada.answer.text)


# -- administration


_CONFIRMED = "UPDATE tenfold.users SET email_verified_at = now() WHERE email = $1"
_WHERE = """SELECT m.tenant_id, m.user_id FROM tenfold.members m
JOIN tenfold.users u ON u.id = m.user_id WHERE u.email = $1"""


@pytest.mark.parametrize(
    ("page", "action", "typed", "said"),
    [
        ("/admin/people/invite", "", {"email": "eve@example.org", "role": "manager"},
         "eve@example.org is invited."),
        ("/admin/roles/new", "", {"name": "Night desk"},
         "The role Night desk is made. Say what it may do."),
        ("/admin/security", "", {"mfa": "all", "mfa_grace_days": "30"},
         "The policy is saved, and holds from now on."),
        ("/admin/security", "/data-keys", {},
         "Nothing is sealed here yet: the first key is made with the first secret."),
        ("/admin/programs/new", "", {"name": "Nightly export"},
         "Nightly export is made. Give it a key."),
    ],
)  # fmt: skip
async def test_what_an_administrator_typed_goes_on_after_the_proof(
    ada: Newcomer, later: Later, owner: Owner, page: str, action: str, typed: dict[str, str],
    said: str,
) -> None:  # fmt: skip
    await ada.register()
    await owner.execute(_CONFIRMED, ada.email)
    await stale(ada, later)
    await ada.get(page)
    post = {"csrf": dict(ada.page.all("form", method="post")[0].fields())["csrf"]}
    forms = [f for f in ada.page.all("form") if f.get("action") == f"{page}{action}"]
    await (ada.send(forms[0], **typed) if forms else ada.post(f"{page}{action}", [*post.items()]))
    assert ada.page.one("h1").text == "Confirm that it is you"
    await ada.send(proof(ada, "password"), password=PASSWORD)
    await ada.send(goes_on(ada))
    assert ada.toast.startswith(said)


async def test_a_place_and_a_role_go_on_after_the_proof(
    ada: Newcomer, later: Later, owner: Owner, make_organisation: MakeOrganisation
) -> None:
    await ada.register()
    tenant, _ = await owner.fetchrow(_WHERE, ada.email)
    them = await (await make_organisation()).person("member", name="them")
    join = "INSERT INTO tenfold.members (tenant_id, user_id, role) VALUES ($1, $2, 'member')"
    await owner.execute(join, tenant, them.id)
    await ada.get("/admin/roles/new")
    await ada.send(ada.form("/admin/roles/new"), name="Desk")
    await stale(ada, later)
    path = f"/admin/people/{them.id}"
    for place, typed in (("/admin/roles/desk", {"read__lead": "all"}), (path, {"roles": "desk"})):
        await ada.get(place)
        await ada.send(ada.form(place), **typed)
        assert ada.page.one("h1").text == "Confirm that it is you"
        await ada.send(proof(ada, "password"), password=PASSWORD)
        await ada.send(goes_on(ada))
        assert "Reads all" in ada.toast or "is changed" in ada.toast
        later(timedelta(minutes=11))
    roles = "SELECT roles FROM tenfold.members WHERE tenant_id = $1 AND user_id = $2"
    assert await owner.fetchval(roles, tenant, them.id) == ["desk"]
