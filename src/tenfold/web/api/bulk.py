"""Endpoints of many records at once: up to 10,000, all or nothing or row by row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast
from uuid import UUID

from litestar import delete, patch, post
from litestar.response.base import ASGIResponse

from tenfold.engine import batches
from tenfold.engine.upsert import upserted
from tenfold.engine.written import BULK, Change, Refusal, Written
from tenfold.kernel.errors import Invalid, MissingFields, TenfoldError
from tenfold.kernel.ids import new_id
from tenfold.web import respond
from tenfold.web.api.records import shown
from tenfold.web.api.requests import Act, Arrival, Req, arrive, fields_of, id_of, ids_of

Rows = list[dict[str, object]]
Outcome = tuple[list[Written | None], list[Refusal]]
Run = Callable[[Act, bool], Awaitable[Outcome]]
_READ = 1_000


@post("/v1/{plural:str}/batch-read", status_code=200)
async def batch_read(request: Req, plural: str) -> ASGIResponse:
    """Several records by their ids; those that can't be seen are left out."""
    arrival = arrive(request, plural, "batch-read")
    body = await fields_of(request)
    if unknown := set(body) - {"ids"}:
        raise Invalid({min(unknown)[:100]: "is not expected here; give ids"})
    if body.get("ids") is None:
        raise MissingFields({"ids": "is required: a list of ids"})
    ids = ids_of(body["ids"], "ids", _READ)
    async with arrival.visit() as visit:
        query = arrival.desk.query
        json = await query.several(visit.reader, visit.person, visit.definition, ids)
    return respond.raw(json, encodings=arrival.encodings)


@post("/v1/{plural:str}/bulk")
async def bulk_create(request: Req, plural: str) -> ASGIResponse:
    """Make up to 10,000 records: all or nothing, or `"atomic": false` for row by row."""
    arrival = arrive(request, plural, "bulk-create")
    body = await fields_of(request)
    rows = _rows(body)

    async def run(act: Act, partial: bool) -> Outcome:
        return await act.records.create(
            act.tx, act.person, act.definition, rows, act.person.locale, partial=partial
        )

    return await _bulk(arrival, body, run, "bulk-create", 201)


@patch("/v1/{plural:str}/bulk")
async def bulk_update(request: Req, plural: str) -> ASGIResponse:
    """Change up to 10,000 records, each with its `id` and the fields to change."""
    arrival = arrive(request, plural, "bulk-update")
    body = await fields_of(request)
    changes = [_change(row, index) for index, row in enumerate(_rows(body))]

    async def run(act: Act, partial: bool) -> Outcome:
        return await act.records.update(
            act.tx, act.person, act.definition, changes, act.person.locale, partial=partial
        )

    return await _bulk(arrival, body, run, "bulk-update", 200)


def _change(row: Mapping[str, object], index: int) -> Change:
    identity = id_of(row.get("id"), f"records[{index}].id")
    version = row.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise Invalid({f"records[{index}].version": "must be a whole number"})
    rest = {k: v for k, v in row.items() if k not in ("id", "version")}
    return Change(identity, rest, version)


@delete("/v1/{plural:str}/bulk", status_code=200)
async def bulk_delete(request: Req, plural: str) -> ASGIResponse:
    """Delete up to 10,000 records, given as `{"records": [{"id": …}]}`."""
    arrival = arrive(request, plural, "bulk-delete")
    body = await fields_of(request)
    ids = [id_of(row.get("id"), f"records[{i}].id") for i, row in enumerate(_rows(body))]

    async def run(act: Act, partial: bool) -> Outcome:
        return await act.records.delete(act.tx, act.person, act.definition, ids, partial=partial)

    return await _bulk(arrival, body, run, "bulk-delete", 200)


@post("/v1/{plural:str}/upsert", status_code=200)
async def upsert(request: Req, plural: str) -> ASGIResponse:
    """Create or change records by a unique field: `{"key": …, "records": […]}`."""
    arrival = arrive(request, plural, "upsert")
    shipped = arrival.shipped
    body = await fields_of(request)
    rows = _rows(body, extra=("key",))
    name = body.get("key")
    keys = [f.json_name for f in shipped.fields.values() if f.unique]
    if not isinstance(name, str) or name not in keys:
        raise Invalid({"key": f"must be a unique field: {', '.join(keys)}"})
    new: set[int] = set()

    async def run(act: Act, partial: bool) -> Outcome:
        key = act.definition.by_json[name]
        results, refused, made = await upserted(
            act.records,
            act.tx,
            act.person,
            act.definition,
            key,
            rows,
            act.person.locale,
            partial=partial,
        )
        new.update(made)
        return results, refused

    return await _bulk(arrival, body, run, "upsert", 200, new)


async def _bulk(
    arrival: Arrival,
    body: Mapping[str, object],
    run: Run,
    route: str,
    status: int,
    new: set[int] | None = None,
) -> ASGIResponse:
    """Run a bulk write as one batch, which can be undone."""
    atomic = body.get("atomic", True)
    if not isinstance(atomic, bool):
        raise Invalid({"atomic": "must be true or false"})
    batch = new_id()

    async def work(act: Act) -> ASGIResponse:
        try:
            results, refused = await run(act, not atomic)
        except TenfoldError as error:
            raise _placed(error) from None
        written = sum(1 for r in results if r is not None)
        if written:
            summary = {"operation": route, "written": written, "refused": len(refused)}
            await batches.begin(act.tx, batch, batches.BULK, act.definition.name, summary)
        return _answer(results, refused, status, new, batch if written else None)

    return await arrival.change(work, batch)


def _placed(error: TenfoldError) -> TenfoldError:
    """The error that refuses a request as a whole, saying which record it is about."""
    if error.row is not None:
        place = f"records[{error.row}]"
        error.message = f"{place}: {error.message}"
        error.fields = {f"{place}.{name}": why for name, why in error.fields.items()}
    return error


def _answer(
    results: Sequence[Written | None],
    refused: Sequence[Refusal],
    status: int,
    new: set[int] | None,
    batch: UUID | None,
) -> ASGIResponse:
    """The rows as written, in order (null where refused), and the refusals with their reasons."""
    errors = [
        {"index": r.index, **respond.error_body(r.error)}
        for r in sorted(refused, key=lambda r: r.index)
    ]
    done = sum(1 for r in results if r is not None)
    meta: dict[str, object] = {
        "written": done,
        "refused": len(errors),
        "errors": errors,
        "batch_id": batch,
    }
    if new is not None:
        created = sum(1 for place in new if results[place] is not None)
        meta |= {"created": created, "updated": done - created}
    json = respond.joined([None if r is None else shown(r) for r in results])
    return respond.document(respond.listed(json, meta), status=207 if errors else status)


def _rows(body: Mapping[str, object], extra: Sequence[str] = ()) -> Rows:
    """The `records` of a bulk body; raises Invalid naming the entry that is no object."""
    if unknown := set(body) - {"records", "atomic", *extra}:
        raise Invalid({min(unknown)[:100]: "is not expected here; give records"})
    given = body.get("records")
    if given is None:
        raise MissingFields({"records": "is required: a list of objects"})
    if not isinstance(given, list):
        raise Invalid({"records": "must be a list of objects"})
    records = cast("list[object]", given)
    if len(records) > BULK:
        raise Invalid({"records": f"takes at most {BULK:,}; send them in parts"})
    for index, row in enumerate(records):
        if not isinstance(row, dict):
            raise Invalid({f"records[{index}]": "must be an object"})
    return cast("Rows", records)


HANDLERS = [batch_read, bulk_create, bulk_update, bulk_delete, upsert]
