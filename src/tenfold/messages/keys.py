"""What a message is known by outside, in its own headers and at carriers: one word for both ids."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from uuid import UUID

_FORM = re.compile(r"[a-z2-7]{52}")


@dataclass(frozen=True, slots=True)
class Known:
    """Which message of which organisation."""

    tenant: UUID
    message: UUID

    @property
    def key(self) -> str:
        """The word: 52 letters and digits that survive where case is not kept."""
        return b32encode(self.tenant.bytes + self.message.bytes).decode().rstrip("=").lower()


def known(text: str) -> Known | None:
    """Whose key stands in a text, the first one; None where there is none."""
    for found in _FORM.finditer(text.lower()):
        whole = b32decode(found[0].upper() + "====")
        return Known(UUID(bytes=whole[:16]), UUID(bytes=whole[16:]))
    return None
