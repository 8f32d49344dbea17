"""The migrations make what the definitions describe, and take all of it away again."""

from collections.abc import AsyncIterator

import pytest
from tests.conformance import drift
from tests.server import Base, Server

from tenfold import app as composition
from tenfold.db import migrate
from tenfold.engine.project import catalogue
from tenfold.engine.registry import Registry

SHIPPED = Registry(composition.PACKS)  # before the specimens join them

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[Base]:
    """A database with roles and the schema, and nothing in it."""
    async with server.database(empty=True) as base:
        yield base


async def test_migrations_make_what_is_declared(server: Server, empty: Base) -> None:
    await catalogue.make_straight(empty.admin_url, empty.roles, SHIPPED)
    made = await drift.catalogue(server.base(server.template))
    drift.check_same(made, await drift.catalogue(empty))


async def test_up_and_down_and_up_again(server: Server, empty: Base) -> None:
    nothing = await drift.catalogue(empty)
    await migrate.upgrade(empty.migrate_url, empty.roles)
    once = await drift.catalogue(empty)
    assert await migrate.current(empty.migrate_url) == migrate.head()
    await migrate.downgrade(empty.migrate_url, empty.roles, "base")
    drift.check_same(await drift.catalogue(empty), nothing)
    await migrate.upgrade(empty.migrate_url, empty.roles)
    drift.check_same(await drift.catalogue(empty), once)


async def test_tenant_leads_every_key_and_rows_are_secured(server: Server) -> None:
    await drift.check_tenant_first(server.base(server.template))
