"""One operation of the published document, and the refusals that operations share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tenfold.engine.definition import Definition
from tenfold.engine.project.openapi_shared import JSON, refusals
from tenfold.engine.registry import Registry
from tenfold.engine.types.base import Schema

ALWAYS = (401, 403, 429, 500, 503)
READS = (400, *ALWAYS)
WRITES = (*READS, 409, 413, 422)
"""413 even without a body of their own: one that comes with an Idempotency-Key is read."""

Build = Callable[[Definition, Registry], Schema]


def operation(
    name: str,
    summary: str,
    answers: Schema,
    refused: Iterable[int],
    *,
    parameters: Iterable[Schema] = (),
    body: Schema | None = None,
    about: str = "",
) -> Schema:
    """The operation with its answers and the error answers of these statuses."""
    made: Schema = {"operationId": name, "summary": summary}
    if about:
        made["description"] = about
    if found := list(parameters):
        made["parameters"] = found
    if body is not None:
        refused = {*refused, 413, 415}
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return {**made, "responses": {**answers, **refusals(refused)}}
