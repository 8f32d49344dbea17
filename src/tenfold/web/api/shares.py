"""With whom one record is shared: `/v1/contacts/{id}/shares`."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import sharing
from tenfold.accounts.organisation.sharing import NewShare, Share, Sharing
from tenfold.kernel.errors import NotFound
from tenfold.kernel.ids import parse_id
from tenfold.web import respond
from tenfold.web.api.auth import client_of
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import Act, Req, arrive, identified


@get("/v1/{plural:str}/{record_id:str}/shares")
async def list_shares(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """With whom a record is shared, for all who may read it."""
    arrival = arrive(request, plural, "shares")
    identity = identified(record_id, arrival.shipped)
    async with arrival.visit() as visit:
        reader, person, definition = visit.reader, visit.person, visit.definition
        await arrival.desk.query.one(reader, person, definition, identity, fields=("id",))
        return respond.data(await sharing.of(reader, person.tenant, definition, identity))


@post("/v1/{plural:str}/{record_id:str}/shares")
async def share_record(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Share a record with a person or a team, or say anew what they may do with it."""
    arrival = arrive(request, plural, "share")
    identity = identified(record_id, arrival.shipped)
    wanted = await body_of(request, NewShare)
    place = f"/v1/{arrival.shipped.path}/{identity}/shares"

    async def work(act: Act) -> ASGIResponse:
        share, new = await _sharing(request, act, identity).share(wanted)
        headers = {"location": f"{place}/{share.id}"} if new else {}
        return respond.data(share, status=201 if new else 200, headers=headers)

    return await arrival.change(work)


@delete("/v1/{plural:str}/{record_id:str}/shares/{grantee_id:str}", status_code=200)
async def unshare_record(
    request: Req, plural: str, record_id: str, grantee_id: str
) -> ASGIResponse:
    """Take a share back; whom a record was shared with may also give it up."""
    arrival = arrive(request, plural, "unshare")
    identity = identified(record_id, arrival.shipped)
    grantee = parse_id(grantee_id)
    if grantee is None:
        raise NotFound(f"It is not shared with anybody with the id {grantee_id[:60]!r}.")

    async def work(act: Act) -> ASGIResponse:
        return respond.data(await _sharing(request, act, identity).unshare(grantee))

    return await arrival.change(work)


def _sharing(request: Req, act: Act, record: UUID) -> Sharing:
    client = client_of(request.scope)
    return Sharing(act.tx, act.records, act.person, act.definition, record, client)


HANDLERS = [list_shares, share_record, unshare_record]

_SHARES = "/v1/{plural}/{id}/shares"
_REFUSED = ("FORBIDDEN", "NOT_FOUND", "IDEMPOTENCY_KEY_REUSED")
ENDPOINTS = (
    Endpoint("GET", _SHARES, "With whom a record is shared", response=list[Share]),
    Endpoint(
        "POST",
        _SHARES,
        "Share a record with a person or a team",
        NewShare,
        Share,
        201,
        (*_REFUSED, "INVALID_FIELDS", "MISSING_FIELDS", "TOO_MANY"),
        also=(200,),
    ),
    Endpoint(
        "DELETE",
        f"{_SHARES}/{{grantee_id}}",
        "Take a share back",
        response=Share,
        errors=_REFUSED,
    ),
)
