"""Every role of every type may do what was declared, and nothing else."""

import pytest
from tests.conformance import permissions
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_roles_do_what_is_declared(place: World, kind: Definition) -> None:
    await permissions.check_all(place, kind)
