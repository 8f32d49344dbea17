"""The world that the contract is tried in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from tests.conformance.world import World, world
from tests.conftest import Running, Serve
from tests.factories import Owner
from tests.server import Base

from tenfold.kernel.settings import Settings


@pytest.fixture
async def place(app: Running, base: Base, owner: Owner) -> World:
    """Two new organisations."""
    return await world(app, base, owner)


@pytest.fixture(scope="session")
async def elsewhere(
    serve: Serve, settings: Settings, anyio_backend: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Another process of the same installation."""
    async with serve(settings) as running:
        yield running.client


@pytest.fixture
async def strict(serve: Serve, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A process that allows each person three requests a minute."""
    async with serve(msgspec.structs.replace(settings, rate_per_minute=3)) as running:
        yield running.client
