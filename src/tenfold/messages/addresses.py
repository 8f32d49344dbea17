"""The addresses at which carriers tell how messages went, and bring what came back.

Each holds a secret of the installation, and what a carrier signs is checked besides.
"""

from __future__ import annotations

import hmac

from tenfold.db.keys import Keyring
from tenfold.kernel.codec import spelled
from tenfold.kernel.settings import Settings

PATH = "/v1/carriers"
CARRIERS = ("mail", "resend", "sendgrid", "postmark", "twilio")
"""Who may bring something; `mail` is whoever hands on a mail as it came."""
_PURPOSE = "carriers"
_BYTES = 18


def address_of(settings: Settings, keyring: Keyring, carrier: str) -> str:
    """Where a carrier tells us something."""
    return f"{settings.address}{path_of(keyring, carrier)}"


def path_of(keyring: Keyring, carrier: str) -> str:
    """The path of that address."""
    return f"{PATH}/{carrier}/{_secret(keyring.derive(_PURPOSE))}"


def opens(keyring: Keyring, given: str) -> bool:
    """Whether this is the secret of the addresses, under the master key of now or one before."""
    said = given.encode()
    return any(
        hmac.compare_digest(said, _secret(key).encode()) for key in keyring.derived(_PURPOSE)()
    )


def _secret(key: bytes) -> str:
    return spelled(key[:_BYTES])
