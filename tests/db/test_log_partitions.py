"""The change log's months, made ahead; a month that had none when it began stops no other."""

from __future__ import annotations

import pytest
from tests.factories import Owner

from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
# So far ahead that no other test has made them.
_LOG = """INSERT INTO tenfold.change_log (tenant_id, at, type, record_id, operation, version)
VALUES ($1, date_trunc('month', now() AT TIME ZONE 'UTC') + interval '6 months 1 day',
    'x', $1, 'x', 1)"""
_HAS = """SELECT to_regclass('tenfold.change_log_'
    || to_char(now() AT TIME ZONE 'UTC' + $1 * interval '1 month', 'YYYY_MM')) IS NOT NULL"""


async def test_changes_of_a_month_without_a_partition_stop_no_other_month(owner: Owner) -> None:
    trial = owner.transaction()
    await trial.start()
    try:
        await owner.execute(_LOG, new_id())
        await owner.fetchval("SELECT tenfold.make_partitions(7)")
        assert [await owner.fetchval(_HAS, ahead) for ahead in (5, 6, 7)] == [True, False, True]
    finally:
        await trial.rollback()
