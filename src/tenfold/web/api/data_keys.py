"""The keys of an organisation's secrets: which there are, and a new one."""

from __future__ import annotations

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import data_keys
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.data_keys import SecretKeys
from tenfold.web import respond
from tenfold.web.api.administration import Req, administer, visiting
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of

_PATH, _ROUTE = "/v1/organization/data-keys", "data-keys"


@get(_PATH)
async def read_data_keys(request: Req) -> ASGIResponse:
    """The keys of the organisation's secrets, and how far they are in use."""
    async with visiting(request, _ROUTE) as visit:
        visit.need_administrator()
        return respond.data(await data_keys.read(visit.reader, visit.person.tenant))


@post(_PATH, status_code=200)
async def rotate_data_keys(request: Req) -> ASGIResponse:
    """Make a new key, and seal all secrets anew with it."""
    keyring = desk_of(request).keyring

    async def work(act: Administrator) -> SecretKeys:
        return await data_keys.change(act, keyring)

    return await administer(request, _ROUTE, work)


HANDLERS = [read_data_keys, rotate_data_keys]
ENDPOINTS = (
    Endpoint("GET", _PATH, "Read the keys of secrets", None, SecretKeys, 200, ("FORBIDDEN",)),
    Endpoint(
        "POST",
        _PATH,
        "Change the key of secrets",
        None,
        SecretKeys,
        200,
        ("FORBIDDEN", "STEP_UP_REQUIRED", "CONFLICT", 422),
    ),
)
