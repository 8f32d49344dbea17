"""What was noted stays: the application can neither change nor take away a security event."""

from __future__ import annotations

import asyncpg
import pytest
from tests.server import Base

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("table", ["tenfold.security_events", "tenfold.change_log"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {}"]
)
async def test_no_note_is_changed_or_taken_away(base: Base, table: str, statement: str) -> None:
    connection = await asyncpg.connect(base.app_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(table))
    finally:
        await connection.close()
