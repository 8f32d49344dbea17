"""Every write of every type is in the change log, once and truly."""

import pytest
from tests.conformance import history
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_each_write_is_logged_once(place: World, kind: Definition) -> None:
    await history.check_log(place, kind)


async def test_bulk_writes_are_logged_row_by_row(place: World, kind: Definition) -> None:
    await history.check_bulk_log(place, kind)


async def test_log_is_closed_to_the_application(place: World) -> None:
    await history.check_unwritable(place)
