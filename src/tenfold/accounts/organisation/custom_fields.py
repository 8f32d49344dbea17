"""Custom fields: an organisation adds fields to the record types that ship, at run time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET, Meta, UnsetType

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader, Transaction
from tenfold.engine.definition import Definition
from tenfold.engine.own_types import types_of
from tenfold.engine.tailored import FieldSpec, check, field_of
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import say

MOST = 200

_PAGE = """SELECT id, type, spec, created_at, retired_at FROM tenfold.custom_fields
WHERE tenant_id = $1 AND type = ANY ($2) AND (retired_at IS NOT NULL) = $3
    AND type || '.' || name <> ALL ($4) AND ($5::uuid IS NULL OR id > $5)
ORDER BY id LIMIT $6"""
_ONE = """SELECT id, type, spec, created_at, retired_at FROM tenfold.custom_fields
WHERE tenant_id = $1 AND id = $2"""
_NAMED = """SELECT id, type, spec, created_at, retired_at FROM tenfold.custom_fields
WHERE tenant_id = $1 AND type = $2 AND name = $3"""
_COUNT = "SELECT count(*) FROM tenfold.custom_fields WHERE tenant_id = $1 AND type = $2"
_ADD = """INSERT INTO tenfold.custom_fields (tenant_id, id, type, name, spec)
VALUES ($1, $2, $3, $4, $5)"""
_CHANGE = """UPDATE tenfold.custom_fields SET spec = $3, retired_at = NULL
WHERE tenant_id = $1 AND id = $2"""
_RETIRE = """UPDATE tenfold.custom_fields SET retired_at = now()
WHERE tenant_id = $1 AND id = $2"""

Label = Annotated[str, Meta(max_length=100)]
Help = Annotated[str, Meta(max_length=500)]
Section = Annotated[str, Meta(max_length=60)]


class CustomField(msgspec.Struct, frozen=True, kw_only=True):
    """A custom field of a record type."""

    id: UUID
    type: str
    name: str
    kind: str
    label: str
    help: str
    required: bool
    options: tuple[str, ...]
    places: int
    max_length: int
    section: str
    created_at: datetime
    retired_at: datetime | None


class NewCustomField(msgspec.Struct, frozen=True, kw_only=True):
    """A field to add to a type; its values then stand under `custom` in the type's records."""

    type: str
    name: str
    kind: str
    label: Label = ""
    help: Help = ""
    required: bool = False
    options: tuple[str, ...] = ()
    places: int = 2
    max_length: int = 500
    section: Section = ""


class CustomFieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed; options may be added and put in another order, not taken away."""

    label: Label | UnsetType = UNSET
    help: Help | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    options: tuple[str, ...] | UnsetType = UNSET
    section: Section | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Which:
    """Which fields a list shows: those of some types but for the hidden (`lead.salary`)."""

    types: list[str]
    hidden: list[str]
    retired: bool = False


async def page(
    reader: Reader, tenant: UUID, which: Which, after: UUID | None, limit: int
) -> list[CustomField]:
    """Fields in the order they were made, one more than `limit` where there are more."""
    rows = await reader.rows(
        _PAGE, tenant, which.types, which.retired, which.hidden, after, limit + 1
    )
    return [_field(row) for row in rows]


async def create(act: Administrator, new: NewCustomField) -> CustomField:
    """Add a field; with the name and kind of a retired one, that comes back with its values."""
    types = await types_of(act.tx, act.tenant, act.registry)
    tx, tenant, definition = act.tx, act.tenant, known(types, new.type)
    spec = msgspec.convert(
        {k: v for k, v in msgspec.structs.asdict(new).items() if k != "type"}, FieldSpec
    )
    check(spec, definition)
    if await tx.value(_COUNT, tenant, new.type) >= MOST:
        raise Conflict(say("A type may have %(most)s custom fields.", most=MOST), code="TOO_MANY")
    old = await tx.row(_NAMED, tenant, new.type, new.name)
    if old is not None:
        return await _revive(act, _field(old), spec)
    identity = new_id()
    try:
        await tx.execute(_ADD, tenant, identity, new.type, new.name, _text(spec))
    except asyncpg.UniqueViolationError:
        raise _taken() from None
    return await _changed(act, identity, "field added")


async def change(act: Administrator, identity: UUID, wanted: CustomFieldChange) -> CustomField:
    """Change how a field is called, whether it is required, and what may be chosen."""
    old = await one(act.tx, act.tenant, identity)
    spec = _spec(old)
    given = msgspec.structs.asdict(wanted)
    spec = msgspec.structs.replace(spec, **{k: v for k, v in given.items() if v is not UNSET})
    await _keep(act.tx, old, spec)
    return await _changed(act, identity, "field changed")


async def retire(act: Administrator, identity: UUID) -> CustomField:
    """Show a field no more; its values stay and come back with it."""
    await one(act.tx, act.tenant, identity)
    await act.tx.execute(_RETIRE, act.tenant, identity)
    return await _changed(act, identity, "field retired")


async def revive(act: Administrator, identity: UUID) -> CustomField:
    """Show a retired field again, as it was, with its values; one in use stays so."""
    old = await any_one(act.tx, act.tenant, identity)
    if old.retired_at is None:
        return old
    types = await types_of(act.tx, act.tenant, act.registry)
    # Its type may have got a field of that name since.
    check(_spec(old), known(types, old.type))
    return await _revive(act, old, _spec(old))


async def one(reader: Reader, tenant: UUID, identity: UUID) -> CustomField:
    """A field in use; raises NotFound."""
    found = await any_one(reader, tenant, identity)
    if found.retired_at is not None:
        raise _missing(identity)
    return found


async def any_one(reader: Reader, tenant: UUID, identity: UUID) -> CustomField:
    """A field, in use or retired; raises NotFound."""
    row = await reader.row(_ONE, tenant, identity)
    if row is None:
        raise _missing(identity)
    return _field(row)


def _missing(identity: UUID) -> NotFound:
    return NotFound(f"There is no custom field with the id {identity}.")


def known(types: Mapping[str, Definition], name: str) -> Definition:
    """The record type of a name; raises Invalid."""
    found = types.get(name)
    if found is None:
        names = ", ".join(sorted(types))
        raise Invalid({"type": f"is not a record type; there are {names}"})
    return found


async def _revive(act: Administrator, old: CustomField, spec: FieldSpec) -> CustomField:
    if old.retired_at is None:
        raise _taken()
    if (old.kind, old.places) != (spec.kind, spec.places):
        raise Conflict(
            say(
                "A retired field of the kind %(kind)s has this name; choose another name.",
                kind=old.kind,
            ),
            code="DUPLICATE",
            fields={"name": say("is that of a retired field")},
        )
    await _keep(act.tx, old, spec)
    return await _changed(act, old.id, "field brought back")


async def _keep(tx: Transaction, old: CustomField, spec: FieldSpec) -> None:
    """Store a field's new form; what records hold already must stay allowed."""
    check(spec, _nothing(old))
    if lost := [o for o in old.options if o not in spec.options]:
        raise Invalid(
            {
                "options": say(
                    "%(said)s may be in use; options can only be added", said=repr(lost[0])
                )
            }
        )
    if spec.max_length < old.max_length:
        raise Invalid(
            {"max_length": say("can't be less than %(max_length)s", max_length=old.max_length)}
        )
    await tx.execute(_CHANGE, tx.context.tenant, old.id, _text(spec))


async def _changed(act: Administrator, identity: UUID, did: str) -> CustomField:
    act.tx.touch("definitions")
    (row,) = await act.tx.rows(_ONE, act.tenant, identity)
    found = _field(row)
    kind, name, tenant = found.type, found.name, act.tenant
    await note(act.tx, "types_changed", act.client, tenant=tenant, did=did, type=kind, field=name)
    return found


def _nothing(old: CustomField) -> Definition:
    """A type without fields: the name was checked when it was chosen."""
    return Definition(old.type, old.type, "", "", {})


def _field(row: asyncpg.Record) -> CustomField:
    spec = msgspec.json.decode(row["spec"], type=FieldSpec)
    label = field_of(spec).label
    values: dict[str, Any] = {**msgspec.structs.asdict(spec), "label": label}
    return CustomField(
        id=row["id"],
        type=row["type"],
        created_at=row["created_at"],
        retired_at=row["retired_at"],
        **values,
    )


def _spec(old: CustomField) -> FieldSpec:
    return FieldSpec(
        name=old.name,
        kind=old.kind,
        label=old.label,
        help=old.help,
        required=old.required,
        options=old.options,
        places=old.places,
        max_length=old.max_length,
        section=old.section,
    )


def _text(spec: FieldSpec) -> str:
    return msgspec.json.encode(spec).decode()


def _taken() -> Conflict:
    return Conflict(
        say("This type has a custom field with this name."),
        code="DUPLICATE",
        fields={"name": say("is taken")},
    )
