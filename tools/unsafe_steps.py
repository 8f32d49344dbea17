"""Refuses unsafe steps in the migrations' scripts: what would keep people waiting or lose data.

    python tools/unsafe_steps.py [FOLDER]

The rules are squawk's. An exception is a line `-- squawk-ignore RULE` before
the statement, and in the line before that, as a comment, the reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tenfold.db import migrate
from tenfold.db.roles import Roles

_ROLES = Roles.of("tenfold")  # so that placeholders become names
_OLDEST = "15.0"  # the PostgreSQL that the steps must be safe on
_NOT_OURS = (
    # db/migrate.py sets it to none: building an index of a large table may take an hour.
    "require-statement-timeout",
    # Small counters are int on purpose; ids are UUIDs, and whatever counts rows is bigint.
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
)
# A way down takes away what its way up made.
_DOWN = (
    "ban-drop-column",
    "ban-drop-constraint",
    "ban-drop-table",
    "ban-drop-schema",
    "ban-drop-function",
    "ban-drop-not-null",
)


def mistakes(folder: Path) -> Iterator[str]:
    """What is unsafe in a folder of revisions, each with its place and what to do instead."""
    for script in sorted(folder.glob("*.sql")):
        yield from _unexplained(script)
        done = subprocess.run(
            [Path(sys.executable).with_name("squawk"), *_options(script)],
            input=migrate.filled(script.read_text(), _ROLES),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise SystemExit(f"squawk could not read {script.name}: {done.stderr}")
        for one in json.loads(done.stdout or "[]"):
            what = " ".join(part for part in (one["message"], one["help"]) if part)
            yield f"{script.name}:{one['line'] + 1}: {what} ({one['rule_name']})"


def _options(script: Path) -> Iterator[str]:
    yield from ("--reporter", "json", "--stdin-filepath", script.name, "--pg-version", _OLDEST)
    page = script.with_name(f"{script.name.split('.')[0]}.py").read_text()
    if "run_each" not in page:
        yield "--assume-in-transaction"
    for rule in (*_NOT_OURS, *(_DOWN if script.name.endswith(".down.sql") else ())):
        yield f"--exclude={rule}"


def _unexplained(script: Path) -> Iterator[str]:
    before = ""
    for number, line in enumerate(script.read_text().splitlines(), 1):
        if "squawk-ignore" in line and (not before.startswith("-- ") or "squawk" in before):
            yield f"{script.name}:{number}: say why, as a comment in the line before this one"
        before = line


def main(arguments: list[str]) -> int:
    """Print what is unsafe; 1 where there is anything."""
    found = list(mistakes(Path(arguments[0]) if arguments else migrate.VERSIONS))
    for one in found:
        print(one)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
