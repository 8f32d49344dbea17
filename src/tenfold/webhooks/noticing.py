"""A consumer of the change log: what changes is written down as messages for those who asked.

It may be given the same changes again, after a crash: a change becomes a message only once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from tenfold.db.database import Database, Transaction
from tenfold.engine.definition import CUSTOM_TYPE, Definition
from tenfold.engine.dispatch import Change
from tenfold.engine.query import Query
from tenfold.engine.tenants import Tenant, Tenants
from tenfold.kernel.context import Context
from tenfold.webhooks import messages
from tenfold.webhooks.messages import Message

CONSUMER = "webhooks"
CREATED, UPDATED, DELETED, RESTORED = "created", "updated", "deleted", "restored"
VERBS = (CREATED, UPDATED, DELETED, RESTORED)
_WEBHOOKED = "SELECT tenfold.webhooked($1)"
_ENABLED = """SELECT id, events, enabled_at FROM tenfold.webhooks
WHERE tenant_id = $1 AND enabled AND deleted_at IS NULL AND events <> '{}' ORDER BY id"""
# The types that an organisation made share a table, and the log does not tell them apart.
_KINDS = "SELECT id, kind FROM tenfold.custom_records WHERE tenant_id = $1 AND id = ANY ($2)"
_RECORDS = msgspec.json.Decoder(list[dict[str, Any]], float_hook=Decimal)


class Noticer:
    """Writes messages of what changed."""

    def __init__(self, database: Database, query: Query, tenants: Tenants) -> None:
        self._database, self._query, self._tenants = database, query, tenants

    async def __call__(self, changes: Sequence[Change]) -> None:
        """Take what changed, of all organisations."""
        tenants = sorted({change.tenant for change in changes})
        async with self._database.system() as reader:
            found: list[UUID] = await reader.value(_WEBHOOKED, tenants)
        for tenant in found:
            async with self._database.transaction(Context(tenant, None)) as tx:
                await self._notice(tx, [one for one in changes if one.tenant == tenant])

    async def _notice(self, tx: Transaction, changes: Sequence[Change]) -> None:
        tenant = await self._tenants.of(tx, tx.context.tenant)
        rows = await tx.rows(_ENABLED, tenant.id)
        asked = [(row["id"], frozenset(row["events"]), row["enabled_at"]) for row in rows]
        own = [one.record for one in changes if one.type == CUSTOM_TYPE]
        kinds = await _kinds(tx, own)
        for definition in tenant.types.values():
            some = [one for one in changes if kinds.get(one.record, one.type) == definition.name]
            wanted = [
                (one, verb, to)
                for one in some
                if (verb := verb_of(one)) and (to := _who(asked, definition, verb, one.at))
            ]
            if wanted:
                await self._write(tx, tenant, definition, wanted)

    async def _write(
        self,
        tx: Transaction,
        tenant: Tenant,
        definition: Definition,
        wanted: Sequence[tuple[Change, str, list[UUID]]],
    ) -> None:
        """Write messages with the records as they are now, as an owner sees them."""
        ids = list({change.record for change, _, _ in wanted})
        found = await self._query.several(tx, tenant.itself, definition, ids)
        records = {one["id"]: one for one in _RECORDS.decode(found)}
        told: list[Message] = []
        for change, verb, to in wanted:
            record = records.get(str(change.record))
            data = _data(change, definition, verb, record)
            key, kind = f"change {change.seq}", f"{definition.name}.{verb}"
            told.append(Message(key, kind, change.at, data, to, change.record))
        await messages.post(tx, told)


async def _kinds(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Of which type that the organisation made these records are."""
    rows = await tx.rows(_KINDS, tx.context.tenant, ids) if ids else []
    return {row["id"]: row["kind"] for row in rows}


def verb_of(change: Change) -> str:
    """What happened to a record, in a word; empty for what nobody is told."""
    match change.operation:
        case "insert":
            return CREATED
        case "update":
            new = change.new or {}
            if "deleted_at" in new or "deleted_at" in (change.old or {}):
                return RESTORED if new.get("deleted_at") is None else DELETED
            return UPDATED
        case _:
            return ""


def matches(events: frozenset[str], name: str, verb: str) -> bool:
    """Whether events that somebody asked for hold one of a type."""
    return not events.isdisjoint(("*", f"{name}.*", f"{name}.{verb}"))


def _who(
    asked: Sequence[tuple[UUID, frozenset[str], datetime]],
    definition: Definition,
    verb: str,
    at: datetime,
) -> list[UUID]:
    """The webhooks that asked for an event."""
    name = definition.name
    return [to for to, events, since in asked if at >= since and matches(events, name, verb)]


def _data(
    change: Change, definition: Definition, verb: str, record: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What a message says: which record, what of it changed, and how it is now."""
    return {
        "type": definition.name,
        "id": change.record,
        "version": change.version,
        "changed": sorted(_changed(change, definition)) if verb == UPDATED else [],
        "actor_id": change.actor,
        "batch_id": change.batch,
        "record": record,
    }


def _changed(change: Change, definition: Definition) -> set[str]:
    """The fields that changed, by their names in JSON."""
    columns = {*(change.new or {}), *(change.old or {})}
    found = {
        one.json_name
        for one in definition.fields.values()
        if not columns.isdisjoint(one.column_names)
    }
    return found | ({"custom"} & columns)
