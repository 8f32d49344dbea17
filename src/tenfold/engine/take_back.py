"""Taking back what one just did to a record: fields that were changed, a stage that was left.

Who changed a record may put it back for a while, as long as nobody changed the same fields since;
what others did to other fields stays. Values are stored as they were before, without asking whether
a move leads there. A taking-back is itself not taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

from tenfold.db.database import Transaction
from tenfold.engine import checks, writing
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.engine.records import Records
from tenfold.engine.undo_fields import Fields, columns_of, goes_back
from tenfold.kernel import digits
from tenfold.kernel.clock import now
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, Lost, NotFound, TenfoldError
from tenfold.kernel.language import say, within

WHILE = timedelta(minutes=10)
"""How long a change can be taken back."""
REFUSALS = (Conflict, Forbidden, Invalid, Lost)
"""Why a change can't be taken back, besides that its record is gone."""
_REASON = "Taken back."
_CHANGE = """SELECT old, new FROM tenfold.change_log
WHERE tenant_id = $1 AND type = $2 AND record_id = $3 AND version = $4 AND actor_id = $5
  AND at > $6 AND operation = 'update' AND reason IS DISTINCT FROM $7
ORDER BY seq DESC LIMIT 1"""
# The columns that were changed after it, by whomever.
_LATER = """SELECT DISTINCT k.name FROM tenfold.change_log l
CROSS JOIN LATERAL jsonb_object_keys(coalesce(l.new, l.old)) AS k (name)
WHERE l.tenant_id = $1 AND l.type = $2 AND l.record_id = $3 AND l.version > $4
  AND l.operation <> 'reseal'"""


async def take_back(
    records: Records,
    tx: Transaction,
    person: Person,
    definition: Definition,
    identity: UUID,
    version: int,
) -> Mapping[str, Any]:
    """Put back what one's own change to this version set; answers the columns as they are again."""
    access = person.access(definition)
    access.need("update", definition)
    current = await records.current(tx, person, definition, [identity], columns_of(definition))
    row = current.get(identity)
    if row is None or row["deleted_at"] is not None:
        raise NotFound(say("There is no such %(label)s.", label=within(definition.label)))
    checks.change(access, person, row, definition)
    old, new = await _own_change(tx, person, definition, identity, version)
    about = (person.tenant, definition.logged, identity, version)
    later = frozenset(r[0] for r in await tx.rows(_LATER, *about))
    made = goes_back(definition, access, old, new, row, later)
    _stop(definition, made)
    await tx.value(writing.REASON, _REASON)

    def refuse(_: UUID, error: TenfoldError) -> NoReturn:
        raise error

    def tell(_: UUID, sentence: str, __: tuple[str, ...]) -> NoReturn:
        raise Conflict(sentence)

    rows = [{"id": identity, **made.back}]
    await records.put_back(tx, person, definition, rows, current, refuse, tell)
    return made.back


async def _own_change(
    tx: Transaction, person: Person, definition: Definition, identity: UUID, version: int
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What the person changed, before and after, if that is not too long ago."""
    since = now() - WHILE
    what = (person.tenant, definition.logged, identity, version, person.user, since, _REASON)
    found = await tx.row(_CHANGE, *what)
    if found is None or not found["old"]:
        raise Conflict(say("Only your own change can be taken back, and within ten minutes."))
    return digits.decode(found["old"]), digits.decode(found["new"] or "{}")


def _stop(definition: Definition, made: Fields) -> None:
    """Raise where not everything goes back: half a change that is undone is worse than none."""
    if made.barred or made.unseen:
        raise Forbidden(
            say("You may not change this %(label)s back.", label=within(definition.label))
        )
    if made.kept or not made.back:
        raise Conflict(say("It was changed again since, so it stays as it is now."))
