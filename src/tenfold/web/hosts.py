"""Under which names this installation is reached: all others are refused.

A page of another site whose name leads here (DNS rebinding) would otherwise be one of ours to the
browser, and what is made from the name, like an entry of a proxy's cache, would be its own.
"""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from urllib.parse import urlsplit

from tenfold.accounts.client import plain_address
from tenfold.kernel.settings import Settings, listed

_HOST = re.compile(r"(?:([A-Za-z0-9._-]+)|\[([0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?")


class Hosts:
    """The names that a request may be sent to; ports are not looked at.

    With a public address that is its name alone. Without one, names that cannot be a stranger's:
    those of this machine, the host that is listened on, and addresses in figures.
    """

    def __init__(self, settings: Settings) -> None:
        names = set(listed(settings.hosts))
        self._local = not settings.public_url
        if self._local:
            machine = socket.gethostname()
            # `.local` names are told in the local network alone; no stranger's can end so.
            names |= {"localhost", settings.host, machine, f"{machine}.local"}
        else:
            names.add(urlsplit(settings.public_url).hostname or "")
        self._names = frozenset(name.lower().rstrip(".") for name in names if name)
        self.know = lru_cache(maxsize=1_000)(self._know)

    def _know(self, host: str) -> bool:
        """Whether a Host header names us."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = (found[1] or found[2]).lower().rstrip(".")
        if name in self._names:
            return True
        return self._local and (name.endswith(".localhost") or bool(plain_address(name)))
