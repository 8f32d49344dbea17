"""Servers that the client of outgoing calls is tried on: one that answers, one that only counts."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser

Reply = Callable[["Asked"], bytes]


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: Message
    body: bytes


@dataclass
class Host:
    """A web server on this machine and what it was asked."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; header names are written with _."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"content-length": str(len(body)), **named}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def moved(to: str, status: str = "302 Found") -> bytes:
    """A redirect."""
    return answer(status=status, location=to)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(
    handler: Handler, *, at: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server whose connections end with it, whatever they are at; yields its port."""
    running: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, asyncio.IncompleteReadError):
            if tls is not None:
                await writer.start_tls(tls)
            await handler(reader, writer)

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running[asyncio.get_running_loop().create_task(serve(reader, writer))] = writer

    server = await asyncio.start_server(begin, at, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await _turns()  # for those that are just being accepted
        server.close()
        for task, writer in running.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*running, return_exceptions=True)
        await _turns()


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def hosting(
    reply: Reply, *, at: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Host]:
    """A server that answers each connection's one request with what `reply` says."""
    host = Host()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        headers = BytesParser().parsebytes(rest)
        body = await reader.readexactly(int(headers["content-length"] or 0))
        method, path, _ = line.decode().split(" ")
        host.asked.append(Asked(method, path, headers, body))
        writer.write(reply(host.asked[-1]))
        await writer.drain()

    async with listening(serve, at=at, port=port, tls=tls) as host.port:
        yield host


@dataclass
class Canary:
    """Listens everywhere on this machine, and nobody must come."""

    port: int = 0
    connections: int = 0


@asynccontextmanager
async def canary(port: int = 0, at: Sequence[str] = ("0.0.0.0", "::1")) -> AsyncIterator[Canary]:
    """A real listener on all of this machine's addresses, or those named."""
    bird = Canary(port)

    async def count(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        bird.connections += 1

    async with AsyncExitStack() as stack:
        for address in at:
            server = listening(count, at=address, port=bird.port)
            bird.port = await stack.enter_async_context(server)
        yield bird


class Names:
    """A name server: each name has the answers that it gives one after the other."""

    def __init__(self, **answers: Iterable[Sequence[str]]) -> None:
        self._answers = {name: iter(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self._answers:
            raise OSError("no such name")
        return next(self._answers[host])


def always(*addresses: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A name server that knows one answer to everything."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve
