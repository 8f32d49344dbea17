"""Batches of changes (imports, bulk edits, undos), what an undo would do, and the undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation.administrator import need_taking_back
from tenfold.engine import ask as asking
from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.engine.batches import Batch
from tenfold.engine.undo import shown_to
from tenfold.exchange.import_state import state_of
from tenfold.exchange.jobs import AT_ONCE, UNDO_JOB, Undoer, Undoing, enqueued
from tenfold.exchange.standing import UNFINISHED, standing, standings
from tenfold.kernel.answers import encoded
from tenfold.kernel.errors import NotFound
from tenfold.kernel.ids import parse_id
from tenfold.web import respond
from tenfold.web.api.administration import told_outside
from tenfold.web.api.auth import client_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.idempotency import once, whole_body
from tenfold.web.api.requests import Req, check_parameters, known, limit_of, pairs
from tenfold.web.desk import Desk, Entered

PARAMETERS = {
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": asking.MOST, "default": asking.LIMIT},
        "Entries a page.",
    ),
    "cursor": ({"type": "string"}, "The `next_cursor` of the page before."),
}
KINDS = [batches.IMPORT, batches.BULK, batches.HAND_OVER, batches.SAMPLE, batches.UNDO]
_WITHIN = ("at", "after", "slots", "job")
"""What a summary keeps for the job alone."""
_UNDO_SHOWN = ["undoes", "total", "done", "deleted", "restored", "kept", "gone", "details", "error"]


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of changes: an import, a bulk edit, a handing over, sample data or an undo."""

    id: UUID
    kind: str
    type: str
    status: str
    actor_id: UUID | None
    undone_by: UUID | None
    created_at: datetime
    finished_at: datetime | None
    result: dict[str, Any] = {}
    undo: dict[str, Any] | None = None
    """What an undo would do: records deleted, restored, kept and gone already."""


@get("/v1/batches")
async def list_batches(request: Req) -> ASGIResponse:
    """The batches that one may see, newest first."""
    return await listed(request, KINDS, "batches", view)


@get("/v1/batches/{batch_id:str}")
async def read_batch(request: Req, batch_id: str) -> ASGIResponse:
    """One batch, and what an undo of it would do."""
    desk, claims = known(request, "batch")
    async with desk.begin(claims, desk.context(claims, request.scope)) as (tx, person):
        batch = await found(Entered(tx, person), batch_id)
        undo = None
        if batch.undone_by is None and batch.status not in UNFINISHED:
            undo = await Undoer(desk.exchange).preview(tx, person, batch)
        return respond.data(view(desk, person, batch, undo))


@post("/v1/batches/{batch_id:str}/undo", status_code=200)
async def undo_batch(request: Req, batch_id: str) -> ASGIResponse:
    """Take a batch back: what it made goes, what it changed returns; later edits are kept."""
    return await undone(request, batch_id)


async def found(entered: Entered, text: str, kind: str = "") -> Batch:
    """The batch of an address; raises NotFound, also for one of another kind."""
    identity = parse_id(text)
    word = "import" if kind else "batch"
    if identity is None:
        raise NotFound(f"There is no {word} with the id {text[:60]!r}.")
    batch = await batches.find(entered.reader, entered.person, identity)
    if kind and batch.kind != kind:
        raise NotFound(f"There is no {word} with the id {text[:60]!r}.")
    return await standing(entered.reader, entered.person.tenant, batch)


async def listed(
    request: Req,
    kinds: Sequence[str],
    place: str,
    view: Callable[[Desk, Person, Batch], msgspec.Struct],
) -> ASGIResponse:
    """A page of the batches of some kinds that one may see, newest first."""
    desk, claims = known(request, place)
    given = dict(pairs(request.scope["query_string"]))
    check_parameters(given, tuple(PARAMETERS))
    limit = limit_of(given)
    cursors = desk.query.cursors
    before = cursors.open(place, given["cursor"], [UUID])[0] if given.get("cursor") else None
    async with desk.enter(claims) as entered:
        reader, person = entered.reader, entered.person
        several = await batches.listing(reader, person, kinds, before, limit + 1)
        shown = await standings(reader, person.tenant, several[:limit])
    cursor = cursors.seal(place, [shown[-1].id]) if len(several) > limit else None
    views = [view(desk, person, batch) for batch in shown]
    body = respond.listed(encoded(views), respond.meta(limit, cursor))
    return respond.document(body)


async def undone(request: Req, text: str, kind: str = "") -> ASGIResponse:
    """Undo a small batch now (200), a large one by a job (202)."""
    desk, claims = known(request, "undo")
    undoer = Undoer(desk.exchange)
    await whole_body(request)
    async with (
        told_outside(request, desk, claims),
        desk.begin(claims, desk.context(claims, request.scope)) as (tx, person),
        once(request, tx, claims) as kept,
    ):
        if kept.answer is not None:
            return kept.answer
        batch = await found(Entered(tx, person), text, kind)
        need = partial(need_taking_back, person, client_of(request.scope))
        identity, total = await undoer.start(tx, person, batch.id, need)
        status = 200
        if total <= AT_ONCE:
            await undoer.at_once(tx, person, identity)
        else:
            status = 202
            await enqueued(tx, UNDO_JOB, identity)
        made = await batches.find(tx, person, identity)
        location = f"/v1/batches/{identity}"
        told = view(desk, person, made)
        answer = respond.data(told, status=status, headers={"location": location})
        return await kept.keep(answer)


def view(desk: Desk, person: Person, batch: Batch, undo: dict[str, Any] | None = None) -> BatchView:
    """A batch as it is told to somebody who may see it."""
    result = batch.summary
    if batch.kind == batches.IMPORT:
        result = msgspec.to_builtins(state_of(batch.summary).counts)
    elif batch.kind == batches.UNDO:
        state = msgspec.convert(batch.summary, Undoing)
        result = {name: msgspec.to_builtins(getattr(state, name)) for name in _UNDO_SHOWN}
        result["details"] = shown_to(person, desk.query.registry, state.details)
    else:
        result = {name: value for name, value in result.items() if name not in _WITHIN}
    return BatchView(
        id=batch.id,
        kind=batch.kind,
        type=batch.type,
        status=batch.status,
        actor_id=batch.actor_id,
        undone_by=batch.undone_by,
        created_at=batch.created_at,
        finished_at=batch.finished_at,
        result=result,
        undo=undo,
    )


HANDLERS = [list_batches, read_batch, undo_batch]

UNDOES = ("FORBIDDEN", "NOT_FOUND", "UNDONE", "NOT_FINISHED", 422)

ENDPOINTS = (
    Endpoint(
        "GET", "/v1/batches", "Batches, newest first", response=list[BatchView], query=PARAMETERS
    ),
    Endpoint("GET", "/v1/batches/{batch_id}", "One batch and its undo", response=BatchView),
    Endpoint(
        "POST",
        "/v1/batches/{batch_id}/undo",
        "Undo a batch",
        response=BatchView,
        errors=UNDOES,
        also=(202,),
    ),
)
