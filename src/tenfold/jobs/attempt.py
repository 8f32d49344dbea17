"""One attempt at a job: its lease, its fenced transactions, its progress."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.db.database import Connection, Database, Transaction
from tenfold.jobs import statements
from tenfold.jobs.registry import Handler, JobCancelled, LeaseLost
from tenfold.kernel.context import Context


@dataclass(slots=True, eq=False)
class Attempt:
    """What the worker hands to a job's function; satisfies `Job`.

    The lease number fences it: every statement that settles the job names it, so a worker that
    lost the job to another one changes nothing.
    """

    database: Database
    id: UUID
    name: str
    tenant: UUID
    actor: UUID | None
    payload: Any
    attempt: int
    lease: int
    done: int
    total: int | None
    settled: bool = False
    cancelling: bool = False
    missed: int = 0
    """Beats in a row that did not find the job held by this worker."""

    @classmethod
    def of(cls, database: Database, row: asyncpg.Record) -> Attempt:
        """The attempt that a claimed row stands for; its payload still as JSON text."""
        return cls(
            database=database,
            id=row["id"],
            name=row["name"],
            tenant=row["tenant_id"],
            actor=row["actor_id"],
            payload=row["payload"],
            attempt=row["attempt"],
            lease=row["lease"],
            done=row["done"],
            total=row["total"],
        )

    def read_payload(self, handler: Handler[Any]) -> None:
        """Turn the payload's text into its type; msgspec.ValidationError where it doesn't fit."""
        self.payload = msgspec.json.decode(self.payload, type=handler.payload)

    @property
    def context(self) -> Context:
        """The tenant and actor to read and write as."""
        return Context(tenant=self.tenant, actor=self.actor, request=f"job:{self.id}")

    def cancelled(self) -> bool:
        """Whether somebody asked to cancel it."""
        return self.cancelling

    async def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show how far it is, at once and in a transaction of its own."""
        async with self.database.transaction(self.context) as tx:
            arguments = (*self.fence, done, total, note)
            cancelling: bool | None = await tx.value(statements.PROGRESS, *arguments)
        if cancelling is None:
            raise LeaseLost
        self.cancelling = cancelling

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """The job's effect and its completion in one transaction."""
        async with self.database.transaction(self.context) as tx:
            yield tx
            await self._fenced(tx.connection, statements.COMPLETE)
        self.settled = True

    @asynccontextmanager
    async def step(
        self, done: int, total: int | None = None, note: str = ""
    ) -> AsyncGenerator[Transaction]:
        """One piece of a long job, committed with how far it is."""
        async with self.database.transaction(self.context) as tx:
            yield tx
            await self._fenced(tx.connection, statements.STEP, done, total, note)
        self.done = done

    @property
    def fence(self) -> tuple[UUID, UUID, int]:
        """The arguments by which a statement finds this job and checks the lease."""
        return self.tenant, self.id, self.lease

    async def _fenced(self, connection: Connection, statement: str, *arguments: object) -> None:
        """Run the statement last in the transaction, so that the job's row is locked briefly."""
        if await connection.fetchval(statement, *self.fence, *arguments) is not None:
            return
        if await connection.fetchval(statements.IS_CANCELLING, *self.fence):
            self.cancelling = True
            raise JobCancelled
        raise LeaseLost
