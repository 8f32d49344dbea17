"""Service accounts: programs as members of the organisation."""

from __future__ import annotations

from litestar import get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import service_accounts
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.service_accounts import (
    NewServiceAccount,
    ServiceAccount,
    ServiceAccountChange,
)
from tenfold.web import respond
from tenfold.web.api.administration import (
    PAGING,
    Req,
    administer,
    identified,
    listed,
    paging,
    truth,
    visiting,
)
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint


@get("/v1/service-accounts")
async def list_service_accounts(request: Req) -> ASGIResponse:
    """The service accounts of the organisation; for administrators."""
    asked = paging(request, "active")
    active = truth(asked, "active")
    async with visiting(request, "service_accounts") as visit:
        visit.need_administrator()
        at = (visit.reader, visit.person.tenant)
        rows = await service_accounts.page(*at, active, asked.after, asked.limit)
    return listed(rows, asked, lambda one: one.id)


@get("/v1/service-accounts/{account_id:str}")
async def read_service_account(request: Req, account_id: str) -> ASGIResponse:
    """A service account; for administrators."""
    async with visiting(request, "service_accounts") as visit:
        visit.need_administrator()
        identity = identified(account_id, "service account")
        at = (visit.reader, visit.person.tenant)
        return respond.data(await service_accounts.one(*at, identity))


@post("/v1/service-accounts")
async def create_service_account(request: Req) -> ASGIResponse:
    """Make a service account."""
    new = await body_of(request, NewServiceAccount)

    async def work(act: Administrator) -> ServiceAccount:
        return await service_accounts.create(act, new)

    return await administer(
        request, "service_accounts", work, status=201, location="/v1/service-accounts"
    )


@patch("/v1/service-accounts/{account_id:str}")
async def change_service_account(request: Req, account_id: str) -> ASGIResponse:
    """Change a service account; one that is made inactive loses its keys for good."""
    wanted = await body_of(request, ServiceAccountChange)

    async def work(act: Administrator) -> ServiceAccount:
        identity = identified(account_id, "service account")
        return await service_accounts.change(act, identity, wanted)

    return await administer(request, "service_accounts", work)


HANDLERS = [
    list_service_accounts,
    read_service_account,
    create_service_account,
    change_service_account,
]

_ADMIN = ("FORBIDDEN", "MFA_REQUIRED", "ADDRESS_NOT_ALLOWED", "STEP_UP_REQUIRED")
_WRITE = (
    "FORBIDDEN",
    "STEP_UP_REQUIRED",
    "INVALID_FIELDS",
    "MISSING_FIELDS",
    "UNKNOWN_FIELD",
    422,
)
_ONE = "/v1/service-accounts/{account_id}"
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/service-accounts",
        "List service accounts",
        None,
        list[ServiceAccount],
        200,
        (400, *_ADMIN),
        query={
            **PAGING,
            "active": ({"type": "boolean"}, "Only those in use, or only those that are not."),
        },
    ),
    Endpoint(
        "GET", _ONE, "Read a service account", None, ServiceAccount, 200, (*_ADMIN, "NOT_FOUND")
    ),
    Endpoint(
        "POST",
        "/v1/service-accounts",
        "Make a service account",
        NewServiceAccount,
        ServiceAccount,
        201,
        (*_WRITE, "TOO_MANY"),
    ),
    Endpoint(
        "PATCH",
        _ONE,
        "Change a service account",
        ServiceAccountChange,
        ServiceAccount,
        200,
        (*_WRITE, "NOT_FOUND"),
    ),
)
