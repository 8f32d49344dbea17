"""An organisation's templates: what it writes again and again, kept by administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader
from tenfold.engine.tenants import Tenant
from tenfold.engine.unknown import hint
from tenfold.engine.wording import Places
from tenfold.kernel.channels import Channel
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import NIL, new_id
from tenfold.messages import words
from tenfold.messages.words import Words

MOST = 500
"""How many templates an organisation may have."""
RECIPIENT = {"recipient": ("name", "address")}
"""What the texts of a message may name besides the record's fields."""
_COLUMNS = """id, version, name, channel, type, mailing, texts, shipped, made_by, created_at,
    changed_at"""
_ALL = f"""SELECT {_COLUMNS} FROM tenfold.templates
WHERE tenant_id = $1 AND deleted_at IS NULL AND id > $2 ORDER BY id LIMIT $3"""  # noqa: S608
_ONE = f"""SELECT {_COLUMNS} FROM tenfold.templates
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL"""  # noqa: S608
_COUNT = "SELECT count(*) FROM tenfold.templates WHERE tenant_id = $1 AND deleted_at IS NULL"
_ADD = """INSERT INTO tenfold.templates (tenant_id, id, name, channel, type, mailing, texts,
    shipped, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
_CHANGE = """UPDATE tenfold.templates SET version = version + 1, name = $3, channel = $4, type = $5,
    mailing = $6, texts = $7, made_by = $8, changed_at = now() WHERE tenant_id = $1 AND id = $2"""
_DELETE = """UPDATE tenfold.templates SET deleted_at = now(), shipped = NULL
WHERE tenant_id = $1 AND id = $2"""


class NewTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is written: in each language a subject, a text, and HTML where that is wanted.

    `type` is the record type whose fields the texts name. A `mailing` needs its readers' leave,
    and tells how to get no more; anything else is meant for one person, about something of theirs.
    """

    name: str
    texts: dict[str, Words]
    channel: Channel = "email"
    type: str = ""
    mailing: bool = False
    shipped: str | None = None


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A template as it is kept; `problem` says why it can't be sent any more, and is empty else."""

    id: UUID
    version: int
    name: str
    channel: Channel
    type: str
    mailing: bool
    texts: dict[str, Words]
    shipped: str | None
    problem: str
    made_by: UUID
    created_at: datetime
    changed_at: datetime


async def page(reader: Reader, tenant: Tenant, after: UUID | None, most: int) -> list[Template]:
    """Templates in the order in which they were made, one more than a page has."""
    rows = await reader.rows(_ALL, tenant.id, after or NIL, most + 1)
    return [_view(row, tenant) for row in rows]


async def one(reader: Reader, tenant: Tenant, identity: UUID) -> Template:
    """One template; raises NotFound."""
    row = await reader.row(_ONE, tenant.id, identity)
    if row is None:
        raise NotFound(f"There is no template with the id {identity}.")
    return _view(row, tenant)


async def create(act: Administrator, tenant: Tenant, new: NewTemplate) -> Template:
    """Make a template; raises Invalid with all that is wrong with it."""
    if await act.tx.value(_COUNT, act.tenant) >= MOST:
        raise Conflict(f"An organisation has at most {MOST} templates; delete one first.")
    check(tenant, new)
    identity = new_id()
    what = (new.name.strip(), new.channel, new.type, new.mailing, _encoded(new), new.shipped)
    try:
        await act.tx.execute(_ADD, act.tenant, identity, *what, act.person.user)
    except asyncpg.UniqueViolationError:
        raise Conflict("This template of the pack is there already.") from None
    await _note(act, "created", identity, new.name)
    return await one(act.tx, tenant, identity)


async def change(
    act: Administrator, tenant: Tenant, identity: UUID, wanted: NewTemplate
) -> Template:
    """Put another template in the place of one."""
    await one(act.tx, tenant, identity)
    check(tenant, wanted)
    what = (wanted.name.strip(), wanted.channel, wanted.type, wanted.mailing, _encoded(wanted))
    await act.tx.execute(_CHANGE, act.tenant, identity, *what, act.person.user)
    await _note(act, "changed", identity, wanted.name)
    return await one(act.tx, tenant, identity)


async def delete(act: Administrator, tenant: Tenant, identity: UUID) -> Template:
    """Take a template away; what it was sent as stays."""
    found = await one(act.tx, tenant, identity)
    await act.tx.execute(_DELETE, act.tenant, identity)
    await _note(act, "deleted", identity, found.name)
    return found


def check(tenant: Tenant, wanted: NewTemplate | Template) -> None:
    """Raise Invalid for what can't be sent."""
    problems: dict[str, str] = {}
    if not 1 <= len(wanted.name.strip()) <= 200:
        problems["name"] = "must have 1 to 200 characters"
    definition = tenant.types.get(wanted.type) if wanted.type else None
    if wanted.type and definition is None:
        told = hint(wanted.type[:60], tuple(tenant.types))
        problems["type"] = f"is no record type; {told}"
    else:
        places = Places(definition, tenant.registry, RECIPIENT)
        problems |= words.problems(wanted.channel, wanted.texts, places)
    if problems:
        raise Invalid(problems)


def _encoded(wanted: NewTemplate) -> str:
    return msgspec.json.encode(wanted.texts).decode()


def _view(row: asyncpg.Record, tenant: Tenant) -> Template:
    known: dict[str, Any] = dict(row.items())
    texts = msgspec.json.decode(known.pop("texts"), type=dict[str, Words])
    made = Template(**known, texts=texts, problem="")
    try:
        check(tenant, made)
    except Invalid as error:
        told = "; ".join(f"{name} {text}" for name, text in error.fields.items())
        return msgspec.structs.replace(made, problem=told)
    return made


async def _note(act: Administrator, did: str, identity: UUID, name: str) -> None:
    about: dict[str, Any] = {"did": did, "template": str(identity), "name": name}
    await note(act.tx, "messages_changed", act.client, tenant=act.tenant, **about)
