"""What an organisation demands: second factors of administrators or all, and its networks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.accounts.conftest import PASSWORD, Api, Browser, confirmed, opened
from tests.accounts.test_second_factors import App, add_passkey, data
from tests.accounts.test_sign_in import code
from tests.conftest import Running, Serve
from tests.factories import Organisation, Owner, Somebody

from tenfold.accounts.organisation.administrator import inside
from tenfold.cli.organisations import open_everywhere
from tenfold.kernel.settings import Settings
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
_LONGER = """UPDATE tenfold.sessions SET expires_at = now() + interval '30 days',
sure_at = now() + interval '7 days' WHERE id = $1"""
_NETWORKS = "UPDATE tenfold.tenants SET admin_networks = '{203.0.113.0/24}' WHERE id = $1"
_HANDED = "UPDATE tenfold.batches SET status = 'done' WHERE id = $1"
_OVERDUE = "UPDATE tenfold.members SET mfa_from = now() - interval '1 year' WHERE tenant_id = $1"
ADMIN_ACTS = (
    ("POST", "/v1/teams", {"name": "North"}),
    ("PATCH", "/v1/organization", {"name": "Renamed"}),
    ("POST", "/v1/roles", {"name": "scout", "grants": {}}),
    ("POST", "/v1/types", {"name": "vehicles"}),
    ("PATCH", "/v1/types/vehicles", {"label": "Car"}),
    ("DELETE", "/v1/types/vehicles", None),
    ("GET", "/v1/roles", None),
    ("GET", "/v1/security-events", None),
    ("GET", "/v1/invitations", None),
    ("POST", "/v1/invitations", {"email": "new@example.com"}),
    ("PATCH", "/v1/organization/policy", {"mfa": "all"}),
)


async def test_admins_have_a_week_to_set_up_a_second_factor(
    browser: Browser, owner: Owner, later: Any
) -> None:
    await confirmed(browser, owner)
    assert (await browser.call("GET", "/v1/roles")).status_code == 200
    later(timedelta(days=6, hours=23))
    await browser.login()
    assert (await browser.call("GET", "/v1/roles")).status_code == 200
    later(timedelta(hours=2))
    await browser.login()
    for method, path, body in ADMIN_ACTS:
        refused = await browser.call(method, path, body)
        assert (refused.status_code, code(refused)) == (403, "MFA_REQUIRED"), path
    work = await browser.call("POST", "/v1/leads", {"first_name": "A", "last_name": "B"})
    assert work.status_code == 201, "ordinary work goes on"
    await add_passkey(browser)
    for method, path, body in ADMIN_ACTS:
        assert (await browser.call(method, path, body)).is_success, path


async def test_who_may_not_administer_asks_about_nobody_else_and_undoes_no_handing_over(
    api: Api, organisation: Organisation, admin: Somebody, owner: Owner
) -> None:
    leaver, heir = [await organisation.person("member", ["agent"], name=n) for n in "ab"]
    await api.lead(leaver)
    await api.data(admin, "PATCH", f"members/{leaver.id}", {"active": False})
    path, body = f"members/{leaver.id}/hand-over", {"to": str(heir.id)}
    batch = (await api.data(admin, "POST", path, body, status=202))["id"]
    await owner.execute(_HANDED, UUID(batch))
    await owner.execute(_OVERDUE, organisation.id)
    asked = f"access/explain?type=lead&verb=read&user_id={heir.id}"
    for refused in (("GET", asked), ("POST", f"batches/{batch}/undo")):
        assert (await api.refused(admin, *refused))[:2] == (403, "MFA_REQUIRED"), refused
    await api.data(admin, "GET", "access/explain?type=lead&verb=read")


async def test_who_has_a_second_factor_administers_with_it_alone(
    browser: Browser, other: Browser, owner: Owner
) -> None:
    await browser.register()
    other.email = browser.email
    await other.login()
    key = data(await browser.call("POST", "/v1/auth/totp"), 201)["secret"]
    app = App(key)
    risen = data(await browser.call("POST", "/v1/auth/totp/confirm", {"code": app.code(-1)}))
    browser.token = risen["token"]
    assert (await browser.call("GET", "/v1/roles")).status_code == 200
    assert (await other.call("GET", "/v1/leads")).status_code == 401, "it knew a password alone"
    asked = data(await other.post("login", {"email": other.email, "password": PASSWORD}))
    assert asked["mfaRequired"] is True
    given = {"token": asked["token"], "code": app.code()}
    other.token = data(await other.call("POST", "/v1/auth/second-factor", given))["token"]
    assert (await other.call("GET", "/v1/roles")).status_code == 200


async def test_days_of_grace_may_be_none(browser: Browser, other: Browser) -> None:
    await browser.register()
    none = {"mfa_grace_days": 0}
    refused = await browser.call("PATCH", "/v1/organization/policy", none)
    assert list(refused.json()["error"]["fields"]) == ["mfa_grace_days"], "oneself first"
    await add_passkey(browser)
    data(await browser.call("PATCH", "/v1/organization/policy", none))
    names = {"first_name": "New", "last_name": "Admin", "password": PASSWORD}
    body = {"email": other.email, "role": "admin", **names}
    data(await browser.call("POST", "/v1/members", body), 201)
    await other.login()
    refused = await other.call("GET", "/v1/roles")
    assert (refused.status_code, code(refused)) == (403, "MFA_REQUIRED")
    assert (await other.call("GET", "/v1/leads")).status_code == 200


async def test_a_policy_for_all_stops_everybody_without_one(
    api: Api,
    organisation: Organisation,
    admin: Somebody,
    desk: Desk,
    owner: Owner,
    later: Any,
) -> None:
    member = await organisation.person("member")
    await api.data(admin, "GET", "leads")
    await api.data(member, "GET", "contacts")
    await api.data(admin, "PATCH", "organization/policy", {"mfa": "all"})
    assert (await api.ask(member, "GET", "contacts")).status_code == 200, "they have a week"
    later(timedelta(days=7, seconds=1))
    for one in (admin, member):  # their tokens are older than that
        claims = (one.id, one.tenant, one.session)
        object.__setattr__(one, "token", desk.tokens.sign(*claims))
        await owner.execute(_LONGER, one.session)
    for path in ("contacts", "search?q=ann", "members", "types", "organization"):
        assert (await api.refused(member, "GET", path))[:2] == (403, "MFA_REQUIRED"), path
    write = await api.refused(member, "POST", "contacts", {"first_name": "A"})
    assert write[:2] == (403, "MFA_REQUIRED")
    assert (await api.ask(member, "GET", "auth/me")).status_code == 200
    assert (await api.ask(member, "POST", "auth/totp")).status_code == 201


async def test_a_demoted_admin_is_not_asked_any_more(
    api: Api, organisation: Organisation, admin: Somebody, owner: Owner
) -> None:
    member = await organisation.person("member")
    for role, asked in (("admin", True), ("manager", False), ("admin", True)):
        await api.data(admin, "PATCH", f"members/{member.id}", {"role": role})
        since = await owner.fetchval(
            "SELECT mfa_from FROM tenfold.members WHERE user_id = $1", member.id
        )
        assert (since is not None) == asked


# -- from where


@pytest.fixture
async def placed(serve: Serve, settings: Settings) -> Any:
    """An application that sees its callers at 203.0.113.9."""
    free = msgspec.structs.replace(settings, sign_in_per_minute=0)
    async with serve(free) as running:
        yield running


def at(running: Running, address: str) -> Any:
    """A browser at an address."""
    return opened(running, transport_client=(address, 4711))


async def test_an_organisation_is_administered_from_its_networks_alone(
    placed: Running, owner: Owner
) -> None:
    async with at(placed, "203.0.113.9") as office, at(placed, "198.51.100.7") as home:
        await office.register()
        shut_out = {"admin_networks": ["192.0.2.0/24"]}
        refused = await office.call("PATCH", "/v1/organization/policy", shut_out)
        assert list(refused.json()["error"]["fields"]) == ["admin_networks"], "not oneself"
        networks = {"admin_networks": ["203.0.113.0/24", "2001:db8::/32"]}
        changed = data(await office.call("PATCH", "/v1/organization/policy", networks))
        assert changed["admin_networks"] == ["203.0.113.0/24", "2001:db8::/32"]
        home.email = office.email
        await home.login()
        for method, path, body in ADMIN_ACTS:
            refused = await home.call(method, path, body)
            assert (refused.status_code, code(refused)) == (403, "ADDRESS_NOT_ALLOWED"), path
            spoofed = {"x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9"}
            refused = await home.call(method, path, body, headers=spoofed)
            assert refused.status_code == 403, path
        assert (await home.call("GET", "/v1/leads")).status_code == 200, "ordinary work goes on"
        asked = "/v1/security-events?event_type=address_refused&ip_address=198.51.100.7"
        assert len(data(await office.call("GET", f"{asked}&limit=100"))) == 2 * len(ADMIN_ACTS)
        assert (await office.call("GET", "/v1/roles")).status_code == 200
        told: list[str] = []
        name = office.user["organization"]["id"]
        assert await open_everywhere(placed.desk.settings, name, told.append) == 0
        assert (await home.call("GET", "/v1/roles")).status_code == 200


@pytest.mark.parametrize(
    ("address", "networks", "allowed"),
    [
        ("203.0.113.9", ("203.0.113.0/24",), True),
        ("::ffff:203.0.113.9", ("203.0.113.0/24",), True),
        ("203.0.114.9", ("203.0.113.0/24",), False),
        ("2001:db8::1", ("2001:db8::/32",), True),
        ("2001:db9::1", ("2001:db8::/32",), False),
        ("", ("0.0.0.0/0",), False),
        ("unix:", ("0.0.0.0/0",), False),
        ("198.51.100.7", (), True),
    ],
)
def test_an_address_is_inside_or_not(
    address: str, networks: tuple[str, ...], allowed: bool
) -> None:
    assert inside(address, networks) is allowed


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"admin_networks": ["office"]}, "admin_networks[0]"),
        ({"mfa": "nobody"}, "mfa"),
        ({"mfa_grace_days": 91}, "mfa_grace_days"),
        ({"rate_per_minute": 1_000}, "rate_per_minute"),
        ({"mfa_required": True}, "mfa_required"),
    ],
)
async def test_a_policy_names_what_it_does_not_take(
    api: Api, admin: Somebody, body: dict[str, Any], field: str
) -> None:
    status, _, fields = await api.refused(admin, "PATCH", "organization/policy", body)
    assert (status, list(fields)) == (400, [field])


async def test_a_policy_needs_a_fresh_proof(browser: Browser, owner: Owner, later: Any) -> None:
    await confirmed(browser, owner)
    later(timedelta(minutes=11))
    names = {"first_name": "A", "last_name": "B", "password": PASSWORD}
    for method, path, body in (
        ("PATCH", "/v1/organization/policy", {"mfa": "all"}),
        ("POST", "/v1/members", {"email": "a@example.org", "role": "admin", **names}),
        ("POST", "/v1/invitations", {"email": "a@example.org", "role": "owner"}),
        ("POST", "/v1/invitations", {"email": "a@example.org"}),
    ):
        refused = await browser.call(method, path, body)
        assert (refused.status_code, code(refused)) == (403, "STEP_UP_REQUIRED")
    assert (await browser.call("POST", "/v1/teams", {"name": "North"})).status_code == 201


async def test_members_read_what_concerns_them_alone(
    placed: Running, owner: Owner, api: Api, organisation: Organisation, admin: Somebody
) -> None:
    member = await organisation.person("member")
    asked = {"mfa": "admins", "mfa_grace_days": 7}
    assert await api.data(member, "GET", "organization/policy") == asked
    whole = await api.data(admin, "GET", "organization/policy")
    assert whole == {**asked, "admin_networks": [], "rate_per_minute": None}
    for path in ("service-accounts", f"service-accounts/{admin.id}", "members?kind=service"):
        assert (await api.refused(member, "GET", path))[:2] == (403, "FORBIDDEN"), path
    await owner.execute(_NETWORKS, organisation.id)
    async with at(placed, "198.51.100.7") as home:
        home.token = admin.token
        assert data(await home.call("GET", "/v1/organization/policy")) == asked


# -- sessions of members


async def test_admins_see_and_end_the_sessions_of_members(
    api: Api, organisation: Organisation, admin: Somebody, stranger: Organisation
) -> None:
    member = await organisation.person("member")
    (found,) = await api.data(admin, "GET", f"members/{member.id}/sessions")
    assert found["id"] == str(member.session)
    assert (await api.refused(member, "GET", f"members/{admin.id}/sessions"))[0] == 403
    strange = await stranger.person("member")
    assert (await api.refused(admin, "GET", f"members/{strange.id}/sessions"))[0] == 404
    assert (await api.refused(admin, "DELETE", f"members/{strange.id}/sessions"))[0] == 404
    ended = await api.data(admin, "DELETE", f"members/{member.id}/sessions")
    assert ended == {"ended": 1}
    assert (await api.ask(member, "GET", "contacts")).status_code == 401
    assert (await api.ask(strange, "GET", "contacts")).status_code == 200
