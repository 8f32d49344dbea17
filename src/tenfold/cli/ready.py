"""Says that the server answers, once it does."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable

WAIT_SECONDS = 120.0
_PAUSE = 0.15


class Announcer:
    """Waits beside the supervisor until the server is ready, then says so once."""

    def __init__(self, address: str, announce: Callable[[], None]) -> None:
        self._address, self._announce = address, announce
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def stop(self) -> None:
        """Wait no longer."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _wait(self) -> None:
        for _ in range(int(WAIT_SECONDS / _PAUSE)):
            if self._stop.is_set():
                return
            if _answers(f"{self._address}/v1/health"):
                self._announce()
                return
            self._stop.wait(_PAUSE)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310
            return answer.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False
