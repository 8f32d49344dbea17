"""What handlers read from a request: the caller, the query, the body, ids and versions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Transaction
from tenfold.db.glance import AskFirst
from tenfold.engine.access import Person
from tenfold.engine.ask import LIMIT, MOST, PLAIN, whole
from tenfold.engine.definition import Definition
from tenfold.engine.records import Records
from tenfold.kernel import digits
from tenfold.kernel.errors import (
    BadRequest,
    Invalid,
    NotFound,
    TenfoldError,
    Unavailable,
    WrongMedia,
)
from tenfold.kernel.ids import parse_id
from tenfold.kernel.text import there_are
from tenfold.web.api.idempotency import once, whole_body
from tenfold.web.desk import Desk, Glimpse, Seen, Visit, desk_of, header
from tenfold.web.policy import REPORTS

Req = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """A write at work: in which transaction, by whom, on what."""

    records: Records
    tx: Transaction
    person: Person
    definition: Definition


Work = Callable[[Act], Awaitable[ASGIResponse]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request of somebody known about a record type."""

    request: Req
    desk: Desk
    claims: Claims
    shipped: Definition

    @asynccontextmanager
    async def visit(self, topics: Sequence[str] = ()) -> AsyncGenerator[Visit]:
        """A connection that reads as the caller."""
        async with self.desk.visit(self.claims, self.shipped, topics) as visit:
            yield visit

    async def reading(
        self,
        work: Callable[[Visit | Glimpse], Awaitable[ASGIResponse]],
        topics: Sequence[str] = (),
    ) -> ASGIResponse:
        """Read and answer: in one trip if the caller is as last seen, else after asking who it is.

        The work may be done twice: what is refused by what was known may be allowed by now.
        """
        glimpse = self.desk.glimpse(self.claims, self.shipped, topics)
        if glimpse is not None:
            try:
                return await work(glimpse)
            except Unavailable:
                raise  # asked once more, it would wait as long again
            except (AskFirst, TenfoldError):
                pass
        async with self.visit(topics) as visit:
            return await work(visit)

    async def change(self, work: Work, batch: UUID | None = None) -> ASGIResponse:
        """Do the work in one transaction, once for each Idempotency-Key, and answer.

        If the caller is as last seen, it begins with the work's first statement; if not, the work
        is done again after asking who it is.
        """
        await whole_body(self.request)
        context = self.desk.context(self.claims, self.request.scope)
        if batch is not None:
            context = context.in_batch(batch)
        seen = self.desk.seen(self.claims, self.shipped)
        if seen is not None:
            with suppress(AskFirst):
                async with self.desk.late(seen, context) as tx:
                    return await self._once(work, tx, seen)
        async with self.desk.change(self.claims, self.shipped, context) as (tx, visit):
            return await self._once(work, tx, visit)

    async def _once(self, work: Work, tx: Transaction, by: Seen | Visit) -> ASGIResponse:
        async with once(self.request, tx, self.claims) as kept:
            if kept.answer is not None:
                return kept.answer
            act = Act(self.desk.records, tx, by.person, by.definition)
            return await kept.keep(await work(act))

    @property
    def query(self) -> bytes:
        """The query string as it came."""
        return self.request.scope["query_string"]

    @property
    def encodings(self) -> str:
        """How the answer may be compressed."""
        return header(self.request.scope, b"accept-encoding")


def arrive(request: Req, plural: str, route: str) -> Arrival:
    """Who asks about which type, `route` for the metrics; raises Unauthenticated or NotFound."""
    # An unknown type is told before an unknown caller: what types ship is no secret.
    shipped = desk_of(request).shipped(plural)
    desk, claims = known(request, route)
    return Arrival(request, desk, claims, shipped)


def known(request: Req, route: str) -> tuple[Desk, Claims]:
    """The desk and the caller, where no record type is meant; raises Unauthenticated."""
    cast("dict[str, Any]", request.scope)["tenfold.route"] = route
    desk = desk_of(request)
    return desk, desk.claims(request.scope)


def pairs(query: bytes) -> list[tuple[str, str]]:
    """The query's parameters in order; raises BadRequest where they can't be read."""
    if not query:
        return []
    try:
        return parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except ValueError:
        raise BadRequest(
            "The query can't be read: it must be UTF-8 with at most 100 parameters."
        ) from None


def check_parameters(given: Mapping[str, str], known: Sequence[str]) -> None:
    """Raise Invalid for query parameters that an address does not take."""
    told = f"is not a parameter; {there_are(known)}"
    unknown = {name[:100]: told for name in given if name not in known}
    if unknown:
        raise Invalid(unknown, code="UNKNOWN_FIELD")


async def no_query_with_writes(request: Req) -> None:
    """Raise Invalid for query parameters of a write: who adds `?dry_run=1` means something by it.

    The browser's reports are no write of ours, and SCIM has rules of its own.
    """
    scope = request.scope
    if not scope["query_string"] or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return
    if scope["path"].startswith("/v1/") and scope["path"] != REPORTS:
        check_parameters(dict(pairs(scope["query_string"])), ())


def check_filters(given: Sequence[tuple[str, str]], besides: Sequence[str] = ()) -> None:
    """Raise Invalid for parameters of a list where only its filters count, and those `besides`."""
    unknown = {name: "is not a parameter here" for name, _ in given if name in PLAIN}
    if found := {name: why for name, why in unknown.items() if name not in besides}:
        raise Invalid(found, code="UNKNOWN_FIELD")


def limit_of(given: Mapping[str, str], default: int = LIMIT) -> int:
    """How many entries a list was asked for; raises Invalid."""
    found = whole(given.get("limit") or str(default), MOST)
    if found is None:
        raise Invalid({"limit": f"must be a whole number from 1 to {MOST}"})
    return found


def identified(text: str, definition: Definition) -> UUID:
    """The id in an address; what can't be one is simply not found."""
    found = parse_id(text)
    if found is None:
        raise NotFound(f"There is no {definition.label.lower()} with the id {text[:60]!r}.")
    return found


def if_match(request: Req) -> int | None:
    """The version in If-Match, if it was sent: `"3"` or `"3.abcdef12"`."""
    text = header(request.scope, b"if-match").strip()
    if not text or text == "*":
        return None
    number = text.removeprefix("W/").strip('"').partition(".")[0]
    if not number.isascii() or not number.isdigit():
        raise BadRequest("If-Match must be the ETag of the record as you read it.")
    return int(number[:18])


async def fields_of(request: Req) -> dict[str, object]:
    """The body as a JSON object; raises BadRequest where it isn't one."""
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    body = await request.body()
    if body and kind not in ("application/json", ""):
        raise WrongMedia(f"Send the body as application/json, not as {kind[:100]}.")
    if header(request.scope, b"content-encoding").lower() not in ("", "identity"):
        raise WrongMedia("Send the body as it is, without a Content-Encoding.")
    try:
        value = digits.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}", code="INVALID_JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.", code="INVALID_JSON")
    return cast("dict[str, object]", value)


def ids_of(given: object, name: str, most: int) -> list[UUID]:
    """A list of ids in a body; raises Invalid naming the entry that is none."""
    if not isinstance(given, list) or len(cast("list[object]", given)) > most:
        raise Invalid({name: f"must be a list of at most {most:,} ids"})
    return [
        id_of(item, f"{name}[{place}]") for place, item in enumerate(cast("list[object]", given))
    ]


def id_of(given: object, name: str) -> UUID:
    """An id in a body."""
    found = parse_id(given) if isinstance(given, str) else None
    if found is None:
        raise Invalid({name: "must be an id (a UUID)"})
    return found
