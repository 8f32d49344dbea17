"""Every type works over the API."""

import pytest
from tests.conformance import lifecycle
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_is_made_and_reads_as_given(place: World, kind: Definition) -> None:
    await lifecycle.check_create(place, kind)


async def test_refuses_what_it_does_not_take(place: World, kind: Definition) -> None:
    await lifecycle.check_refusals(place, kind)


async def test_changes_field_by_field(place: World, kind: Definition) -> None:
    await lifecycle.check_patch(place, kind)


async def test_is_deleted_and_restored(place: World, kind: Definition) -> None:
    await lifecycle.check_delete(place, kind)


async def test_is_written_in_bulk(place: World, kind: Definition) -> None:
    await lifecycle.check_bulk(place, kind)


async def test_is_upserted_by_each_key(place: World, kind: Definition) -> None:
    await lifecycle.check_upsert(place, kind)


async def test_moves_as_declared(place: World, kind: Definition) -> None:
    await lifecycle.check_moves(place, kind)
