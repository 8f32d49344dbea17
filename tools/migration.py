"""Writes the next migration: the tables of all record types that no migration makes yet.

    python tools/migration.py fleet

The scripts are for reading before they are committed; what is there already is never touched.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tenfold.app import registry
from tenfold.db import migrate
from tenfold.engine.project import revision
from tenfold.engine.registry import Registry

VERSIONS = migrate.FOLDER / "versions"
_PAGE = '''"""{title}."""

from tenfold.db.migrate import run_script

revision = "{number}"
down_revision = "{before}"


def upgrade() -> None:
    run_script("{stem}.up.sql")


def downgrade() -> None:
    run_script("{stem}.down.sql")
'''


def write(name: str, types: Registry, folder: Path, before: str) -> list[Path]:
    """Write the revision after `before` into a folder; empty where no table is missing."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise SystemExit(f"Name it in a-z, 0-9 and _, not {name!r}.")
    scripts = [path.read_text() for path in sorted(folder.glob("*.up.sql"))]
    new = revision.without_table(types.stored, scripts)
    if not new:
        return []
    number = f"{int(before) + 1:04d}"
    stem = f"{number}_{name}"
    title = f"Tables of {', '.join(d.label_plural.lower() for d in new.values())}"
    texts = {
        f"{stem}.up.sql": revision.create(new, known=types.stored),
        f"{stem}.down.sql": revision.drop(new),
        f"{stem}.py": _PAGE.format(title=title, number=number, before=before, stem=stem),
    }
    for file, text in texts.items():
        (folder / file).write_text(text)
    return [folder / file for file in texts]


def main(arguments: list[str]) -> int:
    """Write the migration that the name in the arguments is for."""
    if len(arguments) != 1:
        raise SystemExit("Usage: python tools/migration.py NAME, with a name like fleet.")
    written = write(arguments[0], registry(), VERSIONS, migrate.head())
    for path in written:
        print(path)
    if not written:
        print("Every record type has its table already.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
