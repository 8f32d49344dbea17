"""What is sent to an automation's own address: it sets the automation off, once for each id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from tenfold.automation import runs
from tenfold.automation.automations import hashed
from tenfold.automation.plans import Plans
from tenfold.automation.runs import Event
from tenfold.db.database import Database, Transaction
from tenfold.engine.query import Query
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import new_id, parse_id

ID = 200
"""How many characters the id of what is sent may have."""
_WHOSE = "SELECT tenant, id FROM tenfold.hooked($1)"
_VERSION = """SELECT version, now() AS now FROM tenfold.automations
WHERE tenant_id = $1 AND id = $2 AND enabled AND deleted_at IS NULL"""
_BEGUN = """SELECT id FROM tenfold.automation_runs
WHERE tenant_id = $1 AND automation_id = $2 AND key = $3"""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """The run that was begun; `again` where what has this id was sent before."""

    run_id: UUID
    again: bool


async def receive(
    database: Database,
    plans: Plans,
    query: Query,
    secret: str,
    sent: Mapping[str, Any],
    identity: str,
) -> Received:
    """Begin a run with what was sent; raises NotFound where the address leads nowhere, or Invalid.

    `identity` is the sender's own id for it; an empty one is never the same as another.
    """
    if len(identity) > ID:
        raise Invalid({"idempotency-key": f"must have at most {ID} characters"})
    async with database.system() as reader:
        found = await reader.row(_WHOSE, hashed(secret))
    if found is None or found["id"] is None:
        raise NotFound("There is nothing at this address.")
    tenant, automation = found["tenant"], found["id"]
    async with database.transaction(Context(tenant, None)) as tx:
        row = await tx.row(_VERSION, tenant, automation)
        if row is None:
            raise NotFound("There is nothing at this address.")
        record = await _record(tx, plans, query, automation, row["version"], sent)
        key = f"hook {identity or new_id()}"
        event = Event(key, row["now"], record, payload=sent)
        begun = await runs.begin(tx, automation, row["version"], [event])
        if begun:
            return Received(run_id=begun[0], again=False)
        return Received(run_id=await tx.value(_BEGUN, tenant, automation, key), again=True)


async def _record(
    tx: Transaction,
    plans: Plans,
    query: Query,
    automation: UUID,
    version: int,
    sent: Mapping[str, Any],
) -> UUID | None:
    """The record that an automation with a type is about: `record_id` of what is sent."""
    tenant = await plans.tenants.of(tx, tx.context.tenant)
    plan, person = await plans.plan(tx, tenant, automation, version)
    if plan.definition is None:
        return None
    label = plan.definition.label.lower()
    record = parse_id(str(sent.get("record_id", "")))
    if record is None:
        raise Invalid({"record_id": f"must be the id of the {label} that this is about"})
    try:
        await query.one(tx, person, plan.definition, record, fields=("id",))
    except NotFound:
        raise Invalid({"record_id": f"is no {label} that there is"}) from None
    return record
