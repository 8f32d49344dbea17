"""Writes the next migration: what the declarations describe and the migrations do not make yet.

    python tools/migration.py fleet      compares both in a PostgreSQL of its own, and writes
                                         the revision that makes the difference, up and down
    … --keep tenfold.leads.notes fleet   leaves a column that is no longer declared for now
    … --empty fleet                      writes one to be filled in by hand
    … --first                            writes 0001 anew from the declarations: only until the
                                         first release, as no database that has it is changed

The scripts are for reading before they are committed. Steps that look at every row come in a
revision of their own (`…_online`), whose statements run alone and can be run again.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
from pathlib import Path

import asyncpg

from tenfold.app import registry
from tenfold.db import embedded, migrate, roles
from tenfold.db.roles import Roles
from tenfold.engine.project import catalogue, difference, revision
from tenfold.engine.project.catalogue import Catalogue
from tenfold.engine.registry import Registry

_PAGE = '''"""{title}."""

from tenfold.db.migrate import {run}

revision = "{number}"
down_revision = {before}


def upgrade() -> None:
    {run}("{stem}.up.sql")


def downgrade() -> None:
    {run}("{stem}.down.sql")
'''
_ROLES = Roles.of("tenfold_migration")
_TOGETHER, _ALONE = "run_script", "run_each"


def first(types: Registry, folder: Path) -> list[Path]:
    """Write 0001 anew from the declarations; refused once another revision builds on it."""
    if migrate.head(folder) not in ("", "0001"):
        raise SystemExit("Other revisions build on 0001 already; write the next one.")
    return _write(folder, "0001_spine", _TOGETHER, *revision.first(types))


def empty(name: str, folder: Path) -> list[Path]:
    """Write the next revision with nothing in it, to be filled in by hand."""
    return _write(folder, _next(folder, name), _TOGETHER, *2 * [difference.script([], alone=False)])


def write(name: str, made: Catalogue, described: Catalogue, folder: Path) -> list[Path]:
    """Write the revisions that make the difference; empty where there is none."""
    up = difference.between(made, described)
    down = difference.between(described, made, back=True)
    written: list[Path] = []
    if up.together or down.together:
        scripts = [difference.script(steps.together, alone=False) for steps in (up, down)]
        written += _write(folder, _next(folder, name), _TOGETHER, *scripts)
    if up.alone or down.alone:
        suffix = "_online" if written else ""
        scripts = [difference.script(steps.alone, alone=True) for steps in (up, down)]
        written += _write(folder, _next(folder, name + suffix), _ALONE, *scripts)
    return written


def _next(folder: Path, name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise SystemExit(f"Name it in a-z, 0-9 and _, not {name!r}.")
    return f"{int(migrate.head(folder)) + 1:04d}_{name}"


def _write(folder: Path, stem: str, run: str, up: str, down: str) -> list[Path]:
    number, _, name = stem.partition("_")
    page = _PAGE.format(
        title=name.replace("_", " ").capitalize(),
        run=run,
        number=number,
        before=None if number == "0001" else f'"{int(number) - 1:04d}"',
        stem=stem,
    )
    texts = {f"{stem}.up.sql": up, f"{stem}.down.sql": down, f"{stem}.py": page}
    for file, text in texts.items():
        (folder / file).write_text(text)
    return [folder / file for file in texts]


def compare(types: Registry, folder: Path) -> tuple[Catalogue, Catalogue]:
    """What the migrations make and what the declarations describe, from a server of its own."""
    home = Path(tempfile.mkdtemp(prefix="tenfold-migration-")).resolve()
    home.chmod(0o755)  # the account that PostgreSQL runs as must reach it
    try:
        server = embedded.start(home, settings={"fsync": "off"})
        return asyncio.run(_compare(server, types, folder))
    finally:
        embedded.remove(home)
        shutil.rmtree(home, ignore_errors=True)


async def _compare(
    server: embedded.Server, types: Registry, folder: Path
) -> tuple[Catalogue, Catalogue]:
    made, straight = [await _database(server, name) for name in ("made", "straight")]
    await migrate.upgrade(made, _ROLES, versions=folder)
    await catalogue.make_straight(straight, _ROLES, types)
    return await catalogue.read(made, _ROLES), await catalogue.read(straight, _ROLES)


async def _database(server: embedded.Server, name: str) -> str:
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(f"CREATE DATABASE {name} LOCALE 'C' TEMPLATE template0")
    finally:
        await connection.close()
    url = server.url(name)
    await roles.ensure(url, _ROLES)
    return url


def kept(made: Catalogue, described: Catalogue, columns: list[str]) -> Catalogue:
    """The description with columns that are no longer declared and stay for now."""
    for name in columns:
        if ("column", name) not in made:
            raise SystemExit(f"There is no column {name}; write it like tenfold.leads.notes.")
    return {**described, **{("column", name): made["column", name] for name in columns}}


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", help="what the revision does, like lead_nickname")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--first", action="store_true", help="write 0001 anew")
    ways.add_argument("--empty", action="store_true", help="one to be filled in by hand")
    ways.add_argument("--keep", action="append", default=[], help="a column to leave for now")
    return parser


def main(arguments: list[str]) -> int:
    """Write the migration that the arguments ask for."""
    parser = _arguments()
    asked = parser.parse_args(arguments)
    if asked.first == bool(asked.name):
        parser.error("give either a name or --first")
    written = _asked(asked.name, asked.first, asked.empty, asked.keep, migrate.VERSIONS)
    for path in written:
        print(path)
    if not written:
        print("The migrations make all that is declared already.")
    return 0


def _asked(name: str, anew: bool, bare: bool, keep: list[str], folder: Path) -> list[Path]:
    if anew:
        return first(registry(), folder)
    if bare:
        return empty(name, folder)
    made, described = compare(registry(), folder)
    try:
        return write(name, made, kept(made, described, keep), folder)
    except difference.Refused as refused:
        raise SystemExit("\n".join(refused.sentences)) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
