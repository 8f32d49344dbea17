"""Every address of the document is tried with what belongs to another organisation: 404 on each.

The addresses come from the document; one whose part in braces has no row below fails the test.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.authenticator import Authenticator
from tests.conftest import MakeOrganisation
from tests.openapi.stranger import Published, Stranger

pytestmark = pytest.mark.anyio
OWN_TYPE = "vehicles"


_SHARE = "/shares/{grantee_id}"


class Theirs:
    """What another organisation has, by the beginning of its address; made when asked for."""

    def __init__(self, who: Stranger) -> None:
        self.who = who
        self._made: dict[str, str] = {}

    async def of(self, place: str) -> str:
        """The value of the last part of an address, like `/v1/leads/{record_id}`."""
        if place not in self._made:
            if place.endswith(_SHARE):
                self._made[place] = await self._shared(place.removesuffix(_SHARE))
                return self._made[place]
            make = _ROWS.get(place)
            if make is None and place.endswith("/{record_id}"):
                make = _record
            assert make is not None, f"{place} has no row here; say how to make what it names"
            self._made[place] = await make(self.who, place)
        return self._made[place]

    async def _shared(self, place: str) -> str:
        """The id of a team that a record of theirs is shared with."""
        team, by_id = await self.of("/v1/teams/{team_id}"), {"record_id": await self.of(place)}
        if place.startswith("/v1/custom/{type}"):
            by_id["type"] = await self.of("/v1/custom/{type}")
        name = self.who.named("post", f"{place}/shares")
        await self.who.call(name, {"team_id": team}, status=201, **by_id)
        return team


async def _record(who: Stranger, place: str) -> str:
    name = who.named("post", place.removesuffix("/{record_id}"))
    made = await who.call(name, await who.made(name, only_required=True), status=201)
    return made["data"]["id"]


async def _own_type(who: Stranger, _: str) -> str:
    await who.call("create_type", {"name": OWN_TYPE}, status=201)
    return OWN_TYPE


async def _own_record(who: Stranger, _: str) -> str:
    made = await who.call("create_custom_record", {"name": "A car"}, status=201, type=OWN_TYPE)
    return made["data"]["id"]


async def _import(who: Stranger, _: str) -> str:
    body = {"type": "contacts", "filename": "a.csv", "content": "first_name,last_name\na,b\n"}
    return (await who.call("create_import", body, status=202))["data"]["id"]


async def _batch(who: Stranger, _: str) -> str:
    made = await who.call("bulk_create_tags", {"records": [{"name": f"tag {uuid4()}"}]}, status=201)
    return made["meta"]["batch_id"]


async def _member(who: Stranger, _: str) -> str:
    return (await who.call("list_members"))["data"][0]["id"]


async def _team(who: Stranger, _: str) -> str:
    return (await who.call("create_team", {"name": "Theirs"}, status=201))["data"]["id"]


async def _role(who: Stranger, _: str) -> str:
    await who.call("create_role", {"name": "theirs", "grants": {}}, status=201)
    return "theirs"


async def _field(who: Stranger, _: str) -> str:
    body = {"type": "lead", "name": "theirs", "kind": "text"}
    return (await who.call("create_custom_field", body, status=201))["data"]["id"]


async def _session(who: Stranger, _: str) -> str:
    return (await who.call("list_sessions"))["data"][0]["id"]


async def _passkey(who: Stranger, _: str) -> str:
    asked = (await who.call("passkeys_options"))["data"]
    made = Authenticator(origin="http://127.0.0.1:8000").create(asked["options"])
    body = {"token": asked["token"], "credential": made}
    risen = (await who.call("passkeys", body, status=201))["data"]
    who.headers["authorization"] = f"Bearer {risen['token']}"
    return (await who.call("read_factor"))["data"]["passkeys"][0]["id"]


_ROWS = {
    "/v1/auth/sessions/{session_id}": _session,
    "/v1/auth/passkeys/{passkey_id}": _passkey,
    "/v1/custom/{type}": _own_type,
    "/v1/custom/{type}/{record_id}": _own_record,
    "/v1/types/{name}": _own_type,
    "/v1/imports/{import_id}": _import,
    "/v1/batches/{batch_id}": _batch,
    "/v1/members/{user_id}": _member,
    "/v1/teams/{team_id}": _team,
    "/v1/roles/{name}": _role,
    "/v1/custom-fields/{field_id}": _field,
}


async def _asked(theirs: Theirs, name: str, path: str) -> tuple[dict[str, Any], Any]:
    """The parameters and the body with which an operation asks for what is theirs."""
    parameters: dict[str, Any] = {"q": "x"} if path.endswith("/search") else {}
    for found in re.finditer(r"\{(\w+)\}", path):
        if path[: found.end()] == "/v1/types/{name}":
            parameters["name"] = await theirs.of("/v1/custom/{type}")
        else:
            parameters[found[1]] = await theirs.of(path[: found.end()])
    return parameters, await _body(theirs, name, path, parameters)


async def _body(theirs: Theirs, name: str, path: str, parameters: dict[str, Any]) -> Any:
    if not theirs.who.takes_body(name):
        return None
    last = path.rpartition("/")[2]
    row = {"name": "x", "external_id": "x"}
    if last == "batch-read":
        return {"ids": [str(uuid4())]}
    if last == "bulk":
        given = row if name.startswith("bulk_create") else {"id": str(uuid4())}
        return {"records": [given]}
    if last == "upsert":
        return {"key": "external_id", "records": [row]}
    if last == "shares":
        return {"user_id": str(uuid4())}
    if last == "hand-over":
        return {"to": str(uuid4())}
    if last in ("moves", "reveals"):
        return await theirs.who.made(name, only_required=True)
    if name == "change_role":
        return {"grants": {}}
    if name.startswith(("add_", "remove_")):
        return {"ids": []}
    return row if "record_id" not in parameters and last == "{type}" else {}


@pytest.fixture
async def theirs(
    published: Published, client: httpx.AsyncClient, make_organisation: MakeOrganisation
) -> Theirs:
    """What somebody of another organisation makes."""
    person = await (await make_organisation("Theirs")).person("owner")
    return Theirs(Stranger(published, client, person.headers))


@pytest.fixture
async def outsider(
    published: Published, client: httpx.AsyncClient, make_organisation: MakeOrganisation
) -> Stranger:
    """Who may do everything, elsewhere."""
    person = await (await make_organisation("Ours")).person("owner")
    return Stranger(published, client, person.headers)


async def test_what_is_another_organisations_is_not_found_anywhere(
    theirs: Theirs, outsider: Stranger
) -> None:
    tried = 0
    for name, path in outsider.addresses():
        if "{" not in path:
            continue
        parameters, body = await _asked(theirs, name, path)
        refused = await outsider.call(name, body, status=404, **parameters)
        assert refused["error"]["code"] == "NOT_FOUND", name
        tried += 1
    assert tried > 200
    # With a type of the same name of their own, the other's records are still not theirs.
    await outsider.call("create_type", {"name": OWN_TYPE}, status=201)
    for name, path in outsider.addresses():
        if path.startswith("/v1/custom/{type}/{record_id}"):
            parameters, body = await _asked(theirs, name, path)
            await outsider.call(name, body, status=404, **parameters)


async def test_an_address_without_a_row_is_seen(theirs: Theirs) -> None:
    with pytest.raises(AssertionError, match="has no row here"):
        await theirs.of("/v1/vaults/{vault_id}")
