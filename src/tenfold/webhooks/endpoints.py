"""An organisation's webhooks: where what changes is sent to, set up by administrators."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader
from tenfold.db.keys import Keyring
from tenfold.db.sealed import WEBHOOKS, WEBHOOKS_BEFORE
from tenfold.engine.definition import Definition
from tenfold.engine.unknown import hint
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import NIL, new_id
from tenfold.webhooks.noticing import VERBS

MOST = 50
"""How many webhooks an organisation may have."""
OVERLAP = timedelta(hours=24)
"""How long the secret before signs beside a new one, unless told otherwise."""
_COLUMNS = """id, url, events, description, enabled, made_by, created_at, changed_at, failing_since,
    switched_off, CASE WHEN before_until > now() THEN before_until END AS before_until"""
_ALL = f"""SELECT {_COLUMNS} FROM tenfold.webhooks
WHERE tenant_id = $1 AND deleted_at IS NULL AND id > $2 ORDER BY id LIMIT $3"""  # noqa: S608
_ONE = f"""SELECT {_COLUMNS} FROM tenfold.webhooks
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL"""  # noqa: S608
_COUNT = "SELECT count(*) FROM tenfold.webhooks WHERE tenant_id = $1 AND deleted_at IS NULL"
_ADD = """INSERT INTO tenfold.webhooks
(tenant_id, id, url, events, description, enabled, sealed, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
_CHANGE = """UPDATE tenfold.webhooks SET url = $3, events = $4, description = $5, enabled = $6,
    enabled_at = CASE WHEN $6 AND NOT enabled THEN clock_timestamp() ELSE enabled_at END,
    switched_off = CASE WHEN $6 THEN NULL ELSE switched_off END,
    failing_since = CASE WHEN $6 AND NOT enabled THEN NULL ELSE failing_since END,
    rest_until = CASE WHEN $6 AND NOT enabled THEN NULL ELSE rest_until END,
    changed_at = now() WHERE tenant_id = $1 AND id = $2"""
_DELETE = """UPDATE tenfold.webhooks SET deleted_at = now(), enabled = false
WHERE tenant_id = $1 AND id = $2"""
_SEALED = "SELECT sealed FROM tenfold.webhooks WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
_ROTATE = """UPDATE tenfold.webhooks SET sealed = $3, sealed_before = $4, before_until = now() + $5,
    changed_at = now() WHERE tenant_id = $1 AND id = $2"""


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to send what: events are `lead.created`, `lead.*` or `*`."""

    url: str
    events: tuple[str, ...] = ("*",)
    description: str = ""
    enabled: bool = True


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a webhook is to be otherwise; what is not given stays."""

    url: str | None = None
    events: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None


class NewSecret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many hours the secret before signs as well: 24 unless told otherwise."""

    hours: int = 24


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook; its secret is told once, when it is made."""

    id: UUID
    url: str
    events: list[str]
    description: str
    enabled: bool
    switched_off: str | None
    """Why it was switched off by itself."""
    failing_since: datetime | None
    """Since when nothing got through."""
    before_until: datetime | None
    """Until when the secret before signs as well."""
    secret: str | None = None
    made_by: UUID
    created_at: datetime
    changed_at: datetime


async def page(reader: Reader, tenant: UUID, after: UUID | None, most: int) -> list[WebhookView]:
    """Webhooks in the order in which they were made, one more than a page has."""
    return [_view(row) for row in await reader.rows(_ALL, tenant, after or NIL, most + 1)]


async def one(reader: Reader, tenant: UUID, identity: UUID) -> WebhookView:
    """One webhook; raises NotFound."""
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise NotFound(f"There is no webhook with the id {identity}.")
    return _view(row)


async def create(
    act: Administrator, keyring: Keyring, types: Mapping[str, Definition], new: NewWebhook
) -> WebhookView:
    """Make a webhook, whose address was looked at before."""
    if await act.tx.value(_COUNT, act.tenant) >= MOST:
        raise Conflict(f"An organisation has at most {MOST} webhooks; delete one first.")
    check(types, new.events, new.description)
    identity, secret = new_id(), _new_secret()
    sealed = keyring.seal(secret.encode(), WEBHOOKS.place(act.tenant, identity))
    what = (new.url, sorted(set(new.events)), new.description, new.enabled)
    await act.tx.execute(_ADD, act.tenant, identity, *what, sealed, act.person.user)
    await _note(act, "created", identity, new.url)
    made = await one(act.tx, act.tenant, identity)
    return msgspec.structs.replace(made, secret=secret)


async def change(
    act: Administrator, types: Mapping[str, Definition], identity: UUID, wanted: WebhookChange
) -> WebhookView:
    """Change a webhook; switched on, it is sent what happens from then on."""
    old = await one(act.tx, act.tenant, identity)
    url = old.url if wanted.url is None else wanted.url
    events = old.events if wanted.events is None else sorted(set(wanted.events))
    told = old.description if wanted.description is None else wanted.description
    check(types, events, told)
    on = old.enabled if wanted.enabled is None else wanted.enabled
    await act.tx.execute(_CHANGE, act.tenant, identity, url, events, told, on)
    await _note(act, "changed", identity, url)
    return await one(act.tx, act.tenant, identity)


async def delete(act: Administrator, identity: UUID) -> WebhookView:
    """Take a webhook away; what waits for it is not sent any more."""
    found = await one(act.tx, act.tenant, identity)
    await act.tx.execute(_DELETE, act.tenant, identity)
    await _note(act, "deleted", identity, found.url)
    return found


async def rotate(
    act: Administrator, keyring: Keyring, identity: UUID, wanted: NewSecret
) -> WebhookView:
    """Give a webhook a new secret; the one before signs as well for a while."""
    if not 0 <= wanted.hours <= 24 * 14:
        raise Invalid({"hours": "must be 0 to 336"})
    await one(act.tx, act.tenant, identity)
    place = WEBHOOKS.place(act.tenant, identity)
    before = keyring.unseal(await act.tx.value(_SEALED, act.tenant, identity), place)
    secret = _new_secret()
    sealed = keyring.seal(secret.encode(), place)
    kept = keyring.seal(before, WEBHOOKS_BEFORE.place(act.tenant, identity))
    overlap = timedelta(hours=wanted.hours)
    await act.tx.execute(_ROTATE, act.tenant, identity, sealed, kept, overlap)
    found = await one(act.tx, act.tenant, identity)
    await _note(act, "secret changed", identity, found.url)
    return msgspec.structs.replace(found, secret=secret)


def check(types: Mapping[str, Definition], events: Sequence[str], description: str) -> None:
    """Raise Invalid for events that there are not."""
    problems: dict[str, str] = {}
    names = ["*", *(f"{name}.{verb}" for name in types for verb in ("*", *VERBS))]
    for place, name in enumerate(events):
        if name not in names:
            told = hint(name[:100], tuple(names))
            problems[f"events[{place}]"] = f"is no event; {told}"
    if len(events) > 200:
        problems["events"] = "must be at most 200; name all of a type, like lead.*"
    if len(description) > 500:
        problems["description"] = "must have at most 500 characters"
    if problems:
        raise Invalid(problems)


def _new_secret() -> str:
    """As Standard Webhooks has it: 32 random bytes in base64, with a prefix."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _view(row: asyncpg.Record) -> WebhookView:
    known: dict[str, Any] = dict(row.items())
    return WebhookView(**known)


async def _note(act: Administrator, did: str, identity: UUID, url: str) -> None:
    about: dict[str, Any] = {"did": did, "webhook": str(identity), "url": url}
    await note(act.tx, "webhook_changed", act.client, tenant=act.tenant, **about)
