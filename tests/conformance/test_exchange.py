"""Every type is exported and imported to the same thing."""

import pytest
from tests.conformance.world import World

from tenfold.engine.definition import Definition
from tenfold.exchange.round_trip import round_trip
from tenfold.kernel.context import Context

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_comes_back_from_its_own_export(place: World, kind: Definition) -> None:
    admin = await place.here.person("owner")
    for full in (False, True, True):
        await place.make(admin, kind, full=full)
    context = Context(admin.tenant, admin.id)
    trip = await round_trip(place.app.desk.exchange, context, kind.name)
    assert trip.differences == []
    assert trip.records >= 3
