"""The log's triggers cost each row the same, however many one statement changes."""

from __future__ import annotations

import time

import pytest
from tests.factories import Organisation, Owner

pytestmark = pytest.mark.anyio
_MAKE = """INSERT INTO tenfold.tags (tenant_id, id, name)
SELECT $1, gen_random_uuid(), 'tag ' || n FROM generate_series(1, 8000) n"""
_ONE = "UPDATE tenfold.tags SET name = 'first' WHERE tenant_id = $1 AND name = 'tag 1'"
_ALL = "UPDATE tenfold.tags SET name = name || ' again' WHERE tenant_id = $1"


async def test_a_connection_that_changed_one_record_changes_many_as_quickly(
    owner: Owner, organisation: Organisation
) -> None:
    started = time.perf_counter()
    await owner.execute(_MAKE, organisation.id)
    made = time.perf_counter()
    await owner.execute(_ONE, organisation.id)  # the trigger's plan is kept from here on
    begun = time.perf_counter()
    await owner.execute(_ALL, organisation.id)
    assert time.perf_counter() - begun < 8 * (made - started)
