"""The browser that pages are measured in: which Chromium, and how quick machine and line are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as BrowserError

from bench.site import BenchError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MISSING = (
    "A browser is needed: run `apt-get install chromium` or "
    "`.venv/bin/playwright install chromium`."
)


@dataclass(frozen=True, slots=True)
class Line:
    """A network: milliseconds that each request waits, bits per second down and up."""

    latency: float
    down: float
    up: float


@dataclass(frozen=True, slots=True)
class Machine:
    """What a page is opened on: its screen, how many times slower it is, how it is connected."""

    name: str
    size: tuple[int, int]
    slower: float = 1
    line: Line | None = None
    touched: bool = False


DESK = Machine("desk", (1440, 900))
# Lighthouse's "slow 4G" and its slowdown of the processor:
# https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md
PHONE = Machine("phone", (390, 844), 4, Line(150, 1_600_000, 750_000), touched=True)


@contextmanager
def browsing() -> Generator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        path = chromium(playwright.chromium.executable_path)
        if path is None:
            raise BenchError(MISSING)
        browser = playwright.chromium.launch(executable_path=path, args=arguments())
        try:
            yield browser
        except BrowserError as error:
            raise BenchError(f"The browser: {error}") from error
        finally:
            browser.close()


def chromium(own: str) -> str | None:
    """Where a Chromium is: the system's, else the one that playwright brought, if it did."""
    found = next((p for name in _NAMES if (p := shutil.which(name))), own)
    return found if Path(found).exists() else None


def arguments() -> list[str]:
    """What Chromium is started with: root can't have its sandbox."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
