"""Every declared filter, sort and search of every type is served by an index."""

import pytest
from tests.conformance import plans
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_declared_filters_have_an_index(place: World, kind: Definition) -> None:
    await plans.check_filters(place, kind)


async def test_declared_sorts_have_an_index(place: World, kind: Definition) -> None:
    await plans.check_sorts(place, kind)


async def test_own_records_have_an_index(place: World, kind: Definition) -> None:
    await plans.check_scopes(place, kind)


async def test_shared_records_have_an_index(place: World, kind: Definition) -> None:
    await plans.check_shared(place, kind)


async def test_search_has_an_index(place: World, kind: Definition) -> None:
    await plans.check_search(place, kind)
