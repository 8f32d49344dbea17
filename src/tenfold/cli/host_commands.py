"""Commands for whoever runs the installation: keys, organisations, issuers, limits, events."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tenfold.cli.shell import at_work, filled, run, say


def rotate_keys(
    *,
    organisation: Annotated[
        str, Parameter(help="Name or id of an organisation; without it all of them.")
    ] = "",
) -> int:
    """Make new keys for the secrets of organisations; a worker seals them anew."""
    from tenfold.cli.keys import rotate

    return run(lambda settings: rotate(settings, organisation, say))


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

    with at_work() as installation:
        work = erase(
            installation.settings,
            organisation,
            installation.admin_url,
            say,
            sure=yes,
            retired=retired,
        )
        return asyncio.run(work)


def rotate_master_key(
    *,
    finish: Annotated[bool, Parameter(help="Let go of the old key, a day or more later.")] = False,
) -> int:
    """Make a new master key and seal with it all that the old one sealed, while people work."""
    from tenfold.cli.keys import rotate_master

    return run(lambda settings: rotate_master(settings, say, finish=finish))


organisation = App(name="organisation", help="Organisations, for whoever runs the installation.")


@organisation.command(name="list")
def organisation_list() -> int:
    """List the organisations with their ids."""
    from tenfold.cli.organisations import list_organisations

    return run(lambda settings: list_organisations(settings, print))


@organisation.command
def open_networks(
    name: Annotated[str, Parameter(help="Name or id of the organisation.")], /
) -> int:
    """Let an organisation be administered from everywhere again, whose networks locked all out."""
    from tenfold.cli.organisations import open_everywhere

    return run(lambda settings: open_everywhere(settings, name, print))


def map_issuer(
    issuer: Annotated[str, Parameter(help="As the settings name it.")],
    file: Annotated[Path, Parameter(help="CSV with the columns subject and email.")],
    /,
) -> int:
    """Link the people of an outside issuer to accounts. Exit code 3: some could not be."""
    from tenfold.cli.identities import map_issuer as link_all

    return run(lambda settings: link_all(settings, issuer, file, print))


def csp_reports(
    *, forget: Annotated[bool, Parameter(help="Forget them after they were shown.")] = False
) -> int:
    """Show what browsers reported of pages that tried to run or load what they may not."""
    from tenfold.cli.edge import show_reports

    return run(lambda settings: show_reports(settings, print, forget=forget))


def limit(
    organisation: Annotated[str, Parameter(help="Name or id of the organisation.")],
    per_minute: Annotated[
        int | None, Parameter(help="Requests a minute; 0: no limit; left out: as all others.")
    ] = None,
    /,
) -> int:
    """Set how many requests a minute each person of an organisation may make."""
    from tenfold.cli.edge import set_limit

    return run(lambda settings: set_limit(settings, organisation, per_minute, print))


def security_events(
    *,
    type: Annotated[
        str | None, Parameter(help="Only these events, separated by commas.", validator=filled)
    ] = None,
    address: Annotated[
        str | None, Parameter(help="Only what came from an IP address.", validator=filled)
    ] = None,
    since: Annotated[
        datetime | None, Parameter(help="Only from a day or moment on (UTC): 2026-11-22.")
    ] = None,
    organisation: Annotated[
        str | None, Parameter(help="Only an organisation's: name or id.", validator=filled)
    ] = None,
    nobodys: Annotated[
        bool, Parameter(help="Only what is no organisation's: unknown accounts, addresses.")
    ] = False,
    many: Annotated[
        int, Parameter(name=["-n", "--many"], help="How many to show.", show_default=True)
    ] = 50,
    format: Annotated[
        Literal["text", "csv", "json"], Parameter(help="How to show them.", show_default=True)
    ] = "text",
) -> int:
    """Show the newest security events of the whole installation, the last one at the end."""
    from tenfold.cli.security_events import Asked, show_events

    asked = Asked(type or "", address or "", since, organisation or "", nobodys, many)
    return run(lambda settings: show_events(settings, asked, format, print))


prove = App(name="prove", help="Promises tried on this installation; exit code 1: one is broken.")


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

    with at_work() as installation:
        return tried(installation, address, print, say)


@prove.command
def audit(
    *,
    against: Annotated[
        Path | None,
        Parameter(help="Earlier evidence, or an exported log; else the newest evidence here."),
    ] = None,
) -> int:
    """Verify that nothing in the audit log was altered, put in or taken out since it was sealed.

    Where the chains end is kept with the evidence, and the next run compares with it. Keep a copy
    where nobody who can write to the database can reach it.
    """
    from tenfold.cli.prove import audit as tried

    with at_work() as installation:
        return tried(installation, against, print, say)
