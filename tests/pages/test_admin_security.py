"""Policy, security events, keys of secrets, programs and their API keys, by pages."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from tests.conftest import MakeOrganisation, Running
from tests.factories import Organisation, Owner, Somebody
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.html import Element

pytestmark = pytest.mark.anyio
SECURITY, EVENTS, KEYS = "/admin/security", "/admin/security/events", "/admin/security/data-keys"
PROGRAMS, NEW_KEY = "/admin/programs", "/admin/programs/keys/new"
_UNSURE = "UPDATE tenfold.sessions SET sure_at = now() - interval '1 hour' WHERE user_id = $1"
_RATE = "UPDATE tenfold.tenants SET rate_per_minute = 1200 WHERE id = $1"
_KEPT_RATE = "SELECT rate_per_minute FROM tenfold.tenants WHERE id = $1"
_KEY = "SELECT id FROM tenfold.api_keys WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC"
_EVENT = """INSERT INTO tenfold.security_events
(id, tenant_id, user_id, event_type, ip_address, detail, created_at)
VALUES (gen_random_uuid(), $1, $2, $3, $4, '{}', $5::text::timestamptz)"""
_FORMULA = """UPDATE tenfold.security_events
SET detail = jsonb_build_object('user_agent', $2::text, 'x', 1) WHERE user_id = $1"""
_MANY = """INSERT INTO tenfold.security_events (id, tenant_id, event_type)
SELECT gen_random_uuid(), $1, 'logout' FROM generate_series(1, $2)"""


def value(form: Element, name: str) -> str:
    return dict(form.fields())[name]


def told(visitor: Visitor, name: str) -> str:
    """What is told beside a field."""
    return visitor.page.one(id=f"e-{name}").text


# -- the policy


async def test_the_policy_is_changed(visitor: Visitor) -> None:
    await visitor.get(SECURITY)
    form = visitor.form(SECURITY)
    await visitor.send(form, mfa="all", mfa_grace_days="14")
    assert visitor.toast == "The policy is saved, and holds from now on."
    form = visitor.form(SECURITY)
    assert (value(form, "mfa"), value(form, "mfa_grace_days")) == ("all", "14")


async def test_how_often_one_may_ask_is_shown_and_not_the_organisations_to_change(
    visitor: Visitor, owner: Owner, organisation: Organisation
) -> None:
    await visitor.get(SECURITY)
    assert "as many requests as they like" in visitor.page.text
    await owner.execute(_RATE, organisation.id)
    await visitor.get(SECURITY)
    await visitor.send(visitor.form(SECURITY), mfa="all", rate_per_minute="100000")
    assert "may make 1,200 requests in a minute" in visitor.page.text
    assert await owner.fetchval(_KEPT_RATE, organisation.id) == 1_200


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("mfa_grace_days", "91", "90"),
        ("mfa_grace_days", "soon", "whole number"),
        ("mfa_grace_days", "0", "set up a second factor of your own first"),
        ("admin_networks", "203.0.113.0/24\nhere", "“here” must be an address or a network"),
        ("admin_networks", "203.0.113.0/24", "127.0.0.1, or you are out"),
    ],
)
async def test_what_the_policy_cannot_be_is_told_beside_it(
    visitor: Visitor, field: str, typed: str, says: str
) -> None:
    await visitor.get(SECURITY)
    await visitor.send(visitor.form(SECURITY), mfa="all", **{field: typed})
    assert visitor.answer.status_code == 400
    assert says in told(visitor, field)
    form = visitor.form(SECURITY)
    assert (value(form, field).strip(), value(form, "mfa")) == (typed, "all")


async def test_networks_with_ones_own_address_are_kept(visitor: Visitor) -> None:
    await visitor.get(SECURITY)
    await visitor.send(visitor.form(SECURITY), admin_networks="127.0.0.0/8\r\n2001:db8::/32")
    kept = value(visitor.form(SECURITY), "admin_networks").split()
    assert kept == ["127.0.0.0/8", "2001:db8::/32"]


async def test_dangerous_changes_ask_who_one_is(
    visitor: Visitor, owner: Owner, admin: Somebody
) -> None:
    await owner.execute(_UNSURE, admin.id)
    for page, action, typed in (
        (SECURITY, SECURITY, {"mfa": "all"}),
        (f"{PROGRAMS}/new", f"{PROGRAMS}/new", {"name": "Robot"}),
        (NEW_KEY, NEW_KEY, {"name": "Robot", "scopes": ["*:read"]}),
    ):
        await visitor.get(page)
        await visitor.send(visitor.form(action), **typed)
        assert visitor.page.one("h1").text == "Confirm that it is you", action


# -- the keys of secrets


async def test_the_key_of_secrets_is_changed(visitor: Visitor, make: Make) -> None:
    await visitor.get(SECURITY)
    assert "Nothing is sealed here yet" in visitor.page.text
    csrf = value(visitor.form(SECURITY), "csrf")
    await visitor.post(KEYS, [("csrf", csrf)])
    assert "Nothing is sealed here yet" in visitor.toast
    await make("listings", address="1 Elm", list_price=1, lockbox_code="4711")
    await visitor.get(SECURITY)
    assert "Key 1 In use" in visitor.page.text
    await visitor.send(visitor.form(KEYS))
    assert visitor.toast.startswith("There is a new key")
    assert "Key 2 In use" in visitor.page.text
    assert "Key 1 Being replaced" in visitor.page.text


# -- events


async def test_events_are_found_by_person_kind_address_and_day(
    visitor: Visitor, organisation: Organisation, owner: Owner
) -> None:
    one = await organisation.person("member", name="one")
    other = await organisation.person("member", name="other")
    for who, kind, address, day in (
        (one, "login_failed", "203.0.113.5", "2026-03-01 12:00+00"),
        (one, "login_success", "203.0.113.5", "2026-03-02 12:00+00"),
        (other, "login_failed", "198.51.100.9", "2026-03-03 12:00+00"),
    ):
        await owner.execute(_EVENT, organisation.id, who.id, kind, address, day)
    for asked, count in (
        ({}, 3),
        ({"person": one.email}, 2),
        ({"person": str(one.id)}, 2),
        ({"kind": "login_failed"}, 2),
        ({"address": "198.51.100.9"}, 1),
        ({"since": "2026-03-02"}, 2),
        ({"until": "2026-03-02"}, 2),
        ({"person": one.email, "kind": "login_failed", "until": "2026-03-01"}, 1),
        ({"kind": "brute_force"}, 0),
    ):
        await visitor.get(EVENTS, params=asked)
        assert visitor.answer.status_code == 200
        assert sum(len(body.all("tr")) for body in visitor.page.all("tbody")) == count, asked
    assert "No event fits this" in visitor.page.text


async def test_events_go_on_page_by_page(
    visitor: Visitor, organisation: Organisation, owner: Owner, admin: Somebody
) -> None:
    for minute in range(55):
        day = f"2026-03-01 12:{minute:02}+00"
        await owner.execute(_EVENT, organisation.id, admin.id, "login_failed", "", day)
    await visitor.get(f"{EVENTS}?kind=login_failed")
    assert len(visitor.page.one("tbody").all("tr")) == 50
    await visitor.get(visitor.page.one("a", rel="next")["href"])
    assert len(visitor.page.one("tbody").all("tr")) == 5


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("person", "nobody at all", "There is none of this name"),
        ("kind", "explosion", "none of these"),
        ("since", "yesterday", "must be a day"),
        ("until", "0000-01-01", "must be a day"),
    ],
)
async def test_what_can_not_be_searched_for_is_told(
    visitor: Visitor, name: str, typed: str, says: str
) -> None:
    await visitor.get(EVENTS, params={name: typed})
    assert visitor.answer.status_code == 400
    assert says in told(visitor, name)


async def test_another_organisations_events_are_not_there(
    visitor: Visitor, make_organisation: MakeOrganisation, owner: Owner
) -> None:
    stranger = await (await make_organisation("Elsewhere")).person("member")
    where = (stranger.tenant, stranger.id, "login_failed", "203.0.113.77", "2026-03-01 12:00+00")
    await owner.execute(_EVENT, *where)
    await visitor.get(EVENTS, params={"address": "203.0.113.77"})
    assert not visitor.page.all("tbody")
    await visitor.get(EVENTS, params={"person": str(stranger.id)})
    assert stranger.email not in visitor.page.text


async def test_the_events_that_are_found_are_downloaded_as_csv(
    visitor: Visitor, organisation: Organisation, owner: Owner, make_organisation: MakeOrganisation
) -> None:
    stranger = await (await make_organisation("Elsewhere")).person("member")
    evil = await organisation.person("member", name="evil")
    for who, kind in ((evil, "login_failed"), (evil, "logout"), (stranger, "login_failed")):
        where = (who.tenant, who.id, kind, "203.0.113.5", "2026-03-01 12:00+00")
        await owner.execute(_EVENT, *where)
    await owner.execute(_FORMULA, evil.id, "=HYPERLINK(1)")
    await visitor.get(EVENTS, params={"address": "203.0.113.5", "kind": "login_failed"})
    (link,) = [a for a in visitor.page.all("a") if a.text == "Download as CSV"]
    answer = await visitor.http.get(link["href"])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="security-events.csv"' in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["event_type"], row["user_id"]) == ("login_failed", str(evil.id))
    assert row["user_agent"] == "'=HYPERLINK(1)"
    assert "x" in row["detail"]


async def test_a_download_goes_on_past_a_page(
    visitor: Visitor, organisation: Organisation, owner: Owner
) -> None:
    await owner.execute(_MANY, organisation.id, 1_005)
    answer = await visitor.http.get(f"{EVENTS}/export?kind=logout")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len({row["id"] for row in rows}) == len(rows) == 1_005


async def test_events_are_downloaded_by_administrators_alone(
    visit: Visit, organisation: Organisation
) -> None:
    member = visit(await organisation.person("member"))
    await member.get(f"{EVENTS}/export")
    assert member.answer.status_code == 403
    admin = visit(await organisation.person("admin"))
    await admin.get(f"{EVENTS}/export?kind=explosion")
    assert admin.answer.status_code == 400


# -- programs


async def program(visitor: Visitor, **typed: Any) -> str:
    """Make a service account; answers its page's path."""
    await visitor.get(f"{PROGRAMS}/new")
    await visitor.send(visitor.form(f"{PROGRAMS}/new"), **{"name": "Website form", **typed})
    assert visitor.path == NEW_KEY
    return f"{PROGRAMS}/{value(visitor.form(NEW_KEY), 'user_id')}"


async def test_a_program_gets_a_key_that_is_shown_once(
    visitor: Visitor, client: httpx.AsyncClient, organisation: Organisation
) -> None:
    path = await program(visitor, roles=["agent"], team_id=str(organisation.team))
    await visitor.send(
        visitor.form(NEW_KEY), name="Night", scopes=["lead:read"], expires_in_days="30"
    )
    key = visitor.page.one(id="key").text
    assert visitor.answer.headers["cache-control"] == "no-store"
    assert visitor.page.one("button", data_copy="key")
    headers = {"authorization": f"Bearer {key}"}
    assert (await client.get("/v1/leads", headers=headers)).status_code == 200
    assert (await client.get("/v1/contacts", headers=headers)).status_code == 403
    for place in (PROGRAMS, path):
        await visitor.get(place)
        assert key not in visitor.answer.text
        assert "Read leads" in visitor.page.text
        assert key[:8] in visitor.page.text


async def test_a_key_is_rotated_with_an_overlap_and_revoked(
    visitor: Visitor, client: httpx.AsyncClient, owner: Owner, organisation: Organisation
) -> None:
    await program(visitor, roles=["agent"])
    await visitor.send(visitor.form(NEW_KEY), name="Night", scopes=["*:read"])
    old = visitor.page.one(id="key").text
    identity = await owner.fetchval(_KEY, organisation.id)
    await visitor.get(f"{PROGRAMS}/keys/{identity}/rotate")
    form = visitor.form(f"{PROGRAMS}/keys/{identity}/rotate")
    await visitor.send(form, overlap_hours="999")
    assert "168" in told(visitor, "overlap_hours")
    await visitor.send(form, overlap_hours="2")
    new = visitor.page.one(id="key").text
    assert "good for 2 hours more" in visitor.page.text
    for key in (old, new):
        answer = await client.get("/v1/leads", headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == 200
    await visitor.get(PROGRAMS)
    assert not visitor.page.all("a", href=f"{PROGRAMS}/keys/{identity}/rotate"), "it was replaced"
    await visitor.send(visitor.form(f"{PROGRAMS}/keys/{identity}/revoke"))
    assert visitor.toast == "The key Night is revoked."
    answer = await client.get("/v1/leads", headers={"authorization": f"Bearer {old}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("scopes", {"scopes": []}, "Tick what the program may do"),
        ("scopes", {"scopes": ["admin"]}, "service accounts with the role admin"),
        ("expires_in_days", {"expires_in_days": "366"}, "365"),
        ("name", {"name": " "}, "must not be blank"),
    ],
)
async def test_what_a_key_cannot_be_is_told_beside_it(
    visitor: Visitor, name: str, typed: dict[str, Any], says: str
) -> None:
    await visitor.get(NEW_KEY)
    given = {"name": "Night", "scopes": ["lead:read"], "expires_in_days": "10", **typed}
    await visitor.send(visitor.form(NEW_KEY), **given)
    assert visitor.answer.status_code == 400
    assert says in told(visitor, name)
    form = visitor.form(NEW_KEY)
    kept = [one for key, one in form.fields() if key == "scopes"]
    assert (kept, value(form, "expires_in_days")) == (given["scopes"], given["expires_in_days"])


async def test_a_program_is_changed_and_taken_out_of_use(
    visitor: Visitor, client: httpx.AsyncClient
) -> None:
    path = await program(visitor, roles=["agent"])
    await visitor.send(visitor.form(NEW_KEY), name="Night", scopes=["*:read"])
    headers = {"authorization": f"Bearer {visitor.page.one(id='key').text}"}
    await visitor.get(path)
    await visitor.send(visitor.form(path), name=" ", role="manager")
    assert told(visitor, "name")
    await visitor.send(visitor.form(path), name="Night import", role="manager")
    assert visitor.page.one("h1").text == "Night import"
    await visitor.send(visitor.form(f"{path}/active"), button="active=false")
    assert "out of use, with all its keys" in visitor.toast
    assert (await client.get("/v1/leads", headers=headers)).status_code == 401
    await visitor.send(visitor.form(f"{path}/active"), button="active=true")
    assert "is in use again" in visitor.toast


async def test_another_organisations_programs_and_keys_are_not_there(
    visitor: Visitor, visit: Visit, make_organisation: MakeOrganisation, owner: Owner
) -> None:
    other = await make_organisation("Elsewhere")
    theirs = visit(await other.person("owner"))
    path = await program(theirs)
    await theirs.send(theirs.form(NEW_KEY), name="Night", scopes=["*:read"])
    key = f"{PROGRAMS}/keys/{await owner.fetchval(_KEY, other.id)}"
    await visitor.get(NEW_KEY)
    csrf = value(visitor.form(NEW_KEY), "csrf")
    for address in (path, f"{key}/rotate"):
        await visitor.get(address)
        assert visitor.answer.status_code == 404
    for address in (path, f"{path}/active", f"{key}/rotate", f"{key}/revoke"):
        given = {"name": "X", "role": "member", "expires_in_days": "9", "overlap_hours": "1"}
        await visitor.post(address, [("csrf", csrf), *given.items()])
        assert visitor.answer.status_code == 404, address


async def test_a_key_of_another_person_is_not_rotated(
    visitor: Visitor, visit: Visit, organisation: Organisation, owner: Owner
) -> None:
    colleague = visit(await organisation.person("admin"))
    await colleague.get(NEW_KEY)
    await colleague.send(colleague.form(NEW_KEY), name="Mine", scopes=["lead:read"])
    identity = await owner.fetchval(_KEY, organisation.id)
    await visitor.get(PROGRAMS)
    assert not visitor.page.all("a", href=f"{PROGRAMS}/keys/{identity}/rotate")
    await visitor.send(visitor.form(f"{PROGRAMS}/keys/{identity}/revoke"))
    assert visitor.toast == "The key Mine is revoked."


async def test_no_key_is_made_from_outside_of_the_allowed_networks(
    visitor: Visitor, app: Running, admin: Somebody, owner: Owner, organisation: Organisation
) -> None:
    await visitor.get(SECURITY)
    await visitor.send(visitor.form(SECURITY), admin_networks="127.0.0.0/8")
    await visitor.get(NEW_KEY)
    form = visitor.form(NEW_KEY)
    transport = httpx.ASGITransport(app.app, client=("198.51.100.9", 1))  # pyright: ignore[reportArgumentType]
    async with httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as http:
        http.cookies.set("session", admin.token, domain="tenfold.test")
        outside = Visitor(http)
        for path in (NEW_KEY, PROGRAMS, SECURITY):
            await outside.get(path)
            assert outside.answer.status_code == 403, path
        await outside.send(form, name="Night", scopes=["lead:read"])
        assert outside.answer.status_code == 403
        assert "its own networks only" in outside.page.text
    assert await owner.fetchval(_KEY, organisation.id) is None
