"""The settings as they are now, for what reads its secret at use: rotation without a restart.

The source is asked again and again in a thread, so that nobody waits for a slow one; what it last
said stays while it is away. A value that can't be used, or takes a restart, is told in the log.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import structlog

from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import (
    SettingError,
    Settings,
    lasting_names,
    named_secrets,
    variable,
    with_secrets,
)
from tenfold.outside.secrets.source import SecretSource, source_of
from tenfold.outside.threads import aside

PATIENCE_SECONDS = 1.5
"""How long somebody who needs a newer secret waits for it."""
_AFTER_FAILURE = 30.0
_PLACE = "database_url"
_NOT_AGAIN = 1.0
_log = structlog.get_logger()
Told = Callable[[], Awaitable[None]]


class Current:
    """One process's settings, whose secrets change while it runs."""

    def __init__(self, settings: Settings, source: SecretSource | None = None) -> None:
        self.settings = settings
        self.source = source or source_of(settings.secrets_from, os.environ)
        self._told: dict[str, list[Told]] = {}
        self._mentioned: dict[str, str] = {}
        self._looking: asyncio.Task[bool] | None = None
        self._looked = self._read = time.monotonic()

    @property
    def age(self) -> float:
        """For how many seconds nothing newer was heard of the source; 0 where there is none."""
        return time.monotonic() - self._read if self.source else 0.0

    def when_changed(self, name: str, told: Told) -> None:
        """Call `told` after each change of a secret setting."""
        self._told.setdefault(name, []).append(told)

    async def look(self) -> None:
        """Ask the source again, together with all who ask meanwhile; for a moment at most."""
        if self.source is None or time.monotonic() - self._looked < _NOT_AGAIN:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.shield(self._task())

    @asynccontextmanager
    async def kept(self) -> AsyncGenerator[None]:
        """For as long as the block lasts the source is asked again and again."""
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            for one in (tasks := {task, *([self._looking] if self._looking else [])}):
                one.cancel()
            await asyncio.wait(tasks)

    async def _keep(self) -> None:
        pause = self.settings.secrets_refresh_seconds
        while self.source is not None and pause:
            await asyncio.sleep(pause)
            heard = await asyncio.shield(self._task())
            pause = self.settings.secrets_refresh_seconds
            pause = pause if heard else min(pause, _AFTER_FAILURE)

    def _task(self) -> asyncio.Task[bool]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return self._looking

    async def _look(self) -> bool:
        """Ask, and take over what is new; answers whether the source was heard."""
        assert self.source is not None
        try:
            found = await aside(self.source.read)
            self._read = time.monotonic()
            for name in self._take(named_secrets(found)):
                _log.info("a secret has changed", setting=variable(name))
                for told in self._told.get(name, ()):
                    await told()
        except Unavailable as error:
            _log.warning("the last known secrets are used", reason=error.message)
            return False
        except Exception as error:  # noqa: BLE001 - whatever a library raises, we ask again
            _log.error("the last known secrets are used", reason=type(error).__name__)
            return False
        finally:
            self._looked = time.monotonic()
        return True

    def _take(self, values: Mapping[str, str]) -> list[str]:
        """Take over what may change now; answers what did."""
        changed: list[str] = []
        for name, value in values.items():
            before = getattr(self.settings, name)
            if value == before or self._mentioned.get(name) == value:
                continue
            try:
                settings = with_secrets(self.settings, {name: value})
            except SettingError as error:
                self._mention(name, value, str(error))
                continue
            if name in lasting_names() or (name.endswith(_PLACE) and _elsewhere(before, value)):
                self._mention(name, value, "a change of it takes a restart")
                continue
            self.settings = settings
            changed.append(name)
        return changed

    def _mention(self, name: str, value: str, reason: str) -> None:
        """Say once of a new value why it is not taken over."""
        self._mentioned[name] = value
        _log.warning("a changed secret is not used", setting=variable(name), reason=reason)


def _elsewhere(before: str, now: str) -> bool:
    """Whether two addresses lead to different places: half of a process must not go there."""
    one, other = (urlsplit(url) for url in (before, now))
    return one._replace(netloc=_host(one.netloc)) != other._replace(netloc=_host(other.netloc))


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2]
