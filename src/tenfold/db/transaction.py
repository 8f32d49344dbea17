"""What reads and writes for one tenant on a connection, and how a write begins and commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.db.glance import AskFirst
from tenfold.kernel.context import Context

Connection = asyncpg.Connection
_WORD = re.compile(r"^[A-Za-z0-9_.:-]*$")


@dataclass(slots=True)
class Reader:
    """A connection that reads for one tenant, and the versions it was asked for."""

    connection: Connection
    versions: Sequence[int]

    async def value(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *args)

    async def row(self, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row, or None."""
        return await self.connection.fetchrow(sql, *args)

    async def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """All rows."""
        return await self.connection.fetch(sql, *args)


@dataclass(slots=True)
class Transaction(Reader):
    """One write transaction of one actor; committed by `Database` and nobody else."""

    context: Context
    changed: set[str] = field(default_factory=set[str])

    async def execute(self, sql: str, *args: object) -> str:
        """Run one statement; answers its command tag."""
        return await self.connection.execute(sql, *args)

    async def join_batch(self, batch: UUID, cause: UUID | None = None, depth: int = 0) -> None:
        """Let what changes from here on belong to a batch, which so many automations led to."""
        self.context = self.context.in_batch(batch, cause, depth)
        await self.execute(f"SET LOCAL app.change='{who(self.context)}'")

    async def forget_people(self, tenants: Iterable[UUID]) -> None:
        """Let every process ask anew who the people of these organisations are, at commit."""
        if others := sorted({*tenants} - {self.context.tenant}):
            await self.execute("SELECT tenfold.bump_members($1)", others)
        self.touch("members")

    def touch(self, *topics: str) -> None:
        """Note that what these topics show changed; their versions rise at commit."""
        self.changed.update(topics)


@dataclass(slots=True)
class Late(Transaction):
    """A transaction that begins with its first statement, or is done by one `alone`.

    It was prepared under `versions` of `topics`: where they changed, the first statement raises
    AskFirst, and nothing was done.
    """

    topics: Sequence[str] = ()
    state: str = "untouched"
    """Or `begun`, or `done`."""

    @property
    def untouched(self) -> bool:
        """Whether one statement, run by `alone`, may still be the whole transaction."""
        return self.state == "untouched"

    async def alone(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run the one statement that enters, changes and raises versions; it commits by itself."""
        assert self.untouched
        try:
            found = await self.connection.fetch(sql, *args)
        except asyncpg.SerializationError:
            raise AskFirst from None
        self.state = "done"
        return found

    @property
    def entering(self) -> dict[str, object]:
        """What a statement that runs alone binds for `tenfold.enter`."""
        return {
            "enter_tenant": str(self.context.tenant),
            "enter_change": who(self.context),
            "enter_topics": self.topics,
            "enter_known": sum(self.versions),
        }

    async def value(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        await self._begin()
        return await self.connection.fetchval(sql, *args)

    async def row(self, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row, or None."""
        await self._begin()
        return await self.connection.fetchrow(sql, *args)

    async def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """All rows."""
        await self._begin()
        return await self.connection.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run one statement; answers its command tag."""
        await self._begin()
        return await self.connection.execute(sql, *args)

    async def _begin(self) -> None:
        if self.state == "begun":
            return
        if self.state == "done":
            raise RuntimeError("this transaction is committed already")
        self.state = "begun"
        try:
            await self.connection.execute(opening(self.context, self.topics, self.versions))
        except asyncpg.SerializationError:
            raise AskFirst from None


def opening(context: Context, topics: Sequence[str] = (), known: Sequence[int] = ()) -> str:
    """BEGIN for a context in one trip; fails (40001) where the topics are not as known.

    Versions only grow, so that their sum says it.
    """
    tenant = UUID(int=context.tenant.int)
    names = ",".join(_topic(t) for t in topics)
    known_sum = sum(map(int, known))
    return f"BEGIN;SELECT tenfold.enter('{tenant}','{who(context)}','{{{names}}}',{known_sum})"


def closing(changed: set[str]) -> str:
    """Raise the versions and COMMIT in one trip; topics are names of types, checked."""
    if not changed:
        return "COMMIT"
    names = ",".join(sorted(_topic(t) for t in changed))
    return f"SELECT tenfold.bump('{{{names}}}');COMMIT"


def who(context: Context) -> str:
    """What the log's triggers write of a change; every value is a UUID, a number or checked."""
    request = context.request if _WORD.match(context.request) else ""
    return ",".join(
        (
            _id(context.actor),
            request[:64],
            _id(context.batch),
            _id(context.cause),
            str(int(context.depth)),
        )
    )


def _topic(name: str) -> str:
    if not _WORD.match(name):
        raise ValueError(f"not a topic: {name!r}")
    return name


def _id(value: UUID | None) -> str:
    return "" if value is None else str(UUID(int=value.int))
