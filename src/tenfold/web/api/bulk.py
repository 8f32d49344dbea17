"""Endpoints of many records at once: up to 10,000, all or nothing or row by row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast
from uuid import UUID

from litestar import delete, patch, post
from litestar.response.base import ASGIResponse

from tenfold.engine import batches
from tenfold.engine.upsert import upserted
from tenfold.engine.written import BULK, Change, Refusal, Results, Written
from tenfold.kernel.errors import Invalid, MissingFields, TenfoldError
from tenfold.kernel.ids import new_id
from tenfold.web import respond
from tenfold.web.api.records import shown
from tenfold.web.api.requests import Act, Arrival, Req, arrive, fields_of, id_of, ids_of

Body = Mapping[str, object]
Row = TypeVar("Row")
Outcome = tuple[list[Written | None], list[Refusal]]
Run = Callable[[Act], Awaitable[Outcome]]
_READ = 1_000


@dataclass(frozen=True, slots=True)
class _Given(Generic[Row]):
    """The records of a body: those that can be read, their places, and the others' refusals."""

    count: int
    partial: bool
    places: Sequence[int]
    rows: Sequence[Row]
    refused: Sequence[Refusal]

    async def written(self, run: Run, act: Act) -> Results:
        """Write what could be read; each result has the place of its record in the body."""
        results = Results(self.count, partial=self.partial)
        results.refused.extend(self.refused)
        with results.part(self.places):
            written, refused = await run(act)
        results.merge(self.places, written, refused)
        return results


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
    given = _given(await fields_of(request), _as_it_is)

    async def run(act: Act) -> Outcome:
        what = (act.tx, act.person, act.definition, given.rows, act.person.locale)
        return await act.records.create(*what, partial=given.partial)

    return await _bulk(arrival, given, run, "bulk-create", 201)


@patch("/v1/{plural:str}/bulk")
async def bulk_update(request: Req, plural: str) -> ASGIResponse:
    """Change up to 10,000 records, each with its `id` and the fields to change."""
    arrival = arrive(request, plural, "bulk-update")
    given = _given(await fields_of(request), _change)

    async def run(act: Act) -> Outcome:
        what = (act.tx, act.person, act.definition, given.rows, act.person.locale)
        return await act.records.update(*what, partial=given.partial)

    return await _bulk(arrival, given, run, "bulk-update", 200)


def _change(row: Body) -> Change:
    identity = id_of(row.get("id"), "id")
    version = row.get("version")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise Invalid({"version": "must be a whole number"})
    rest = {k: v for k, v in row.items() if k not in ("id", "version")}
    return Change(identity, rest, version)


@delete("/v1/{plural:str}/bulk", status_code=200)
async def bulk_delete(request: Req, plural: str) -> ASGIResponse:
    """Delete up to 10,000 records, given as `{"records": [{"id": …}]}`."""
    arrival = arrive(request, plural, "bulk-delete")
    given = _given(await fields_of(request), lambda row: id_of(row.get("id"), "id"))

    async def run(act: Act) -> Outcome:
        what = (act.tx, act.person, act.definition, given.rows)
        return await act.records.delete(*what, partial=given.partial)

    return await _bulk(arrival, given, run, "bulk-delete", 200)


@post("/v1/{plural:str}/upsert", status_code=200)
async def upsert(request: Req, plural: str) -> ASGIResponse:
    """Create or change records by a unique field: `{"key": …, "records": […]}`."""
    arrival = arrive(request, plural, "upsert")
    shipped = arrival.shipped
    body = await fields_of(request)
    given = _given(body, _as_it_is, extra=("key",))
    name = body.get("key")
    keys = [f.json_name for f in shipped.unique_fields]
    if not isinstance(name, str) or name not in keys:
        raise Invalid({"key": f"must be a unique field: {', '.join(keys)}"})
    new: set[int] = set()

    async def run(act: Act) -> Outcome:
        key = act.definition.by_json[name]
        results, refused, made = await upserted(
            act.records,
            act.tx,
            act.person,
            act.definition,
            key,
            given.rows,
            act.person.locale,
            partial=given.partial,
        )
        new.update(given.places[index] for index in made)
        return results, refused

    return await _bulk(arrival, given, run, "upsert", 200, new)


async def _bulk(
    arrival: Arrival,
    given: _Given[Row],
    run: Run,
    route: str,
    status: int,
    new: set[int] | None = None,
) -> ASGIResponse:
    """Run a bulk write as one batch, which can be undone."""
    batch = new_id()

    async def work(act: Act) -> ASGIResponse:
        try:
            results = await given.written(run, act)
        except TenfoldError as error:
            raise _placed(error) from None
        written = sum(1 for r in results.written if r is not None)
        if written:
            summary = {"operation": route, "written": written, "refused": len(results.refused)}
            await batches.begin(act.tx, batch, batches.BULK, act.definition.name, summary)
        return _answer(results, status, new, batch if written else None)

    return await arrival.change(work, batch)


def _placed(error: TenfoldError) -> TenfoldError:
    """The error that refuses a request as a whole, saying which record it is about."""
    if error.row is not None:
        place = f"records[{error.row}]"
        error.message = f"{place}: {error.message}"
        error.fields = {f"{place}.{name}": why for name, why in error.fields.items()}
    return error


def _answer(
    results: Results, status: int, new: set[int] | None, batch: UUID | None
) -> ASGIResponse:
    """The rows as written, in order (null where refused), and the refusals with their reasons."""
    errors = [
        {"index": r.index, **respond.error_body(r.error)}
        for r in sorted(results.refused, key=lambda r: r.index)
    ]
    done = sum(1 for r in results.written if r is not None)
    meta: dict[str, object] = {
        "written": done,
        "refused": len(errors),
        "errors": errors,
        "batch_id": batch,
    }
    if new is not None:
        created = sum(1 for place in new if results.written[place] is not None)
        meta |= {"created": created, "updated": done - created}
    json = respond.joined([None if r is None else shown(r) for r in results.written])
    return respond.document(respond.listed(json, meta), status=207 if errors else status)


def _given(body: Body, read: Callable[[Body], Row], extra: Sequence[str] = ()) -> _Given[Row]:
    """The `records` of a bulk body, each as `read` makes it.

    Raises Invalid naming the entry that can't be read, unless the others are written without it.
    """
    records = _records(body, extra)
    atomic = body.get("atomic", True)
    if not isinstance(atomic, bool):
        raise Invalid({"atomic": "must be true or false"})
    results = Results(len(records), partial=not atomic)
    rows: dict[int, Row] = {}
    for index, record in enumerate(records):
        try:
            if not isinstance(record, dict):
                raise Invalid({f"records[{index}]": "must be an object"})
            rows[index] = read(cast("Body", record))
        except Invalid as error:
            if atomic and isinstance(record, dict):
                error.row = index
                raise _placed(error) from None
            results.refuse(index, error)
    return _Given(len(records), not atomic, list(rows), list(rows.values()), results.refused)


def _as_it_is(row: Body) -> Body:
    return row


def _records(body: Body, extra: Sequence[str]) -> list[object]:
    """The list of records in a bulk body; raises Invalid where it is none or too long."""
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
    return records


HANDLERS = [batch_read, bulk_create, bulk_update, bulk_delete, upsert]
