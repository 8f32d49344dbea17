"""What tests in a real browser need: a Chromium, and a server of its own process."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from bench.browser import MISSING, arguments, chromium
from playwright.async_api import Browser, async_playwright
from tests.children import unmeasured

from tenfold.kernel.settings import Settings

DESK, TABLET, PHONE = (1440, 900), (1024, 768), (390, 844)


def browser_path(own: str) -> str:
    """Where a Chromium is: the system's, else the one that playwright brought."""
    found = chromium(own)
    if found is None:
        pytest.fail(MISSING)
    return found


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A browser without a window."""
    async with async_playwright() as playwright:
        path = browser_path(playwright.chromium.executable_path)
        browser = await playwright.chromium.launch(executable_path=path, args=arguments())
        yield browser
        await browser.close()


@asynccontextmanager
async def served(settings: Settings, **more: str) -> AsyncIterator[int]:
    """A server of the worker's database, as `tenfold serve` would run it; answers its port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    environment = unmeasured(
        TENFOLD_HOME=settings.home,
        TENFOLD_APP_DATABASE_URL=settings.app_database_url,
        TENFOLD_RATE_PER_MINUTE="0",
        TENFOLD_RATE_ANONYMOUS="0",
        TENFOLD_LOG_LEVEL="ERROR",
        PORT=str(port),
        **more,
    )
    options = f"--interface asgi --factory --workers 1 --host 127.0.0.1 --port {port}".split()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "granian", *options, "tenfold.app:create_app", env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient() as http:
            for _ in range(400):
                try:
                    await http.get(f"http://127.0.0.1:{port}/login")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()
