"""The composition root: the only place that knows everyone."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import msgspec
import structlog
from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Scope

from tenfold import base
from tenfold.accounts import people
from tenfold.accounts.identity import links, readdressing, spraying, telling
from tenfold.accounts.identity.linking import Linking
from tenfold.accounts.identity.outside_tokens import OutsideTokens
from tenfold.accounts.identity.own import Own
from tenfold.accounts.identity.own_factors import OwnFactors
from tenfold.accounts.identity.providers import Providers
from tenfold.accounts.identity.sign_in import SignIn
from tenfold.accounts.identity.tokens import Tokens
from tenfold.accounts.identity.with_provider import WithProvider
from tenfold.accounts.joining import Joining
from tenfold.accounts.organisation import following, handing_over, retagging
from tenfold.audit.sealing import Sealer, stamp_key
from tenfold.automation import Automations
from tenfold.automation.watching import CONSUMER as AUTOMATIONS
from tenfold.db.database import BUSY, Database
from tenfold.db.embedded import default_home
from tenfold.db.keys import Keyring
from tenfold.demo import seed
from tenfold.engine import reseal
from tenfold.engine.cursor import Cursors
from tenfold.engine.dispatch import Consumer, Dispatcher
from tenfold.engine.query import Query
from tenfold.engine.records import Records
from tenfold.engine.registry import Registry
from tenfold.engine.tenants import Tenants
from tenfold.exchange import jobs as exchange_jobs
from tenfold.exchange.importing import Exchange
from tenfold.jobs import Registry as JobRegistry
from tenfold.jobs import work
from tenfold.jobs.housekeeping import Housekeeping
from tenfold.kernel.errors import (
    BadRequest,
    NotFound,
    TenfoldError,
    TooLarge,
    Unavailable,
    WrongMethod,
)
from tenfold.kernel.settings import PROVIDER_SECRETS, Settings
from tenfold.mail import sending
from tenfold.messages import Messages
from tenfold.outside.calls import Outside
from tenfold.outside.secrets.current import Current
from tenfold.outside.secrets.starting import read_settings
from tenfold.packs import career_services, drops, real_estate
from tenfold.web import respond
from tenfold.web.api import api_keys as api_keys_api
from tenfold.web.api import audit_log as audit_log_api
from tenfold.web.api import auth as auth_api
from tenfold.web.api import auth_factors as auth_factors_api
from tenfold.web.api import auth_links as auth_links_api
from tenfold.web.api import auth_oidc as auth_oidc_api
from tenfold.web.api import auth_providers as auth_providers_api
from tenfold.web.api import auth_sessions as auth_sessions_api
from tenfold.web.api import automations as automations_api
from tenfold.web.api import batches as batches_api
from tenfold.web.api import bulk as bulk_api
from tenfold.web.api import carriers as carriers_api
from tenfold.web.api import csp_reports as csp_reports_api
from tenfold.web.api import custom_fields as custom_fields_api
from tenfold.web.api import data_keys as data_keys_api
from tenfold.web.api import document as document_api
from tenfold.web.api import explaining as explaining_api
from tenfold.web.api import exports as exports_api
from tenfold.web.api import followers as followers_api
from tenfold.web.api import health as health_api
from tenfold.web.api import history as history_api
from tenfold.web.api import hooks as hooks_api
from tenfold.web.api import imports as imports_api
from tenfold.web.api import invitations as invitations_api
from tenfold.web.api import members as members_api
from tenfold.web.api import messages as messages_api
from tenfold.web.api import notices as notices_api
from tenfold.web.api import organisation as organisation_api
from tenfold.web.api import pipelines as pipelines_api
from tenfold.web.api import policy as policy_api
from tenfold.web.api import record_messages as record_messages_api
from tenfold.web.api import records as record_api
from tenfold.web.api import relations as relations_api
from tenfold.web.api import roles as roles_api
from tenfold.web.api import scim as scim_api
from tenfold.web.api import search as search_api
from tenfold.web.api import security_events as security_events_api
from tenfold.web.api import service_accounts as service_accounts_api
from tenfold.web.api import shares as shares_api
from tenfold.web.api import types as types_api
from tenfold.web.api import webhooks as webhooks_api
from tenfold.web.api.requests import no_query_with_writes
from tenfold.web.desk import Desk
from tenfold.web.edge import Edge
from tenfold.web.entrance import Entrance
from tenfold.web.limits import Limits, Memory
from tenfold.web.limits.shared import shared
from tenfold.web.metrics import Metrics
from tenfold.web.pages import errors as page_errors
from tenfold.web.pages.assets import assets
from tenfold.web.pages.site import site
from tenfold.webhooks.noticing import CONSUMER as WEBHOOKS
from tenfold.webhooks.noticing import Noticer
from tenfold.webhooks.sending import Sender

# The parts of the API: what each serves (HANDLERS) and says of it (ENDPOINTS; records' own
# operations are described by engine/project/openapi_records.py).
APIS = (
    auth_api,
    auth_links_api,
    auth_factors_api,
    auth_sessions_api,
    api_keys_api,
    service_accounts_api,
    auth_providers_api,
    auth_oidc_api,
    health_api,
    history_api,
    record_api,
    bulk_api,
    shares_api,
    followers_api,
    record_messages_api,
    relations_api,
    search_api,
    types_api,
    members_api,
    invitations_api,
    policy_api,
    security_events_api,
    audit_log_api,
    organisation_api,
    explaining_api,
    roles_api,
    custom_fields_api,
    pipelines_api,
    automations_api,
    hooks_api,
    webhooks_api,
    messages_api,
    notices_api,
    carriers_api,
    data_keys_api,
    imports_api,
    batches_api,
    exports_api,
    scim_api,
    csp_reports_api,
)
ENDPOINTS = [endpoint for api in APIS for endpoint in getattr(api, "ENDPOINTS", ())]
_PAUSE = 1.0
_log = structlog.get_logger()
PACKS = {
    "base": base.RECORDS,
    "real_estate": real_estate.RECORDS,
    "career_services": career_services.RECORDS,
    "drops": drops.RECORDS,
}


def registry() -> Registry:
    """The record types that ship."""
    return Registry(PACKS)


@dataclass(frozen=True, slots=True)
class Parts:
    """The engine of one process, put together from the settings."""

    settings: Settings
    current: Current
    keyring: Keyring
    registry: Registry
    query: Query
    records: Records
    tenants: Tenants

    async def database(
        self, name: str = "app_database_url", *, seconds: float | None = None
    ) -> Database:
        """A pool of the address that a setting names; `seconds` bounds each statement."""
        given, current = self.settings, self.current
        made = await Database.connect(
            lambda: getattr(current.settings, name),
            look=current.look,
            smallest=given.pool_min,
            largest=given.pool_max,
            idle_seconds=given.pool_idle_seconds,
            connect_seconds=given.pool_connect_seconds,
            statement_seconds=given.statement_seconds if seconds is None else seconds,
        )
        current.when_changed(name, made.renew)
        return made


def parts(settings: Settings) -> Parts:
    """Put the engine together."""
    if not settings.home:
        settings = msgspec.structs.replace(settings, home=str(default_home()))
    current = Current(settings)
    keyring = Keyring.of(settings.folder, settings.master_key)
    types = registry()
    query = Query(types, Cursors(keyring.derived("cursor")), keyring)
    return Parts(
        settings, current, keyring, types, query, Records(types, query, keyring), Tenants(types)
    )


def serving() -> Edge:
    """The web application of a server process of its own."""
    made = create_app()
    # What start-up made stays for good: the collector need not walk through it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    return made


def create_app(settings: Settings | None = None) -> Edge:
    """The web application of one server process."""
    made = parts(settings or read_settings())
    chosen, keyring = made.settings, made.keyring
    types, query, records = made.registry, made.query, made.records
    tokens = Tokens(keyring.derived("access tokens"), chosen.access_token_seconds, chosen.address)
    metrics = Metrics()
    outside = Outside.of(chosen)
    provided_by = Providers(chosen, outside)

    entrance = Entrance(chosen, tokens, [*assets().addresses, *document_api.ASSETS])

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        database = await _patiently(made.database)
        limits = entrance.limits = limits_of(made, database)

        async def recounted() -> None:
            await limits.share(shared(made.current.settings, database))

        made.current.when_changed("limits_url", recounted)
        app.state.desk = Desk(chosen, database, types, query, records, tokens, keyring, limits)
        entrance.keys = app.state.desk.keys
        accounts = SignIn(chosen, database, tokens, keyring)
        own = Own(
            database,
            keyring,
            accounts.entrance,
            accounts.proving,
            accounts.passwords,
            chosen.address,
            provided_by,
        )
        joining = Joining(database, accounts.entrance, accounts.passwords, own)
        provided = WithProvider(chosen, database, keyring, accounts.entrance, provided_by)
        linking = Linking(own, provided)
        app.state.gate = auth_api.Gate(
            chosen,
            accounts,
            own,
            OwnFactors(own, keyring),
            joining,
            provided,
            linking,
            readdressing.Readdressing(own, database, keyring),
        )
        outside_tokens = entrance.outside = OutsideTokens(chosen, outside, database)
        app.state.outside_tokens = outside_tokens

        async def renewed() -> None:
            provided_by.renew(made.current.settings)
            outside_tokens.renew(made.current.settings)

        for name in PROVIDER_SECRETS:
            made.current.when_changed(name, renewed)
        app.state.metrics = metrics
        app.state.outside = outside
        app.state.current = made.current
        try:
            yield
        finally:
            accounts.passwords.close()
            await app.state.desk.keys.close()
            await limits.close()
            await database.close()

    inside = Litestar(
        route_handlers=[
            *(handler for api in APIS for handler in api.HANDLERS),
            *document_api.handlers(types, chosen.address, ENDPOINTS),
            site(),
        ],
        before_request=no_query_with_writes,
        lifespan=[lambda _: made.current.kept(), lifespan],
        exception_handlers={
            TenfoldError: _refused,
            HTTPException: _http,
            **dict.fromkeys(BUSY, _busy),
            Exception: _broken,
        },
        openapi_config=None,
        logging_config=None,
    )
    return Edge(inside, entrance, partial(_refuse, inside), metrics, chosen)


def limits_of(made: Parts, database: Database) -> Limits:
    """How often anybody may ask, counted where the settings say."""
    memory = Memory(made.settings.folder / "limits")
    key = made.keyring.derive("limits")
    return Limits(made.settings, memory, key, shared(made.settings, database))


def _refuse(app: Litestar, scope: Scope, error: TenfoldError) -> ASGIApp:
    """A refusal from before the application has seen the request: a page, or JSON."""
    scope["litestar_app"] = app
    request = Request[Any, Any, Any](scope)
    page = page_errors.wants_page(request)
    answer = page_errors.refused(request, error) if page else respond.failure(error)
    return cast("ASGIApp", answer.to_asgi_response(None, request))  # pyright: ignore[reportUnknownMemberType]


def _refused(_request: Request[Any, Any, Any], error: TenfoldError) -> Response[bytes]:
    return respond.failure(error)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if page_errors.wants_page(request):
        return page_errors.unknown(request, error)
    if error.status_code == 404:
        return respond.failure(NotFound("There is nothing at this address."))
    if error.status_code == 405:
        named = (error.headers or {}).get("allow", "").split(", ")
        allowed = ", ".join(sorted({*named, "OPTIONS", *(["HEAD"] if "GET" in named else [])}))
        return respond.failure(WrongMethod(f"This address takes {allowed}.", allowed=allowed))
    if error.status_code == 413:
        return respond.failure(TooLarge("The body is larger than is accepted."))
    known = BadRequest(str(error.detail), code="BAD_REQUEST")
    known.status = error.status_code
    return respond.failure(known)


def _busy(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return respond.failure(respond.busy(error))


def _broken(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("request failed", exc_info=error)
    return respond.failure(TenfoldError("Something went wrong here; it has been noted."))


async def _patiently(connect: Callable[[], Awaitable[Database]]) -> Database:
    """A pool of a database that may be away for a while, as when it is started again."""
    told = False
    while True:
        try:
            return await connect()
        except Unavailable as error:
            if not told:
                reason = str(error).partition("\n")[0]
                _log.warning("the database is away; waiting for it", error=reason)
            told = True
            await asyncio.sleep(_PAUSE)


def run_worker(settings: Settings) -> None:
    """Run jobs, schedules and the dispatcher until SIGTERM or SIGINT."""
    asyncio.run(_worker(parts(settings)))


async def _worker(made: Parts) -> None:
    # Jobs may run long statements, and need two connections beside those of the jobs.
    roomy = msgspec.structs.replace(
        made.settings, pool_max=max(made.settings.pool_max, made.settings.job_concurrency + 4)
    )
    made = dataclasses.replace(made, settings=roomy)
    database = await _patiently(lambda: made.database(seconds=300))
    tail = await _patiently(lambda: made.database("tail_database_url", seconds=60))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    handlers = job_handlers(made, database)
    consumers: dict[str, Consumer] = {
        AUTOMATIONS: automations_of(made).watcher(database),
        WEBHOOKS: Noticer(database, made.query, made.tenants),
    }
    dispatcher = Dispatcher(tail, consumers)
    sealer = Sealer(tail, await stamp_key(made.keyring, database))
    try:
        async with made.current.kept(), asyncio.TaskGroup() as group:
            group.create_task(
                work(database, handlers, stop=stop, concurrency=roomy.job_concurrency)
            )
            group.create_task(dispatcher.run(stop))
            group.create_task(sealer.run(stop))
    finally:
        await tail.close()
        await database.close()


def job_handlers(made: Parts, database: Database) -> JobRegistry:
    """All jobs and schedules of an installation."""
    housekeeping = Housekeeping(database)
    outside = Outside.of(made.settings)
    handlers = [
        *housekeeping.handlers(),
        *following.handlers(made.registry),
        *reseal.handlers(made.registry, made.keyring),
        *handing_over.handlers(made.registry),
        *retagging.handlers(made.registry, made.records),
        *links.handlers(made.settings, made.keyring),
        *readdressing.handlers(made.settings, made.keyring),
        *telling.handlers(made.settings, made.keyring),
        *spraying.handlers(made.settings, made.keyring, database),
        *sending.handlers(lambda: made.current.settings, made.keyring, database, outside),
        *exchange_jobs.handlers(exchange_of(made, database)),
        *automations_of(made).handlers(database),
        *messages_of(made).sender(lambda: made.current.settings, database, outside).handlers(),
        *sender_of(made, database).handlers(),
    ]
    schedules = [
        *Automations.schedules(),
        *housekeeping.schedules(),
        *exchange_jobs.schedules(),
        *spraying.schedules(),
    ]
    return JobRegistry(handlers, schedules)


def exchange_of(made: Parts, database: Database) -> Exchange:
    """What imports and exports need of an installation."""
    return Exchange.of(made.settings, database, made.records, people.acting)


def sender_of(made: Parts, database: Database) -> Sender:
    """What delivers to webhooks."""
    return Sender(database, made.keyring, Outside.of(made.settings), made.settings.address)


def automations_of(made: Parts) -> Automations:
    """What automations need of an installation."""
    return Automations.of(messages_of(made), made.settings.address)


def messages_of(made: Parts) -> Messages:
    """What messages need of an installation."""
    return Messages.of(made.settings, made.keyring, made.tenants, made.query, made.records)


def make_demo(settings: Settings, say: Callable[[str], None]) -> list[str]:
    """Make the demo organisation where it is missing; answers how to sign in."""
    return asyncio.run(_demo(parts(settings), say))


async def _demo(made: Parts, say: Callable[[str], None]) -> list[str]:
    database = await made.database(seconds=60)
    try:
        return await seed(database, made.registry, made.records, say)
    finally:
        await database.close()
