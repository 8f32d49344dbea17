"""Keys of programs: what they look like, whose they are, and when they were last used.

A key is `tf_`, eight characters by which people recognise it, and 256 random bits with a checksum,
all of it in letters and digits, so that scanners find lost ones. Stored is its SHA-256 alone.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import string
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from tenfold.accounts.identity.secrets_kept import digest
from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import BUSY, Database
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Unavailable

SHAPE = re.compile(r"tf_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}")
"""How a key looks."""
USED_EVERY = timedelta(minutes=1)
"""How often a key's last use is written down at most."""
_BEGINNING = "tf_"
_LETTERS = string.digits + string.ascii_letters
_NAMED, _SECRET, _CHECK = 8, 43, 6  # 62 ** 43 is more than 2 ** 256, 62 ** 6 than 2 ** 32
_WAIT_SECONDS = 5.0
_WHOSE = "SELECT tenant_id, id, user_id FROM tenfold.api_key($1)"
_USED = """UPDATE tenfold.api_keys k SET used_at = u.at, used_from = u.address
FROM unnest($2::uuid[], $3::timestamptz[], $4::text[]) AS u (id, at, address)
WHERE k.tenant_id = $1 AND k.id = u.id AND k.revoked_at IS NULL AND k.expires_at > u.at
    AND (k.used_at IS NULL OR k.used_at < u.at)"""
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_log = structlog.get_logger()


def new_key() -> tuple[str, str]:
    """A key, and the beginning by which it is recognised."""
    prefix = f"{_BEGINNING}{_random(_NAMED)}"
    key = f"{prefix}_{_random(_SECRET)}"
    return key + _checksum(key), prefix


def key_in(authorization: str) -> str:
    """The key that an Authorization header brings; empty where it brings something else."""
    kind, _, token = authorization.partition(" ")
    token = token.strip()
    return token if kind.lower() == "bearer" and token.startswith(_BEGINNING) else ""


def well_formed(token: str) -> bool:
    """Whether it can be a key of ours: what was mistyped or cut off is not looked up."""
    return SHAPE.fullmatch(token) is not None and token.endswith(_checksum(token[:-_CHECK]))


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _checksum(text: str) -> str:
    number, made = zlib.crc32(text.encode()), ""
    for _ in range(_CHECK):
        number, place = divmod(number, len(_LETTERS))
        made = _LETTERS[place] + made
    return made


@dataclass(frozen=True, slots=True)
class Use:
    """When and from where a key was used."""

    at: datetime
    address: str


class ApiKeys:
    """The keys that one process has seen: whose they are, and their uses not written down yet.

    Whose a key is never changes. Whether it still counts is asked with the person that it acts for,
    whenever anything about the organisation's members has changed (`people.caller`).
    """

    def __init__(self, database: Database, most: int = 50_000) -> None:
        self._database, self._most = database, most
        self._whose: OrderedDict[bytes, Claims] = OrderedDict()
        self._noted: OrderedDict[UUID, datetime] = OrderedDict()
        self._uses: dict[UUID, dict[UUID, Use]] = {}
        self._writing: asyncio.Task[None] | None = None

    def known(self, token: str) -> Claims | None:
        """Whom a key acts for that was seen before."""
        return self._whose.get(digest(token))

    async def find(self, token: str) -> Claims | None:
        """Whom a key acts for; None where there is no such key, or it was revoked."""
        if not well_formed(token):
            return None
        hashed = digest(token)
        async with self._database.system() as reader:
            row = await reader.row(_WHOSE, hashed)
        if row is None:
            return None
        found = Claims(row["user_id"], row["tenant_id"], row["id"], float("inf"), "key")
        _keep(self._whose, hashed, found, self._most)
        return found

    def used(self, claims: Claims, address: str) -> None:
        """Note a use; it is written down later with those of others, outside of any request."""
        moment = clock.now()
        noted = self._noted.get(claims.session)
        if noted is not None and moment - noted < USED_EVERY:
            return
        _keep(self._noted, claims.session, moment, self._most)
        self._uses.setdefault(claims.tenant, {})[claims.session] = Use(moment, address[:64])
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_later())

    async def write(self) -> None:
        """Write down the uses that wait."""
        while self._uses:
            tenant, uses = self._uses.popitem()
            async with self._database.transaction(Context(tenant, None)) as tx:
                moments = [use.at for use in uses.values()]
                addresses = [use.address or None for use in uses.values()]
                await tx.execute(_USED, tenant, list(uses), moments, addresses)

    async def close(self) -> None:
        """Write down what is left."""
        if self._writing is not None:
            self._writing.cancel()
        await self.write()

    async def _write_later(self) -> None:
        await asyncio.sleep(_WAIT_SECONDS)
        try:
            await self.write()
        except (Unavailable, *BUSY) as error:  # the next use is written down again
            _log.warning("uses of API keys were not written down", error=str(error))


def _keep(kept: OrderedDict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    """Remember one more, and let go of the oldest where they are too many."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)
