"""The history of a record as entries: who did what, when and why, each field before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from tenfold.engine.changes import Change, FieldChange
from tenfold.engine.definition import Definition, Field
from tenfold.engine.titles import USER
from tenfold.engine.types import Many
from tenfold.web.pages import cells
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.mentions import Mentions


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a change, before and after."""

    label: str
    old: Cell
    new: Cell


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the timeline."""

    kind: str
    icon: str
    who: Cell
    what: str
    when: Cell
    reason: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The timeline, newest first, and the address of what came before."""

    entries: tuple[Entry, ...]
    earlier: str


_ICONS = {
    "created": "circle-plus",
    "updated": "pencil",
    "moved": "move-right",
    "deleted": "trash-2",
    "restored": "undo-2",
    "purged": "x",
}
_MOST_SHOWN = 12
_AT_ONCE = timedelta(minutes=1)


def history(
    definition: Definition,
    changes: Sequence[Change],
    earlier: str,
    reader: cells.Reader,
    created: datetime | None = None,
) -> History:
    """The timeline of a record; a change of hidden fields alone is none for this reader.

    What comes from elsewhere was `created` before its first entry here, which then says when.
    """
    told = [c for c in changes if c.fields or c.operation != "updated"]
    return History(tuple(_entry(definition, c, reader, created) for c in told), earlier)


def mentioned(definition: Definition, changes: Sequence[Change]) -> Mentions:
    """The people and records that changes name by id."""
    found = Mentions()
    for change in changes:
        found.add(USER, change.actor_id)
        for part in change.fields:
            if field := definition.by_json.get(part.field):
                for value in _sides(field, part):
                    found.value(field, value)
    return found


def _entry(
    definition: Definition, change: Change, reader: cells.Reader, created: datetime | None
) -> Entry:
    who = cells.person_cell(change.actor_id, reader)
    if who.kind == "empty":
        who = Cell("person", "Tenfold", hue="system", title="T")
    parts, what = [_difference(definition, f, reader) for f in change.fields], ""
    if change.operation == "created":
        parts, what = [], _brought_in(definition, change, reader, created)
    return Entry(
        kind=change.operation,
        icon=_ICONS[change.operation],
        who=who,
        what=what or _what(definition, change, parts),
        when=cells.moment_cell(change.at, reader),
        reason=change.reason or "",
        differences=tuple(parts[:_MOST_SHOWN]),
    )


def _brought_in(
    definition: Definition, change: Change, reader: cells.Reader, created: datetime | None
) -> str:
    """That a record was made elsewhere before it came here; empty for one that was made here."""
    if created is None or change.at - created <= _AT_ONCE:
        return ""
    made = cells.moment_cell(created, reader).text
    return f"brought in this {definition.label.lower()} (made {made})"


def _what(definition: Definition, change: Change, parts: Sequence[Difference]) -> str:
    word = definition.label.lower()
    batch = " in an import or bulk edit" if change.batch_id else ""
    if change.operation == "updated":
        if len(parts) == 1:
            return f"changed {parts[0].label.lower()}{batch}"
        return f"changed {len(parts)} fields{batch}"
    if change.operation == "moved":
        return f"moved this {word}{batch}"
    return f"{change.operation} this {word}{batch}"


def _difference(definition: Definition, part: FieldChange, reader: cells.Reader) -> Difference:
    one = _field(definition, part.field)
    if one is None:
        return Difference(part.label, Cell("text", str(part.old)), Cell("text", str(part.new)))
    old, new = _sides(one, part)
    before, after = _one(one, old, part.old_currency), _one(one, new, part.currency)
    return Difference(part.label, cells.cell(one, before, reader), cells.cell(one, after, reader))


def _sides(one: Field, part: FieldChange) -> tuple[object, object]:
    """The field before and after; of a relation to many only what went and what came."""
    if not isinstance(one.type, Many):
        return part.old, part.new
    old, new = (cast("list[str]", side or []) for side in (part.old, part.new))
    return [i for i in old if i not in new], [i for i in new if i not in old]


def _one(one: Field, value: object, currency: str | None) -> dict[str, Any]:
    """A record with nothing but the field as it was then."""
    record: dict[str, Any] = {one.json_name: value}
    if one.currency and currency:
        record[one.currency.name] = currency
    return {"custom": record} if one.custom else record


def _field(definition: Definition, name: str) -> Field | None:
    if name.startswith("custom."):
        return definition.custom_fields.get(name.removeprefix("custom."))
    return definition.by_json.get(name)
