"""Record types that an organisation makes itself, beside those that ship."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader
from tenfold.engine.custom_types import PREFIX, TypeSpec, checked
from tenfold.kernel.errors import Conflict, NotFound
from tenfold.kernel.ids import new_id

MOST = 200
_ALL = """SELECT name, spec, retired_at FROM tenfold.custom_types
WHERE tenant_id = $1 AND (retired_at IS NOT NULL) = $2 ORDER BY name LIMIT 1000"""
_COUNT = "SELECT count(*) FROM tenfold.custom_types WHERE tenant_id = $1 AND retired_at IS NULL"
_ADD = """INSERT INTO tenfold.custom_types (tenant_id, id, name, spec) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, name) DO UPDATE SET spec = excluded.spec, retired_at = NULL
WHERE tenfold.custom_types.retired_at IS NOT NULL RETURNING id"""
_CHANGE = """UPDATE tenfold.custom_types SET spec = $3
WHERE tenant_id = $1 AND name = $2 AND retired_at IS NULL RETURNING id"""
_RETIRE = """UPDATE tenfold.custom_types SET retired_at = now()
WHERE tenant_id = $1 AND name = $2 AND retired_at IS NULL RETURNING id"""
_ONE = """SELECT spec, retired_at IS NOT NULL AS retired FROM tenfold.custom_types
WHERE tenant_id = $1 AND name = $2"""


class TypeChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be changed of a type; its name is in addresses and stays."""

    label: str = ""
    label_plural: str = ""
    help: str = ""
    icon: str = ""


async def every(
    reader: Reader, tenant: UUID, *, retired: bool = False
) -> list[tuple[TypeSpec, datetime | None]]:
    """The types in use, or those that were retired, each with when."""
    rows = await reader.rows(_ALL, tenant, retired)
    return [(_spec(row["spec"]), row["retired_at"]) for row in rows]


async def one(reader: Reader, tenant: UUID, name: str) -> TypeSpec:
    """A type in use, by its name with or without `custom_`; raises NotFound."""
    found, retired = await _found(reader, tenant, name)
    if retired:
        raise missing(name)
    return found


async def create(act: Administrator, given: TypeSpec) -> TypeSpec:
    """Make a type; one that was retired comes back with its records under the name it had."""
    spec = checked(given)
    if act.registry.by_plural.get(spec.name):
        raise Conflict(f"{spec.name} is a type that ships; choose another name.", code="DUPLICATE")
    if await act.tx.value(_COUNT, act.tenant) >= MOST:
        raise Conflict(f"There can be {MOST} types of your own.", code="TOO_MANY")
    if await act.tx.value(_ADD, act.tenant, new_id(), spec.name, _text(spec)) is None:
        raise Conflict(f"There is a type {spec.name} already.", code="DUPLICATE")
    return await _changed(act, spec, "type added")


async def change(act: Administrator, name: str, wanted: TypeChange) -> TypeSpec:
    """Change what a type is called, its help and its icon."""
    old = await one(act.tx, act.tenant, name)
    given = {k: v for k, v in msgspec.structs.asdict(wanted).items() if v}
    spec = checked(msgspec.structs.replace(old, **given))
    await act.tx.value(_CHANGE, act.tenant, spec.name, _text(spec))
    return await _changed(act, spec, "type changed")


async def retire(act: Administrator, name: str) -> TypeSpec:
    """Take a type out of use; its records stay."""
    spec = await one(act.tx, act.tenant, name)
    await act.tx.value(_RETIRE, act.tenant, spec.name)
    return await _changed(act, spec, "type retired")


async def revive(act: Administrator, name: str) -> TypeSpec:
    """Use a retired type again, as it was, with its records; one in use stays so."""
    spec, retired = await _found(act.tx, act.tenant, name)
    return await create(act, spec) if retired else spec


def missing(name: str) -> NotFound:
    """That there is no such type."""
    return NotFound(f"There is no record type {name[:60]!r} of your own.")


async def _found(reader: Reader, tenant: UUID, name: str) -> tuple[TypeSpec, bool]:
    row = await reader.row(_ONE, tenant, name.removeprefix(PREFIX)[:60].replace("\0", ""))
    if row is None:
        raise missing(name)
    return _spec(row["spec"]), row["retired"]


async def _changed(act: Administrator, spec: TypeSpec, did: str) -> TypeSpec:
    act.tx.touch("definitions")
    kind = PREFIX + spec.name
    await note(act.tx, "types_changed", act.client, tenant=act.tenant, did=did, type=kind)
    return spec


def _spec(text: str) -> TypeSpec:
    return msgspec.json.decode(text, type=TypeSpec)


def _text(spec: TypeSpec) -> str:
    return msgspec.json.encode(spec).decode()
