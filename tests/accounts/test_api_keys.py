"""API keys: made by whom has proved who they are, confined, expiring, rotated, revoked at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import Program, made, program, service
from tests.accounts.letters import written
from tests.accounts.test_sign_in import events
from tests.conftest import Running, Serve
from tests.factories import Organisation, Owner, Somebody

from tenfold.accounts.identity import api_keys
from tenfold.accounts.identity.api_keys import SHAPE, new_key, well_formed
from tenfold.accounts.identity.secrets_kept import digest
from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
_STALE = "UPDATE tenfold.sessions SET sure_at = now() - interval '11 minutes' WHERE id = $1"
_BUMP = "SELECT tenfold.bump_members(ARRAY[$1::uuid])"


@pytest.fixture(scope="session")
async def second(serve: Serve, settings: Settings, anyio_backend: str) -> AsyncIterator[Running]:
    """Another process of the same installation."""
    async with serve(settings) as running:
        yield running


async def status(client: httpx.AsyncClient, who: Program, path: str = "leads") -> int:
    """How a GET by a key is answered."""
    return (await client.get(f"/v1/{path}", headers=who.headers)).status_code


# -- what a key is


def test_a_key_is_recognised_by_its_form_and_checksum() -> None:
    key, prefix = new_key()
    assert SHAPE.fullmatch(key)
    assert key.startswith(f"{prefix}_")
    assert well_formed(key)
    assert not well_formed(key[:-1])
    other = "B" if key[20] == "A" else "A"
    assert not well_formed(key[:20] + other + key[21:])
    assert len({new_key()[0] for _ in range(100)}) == 100


async def test_a_key_acts_as_its_owner_and_is_shown_once(
    api: Api, admin: Somebody, owner: Owner
) -> None:
    body = {"name": "  Web   form ", "scopes": ["lead:write", "lead:read", "lead:read"]}
    answer = await api.ask(admin, "POST", "api-keys", body)
    key = answer.json()["data"]
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert (key["name"], key["scopes"]) == ("Web form", ["lead:read", "lead:write"])
    assert key["user_id"] == key["created_by"] == str(admin.id)
    assert key["key"].startswith(f"{key['prefix']}_")
    life = datetime.fromisoformat(key["expires_at"]) - datetime.fromisoformat(key["created_at"])
    assert life == timedelta(days=90)
    lead = await api.lead(program(key, admin))
    row = await owner.fetchrow("SELECT created_by, owner_id FROM tenfold.leads WHERE id = $1", lead)
    assert set(row) == {admin.id}
    listed = await api.data(admin, "GET", "api-keys")
    assert [one["id"] for one in listed] == [key["id"]]
    assert "key" not in listed[0]
    stored = await owner.fetchrow("SELECT * FROM tenfold.api_keys WHERE id = $1", key["id"])
    assert stored["key_hash"] == digest(key["key"])
    assert key["key"] not in str(dict(stored))
    assert await events(owner, str(admin.id)) == ["api_key_created"]


async def test_its_owner_is_written_to(api: Api, app: Running, admin: Somebody) -> None:
    await made(api, admin, "lead:read")
    assert [kept.letter.kind for kept in await written(app, admin.email)] == ["api_key_made"]


async def test_a_key_tells_of_itself(api: Api, admin: Somebody) -> None:
    key = await made(api, admin, "lead:read", name="Mirror")
    told = await api.data(key, "GET", "api-keys/current")
    assert (told["id"], told["name"], told["scopes"]) == (str(key.id), "Mirror", ["lead:read"])
    assert (await api.refused(admin, "GET", "api-keys/current"))[:2] == (403, "FORBIDDEN")


async def test_an_idempotency_key_keeps_no_secret(api: Api, admin: Somebody, owner: Owner) -> None:
    body = {"name": "Twice", "scopes": ["lead:read"]}
    several = [
        await api.ask(admin, "POST", "api-keys", body, idempotency_key="k" * 20) for _ in range(2)
    ]
    keys = {one.json()["data"]["key"] for one in several}
    assert len(keys) == 2
    count = "SELECT count(*) FROM tenfold.idempotency_keys WHERE tenant_id = $1"
    assert await owner.fetchval(count, admin.tenant) == 0


@pytest.mark.parametrize(
    ("scopes", "wrong"),
    [
        (["lead:read", "leads:read"], "'leads:read'"),
        (["lead:delete"], "'lead:delete'"),
        (["*"], "'*'"),
        (["lead:read:write"], "'lead:read:write'"),
        (["custom_vehicles:read"], "'custom_vehicles:read'"),
        (["admin"], "admin and scim are for service accounts"),
        (["scim"], "admin and scim are for service accounts"),
    ],
)
async def test_scopes_that_are_none_are_named(
    api: Api, admin: Somebody, scopes: list[str], wrong: str
) -> None:
    body = {"name": "x", "scopes": scopes}
    code, name, fields = await api.refused(admin, "POST", "api-keys", body)
    assert (code, name) == (400, "INVALID_FIELDS")
    assert wrong in fields["scopes"]


@pytest.mark.parametrize(
    "body", [{"expires_in_days": 366}, {"expires_in_days": 0}, {"name": " "}, {"scopes": []}]
)
async def test_no_key_is_endless_nameless_or_for_nothing(
    api: Api, admin: Somebody, body: dict[str, Any]
) -> None:
    whole = {"name": "x", "scopes": ["lead:read"], **body}
    code, name, fields = await api.refused(admin, "POST", "api-keys", whole)
    assert (code, name, set(fields)) == (400, "INVALID_FIELDS", set(body))


async def test_fifty_keys_are_enough(api: Api, admin: Somebody) -> None:
    for _ in range(50):
        last = await made(api, admin, "lead:read")
    body = {"name": "x", "scopes": ["lead:read"]}
    assert (await api.refused(admin, "POST", "api-keys", body))[:2] == (409, "TOO_MANY")
    await api.data(admin, "DELETE", f"api-keys/{last.id}")
    await made(api, admin, "lead:read")


# -- who may make one


async def test_making_and_rotating_need_a_fresh_proof(
    api: Api, admin: Somebody, owner: Owner
) -> None:
    key = await made(api, admin, "lead:read")
    await owner.execute(_STALE, admin.session)
    await owner.execute(_BUMP, admin.tenant)
    body = {"name": "x", "scopes": ["lead:read"]}
    for path, sent in (("api-keys", body), (f"api-keys/{key.id}/rotate", {})):
        assert (await api.refused(admin, "POST", path, sent))[:2] == (403, "STEP_UP_REQUIRED")
    await api.data(admin, "DELETE", f"api-keys/{key.id}")


async def test_a_key_makes_rotates_and_lists_no_keys(api: Api, admin: Somebody) -> None:
    account = await service(api, admin, "admin")
    for key in (
        await made(api, admin, "*:read", "*:write"),
        await made(api, admin, "admin", user_id=account),
    ):
        for method, path, body in (
            ("GET", "api-keys", None),
            ("GET", "api-keys?all=true", None),
            ("POST", "api-keys", {"name": "x", "scopes": ["lead:read"]}),
            ("POST", f"api-keys/{key.id}/rotate", {}),
            ("DELETE", f"api-keys/{key.id}", None),
            ("POST", "service-accounts", {"name": "x", "role": "admin"}),
            ("PATCH", f"service-accounts/{account}", {"role": "manager"}),
        ):
            answer = await api.refused(key, method, path, body)
            assert answer[:2] == (403, "FORBIDDEN"), (method, path)


async def test_people_see_and_change_their_own_keys_only(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    ann, bob = await organisation.person(name="Ann"), await organisation.person(name="Bob")
    key = await made(api, ann, "lead:read")
    assert await api.data(bob, "GET", "api-keys") == []
    for path in ("api-keys?all=true", f"api-keys?user_id={ann.id}"):
        assert (await api.refused(bob, "GET", path))[:2] == (403, "FORBIDDEN")
    for method, path, body in (
        ("DELETE", f"api-keys/{key.id}", None),
        ("DELETE", f"api-keys/{new_id()}", None),
    ):
        assert (await api.refused(bob, method, path, body))[:2] == (404, "NOT_FOUND")
    everybody = await api.data(admin, "GET", "api-keys?all=true")
    assert [one["id"] for one in everybody] == [str(key.id)]
    body = {"name": "x", "scopes": ["lead:read"], "user_id": str(ann.id)}
    assert (await api.refused(admin, "POST", "api-keys", body))[0] == 400
    assert (await api.refused(admin, "POST", f"api-keys/{key.id}/rotate", {}))[0] == 404
    gone = await api.data(admin, "DELETE", f"api-keys/{key.id}")
    assert gone["revoked_at"]


async def test_keys_of_another_organisation_are_not_there(
    api: Api, admin: Somebody, stranger: Organisation
) -> None:
    key = await made(api, admin, "lead:read")
    other = await stranger.person("owner")
    assert (await api.refused(other, "DELETE", f"api-keys/{key.id}"))[0] == 404
    assert (await api.refused(other, "POST", f"api-keys/{key.id}/rotate", {}))[0] == 404
    account = await service(api, admin)
    body = {"name": "x", "scopes": ["lead:read"], "user_id": account}
    assert (await api.refused(other, "POST", "api-keys", body))[2] == {
        "user_id": "must be an active service account; people make their own keys"
    }


# -- until when it is good


async def test_a_key_ends_in_its_time(
    api: Api, admin: Somebody, later: Callable[[timedelta], None]
) -> None:
    key = await made(api, admin, "lead:read", expires_in_days=2)
    later(timedelta(days=1, hours=23))
    await api.data(key, "GET", "leads")
    later(timedelta(hours=2))
    assert (await api.refused(key, "GET", "leads"))[:2] == (401, "INVALID_TOKEN")


async def test_a_revoked_key_is_refused_at_once_in_every_process(
    api: Api, admin: Somebody, second: Running
) -> None:
    key = await made(api, admin, "lead:read")
    for client in (api.client, second.client, second.client):
        assert await status(client, key) == 200
    await api.data(admin, "DELETE", f"api-keys/{key.id}")
    for client in (second.client, api.client):
        assert await status(client, key) == 401


async def test_a_rotated_key_is_good_for_a_while_beside_the_new_one(
    api: Api, admin: Somebody, owner: Owner, later: Callable[[timedelta], None]
) -> None:
    old = await made(api, admin, "lead:read")
    await api.data(old, "GET", "leads")
    answer = await api.data(admin, "POST", f"api-keys/{old.id}/rotate", {"overlap_hours": 1})
    new = program(answer, admin)
    assert answer["scopes"] == ["lead:read"]
    assert new.token != old.token
    for key in (old, new):
        await api.data(key, "GET", "leads")
    assert (await api.refused(admin, "POST", f"api-keys/{old.id}/rotate", {}))[:2] == (
        409,
        "KEY_OVER",
    )
    shown = {one["id"]: one for one in await api.data(admin, "GET", "api-keys")}
    assert shown[str(old.id)]["successor_id"] == str(new.id)
    later(timedelta(minutes=61))
    assert (await api.refused(old, "GET", "leads"))[0] == 401
    await api.data(new, "GET", "leads")
    assert await events(owner, str(admin.id)) == ["api_key_created", "api_key_rotated"]


async def test_without_overlap_the_old_key_ends_with_its_rotation(
    api: Api, admin: Somebody
) -> None:
    old = await made(api, admin, "lead:read")
    await api.data(admin, "POST", f"api-keys/{old.id}/rotate", {"overlap_hours": 0})
    assert (await api.refused(old, "GET", "leads"))[0] == 401
    assert (await api.refused(admin, "POST", f"api-keys/{old.id}/rotate", {}))[1] == "KEY_OVER"


async def test_a_key_dies_with_the_membership_and_does_not_come_back(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    leaver = await organisation.person("manager", name="leaver")
    key = await made(api, leaver, "lead:read")
    await api.data(key, "GET", "leads")
    for active in (False, True):
        await api.data(admin, "PATCH", f"members/{leaver.id}", {"active": active})
        assert (await api.refused(key, "GET", "leads"))[0] == 401


async def test_a_key_changes_with_its_owner(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    person = await organisation.person("manager", name="demoted")
    key = await made(api, person, "*:read", "*:write")
    await api.lead(key)
    await api.data(admin, "PATCH", f"members/{person.id}", {"role": "read-only"})
    await api.data(key, "GET", "leads")
    body = {"first_name": "A", "last_name": "B"}
    assert (await api.refused(key, "POST", "leads", body))[:2] == (403, "FORBIDDEN")


# -- what is sent instead of one


async def test_what_is_no_key_is_refused_alike(api: Api) -> None:
    key = new_key()[0]
    for token in ("tf_", "tf_short", key, key[:-1], "tf_é", f" {key}", "TF_abc", f"{key} x"):
        headers = {"authorization": f"Bearer {token}".encode()}
        answer = await api.client.get("/v1/leads", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "INVALID_TOKEN"), token
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_known_and_unknown_prefixes_are_answered_alike(api: Api, admin: Somebody) -> None:
    key = await made(api, admin, "lead:read")
    other = new_key()[0]
    fake = _checked(key.token[:12] + other[12:-6])
    answers = [
        await api.client.get("/v1/leads", headers={"authorization": f"Bearer {token}"})
        for token in (fake, other)
    ]
    assert {a.status_code for a in answers} == {401}
    assert answers[0].json() == answers[1].json()


async def test_a_key_opens_no_page(api: Api, admin: Somebody) -> None:
    key = await made(api, admin, "*:read")
    api.client.cookies.clear()  # of somebody who signed in before
    answer = await api.client.get("/leads", headers={**key.headers, "accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


# -- when it was used


async def test_its_last_use_is_written_down_once_a_minute(
    api: Api, app: Running, admin: Somebody, owner: Owner, later: Callable[[timedelta], None]
) -> None:
    key = await made(api, admin, "lead:read")

    async def used() -> tuple[datetime | None, str | None]:
        await app.desk.keys.write()
        query = "SELECT used_at, used_from FROM tenfold.api_keys WHERE id = $1"
        return tuple(await owner.fetchrow(query, key.id))  # pyright: ignore[reportReturnType]

    assert await used() == (None, None)
    await api.data(key, "GET", "leads")
    first, address = await used()
    assert first is not None
    assert address
    await api.data(key, "GET", "leads")
    assert (await used())[0] == first
    later(timedelta(seconds=61))
    await api.data(key, "GET", "leads")
    assert (await used())[0] != first
    shown = await api.data(admin, "GET", "api-keys")
    assert shown[0]["used_from"] == address


async def test_the_use_of_a_key_that_is_no_good_is_not_noted(
    api: Api, app: Running, admin: Somebody, owner: Owner
) -> None:
    key = await made(api, admin, "lead:read")
    await api.data(admin, "DELETE", f"api-keys/{key.id}")
    assert (await api.refused(key, "GET", "leads"))[0] == 401
    await app.desk.keys.write()
    query = "SELECT used_at FROM tenfold.api_keys WHERE id = $1"
    assert await owner.fetchval(query, key.id) is None


def _checked(text: str) -> str:
    """A key with the checksum that belongs to it."""
    return text + api_keys._checksum(text)
