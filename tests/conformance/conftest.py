"""Every conformance test runs once for each declared type, without a line written for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import cache

import asyncpg
import pytest
from tests import states
from tests.conformance import specimen, tailoring
from tests.conformance.world import World, world
from tests.conftest import Running, serving, settings_for
from tests.factories import Owner
from tests.server import Base, Server

from tenfold import app as composition
from tenfold.engine.definition import Definition
from tenfold.engine.registry import Registry
from tenfold.engine.tailored import field_of

PACKS = {**composition.PACKS, "specimens": specimen.RECORDS}


@cache
def kinds() -> dict[str, Definition]:
    """All types of an installation: those that ship, and one that a tenant made."""
    registry = Registry(PACKS)
    gadget = registry.named("custom~gadgets")
    assert gadget is not None
    found = {d.name: d for d in (*registry, gadget)}
    for name, specs in tailoring.FIELDS.items():
        found[name] = found[name].with_custom({s.name: field_of(s) for s in specs})
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test that asks for a `kind` every type in turn."""
    chosen = kinds()
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", chosen.values(), ids=chosen.keys())
    if "kind_name" in metafunc.fixturenames:
        metafunc.parametrize("kind_name", chosen.keys())


@pytest.fixture(scope="session")
async def base(server: Server, anyio_backend: str) -> AsyncIterator[Base]:
    """The database of an earlier state, brought up to date, that has the specimens' tables too."""
    async with states.migrated(server, states.chosen()) as made:
        await add_specimens(made)
        yield made


async def add_specimens(base: Base) -> None:
    """Make the specimens' tables, as the owner of all tables would."""
    connection = await asyncpg.connect(base.admin_url)
    await connection.execute(f"SET ROLE {base.roles.owner}")
    for script in specimen.scripts(Registry(PACKS).by_name, base.roles.app):
        await connection.execute(script)
    await connection.close()


@pytest.fixture(scope="session")
async def app(
    base: Base, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Running]:
    """An application that serves the specimens beside the shipped types."""
    async with AsyncExitStack() as stack:
        # Only while it is put together: other tests' applications serve what ships.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(composition, "PACKS", PACKS)
            settings = settings_for(base, tmp_path_factory.mktemp("home"))
            running = await stack.enter_async_context(serving(settings))
        yield running


@pytest.fixture(scope="session")
async def owner(base: Base, anyio_backend: str) -> AsyncIterator[Owner]:
    """A connection past row security."""
    connection = await asyncpg.connect(base.admin_url)
    yield connection
    await connection.close()


@pytest.fixture
async def place(request: pytest.FixtureRequest, app: Running, base: Base, owner: Owner) -> World:
    """The world of one check, with what its organisations made of the type that is checked."""
    made = await world(app, base, owner)
    callspec = getattr(request.node, "callspec", None)
    chosen = callspec.params if callspec is not None else {}
    kind = chosen.get("kind") or kinds().get(chosen.get("kind_name", ""))
    if kind is not None:
        made.tailored[kind.name] = kind
        await tailoring.tailor(made, kind.name)
    return made
