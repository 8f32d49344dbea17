"""`tenfold carriers`: where carriers tell how messages went, and bring what people write back."""

from __future__ import annotations

from collections.abc import Callable

from tenfold.db.keys import Keyring
from tenfold.kernel.settings import Settings
from tenfold.messages.addresses import CARRIERS, address_of


async def show_addresses(settings: Settings, say: Callable[[str], None]) -> int:
    """Print each carrier's address."""
    keyring = Keyring.of(settings.folder, settings.master_key)
    for name in CARRIERS:
        say(f"{name:<9} {address_of(settings, keyring, name)}")
    return 0
