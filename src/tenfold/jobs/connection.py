"""What the queue needs of a connection: the caller's asyncpg connection has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Connection(Protocol):
    """An asyncpg connection, as far as the queue uses it; asyncpg itself carries no types."""

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        """All rows."""
        ...

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """The first row, or None."""
        ...

    async def fetchval(self, query: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        ...

    async def execute(self, query: str, *args: object) -> str:
        """Run one statement; answers its command tag."""
        ...
