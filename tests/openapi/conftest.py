"""The application as a server of its own, and somebody who may all."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests import factories
from tests.openapi.stranger import Published
from tests.served import Served, Start, served, start

__all__ = ["Served", "Start", "served", "start"]


@pytest.fixture
async def insider(owner: factories.Owner, served: Served) -> factories.Somebody:
    """The owner of a new organisation, signed in at the served application."""
    made = await factories.organisation(owner, served.tokens, "Served")
    return await made.person("owner")


@pytest.fixture(scope="session")
async def document_text(client: httpx.AsyncClient) -> bytes:
    """The published document of the worker's application, as it is sent."""
    answer = await client.get("/openapi.json")
    return answer.raise_for_status().content


@pytest.fixture
def document(document_text: bytes) -> dict[str, Any]:
    """The same, read anew for each test, so that nobody writes into what another reads."""
    return json.loads(document_text)


@pytest.fixture(scope="session")
def published(document_text: bytes) -> Published:
    """The same, with what checks answers against it."""
    return Published(json.loads(document_text))
