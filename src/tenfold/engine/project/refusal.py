"""What no generator should do to tables with data in them, and how a person does it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenfold.engine.project.catalogue import Catalogue, Item

_HOW = "see docs/how-to/change-a-type.md"
_BY_HAND = f"write its revision by hand, {_HOW}"
# PostgreSQL keeps these beside the column and rewrites no row.
_CONSTANT = re.compile(
    r"DEFAULT ('(?:[^']|'')*'|-?\d+(\.\d+)?|true|false|now\(\))(::[\w ]+(\[\])?)?"
)
_PLAIN = ("table", "column", "index", "constraint", "trigger", "policy", "security", "function")


def sentences(old: Catalogue, new: Catalogue) -> Iterator[str]:
    """A sentence for each difference that needs a person."""
    tables = {name for kind, name in {**old, **new} if kind == "table"}
    made = {name for name in tables if ("table", name) not in old}
    lost = {name for name in tables if ("table", name) not in new}
    for key in {**old, **new}:
        was, is_ = old.get(key), new.get(key)
        one = is_ or was
        if was == is_ or one is None or one.belongs in made | lost:
            continue
        if one.kind not in (*_PLAIN, "grant"):
            yield f"The {one.kind} {one.name} differs; {_BY_HAND}."
        elif one.kind in ("index", "constraint"):
            storage = new["table", one.belongs].parts[0]
            yield from _slow(one, removed=is_ is None, storage=storage)
        elif is_ is None:
            yield from _removed(one)
        elif one.kind in ("table", "column"):
            yield from (_new(is_) if was is None else _changed(was, is_))


def _removed(was: Item) -> Iterator[str]:
    if was.kind in ("table", "column"):
        yield (
            f"{was.name} is no longer declared, and what holds data is never dropped by a "
            f"generator. Once no running version uses it, {_BY_HAND}."
        )
    elif was.kind == "security":
        yield f"{was.name} would lose its row security; {_BY_HAND}."


def _new(is_: Item) -> Iterator[str]:
    if is_.kind == "table":
        if "PARTITION" in is_.parts[0]:
            yield f"{is_.name} is partitioned; {_BY_HAND}."
        return
    _, _, generated, default, required = is_.parts
    if generated:
        yield (
            f"{is_.name} is worked out by PostgreSQL and stored, so adding it rewrites the table "
            f"while nobody can read it. Declare it as computed(…), or {_BY_HAND}."
        )
    elif default and not _CONSTANT.fullmatch(default):
        yield (
            f"{is_.name} has a default that differs by row ({default}), so adding it rewrites the "
            "table while nobody can read it. Give it a constant default, or none."
        )
    elif required and not default:
        yield (
            f"{is_.name} is required, and the rows that are there have no value for it. In steps: "
            "declare it with `| None` or a default and make the revision (expand), give every "
            f"record a value (backfill), declare it required and make the next (contract); {_HOW}."
        )


def _changed(was: Item, is_: Item) -> Iterator[str]:
    if was.kind == "table":
        yield f"The storage of {is_.name} changes ({was.parts[0]} → {is_.parts[0]}); {_BY_HAND}."
    elif was.parts[1:3] != is_.parts[1:3]:
        before, after = (" ".join(filter(None, one.parts[1:3])) for one in (was, is_))
        yield (
            f"{is_.name} changes from {before} to {after}, which rewrites the table while nobody "
            "can read it. In steps: declare a field of another name (expand), copy the values "
            f"(backfill), drop the old one when nothing uses it (contract); {_HOW}."
        )


def _slow(one: Item, *, removed: bool, storage: str) -> Iterator[str]:
    """Indexes and constraints of a table that stays."""
    if "PARTITION BY" in storage:
        yield f"{one.belongs} is partitioned, so {one.name} takes a step each; {_BY_HAND}."
    elif one.kind == "constraint" and one.parts[2] not in ("f", "c"):
        word = "go from" if removed else "join"
        yield f"The key {one.name} would {word} a table that has rows; {_BY_HAND}."
