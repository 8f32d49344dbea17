"""What each endpoint takes and answers, beside its handler; the OpenAPI document says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address.

    `response` is the type of the envelope's `data`, or one of several (None: an empty object),
    `errors` the codes or statuses besides those that every endpoint may answer, `query` each
    parameter's JSON schema and help, `also` the other statuses of success.
    """

    method: str
    path: str
    summary: str
    request: type | None = None
    response: type | UnionType | None = None
    status: int = 200
    errors: tuple[str | int, ...] = ()
    public: bool = False
    query: Mapping[str, tuple[dict[str, Any], str]] = field(
        default_factory=dict[str, tuple[dict[str, Any], str]]
    )
    also: tuple[int, ...] = ()
