"""The commands of `tenfold`. Exit codes: 0 done, 1 failed, 2 wrong use, 3 done in part."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

from tenfold import __version__
from tenfold.cli.installation import (
    Installation,
    migrated,
    need_made,
    need_migrated,
    open_installation,
    without_password,
)
from tenfold.cli.who import Who
from tenfold.db.embedded import EmbeddedError
from tenfold.kernel.errors import Invalid, TenfoldError
from tenfold.kernel.settings import SettingError, Settings, unknown, variable
from tenfold.outside.secrets.starting import read_settings

DONE, FAILED, WRONG_USE, STOPPED = 0, 1, 2, 130

Role = Literal["owner", "admin", "manager", "member", "read-only"]
User = Annotated[str, Parameter(help="E-mail address of the person as whom to work.")]
Organisation = Annotated[
    str, Parameter(help="Name or id of the organisation, where the person is in several.")
]
Address = Annotated[str, Parameter(help="E-mail address of the person.")]
Port = Annotated[int | None, Parameter(help="Port to serve on, instead of PORT or 8000.")]


def wrong_use(error: CycloptsError) -> str:
    """What was typed wrongly, as one sentence."""
    return f"tenfold: {' '.join(str(error).split())}"


app = App(
    name="tenfold",
    version=__version__,
    help="A CRM for many organisations. Start it with `tenfold up`.\n\n"
    "Settings come from the environment: TENFOLD_HOME is the folder of the data, PORT where to "
    "serve (8000), DATABASE_URL a PostgreSQL 15 or newer instead of the one that comes along.\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong use, 3 done in part (some rows were refused), "
    "130 stopped by Ctrl-C.",
    error_formatter=wrong_use,
    default_parameter=Parameter(negative=(), show_default=False),
    suppress_keyboard_interrupt=False,  # `plain` says that it stopped
)


def say(text: str) -> None:
    """A sentence for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def plain(run: Callable[[], object]) -> int:
    """Run a command; what goes wrong in an expected way is one sentence and its exit code."""
    try:
        code = run()
    except Invalid as error:
        all_of_it = "; ".join(f"{field}: {problem}" for field, problem in error.fields.items())
        say(f"tenfold: {all_of_it or error}")
        return WRONG_USE
    except SettingError as error:
        say(f"tenfold: {error}")
        return WRONG_USE
    except (TenfoldError, EmbeddedError) as error:
        say(f"tenfold: {error}")
        return FAILED
    except BrokenPipeError:  # who reads our output, such as `head`, has seen enough
        sys.stdout = None
        return DONE
    except OSError as error:
        if error.errno == errno.ENOSPC:
            say("tenfold: the disk is full; free some space and start again. Nothing was lost.")
            return FAILED
        about = f": {error.filename}" if error.filename else ""
        say(f"tenfold: {error.strerror or error}{about}")
        return FAILED
    except KeyboardInterrupt:
        say("tenfold: stopped.")
        return STOPPED
    return code if isinstance(code, int) else DONE


@app.command
def up(
    *,
    port: Port = None,
    demo: Annotated[
        bool, Parameter(help="Make the demo organisation (TENFOLD_DEMO).", negative="--no-demo")
    ] = True,
) -> int:
    """Start everything: database, tables, demo data, server and worker. Ctrl-C stops it all."""
    from tenfold.cli import up as starting

    settings = _settings(port=port)
    return starting.run(settings, demo=demo and settings.demo, say=say)


@app.command
def serve(*, port: Port = None) -> int:
    """Serve API and pages; one process per core unless TENFOLD_WORKERS says otherwise."""
    from tenfold.cli.serve import run

    with _at_work(port=port, made=False) as installation:
        return run(installation)


@app.command
def worker() -> int:
    """Run jobs, schedules and the dispatcher of the change log."""
    from tenfold.app import run_worker
    from tenfold.cli import logs

    with _at_work() as installation:
        logs.configure(installation.settings.log_level)
        run_worker(installation.settings)
    return DONE


@app.command
def migrate() -> int:
    """Bring the database's tables up to date, and make its roles where they are missing."""
    installation = open_installation(_settings(), say)
    try:
        done = migrated(installation)
        where = without_password(installation.admin_url)
        say(f"The tables are {'now' if done else 'already'} up to date ({where}).")
    finally:
        installation.close()
    return DONE


@app.command
def demo() -> int:
    """Make the demo organisation with data in every pack, if it is not there yet."""
    from tenfold.app import make_demo

    with _at_work(made=False) as installation:
        say("\n".join(make_demo(installation.settings, say)))
    return DONE


@app.command
def search(
    *words: Annotated[str, Parameter(required=True, help="What to look for.")],
    user: User,
    organisation: Organisation = "",
) -> int:
    """Search all records that a person may see, by words or the beginnings of words."""
    from tenfold.cli.people import search_records

    who, asked = Who(user, organisation), " ".join(words)
    return _run(lambda settings: search_records(settings, asked, who, print))


@app.command(name="import")
def import_file(
    file: Annotated[Path, Parameter(help="The file to read.")],
    /,
    *,
    user: User,
    organisation: Organisation = "",
    type: Annotated[
        str, Parameter(help="Record type: leads, contacts … (a plan names its own).")
    ] = "",
    map: Annotated[
        list[str] | None, Parameter(help="Column=field, or Column= to leave it out; repeatable.")
    ] = None,
    value: Annotated[
        list[str] | None,
        Parameter(
            help="field:word=choice, what a word of the file means, or field:word= to leave the "
            "field out; repeatable."
        ),
    ] = None,
    key: Annotated[
        str, Parameter(help="Unique field by which rows change the records that are there.")
    ] = "",
    encoding: Annotated[str, Parameter(help="Where the guess is wrong: utf-8, cp1252 …")] = "",
    separator: Annotated[str, Parameter(help="Where the guess is wrong: one character.")] = "",
    region: Annotated[str, Parameter(help="Region of phone numbers and dates: US, DE …")] = "",
    currency: Annotated[str, Parameter(help="Currency of amounts that name none: USD, EUR …")] = "",
    unreadable: Annotated[
        Literal["refuse", "skip"],
        Parameter(help="Refuse the row of a cell that can't be read, or skip the cell."),
    ] = "refuse",
    create_missing: Annotated[
        list[str] | None,
        Parameter(help="Relation whose missing records are made by title; repeatable."),
    ] = None,
    dry_run: Annotated[bool, Parameter(help="Say what would come in; store nothing.")] = False,
    refused: Annotated[
        Path | None,
        Parameter(help="Where refused rows are written; else NAME.refused.csv beside FILE."),
    ] = None,
) -> int:
    """Import CSV, JSON, vCard or a Salesforce plan. Exit code 3: some rows were refused."""
    from tenfold.cli.exchange import run_import
    from tenfold.exchange.import_state import Options

    options = Options(
        mapping=dict(_mapped(one) for one in map or []),
        values=_meant(value or []),
        key=key,
        encoding=encoding or None,
        separator=separator or None,
        region=region,
        currency=currency,
        unreadable=unreadable,
        create_missing=create_missing or [],
        dry_run=dry_run,
    )
    who = Who(user, organisation)
    with _at_work() as installation:
        return run_import(
            installation.settings, file, type, who=who, options=options, refused=refused
        )


def _mapped(text: str) -> tuple[str, str | None]:
    column, found, field = text.rpartition("=")
    if not found:
        raise Invalid({"map": f"{text!r} must be written as Column=field"})
    return column, field or None


def _meant(texts: Sequence[str]) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    for text in texts:
        field, named, rest = text.partition(":")
        word, said, choice = rest.rpartition("=")
        if not named or not said:
            raise Invalid({"value": f"{text!r} must be written as field:word=choice"})
        found.setdefault(field, {})[word] = choice or None
    return found


@app.command
def export(
    type: Annotated[str, Parameter(help="Record type: leads, contacts …")],
    to: Annotated[
        Path | None, Parameter(help="The file to write; without one the terminal.")
    ] = None,
    /,
    *,
    user: User,
    organisation: Organisation = "",
    format: Annotated[
        Literal["csv", "json"], Parameter(help="Form of the file.", show_default=True)
    ] = "csv",
    query: Annotated[
        str, Parameter(help="Filters and sorts, as in the API: status=active&sort=-created_at.")
    ] = "",
    bom: Annotated[bool, Parameter(help="Begin with a byte order mark, for Excel.")] = False,
) -> int:
    """Export a list as a person sees it, to a file or to the terminal."""
    from tenfold.cli.exchange import run_export

    who = Who(user, organisation)
    with _at_work() as installation:
        return run_export(
            installation.settings, type, to, who=who, form=format, query=query, bom=bom, say=say
        )


@app.command
def rotate_keys(
    *,
    organisation: Annotated[
        str, Parameter(help="Name or id of an organisation; without it all of them.")
    ] = "",
) -> int:
    """Make new keys for the secrets of organisations; a worker seals them anew."""
    from tenfold.cli.keys import rotate

    return _run(lambda settings: rotate(settings, organisation, say))


@app.command
def erase_keys(
    organisation: Annotated[str, Parameter(help="Name or id of the organisation.")],
    /,
    *,
    yes: Annotated[bool, Parameter(help="Do not ask for the name to be typed.")] = False,
    retired: Annotated[
        bool, Parameter(help="Only keys that records no longer need: for the history's sake.")
    ] = False,
) -> int:
    """Destroy the keys of an organisation: nobody can open its secrets ever again."""
    from tenfold.cli.keys import erase

    with _at_work() as installation:
        work = erase(
            installation.settings,
            organisation,
            installation.admin_url,
            say,
            sure=yes,
            retired=retired,
        )
        return asyncio.run(work)


@app.command
def rotate_master_key(
    *,
    finish: Annotated[bool, Parameter(help="Let go of the old key, a day or more later.")] = False,
) -> int:
    """Make a new master key and seal with it all that the old one sealed, while people work."""
    from tenfold.cli.keys import rotate_master

    return _run(lambda settings: rotate_master(settings, say, finish=finish))


@app.command
def outbox(
    *,
    to: Annotated[str, Parameter(help="E-mail address to which they were written.")] = "",
    many: Annotated[
        int, Parameter(name=["-n", "--many"], help="How many to show.", show_default=True)
    ] = 10,
) -> int:
    """Show the newest letters; where no mail server is set (TENFOLD_MAIL_URL), they wait here."""
    from tenfold.cli.outbox import show_letters

    return _run(lambda settings: show_letters(settings, to, many, print))


user = App(name="user", help="The people of an organisation.")
app.command(user)


@user.command(name="list")
def user_list(*, user: User, organisation: Organisation = "") -> int:
    """List the people of the organisation that this person belongs to."""
    from tenfold.cli.people import list_people

    return _run(lambda settings: list_people(settings, Who(user, organisation), print))


@user.command
def add(
    email: Address,
    first_name: Annotated[str, Parameter(help="Needed for a person without an account.")] = "",
    last_name: Annotated[str, Parameter(help="Needed for a person without an account.")] = "",
    /,
    *,
    by: Annotated[str, Parameter(help="E-mail address of an owner or admin.")],
    organisation: Organisation = "",
    role: Annotated[Role, Parameter(help="What they may administer.", show_default=True)] = (
        "member"
    ),
    roles: Annotated[
        list[str] | None, Parameter(help="Role of a pack: agent, counselor …; repeatable.")
    ] = None,
) -> int:
    """Add a person to the organisation of who adds them; prints a first password."""
    from tenfold.accounts.organisation.members import NewMember
    from tenfold.cli.people import add_person

    new = NewMember(
        email=email,
        first_name=first_name or None,
        last_name=last_name or None,
        role=role,
        roles=roles or [],
    )
    return _run(lambda settings: add_person(settings, Who(by, organisation), new, print))


@user.command
def password(
    email: Address,
    /,
    *,
    new: Annotated[
        str,
        Parameter(
            help="The password, or - to read it from the input; without it one is made.",
            allow_leading_hyphen=True,
        ),
    ] = "",
) -> int:
    """Give a person a new password: ends all their sessions and opens a locked account."""
    from tenfold.cli.people import set_password

    word = sys.stdin.readline().rstrip("\r\n") if new == "-" else new
    if new and not word:
        raise Invalid({"new": "is required: the input held no password"})
    return _run(lambda settings: set_password(settings, email, word, print))


api_key = App(name="api-key", help="Keys by which programs use the API.")
app.command(api_key)


@api_key.command
def create(
    name: Annotated[str, Parameter(help="What the key is for, as people will see it.")],
    /,
    *,
    user: User,
    scopes: Annotated[
        list[str], Parameter(help="lead:read, lead:write, *:read, admin, scim …; repeatable.")
    ],
    days: Annotated[int, Parameter(help="How long it is good for.", show_default=True)] = 90,
    service: Annotated[
        str, Parameter(help="Name or id of the service account that it is for, not the person.")
    ] = "",
    organisation: Organisation = "",
) -> int:
    """Make a key that acts as a person, or as a service account; it is printed once."""
    from tenfold.accounts.organisation.api_keys import NewApiKey
    from tenfold.cli.api_keys import make_key
    from tenfold.kernel.structs import convert

    body = {"name": name, "scopes": scopes, "expires_in_days": days}
    new, who = convert(body, NewApiKey), Who(user, organisation)
    return _run(lambda settings: make_key(settings, who, new, service, print))


@api_key.command(name="list")
def api_key_list(*, user: User, organisation: Organisation = "") -> int:
    """List a person's keys, or all of the organisation where they are an owner or admin."""
    from tenfold.cli.api_keys import list_keys

    return _run(lambda settings: list_keys(settings, Who(user, organisation), print))


@api_key.command
def revoke(
    prefix: Annotated[str, Parameter(help="The beginning by which it is known: tf_ and eight.")],
    /,
    *,
    user: User,
    organisation: Organisation = "",
) -> int:
    """End a key at once."""
    from tenfold.cli.api_keys import revoke_key

    return _run(lambda settings: revoke_key(settings, Who(user, organisation), prefix, print))


@user.command
def no_second_factor(email: Address, /) -> int:
    """Take away all second factors of a person who lost them; ends all their sessions."""
    from tenfold.cli.people import remove_factors

    return _run(lambda settings: remove_factors(settings, email, print))


organisation = App(name="organisation", help="Organisations, for whoever runs the installation.")
app.command(organisation)


@organisation.command(name="list")
def organisation_list() -> int:
    """List the organisations with their ids."""
    from tenfold.cli.organisations import list_organisations

    return _run(lambda settings: list_organisations(settings, print))


@organisation.command
def open_networks(
    name: Annotated[str, Parameter(help="Name or id of the organisation.")], /
) -> int:
    """Let an organisation be administered from everywhere again, whose networks locked all out."""
    from tenfold.cli.organisations import open_everywhere

    return _run(lambda settings: open_everywhere(settings, name, print))


@app.command(name="map-issuer")
def map_issuer(
    issuer: Annotated[str, Parameter(help="As the settings name it.")],
    file: Annotated[Path, Parameter(help="CSV with the columns subject and email.")],
    /,
) -> int:
    """Link the people of an outside issuer to accounts. Exit code 3: some could not be."""
    from tenfold.cli.identities import map_issuer as link_all

    return _run(lambda settings: link_all(settings, issuer, file, print))


@app.command(name="csp-reports")
def csp_reports(
    *, forget: Annotated[bool, Parameter(help="Forget them after they were shown.")] = False
) -> int:
    """Show what browsers reported of pages that tried to run or load what they may not."""
    from tenfold.cli.edge import show_reports

    return _run(lambda settings: show_reports(settings, print, forget=forget))


@app.command
def limit(
    organisation: Annotated[str, Parameter(help="Name or id of the organisation.")],
    per_minute: Annotated[
        int | None, Parameter(help="Requests a minute; 0: no limit; left out: as all others.")
    ] = None,
    /,
) -> int:
    """Set how many requests a minute each person of an organisation may make."""
    from tenfold.cli.edge import set_limit

    return _run(lambda settings: set_limit(settings, organisation, per_minute, print))


prove = App(name="prove", help="Promises tried on this installation; exit code 1: one is broken.")
app.command(prove)


@prove.command
def isolation(
    *,
    address: Annotated[
        str, Parameter(help="Where the server is; without it, where its settings say.")
    ] = "",
) -> int:
    """Try whether an organisation sees or touches what is another's, by HTTP and by SQL.

    Two organisations are made for it and taken away again. What was found is kept in TENFOLD_HOME,
    in the folder evidence.
    """
    from tenfold.cli.prove import isolation as tried

    with _at_work() as installation:
        return tried(installation, address, print, say)


@app.command
def bench(
    *arguments: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="Passed on; see `tenfold bench -- --help`.")
    ],
) -> int:
    """Measure this installation's code; only in a checkout, where `bench/` is."""
    import subprocess

    checkout = Path(__file__).parents[3]
    if not (checkout / "bench" / "__main__.py").is_file():
        say("tenfold: the benchmark needs a checkout of Tenfold; run it there with `make bench`.")
        return FAILED
    run = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(run, check=False, cwd=checkout).returncode


def _run(work: Callable[[Settings], Coroutine[object, object, int]]) -> int:
    """Run something in a ready installation."""
    with _at_work() as installation:
        return asyncio.run(work(installation.settings))


@contextmanager
def _at_work(*, port: int | None = None, made: bool = True) -> Generator[Installation]:
    """A ready installation; its database stops afterwards, where it was started for this.

    Where it must have been `made` before, a wrong TENFOLD_HOME is told, and nothing is made there.
    """
    installation = _ready(_settings(port=port), made=made)
    try:
        yield installation
    finally:
        installation.close()


def _settings(*, port: int | None = None) -> Settings:
    """The environment's settings, with what the command line says over them."""
    environment = dict(os.environ)
    if variable("tail_database_url") not in environment:  # else it is a child of one that told it
        for sentence in unknown(environment):
            say(f"tenfold: {sentence}")
    if port is not None:
        environment["PORT"] = str(port)
    return read_settings(environment)


def _ready(settings: Settings, *, made: bool) -> Installation:
    """The installation with its tables as this version needs them."""
    if settings.app_database_url and settings.tail_database_url:
        # A child of `tenfold up`, which has made everything ready.
        from tenfold.db.roles import Roles

        names = Roles.of(settings.role_prefix)
        return Installation(settings, settings.app_database_url, names, {}, None)
    if made:
        need_made(settings)
    installation = open_installation(settings, say)
    try:
        need_migrated(installation)
    except BaseException:
        installation.close()
        raise
    return installation
