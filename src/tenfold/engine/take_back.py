"""Taking back a move: a stage that can't be left is reached by one click, and clicks go astray.

Who moved a record may put it back for a while, as long as nobody changed it since. The stage is
stored as it was before, without asking whether a move leads there. A taking-back is no move.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from tenfold.db.database import Transaction
from tenfold.engine import checks, writing
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.engine.records import Records
from tenfold.kernel.clock import now
from tenfold.kernel.errors import Conflict, Forbidden, NotFound, TenfoldError

WHILE = timedelta(minutes=10)
"""How long a move can be taken back."""
_REASON = "Taken back."
_MOVE = """SELECT old ->> 'status' FROM tenfold.change_log
WHERE tenant_id = $1 AND type = $2 AND record_id = $3 AND version = $4 AND actor_id = $5
  AND at > $6 AND operation = 'update' AND old ->> 'status' IS NOT NULL
  AND reason IS DISTINCT FROM $7
ORDER BY seq DESC LIMIT 1"""


async def take_back(
    records: Records,
    tx: Transaction,
    person: Person,
    definition: Definition,
    identity: UUID,
    version: int,
) -> str:
    """Put a record back to the stage it had before its move to this version; answers the stage."""
    access, stage = person.access(definition), definition.fields.get("status")
    access.need("update", definition)
    if stage is None or not access.sets(stage):
        raise Forbidden(f"You may not move this {definition.label.lower()}.")
    current = await records.current(tx, person, definition, [identity], ["status"])
    row = current.get(identity)
    if row is None or row["deleted_at"] is not None:
        raise NotFound(f"There is no such {definition.label.lower()}.")
    checks.change(access, person, row, definition)
    checks.version(definition, row, version)
    since = now() - WHILE
    what = (person.tenant, definition.logged, identity, version, person.user, since, _REASON)
    old: str | None = await tx.value(_MOVE, *what)
    if old is None:
        raise Conflict(
            "Only your own move can be taken back, within ten minutes and before any other change."
        )
    await tx.value(writing.REASON, _REASON)

    def refuse(_: UUID, error: TenfoldError) -> NoReturn:
        raise error

    def tell(_: UUID, __: str, ___: tuple[str, ...]) -> None:
        """A stage points to no other record that could be gone."""

    rows = [{"id": identity, "status": old}]
    await records.put_back(tx, person, definition, rows, current, refuse, tell)
    return old
