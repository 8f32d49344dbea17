"""The keys of an organisation's secrets: which there are, a new one, and the end of them all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tenfold import jobs
from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine.definition import Definition
from tenfold.engine.reseal import RESEAL_JOB, reseal_later
from tenfold.kernel.errors import Conflict
from tenfold.kernel.language import say

_KEYS = """SELECT number, created_at, retired_at, wrapped = '' AS erased FROM tenfold.data_keys
WHERE tenant_id = $1 ORDER BY number DESC"""
# The number stays taken: what an erased key sealed must never be tried with another one.
_ERASE = """UPDATE tenfold.data_keys SET wrapped = '', retired_at = coalesce(retired_at, now())
WHERE tenant_id = $1 AND wrapped <> '' AND (NOT $2 OR retired_at IS NOT NULL)"""


class DataKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, without what it is: no answer ever holds that."""

    number: int
    created_at: datetime
    retired_at: datetime | None
    """Since when no record has anything that it sealed; what the history keeps may."""
    erased: bool
    """Whether it was destroyed, so that nothing that it sealed can be opened."""


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """How far the secrets are on their way to the newest key."""

    job_id: UUID
    state: jobs.State
    done: int
    """Records looked at."""
    total: int | None
    note: str
    created_at: datetime
    finished_at: datetime | None


class SecretKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of an organisation's secrets, the newest first, which seals what is written now."""

    keys: list[DataKey]
    rotation: Rotation | None
    """The last time that secrets went over to a new key, or are on their way."""


async def read(reader: Reader, tenant: UUID) -> SecretKeys:
    """What there is."""
    keys = [DataKey(**dict(row.items())) for row in await reader.rows(_KEYS, tenant)]
    last = await jobs.listing(reader.connection, tenant, name=RESEAL_JOB, limit=1)
    return SecretKeys(keys=keys, rotation=_rotation(last[0]) if last else None)


async def change(act: Administrator, keyring: Keyring) -> SecretKeys:
    """Have an administrator make a new key; answers what there is then."""
    act.need("rotate_secret_keys")
    fresh = await rotate(act.tx, keyring)
    new = await read(act.tx, act.tenant)
    if fresh:
        told: dict[str, Any] = {"which": "data", "number": new.keys[0].number}
        await note(act.tx, "keys_rotated", act.client, tenant=act.tenant, **told)
    return new


def _rotation(status: jobs.Status) -> Rotation:
    return Rotation(
        job_id=status.id,
        state=status.state,
        done=status.done,
        total=status.total,
        note=status.note,
        created_at=status.created_at,
        finished_at=status.finished_at,
    )


async def rotate(tx: Transaction, keyring: Keyring) -> bool:
    """Make a new key, with which a job seals all secrets anew; whether it is new.

    While secrets are still on their way to the last one, that is gone on with. The caller holds
    the organisation. Raises Conflict where there are no secrets.
    """
    tenant = tx.context.tenant
    keys = await keyring.keys(tx, tenant)
    if not keys.newest:
        raise Conflict(
            say("Nothing is sealed here yet: the first key is made with the first secret.")
        )
    fresh = len(keys.live) == 1
    if fresh:
        await keyring.add(tx, tenant, keys.last + 1)
    await reseal_later(tx)
    return fresh


async def erase(
    tx: Transaction, keyring: Keyring, types: Iterable[Definition], *, retired: bool = False
) -> int:
    """Destroy the keys, or those that are `retired`, for good; answers how many.

    What they sealed can't be opened any more. Who seals just now is waited for; what is sealed
    afterwards gets a new key. Lists that were found by a secret are made anew.
    """
    tenant = tx.context.tenant
    await keyring.hold(tx, tenant)
    done = await tx.execute(_ERASE, tenant, retired)
    tx.touch(*(one.name for one in types if one.secrets))
    return int(done.rpartition(" ")[2])
