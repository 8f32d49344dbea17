"""The steps from one catalogue to another: what a revision's scripts say, up and down.

Steps that hold a table for a moment go together in one transaction. Those that look at every row
(indexes, foreign keys, required columns) go alone, so that nobody who reads or writes waits for
them, and each of them bears being run again. Nothing that holds data is ever dropped on the way up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tenfold.db import migrate
from tenfold.engine.project import refusal, revision
from tenfold.engine.project.catalogue import Catalogue, Item

_FOREIGN = "f"
# Whoever waits for one of these keeps nobody else waiting, so it may take its time.
_PATIENT = re.compile(r"CONCURRENTLY|VALIDATE CONSTRAINT")
_SOON = f"SET lock_timeout = '{migrate.LOCK_TIMEOUT}'"
_LATE = "SET lock_timeout = '10min'"


@dataclass(frozen=True, slots=True)
class Steps:
    """Statements to run in one transaction, and then others each alone."""

    together: list[str]
    alone: list[str]


class Refused(Exception):
    """What can't be generated; `sentences` say each thing and what to do instead."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def between(old: Catalogue, new: Catalogue, *, back: bool = False) -> Steps:
    """The steps from `old` to `new`; `back` is the way down, which may drop what the way up made.

    Raises Refused with all that must be done by hand.
    """
    change = _Change(old, new)
    if sentences := [] if back else list(refusal.sentences(old, new)):
        raise Refused(sentences)
    together = [*_drops(change), *_tables(change), *_columns(change), *_rest(change)]
    return Steps(together, [*_constraints(change), *_indexes(change), *_required(change)])


def script(steps: list[str], *, alone: bool) -> str:
    """The text of a script, which says how long it waits for a table."""
    if not alone:
        return ";\n\n".join([revision.QUICKLY, *steps]) + ";\n"
    lines: list[str] = []
    pace = ""
    for step in steps:
        needed = _LATE if _PATIENT.search(step) else _SOON
        lines += [needed, step] if needed != pace else [step]
        pace = needed
    return ";\n\n".join(lines) + ";\n"


class _Change:
    """Two catalogues and what differs, by kind."""

    def __init__(self, old: Catalogue, new: Catalogue) -> None:
        self.old, self.new = old, new
        self.made = {one.name for one in self.added("table")}
        self.lost = {n for k, n in old if k in ("table", "function") and (k, n) not in new}

    def added(self, kind: str) -> list[Item]:
        """What only the new one has."""
        return [i for key, i in self.new.items() if key[0] == kind and key not in self.old]

    def gone(self, kind: str) -> list[Item]:
        """What only the old one has, without what goes with its table."""
        found = [i for key, i in self.old.items() if key[0] == kind and key not in self.new]
        return [one for one in found if one.belongs not in self.lost]

    def changed(self, kind: str) -> list[tuple[Item, Item]]:
        """What both have in different forms."""
        keys = [key for key in self.new if key[0] == kind and key in self.old]
        return [(self.old[k], self.new[k]) for k in keys if self.old[k] != self.new[k]]

    def come(self, kind: str) -> list[Item]:
        """What is new or has a new form."""
        return [*self.added(kind), *(new for _, new in self.changed(kind))]

    def leave(self, kind: str) -> list[Item]:
        """What goes or had another form."""
        return [*self.gone(kind), *(old for old, _ in self.changed(kind))]


# --- together ---


def _drops(change: _Change) -> Iterator[str]:
    if lost := [one.name for one in change.gone("table")]:
        yield f"DROP TABLE {', '.join(lost)}"
    for one in change.gone("trigger"):
        yield f"DROP TRIGGER {_last(one)} ON {one.belongs}"
    for one in change.leave("policy"):
        yield f"DROP POLICY {one.parts[0]}"
    for one in change.gone("security"):
        yield f"ALTER TABLE {one.belongs} DISABLE ROW LEVEL SECURITY"
    for one in change.leave("grant"):
        yield f"REVOKE ALL ON {one.parts[0]} FROM {one.parts[1]}"
    for one in change.gone("function"):
        yield f"DROP FUNCTION {one.name}"
    for old, _ in _signed_anew(change):
        yield f"DROP FUNCTION {old.name}"


def _signed_anew(change: _Change) -> list[tuple[Item, Item]]:
    """Functions whose arguments' names or result differ, which can't be replaced in place."""
    return [pair for pair in change.changed("function") if pair[0].parts[1:] != pair[1].parts[1:]]


def _tables(change: _Change) -> Iterator[str]:
    for table in change.added("table"):
        lines = [_column(one) for one in _of(change.new, "column", table.name)]
        rules = _of(change.new, "constraint", table.name)
        lines += [f"CONSTRAINT {r.parts[0]} {r.parts[1]}" for r in rules if r.parts[2] != _FOREIGN]
        body = ",\n    ".join(lines)
        how, unlogged = table.parts
        kind = f"{unlogged} TABLE".strip()
        yield f"CREATE {kind} {table.name} (\n    {body}\n) {how}".rstrip()
        for one in _of(change.new, "index", table.name):
            yield one.parts[0]


def _columns(change: _Change) -> Iterator[str]:
    for one in change.gone("column"):
        yield f"ALTER TABLE {one.belongs} DROP COLUMN {one.parts[0]}"
    for one in change.added("column"):
        if one.belongs not in change.made:
            yield f"ALTER TABLE {one.belongs} ADD COLUMN {_column(one)}"
    for old, new in change.changed("column"):
        if old.parts[3] != new.parts[3]:
            what = f"SET {new.parts[3]}" if new.parts[3] else "DROP DEFAULT"
            yield f"ALTER TABLE {new.belongs} ALTER COLUMN {new.parts[0]} {what}"


def _rest(change: _Change) -> Iterator[str]:
    fresh = [*change.added("function"), *(new for _, new in _signed_anew(change))]
    for one in change.come("function"):
        yield one.parts[0].rstrip()
        if one in fresh and ("grant", f"FUNCTION {one.name} TO PUBLIC") not in change.new:
            yield f"REVOKE ALL ON FUNCTION {one.name} FROM PUBLIC"
    for one in change.come("trigger"):
        yield one.parts[0].replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER", 1)
    for one in change.added("security"):
        yield f"ALTER TABLE {one.belongs} ENABLE ROW LEVEL SECURITY"
    for one in change.come("policy"):
        yield f"CREATE POLICY {one.parts[0]} {one.parts[1]}"
    yield from _grants(change, {one.name for one in fresh})
    for one in change.added("constraint"):
        if one.parts[2] == _FOREIGN and one.belongs in change.made:
            yield f"ALTER TABLE {one.belongs} ADD CONSTRAINT {one.parts[0]} {one.parts[1]}"


def _grants(change: _Change, fresh: set[str]) -> Iterator[str]:
    """The rights that come, and all those on a function that is made anew."""
    again = [i for i in change.new.values() if i.kind == "grant" and i.belongs in fresh]
    for one in dict.fromkeys([*change.come("grant"), *again]):
        # Everybody may call a new function unless that is taken back.
        if not (one.belongs in fresh and one.parts[1] == "PUBLIC"):
            yield f"GRANT {one.parts[2]} ON {one.parts[0]} TO {one.parts[1]}"


def _column(one: Item) -> str:
    return " ".join(part for part in one.parts if part)


def _last(one: Item) -> str:
    return one.name.removeprefix(f"{one.belongs}.")


def _of(catalogue: Catalogue, kind: str, table: str) -> list[Item]:
    return [i for i in catalogue.values() if i.kind == kind and i.belongs == table]


# --- alone ---


def _constraints(change: _Change) -> Iterator[str]:
    for one in change.gone("constraint"):
        yield _dropped(one.belongs, one.parts[0], "It is no longer declared.")
    for one in change.come("constraint"):
        if one.belongs not in change.made:
            yield from _checked(one.belongs, one.parts[0], one.parts[1])


def _checked(table: str, name: str, rule: str) -> Iterator[str]:
    yield _dropped(table, name, "What is there is another form of it, or left by a try that died.")
    yield f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule} NOT VALID"
    yield f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"


def _dropped(table: str, name: str, why: str) -> str:
    statement = f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"
    return _allowed(why, "ban-drop-constraint", statement)


def _allowed(why: str, rules: str, statement: str) -> str:
    """A statement that tools/unsafe_steps.py would refuse, with the reason why it may stay."""
    return f"-- {why}\n-- squawk-ignore {rules}\n{statement}"


def _indexes(change: _Change) -> Iterator[str]:
    changed = {new.name for _, new in change.changed("index")}
    for one in change.come("index"):
        if one.belongs not in change.made:
            if one.name in changed:
                yield f"DROP INDEX CONCURRENTLY IF EXISTS {one.name}"
            yield one.parts[0].replace(" INDEX ", " INDEX CONCURRENTLY IF NOT EXISTS ", 1)
    for one in change.gone("index"):
        yield f"DROP INDEX CONCURRENTLY IF EXISTS {one.name}"


def _required(change: _Change) -> Iterator[str]:
    for old, new in change.changed("column"):
        statement = f"ALTER TABLE {new.belongs} ALTER COLUMN {new.parts[0]}"
        if old.parts[4] and not new.parts[4]:
            why = "It may be empty now; readers must bear that. To run it twice is harmless."
            rules = "ban-drop-not-null, prefer-robust-stmts"
            yield _allowed(why, rules, f"{statement} DROP NOT NULL")
        elif new.parts[4] and not old.parts[4]:
            name = f"{new.parts[0]}_is_there"
            yield from _checked(new.belongs, name, f"CHECK ({new.parts[0]} IS NOT NULL)")
            why = "The constraint says so, so no row is looked at. To run it twice is harmless."
            rules = "adding-not-nullable-field, prefer-robust-stmts"
            yield _allowed(why, rules, f"{statement} SET NOT NULL")
            yield _dropped(new.belongs, name, "The column says the same now.")
