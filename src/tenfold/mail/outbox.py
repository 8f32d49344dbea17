"""The page of the letters that no mail server takes: which installations have it, and where.

Whoever reads these letters is everybody. That the machine itself asks proves too little: a proxy on
it, and whoever else works there, does so too. So its address holds a secret, which is told to who
runs the installation.
"""

from __future__ import annotations

import hmac
import ipaddress

from tenfold.db.keys import Keyring
from tenfold.kernel.codec import spelled
from tenfold.kernel.settings import Settings

_BYTES = 18


def offered(settings: Settings) -> bool:
    """Whether there is such a page: without a mail server, where only this machine is served."""
    return not (settings.mail_url or settings.public_url) and loopback(settings.host)


def address(settings: Settings, keyring: Keyring) -> str:
    """Where it is; empty where there is none."""
    secret = _secret(keyring.derive("outbox"))
    return f"{settings.address}/outbox/{secret}" if offered(settings) else ""


def opens(keyring: Keyring, given: str) -> bool:
    """Whether this is the secret of its address, under the master key of now or one before."""
    said = given.encode()
    keys = keyring.derived("outbox")()
    return any(hmac.compare_digest(said, _secret(key).encode()) for key in keys)


def loopback(name: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _secret(key: bytes) -> str:
    return spelled(key[:_BYTES])
