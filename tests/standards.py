"""Whether the tables of security standards say only what is true: each mistake in a sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests import evidence
from tools.standards import Requirement


def mistakes(
    rows: Sequence[Requirement], levels: Mapping[str, int], root: Path = evidence.ROOT
) -> list[str]:
    """What is wrong with a table that should have a line for each of these requirements."""
    counted = Counter(one.id for one in rows)
    wrong = [f"{one} has no line" for one in levels if one not in counted]
    wrong += [f"{one} is no requirement of this standard" for one in counted if one not in levels]
    wrong += [f"{one} has {times} lines" for one, times in counted.items() if times > 1]
    return [*wrong, *(f"{one.id} {why}" for one in rows for why in _wrong(one, levels, root))]


def _wrong(one: Requirement, levels: Mapping[str, int], root: Path) -> Iterator[str]:
    if levels.get(one.id, one.level) != one.level:
        yield f"is of level {levels[one.id]}, not {one.level}"
    if not one.what.strip():
        yield "does not say what is asked"
    if one.state == "done" and not one.tests:
        yield "is done and names no test"
    if one.state != "done" and not one.why.strip():
        yield f"is {one.state} and does not say why"
    if one.state in ("open", "not applicable") and one.tests:
        yield f"is {one.state} and names tests"
    for name in one.tests:
        if why := _proves_nothing(name, root):
            yield f"names {name}, {why}"


def _proves_nothing(name: str, root: Path) -> str:
    """Why a test shows nothing; empty where it does. `make lint` is a test, too."""
    if name.startswith("make "):
        targets = re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE)
        return "" if name.removeprefix("make ") in targets else "which the Makefile has not"
    if "[" in name:
        return "a case of a test, which may go unseen; name the test"
    if not evidence.exists(name, root):
        return "which is not there"
    return "which may be skipped" if evidence.may_be_skipped(name, root) else ""
