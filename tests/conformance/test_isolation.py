"""Every type is isolated from other organisations, wall by wall."""

import pytest
from tests.conformance import isolation
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_addresses_hide_records_of_others(place: World, kind: Definition) -> None:
    await isolation.check_addresses(place, kind)


async def test_lists_and_bulk_stay_at_home(place: World, kind: Definition) -> None:
    await isolation.check_lists(place, kind)


async def test_relations_stay_at_home(place: World, kind: Definition) -> None:
    await isolation.check_relations(place, kind)


async def test_rows_are_closed_to_the_application(place: World, kind: Definition) -> None:
    await isolation.check_rows(place, kind)
