"""One's settings: name and address, what one signs in with, sessions, organisations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.accounts.letters import written
from tests.accounts.test_sign_in import events
from tests.conftest import Running
from tests.factories import Organisation, Owner, Somebody
from tests.pages.conftest import Visit
from tests.pages.newcomers import PASSWORD, Newcomer

from tenfold.kernel.ids import new_id
from tenfold.web.pages.agents import agent
from tenfold.web.pages.own_sessions import how

pytestmark = pytest.mark.anyio
SECURITY, SESSIONS = "/settings/security", "/settings/sessions"
NEW = "copper violin marsh 7"
_WHO = "SELECT id FROM tenfold.users WHERE email = $1"


def rows(person: Newcomer) -> list[str]:
    """What the rows of the page say."""
    return [row.text for part in person.page.all(class_="own") for row in part.all("li")]


async def refill(person: Newcomer, action: str, **typed: Any) -> None:
    """Open the overview and send one of its forms."""
    await person.get(SECURITY)
    await person.send(person.form(f"{SECURITY}{action}"), **typed)


# -- their places


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/settings", "Settings"),
        ("/settings/profile", "Profile"),
        (SECURITY, "Sign-in & security"),
        (f"{SECURITY}/password", "Change your password"),
        (SESSIONS, "Sessions"),
        ("/settings/organisations", "Organisations"),
    ],
)
async def test_settings_have_their_places(ada: Newcomer, path: str, title: str) -> None:
    await ada.register()
    await ada.get(path)
    assert ada.page.one("h1").text == title
    (nav,) = ada.page.all("nav", aria_label="Settings")
    assert len(nav.all("a", aria_current="page")) == 1
    rail = ada.page.one("nav", aria_label="Main")
    assert [a["href"] for a in rail.all("a", aria_current="page")] == ["/settings"]


async def test_nobody_sees_settings_without_signing_in(ada: Newcomer) -> None:
    for path in ("", "/profile", "/security", "/security/password", "/security/app",
                 "/security/recovery-codes", "/security/passkeys", "/sessions",
                 "/organisations"):  # fmt: skip
        await ada.get(f"/settings{path}")
        assert ada.path == "/login", path
        assert ada.answer.url.params["next"] == f"/settings{path}"
    await ada.get("/confirm")
    assert ada.path == "/login"


async def test_no_form_is_taken_without_its_token(ada: Newcomer) -> None:
    await ada.register()
    for path in ("/settings/profile", "/settings/profile/verify", "/settings/organisations",
                 f"{SESSIONS}/end", f"{SESSIONS}/end-others", f"{SECURITY}/password",
                 f"{SECURITY}/password/remove", f"{SECURITY}/app", f"{SECURITY}/app/begin",
                 f"{SECURITY}/app/remove", f"{SECURITY}/recovery-codes", f"{SECURITY}/passkeys",
                 f"{SECURITY}/passkeys/options", f"{SECURITY}/passkeys/rename",
                 f"{SECURITY}/passkeys/remove", "/confirm", "/confirm/proof",
                 "/confirm/options"):  # fmt: skip
        await ada.post(path, [("csrf", "AAAA" * 9), ("firstName", "Eve"), ("lastName", "X")])
        assert ada.answer.status_code == 403, path


# -- profile


async def test_a_name_is_changed_everywhere(ada: Newcomer) -> None:
    await ada.register()
    await ada.get("/settings/profile")
    await ada.send(ada.form("/settings/profile"), firstName=" Augusta  Ada ", lastName="King")
    assert ada.toast == "Your name is saved."
    assert ada.page.one(id="f-firstName")["value"] == "Augusta Ada"
    assert "Augusta Ada King" in ada.page.one("nav", aria_label="Main").text


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "required"), (" ", "must not be blank"), ("x" * 101, "at most 100 characters")],
)
async def test_a_name_must_be_one(ada: Newcomer, name: str, told: str) -> None:
    await ada.register()
    await ada.get("/settings/profile")
    await ada.send(ada.form("/settings/profile"), firstName=name, lastName="King")
    assert ada.answer.status_code == 400
    assert told in ada.mistake("firstName")
    assert ada.page.one(id="f-firstName").has("autofocus")
    assert ada.page.one(id="f-lastName")["value"] == "King"


# -- password


async def test_a_password_is_changed_with_the_one_before(
    ada: Newcomer, elsewhere: Newcomer, free: Running
) -> None:
    await ada.register()
    elsewhere.email = ada.email
    await elsewhere.sign_in()
    await ada.get(f"{SECURITY}/password")
    form = ada.form(f"{SECURITY}/password")
    await ada.send(form, currentPassword="", newPassword="")
    assert (ada.mistake("currentPassword"), ada.mistake("newPassword")) == ("This is required",) * 2
    await ada.send(form, currentPassword="wrong", newPassword=NEW)
    assert ada.mistake("currentPassword") == "This is not your password"
    assert ada.page.one(id="f-newPassword")["value"] == "", "no password is ever sent back"
    await ada.send(form, currentPassword=PASSWORD, newPassword=ada.email)
    assert "too easy to guess" in ada.mistake("newPassword")
    await ada.send(form, currentPassword=PASSWORD, newPassword=NEW)
    assert (ada.path, ada.answer.status_code) == (SECURITY, 200)
    assert "password is changed" in ada.toast
    await elsewhere.get("/")
    assert elsewhere.path == "/login"
    letters = await written(free, ada.email)
    assert "Your password was changed" in [k.letter.subject for k in letters]


async def test_guessing_ones_own_password_is_bounded(ada: Newcomer) -> None:
    await ada.register()
    await ada.get(f"{SECURITY}/password")
    form = ada.form(f"{SECURITY}/password")
    for _ in range(5):
        await ada.send(form, currentPassword="wrong", newPassword=NEW)
        assert ada.answer.status_code == 400
    await ada.send(form, currentPassword=PASSWORD, newPassword=NEW)
    assert ada.answer.status_code == 423
    assert "locked" in ada.notice


async def test_who_has_passkeys_may_do_without_a_password(ada: Newcomer) -> None:
    await ada.register()
    await ada.get(SECURITY)
    assert not ada.page.all("form", action=f"{SECURITY}/password/remove")
    key = await ada.add_passkey()
    await refill(ada, "/password/remove")
    assert "No password" in rows(ada)[0]
    await ada.sign_out()
    await ada.sign_in()
    assert ada.answer.status_code == 401
    await ada.show(ada.form("/login/passkey"), key)
    assert ada.path == "/"
    await ada.get(f"{SECURITY}/password")
    assert ada.page.one("h1").text == "Set a password"
    await ada.send(ada.form(f"{SECURITY}/password"), newPassword=NEW)
    assert "Set just now" in rows(ada)[0]


# -- the authenticator app and recovery codes


async def test_an_app_is_set_up_with_its_first_code(ada: Newcomer, owner: Owner) -> None:
    await ada.register()
    user = str(await owner.fetchval(_WHO, ada.email))
    await refill(ada, "/app/begin")
    assert ada.path == f"{SECURITY}/app"
    key = ada.page.one(id="key").text
    assert len(key.replace(" ", "")) == 32
    assert len(ada.page.one(class_="qr").all("svg")) == 1
    (link,) = [a["href"] for a in ada.page.all("a") if a["href"].startswith("otpauth://")]
    assert ada.email.replace("@", "%40") in link
    await ada.send(ada.form(f"{SECURITY}/app"), code="")
    assert ada.mistake("code") == "Enter the code that the app shows."
    await ada.send(ada.form(f"{SECURITY}/app"), code="000000")
    assert ada.mistake("code") == "This is not what the app shows now"
    assert ada.page.one(id="key").text == key
    await ada.add_app()
    assert ada.answer.headers["cache-control"] == "no-store"
    assert "mfa_enabled" in await events(owner, user)
    await ada.get(f"{SECURITY}/app")
    assert ada.path == SECURITY, "there is nothing more to set up"
    assert rows(ada)[1].startswith("Authenticator app Set up")
    assert "10 of 10 left" in rows(ada)[-1]


async def test_an_app_is_removed_with_its_recovery_codes(ada: Newcomer, free: Running) -> None:
    await ada.register()
    await ada.add_app()
    await refill(ada, "/app/remove")
    assert "removed" in ada.toast
    assert not [row for row in rows(ada) if "Recovery codes" in row]
    await ada.sign_out()
    await ada.sign_in()
    assert ada.path == "/"
    letters = await written(free, ada.email)
    assert any("removed from your account" in k.letter.text for k in letters)


async def test_recovery_codes_are_shown_once(ada: Newcomer) -> None:
    await ada.register()
    await ada.add_app()
    first = ada.codes
    await refill(ada, "/recovery-codes")
    codes = [code.text for code in ada.page.all("code")]
    assert len(set(codes)) == 10
    assert not set(codes) & set(first)
    assert ada.answer.headers["cache-control"] == "no-store"
    (file,) = ada.page.all("a", download="tenfold-recovery-codes.txt")
    assert all(code in file["href"] for code in codes)
    await ada.get(f"{SECURITY}/recovery-codes")
    assert ada.path == SECURITY
    assert not [code for code in codes if code in ada.answer.text]


# -- passkeys


async def test_passkeys_are_named_renamed_and_removed(ada: Newcomer) -> None:
    await ada.register()
    await ada.add_passkey("Phone")
    await ada.add_passkey("Laptop")
    await ada.get(SECURITY)
    names = [row.partition(" Passkey ")[0] for row in rows(ada) if " Passkey Added " in row]
    assert names == ["Phone", "Laptop"]
    first = ada.page.all("form", action=f"{SECURITY}/passkeys/rename")[0]
    await ada.send(first, name=" My  <b>phone</b> ")
    assert "My <b>phone</b>" in ada.page.text
    first = ada.page.all("form", action=f"{SECURITY}/passkeys/rename")[0]
    for name in (" ", "x" * 61):
        await ada.send(first, name=name)
        assert "name" in ada.toast
    (button, _) = ada.page.all("button", name="passkey")
    form = ada.page.all("form", action=f"{SECURITY}/passkeys/remove")[0]
    await ada.send(form, button=f"passkey={button['value']}")
    assert "is removed" in ada.toast
    assert "My <b>phone</b>" not in ada.page.text


async def test_the_only_way_in_is_kept(ada: Newcomer) -> None:
    await ada.register()
    await ada.add_passkey()
    await refill(ada, "/password/remove")
    (button,) = ada.page.all("button", name="passkey")
    await ada.send(ada.form(f"{SECURITY}/passkeys/remove"), button=f"passkey={button['value']}")
    assert "Nothing else would let you into your account" in ada.toast


async def test_nobody_elses_passkey_is_touched(ada: Newcomer, elsewhere: Newcomer) -> None:
    await ada.register()
    await ada.add_passkey()
    await ada.get(SECURITY)
    (button,) = ada.page.all("button", name="passkey")
    await elsewhere.register()
    await elsewhere.add_passkey("Mine")
    await elsewhere.get(SECURITY)
    for action in ("remove", "rename"):
        form = elsewhere.form(f"{SECURITY}/passkeys/{action}")
        for identity in (button["value"], str(new_id()), "nonsense"):
            await elsewhere.send(form, passkey=identity, name="Stolen")
            assert "passkey" in elsewhere.toast
    await ada.get(SECURITY)
    assert any(row.startswith("Phone") for row in rows(ada))


@pytest.mark.parametrize("credential", ["", "{}", "nonsense"])
async def test_what_is_no_passkey_is_told_on_the_overview(ada: Newcomer, credential: str) -> None:
    await ada.register()
    await ada.get(SECURITY)
    form = ada.form(f"{SECURITY}/passkeys")
    asked = await ada.ask(form, name="Phone")
    await ada.send(form, token=asked["token"], credential=credential, name="Phone")
    assert ada.path == SECURITY
    assert "is no passkey" in ada.toast


async def test_a_passkey_needs_a_name_before_it_is_made(ada: Newcomer) -> None:
    await ada.register()
    await ada.get(SECURITY)
    told = await ada.ask(ada.form(f"{SECURITY}/passkeys"), name=" ")
    assert told["message"] == "The name is required."


# -- sessions


async def test_sessions_are_listed_and_ended(ada: Newcomer, elsewhere: Newcomer) -> None:
    await ada.register()
    elsewhere.email = ada.email
    elsewhere.http.headers["user-agent"] = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
    )
    await elsewhere.sign_in()
    await ada.get(SESSIONS)
    first, second = rows(ada)
    assert "This device" in first
    assert second.startswith("Safari on iPhone")
    assert all(text in second for text in ("127.0.0.1", "Password", "Last seen"))
    (button,) = ada.page.all("button", name="session")
    await ada.send(ada.form(f"{SESSIONS}/end"), button=f"session={button['value']}")
    assert "has ended" in ada.toast
    assert "nowhere else" in ada.page.text
    await elsewhere.get("/")
    assert elsewhere.path == "/login"
    for identity in (button["value"], str(new_id())):
        await ada.post(f"{SESSIONS}/end", [token(ada), ("session", identity)])
        assert "ended already" in ada.toast
    await ada.post(f"{SESSIONS}/end", [token(ada), ("session", "nonsense")])
    assert ada.answer.status_code == 404


async def test_all_other_sessions_end_at_once(ada: Newcomer, elsewhere: Newcomer) -> None:
    await ada.register()
    elsewhere.email = ada.email
    for _ in range(2):
        elsewhere.http.cookies.clear()
        await elsewhere.sign_in()
    await ada.get(SESSIONS)
    assert "End all 2 others" in ada.page.text
    await ada.send(ada.form(f"{SESSIONS}/end-others"))
    assert ada.toast == "2 sessions have ended."
    await elsewhere.get("/")
    assert elsewhere.path == "/login"
    await ada.get("/")
    assert ada.path == "/"


async def test_nobody_elses_session_is_ended(
    ada: Newcomer, elsewhere: Newcomer, owner: Owner
) -> None:
    await ada.register()
    await elsewhere.register()
    query = "SELECT id FROM tenfold.sessions WHERE user_id = $1"
    session = await owner.fetchval(query, await owner.fetchval(_WHO, ada.email))
    await elsewhere.get(SESSIONS)
    await elsewhere.post(f"{SESSIONS}/end", [token(elsewhere), ("session", str(session))])
    await ada.get("/")
    assert ada.path == "/"


def token(person: Newcomer) -> tuple[str, str]:
    """The token of the page's forms."""
    (form, *_) = person.page.all("form", action="/logout")
    return ("csrf", dict(form.fields())["csrf"])


def test_how_somebody_signed_in_is_told_in_words() -> None:
    assert how([]) == ""
    assert how(["pwd"]) == "Password"
    assert how(["swk", "mfa"]) == "Passkey"
    assert how(["pwd", "otp", "mfa"]) == "Password and authenticator app"
    assert how(["pwd", "swk", "rec"]) == "Password, passkey and recovery code"


@pytest.mark.parametrize(
    ("text", "name", "icon"),
    [
        ("", "Unknown program", "globe"),
        ("curl/8.1", "curl", "globe"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
         "Firefox on Linux", "monitor"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130 Safari/537.36 Edg/130",
         "Edge on Windows", "monitor"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130 Safari/537.36",
         "Chrome on Android", "smartphone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit Version/18 Safari/605",
         "Safari on Mac", "monitor"),
        ("Mozilla/5.0 (compatible)", "Unknown program", "globe"),
        ("<script>alert(1)</script>" * 9, "<script>alert(1)<", "globe"),
    ],
)  # fmt: skip
def test_browsers_are_called_as_people_know_them(text: str, name: str, icon: str) -> None:
    assert (agent(text).name, agent(text).icon) == (name, icon)


# -- organisations


async def test_one_goes_on_in_another_organisation(
    ada: Newcomer, organisation: Organisation, owner: Owner
) -> None:
    await ada.register()
    user = await owner.fetchval(_WHO, ada.email)
    await ada.get("/settings/organisations")
    assert rows(ada) == ["LC Looms & Co Owner You are here"]
    await owner.execute(
        "INSERT INTO tenfold.members (tenant_id, user_id, role) VALUES ($1, $2, 'read-only')",
        organisation.id,
        user,
    )
    await ada.get("/settings/organisations")
    assert rows(ada)[1] == "AO An organisation Read-only Go there"
    session = ada.http.cookies["session"]
    form = ada.form("/settings/organisations")
    await ada.send(form, button=f"organisation={organisation.id}")
    assert ada.path == "/"
    assert "You are in An organisation now." in ada.toast
    ada.http.cookies.set("session", session, domain="localhost.local")
    for wanted in (str(new_id()), "nonsense"):
        await ada.get("/settings/organisations")
        await ada.post("/settings/organisations", [token(ada), ("organisation", wanted)])
        assert ada.answer.status_code == 404


# -- what an organisation asks of its people


async def test_administrators_are_asked_for_a_second_factor_from_the_first_day(
    ada: Newcomer, later: Callable[[timedelta], None]
) -> None:
    await ada.register()
    (due,) = ada.page.all(class_="due")
    assert "Set yours up by" in due.text
    assert due.one("a")["href"] == SECURITY
    later(timedelta(days=8))
    ada.http.cookies.delete("session")
    await ada.sign_in()
    (due,) = ada.page.all(class_="due")
    assert "to administer Looms & Co again" in due.text
    await ada.get(SECURITY)
    assert not ada.page.all(class_="due")
    assert "Administrators need a second factor" in ada.notice
    await ada.add_app()
    await ada.get("/")
    assert not ada.page.all(class_="due")


async def test_members_are_not_asked(visit: Visit, organisation: Organisation) -> None:
    member = visit(await organisation.person("member"))
    await member.get("/")
    assert not member.page.all(class_="due")


async def test_where_everybody_must_have_one_nothing_else_is_shown(
    visit: Visit, organisation: Organisation, owner: Owner, admin: Somebody
) -> None:
    policy = "UPDATE tenfold.tenants SET mfa = 'all', mfa_grace_days = 0 WHERE id = $1"
    await owner.execute(policy, organisation.id)
    since = "UPDATE tenfold.members SET mfa_from = now() WHERE tenant_id = $1 AND user_id = $2"
    await owner.execute(since, organisation.id, admin.id)
    visitor = visit(admin)
    for path in ("/", "/leads", "/leads/new", "/search?q=x", "/imports", "/menu"):
        await visitor.get(path)
        assert visitor.answer.status_code == 403, path
    (way,) = [a for a in visitor.page.all("a") if a["href"] == SECURITY]
    assert way.text == "Set one up"
    for path in ("/settings", SECURITY, SESSIONS, "/settings/organisations", "/confirm"):
        await visitor.get(path)
        assert visitor.answer.status_code == 200, path
    (form, *_) = visitor.page.all("form", action="/logout")
    csrf = dict(form.fields())["csrf"]
    await visitor.post("/leads/new", [("csrf", csrf), ("first_name", "A"), ("last_name", "B")])
    assert visitor.answer.status_code == 403
    assert await owner.fetchval("SELECT count(*) FROM tenfold.leads WHERE tenant_id = $1",
                                organisation.id) == 0  # fmt: skip


# -- registering


async def test_mistakes_of_a_registration_stand_beside_their_fields(
    ada: Newcomer, elsewhere: Newcomer
) -> None:
    await ada.register(firstName="", organization=" ", email="ada", password="short")
    assert ada.answer.status_code == 400
    assert ada.mistake("firstName") == "This is required"
    assert ada.page.one(id="f-firstName").has("autofocus")
    assert ada.page.one(id="f-lastName")["value"] == "Byron"
    await ada.register(organization=" ")
    assert ada.mistake("organization") == "This must not be blank"
    await ada.register(email="ada")
    assert ada.mistake("email").startswith("This must have an @-sign")
    await ada.register(password="letmein1")
    assert ada.mistake("password").startswith("This was in a breach")
    assert "letmein1" not in ada.answer.text
    await ada.register()
    assert ada.path == "/"
    elsewhere.email = ada.email
    await elsewhere.register()
    assert elsewhere.answer.status_code == 409
    assert elsewhere.mistake("email") == "There is an account with this address already."
    assert [a["href"] for a in elsewhere.page.all("a") if a.text == "Sign in instead"] == ["/login"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"password": ""}, "At least 8 characters"),
        ({"password": "short"}, "must have at least 8 characters"),
        ({"password": "password"}, "was in a breach"),
        ({"password": PASSWORD}, "Hard to guess"),
        ({"newPassword": PASSWORD}, "Hard to guess"),
        ({"password": "looms and co", "organization": "looms and co"}, "too easy to guess"),
        ({"password": "\u0001" * 300}, "at most 200 characters"),
    ],
)
async def test_a_new_password_is_judged_as_one_leaves_its_field(
    ada: Newcomer, typed: dict[str, str], told: str
) -> None:
    await ada.post("/password", list(typed.items()))
    assert ada.answer.status_code == 200
    assert told in ada.page.text
    assert "<html" not in ada.answer.text


async def test_who_is_signed_in_does_not_register_again(ada: Newcomer) -> None:
    await ada.register()
    await ada.get("/register?next=/leads")
    assert ada.path == "/leads"


async def test_signing_in_keeps_the_browser_known(ada: Newcomer, elsewhere: Newcomer) -> None:
    await ada.register()
    device = ada.http.cookies["device"]
    await ada.sign_out()
    elsewhere.email = ada.email
    for _ in range(6):
        await elsewhere.sign_in("wrong")
    assert elsewhere.answer.status_code == 423
    assert elsewhere.answer.headers["retry-after"]
    assert "Try again in 30 minutes" in elsewhere.notice
    assert ada.http.cookies["device"] == device
    await ada.sign_in()
    assert ada.path == "/", "the owner's own browser is let in meanwhile"


async def test_no_json_of_a_page_is_stored_on_the_way(ada: Newcomer) -> None:
    await ada.get("/login")
    answer = await ada.http.post("/login/passkey/options", data={"next": "/"})
    assert answer.headers["cache-control"] == "no-store"
    assert set(msgspec.json.decode(answer.content)) == {"token", "options"}
