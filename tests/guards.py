"""What no test may do: speak to another machine. And what some count: statements sent."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asyncpg.connection import Connection


class BlockedSocket(RuntimeError):
    """A test tried to reach another machine."""


@contextmanager
def no_network() -> Iterator[None]:
    """Refuse every connection but those to this machine, and every question for a name."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        lookup = socket.getaddrinfo

        def guarded_lookup(host: Any, *rest: Any, **more: Any) -> Any:
            # An address in figures is only read, nobody is asked for it.
            if not _here(host) and not _figures(host):
                raise BlockedSocket(f"a test looked up {host!r}")
            return lookup(host, *rest, **more)

        patch.setattr(socket, "getaddrinfo", guarded_lookup)
        yield


def _figures(host: Any) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


def _guarded(original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and not _here(address[0]):
            raise BlockedSocket(f"a test connected to {address!r}")
        return original(self, address)

    return connect


def _here(host: Any) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    if text in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(text).is_loopback or text == "0.0.0.0"
    except ValueError:
        return False


class Counter:
    """The statements that were sent to the database while it was watching."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)

    def clear(self) -> None:
        """Begin anew."""
        self.statements.clear()


@contextmanager
def counted() -> Iterator[Counter]:
    """Count every statement that this process sends."""
    counter = Counter()
    scripts, statements = Connection.execute, Connection._execute

    async def execute(self: Any, query: str, *args: Any, **more: Any) -> Any:
        if not args:  # with arguments it goes on to `_execute`
            counter.statements.append(query)
        return await scripts(self, query, *args, **more)

    async def execute_prepared(self: Any, query: str, *args: Any, **more: Any) -> Any:
        counter.statements.append(query)
        return await statements(self, query, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "execute", execute)
        patch.setattr(Connection, "_execute", execute_prepared)
        yield counter
