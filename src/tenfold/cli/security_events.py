"""`tenfold security-events`: what happened on the installation, also what is nobody's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from tenfold.accounts import reading_events
from tenfold.accounts.reading_events import PlacedEvent, Which
from tenfold.cli.organisations import find_organisation
from tenfold.cli.seat import opened
from tenfold.exchange.write_csv import write_csv
from tenfold.kernel.errors import Invalid
from tenfold.kernel.settings import Settings
from tenfold.web.api.security_events import checked_types

MOST = 100_000
_UNTOLD = ("user_agent", "request_id")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events, and how many of the newest."""

    types: str = ""
    address: str = ""
    since: datetime | None = None
    organisation: str = ""
    nobodys: bool = False
    many: int = 50


async def show_events(
    settings: Settings, asked: Asked, form: str, say: Callable[[str], None]
) -> int:
    """Print events, the last one at the end, for people to read or as CSV or JSON."""
    if not 1 <= asked.many <= MOST:
        raise Invalid({"n": f"takes 1 to {MOST:,}"})
    if asked.organisation and asked.nobodys:
        raise Invalid({"organisation": "can't be given where only what is none's is shown"})
    reading_events.check_address(asked.address, "address")
    since = asked.since
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    which = Which(checked_types(asked.types, "type"), None, asked.address or None, since)
    async with opened(settings) as (made, database), database.system() as reader:
        name = asked.organisation
        tenant = await find_organisation(reader, name) if name else None
        tail = await made.database("tail_database_url", seconds=300)
        try:
            async with tail.system() as log:
                found = await reading_events.newest(
                    log, reader, which, asked.many, tenant=tenant, nobodys=asked.nobodys
                )
        finally:
            await tail.close()
    _SHOWN[form](found[::-1], say)
    return 0


def _as_table(found: Sequence[PlacedEvent], say: Callable[[str], None]) -> None:
    if not found:
        say("There is no such event.")
    rows = [_cells(one) for one in found]
    wide = [max(len(row[n]) for row in rows) for n in range(4)] if rows else []
    for *row, rest in rows:
        cells = [cell.ljust(wide[n]) for n, cell in enumerate(row)]
        say("  ".join([*cells, rest]).rstrip())


def _cells(one: PlacedEvent) -> tuple[str, ...]:
    rest = [one.email or ""]
    rest += [
        f"{name}={value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in one.detail.items()
        if name not in _UNTOLD and value not in (None, "", [])
    ]
    return (
        f"{one.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        one.event_type,
        _printable(one.ip_address or "-"),
        _printable(one.organization or "-")[:40],
        _printable("  ".join(filter(None, rest)))[:_LONGEST],
    )


def _printable(text: str) -> str:
    """What strangers wrote, without what would steer a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _as_csv(found: Sequence[PlacedEvent], _say: Callable[[str], None]) -> None:
    rows = (reading_events.flat(one) for one in found)
    for piece in write_csv(reading_events.columns(PlacedEvent), rows, bom=False):
        sys.stdout.buffer.write(piece)


def _as_json(found: Sequence[PlacedEvent], say: Callable[[str], None]) -> None:
    say(msgspec.json.encode(found).decode())


_SHOWN = {"text": _as_table, "csv": _as_csv, "json": _as_json}
