"""A tenant's own definitions: shipped types with its custom fields, and the types it made itself."""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine import types as t
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import FieldType
from tenfold.kernel.errors import Invalid

_FIELDS = """SELECT type, spec FROM tenfold.custom_fields
WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY created_at, id"""


class FieldSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A custom field as a tenant defines it."""

    name: str
    kind: str
    label: str = ""
    help: str = ""
    required: bool = False
    options: tuple[str, ...] = ()
    places: int = 2
    max_length: int = 500


KINDS = (
    "text long_text integer decimal money boolean date datetime email phone url choice choices tags"
).split()


def field_of(spec: FieldSpec) -> Field:
    """The custom field that a spec describes; raises Invalid naming what is wrong."""
    if spec.kind not in KINDS:
        raise Invalid({"kind": f"must be one of {', '.join(KINDS)}"})
    kind = _kind(spec)
    if mistakes := kind.mistakes():
        raise Invalid({"options": mistakes[0]})
    return Field(
        name=spec.name,
        type=kind,
        required=spec.required,
        nullable=not spec.required,
        label=spec.label or spec.name.replace("_", " ").capitalize(),
        help=spec.help,
        filter=True,
        custom=True,
    )


def _kind(spec: FieldSpec) -> FieldType:
    match spec.kind:
        case "text":
            return t.Text(max_length=spec.max_length)
        case "decimal":
            return t.Decimal(places=spec.places)
        case "choice":
            return t.Choice(options=spec.options)
        case "choices":
            return t.Choices(options=spec.options)
        case _:
            return _PLAIN[spec.kind]()


_PLAIN: dict[str, type[FieldType]] = {
    "long_text": t.LongText,
    "integer": t.Integer,
    "money": t.Money,
    "boolean": t.Boolean,
    "date": t.Date,
    "datetime": t.DateTime,
    "email": t.Email,
    "phone": t.Phone,
    "url": t.Url,
    "tags": t.Tags,
}


class Tailored:
    """Tenants' definitions, each good for one version of the tenant's definitions."""

    def __init__(self, most: int = 5_000) -> None:
        self._kept: OrderedDict[UUID, tuple[int, dict[str, dict[str, Field]]]] = OrderedDict()
        self._made: OrderedDict[tuple[UUID, str], tuple[int, Definition]] = OrderedDict()
        self._most = most

    async def get(
        self, reader: Reader, tenant: UUID, shipped: Definition, version: int
    ) -> Definition:
        """The definition as the tenant has it."""
        if version == 0:
            return shipped
        key = (tenant, shipped.name)
        made = self._made.get(key)
        if made is not None and made[0] == version:
            return made[1]
        fields = await self._fields(reader, tenant, version)
        definition = shipped.with_custom(fields.get(shipped.name, {}))
        self._made[key] = (version, definition)
        if len(self._made) > self._most:
            self._made.popitem(last=False)
        return definition

    async def _fields(
        self, reader: Reader, tenant: UUID, version: int
    ) -> dict[str, dict[str, Field]]:
        kept = self._kept.get(tenant)
        if kept is not None and kept[0] == version:
            return kept[1]
        found: dict[str, dict[str, Field]] = {}
        for kind, spec in await reader.rows(_FIELDS, tenant):
            one = field_of(msgspec.json.decode(spec, type=FieldSpec))
            found.setdefault(kind, {})[one.name] = one
        self._kept[tenant] = (version, found)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found
