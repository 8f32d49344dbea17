"""A record of any type can be shared with a person or a team, and with nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.conformance import sharing
from tests.conformance.conftest import PACKS
from tests.conformance.world import World
from tests.conftest import Running, serving
from tests.server import Base

from tenfold import app as composition
from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


@pytest.fixture(scope="session")
async def elsewhere(
    base: Base, app: Running, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Running]:
    """Another process's application on the same database, with the same keys."""
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(composition, "PACKS", PACKS)
            running = await stack.enter_async_context(serving(app.desk.settings))
        yield running


async def test_shared_records_are_where_ones_own_are(place: World, kind: Definition) -> None:
    await sharing.check_seen(place, kind)


async def test_shares_hold_in_every_process(
    place: World, kind: Definition, elsewhere: Running
) -> None:
    await sharing.check_elsewhere(place, kind, elsewhere)


async def test_shared_records_are_changed_and_no_more(place: World, kind: Definition) -> None:
    await sharing.check_changed(place, kind)


async def test_teams_share_upwards(place: World, kind: Definition) -> None:
    await sharing.check_teams(place, kind)


async def test_shares_are_refused(place: World, kind: Definition) -> None:
    await sharing.check_refused(place, kind)


async def test_shares_are_swept(place: World, kind: Definition) -> None:
    await sharing.check_swept(place, kind)
