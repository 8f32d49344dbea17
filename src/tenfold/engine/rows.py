"""What is stored of a record's values: columns, custom fields, search words, sealed secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.dialects.postgresql import JSONB

from tenfold.db.keys import DataKeys, Unsealable
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.tables import has_private_search, table_of
from tenfold.engine.sealing import opened, sealed
from tenfold.engine.slots import Slot, slot_field, slots_of
from tenfold.engine.types import Locale
from tenfold.engine.values import Values, plan_of
from tenfold.engine.words import search_vector
from tenfold.engine.written import Change
from tenfold.kernel import digits

Row = dict[str, Any]


class Rows:
    """Makes the rows that are stored; `keys` seal their secrets, and are None without any."""

    def __init__(self, definition: Definition, keys: DataKeys | None) -> None:
        self.definition, self._keys = definition, keys

    def new(self, person: Person, identity: UUID, values: Values) -> Row:
        """The row of a new record: theirs, where it was given to nobody else."""
        definition = self.definition
        owner = values.columns.get("owner_id") or person.user
        row: Row = {
            **values.columns,
            "tenant_id": person.tenant,
            "id": identity,
            "owner_id": owner,
            "created_by": person.user,
            "custom": _custom(values.custom),
        }
        if definition.tenant_made:
            row["kind"] = definition.name
        if "team_id" not in row:
            row["team_id"] = person.team if owner == person.user else None
        row["search"] = search_vector(definition, person.tenant, row, private=False)
        if plan_of(definition).private:
            row["search_private"] = search_vector(definition, person.tenant, row, private=True)
        self._seal(row, values.secrets)
        return row

    def changed(self, tenant: UUID, identity: UUID, values: Values, current: asyncpg.Record) -> Row:
        """The columns of a record that change."""
        definition = self.definition
        row: Row = {"id": identity, **values.columns}
        if values.custom:
            row["custom"] = _custom({**_decoded(current["custom"]), **values.custom})
        if not plan_of(definition).searched.isdisjoint(values.given):
            search_again(definition, tenant, row, current)
        self._seal(row, values.secrets)
        return row

    def _seal(self, row: Row, secrets: Mapping[str, str]) -> None:
        for name, text in secrets.items():
            assert self._keys is not None
            row |= sealed(self._keys, self.definition, row["id"], name, text)


def holds(
    definition: Definition, values: Values, row: asyncpg.Record, keys: DataKeys | None
) -> bool:
    """Whether a stored row has these values already; what does not open is not the same."""
    if not _equal(definition, values, row):
        return False
    for name, text in values.secrets.items():
        assert keys is not None
        try:
            if opened(keys, definition, row, name) != text:
                return False
        except Unsealable:
            return False
    return True


def needed(definition: Definition, extra: Sequence[str]) -> tuple[str, ...]:
    """The columns that checks, merging and the search words need of a current row."""
    names = ["id", "version", "owner_id", "team_id", "custom", "deleted_at", *extra]
    names.extend(name for name in ("status", definition.private) if name in definition.fields)
    for one in definition.fields.values():
        if one.search:
            names.extend(one.column_names)
    return tuple(dict.fromkeys(names))


def needed_columns(definition: Definition, changes: Sequence[Change]) -> tuple[str, ...]:
    """The columns that the changes' values are checked against.

    These are the currencies of the amounts that any of them gives, and of what comes after
    something the two dates or moments.
    """
    plan = plan_of(definition)
    if not plan.amounts and not plan.later:
        return ()
    given = {name for change in changes for name in change.body}
    names = {column for name, column in plan.amounts.items() if name in given}
    for pair in plan.later:
        if not given.isdisjoint(f.json_name for f in pair):
            names.update(f.name for f in pair)
    return tuple(sorted(names))


def given_columns(definition: Definition, changes: Sequence[Change]) -> tuple[str, ...]:
    """The columns of all fields that any of the changes gives, and those they need."""
    steps = plan_of(definition).by_json
    names = {name for change in changes for name in change.body if name in steps}
    columns = {c for name in names for c in steps[name].columns}
    return tuple(sorted({*columns, *needed_columns(definition, changes)}))


def search_again(definition: Definition, tenant: UUID, row: Row, current: asyncpg.Record) -> None:
    """Make the search words of a row that changes, where they may differ."""
    whole = {**dict(current.items()), **row}
    row["search"] = search_vector(definition, tenant, whole, private=False)
    if has_private_search(definition):
        row["search_private"] = search_vector(definition, tenant, whole, private=True)


def given_back(
    definition: Definition, row: Mapping[str, Any], current: asyncpg.Record, names: frozenset[str]
) -> Values:
    """What slots must be made anew for a row that was put back."""
    values = Values(columns=dict(row))
    values.given = {f.name for f in definition.fields.values() if f.type.many and f.name in names}
    if "custom" in names:
        old, new = _decoded(current["custom"]), _decoded(row["custom"])
        # An amount's slot holds minor units, of which its currency tells how many there are.
        changed = {k.removesuffix("_currency") for k in {*old, *new} if old.get(k) != new.get(k)}
        values.custom = {k: new.get(k) for k in changed if k in definition.custom_fields}
        beside = {f"{k}_currency" for k in values.custom}
        values.custom |= {k: new[k] for k in beside if k in new}
    return values


def slots(
    definition: Definition, values: Values, locale: Locale
) -> Iterable[tuple[str, list[Slot]]]:
    """The slots of the many-valued and custom fields that were given, by the slots' field name."""
    for one, value in _slotted(definition, values):
        at = _currency(one, values, locale)
        yield slot_field(definition, one), slots_of(definition, one, value, at)


def _slotted(definition: Definition, values: Values) -> Iterable[tuple[Field, object]]:
    for name in values.given:
        one = definition.fields[name]
        if one.type.many:
            stored = values.columns.get(name)
            yield one, None if stored is None else _decoded(stored)
    for name, value in values.custom.items():
        if one := definition.custom_fields.get(name):
            yield one, value


def _currency(one: Field, values: Values, locale: Locale) -> Locale:
    """The locale to read a custom amount in: that of the currency beside it."""
    beside = values.custom.get(f"{one.name}_currency") if one.type.kind == "money" else None
    return Locale(locale.region, beside) if isinstance(beside, str) else locale


def _equal(definition: Definition, values: Values, row: asyncpg.Record) -> bool:
    """Whether a row has these values already; documents are compared as what they say."""
    table = table_of(definition)
    for name, value in values.columns.items():
        old = row.get(name)
        if old == value:
            continue
        if name not in row or not isinstance(table.c[name].type, JSONB):
            return False
        if old is None or value is None or _decoded(old) != _decoded(value):
            return False
    if not values.custom:
        return True
    stored = _decoded(row["custom"])
    return all(stored.get(name) == value for name, value in values.custom.items())


def _custom(values: Mapping[str, object]) -> str:
    """Custom fields as they are stored; an empty one is left out."""
    return digits.encode({k: v for k, v in values.items() if v is not None}).decode()


def _decoded(text: str) -> Any:
    return digits.decode(text)
