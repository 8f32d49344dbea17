"""The composition root: the only place that knows everyone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from tenfold.accounts.tokens import Tokens
from tenfold.db.database import Database
from tenfold.db.keys import Keyring
from tenfold.engine.cursor import Cursors
from tenfold.engine.query import Query
from tenfold.engine.records import Records
from tenfold.engine.registry import Registry
from tenfold.kernel.errors import BadRequest, NotFound, TenfoldError
from tenfold.kernel.settings import Settings, from_environment
from tenfold.packs import real_estate
from tenfold.web import respond
from tenfold.web.api import records as record_api
from tenfold.web.desk import Desk
from tenfold.web.edge import Edge
from tenfold.web.metrics import Metrics

PACKS = {"real_estate": real_estate.RECORDS}


def registry() -> Registry:
    """The record types that ship."""
    return Registry(PACKS)


def create_app(settings: Settings | None = None) -> Edge:
    """The web application of one server process."""
    chosen = settings or from_environment()
    keyring = Keyring.of(chosen.folder)
    types = registry()
    query = Query(types, Cursors(keyring.derive("cursor")))
    records = Records(types, query, keyring)
    tokens = Tokens(keyring.derive("access tokens"), chosen.access_token_seconds, chosen.address)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        database = await Database.connect(
            chosen.app_database_url,
            smallest=chosen.pool_min,
            largest=chosen.pool_max,
            idle_seconds=chosen.pool_idle_seconds,
            connect_seconds=chosen.pool_connect_seconds,
            statement_seconds=chosen.statement_seconds,
        )
        app.state.desk = Desk(chosen, database, types, query, records, tokens, keyring)
        app.state.metrics = metrics
        try:
            yield
        finally:
            await database.close()

    inside = Litestar(
        route_handlers=[*record_api.HANDLERS],
        lifespan=[lifespan],
        exception_handlers={TenfoldError: _refused, HTTPException: _http, Exception: _broken},
        openapi_config=None,
        logging_config=None,
    )
    return Edge(inside, metrics, chosen.body_limit, log=chosen.log_level in ("DEBUG", "INFO"))


def _refused(request: Request[Any, Any, Any], error: TenfoldError) -> Response[bytes]:
    return respond.failure(error)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code == 404:
        return respond.failure(NotFound("There is nothing at this address."))
    known = BadRequest(str(error.detail), code="BAD_REQUEST")
    known.status = error.status_code
    return respond.failure(known)


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    import traceback

    traceback.print_exception(error)
    return respond.failure(TenfoldError("Something went wrong here; it has been noted."))
