"""The golden table of who may do what, as `expected.toml` has it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tenfold.proofs.document import Operation
from tenfold.proofs.isolation.things import RECORD

FILE = Path(__file__).with_name("expected.toml")
PEOPLE = (
    "owner",
    "admin",
    "manager",
    "member",
    "read-only",
    "granted",
    "veiled",
    "inactive",
    "nobody",
)
CELLS = frozenset({"in", "401", "403", "404", "grant"})


class NoRow(AssertionError):
    """An operation that the table does not know; the message says what to add."""


@dataclass(frozen=True, slots=True)
class Row:
    """What each person gets, and the code that those let in are refused with (empty: none)."""

    level: str
    cells: dict[str, str]
    says: str = ""


@cache
def _table() -> tuple[dict[str, dict[str, str]], dict[str, object]]:
    read = tomllib.loads(FILE.read_text())
    levels: dict[str, dict[str, str]] = {}
    for name, line in read["levels"].items():
        cells = line.split()
        assert len(cells) == len(PEOPLE), f"the level {name} of {FILE.name}"
        assert set(cells) <= CELLS, f"the level {name} of {FILE.name}"
        levels[name] = dict(zip(PEOPLE, cells, strict=True))
    return levels, {**read["records"], **read["others"]}


def titles() -> set[str]:
    """All rows that there are."""
    return set(_table()[1])


def title(one: Operation, types: frozenset[str]) -> str:
    """The row's name of an operation: that of a record type is the same for all types."""
    base = base_of(one, types)
    if not base:
        return one.title
    rest = one.path.removeprefix(base)
    if "x-relation" in one.about:
        rest = f"{RECORD}/{{relation}}"
    return f"{one.method} /v1/{{type}}{rest}"


def base_of(one: Operation, types: frozenset[str]) -> str:
    """`/v1/leads` of an operation on leads; empty where it is on no record type."""
    if one.path.startswith("/v1/custom/{type}"):
        return "/v1/custom/{type}"
    base = "/".join(one.path.split("/")[:3])
    return base if base in types else ""


def row(one: Operation, types: frozenset[str]) -> Row:
    """The row of an operation; raises NoRow with what to add."""
    levels, rows = _table()
    name = title(one, types)
    found = rows.get(name)
    if found is None:
        raise NoRow(
            f"{one.title} ({one.name}) has no row, and what nobody decided is not served: add "
            f'"{name}" = "<level>" to tests/walls/{FILE.name}, with one of the levels '
            f"{', '.join(levels)}."
        )
    given = found if isinstance(found, dict) else {"level": found}
    return Row(given["level"], levels[given["level"]], given.get("says", ""))
