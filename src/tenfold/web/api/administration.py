"""How the organisation is read by its members and changed by its administrators."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from litestar import Request
from litestar.response.base import ASGIResponse

from tenfold.accounts import people
from tenfold.accounts.client import Client
from tenfold.accounts.events import note
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import organisation
from tenfold.accounts.organisation.administrator import (
    OUTSIDE,
    Administrator,
    is_sure,
    need_administrator,
)
from tenfold.accounts.people import Caller
from tenfold.db.database import Reader
from tenfold.engine.ask import LIMIT, MOST
from tenfold.engine.registry import Registry
from tenfold.kernel.answers import encoded
from tenfold.kernel.errors import Forbidden, Invalid, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.web import respond
from tenfold.web.api.auth import client_of
from tenfold.web.api.idempotency import once, whole_body
from tenfold.web.api.requests import check_parameters, limit_of, pairs
from tenfold.web.desk import DEFINITIONS, MEMBERS, Desk, desk_of

Req = Request[Any, Any, Any]
_T = TypeVar("_T")

PAGING: Mapping[str, tuple[dict[str, Any], str]] = {
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
        "How many to answer.",
    ),
    "cursor": ({"type": "string"}, "Where to go on: `next_cursor` of the page before."),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member who reads about their organisation."""

    reader: Reader
    person: Caller
    registry: Registry
    client: Client

    def need_administrator(self) -> None:
        """Raise Forbidden for everybody else."""
        need_administrator(self.person, self.client)

    @property
    def administers(self) -> bool:
        """Whether they may administer, from there and with what they have proved."""
        try:
            self.need_administrator()
        except Forbidden:
            return False
        return True


@asynccontextmanager
async def visiting(request: Req, route: str) -> AsyncGenerator[Visitor, None]:
    """Read as the member who asks."""
    request.scope["tenfold.route"] = route  # pyright: ignore[reportGeneralTypeIssues]
    desk = desk_of(request)
    claims = desk.claims(request.scope)
    async with (
        told_outside(request, desk, claims),
        desk.database.read(claims.tenant, [MEMBERS, DEFINITIONS]) as reader,
    ):
        person = await desk.people.get(reader, claims, reader.versions[0])
        person.need_unblocked()
        _need_looks(person)
        yield Visitor(reader, person, desk.registry, client_of(request.scope))


def _need_looks(person: Caller) -> None:
    """Raise Forbidden for an API key that may not look at the organisation."""
    if person.scopes is not None and not person.scopes.looks:
        raise Forbidden("This API key may read nothing here: it has no scope that ends in `:read`.")


@asynccontextmanager
async def told_outside(request: Req, desk: Desk, claims: Claims) -> AsyncGenerator[None]:
    """Write an event where somebody would administer from outside of the allowed networks."""
    try:
        yield
    except Forbidden as error:
        if error.code == OUTSIDE:
            client, context = client_of(request.scope), desk.context(claims, request.scope)
            async with desk.database.transaction(context) as tx:
                about = {"tenant": claims.tenant, "user": claims.user}
                await note(tx, "address_refused", client, **about)
        raise


async def administer(
    request: Req,
    route: str,
    work: Callable[[Administrator], Awaitable[object]],
    *,
    status: int = 200,
    location: str = "",
    again: bool = True,
) -> ASGIResponse:
    """Change the organisation in one transaction and answer what `work` answers.

    `location` gets the new thing's id or name. Without `again` an Idempotency-Key is
    not heeded, for requests that hold a secret.
    """
    request.scope["tenfold.route"] = route  # pyright: ignore[reportGeneralTypeIssues]
    desk = desk_of(request)
    claims = desk.claims(request.scope)
    await whole_body(request)
    async with administering(request, claims) as act:
        if not again:
            return _made(await work(act), status, location)
        async with once(request, act.tx, claims) as kept:
            return kept.answer or await kept.keep(_made(await work(act), status, location))


@asynccontextmanager
async def administering(request: Req, claims: Claims) -> AsyncGenerator[Administrator]:
    """An administrator's transaction, alone with the organisation's settings.

    The person is read anew behind the organisation's lock: somebody demoted a moment ago does not
    slip through.
    """
    desk = desk_of(request)
    context = desk.context(claims, request.scope)
    async with (
        told_outside(request, desk, claims),
        desk.database.transaction(context, [MEMBERS]) as tx,
    ):
        await organisation.hold(tx)
        person = await people.caller(tx, claims)
        client = client_of(request.scope)
        need_administrator(person, client)
        yield Administrator(tx, person, desk.registry, client, is_sure(person))


def _made(value: object, status: int, location: str) -> ASGIResponse:
    key = getattr(value, "id", None) or getattr(value, "name", "")
    headers = {"location": f"{location}/{key}"} if location else {}
    return respond.data(value, status=status, headers=headers)


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is asked for, and the other parameters."""

    limit: int
    cursor: str
    rest: Mapping[str, str]

    @property
    def after(self) -> UUID | None:
        """The cursor where it is an id."""
        if not self.cursor:
            return None
        found = parse_id(self.cursor)
        if found is None:
            raise Invalid({"cursor": "is not one that was given out"})
        return found


def paging(request: Req, *others: str) -> Paging:
    """The query of a list; raises Invalid for what it doesn't take."""
    given = dict(pairs(request.scope["query_string"]))
    check_parameters(given, ("limit", "cursor", *others))
    limit = limit_of(given)
    given.pop("limit", None)
    cursor = given.pop("cursor", "")
    if any("\x00" in value for value in (cursor, *given.values())):
        raise Invalid({"cursor": "must not contain the NUL character"})
    return Paging(limit, cursor, given)


def listed(rows: Sequence[_T], asked: Paging, key: Callable[[_T], object]) -> ASGIResponse:
    """A page of a list that was read with one row more than the limit."""
    shown, more = rows[: asked.limit], len(rows) > asked.limit
    whole = not asked.cursor and not more
    cursor = str(key(shown[-1])) if more else None
    count, kind = (len(shown), "exact") if whole else (None, "none")
    meta = respond.meta(asked.limit, cursor, count=count, kind=kind)
    return respond.document(respond.listed(encoded(shown), meta))


def truth(asked: Paging, name: str) -> bool | None:
    """A parameter that is true or false, None where it was not given."""
    text = asked.rest.get(name, "")
    if text not in ("", "true", "false"):
        raise Invalid({name: "must be true or false"})
    return text == "true" if text else None


def identified(text: str, what: str) -> UUID:
    """The id in an address; what can't be one is simply not found."""
    found = parse_id(text)
    if found is None:
        raise NotFound(f"There is no {what} with the id {text[:60]!r}.")
    return found
