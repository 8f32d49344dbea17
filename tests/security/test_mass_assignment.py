"""What nobody may set is refused in every body that makes or changes something."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.conftest import MakeOrganisation

from tenfold.proofs.document import Document, Operation
from tenfold.proofs.isolation.caller import Caller, Unanswered
from tenfold.proofs.isolation.things import Things, Unknown, pipeline

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
# Of tables that records and people have, none of which a body may name.
NEVER: dict[str, Any] = {
    "tenant_id": str(uuid4()),
    "tenantId": str(uuid4()),
    "is_admin": True,
    "isAdmin": True,
    "password_hash": "x",
    "search": "x",
    "deleted_at": None,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
    "created_by": str(uuid4()),
    "__proto__": {"admin": True},
    "kind_of_user": "service",
}
# Bodies of many, and those whose rows are named by the caller, hold such names one level below.
_INSIDE = "records"
# What would be done here ends the session.
_ENDS = ("/v1/auth/", "/v1/organization/ownership")
_MAKES = frozenset({"POST", "PUT", "PATCH"})


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Document:
    """The published document."""
    return Document((await client.get("/openapi.json")).json())


@pytest.fixture
async def things(
    document: Document, client: httpx.AsyncClient, make_organisation: MakeOrganisation
) -> Things:
    """What an owner has."""
    organisation = await make_organisation()
    person = await organisation.person("owner")

    async def nobodys(_things: Things, _place: str) -> str:
        return str(uuid4())

    more = dict.fromkeys(
        (
            "/v1/auth/passkeys/{passkey_id}",
            "/v1/auth/identities/{identity_id}",
            "/v1/auth/oidc/{provider}",
        ),
        nobodys,
    )
    more["/v1/pipelines/{type}"] = pipeline
    return Things(Caller(document, client, person.headers), str(organisation.id), more)


def _given(body: Any, names: dict[str, Any]) -> Any:
    if isinstance(body, dict) and isinstance(body.get(_INSIDE), list):
        return {**body, _INSIDE: [{**body[_INSIDE][0], **names}]}
    return {**body, **names}


async def test_what_nobody_may_set_is_refused(document: Document, things: Things) -> None:
    wrong: list[str] = []
    tried = 0
    for one in document.operations:
        if one.method not in _MAKES or document.body(one) is None or not one.signed:
            continue
        wrong += await _tried(one, things)
        tried += 1
    assert wrong == [], "\n".join(wrong)
    assert tried > 150


async def _tried(one: Operation, things: Things) -> list[str]:
    try:
        given, body = await things.parameters(one), await things.body(one)
    except (Unknown, Unanswered) as error:
        return [f"{one.title}: {error}"]
    properties = _properties(things.who.document, one)
    names = {name: value for name, value in NEVER.items() if name not in properties}
    answer = await things.who.ask(one, given, _given(body, names))
    if answer.status == 404:  # of what only a browser makes
        return [] if "{" in one.path else [f"{one.title}: {answer.text[:200]}"]
    if answer.status != 400:
        return [f"{one.title} takes what nobody may set: {answer.status} {answer.text[:200]}"]
    if one.path.startswith(_ENDS):
        return []
    without = await things.who.ask(one, given, body)
    if without.text == answer.text:
        return [f"{one.title} refuses something else: {answer.text[:300]}"]
    return []


def _properties(document: Document, one: Operation) -> set[str]:
    schema = document.body(one) or {}
    rows = schema.get("properties", {}).get(_INSIDE, {})
    inner = document.resolved(rows.get("items", {})) if rows else schema
    return set(inner.get("properties", {}))


async def test_computed_and_kept_fields_are_refused(document: Document, things: Things) -> None:
    """Every field of a record that can only be read, in the bodies that make and change one."""
    wrong: list[str] = []
    for one in document.operations:
        if not one.path.startswith("/v1/") or one.path.count("/") != 2 or one.method != "POST":
            continue
        read = document.at(f"GET {one.path}/{{record_id}}")
        if read is None:
            continue
        record = await things.record(f"{one.path}/{{record_id}}", {})
        shown = (await things.who.made(read.name, record_id=record))["data"]
        settable = _properties(document, one)
        kept = {name: value for name, value in shown.items() if name not in settable}
        assert {"id", "version", "created_at"} <= set(kept), one.title
        change = document.named(f"change_{read.name.removeprefix('read_')}")
        for name, value in kept.items():
            for asked, given in ((one, {}), (change, {"record_id": record})):
                body = {**(await things.body(one) if asked is one else {}), name: value}
                answer = await things.who.ask(asked, given, body)
                if answer.status != 400 or name not in answer.text:
                    wrong.append(f"{asked.title} {name}: {answer.status} {answer.text[:120]}")
    assert wrong == [], "\n".join(wrong)
