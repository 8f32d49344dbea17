"""The suite's fixtures: one server, one database and one application per worker, organisations.

Tests keep apart by making organisations of their own, never by emptying tables.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import asyncpg
import httpx
import hypothesis
import msgspec
import pytest
from tests import factories, guards, tracing
from tests import server as servers
from tests.factories import Organisation, Somebody
from tests.guards import Counter
from tests.server import Base, Server

from tenfold.kernel import clock
from tenfold.kernel.settings import Settings

if TYPE_CHECKING:
    from tenfold.web.desk import Desk
    from tenfold.web.edge import Edge


pytest.register_assert_rewrite("tests.conformance", "tests.api.contract", "tests.pages.windows")
# A machine that is busy finds no mistakes.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """Name the run before xdist starts its workers, which inherit the environment."""
    # Until the handlers in web/api name their path parameters as Litestar 3 wants them.
    config.addinivalue_line(
        "filterwarnings", "ignore:.*deprecated inferred style:DeprecationWarning"
    )
    config.pluginmanager.register(tracing.Tracing(config))
    if not hasattr(config, "workerinput"):
        # All that tests speak to is on this machine, where a proxy could not reach it.
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
        servers.begin()


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: many tests wait for processes that they start."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left alone with one."""
    slow = {item.path for item in items if _takes_long(item)}
    items.sort(key=lambda item: item.path not in slow)


def _takes_long(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("slow") or item.get_closest_marker("untraced"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what the run started, when its last worker is gone."""
    if not hasattr(config, "workerinput") and servers.HOME in os.environ:
        servers.end()


@pytest.fixture(scope="session", autouse=True)
def _network() -> Iterator[None]:
    with guards.no_network():
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests with the mark `anyio` run on asyncio, those of a session in one loop."""
    return "asyncio"


@pytest.fixture(scope="session")
async def server(anyio_backend: str) -> Server:
    """The PostgreSQL server of the whole run."""
    return await servers.shared()


@pytest.fixture(scope="session")
async def base(server: Server) -> AsyncIterator[Base]:
    """This worker's migrated database."""
    async with server.database(os.environ.get("PYTEST_XDIST_WORKER", "alone")) as made:
        yield made


@pytest.fixture(scope="session")
def database_url(base: Base) -> str:
    """The worker's database as a superuser, past row security."""
    return base.admin_url


@pytest.fixture(scope="session")
def app_url(base: Base) -> str:
    """The worker's database as the application's role, which owns nothing."""
    return base.app_url


@pytest.fixture(scope="session")
def settings(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the worker's application: no limits on requests, little logged."""
    return settings_for(base, tmp_path_factory.mktemp("home"))


def settings_for(base: Base, home: Path) -> Settings:
    """Settings that serve one database from one home."""
    return Settings(
        home=str(home),
        database_url=base.admin_url,
        app_database_url=base.app_url,
        tail_database_url=base.as_role(base.roles.tail),
        role_prefix=os.environ[servers.PREFIX],
        rate_per_minute=0,
        rate_anonymous=0,
        search_per_minute=0,
        sign_in_per_minute=0,
        hosts="tenfold.test",
        pool_min=1,
        pool_max=5,
        log_level="ERROR",
    )


class Running:
    """An application in this process: its desk, and a client that speaks to it."""

    def __init__(self, app: Edge, desk: Desk, client: httpx.AsyncClient) -> None:
        self.app, self.desk, self.client = app, desk, client


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Running]:
    """An application of its own, from start to end."""
    from tenfold.app import create_app  # noqa: PLC0415 - most tests need no application

    edge = create_app(settings)
    inside = edge.app
    transport = httpx.ASGITransport(edge)
    async with (
        inside.lifespan(),  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
        httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as client,
    ):
        yield Running(edge, inside.state.desk, client)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]


Serve = Callable[[Settings], AbstractAsyncContextManager[Running]]


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Starts another application: a second instance, or one with other settings."""
    return serving


@pytest.fixture(scope="session")
async def app(settings: Settings, anyio_backend: str) -> AsyncIterator[Running]:
    """The worker's application."""
    async with serving(settings) as running:
        yield running


@pytest.fixture(scope="session")
async def free(serve: Serve, settings: Settings, anyio_backend: str) -> AsyncIterator[Running]:
    """The application without a limit on sign-ins."""
    async with serve(msgspec.structs.replace(settings, sign_in_per_minute=0)) as running:
        yield running


@pytest.fixture(scope="session")
def client(app: Running) -> httpx.AsyncClient:
    """Speaks to the worker's application."""
    return app.client


@pytest.fixture(scope="session")
def desk(app: Running) -> Desk:
    """The parts that the worker's application is made of."""
    return app.desk


@pytest.fixture(scope="session")
async def owner(base: Base, anyio_backend: str) -> AsyncIterator[factories.Owner]:
    """A connection past row security, to make and to look at what tests need."""
    connection = await asyncpg.connect(base.admin_url)
    yield connection
    await connection.close()


class MakeOrganisation(Protocol):
    """Makes a new organisation."""

    def __call__(self, name: str = ...) -> Awaitable[Organisation]: ...


@pytest.fixture(scope="session")
def make_organisation(owner: factories.Owner, desk: Desk) -> MakeOrganisation:
    """Makes organisations, each a tenant of its own."""

    def make(name: str = "An organisation") -> Awaitable[Organisation]:
        return factories.organisation(owner, desk.tokens, name)

    return make


@pytest.fixture
async def organisation(make_organisation: MakeOrganisation) -> Organisation:
    """A new organisation for this test."""
    return await make_organisation()


@pytest.fixture(scope="session")
async def stranger(make_organisation: MakeOrganisation) -> Organisation:
    """Another organisation, which must never see what is not its own."""
    return await make_organisation("Strangers")


@pytest.fixture
async def admin(organisation: Organisation) -> Somebody:
    """The owner of the test's organisation, who may do everything in it."""
    return await organisation.person("owner")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock on."""
    real, ahead = clock.now, [timedelta()]

    def moved() -> datetime:
        return real() + ahead[0]

    monkeypatch.setattr(clock, "now", moved)

    def move(by: timedelta) -> None:
        ahead[0] += by

    return move


@pytest.fixture
def headers() -> Callable[[Somebody], dict[str, str]]:
    """The headers that sign a person's requests."""
    return lambda somebody: somebody.headers


@pytest.fixture
def queries() -> Iterator[Counter]:
    """Counts the statements that are sent to the database during the test."""
    with guards.counted() as counter:
        yield counter
