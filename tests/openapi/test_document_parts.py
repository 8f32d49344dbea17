"""The document part by part, as /docs shows it: nothing is missing, nothing is too much."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.openapi import kinds

from tenfold.engine.project.openapi import document as made
from tenfold.web.api.document_parts import cut, parts

pytestmark = pytest.mark.anyio
METHODS = {"get", "post", "patch", "put", "delete"}


def operations(document: dict[str, Any]) -> dict[str, Any]:
    return {
        one["operationId"]: one
        for item in document["paths"].values()
        for method, one in item.items()
        if method in METHODS
    }


async def test_each_operation_is_in_one_part_as_it_is_in_the_whole(
    document: dict[str, Any],
) -> None:
    found: dict[str, Any] = {}
    for part in parts(document):
        own = operations(cut(document, part))
        assert own, part
        assert not own.keys() & found.keys(), part
        found |= own
    assert found == operations(document)


async def test_a_part_is_small_enough_to_be_shown_at_once(document: dict[str, Any]) -> None:
    """A viewer lays open what is embedded, and what that embeds: here it is only named."""
    for part in parts(document):
        schemas = cut(document, part)["components"]["schemas"]
        assert len(schemas) < 80, part
    listings = next(part for part in parts(document) if part.name == "Listings")
    embedded = cut(document, listings)["components"]["schemas"]["Listing"]["properties"]["agent"]
    assert embedded == {
        "type": ["object", "null"],
        "readOnly": True,
        "x-embed": "agent",
        "description": "With `embed=agent`.",
    }


def test_a_part_is_a_valid_document_of_its_own() -> None:
    whole = made(kinds.registry(), "http://tenfold.test")
    for part in parts(whole):
        own = cut(whole, part)
        assert [str(error) for error in OpenAPIV31SpecValidator(own).iter_errors()] == []
    makers = cut(whole, parts(whole)[0])
    names = {name.partition("_")[0] for name in makers["components"]["parameters"]}
    assert "Maker" in names
    assert "Gadget" not in names


async def test_the_contents_lead_to_every_part(
    client: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    page = (await client.get("/docs")).text
    for part in parts(document):
        assert f'<a href="/docs/{part.address}">{part.name}</a>' in page
    assert re.findall("<h2>(.*)</h2>", page) == [
        "Relationships",
        "Real estate",
        "Career services",
        "Drops",
        "For every type",
    ]


async def test_a_part_is_served_compressed_and_with_an_etag(
    client: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    page = await client.get("/docs/buyer-agreements")
    assert page.status_code == 200
    assert "<title>Buyer agreements · Tenfold API</title>" in page.text
    first = await client.get("/docs/buyer-agreements.json", headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    part = next(part for part in parts(document) if part.address == "buyer-agreements")
    assert first.json() == cut(document, part)
    again = await client.get(
        "/docs/buyer-agreements.json", headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/docs/nothing")).status_code == 404
    assert (await client.get("/docs/nothing.json")).status_code == 404
