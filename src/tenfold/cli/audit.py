"""`tenfold audit`: the audit log as a file, and whether such a file is as it was sealed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tenfold.audit import exporting
from tenfold.audit.logs import LOGS
from tenfold.cli.organisations import find_organisation
from tenfold.cli.seat import opened
from tenfold.kernel.settings import Settings

Say = Callable[[str], None]


async def export(settings: Settings, name: str, say: Say, *, contents: bool) -> int:
    """Write an organisation's audit log to the standard output."""
    kept = frozenset(log.name for log in LOGS) if contents else frozenset[str]()
    written = 0
    async with opened(settings) as (_, database):
        async with database.system() as reader:
            tenant = await find_organisation(reader, name)
        async for line in exporting.lines(lambda: database.read(tenant), tenant, kept):
            sys.stdout.buffer.write(line)
            written += 1
    sys.stdout.flush()
    say(f"{written:,} lines of {name}. Verify them with `tenfold audit verify FILE`.")
    return 0


def verify(file: Path, show: Say) -> int:
    """Verify an exported file; answers 0 where it is whole, 1 where it was altered."""
    with file.open("rb") as rows:
        found = exporting.verify_file(rows)
    for fault in found.faults:
        show(f"BROKEN: {fault}")
    when = f"{found.first.exported_at:%Y-%m-%d %H:%M}Z"
    how = "not as they were sealed." if found.faults else "as they were sealed."
    show(f"{found.entries:,} entries of {found.first.organization}, exported {when}: {how}")
    if found.blank:
        show(f"Of {found.blank:,} only the digest is left: they were older than a year.")
    if found.faults:
        return 1
    show(f"`tenfold prove audit --against {file}` compares it with the installation it is from.")
    return 0
