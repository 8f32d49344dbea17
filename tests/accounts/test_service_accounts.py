"""Service accounts: members that nobody signs in as, and what keys never stand in for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from tests.accounts.conftest import PASSWORD, Api, Browser
from tests.accounts.keys import made, service
from tests.accounts.letters import work_off, written
from tests.accounts.test_api_keys import _BUMP, _STALE
from tests.accounts.test_second_factors import with_passkey
from tests.accounts.test_sign_in import code, events
from tests.conftest import Running
from tests.factories import Organisation, Owner, Somebody

from tenfold.accounts.identity.passwords import Passwords

pytestmark = pytest.mark.anyio
_OWNS = "UPDATE tenfold.members SET role = 'owner' WHERE user_id = $1"
_ADDRESS = "SELECT email FROM tenfold.users WHERE id = $1"


# -- the account


async def test_a_service_account_is_a_member_apart_from_people(
    api: Api, admin: Somebody, organisation: Organisation, owner: Owner
) -> None:
    program = await api.data(admin, "POST", "service-accounts", {"name": " Nightly  export "})
    assert (program["name"], program["role"], program["active"]) == (
        "Nightly export",
        "member",
        True,
    )
    people = await api.data(admin, "GET", "members")
    assert [one["id"] for one in people] == [str(admin.id)]
    programs = await api.data(admin, "GET", "members?kind=service")
    assert [(one["id"], one["kind"]) for one in programs] == [(program["id"], "service")]
    assert await api.data(admin, "GET", "service-accounts") == [program]
    assert await api.data(admin, "GET", f"service-accounts/{program['id']}") == program
    assert (await api.refused(admin, "GET", f"service-accounts/{admin.id}"))[0] == 404
    assert await events(owner, program["id"]) == ["service_account_created"]


async def test_its_records_say_which_program_programthem(api: Api, admin: Somebody) -> None:
    account = await service(api, admin, "manager")
    key = await made(api, admin, "lead:read", "lead:write", user_id=account)
    lead = await api.lead(key)
    record = await api.data(admin, "GET", f"leads/{lead}")
    assert (record["owner_id"], record["created_by"]) == (account, account)


async def test_it_is_changed_where_it_belongs_and_never_an_owner(
    api: Api, admin: Somebody, organisation: Organisation, owner: Owner
) -> None:
    account = await service(api, admin)
    assert (await api.refused(admin, "PATCH", f"members/{account}", {"role": "owner"}))[0] == 404
    for body in ({"role": "owner"}, {"role": "boss"}):
        answer = await api.refused(admin, "PATCH", f"service-accounts/{account}", body)
        assert answer[:2] == (400, "INVALID_FIELDS")
    change = {"name": "Importer", "role": "manager", "team_id": str(organisation.team)}
    after = await api.data(admin, "PATCH", f"service-accounts/{account}", change)
    assert {**after, **change} == after
    assert await events(owner, account) == [
        "service_account_created",
        "permission_changed",
        "service_account_changed",
    ]


async def test_no_program_owns_the_organisation(api: Api, admin: Somebody, owner: Owner) -> None:
    account = await service(api, admin, "admin")
    body = {"to": account}
    status, _, fields = await api.refused(admin, "POST", "organization/ownership", body)
    assert (status, set(fields)) == (400, {"to"})
    # One that was made an owner before that was refused is none who could stay behind.
    await owner.execute(_OWNS, UUID(account))
    shown = await api.data(admin, "GET", "service-accounts")
    assert [one["role"] for one in shown] == ["owner"]
    answer = await api.refused(admin, "PATCH", f"members/{admin.id}", {"role": "admin"})
    assert answer[:2] == (409, "LAST_OWNER")


async def test_only_administrators_with_a_fresh_proof_make_and_change_them(
    api: Api, admin: Somebody, organisation: Organisation, owner: Owner
) -> None:
    member = await organisation.person()
    body = {"name": "x"}
    assert (await api.refused(member, "POST", "service-accounts", body))[:2] == (403, "FORBIDDEN")
    account = await service(api, admin)
    key = {"name": "x", "scopes": ["lead:read"], "user_id": account}
    assert (await api.refused(member, "POST", "api-keys", key))[:2] == (403, "FORBIDDEN")
    await owner.execute(_STALE, admin.session)
    await owner.execute(_BUMP, admin.tenant)
    for method, path, sent in (
        ("POST", "service-accounts", body),
        ("PATCH", f"service-accounts/{account}", {"role": "admin"}),
        ("PATCH", f"service-accounts/{account}", {"active": True}),
        ("POST", "api-keys", key),
    ):
        answer = await api.refused(admin, method, path, sent)
        assert answer[:2] == (403, "STEP_UP_REQUIRED"), (method, sent)
    stopped = await api.data(admin, "PATCH", f"service-accounts/{account}", {"active": False})
    assert stopped["active"] is False


async def test_an_inactive_one_loses_its_keys_for_good(api: Api, admin: Somebody) -> None:
    account = await service(api, admin)
    key = await made(api, admin, "tag:read", user_id=account)
    await api.data(key, "GET", "tags")
    for active in (False, True):
        await api.data(admin, "PATCH", f"service-accounts/{account}", {"active": active})
        assert (await api.refused(key, "GET", "tags"))[:2] == (401, "INVALID_TOKEN")
    stopped = await service(api, admin)
    await api.data(admin, "PATCH", f"service-accounts/{stopped}", {"active": False})
    body = {"name": "x", "scopes": ["tag:read"], "user_id": stopped}
    assert (await api.refused(admin, "POST", "api-keys", body))[0] == 400


async def test_an_administrator_rotates_and_revokes_its_keys(api: Api, admin: Somebody) -> None:
    key = await made(api, admin, "tag:read", user_id=await service(api, admin))
    rotated = await api.data(admin, "POST", f"api-keys/{key.id}/rotate", {})
    assert rotated["user_id"] == str(key.user)
    await api.data(admin, "DELETE", f"api-keys/{rotated['id']}")
    listed = await api.data(admin, "GET", f"api-keys?user_id={key.user}")
    assert [bool(one["revoked_at"]) for one in listed] == [False, True]


# -- nobody signs in as one


async def test_no_way_of_signing_in_takes_a_service_account(
    api: Api, app: Running, admin: Somebody, browser: Browser, owner: Owner
) -> None:
    account = await service(api, admin, "admin")
    address = await owner.fetchval(_ADDRESS, account)
    passwords = Passwords()
    hashed = await passwords.hash(PASSWORD)
    passwords.close()
    # As if somebody had managed to give it a password, and a passkey.
    await owner.execute(
        "UPDATE tenfold.users SET password_hash = $2 WHERE id = $1", account, hashed
    )
    browser.email = address
    refused = await browser.login()
    assert (refused.status_code, code(refused)) == (401, "INVALID_CREDENTIALS")
    for path in ("sign-in-link", "password-reset"):
        assert (await browser.post(path, {"email": address})).status_code == 202
    await work_off(app)
    assert await written(app, address) == []
    browser.email = f"{account}@example.com"
    key = await with_passkey(browser)
    given = "UPDATE tenfold.passkeys SET user_id = $2 WHERE credential_id = $1"
    await owner.execute(given, key.credential, account)
    asked = (await browser.post("passkey/options")).json()["data"]
    body = {"token": asked["token"], "credential": key.get(asked["options"])}
    answer = await browser.post("passkey", body)
    assert (answer.status_code, code(answer)) == (401, "INVALID_CREDENTIALS")


async def test_no_organisation_takes_anothers_service_account_in(
    api: Api, admin: Somebody, stranger: Organisation, owner: Owner
) -> None:
    address = await owner.fetchval(_ADDRESS, await service(api, admin))
    other = await stranger.person("owner")
    status, _, _ = await api.refused(other, "POST", "members", {"email": address})
    assert status in (400, 409)


# -- keys and second factors


async def test_keys_have_no_account_to_look_after(api: Api, admin: Somebody) -> None:
    account = await service(api, admin, "admin")
    keys = [
        await made(api, admin, "*:read", "*:write"),
        await made(api, admin, "admin", user_id=account),
    ]
    asked: tuple[tuple[str, str, Any], ...] = (
        ("GET", "auth/me", None),
        ("GET", "auth/sessions", None),
        ("GET", "auth/factors", None),
        ("POST", "auth/step-up/options", None),
        ("POST", "auth/step-up", {"password": PASSWORD}),
        ("POST", "auth/totp", None),
        ("POST", "auth/totp/confirm", {"code": "000000"}),
        ("DELETE", "auth/totp", None),
        ("POST", "auth/recovery-codes", None),
        ("POST", "auth/passkeys/options", None),
        ("POST", "auth/password", {"currentPassword": "x", "newPassword": PASSWORD}),
        ("DELETE", "auth/password", None),
        ("POST", "auth/switch", {"organizationId": str(admin.tenant)}),
        ("POST", "auth/sessions/end-others", None),
        ("POST", "auth/verify-email", None),
        ("POST", "auth/change-email", {"email": "other@example.com"}),
    )
    for key in keys:
        for method, path, body in asked:
            answer = await api.refused(key, method, path, body)
            assert answer[:2] == (403, "FORBIDDEN"), path


async def test_a_key_does_not_stand_in_for_a_second_factor(
    api: Api, admin: Somebody, organisation: Organisation, owner: Owner
) -> None:
    member = await organisation.person("manager", name="without a factor")
    account = await service(api, admin, "manager")
    own = await made(api, member, "lead:read")
    programs = await made(api, admin, "lead:read", user_id=account)
    everybody = "UPDATE tenfold.tenants SET mfa = 'all', mfa_grace_days = 0 WHERE id = $1"
    await owner.execute(everybody, admin.tenant)
    due = "UPDATE tenfold.members SET mfa_from = now() WHERE tenant_id = $1"
    await owner.execute(due, admin.tenant)
    await owner.execute(_BUMP, admin.tenant)
    assert (await api.refused(own, "GET", "leads"))[:2] == (403, "MFA_REQUIRED")
    assert (await api.refused(own, "GET", "members"))[:2] == (403, "MFA_REQUIRED")
    await api.data(programs, "GET", "leads")
