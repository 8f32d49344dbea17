"""API keys: made, rotated and revoked by people, each for themselves or a service account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Meta

from tenfold.accounts.client import Client
from tenfold.accounts.events import Event, note
from tenfold.accounts.identity import letters
from tenfold.accounts.identity.account import account_in
from tenfold.accounts.identity.api_keys import new_key
from tenfold.accounts.identity.secrets_kept import digest
from tenfold.accounts.organisation.acts import need_proof
from tenfold.accounts.organisation.administrator import is_sure, need_administrator
from tenfold.accounts.people import Caller
from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine.own_types import types_of
from tenfold.engine.registry import Registry
from tenfold.engine.scopes import ADMIN, SCIM, VERBS, unknown
from tenfold.kernel import clock
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import say

MOST = 50
"""Keys that one person or service account may have at a time."""
LONGEST_DAYS, USUAL_DAYS = 365, 90
LONGEST_OVERLAP, USUAL_OVERLAP = 168, 24

_COLUMNS = """SELECT k.id, k.user_id, u.kind, k.name, k.prefix, k.scopes, k.created_by,
    k.created_at, k.expires_at, k.used_at, k.used_from, k.revoked_at, k.successor_id
FROM tenfold.api_keys k JOIN tenfold.users u ON u.id = k.user_id WHERE k.tenant_id = $1"""
_PAGE = (
    _COLUMNS
    + """ AND ($2::uuid IS NULL OR k.user_id = $2) AND ($3::uuid IS NULL OR k.id > $3)
ORDER BY k.id LIMIT $4"""
)
_ONE = _COLUMNS + " AND k.id = $2"
_HOLD = _ONE + " FOR UPDATE OF k"
_GOOD = """SELECT count(*) FROM tenfold.api_keys
WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3"""
_OWNER = """SELECT u.kind, m.role FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.active"""
_ADD = """INSERT INTO tenfold.api_keys (tenant_id, id, user_id, name, prefix, key_hash, scopes,
created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
_SUCCEEDED = """UPDATE tenfold.api_keys SET successor_id = $3, expires_at = least(expires_at, $4)
WHERE tenant_id = $1 AND id = $2"""
_REVOKE = """UPDATE tenfold.api_keys SET revoked_at = $3
WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL"""
_REVOKE_ALL = """UPDATE tenfold.api_keys SET revoked_at = $3
WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING id"""

Days = Annotated[int, Meta(ge=1, le=LONGEST_DAYS)]
Names = Annotated[list[str], Meta(min_length=1, max_length=200)]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a program: whose it is, what it may do, until when. It is known by its `prefix`.

    `used_at` is right to a minute.
    """

    id: UUID
    user_id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_from: str | None
    revoked_at: datetime | None
    successor_id: UUID | None


class NewApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key to make: for oneself, or with `user_id` for a service account.

    A scope is `<type>:read`, `<type>:write` or `<type>:reveal`, with `*` for all types; `admin` and
    `scim` are for service accounts with the role admin.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: Names
    expires_in_days: Days = USUAL_DAYS
    user_id: UUID | None = None


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """How a key is replaced: for how long the new one is good, and the old one still."""

    expires_in_days: Days = USUAL_DAYS
    overlap_hours: Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP)] = USUAL_OVERLAP


class MadeApiKey(ApiKey, frozen=True, kw_only=True):
    """A new key; `key` is what a program sends, and is never shown again."""

    key: str


@dataclass(frozen=True, slots=True)
class KeyAct:
    """Somebody at work on keys, alone with the organisation's settings."""

    tx: Transaction
    caller: Caller
    registry: Registry
    client: Client
    keyring: Keyring
    address: str

    @property
    def tenant(self) -> UUID:
        """The organisation."""
        return self.caller.tenant

    def need_sure(self) -> None:
        """Raise Forbidden unless they have proved lately who they are."""
        need_proof(self.caller, "create_api_keys", sure=is_sure(self.caller))


async def page(
    reader: Reader, tenant: UUID, user: UUID | None, after: UUID | None, limit: int
) -> list[ApiKey]:
    """The keys of somebody, or of all, in the order they were made; one more than `limit`."""
    return [_shown(row) for row in await reader.rows(_PAGE, tenant, user, after, limit + 1)]


async def one(reader: Reader, tenant: UUID, identity: UUID) -> ApiKey:
    """A key; raises NotFound."""
    return _shown(_found(await reader.row(_ONE, tenant, identity), identity))


async def create(act: KeyAct, new: NewApiKey) -> MadeApiKey:
    """Make a key; needs somebody who has proved lately who they are."""
    act.need_sure()
    owner = new.user_id or act.caller.user
    kind, role = await _owner(act, owner)
    name, scopes = " ".join(new.name.split()), sorted(set(new.scopes))
    problems = {} if name else {"name": say("must not be blank")}
    types = await types_of(act.tx, act.tenant, act.registry)
    if wrong := unknown(scopes, types):
        verbs = ", ".join(VERBS)
        problems["scopes"] = say(
            "there is no scope %(said)s; there are admin, scim, and a type of /v1/types or * "
            "with one of %(verbs)s, like lead:read",
            said=repr(wrong[0][:80]),
            verbs=verbs,
        )
    elif not {ADMIN, SCIM}.isdisjoint(scopes) and (kind, role) != ("service", "admin"):
        problems["scopes"] = say("admin and scim are for service accounts with the role admin")
    if problems:
        raise Invalid(problems)
    made = await _made(act, owner, name, scopes, new.expires_in_days)
    await _note(act, "api_key_created", made)
    if owner == act.caller.user:
        await _tell(act, made)
    return made


async def rotate(act: KeyAct, identity: UUID, wanted: Rotation) -> MadeApiKey:
    """A new key in place of one, which is good for a while longer so that nothing stops."""
    act.need_sure()
    row = _found(await act.tx.row(_HOLD, act.tenant, identity), identity)
    old = _shown(row)
    if old.user_id != act.caller.user:
        # Nobody gets a key that acts as somebody else.
        need_administrator(act.caller, act.client)
        if row["kind"] != "service":
            raise _missing(identity)
    await _owner(act, old.user_id)
    if old.revoked_at is not None or old.expires_at <= clock.now():
        raise Conflict(say("This key is not good any more; make a new one."), code="KEY_OVER")
    if old.successor_id is not None:
        raise Conflict(say("This key was rotated already; rotate the new one."), code="KEY_OVER")
    made = await _made(act, old.user_id, old.name, old.scopes, wanted.expires_in_days)
    until = clock.now() + timedelta(hours=wanted.overlap_hours)
    await act.tx.execute(_SUCCEEDED, act.tenant, old.id, made.id, until)
    await _note(act, "api_key_rotated", made, replaces=old.id)
    return made


async def revoke(act: KeyAct, identity: UUID) -> ApiKey:
    """End a key of one's own, or as an administrator any; it is refused from now on."""
    old = _shown(_found(await act.tx.row(_HOLD, act.tenant, identity), identity))
    if old.user_id != act.caller.user:
        if not act.caller.administers:
            raise _missing(identity)
        need_administrator(act.caller, act.client)
    if old.revoked_at is None:
        await act.tx.execute(_REVOKE, act.tenant, identity, clock.now())
        act.tx.touch("members")
        await _note(act, "api_key_revoked", old)
    return await one(act.tx, act.tenant, identity)


async def revoke_all(tx: Transaction, client: Client, tenant: UUID, user: UUID) -> None:
    """End all keys of somebody who leaves."""
    gone = await tx.rows(_REVOKE_ALL, tenant, user, clock.now())
    if gone:
        tx.touch("members")
        await note(tx, "api_key_revoked", client, tenant=tenant, user=user, keys=len(gone))


async def _owner(act: KeyAct, owner: UUID) -> tuple[str, str]:
    """Whose key it will be: kind and role; oneself, or for administrators a service account."""
    if owner != act.caller.user:
        need_administrator(act.caller, act.client)
    row = await act.tx.row(_OWNER, act.tenant, owner)
    if row is None or (owner != act.caller.user and row["kind"] != "service"):
        raise Invalid(
            {"user_id": say("must be an active service account; people make their own keys")}
        )
    return row["kind"], row["role"]


async def _made(act: KeyAct, owner: UUID, name: str, scopes: list[str], days: int) -> MadeApiKey:
    moment = clock.now()
    if await act.tx.value(_GOOD, act.tenant, owner, moment) >= MOST:
        raise Conflict(
            say("There can be %(most)s keys at a time; revoke one first.", most=MOST),
            code="TOO_MANY",
        )
    key, prefix = new_key()
    identity, until = new_id(), moment + timedelta(days=days)
    what = (name, prefix, digest(key), scopes, act.caller.user, moment, until)
    await act.tx.execute(_ADD, act.tenant, identity, owner, *what)
    act.tx.touch("members")
    made = await one(act.tx, act.tenant, identity)
    return MadeApiKey(**msgspec.structs.asdict(made), key=key)


async def _note(act: KeyAct, event: Event, key: ApiKey, **more: object) -> None:
    told = {"key_id": key.id, "prefix": key.prefix, "name": key.name, "scopes": key.scopes}
    await note(act.tx, event, act.client, tenant=act.tenant, user=key.user_id, **told, **more)


async def _tell(act: KeyAct, key: ApiKey) -> None:
    """Write to a person that a key was made in their name."""
    account = await account_in(act.tx, key.user_id, act.tenant)
    if account is not None:
        letter = letters.api_key_made(account.user, key.name, key.prefix, act.client, act.address)
        await letters.post_to(act.tx, act.keyring, letter, account)


def _found(row: asyncpg.Record | None, identity: UUID) -> asyncpg.Record:
    if row is None:
        raise _missing(identity)
    return row


def _missing(identity: UUID) -> NotFound:
    return NotFound(f"There is no API key with the id {identity}.")


def _shown(row: asyncpg.Record) -> ApiKey:
    return ApiKey(**{name: row[name] for name in ApiKey.__struct_fields__})
