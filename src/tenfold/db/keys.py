"""The installation's master key and what is made from it; envelope keys of tenants.

Stored form of everything sealed (final): one byte version (1), four bytes key number, twelve bytes
nonce, then AES-256-GCM ciphertext with its tag (NIST SP 800-38D). The additional data binds it to
its place, so that a value copied to another tenant, table, column or row does not open.
"""

from __future__ import annotations

import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tenfold.db.database import Reader, Transaction
from tenfold.db.private_file import kept

_VERSION = 1
_HEAD = struct.Struct(">BI")
_NONCE = 12

# A key that this very transaction made may still be taken back: it alone is as old as now().
_TENANT_KEYS = """SELECT number, wrapped, created_at < now() AS stays FROM tenfold.data_keys
WHERE tenant_id = $1 ORDER BY number"""
_NEW_KEY = (
    "INSERT INTO tenfold.data_keys (tenant_id, number, wrapped) VALUES ($1, 1, $2) "
    "ON CONFLICT DO NOTHING"
)


class Unsealable(Exception):
    """The stored secret does not open: another place, another key, or damage."""


def seal(key: bytes, number: int, plain: bytes, place: bytes) -> bytes:
    """Encrypt, bound to a place."""
    nonce = secrets.token_bytes(_NONCE)
    head = _HEAD.pack(_VERSION, number)
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head + place)


def unseal(keys: Mapping[int, bytes], sealed: bytes, place: bytes) -> bytes:
    """Decrypt what `seal` made for the same place; raises Unsealable."""
    head, rest = sealed[: _HEAD.size], sealed[_HEAD.size :]
    if len(rest) < _NONCE:
        raise Unsealable("too short")
    version, number = _HEAD.unpack(head)
    if version != _VERSION or number not in keys:
        raise Unsealable(f"version {version}, key {number}")
    try:
        return AESGCM(keys[number]).decrypt(rest[:_NONCE], rest[_NONCE:], head + place)
    except InvalidTag:
        raise Unsealable("wrong place, wrong key or damaged") from None


def place(tenant: UUID, table: str, column: str, row: UUID) -> bytes:
    """The place that a field's secret is bound to."""
    return b"|".join(
        (tenant.bytes.hex().encode(), table.encode(), column.encode(), row.hex.encode())
    )


class Keyring:
    """The master key, and the keys of tenants that it wraps (kept in memory once opened)."""

    def __init__(self, master: bytes) -> None:
        if len(master) != 32:
            raise ValueError("the master key must have 32 bytes")
        self._master = master
        self._tenants: dict[UUID, dict[int, bytes]] = {}

    @classmethod
    def of(cls, home: Path, given: str = "") -> Keyring:
        """The master key of `TENFOLD_MASTER_KEY` (64 hex digits), or of the home, made once."""
        if given:
            return cls(bytes.fromhex(given))
        text = kept(home / "keys" / "master.key", lambda: secrets.token_hex(32))
        return cls(bytes.fromhex(text.strip()))

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (HKDF, RFC 5869)."""
        return HKDF(SHA256(), 32, None, purpose.encode()).derive(self._master)

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Encrypt with the master key for one purpose."""
        return seal(self.derive("seal"), 0, plain, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt what `seal` made for the same purpose."""
        return unseal({0: self.derive("seal")}, sealed, purpose.encode())

    def sealed_text(self, text: str, purpose: str) -> str:
        """The same of a text, in letters that addresses and cookies bear."""
        return urlsafe_b64encode(self.seal(text.encode(), purpose)).decode().rstrip("=")

    def opened_text(self, sealed: str, purpose: str) -> str:
        """What `sealed_text` made for the same purpose; empty where it is anything else."""
        try:
            raw = urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
            return self.unseal(raw, purpose).decode()
        except (ValueError, Unsealable):
            return ""

    async def tenant(self, reader: Reader, tenant: UUID) -> dict[int, bytes]:
        """A tenant's keys by number; empty where it has none yet.

        They are kept in memory once they are stored for good.
        """
        if tenant not in self._tenants:
            rows = await reader.rows(_TENANT_KEYS, tenant)
            found = {r[0]: self.unseal(r[1], f"data key {tenant} {r[0]}") for r in rows}
            if not found or not all(r["stays"] for r in rows):
                return found
            self._tenants[tenant] = found
        return self._tenants[tenant]

    async def sealing_key(self, transaction: Transaction, tenant: UUID) -> tuple[int, bytes]:
        """The number and key that new secrets of a tenant use, made with the first of them."""
        keys = await self.tenant(transaction, tenant)
        if not keys:
            made = self.seal(secrets.token_bytes(32), f"data key {tenant} 1")
            await transaction.execute(_NEW_KEY, tenant, made)
            keys = await self.tenant(transaction, tenant)
        number = max(keys)
        return number, keys[number]
