"""Each way in which a wall can be open, played by a server of a few lines: it must be told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from tests.conftest import MakeOrganisation, Running
from tests.walls.matrix import Matrix
from tests.walls.people import People

from tenfold.accounts.organisation import administrator
from tenfold.proofs.document import Document
from tenfold.proofs.findings import Findings
from tenfold.proofs.isolation.caller import Caller
from tenfold.proofs.isolation.things import Maker, Things, Unknown
from tenfold.proofs.isolation.wall import Wall
from tenfold.web.api import administration

pytestmark = pytest.mark.anyio
_THEIRS = "11111111-1111-4111-8111-111111111111"
_ID = {"type": "string", "format": "uuid"}
_BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Vault"}}}}
_BY_ID = [{"name": "record_id", "in": "path", "required": True, "schema": _ID}]
_ASKED = [
    {"name": "owner_id", "in": "query", "schema": _ID},
    {"name": "q", "in": "query", "schema": {"type": "string"}},
]
_DOCUMENT = Document(
    {
        "paths": {
            "/v1/vaults": {
                "get": {"operationId": "list_vaults", "parameters": _ASKED},
                "post": {"operationId": "create_vault", "requestBody": _BODY},
            },
            "/v1/vaults/{record_id}": {
                "get": {"operationId": "read_vault", "parameters": _BY_ID},
            },
        },
        "components": {"schemas": {"Vault": {"type": "object", "properties": {"owner_id": _ID}}}},
    }
)
Answer = tuple[int, Mapping[str, Any]]
Play = Callable[[httpx.Request], Answer | None]


async def _tried(play: Play) -> Findings:
    """The wall of a server that hides everything, but for what is played."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = play(request) if request.headers["who"] == "ours" else (200, {"data": {}})
        status, body = found or _hidden(request)
        return httpx.Response(status, json=body)

    async def theirs(_things: Things, _place: str) -> str:
        return _THEIRS

    makers = {"/v1/vaults/{record_id}": theirs, "/v1/members/{user_id}": theirs}
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url="http://tenfold.test"
    ) as http:
        sides = [
            Things(Caller(_DOCUMENT, http, {"who": name}, f"{name}word"), "", makers)
            for name in ("ours", "theirs")
        ]
        sides[0].who.forbidden.add("theirsword")
        wall = Wall(*sides)
        for one in _DOCUMENT.operations:
            await wall.try_operation(one)
    return wall.findings


def _hidden(request: httpx.Request) -> Answer:
    """What a good server says."""
    if request.method == "POST":
        body = json.loads(request.content)
        return 400, {"error": {"message": f"{body['owner_id']} is nobody"}}
    if request.url.path == "/v1/vaults":
        return 200, {"data": []}
    return 404, {"error": {"message": f"there is no {request.url.path}"}}


def _shows(request: httpx.Request) -> Answer | None:
    return (200, {"data": {}}) if _THEIRS in request.url.path else None


def _shows_everything(request: httpx.Request) -> Answer | None:
    return (200, {"data": {}}) if request.url.path != "/v1/vaults" else None


def _forbids(request: httpx.Request) -> Answer | None:
    return (403, {"data": {}}) if _THEIRS in request.url.path else None


def _says_otherwise(request: httpx.Request) -> Answer | None:
    found = {"error": {"message": "it is not yours"}}
    return (404, found) if _THEIRS in request.url.path else None


def _takes(request: httpx.Request) -> Answer | None:
    return (201, {"data": {"id": 1}}) if request.method == "POST" else None


def _tells_who_is_there(request: httpx.Request) -> Answer | None:
    known = request.method == "POST" and _THEIRS.encode() in request.content
    return (400, {"error": {"message": "belongs to others"}}) if known else None


def _finds_by_id(request: httpx.Request) -> Answer | None:
    return (200, {"data": [{}]}) if request.url.params.get("owner_id") == _THEIRS else None


def _finds_by_word(request: httpx.Request) -> Answer | None:
    return (200, {"data": [{}]}) if request.url.params.get("q") == "theirsword" else None


def _leaks(request: httpx.Request) -> Answer | None:
    return (200, {"data": [], "hint": "theirsword"}) if request.url.path == "/v1/vaults" else None


@pytest.mark.parametrize(
    ("play", "saying"),
    [
        (_shows, "answers 200 to the record_id of another"),
        (_shows_everything, "answers 200 to the record_id of another"),
        (_forbids, "tells the record_id of another"),
        (_says_otherwise, "tells the record_id of another"),
        (_takes, "takes another's id as owner_id"),
        (_tells_who_is_there, "tells another's id as owner_id"),
        (_finds_by_id, "tells another's as owner_id"),
        (_finds_by_word, "tells another's as q"),
        (_leaks, "answers 200 with 'theirsword'"),
    ],
)
async def test_a_wall_that_is_open_is_told(play: Play, saying: str) -> None:
    assert saying in "\n".join((await _tried(play)).open)


async def test_a_wall_that_is_closed_is_fine() -> None:
    found = await _tried(lambda _: None)
    assert (found.open, found.untried) == ([], [])
    assert found.tried == {
        "ids in addresses": 1,
        "ids in bodies": 1,
        "ids and words in questions": 2,
    }


async def test_what_nobody_can_make_is_told(sides: tuple[Things, Things]) -> None:
    with pytest.raises(Unknown, match=r"\{vault_id\} names: add a line to MAKERS"):
        await sides[0].at("/v1/vaults/{vault_id}")


async def test_a_right_that_was_never_granted_is_told(
    document: Document,
    free: Running,
    make_organisation: MakeOrganisation,
    more: dict[str, Maker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = People(document, free.client, await make_organisation(), {}, more)
    matrix = Matrix(people)
    operation = document.named("create_team")
    await matrix.try_operation(operation, ["owner", "manager"])
    assert matrix.wrong == []
    for place in (administrator, administration):
        monkeypatch.setattr(place, "need_administrator", lambda *_: None)
    await matrix.try_operation(operation, ["manager"])
    assert "POST /v1/teams as manager: in instead of 403" in matrix.wrong[0]
