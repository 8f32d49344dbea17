"""The commands of `tenfold`. Exit codes: 0 done, 1 failed, 2 wrong use, 3 done in part."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from tenfold import __version__
from tenfold.cli.audit_commands import audit
from tenfold.cli.data_commands import export, import_file
from tenfold.cli.host_commands import (
    csp_reports,
    erase_keys,
    limit,
    map_issuer,
    organisation,
    prove,
    rotate_keys,
    rotate_master_key,
    security_events,
)
from tenfold.cli.installation import migrated, open_installation, without_password
from tenfold.cli.people_commands import api_key, user
from tenfold.cli.shell import (
    DONE,
    FAILED,
    Organisation,
    Port,
    User,
    at_work,
    filled,
    plain,
    run,
    say,
    settings_with,
    wrong_use,
)
from tenfold.cli.who import Who

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

    settings = settings_with(port=port)
    return starting.run(settings, demo=demo and settings.demo, say=say)


@app.command
def serve(*, port: Port = None) -> int:
    """Serve API and pages; one process per core unless TENFOLD_WORKERS says otherwise."""
    from tenfold.cli.serve import run

    with at_work(port=port, made=False) as installation:
        return run(installation)


@app.command
def worker() -> int:
    """Run jobs, schedules and the dispatcher of the change log."""
    from tenfold.app import run_worker
    from tenfold.cli import logs

    with at_work() as installation:
        logs.configure(installation.settings.log_level)
        run_worker(installation.settings)
    return DONE


@app.command
def migrate() -> int:
    """Bring the database's tables up to date, and make its roles where they are missing."""
    installation = open_installation(settings_with(), say)
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

    with at_work(made=False) as installation:
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
    return run(lambda settings: search_records(settings, asked, who, print))


@app.command
def outbox(
    *,
    to: Annotated[
        str | None, Parameter(help="E-mail address to which they were written.", validator=filled)
    ] = None,
    many: Annotated[
        int, Parameter(name=["-n", "--many"], help="How many to show.", show_default=True)
    ] = 10,
) -> int:
    """Show the newest letters; where no mail server is set (TENFOLD_MAIL_URL), they wait here."""
    from tenfold.cli.outbox import show_letters

    return run(lambda settings: show_letters(settings, to or "", many, print))


@app.command
def carriers() -> int:
    """Print the addresses at which carriers of mail and text messages tell us something."""
    from tenfold.cli.carriers import show_addresses

    return run(lambda settings: show_addresses(settings, print))


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


app.command(import_file, name="import")
app.command(export)
for group in (user, api_key, organisation, audit, prove):
    app.command(group)
for command in (rotate_keys, erase_keys, rotate_master_key, map_issuer):
    app.command(command)
for command in (csp_reports, limit, security_events):
    app.command(command)

__all__ = ["app", "plain"]
