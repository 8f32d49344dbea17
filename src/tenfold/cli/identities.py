"""`tenfold map-issuer`: whose accounts the people of an outside issuer are, all at once."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from tenfold.accounts.events import note_everywhere
from tenfold.accounts.identity import identities
from tenfold.accounts.identity.account import by_email, plain_email
from tenfold.accounts.identity.providers import signing_in
from tenfold.accounts.identity.shown import Shown
from tenfold.cli.seat import TERMINAL, opened
from tenfold.db.database import Database
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Conflict, Invalid
from tenfold.kernel.ids import NIL
from tenfold.kernel.providers import read_issuers
from tenfold.kernel.settings import Settings

Say = Callable[[str], None]
_COLUMNS = ("subject", "email")
_AT_ONCE = 500


async def map_issuer(settings: Settings, issuer: str, file: Path, say: Say) -> int:
    """Link the subjects of a file to the accounts of their addresses; 3 where some were not."""
    known = {one.issuer for one in read_issuers(settings.outside_issuers)}
    if issuer not in known | {*signing_in(settings)}:
        listed = ", ".join(sorted(known)) or "none"
        raise Invalid({"issuer": f"{issuer} is not among the settings' outside issuers: {listed}"})
    rows = list(_rows(file))
    linked = 0
    refused: list[str] = []
    async with opened(settings) as (_made, database):
        for start in range(0, len(rows), _AT_ONCE):
            done, problems = await _link(database, issuer, rows[start : start + _AT_ONCE])
            linked += done
            refused += problems
    for problem in refused:
        say(problem)
    say(f"{linked} of {len(rows)} people of {issuer} are linked now.")
    return 3 if refused else 0


async def _link(
    database: Database, issuer: str, rows: list[tuple[int, str, str]]
) -> tuple[int, list[str]]:
    """How many were linked or had been, and what is wrong with the others."""
    linked, problems = 0, list[str]()
    async with database.transaction(Context(NIL, None)) as tx:
        for line, subject, email in rows:
            user = await by_email(tx, plain_email(email))
            if user is None or not subject or len(subject) > 255:
                problems.append(f"line {line}: nobody has the address {email!r}")
                continue
            shown = Shown(provider=identities.OUTSIDE, issuer=issuer, subject=subject, email=email)
            try:
                new = await identities.link(tx, user.id, shown)
            except Conflict as error:
                problems.append(f"line {line}: {error.message}")
                continue
            linked += 1
            if new:
                await note_everywhere(tx, "identity_linked", TERMINAL, user.id, issuer=issuer)
    return linked, problems


def _rows(file: Path) -> Iterator[tuple[int, str, str]]:
    """The lines of a CSV file with the columns `subject` and `email`."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            read = csv.DictReader(text)
            if missing := [one for one in _COLUMNS if one not in (read.fieldnames or ())]:
                raise Invalid({"file": f"needs the column {missing[0]!r} in its first line"})
            for row in read:
                yield (
                    read.line_num,
                    (row["subject"] or "").strip(),
                    plain_email(row["email"] or ""),
                )
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid({"file": f"is not CSV in UTF-8 ({error})"}) from None
