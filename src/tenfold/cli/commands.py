"""The commands of `tenfold`. Exit codes: 0 done, 1 failed, 2 wrong use, 3 done in part."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tenfold import __version__
from tenfold.cli.installation import (
    Installation,
    migrated,
    need_migrated,
    open_installation,
    without_password,
)
from tenfold.cli.ports import port_free
from tenfold.cli.ready import Announcer
from tenfold.cli.supervise import Child, supervise
from tenfold.db.embedded import EmbeddedError
from tenfold.kernel.errors import Invalid, TenfoldError
from tenfold.kernel.settings import Settings, from_environment

Role = Literal["owner", "admin", "manager", "member", "read-only"]

app = App(
    name="tenfold",
    version=__version__,
    help="A CRM for many organisations. Start it with `tenfold up`; settings come from the "
    "environment (TENFOLD_HOME, PORT, DATABASE_URL …).\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong use, 3 done in part (some rows were refused).",
)


def say(text: str) -> None:
    """A sentence for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def plain(run: Callable[[], object]) -> int:
    """Run a command; what goes wrong in an expected way is one sentence and exit code 1."""
    try:
        code = run()
    except (TenfoldError, EmbeddedError) as error:
        say(f"tenfold: {error}")
        return 1
    except OSError as error:
        say(
            f"tenfold: {error.strerror or error}"
            + (f": {error.filename}" if error.filename else "")
        )
        return 1
    except KeyboardInterrupt:
        say("tenfold: stopped.")
        return 130
    return code if isinstance(code, int) else 0


@app.command
def up(
    *,
    port: Annotated[int | None, Parameter(help="Port to serve on (PORT).")] = None,
    demo: Annotated[bool, Parameter(help="Make the demo organisation.")] = True,
) -> int:
    """Start everything: database, tables, demo data, server and worker. Ctrl-C stops it all."""
    with _stoppable():
        settings = _settings(port=port)
        if problem := port_free(settings.host, settings.port):
            say(f"tenfold: {problem}")
            return 1
        say("Starting the database …")
        installation = open_installation(settings, say)
        try:
            migrated(installation)
            signs = _demo(installation, wanted=demo and settings.demo)
        except BaseException:
            installation.close()
            raise
    environment = {**os.environ, **installation.environment}
    me = [sys.executable, "-m", "tenfold"]
    children = [
        Child("server", [*me, "serve"], environment),
        Child("worker", [*me, "worker"], environment),
    ]
    made = installation.settings

    def announce() -> None:
        say("\n".join(["", f"  Tenfold is at {made.address}", *(f"  {s}" for s in signs)]))
        say("  Ctrl-C stops it.\n")

    ready = Announcer(f"http://{_reachable(made.host)}:{made.port}", announce)
    ready.start()
    try:
        return supervise(children, on_stop=installation.close, say=say)
    finally:
        ready.stop()


@app.command
def serve(*, port: Annotated[int | None, Parameter(help="Port to serve on (PORT).")] = None) -> int:
    """Serve API and pages; one process per core unless TENFOLD_WORKERS says otherwise."""
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels
    from granian.server import Server as Granian

    settings = _settings(port=port)
    installation = _ready(settings)
    try:
        os.environ.update(installation.environment)
        served = installation.settings
        server = Granian(
            "tenfold.app:create_app",
            address=served.host,
            port=served.port,
            interface=Interfaces.ASGI,
            factory=True,
            workers=served.workers or os.cpu_count() or 1,
            backpressure=served.backpressure,
            backlog=4_096,
            loop=Loops.uvloop if sys.platform != "win32" else Loops.auto,
            websockets=False,
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            workers_kill_timeout=10,
        )
        server.serve()
    finally:
        installation.close()
    return 0


@app.command
def worker() -> int:
    """Run jobs, schedules and the dispatcher of the change log."""
    from tenfold.app import run_worker

    installation = _ready(_settings())
    try:
        run_worker(installation.settings)
    finally:
        installation.close()
    return 0


@app.command
def migrate() -> int:
    """Bring the database's tables up to date."""
    installation = open_installation(_settings(), say)
    try:
        done = migrated(installation)
        where = without_password(installation.admin_url)
        say(f"The tables are {'now' if done else 'already'} up to date ({where}).")
    finally:
        installation.close()
    return 0


@app.command
def demo() -> int:
    """Make the demo organisation with data in every pack, if it is not there yet."""
    installation = _ready(_settings())
    try:
        for line in _demo(installation, wanted=True):
            say(line)
    finally:
        installation.close()
    return 0


def _reachable(host: str) -> str:
    """A host that can be called from here, where the server listens on all."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104


@app.command
def search(words: str, *, user: Annotated[str, Parameter(help="E-mail of who searches.")]) -> int:
    """Search all records that a person may see."""
    from tenfold.cli.people import search_records

    return _at_work(lambda settings: search_records(settings, words, user, print))


@app.command(name="import")
def import_file(
    file: Path,
    *,
    user: Annotated[str, Parameter(help="E-mail of who imports.")],
    type: Annotated[
        str, Parameter(help="Record type: leads, contacts … (a plan names its own).")
    ] = "",
    map: Annotated[
        list[str] | None, Parameter(help="Column=field, or Column= to leave it out.")
    ] = None,
    key: Annotated[str, Parameter(help="Unique field by which rows change records.")] = "",
    encoding: Annotated[str, Parameter(help="Where the guess is wrong: utf-8, cp1252 …")] = "",
    separator: Annotated[str, Parameter(help="Where the guess is wrong.")] = "",
    region: Annotated[str, Parameter(help="Region of phone numbers and dates: US, DE …")] = "",
    currency: Annotated[str, Parameter(help="Currency of plain amounts: USD, EUR …")] = "",
    create_missing: Annotated[
        list[str] | None, Parameter(help="Relations to make by title.")
    ] = None,
    dry_run: Annotated[bool, Parameter(help="Do everything, then take it back.")] = False,
    refused: Annotated[Path | None, Parameter(help="Where to write refused rows.")] = None,
) -> int:
    """Import CSV, JSON, vCard or a Salesforce plan. Exit code 3: some rows were refused."""
    from tenfold.cli.exchange import run_import
    from tenfold.exchange.import_state import Options

    mapping = dict(_mapped(one) for one in map or [])
    options = Options(
        mapping=mapping,
        key=key,
        encoding=encoding or None,
        separator=separator or None,
        region=region,
        currency=currency,
        create_missing=create_missing or [],
        dry_run=dry_run,
    )
    installation = _ready(_settings())
    try:
        return run_import(
            installation.settings, file, type, email=user, options=options, refused=refused
        )
    finally:
        installation.close()


def _mapped(text: str) -> tuple[str, str | None]:
    column, found, field = text.rpartition("=")
    if not found:
        raise Invalid({"map": f"{text!r} must be written as Column=field"})
    return column, field or None


@app.command
def export(
    type: Annotated[str, Parameter(help="Record type: leads, contacts …")],
    to: Path | None = None,
    *,
    user: Annotated[str, Parameter(help="E-mail of who exports.")],
    format: Annotated[Literal["csv", "json"], Parameter(help="Form of the file.")] = "csv",
    query: Annotated[
        str, Parameter(help="Filters and sorts: status=active&sort=-created_at.")
    ] = "",
    bom: Annotated[bool, Parameter(help="Begin with a byte order mark, for Excel.")] = False,
) -> int:
    """Export a list as a person sees it, to a file or to the terminal."""
    from tenfold.cli.exchange import run_export

    installation = _ready(_settings())
    try:
        return run_export(
            installation.settings, type, to, email=user, form=format, query=query, bom=bom, say=say
        )
    finally:
        installation.close()


user = App(name="user", help="The people of an organisation.")
app.command(user)


@user.command(name="list")
def user_list(*, user: Annotated[str, Parameter(help="E-mail of one of them.")]) -> int:
    """List the people of the organisation that this person belongs to."""
    from tenfold.cli.people import list_people

    return _at_work(lambda settings: list_people(settings, user, print))


@user.command
def add(
    email: str,
    first_name: str,
    last_name: str,
    *,
    by: Annotated[str, Parameter(help="E-mail of an owner or admin.")],
    role: Annotated[Role, Parameter(help="What they may administer.")] = "member",
    roles: Annotated[list[str] | None, Parameter(help="Roles of packs: agent, counselor …")] = None,
) -> int:
    """Add a person to the organisation of who adds them; prints a first password."""
    from tenfold.accounts.members import NewMember
    from tenfold.cli.people import add_person

    new = NewMember(
        email=email, first_name=first_name, last_name=last_name, role=role, roles=roles or []
    )
    return _at_work(lambda settings: add_person(settings, by, new, print))


@user.command
def password(
    email: str, *, new: Annotated[str, Parameter(help="The password; empty: one is made.")] = ""
) -> int:
    """Give a person a new password and end their sessions."""
    from tenfold.cli.people import set_password

    return _at_work(lambda settings: set_password(settings, email, new, print))


@app.command
def bench(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> int:
    """Measure this installation's code; only in a checkout, where `bench/` is."""
    import importlib.util
    import subprocess

    if importlib.util.find_spec("bench") is None:
        say("tenfold: the benchmark is part of the checkout; run it there with `make bench`.")
        return 1
    return subprocess.run([sys.executable, "-m", "bench", *arguments], check=False).returncode


def _at_work(work: Callable[[Settings], Coroutine[object, object, int]]) -> int:
    """Run something in a ready installation."""
    installation = _ready(_settings())
    try:
        return asyncio.run(work(installation.settings))
    finally:
        installation.close()


def _settings(*, port: int | None = None) -> Settings:
    """The environment's settings, with what the command line says over them."""
    environment = dict(os.environ)
    if port is not None:
        environment["PORT"] = str(port)
    return from_environment(environment)


def _ready(settings: Settings) -> Installation:
    """The installation with its tables as this version needs them."""
    if settings.app_database_url and settings.tail_database_url:
        # A child of `tenfold up`, which has made everything ready.
        from tenfold.db.roles import Roles

        names = Roles.of(settings.role_prefix)
        return Installation(settings, settings.app_database_url, names, {}, None)
    installation = open_installation(settings, say)
    try:
        need_migrated(installation)
    except BaseException:
        installation.close()
        raise
    return installation


def _demo(installation: Installation, *, wanted: bool) -> list[str]:
    """Make the demo data where it is wanted; answers how to sign in."""
    if not wanted:
        return []
    from tenfold.app import make_demo

    return make_demo(installation.settings, say)


class _stoppable:  # noqa: N801
    """While it starts, SIGTERM ends `tenfold up` like Ctrl-C does."""

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._stop)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    @staticmethod
    def _stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
