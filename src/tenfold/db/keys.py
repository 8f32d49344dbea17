"""What the installation's master key seals and derives, and the keys of tenants that it wraps.

Stored form of everything sealed (final): one byte version (1), four bytes key number, twelve bytes
nonce, then AES-256-GCM ciphertext with its tag (NIST SP 800-38D). The additional data binds it to
its place, so that a value copied to another tenant, table, column or row does not open.

A tenant's keys are read from the database by every transaction that needs them: one that was made
or erased counts from the next transaction on, in every process. See docs/decisions/0006.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenfold.db.database import Reader, Transaction
from tenfold.db.glance import Glance
from tenfold.db.master import Given, Masters, derived
from tenfold.kernel.codec import spelled, unspelled
from tenfold.kernel.errors import TenfoldError, Unavailable
from tenfold.kernel.turning import Keys

_VERSION = 1
_HEAD = struct.Struct(">BI")
_NONCE = 12
INDEX_BYTES = 16
"""What is kept of an HMAC to find a secret by: enough that no two values ever meet by chance."""
DATA_KEY, LASTING_KEY = "data key {} {}", "signing key {}"
"""What the key of a tenant, by its number, is sealed for; and one of the installation's."""
_KNOWN_TENANTS = 10_000

_KEYS = """SELECT array_agg(number ORDER BY number), array_agg(wrapped ORDER BY number),
    array_agg(retired_at IS NOT NULL ORDER BY number)
FROM tenfold.data_keys WHERE tenant_id = $1"""
_SEALING = "SELECT numbers, wrapped, retired FROM tenfold.sealing_keys($1, $2)"
_NEW_KEY = """INSERT INTO tenfold.data_keys (tenant_id, number, wrapped) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING"""
_LASTING = "SELECT sealed FROM tenfold.signing_keys WHERE id = $1"
_NEW_LASTING = """INSERT INTO tenfold.signing_keys (id, sealed) VALUES ($1, $2)
ON CONFLICT DO NOTHING"""


class Unsealable(TenfoldError):
    """The stored secret does not open: another place, another key, or damage."""

    status = 409
    code = "SECRET_UNREADABLE"


class Erased(Unsealable):
    """The key of the stored secret was erased, so that nobody can open it ever again."""

    status = 410
    code = "SECRET_ERASED"


class KeyLost(Unavailable):
    """A tenant's key does not open with any master key that is known here."""

    code = "KEYS_UNAVAILABLE"


def seal(key: bytes, number: int, plain: bytes, place: bytes) -> bytes:
    """Encrypt, bound to a place."""
    nonce = secrets.token_bytes(_NONCE)
    head = _HEAD.pack(_VERSION, number)
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head + place)


def unseal(keys: Mapping[int, bytes], sealed: bytes, place: bytes) -> bytes:
    """Decrypt what `seal` made for the same place; raises Unsealable."""
    head, rest = sealed[: _HEAD.size], sealed[_HEAD.size :]
    if len(rest) < _NONCE:
        raise Unsealable("This secret does not open: it is too short.")
    version, number = _HEAD.unpack(head)
    if version != _VERSION or number not in keys:
        raise Unsealable(f"This secret does not open: there is no key {number} of form {version}.")
    try:
        return AESGCM(keys[number]).decrypt(rest[:_NONCE], rest[_NONCE:], head + place)
    except InvalidTag:
        raise Unsealable(
            "This secret does not open: it was damaged, or belongs to another place. Set it anew."
        ) from None


def number_in(sealed: bytes) -> int:
    """The number of the key that something is sealed with, as it says itself; 0 where it can't."""
    return _HEAD.unpack(sealed[: _HEAD.size])[1] if len(sealed) >= _HEAD.size else 0


def place(tenant: UUID, table: str, column: str, row: UUID) -> bytes:
    """The place that a field's secret is bound to."""
    return b"|".join(
        (tenant.bytes.hex().encode(), table.encode(), column.encode(), row.hex.encode())
    )


class DataKeys:
    """A tenant's keys as they were stored when they were read.

    `newest` is the number of the one that seals, 0 where there is none. Those that are not retired
    may have sealed something that is live.
    """

    def __init__(
        self,
        tenant: UUID,
        stored: Mapping[int, tuple[bytes, bool]],
        opener: Callable[[int, bytes], bytes],
    ) -> None:
        self._tenant, self._stored, self._opener = tenant, stored, opener
        self._opened: dict[int, bytes] = {}
        self._index_keys: dict[tuple[int, str, str], bytes] = {}
        self.live = tuple(
            n for n in sorted(stored, reverse=True) if stored[n][0] and not stored[n][1]
        )
        self.newest = self.live[0] if self.live else 0
        self.last = max(stored, default=0)
        """The highest number that was ever given."""

    def seal(self, text: str, table: str, column: str, row: UUID) -> bytes:
        """Seal a secret with the newest key."""
        where = place(self._tenant, table, column, row)
        return seal(self._key(self.newest), self.newest, text.encode(), where)

    def unseal(self, sealed: bytes, table: str, column: str, row: UUID) -> str:
        """Open a secret; raises Erased, or Unsealable, or KeyLost."""
        number = number_in(sealed)
        keys: dict[int, bytes] = {}
        if number in self._stored:
            if not self._stored[number][0]:
                raise Erased(
                    "The key of this secret was erased, so it can't be opened any more. "
                    "Set it anew where it is known."
                )
            keys[number] = self._key(number)
        return unseal(keys, sealed, place(self._tenant, table, column, row)).decode()

    def index(self, text: str, table: str, column: str) -> bytes:
        """What a secret is found by, under the newest key."""
        return self._index(self.newest, text, table, column)

    def indexes(self, text: str, table: str, column: str) -> list[bytes]:
        """What it may be found by: several while secrets go over to a new key."""
        return [self._index(number, text, table, column) for number in self.live]

    def _index(self, number: int, text: str, table: str, column: str) -> bytes:
        key = self._index_keys.get((number, table, column))
        if key is None:
            purpose = f"blind index|{self._tenant.hex}|{table}|{column}"
            key = self._index_keys[number, table, column] = derived(self._key(number), purpose)
        return hmac.digest(key, text.encode(), "sha256")[:INDEX_BYTES]

    def _key(self, number: int) -> bytes:
        found = self._opened.get(number)
        if found is None:
            found = self._opened[number] = self._opener(number, self._stored[number][0])
        return found


class Keyring:
    """The master keys, and the keys of tenants that they wrap."""

    def __init__(self, masters: Masters) -> None:
        self._masters = masters
        # Opened keys by their wrapped form: what is no longer stored is forgotten when that shows.
        self._opened: OrderedDict[UUID, dict[bytes, bytes]] = OrderedDict()

    @classmethod
    def of(cls, home: Path, given: Given = "") -> Keyring:
        """With the master keys of TENFOLD_MASTER_KEY, or of the home, made once."""
        return cls(Masters.of(home, given))

    # -- the master key

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, from the master key that signs now."""
        return self._masters.derived(purpose)[0]

    def derived(self, purpose: str) -> Keys:
        """The keys for one purpose, from the master keys as they are whenever they are asked."""
        return lambda: self._masters.derived(purpose)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the master keys: what is sealed now carries the first."""
        return tuple(number for number, _ in self._masters.numbered)

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Encrypt with the master key for one purpose."""
        number, key = self._masters.numbered[0]
        return seal(key, number, plain, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt what `seal` made for the same purpose, under any of the master keys."""
        number = number_in(sealed)
        refused = Unsealable("This was sealed with a master key that is not known here.")
        for own, key in self._masters.numbered:
            if number in (0, own):
                try:
                    return unseal({number: key}, sealed, purpose.encode())
                except Unsealable as error:
                    refused = error
        raise refused

    def sealed_text(self, text: str, purpose: str) -> str:
        """The same of a text, in letters that addresses and cookies bear."""
        return spelled(self.seal(text.encode(), purpose))

    def opened_text(self, sealed: str, purpose: str) -> str:
        """What `sealed_text` made for the same purpose; empty where it is anything else."""
        try:
            return self.unseal(unspelled(sealed), purpose).decode()
        except (ValueError, Unsealable):
            return ""

    async def lasting(self, tx: Transaction, name: str) -> bytes:
        """A key of the installation that stays the same when the master key changes.

        For hashes of what only people have, which nobody could make anew.
        """
        place_of = LASTING_KEY.format(name)
        for _ in range(2):
            sealed: bytes | None = await tx.value(_LASTING, name)
            if sealed is not None:
                return self.unseal(sealed, place_of)
            await tx.execute(_NEW_LASTING, name, self.seal(secrets.token_bytes(32), place_of))
        raise KeyLost("A key of this installation is gone; try again.")

    # -- the keys of tenants

    async def keys(self, reader: Reader | Glance, tenant: UUID) -> DataKeys:
        """A tenant's keys, to open what they sealed and to find by."""
        return self._read(tenant, await reader.row(_KEYS, tenant))

    async def sealing(self, tx: Transaction, tenant: UUID) -> DataKeys:
        """A tenant's keys to seal with, the first made with the first secret.

        Until this transaction ends, who changes the keys can tell that it may not know of that.
        """
        found = self._read(tenant, await tx.row(_SEALING, tenant, False))
        if not found.newest:
            await self.add(tx, tenant, found.last + 1)
            found = self._read(tenant, await tx.row(_SEALING, tenant, False))
        return found

    async def hold(self, tx: Transaction, tenant: UUID) -> None:
        """Wait for those who seal, and let nobody seal until this transaction ends."""
        await tx.row(_SEALING, tenant, True)

    async def add(self, tx: Transaction, tenant: UUID, number: int) -> None:
        """Make a tenant's key of this number, unless somebody else has just done so."""
        made = self.seal(secrets.token_bytes(32), DATA_KEY.format(tenant, number))
        await tx.execute(_NEW_KEY, tenant, number, made)

    def _read(self, tenant: UUID, row: asyncpg.Record | None) -> DataKeys:
        numbers: Sequence[int] = (row[0] if row else None) or ()
        stored: dict[int, tuple[bytes, bool]] = {}
        for place_of, number in enumerate(numbers):
            assert row is not None
            stored[number] = (row[1][place_of], row[2][place_of])
        known = self._opened.get(tenant)
        if known is not None:
            still = {wrapped for wrapped, _ in stored.values()}
            known = self._opened[tenant] = {w: k for w, k in known.items() if w in still}
        return DataKeys(tenant, stored, lambda number, wrapped: self._open(tenant, number, wrapped))

    def _open(self, tenant: UUID, number: int, wrapped: bytes) -> bytes:
        known = self._opened.setdefault(tenant, {})
        if wrapped not in known:
            try:
                known[wrapped] = self.unseal(wrapped, DATA_KEY.format(tenant, number))
            except Unsealable:
                raise KeyLost(
                    f"The key {number} of your organisation's secrets does not open with the "
                    "installation's master key; ask who runs the installation."
                ) from None
            if len(self._opened) > _KNOWN_TENANTS:
                self._opened.popitem(last=False)
        return known[wrapped]
