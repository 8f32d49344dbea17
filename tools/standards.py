"""Which requirements of OWASP's standards are met, and by which test: the tables and their pages.

The tables are `docs/security/*.toml`; `tests/docs/test_standards.py` holds them to the tests that
they name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal, get_args

import msgspec

ROOT = Path(__file__).resolve().parent.parent
State = Literal["done", "part", "open", "not applicable"]
STATES: tuple[State, ...] = get_args(State)


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a table. `what` is in our words; `why` says what keeps it from being done."""

    id: str
    what: str
    state: State
    level: int = 0
    tests: tuple[str, ...] = ()
    why: str = ""


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    requirement: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard: its table, what must stand in it, and what its page says."""

    file: str
    title: str
    source: str
    levels: Mapping[str, int]
    """Each requirement that must have a line, with its level."""
    chapters: Mapping[str, str]
    about: str

    def read(self, root: Path = ROOT) -> tuple[Requirement, ...]:
        """The lines of the table."""
        text = (root / "docs" / "security" / f"{self.file}.toml").read_bytes()
        return msgspec.toml.decode(text, type=_Table).requirement


def _levels(sections: str) -> dict[str, int]:
    """Requirements with their levels, from a line for each chapter: the digits of a section are the
    levels of its requirements, in order."""
    found: dict[str, int] = {}
    for line in sections.split("\n"):
        chapter, *rest = line.split()
        for section, digits in enumerate(rest, 1):
            for number, level in enumerate(digits, 1):
                found[f"{chapter}.{section}.{number}"] = int(level)
    return found


ALL_OF_ASVS = _levels(
    """\
V1 22 1111122223 112222222223 222 123
V2 122 112 12223 23
V3 3 113 12223 11222233 11122333 3 22333
V4 12233 23333 22 1222
V5 2 112333 113 222
V6 122 111111112222 11223333 112233 22222333 2223 33 2222
V7 222 1111 22 11222 223 22
V8 1233 1123 133 23
V9 111 1222
V10 22 223 22223 1111122222233333 22222 22 222
V11 2233 22233 11233 1222 23 23 33
V12 12233 11 22223
V13 2333 222223 2233 1222233
V14 22 12223333 122
V15 12233 12233 1222222 3333
V16 2 22222 2222 222 2223
V17 23 22223333 22"""
)
"""Every requirement of ASVS 5.0.0 with its level, as in its table of requirements (en.csv)."""

ASVS = Standard(
    "asvs",
    "OWASP ASVS 5.0.0, levels 1 and 2",
    "https://owasp.org/www-project-application-security-verification-standard/",
    {one: level for one, level in ALL_OF_ASVS.items() if level <= 2},
    {
        "V1": "Encoding and sanitization",
        "V2": "Validation and business logic",
        "V3": "Web frontend security",
        "V4": "API and web service",
        "V5": "File handling",
        "V6": "Authentication",
        "V7": "Session management",
        "V8": "Authorization",
        "V9": "Self-contained tokens",
        "V10": "OAuth and OIDC",
        "V11": "Cryptography",
        "V12": "Secure communication",
        "V13": "Configuration",
        "V14": "Data protection",
        "V15": "Secure coding and architecture",
        "V16": "Security logging and error handling",
        "V17": "WebRTC",
    },
    "The standard has 345 requirements: 70 of level 1, 183 of level 2, 92 of level 3. Level 2 asks "
    "for the first two kinds, 253 in all; each has a line here. What it says is in our words; the "
    "standard's own are the ones that count.",
)

API_TOP_10 = Standard(
    "api-top-10",
    "OWASP API Security Top 10, 2023",
    "https://owasp.org/API-Security/editions/2023/en/0x11-t10/",
    {f"API{number}:2023": 0 for number in range(1, 11)},
    {},
    "Ten risks, not requirements: *done* means that the attacks we know of are tried by the tests "
    "named, on every address that they apply to.",
)

STANDARDS = (ASVS, API_TOP_10)


def page(standard: Standard) -> str:
    """The page of a standard: counts, then each requirement with its tests."""
    rows = standard.read()
    lines = [f"# {standard.title}", "", f"{standard.about} [{standard.source}]({standard.source})"]
    lines += ["", "`done`: tests assert it. `part`: they assert some of it. `open`: not yet."]
    lines += ["A build with a `done` that names no test, one that is not there, or one that may be"]
    lines += [
        f"skipped, fails. The table itself: [{standard.file}.toml]({standard.file}.toml).",
        "",
    ]
    lines += _counts(standard, rows)
    for chapter, some in groupby(rows, key=_chapter):
        if standard.chapters:
            lines += [f"## {chapter} {standard.chapters.get(chapter, '')}", ""]
        lines += _table(list(some))
    return "\n".join(lines)


def _chapter(one: Requirement) -> str:
    return one.id.partition(".")[0] if "." in one.id else ""


def _counts(standard: Standard, rows: Iterable[Requirement]) -> list[str]:
    states = {name: Counter[str]() for name in [*standard.chapters, "all"]}
    for one in rows:
        for name in {_chapter(one), "all"} & states.keys():
            states[name][one.state] += 1
    lines = [f"| chapter | {' | '.join(STATES)} | of |", f"|{' --- |' * (len(STATES) + 2)}"]
    for name, counted in states.items():
        shown = f"{name} {standard.chapters[name]}" if name in standard.chapters else "**all**"
        cells = [str(counted[state] or "") for state in STATES]
        lines.append(f"| {shown} | {' | '.join(cells)} | {counted.total()} |")
    return [*lines, ""]


def _table(rows: list[Requirement]) -> list[str]:
    levels = any(one.level for one in rows)
    head = ["", *(["level"] if levels else []), "requirement", "state", "shown by"]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for one in rows:
        cells = [one.id, *([str(one.level)] if levels else []), one.what, one.state, _shown(one)]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _shown(one: Requirement) -> str:
    links = [_link(name) for name in one.tests]
    return "; ".join([*links, *([one.why] if one.why else [])])


def _link(name: str) -> str:
    """A test as a link to its file, or a command."""
    path, _, test = name.partition("::")
    if not test:
        return f"`{name}`"
    words = test.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return f"[{words}](../../{path})"
