"""What is explained of administering is what the API lets people and programs do, act by act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import Program, made, service
from tests.factories import Organisation, Owner, Somebody

from tenfold.accounts.organisation.acts import ACTS, ActName
from tenfold.kernel.ids import NIL

pytestmark = pytest.mark.anyio

PEOPLE = ("owner", "admin", "manager", "member", "read-only")
_STALE = "UPDATE tenfold.sessions SET sure_at = now() - interval '11 minutes' WHERE user_id = $1"
_OVERDUE = "UPDATE tenfold.members SET mfa_from = now() - interval '1 year' WHERE user_id = $1"
_ASKED = "UPDATE tenfold.members SET mfa_from = now() WHERE user_id = $1"
_ALL = "UPDATE tenfold.tenants SET mfa = 'all' WHERE id = $1"
_NETWORKS = "UPDATE tenfold.tenants SET admin_networks = '{203.0.113.0/24}' WHERE id = $1"
_UNCONFIRMED = "UPDATE tenfold.users SET email_verified_at = NULL WHERE id = $1"


@dataclass
class Town:
    """An organisation in which everything is tried, and a place to take people from."""

    api: Api
    organisation: Organisation
    elsewhere: Organisation
    boss: Somebody

    async def victim(self, *, active: bool = True) -> str:
        """The id of a new member."""
        one = await self.organisation.person("member", name=str(uuid4()))
        if not active:
            await self.api.data(self.boss, "PATCH", f"members/{one.id}", {"active": False})
        return str(one.id)

    async def made(self, path: str, body: Any) -> str:
        """The id of something that the boss makes."""
        return (await self.api.data(self.boss, "POST", path, body))["id"]


async def _team(town: Town) -> str:
    return await town.made("teams", {"name": str(uuid4())})


async def _invitation(town: Town) -> str:
    return await town.made("invitations", {"email": f"{uuid4().hex}@example.org"})


async def _service_key(town: Town) -> str:
    by = await service(town.api, town.boss)
    return str((await made(town.api, town.boss, "lead:read", user_id=by)).id)


Asked = tuple[str, str, Any]
Way = Callable[[Town], Awaitable[Asked]]


def _member(change: Mapping[str, Any], *, active: bool = True) -> Way:
    async def way(town: Town) -> Asked:
        return "PATCH", f"members/{await town.victim(active=active)}", dict(change)

    return way


def _plain(method: str, path: str, body: Any = None) -> Way:
    async def way(_: Town) -> Asked:
        return method, path, body() if callable(body) else body

    return way


async def _add(town: Town) -> Asked:
    found = await town.elsewhere.person("member", name=str(uuid4()))
    return "POST", "members", {"email": found.email}


async def _move(town: Town) -> Asked:
    return "PATCH", f"teams/{await _team(town)}", {"parent_id": await _team(town)}


async def _withdraw(town: Town) -> Asked:
    return "DELETE", f"invitations/{await _invitation(town)}", None


async def _revoke(town: Town) -> Asked:
    return "DELETE", f"api-keys/{await _service_key(town)}", None


async def _end(town: Town) -> Asked:
    return "DELETE", f"members/{await town.victim()}/sessions", None


async def _hand_over(town: Town) -> Asked:
    return "POST", f"members/{await town.victim()}/hand-over", {"to": str(town.boss.id)}


def _name(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"name": f"n{uuid4().hex[:12]}", **more}


# A real request of each act, on something made for it alone.
WAYS: Mapping[ActName, Way] = {
    "administer": _plain("GET", "roles"),
    "read_security_events": _plain("GET", "security-events"),
    "read_audit_log": _plain("GET", "audit-log"),
    "change_organization": _plain("PATCH", "organization", {"name": "An organisation"}),
    "change_types": _plain(
        "POST", "custom-fields", _name(type="lead", kind="text", label="A field")
    ),
    "change_automations": _plain(
        "POST", "automations", _name(when={"on": "hook"}, steps=[{"do": "wait", "for": "1 day"}])
    ),
    "change_webhooks": _plain("POST", "webhooks", {"url": "https://93.184.216.34/here"}),
    "change_messages": _plain("PATCH", "message-settings", {"sender_name": "We"}),
    "change_teams": _plain("POST", "teams", _name()),
    "move_teams": _move,
    "change_roles": _plain("POST", "roles", _name(grants={})),
    "invite": _plain("POST", "invitations", lambda: {"email": f"{uuid4().hex}@example.org"}),
    "withdraw_invitations": _withdraw,
    "add_members": _add,
    "place_members": _member({"role": "manager"}),
    "make_admins": _member({"role": "admin"}),
    "make_owners": _member({"role": "owner"}),
    "deactivate_members": _member({"active": False}),
    "reactivate_members": _member({"active": True}, active=False),
    "end_sessions": _end,
    "hand_over": _hand_over,
    "change_policy": _plain("PATCH", "organization/policy", {"mfa_grace_days": 30}),
    "rotate_secret_keys": _plain("POST", "organization/data-keys"),
    "change_programs": _plain("POST", "service-accounts", _name()),
    "create_api_keys": _plain("POST", "api-keys", _name(scopes=["lead:read"])),
    "revoke_api_keys": _revoke,
    # Nobody has the id: who may gets that far, and stays who they are.
    "transfer_ownership": _plain("POST", "organization/ownership", lambda: {"to": str(uuid4())}),
}


@pytest.fixture
async def town(
    api: Api, organisation: Organisation, stranger: Organisation, admin: Somebody
) -> Town:
    return Town(api, organisation, stranger, admin)


async def _done(town: Town, who: Somebody | Program, act: ActName) -> tuple[bool, httpx.Response]:
    """Whether somebody gets past the gate."""
    method, path, body = await WAYS[act](town)
    signs: Any = who
    answer = await town.api.ask(signs, method, path, body)
    assert answer.status_code in (200, 201, 202, 400, 401, 403, 404, 409), answer.text
    return answer.status_code not in (401, 403, 404), answer


async def _explained(town: Town, by: Somebody | Program, query: str) -> tuple[bool, dict[str, str]]:
    signs: Any = by
    found = await town.api.data(signs, "GET", f"access/explain?{query}")
    assert found["allowed"] == all(one["passed"] for one in found["checks"])
    assert all(one["reason"].endswith(".") for one in found["checks"])
    failed = {one["check"]: one["reason"] for one in found["checks"] if not one["passed"]}
    return found["allowed"], failed


async def _sweep(
    town: Town, who: Somebody | Program, by: Somebody | Program, asked: str
) -> tuple[set[str], dict[str, set[str]]]:
    """What is allowed, explanation and request agreeing; and the acts that each check forbids."""
    allowed: set[str] = set()
    forbidden: dict[str, set[str]] = {}
    for act in WAYS:
        may, failed = await _explained(town, by, f"{asked}&verb={act}")
        done, answer = await _done(town, who, act)
        assert may == done, (act, failed, answer.text)
        if may:
            allowed.add(act)
        for check in failed:
            forbidden.setdefault(check, set()).add(act)
    return allowed, forbidden


_EVERYBODY = {name for name, one in ACTS.items() if one.everybody}
_OWNER = {name for name, one in ACTS.items() if one.owner}
_PROOF = {name for name, one in ACTS.items() if one.proof}
_BY_KEY = {name for name, one in ACTS.items() if one.keys}


def test_every_act_is_tried() -> None:
    assert set(WAYS) == set(ACTS)


@pytest.mark.parametrize("role", PEOPLE)
async def test_each_role_may_do_what_is_explained(town: Town, role: str) -> None:
    who = await town.organisation.person(role, name="who")
    allowed, forbidden = await _sweep(town, who, town.boss, f"user_id={who.id}")
    if role == "owner":
        assert allowed == set(ACTS)
    elif role == "admin":
        assert set(ACTS) - allowed == _OWNER == forbidden["role"]
    else:
        assert allowed == _EVERYBODY
        assert forbidden == {"role": set(ACTS) - _EVERYBODY}


async def test_a_stale_proof_is_a_reason(town: Town, owner: Owner) -> None:
    who = await town.organisation.person("owner", name="who")
    await owner.execute(_STALE, who.id)
    allowed, forbidden = await _sweep(town, who, who, "")
    assert forbidden == {"proof": _PROOF}
    assert allowed == set(ACTS) - _PROOF
    # To others it is told that a proof is asked for.
    assert (await _explained(town, town.boss, f"user_id={who.id}&verb=invite"))[0]


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_an_overdue_second_factor_of_administrators_is_a_reason(
    town: Town, owner: Owner, role: str
) -> None:
    who = await town.organisation.person(role, name="who")
    await owner.execute(_OVERDUE, who.id)
    allowed, forbidden = await _sweep(town, who, town.boss, f"user_id={who.id}")
    assert allowed == _EVERYBODY
    assert forbidden["second_factor"] == set(ACTS) - _EVERYBODY
    # Work with records goes on.
    may, _ = await _explained(town, town.boss, f"user_id={who.id}&verb=read&type=lead")
    answer = await town.api.ask(who, "GET", "leads")
    assert may == answer.is_success


@pytest.mark.parametrize("role", ["admin", "manager", "read-only"])
async def test_a_second_factor_that_is_asked_of_all_is_a_reason(
    town: Town, owner: Owner, role: str
) -> None:
    await owner.execute(_ALL, town.organisation.id)
    soon = await town.organisation.person(role, name="soon")
    late = await town.organisation.person(role, name="late")
    await owner.execute(_ASKED, soon.id)
    await owner.execute(_OVERDUE, late.id)
    allowed, forbidden = await _sweep(town, late, town.boss, f"user_id={late.id}")
    assert not allowed
    assert forbidden["second_factor"] == set(ACTS)
    for who, may in ((soon, True), (late, False)):
        query = f"user_id={who.id}&verb=read&type=lead"
        found = await town.api.data(town.boss, "GET", f"access/explain?{query}")
        assert (await town.api.ask(who, "GET", "leads")).is_success == may == found["allowed"]
        (factor,) = [one for one in found["checks"] if one["check"] == "second_factor"]
        assert factor["passed"] == may
        assert factor["detail"]["due"]
        says = "may go without until" if may else "the time to set one up ended"
        assert says in factor["reason"]


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_the_networks_of_administration_are_a_reason(
    town: Town, owner: Owner, role: str
) -> None:
    targets = {act: await way(town) for act, way in WAYS.items()}
    await owner.execute(_NETWORKS, town.organisation.id)
    who = await town.organisation.person(role, name="outside")
    for act, (method, path, body) in targets.items():
        may, failed = await _explained(town, who, f"verb={act}")
        answer = await town.api.ask(who, method, path, body)
        assert may == (answer.status_code not in (403, 404)), (act, failed, answer.text)
        assert may == (act in _EVERYBODY)
        assert ("network" in failed) == (not may)


async def test_an_unconfirmed_address_is_a_reason(town: Town, owner: Owner) -> None:
    who = await town.organisation.person("admin", name="who")
    await owner.execute(_UNCONFIRMED, who.id)
    _, forbidden = await _sweep(town, who, town.boss, f"user_id={who.id}")
    assert forbidden["address"] == {"invite"}


async def test_who_left_may_do_nothing(town: Town) -> None:
    who = await town.organisation.person("admin", name="who")
    await town.api.data(town.boss, "PATCH", f"members/{who.id}", {"active": False})
    allowed, forbidden = await _sweep(town, who, town.boss, f"user_id={who.id}")
    assert not allowed
    assert forbidden == {"member": set(ACTS)}


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ("admin", ("admin", "lead:read")),
        ("admin", ("lead:read", "lead:write")),
        ("member", ("lead:read",)),
    ],
)
async def test_what_a_service_account_may_is_explained_by_its_key(
    town: Town, role: str, scopes: tuple[str, ...]
) -> None:
    account = await service(town.api, town.boss, role)
    program = await made(town.api, town.boss, *scopes, user_id=account)
    allowed, forbidden = await _sweep(town, program, town.boss, f"key_id={program.id}")
    assert allowed == (_BY_KEY - _EVERYBODY if "admin" in scopes else set())
    assert forbidden["scope"] >= set(ACTS) - _BY_KEY
    # The key itself is told the same.
    for act in ("invite", "change_policy", "create_api_keys"):
        assert (await _explained(town, program, f"verb={act}"))[0] == (act in allowed)


async def test_a_key_of_a_person_administers_nothing(town: Town) -> None:
    who = await town.organisation.person("admin", name="who")
    program = await made(town.api, who, "*:read", "*:write")
    allowed, forbidden = await _sweep(town, program, who, f"key_id={program.id}")
    assert not allowed
    assert forbidden["scope"] == set(ACTS)


async def test_a_key_that_is_over_is_a_reason(town: Town, owner: Owner) -> None:
    account = await service(town.api, town.boss, "manager")
    ended = "UPDATE tenfold.api_keys SET expires_at = now() - interval '1 hour' WHERE id = $1"
    for way, says in (("revoked", "was revoked at"), ("expired", "expired at")):
        program = await made(town.api, town.boss, "lead:read", user_id=account)
        query = f"key_id={program.id}&verb=read&type=lead"
        assert (await _explained(town, town.boss, query))[0]
        if way == "revoked":
            await town.api.data(town.boss, "DELETE", f"api-keys/{program.id}")
        else:
            await owner.execute(ended, program.id)
        may, failed = await _explained(town, town.boss, query)
        assert not may
        assert says in failed["key"]
        signs: Any = program
        assert (await town.api.ask(signs, "GET", "leads")).status_code == 401


async def test_keys_of_others_are_explained_to_administrators_alone(
    town: Town, stranger: Organisation
) -> None:
    who = await town.organisation.person("member", ["agent"], name="who")
    program = await made(town.api, who, "lead:read")
    own: Any = program
    asked = f"access/explain?verb=read&type=lead&key_id={program.id}"
    told = await town.api.data(own, "GET", "access/explain?verb=read&type=lead")
    assert (told["key_id"], told["allowed"]) == (str(program.id), True)
    for asker, status in (
        (await stranger.person("owner"), 404),
        (await town.organisation.person("manager"), 404),
        (who, 200),
        (await town.organisation.person("admin"), 200),
    ):
        assert (await town.api.ask(asker, "GET", asked)).status_code == status, asker.role
    # A key is told of itself alone.
    second: Any = await made(town.api, who, "lead:read")
    assert (await town.api.ask(second, "GET", asked)).status_code == 404
    other = await town.organisation.person("member", name="other")
    status, _, fields = await town.api.refused(town.boss, "GET", f"{asked}&user_id={other.id}")
    assert (status, set(fields)) == (400, {"key_id"})


@pytest.mark.parametrize("name", ["type=lead", "field=budget", f"record_id={NIL}"])
async def test_an_act_is_done_with_no_records(town: Town, name: str) -> None:
    status, _, fields = await town.api.refused(
        town.boss, "GET", f"access/explain?verb=invite&{name}"
    )
    assert (status, set(fields)) == (400, {name.partition("=")[0]})
