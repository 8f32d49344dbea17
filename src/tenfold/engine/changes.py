"""The history of a record, read from the change log under today's access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal as PyDecimal
from typing import Any, Literal, cast
from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine.access import Access, Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.query import Query
from tenfold.engine.titles import USER, titles
from tenfold.engine.types import AnyRef, Decimal, Many, Money, Ref, Secret, User
from tenfold.engine.types.other import MASK
from tenfold.kernel import digits
from tenfold.kernel.ids import parse_id
from tenfold.kernel.money import Money as Amount
from tenfold.kernel.money import exponent

Operation = Literal["created", "updated", "moved", "deleted", "restored", "purged"]
NEWEST = 2**63 - 1

_TIMELINE = """SELECT seq, at, actor_id, operation, version, old, new, reason, batch_id
FROM tenfold.change_log
WHERE tenant_id = $1 AND record_id = $2 AND type = $3 AND seq < $4 AND operation <> 'reseal'
ORDER BY seq DESC LIMIT $5"""
_MOVES = """SELECT seq, at, actor_id, operation, version, old, new, reason, batch_id
FROM tenfold.change_log
WHERE tenant_id = $1 AND record_id = $2 AND type = $3 AND seq < $4
  AND operation = 'update' AND new -> 'status' IS NOT NULL
ORDER BY seq DESC LIMIT $5"""
# What lay beside the values just before an entry: as the first change from there on found it.
_BESIDE = """SELECT DISTINCT ON (name) name, old ->> name
FROM tenfold.change_log, unnest($5::text[]) AS name
WHERE tenant_id = $1 AND record_id = $2 AND type = $3 AND seq >= $4
  AND operation = 'update' AND old ? name
ORDER BY name, seq"""


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field before and after, in the form the API reads it; titles name what relations mean.

    `currency` is that of a new amount, and `old_currency` that of the old one, as they were then.
    """

    field: str
    label: str
    old: object = None
    new: object = None
    currency: str | None = None
    old_currency: str | None = None
    old_title: str | None = None
    new_title: str | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a record: who, when, what, why."""

    id: int
    at: datetime
    operation: Operation
    version: int
    actor_id: UUID | None = None
    actor: str | None = None
    reason: str | None = None
    batch_id: UUID | None = None
    fields: tuple[FieldChange, ...] = ()


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One move from a stage to another."""

    id: int
    at: datetime
    old: str | None
    to: str
    actor_id: UUID | None = None
    actor: str | None = None
    reason: str | None = None


async def timeline(
    reader: Reader,
    person: Person,
    definition: Definition,
    identity: UUID,
    *,
    limit: int,
    before: int = NEWEST,
    current: Mapping[str, object] | None = None,
) -> list[Change]:
    """A record's changes, newest first, without what the person may not see.

    The caller has made sure that the person may read the record. `current` is the record as they
    read it: an amount's currency is only in the log where it changed.
    """
    arguments = (person.tenant, identity, definition.logged, before, limit)
    rows = await reader.rows(_TIMELINE, *arguments)
    access = person.access(definition)
    known = await beside(reader, person, definition, {**(current or {}), "id": identity}, before)
    return [_change(row, definition, access, known) for row in rows]


async def beside(
    reader: Reader,
    person: Person,
    definition: Definition,
    current: Mapping[str, Any],
    before: int = NEWEST,
) -> dict[str, object]:
    """What lay beside a record's amounts just before an entry: their currencies, say."""
    found = _now(definition, current)
    if before != NEWEST and (names := _names_beside(definition)):
        identity = UUID(str(current["id"]))
        then = (person.tenant, identity, definition.logged, before, names)
        found |= {row[0]: row[1] for row in await reader.rows(_BESIDE, *then)}
    return found


def of_log(
    row: Mapping[str, Any],
    at: datetime,
    definition: Definition,
    access: Access,
    beside: dict[str, object],
) -> Change:
    """A change from its entry as JSON, which others read together with what they read."""
    ids = {name: parse_id(str(row[name])) for name in ("actor_id", "batch_id")}
    return _change({**row, **ids, "at": at}, definition, access, beside)


def _names_beside(definition: Definition) -> list[str]:
    """The columns that mean something together only: of amounts and of relations to any type."""
    fields = definition.fields.values()
    return [name for f in fields if isinstance(f.type, Money | AnyRef) for name in f.column_names]


def _now(definition: Definition, current: Mapping[str, Any]) -> dict[str, object]:
    """These columns as the record that was read shows them."""
    beside = dict(current)
    for one in definition.fields.values():
        amount = current.get(one.name)
        if isinstance(one.type, Money) and amount is not None:
            places = exponent(current[f"{one.name}_currency"])
            beside[one.name] = int(PyDecimal(str(amount)).scaleb(places))
    return beside


async def moves(
    reader: Reader,
    person: Person,
    definition: Definition,
    identity: UUID,
    *,
    limit: int,
    before: int = NEWEST,
) -> list[Move]:
    """A record's moves between stages, newest first; none where the stage is hidden."""
    status = definition.fields.get("status")
    if definition.status is None or status is None or not person.access(definition).sees(status):
        return []
    arguments = (person.tenant, identity, definition.logged, before, limit)
    found: list[Move] = []
    for row in await reader.rows(_MOVES, *arguments):
        old, new = _values(row["old"]), _values(row["new"])
        found.append(
            Move(
                id=row["seq"],
                at=row["at"],
                old=old.get("status"),
                to=str(new["status"]),
                actor_id=row["actor_id"],
                reason=row["reason"],
            )
        )
    return found


async def named(
    query: Query,
    reader: Reader,
    person: Person,
    definition: Definition,
    changes: Sequence[Change],
) -> list[Change]:
    """The same changes with the names of people and of related records, found in one query."""
    wanted: dict[str, set[UUID]] = {}
    for change in changes:
        if change.actor_id:
            wanted.setdefault(USER, set()).add(change.actor_id)
        for name, _, target in _targets(definition, change):
            wanted.setdefault(name, set()).add(target)
    known = await titles(query, reader, person, wanted)
    # A change of hidden fields alone is none for this reader.
    told = (c for c in changes if c.fields or c.operation != "updated")
    return [_with_names(definition, change, known) for change in told]


async def moves_named(
    query: Query, reader: Reader, person: Person, found: Sequence[Move]
) -> list[Move]:
    """The same moves with the names of those who made them."""
    known = await titles(query, reader, person, {USER: {m.actor_id for m in found if m.actor_id}})
    replace = msgspec.structs.replace
    return [replace(m, actor=known.get(m.actor_id)) if m.actor_id else m for m in found]


def _with_names(definition: Definition, change: Change, known: Mapping[UUID, str]) -> Change:
    meant = {(field, target) for _, field, target in _targets(definition, change)}

    def title(field: str, value: object) -> str | None:
        ids = (_id_of(one) for one in _listed(value))
        told = [known[i] for i in ids if i and i in known and (field, i) in meant]
        return ", ".join(told) or None

    replace = msgspec.structs.replace
    fields = tuple(
        replace(f, old_title=title(f.field, f.old), new_title=title(f.field, f.new))
        for f in change.fields
    )
    actor = known.get(change.actor_id) if change.actor_id else None
    return replace(change, actor=actor, fields=fields)


def _targets(definition: Definition, change: Change) -> Iterator[tuple[str, str, UUID]]:
    """What a change's relations point to: the type's name, the field, the id."""
    for one in change.fields:
        field = definition.by_json.get(one.field)
        for value in (*_listed(one.old), *_listed(one.new)):
            target = _id_of(value)
            if field is None or target is None:
                continue
            if isinstance(field.type, Ref | Many):
                yield field.type.to, one.field, target
            elif isinstance(field.type, User):
                yield USER, one.field, target
            elif isinstance(field.type, AnyRef) and isinstance(value, dict):
                yield str(value["type"]), one.field, target  # pyright: ignore[reportUnknownArgumentType]


def _listed(value: object) -> list[object]:
    """The values of a field with many, or the one of any other."""
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _id_of(value: object) -> UUID | None:
    if isinstance(value, dict):
        return parse_id(str(value.get("id", "")))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    return parse_id(value) if isinstance(value, str) else None


def _change(row: Any, definition: Definition, access: Access, beside: dict[str, object]) -> Change:
    """One row of the log; `beside` is what lay beside its values, moved back in time with it."""
    old, new = _values(row["old"]), _values(row["new"])
    fields = tuple(_fields(definition, access, old, new, beside))
    beside |= old
    return Change(
        id=row["seq"],
        at=row["at"],
        operation=_operation(row["operation"], old, new, fields),
        version=row["version"],
        actor_id=row["actor_id"],
        reason=row["reason"],
        batch_id=row["batch_id"],
        fields=fields,
    )


def _values(text: str | None) -> dict[str, Any]:
    return digits.decode(text) if text else {}


def _operation(
    logged: str, old: Mapping[str, object], new: Mapping[str, object], fields: Sequence[FieldChange]
) -> Operation:
    if logged != "update":
        return "created" if logged == "insert" else "purged"
    if old.get("deleted_at") != new.get("deleted_at"):
        return "deleted" if new.get("deleted_at") else "restored"
    return "moved" if any(f.field == "status" for f in fields) else "updated"


def _fields(
    definition: Definition,
    access: Access,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    beside: Mapping[str, object],
) -> Iterator[FieldChange]:
    """The changed fields that the person may see, in the order of the declaration."""
    for one in definition.fields.values():
        if one.system or not access.sees(one):
            continue
        kept = [c.named(one.name) for c in one.type.columns() if not c.derived]
        # As stored, since two secrets look the same once they are masked.
        if all(old.get(name) == new.get(name) for name in kept):
            continue
        before, after = _stored(one, old, beside), _stored(one, new, beside)
        codes: list[str | None] = [None, None]
        if isinstance(one.type, Money):
            told = ((after, new), (before, old))
            codes = [None if v is None else _beside(kept[1], row, beside) for v, row in told]
        yield FieldChange(
            field=one.json_name,
            label=one.label,
            old=before,
            new=after,
            currency=codes[0],
            old_currency=codes[1],
        )
    yield from _custom(definition, access, old.get("custom"), new.get("custom"))


def _custom(definition: Definition, access: Access, old: Any, new: Any) -> Iterator[FieldChange]:
    before: dict[str, object] = old or {}
    after: dict[str, object] = new or {}
    for name in sorted({*before, *after}):
        one = definition.custom_fields.get(name)
        if one is None or not access.sees(one):
            continue
        kept = (name, one.currency.name) if one.currency else (name, "")
        was, is_ = ([row.get(each) for each in kept] for row in (before, after))
        if was != is_:
            yield FieldChange(
                field=f"custom.{name}",
                label=one.label,
                old=was[0],
                new=is_[0],
                currency=_text(is_[1]),
                old_currency=_text(was[1]),
            )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _stored(one: Field, row: Mapping[str, Any], beside: Mapping[str, object]) -> object:
    """A field's value in the form the API gives it, from its logged columns."""
    names = [c.named(one.name) for c in one.type.columns() if not c.derived]
    # 600 dollars and 60,000 yen are stored alike: only the currency is in the log then.
    logged = names[0] in row or names[-1] not in row
    value: Any = row.get(names[0]) if logged else beside.get(names[0])
    if value is None:
        return None
    if isinstance(one.type, Secret):
        return MASK
    if isinstance(one.type, Money):
        return digits.plain(Amount(int(value), _beside(names[1], row, beside)).major())
    if isinstance(one.type, Decimal):
        return digits.plain(PyDecimal(int(value)).scaleb(-one.type.places))
    if isinstance(one.type, AnyRef):
        return {"type": _beside(names[1], row, beside), "id": value}
    return value


def _beside(name: str, row: Mapping[str, Any], beside: Mapping[str, object]) -> str:
    return str(row.get(name) or beside.get(name) or "")
