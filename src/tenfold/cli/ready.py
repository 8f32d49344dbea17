"""Says at the terminal that the server answers, takes long to, or has lost its database."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

READY, AWAY, SILENT = "ready", "away", "silent"
_PAUSE = 0.15
_LONG = 10.0
_LOOK_SECONDS = 5.0
# The server is on this machine: a proxy that the environment names could not reach it.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Announcer:
    """Beside the supervisor: waits until the server is ready, then watches its database."""

    address: str
    announce: Callable[[], None]
    say: Callable[[str], None]
    log: str
    _stop: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def stop(self) -> None:
        """Wait no longer."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _work(self) -> None:
        waited = 0.0
        while (found := state(self.address)) != READY and not self._stop.wait(_PAUSE):
            waited += _PAUSE
            if waited >= _LONG:
                waited = 0.0
                what = "The database does not answer yet" if found == AWAY else "Still starting"
                self.say(f"{what} … (log: {self.log})")
        if not self._stop.is_set():
            self.announce()
        self._watch()

    def _watch(self) -> None:
        """Tell once that the database is away, and once that it is back."""
        away = False
        while not self._stop.wait(_LOOK_SECONDS):
            found = state(self.address)
            if found == AWAY and not away:
                self.say("The database does not answer; Tenfold waits for it.")
            elif found == READY and away:
                self.say("The database answers again.")
            away = found == AWAY or (away and found == SILENT)


def state(address: str) -> str:
    """Whether the server is ready, waits for its database, or does not answer at all."""
    try:
        with _DIRECT.open(f"{address}/v1/health", timeout=5) as answer:
            return READY if answer.status == 200 else SILENT
    except urllib.error.HTTPError as error:
        error.close()
        return AWAY if error.code == 503 else SILENT
    except (urllib.error.URLError, OSError, ValueError):
        return SILENT
