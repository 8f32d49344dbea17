"""The load: a small HTTP/1.1 client in a process of its own, many connections kept alive.

    python -m bench.client < job.json

It writes `begin` when the warm-up is over, `end` when the measured time is, then one line of JSON,
an Outcome. Every answer's status is checked, every body's beginning, and a sample of the bodies
in full. Only addresses of this machine are spoken to.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import cast

import msgspec
import uvloop

from bench.figures import percentile

_LOCAL = {"127.0.0.1", "::1"}
_DRAIN_SECONDS = 30.0
_LOOKED_AT_IN_FULL = 50
_GOOD = b'{"success":true'


class Ask(msgspec.Struct, frozen=True):
    """One request; `{n}` in the body becomes a number that no other request of the job has."""

    method: str
    path: str
    token: str
    body: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, how, for how long, and what a good answer is."""

    port: int
    asks: list[Ask]
    host: str = "127.0.0.1"
    connections: int = 64
    warm_seconds: float = 1.0
    seconds: float = 4.0
    times: int = 0
    """Send so many requests instead of sending for a time; nothing is warmed up then."""
    status: int = 200
    contains: str = ""
    """A text that every answer must contain."""
    rows: int = -1
    """How many rows `data` must have; -1: any number."""
    seed: int = 1
    first_number: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, in the measured time."""

    requests: int
    seconds: float
    errors: dict[str, int]
    first_error: str
    milliseconds: dict[str, float]
    body_bytes: float
    """Mean size of a body."""
    cpu_share: float
    """Share of one core that this client used."""

    @property
    def rate(self) -> float:
        """Good answers in a second."""
        return self.requests / self.seconds if self.seconds else 0.0


class Load:
    """The state that all connections share: what to send next, what came back."""

    def __init__(self, job: Job, say: Callable[[str], None]) -> None:
        self.job, self._say = job, say
        self._asks = [_prepared(ask, job.host) for ask in job.asks]
        self._numbers = itertools.count(job.first_number)
        self._random = random.Random(job.seed)
        self._left = job.times or -1
        self._contains = job.contains.encode()
        self.measuring = self.over = False
        self.done = asyncio.Event()
        self.idle = 0
        self.latencies: list[float] = []
        self.errors: Counter[str] = Counter()
        self.first_error = ""
        self._bytes = self._looked = 0
        self._began = self._ended = self._cpu_began = self._cpu = 0.0

    def begin(self) -> None:
        """The warm-up is over."""
        self.measuring = True
        self._say("begin")
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    def end(self) -> None:
        """The measured time is over; what is under way may still finish."""
        self._ended = time.perf_counter()
        self._cpu = time.process_time() - self._cpu_began
        self.measuring, self.over = False, True
        self._say("end")

    def next(self) -> bytes | None:
        """The next request's bytes, or None where there is none."""
        if self.over or self._left == 0:
            return None
        self._left -= 1
        head, body = self._asks[int(self._random.random() * len(self._asks))]
        if not body:
            return head
        text = body.replace(b"{n}", b"%d" % next(self._numbers))
        return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(text), text)

    def answered(self, status: int, body: bytes, elapsed: float) -> None:
        """Check an answer and count it: as good, or as an error, never as both."""
        wrong = self._wrong(status, body)
        if wrong:
            # An error counts whenever it comes, in the warm-up too.
            self.failed(wrong, body)
        elif self.measuring:
            self.latencies.append(elapsed)
            self._bytes += len(body)

    def failed(self, what: str, body: bytes = b"") -> None:
        """Count what went wrong."""
        self.errors[what] += 1
        if not self.first_error:
            self.first_error = f"{what}: {body[:300].decode(errors='replace')}"

    def _wrong(self, status: int, body: bytes) -> str:
        if status != self.job.status:
            return f"status {status}"
        if not body.startswith(_GOOD):
            return "not a good answer"
        if self._contains and self._contains not in body:
            return f"without {self.job.contains}"
        self._looked += 1
        if self._looked > _LOOKED_AT_IN_FULL and self._looked % 200:
            return ""
        return self._unreadable(body)

    def _unreadable(self, body: bytes) -> str:
        try:
            data = msgspec.json.decode(body)["data"]
        except (msgspec.DecodeError, KeyError, TypeError):
            return "not readable"
        if 0 <= self.job.rows != len(data):
            return f"{len(data)} rows, not {self.job.rows}"
        return ""

    def outcome(self) -> Outcome:
        """The sum of it."""
        seconds = self._ended - self._began
        milliseconds = {
            name: 1_000 * percentile(self.latencies, share)
            for name, share in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
        }
        good = len(self.latencies)
        return Outcome(
            requests=good,
            seconds=seconds,
            errors=dict(self.errors),
            first_error=self.first_error,
            milliseconds=milliseconds,
            body_bytes=self._bytes / good if good else 0,
            cpu_share=self._cpu / seconds if seconds else 0,
        )


def _prepared(ask: Ask, host: str) -> tuple[bytes, bytes]:
    """A request's bytes; those of its head without the end where a body follows."""
    lines = [f"{ask.method} {ask.path} HTTP/1.1", f"Host: {host}"]
    if ask.token:
        lines.append(f"Authorization: Bearer {ask.token}")
    if ask.body:
        return "\r\n".join(
            [*lines, "Content-Type: application/json", ""]
        ).encode(), ask.body.encode()
    return "\r\n".join([*lines, "", ""]).encode(), b""


class Connection(asyncio.Protocol):
    """One connection: sends the next request when the last one's answer is complete."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._sent = 0.0
        self._head = self._length = -1
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Put an answer together."""
        received = time.perf_counter()
        self._buffer += data
        if self._head < 0:
            self._head = self._buffer.find(b"\r\n\r\n")
            if self._head < 0:
                return
            self._length = _content_length(bytes(self._buffer[: self._head]))
            if self._length < 0:
                self._stop("an answer without its length")
                return
        whole = self._head + 4 + self._length
        if len(self._buffer) < whole:
            return
        status = int(self._buffer[9:12])
        body = bytes(self._buffer[self._head + 4 : whole])
        del self._buffer[:whole]
        self._head, self._waiting = -1, False
        self._load.answered(status, body, received - self._sent)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server hung up: an error while an answer is awaited."""
        if self._waiting:
            self._stop(f"connection lost ({exc or 'closed'})")

    def _send(self) -> None:
        request = self._load.next()
        if request is None or self._transport is None:
            self._stop()
            return
        self._waiting = True
        self._sent = time.perf_counter()
        self._transport.write(request)

    def _stop(self, error: str = "") -> None:
        self._waiting = False
        if error:
            self._load.failed(error)
        self._load.idle += 1
        if self._load.idle >= self._load.job.connections:
            self._load.done.set()
        if self._transport is not None:
            self._transport.abort()


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return -1


async def run(job: Job, say: Callable[[str], None] = print) -> Outcome:
    """Send the job's requests and sum up what came back."""
    if job.host not in _LOCAL:
        raise ValueError(f"the benchmark speaks only to this machine, not to {job.host}")
    loop = asyncio.get_running_loop()
    load = Load(job, say)
    if job.times:
        load.begin()
    try:
        for _ in range(job.connections):
            await loop.create_connection(lambda: Connection(load), job.host, job.port)
    except OSError as error:
        load.failed(f"no connection ({error.strerror or error})")
        load.end()
        return load.outcome()
    await (_counted(load) if job.times else _timed(load))
    return load.outcome()


async def _counted(load: Load) -> None:
    try:
        async with asyncio.timeout(load.job.seconds):
            await load.done.wait()
    except TimeoutError:
        load.failed(f"no answer in {load.job.seconds:g} s")
    load.end()


async def _timed(load: Load) -> None:
    await _unless_done(load, load.job.warm_seconds)
    load.begin()
    await _unless_done(load, load.job.seconds)
    load.end()
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await load.done.wait()
    except TimeoutError:
        load.failed(f"no answer in {_DRAIN_SECONDS:g} s")


async def _unless_done(load: Load, seconds: float) -> None:
    """Wait; not for the rest of the time where every connection is lost."""
    try:
        async with asyncio.timeout(seconds):
            await load.done.wait()
    except TimeoutError:
        return


def main() -> None:
    """Run the job on standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    outcome = uvloop.run(run(job, lambda text: print(text, flush=True)))
    print(msgspec.json.encode(outcome).decode(), flush=True)


if __name__ == "__main__":
    main()
