"""Whether this process can serve, and its figures for Prometheus."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.response.base import ASGIResponse

import tenfold
from tenfold import jobs
from tenfold.db import pulse
from tenfold.kernel.errors import Unavailable
from tenfold.web import respond
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import Desk
from tenfold.web.metrics import Metrics, named

Req = Request[Any, Any, Any]
_PATIENCE = 2.0


class DatabaseHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the database answers."""

    milliseconds: float
    """How long it took to answer."""
    connections: dict[str, int]
    """Open, free and most allowed connections of this process."""


class LogHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the readers of the change log keep up."""

    lag_seconds: float | None
    """The age of the oldest change that some reader has not seen; null where it can't be told."""


class QueueHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How full the queue of jobs is."""

    ready: int
    waiting: int
    processing: int
    lag_seconds: float
    """How long the job that waits longest could have run already."""


class HealthParts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that serving needs."""

    database: DatabaseHealth
    log: LogHealth
    queue: QueueHealth


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What a load balancer and a person want to know."""

    status: str
    """`ready`; where it isn't, the answer is 503."""
    version: str
    parts: HealthParts


@get("/v1/health")
async def read_health(request: Req) -> ASGIResponse:
    """Ready to serve (200) or not (503), with each part's state."""
    named(request.scope, "health")
    found = await shared_look(request.app.state)
    return respond.data(found, headers={"cache-control": "no-store"})


@get("/metrics")
async def read_metrics(request: Req) -> ASGIResponse:
    """This process's figures in the Prometheus text format."""
    named(request.scope, "metrics")
    desk: Desk = request.app.state.desk
    metrics: Metrics = request.app.state.metrics
    try:
        _show(metrics, await shared_look(request.app.state))
    except Unavailable:
        metrics.ready.set(0)
    metrics.secrets.set(request.app.state.current.age)
    metrics.misses(desk.query.shapes.misses)
    return ASGIResponse(
        body=metrics.text(),
        media_type="text/plain; version=0.0.4",
        headers={"cache-control": "no-store"},
    )


async def shared_look(state: State) -> Health:
    """A look with all who ask meanwhile: strangers in numbers take one connection, not all."""
    task: asyncio.Task[Health] | None = state.get("look")
    if task is None or task.done():
        task = state.look = asyncio.create_task(look(state.desk))
    return await asyncio.shield(task)


async def look(desk: Desk) -> Health:
    """The parts' state now; raises Unavailable where one that serving needs does not answer."""
    began = time.perf_counter()
    async with pulse.answering(desk.database, _PATIENCE) as reader:
        lag = await pulse.log_lag(reader)
        took = time.perf_counter() - began
        backlog = await jobs.backlog(reader.connection)
    return Health(
        status="ready",
        version=tenfold.__version__,
        parts=HealthParts(
            database=DatabaseHealth(
                milliseconds=round(took * 1_000, 3), connections=desk.database.figures()
            ),
            log=LogHealth(lag_seconds=None if lag is None else round(lag, 3)),
            queue=QueueHealth(
                ready=backlog.ready,
                waiting=backlog.waiting,
                processing=backlog.processing,
                lag_seconds=round(backlog.lag, 3),
            ),
        ),
    )


def _show(metrics: Metrics, found: Health) -> None:
    """Put what was seen into the gauges."""
    parts = found.parts
    metrics.ready.set(1)
    for state, number in parts.database.connections.items():
        metrics.pool.labels(state).set(number)
    for state in ("ready", "waiting", "processing"):
        metrics.queue.labels(state).set(getattr(parts.queue, state))
    metrics.queue_lag.set(parts.queue.lag_seconds)
    if parts.log.lag_seconds is not None:
        metrics.lag.set(parts.log.lag_seconds)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/health",
        summary="Whether this process can serve",
        response=Health,
        errors=("UNAVAILABLE",),
        public=True,
    ),
)
HANDLERS = [read_health, read_metrics]
