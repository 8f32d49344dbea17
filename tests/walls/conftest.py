"""The published document, and people of two organisations who call by it."""

from __future__ import annotations

import os
import secrets
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.authenticator import Authenticator
from tests.conftest import MakeOrganisation
from tests.factories import Owner
from tests.served import served, start

from tenfold.kernel.ids import new_id
from tenfold.proofs.document import Document
from tenfold.proofs.isolation.caller import Caller
from tenfold.proofs.isolation.things import Maker, Things

__all__ = ["served", "start"]
WHOLE = "TENFOLD_TEST_WHOLE"
"""Set, every operation of every type is tried by everybody with every id (`make prove`)."""


def whole() -> bool:
    """Whether all is tried, and not each shape of a route once for each type."""
    return bool(os.environ.get(WHOLE))


@pytest.fixture(scope="session")
async def document(client: httpx.AsyncClient) -> Document:
    """The published document of the worker's application."""
    return Document((await client.get("/openapi.json")).raise_for_status().json())


async def _passkey(things: Things, _: str) -> str:
    who = things.who
    asked = (await who.made("passkeys_options"))["data"]
    made = Authenticator(origin="http://127.0.0.1:8000").create(asked["options"])
    body = {"token": asked["token"], "credential": made}
    risen = (await who.made("passkeys", body))["data"]
    who.headers["authorization"] = f"Bearer {risen['token']}"
    return (await who.made("read_factor"))["data"]["passkeys"][0]["id"]


_IDENTITY = """INSERT INTO tenfold.identities (id, user_id, issuer, subject, provider)
VALUES ($1, $2, 'https://idp.example.com', gen_random_uuid()::text, 'example')"""


@pytest.fixture
def more(owner: Owner) -> dict[str, Maker]:
    """What a command can't make without a browser or a provider."""

    async def identity(things: Things, _: str) -> str:
        user = UUID((await things.who.made("read_me"))["data"]["user"]["id"])
        made = new_id()
        await owner.execute(_IDENTITY, made, user)
        return str(made)

    return {
        "/v1/auth/passkeys/{passkey_id}": _passkey,
        "/v1/auth/identities/{identity_id}": identity,
    }


@pytest.fixture
async def sides(
    document: Document,
    client: httpx.AsyncClient,
    make_organisation: MakeOrganisation,
    more: dict[str, Maker],
) -> tuple[Things, Things]:
    """What two owners have, each in an organisation of their own."""
    made: list[Things] = []
    for name in ("Ours", "Theirs"):
        word = f"{name.lower()}{secrets.token_hex(6)}"
        organisation = await make_organisation(f"{word} organisation")
        person = await organisation.person("owner")
        caller = Caller(document, client, person.headers, word)
        made.append(Things(caller, str(organisation.id), more))
    ours, theirs = made
    ours.who.forbidden.add(theirs.who.examples.word)
    return ours, theirs


def some(one: Any, found: Any) -> Any:
    """One place of ids of an operation, another for each; all of them where all is tried."""
    if whole() or not found:
        return found
    return [found[sum(one.name.encode()) % len(found)]]
