"""The cursor of a keyset page: the last row's sort values, bound to its query and authenticated."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from tenfold.kernel.codec import spelled, unspelled
from tenfold.kernel.errors import Invalid
from tenfold.kernel.turning import Keys, live

_TAG = 12


class Cursors:
    """Makes and reads cursors with keys of the installation (keyed BLAKE2b, 96 bits)."""

    def __init__(self, keys: bytes | Keys) -> None:
        self._keys = live(keys)

    def seal(self, query: str, values: Sequence[object]) -> str:
        """The cursor for the rows after these sort values of a query."""
        body = msgspec.json.encode([_plain(value) for value in values])
        tag = _tag(self._keys()[0], query, body)
        return spelled(tag + body)

    def open(self, query: str, cursor: str, kinds: Sequence[type]) -> list[Any]:
        """The sort values in a cursor; raises Invalid unless it was made for this very query."""
        wrong = Invalid(
            {"cursor": "does not belong to this list; start again without a cursor"},
        )
        try:
            raw = unspelled(cursor)
        except ValueError:
            raise wrong from None
        tag, body = raw[:_TAG], raw[_TAG:]
        if not any(hmac.compare_digest(tag, _tag(key, query, body)) for key in self._keys()):
            raise wrong
        values = msgspec.json.decode(body)
        return [
            None if value is None else msgspec.convert(value, kind, strict=False)
            for value, kind in zip(values, kinds, strict=True)
        ]


def _tag(key: bytes, query: str, body: bytes) -> bytes:
    told = query.encode() + b"\0" + body
    return hashlib.blake2b(told, key=key, digest_size=_TAG).digest()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value
