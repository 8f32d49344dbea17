"""An organisation's automations: read, made, changed, switched on and off by administrators."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.automation.loops import circle
from tenfold.automation.plan import Plan, calls, plan
from tenfold.automation.plans import Plans, decoded
from tenfold.automation.spec import Automation, Hooked, Mail, Met, Send, Step, Text, When, event
from tenfold.db.database import Reader, Transaction
from tenfold.engine.ask import Ask
from tenfold.engine.query import Query
from tenfold.engine.tenants import Tenant
from tenfold.kernel.errors import Conflict, Invalid, NotFound, TenfoldError
from tenfold.kernel.ids import NIL, new_id
from tenfold.messages import templates

MOST = 500
"""How many automations an organisation may have."""
_LEARNED = 20_000
_COLUMNS = """id, version, enabled, spec, shipped, made_by, created_at, changed_at,
    hook_hash IS NOT NULL AS hooked"""
_ALL = f"""SELECT {_COLUMNS} FROM tenfold.automations
WHERE tenant_id = $1 AND deleted_at IS NULL AND id > $2 ORDER BY id LIMIT $3"""  # noqa: S608
_ONE = f"""SELECT {_COLUMNS} FROM tenfold.automations
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL"""  # noqa: S608
_COUNT = "SELECT count(*) FROM tenfold.automations WHERE tenant_id = $1 AND deleted_at IS NULL"
_ADD = """INSERT INTO tenfold.automations (tenant_id, id, type, event, spec, shipped, made_by,
    hook_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
_KEEP = """INSERT INTO tenfold.automation_versions
(tenant_id, automation_id, version, spec, made_by) VALUES ($1, $2, $3, $4, $5)"""
_CHANGE = """UPDATE tenfold.automations SET version = version + 1, type = $3, event = $4, spec = $5,
    changed_at = now(), made_by = $6, hook_hash = $7 WHERE tenant_id = $1 AND id = $2
RETURNING version"""
_SWITCH = """UPDATE tenfold.automations SET enabled = $3, changed_at = now(),
    enabled_at = CASE WHEN $3 THEN clock_timestamp() ELSE enabled_at END,
    looked_at = CASE WHEN $3 THEN now() END WHERE tenant_id = $1 AND id = $2"""
_DELETE = """UPDATE tenfold.automations SET enabled = false, deleted_at = now(), hook_hash = NULL,
    shipped = NULL WHERE tenant_id = $1 AND id = $2"""
_READDRESS = "UPDATE tenfold.automations SET hook_hash = $3 WHERE tenant_id = $1 AND id = $2"
_WEBHOOKS = "SELECT id FROM tenfold.webhooks WHERE tenant_id = $1 AND deleted_at IS NULL"
_FORGET = "DELETE FROM tenfold.automation_met WHERE tenant_id = $1 AND automation_id = $2"
_LEARN = """INSERT INTO tenfold.automation_met (tenant_id, automation_id, record_id)
SELECT $1, $2, unnest($3::uuid[]) ON CONFLICT DO NOTHING"""
_PATIENCE = "SET LOCAL statement_timeout = '60s'"


class NewAutomation(Automation, frozen=True, kw_only=True):
    """An automation to make; it is switched on at once only where that is asked for."""

    enabled: bool = False
    shipped: str | None = None


class Switch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An automation is to be switched on or off."""

    enabled: bool


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An automation as it is kept; `problem` says why it can't run any more, and is empty else."""

    id: UUID
    name: str
    help: str
    type: str
    when: When
    where: dict[str, Any] | None
    steps: tuple[Step, ...]
    on_import: bool
    enabled: bool
    version: int
    shipped: str | None
    problem: str
    address: str | None = None
    """What is sent there sets it off. It is told once, as the automation is made."""
    made_by: UUID
    created_at: datetime
    changed_at: datetime


async def page(
    reader: Reader, plans: Plans, tenant: UUID, after: UUID | None, most: int
) -> list[Kept]:
    """Automations in the order in which they were made, one more than a page has."""
    organisation = await plans.tenants.of(reader, tenant)
    rows = await reader.rows(_ALL, tenant, after or NIL, most + 1)
    return [_kept(row, organisation) for row in rows]


async def one(reader: Reader, plans: Plans, tenant: UUID, identity: UUID) -> Kept:
    """One automation; raises NotFound."""
    organisation = await plans.tenants.of(reader, tenant)
    return _kept(await _row(reader, tenant, identity), organisation)


async def spec_of(reader: Reader, tenant: UUID, identity: UUID) -> Automation:
    """What one automation says; raises NotFound."""
    return decoded((await _row(reader, tenant, identity))["spec"])


async def create(act: Administrator, plans: Plans, query: Query, new: NewAutomation) -> Kept:
    """Make an automation; raises Invalid with all that is wrong with it."""
    tx, tenant, identity = act.tx, act.tenant, new_id()
    if await tx.value(_COUNT, tenant) >= MOST:
        raise Conflict(f"An organisation has at most {MOST} automations; delete one first.")
    made = spec(new)
    await _checked(tx, plans, tenant, identity, made, enabled=new.enabled)
    secret = _secret() if isinstance(made.when, Hooked) else None
    text = msgspec.json.encode(made).decode()
    what = (identity, made.type, event(made), text, new.shipped, act.person.user)
    try:
        await tx.execute(_ADD, tenant, *what, None if secret is None else hashed(secret))
    except asyncpg.UniqueViolationError:
        raise Conflict("This automation of the pack is there already.") from None
    await tx.execute(_KEEP, tenant, identity, 1, text, act.person.user)
    if new.enabled:
        await _switch(tx, plans, query, tenant, identity, on=True)
    await _note(act, "created", identity, made)
    kept = await one(tx, plans, tenant, identity)
    return kept if secret is None else msgspec.structs.replace(kept, address=_address(secret))


async def readdress(act: Administrator, plans: Plans, identity: UUID) -> Kept:
    """Give an automation another address; raises Conflict where it has none of its own."""
    row = await _row(act.tx, act.tenant, identity)
    if not row["hooked"]:
        raise Conflict("Only an automation that a hook sets off has an address.")
    secret = _secret()
    await act.tx.execute(_READDRESS, act.tenant, identity, hashed(secret))
    await _note(act, "given another address", identity, decoded(row["spec"]))
    kept = await one(act.tx, plans, act.tenant, identity)
    return msgspec.structs.replace(kept, address=_address(secret))


def _secret() -> str:
    return secrets.token_urlsafe(24)


def _address(secret: str) -> str:
    return f"/v1/hooks/{secret}"


async def change(
    act: Administrator, plans: Plans, query: Query, identity: UUID, wanted: NewAutomation
) -> Kept:
    """Put another automation in the place of one; runs that wait go on as it was."""
    tx, tenant = act.tx, act.tenant
    old = await _row(tx, tenant, identity)
    made = spec(wanted)
    if isinstance(made.when, Hooked) != old["hooked"]:
        raise Invalid({"when.on": "can't become or stop being hook; make a new automation"})
    await _checked(tx, plans, tenant, identity, made, enabled=wanted.enabled)
    text = msgspec.json.encode(made).decode()
    held = await tx.value(_HOOK, tenant, identity)
    what = (made.type, event(made), text, act.person.user, held)
    version: int = await tx.value(_CHANGE, tenant, identity, *what)
    await tx.execute(_KEEP, tenant, identity, version, text, act.person.user)
    if wanted.enabled != old["enabled"] or wanted.enabled:
        await _switch(
            tx, plans, query, tenant, identity, on=wanted.enabled, anew=not old["enabled"]
        )
    await _note(act, "changed", identity, made)
    return await one(tx, plans, tenant, identity)


async def switch(
    act: Administrator, plans: Plans, query: Query, identity: UUID, *, on: bool
) -> Kept:
    """Switch an automation on or off; a run that waits stops where it is off as its time comes."""
    tx, tenant = act.tx, act.tenant
    row = await _row(tx, tenant, identity)
    if row["enabled"] != on:
        made = decoded(row["spec"])
        if on:
            await _checked(tx, plans, tenant, identity, made, enabled=True)
        await _switch(tx, plans, query, tenant, identity, on=on)
        await _note(act, "switched on" if on else "switched off", identity, made)
    return await one(tx, plans, tenant, identity)


async def delete(act: Administrator, identity: UUID) -> None:
    """Take an automation away; its runs stay to be read."""
    row = await _row(act.tx, act.tenant, identity)
    await act.tx.execute(_DELETE, act.tenant, identity)
    await act.tx.execute(_FORGET, act.tenant, identity)
    await _note(act, "deleted", identity, decoded(row["spec"]))


def hashed(secret: str) -> bytes:
    """By what the secret of an address is found."""
    return hashlib.sha256(secret.encode()).digest()


_HOOK = "SELECT hook_hash FROM tenfold.automations WHERE tenant_id = $1 AND id = $2"


async def _switch(
    tx: Transaction,
    plans: Plans,
    query: Query,
    tenant: UUID,
    identity: UUID,
    *,
    on: bool,
    anew: bool = True,
) -> None:
    """On or off; of one whose conditions are to be met it is learned for which they hold now."""
    if anew or not on:
        await tx.execute(_SWITCH, tenant, identity, on)
    await tx.execute(_FORGET, tenant, identity)
    version = (await _row(tx, tenant, identity))["version"]
    if not on:
        return
    what = (await plans.tenants.of(tx, tenant), identity, version)
    made, person = await plans.plan(tx, *what)
    if not isinstance(made.automation.when, Met) or made.definition is None:
        return
    await tx.execute(_PATIENCE)
    ask, after = Ask(where=made.where), NIL
    while found := await query.ids(tx, person, made.definition, ask, after=after, most=_LEARNED):
        await tx.execute(_LEARN, tenant, identity, found)
        after = found[-1]


async def _checked(
    tx: Transaction,
    plans: Plans,
    tenant: UUID,
    identity: UUID,
    wanted: Automation,
    *,
    enabled: bool,
) -> None:
    """Raise Invalid for what can't be carried out, starts what is not there, or goes in circles."""
    organisation = await plans.tenants.of(tx, tenant)
    made = plan(wanted, organisation)
    others = {row["id"]: row for row in await tx.rows(_ALL, tenant, NIL, MOST)}
    webhooks = {row["id"] for row in await tx.rows(_WEBHOOKS, tenant)}
    for place, step in enumerate(wanted.steps):
        if isinstance(step, Send) and step.webhook_id not in webhooks:
            raise Invalid({f"steps[{place}].webhook_id": "is no webhook that there is"})
        if isinstance(step, Mail | Text) and step.template_id is not None:
            channel = "email" if isinstance(step, Mail) else "sms"
            told = await _not_written(tx, organisation, step.template_id, channel, wanted.type)
            if told:
                raise Invalid({f"steps[{place}].template_id": told})
        told = _not_called(getattr(step, "automation_id", None), wanted, identity, others)
        if told:
            raise Invalid({f"steps[{place}].automation_id": told})
    on = {identity: made} | {
        key: other
        for key, row in others.items()
        if key != identity
        and (row["enabled"] or key in set(calls(wanted)))
        and (other := _plan(row, organisation)) is not None
    }
    around = circle(identity, on)
    if around and (enabled or len(around) == 1):
        names = " → ".join(on[key].automation.name for key in (*around, identity))
        raise Invalid({"steps": f"would set each other off in a circle: {names}"})


def _not_called(
    other: UUID | None, wanted: Automation, identity: UUID, others: Mapping[UUID, asyncpg.Record]
) -> str:
    """Why an automation can't start another; empty where it can."""
    if other is None:
        return ""
    if other == identity:
        return "is this automation itself"
    if other not in others:
        return "is no automation that there is"
    about = decoded(others[other]["spec"]).type
    return "" if about in ("", wanted.type) else f"is about {about}, not about {wanted.type}"


async def _not_written(
    tx: Transaction, tenant: Tenant, identity: UUID, channel: str, kind: str
) -> str:
    """Why a template can't be sent by a step; empty where it can."""
    try:
        found = await templates.one(tx, tenant, identity)
    except NotFound:
        return "is no template that there is"
    if found.channel != channel:
        return f"is a template for {found.channel}"
    return "" if found.type in ("", kind) else f"is about {found.type}, not about {kind}"


def _plan(row: asyncpg.Record, tenant: Tenant) -> Plan | None:
    try:
        return plan(decoded(row["spec"]), tenant)
    except TenfoldError:
        return None


async def _row(reader: Reader, tenant: UUID, identity: UUID) -> asyncpg.Record:
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise NotFound(f"There is no automation with the id {identity}.")
    return row


def spec(new: NewAutomation) -> Automation:
    """What of a request is the automation itself."""
    known = {name: getattr(new, name) for name in Automation.__struct_fields__}
    return Automation(**known)


def _kept(row: asyncpg.Record, tenant: Tenant) -> Kept:
    problem = ""
    said = decoded(row["spec"])
    try:
        plan(said, tenant)
    except TenfoldError as error:
        problem = "; ".join(f"{name} {text}" for name, text in error.fields.items())
    return Kept(
        id=row["id"],
        name=said.name,
        help=said.help,
        type=said.type,
        when=said.when,
        where=said.where,
        steps=said.steps,
        on_import=said.on_import,
        enabled=row["enabled"],
        version=row["version"],
        shipped=row["shipped"],
        problem=problem,
        made_by=row["made_by"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )


async def _note(act: Administrator, did: str, identity: UUID, wanted: Automation) -> None:
    about: dict[str, Any] = {"did": did, "automation": str(identity), "name": wanted.name}
    await note(act.tx, "automation_changed", act.client, tenant=act.tenant, **about)
