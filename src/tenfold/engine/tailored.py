"""A tenant's definitions: shipped types with its own fields and stages, and types it made."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine import types as t
from tenfold.engine.custom_types import TypeSpec, defined
from tenfold.engine.definition import Definition, Field
from tenfold.engine.stages import Specs, StageSpec, with_stages
from tenfold.engine.types import FieldType
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.language import say, within

_OWN = """SELECT type, spec, retired_at IS NOT NULL AS retired, false AS stages,
    created_at AS at, id
FROM tenfold.custom_fields WHERE tenant_id = $1
UNION ALL SELECT type, spec, false, true, changed_at, NULL FROM tenfold.pipelines
WHERE tenant_id = $1
ORDER BY at, id"""
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")

_TYPE = """SELECT spec FROM tenfold.custom_types
WHERE tenant_id = $1 AND name = $2 AND retired_at IS NULL"""


class FieldSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A custom field as a tenant defines it.

    `options` are those of a choice or choices, `places` those of a decimal, `max_length` that
    of a text, `section` the part of forms and record pages it stands in.
    """

    name: str
    kind: str
    label: str = ""
    help: str = ""
    required: bool = False
    options: tuple[str, ...] = ()
    places: int = 2
    max_length: int = 500
    section: str = ""


KINDS = [
    "text",
    "long_text",
    "integer",
    "decimal",
    "money",
    "boolean",
    "date",
    "datetime",
    "email",
    "phone",
    "url",
    "choice",
    "choices",
    "tags",
]


def check(spec: FieldSpec, definition: Definition) -> None:
    """Raise Invalid, with every mistake, where a type can't have such a field."""
    problems: dict[str, str] = {}
    if not _NAME.match(spec.name):
        problems["name"] = say("must be 1 to 41 of a-z, 0-9 and _, a letter first")
    elif spec.name in {*definition.fields, *definition.by_json}:
        problems["name"] = say(
            "is a field that %(types)s have already", types=within(definition.label_plural)
        )
    elif spec.name.endswith("_currency"):
        problems["name"] = say("can't end in _currency, which is kept for that of an amount")
    if spec.kind not in KINDS:
        problems["kind"] = say("must be one of %(names)s", names=", ".join(KINDS))
    problems |= _check_options(spec)
    if not 0 <= spec.places <= 9:
        problems["places"] = say("must be 0 to 9")
    if not 1 <= spec.max_length <= 500:
        problems["max_length"] = say("must be 1 to 500; long_text takes more")
    if problems:
        raise Invalid(problems)


def _check_options(spec: FieldSpec) -> dict[str, str]:
    options = spec.options
    if spec.kind not in ("choice", "choices"):
        return {"options": say("are for choice and choices alone")} if options else {}
    if not options:
        return {"options": say("must have at least one")}
    if len(options) > 200 or len(set(options)) < len(options):
        return {"options": say("must be 200 at most, each once")}
    if any(not o or o != " ".join(o.split()) or len(o) > 100 or "," in o for o in options):
        return {
            "options": say("must have 1 to 100 characters each, no comma, no blanks at the ends")
        }
    return {}


def field_of(spec: FieldSpec) -> Field:
    """The custom field that a spec describes; raises Invalid naming what is wrong."""
    if spec.kind not in KINDS:
        raise Invalid({"kind": say("must be one of %(names)s", names=", ".join(KINDS))})
    kind = _kind(spec)
    if mistakes := kind.mistakes():
        raise Invalid({"options": mistakes[0]})
    return Field(
        name=spec.name,
        type=kind,
        required=spec.required,
        nullable=not spec.required,
        declared_label=spec.label or spec.name.replace("_", " ").capitalize(),
        declared_help=spec.help,
        declared_section=spec.section,
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
            return t.Choice(options=spec.options, as_written=True)
        case "choices":
            return t.Choices(options=spec.options, as_written=True)
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


@dataclass(slots=True)
class Own:
    """What a tenant has of its own in one type: fields, whether it retired any, and stages."""

    fields: dict[str, Field] = field(default_factory=dict[str, Field])
    retired: bool = False
    stages: Specs = field(default_factory=dict[str, StageSpec])

    def of(self, shipped: Definition) -> Definition:
        """The type with them."""
        definition = shipped.with_custom(self.fields, retired=self.retired)
        return with_stages(definition, self.stages)


async def own_of(reader: Reader, tenant: UUID) -> dict[str, Own]:
    """What a tenant has of its own, by the types that have any."""
    found: dict[str, Own] = {}
    for kind, spec, retired, stages, *_ in await reader.rows(_OWN, tenant):
        own = found.setdefault(kind, Own())
        if stages:
            own.stages = msgspec.json.decode(spec, type=Specs)
        elif retired:
            own.retired = True
        else:
            one = field_of(msgspec.json.decode(spec, type=FieldSpec))
            own.fields[one.name] = one
    return found


class Tailored:
    """Tenants' definitions, each good for one version of the tenant's definitions."""

    def __init__(self, most: int = 5_000) -> None:
        self._kept: OrderedDict[UUID, tuple[int, dict[str, Own]]] = OrderedDict()
        self._made: OrderedDict[tuple[UUID, str], tuple[int, Definition]] = OrderedDict()
        self._most = most

    def known(self, tenant: UUID, shipped: Definition, version: int) -> Definition | None:
        """The definition as the tenant has it, where it was made at this version."""
        if version == 0 and not shipped.tenant_made:
            return shipped
        made = self._made.get((tenant, shipped.name))
        return made[1] if made is not None and made[0] == version else None

    async def get(
        self, reader: Reader, tenant: UUID, shipped: Definition, version: int
    ) -> Definition:
        """The definition as the tenant has it."""
        if (known := self.known(tenant, shipped, version)) is not None:
            return known
        own = (await self._own(reader, tenant, version)).get(shipped.name, Own())
        if shipped.tenant_made:
            spec = await reader.value(_TYPE, tenant, shipped.plural)
            if spec is None:
                raise NotFound(f"There are no {shipped.plural[:60]!r} here; see /v1/types.")
            shipped = defined(shipped, msgspec.json.decode(spec, type=TypeSpec))
        definition = own.of(shipped)
        self._made[tenant, shipped.name] = (version, definition)
        if len(self._made) > self._most:
            self._made.popitem(last=False)
        return definition

    def staged(self, tenant: UUID, shipped: Definition, version: int) -> Definition:
        """The type with the tenant's stages, where those of any type were read at this version."""
        kept = self._kept.get(tenant)
        own = kept[1].get(shipped.name) if kept is not None and kept[0] == version else None
        return with_stages(shipped, own.stages) if own else shipped

    async def _own(self, reader: Reader, tenant: UUID, version: int) -> dict[str, Own]:
        kept = self._kept.get(tenant)
        if kept is not None and kept[0] == version:
            return kept[1]
        found = await own_of(reader, tenant)
        self._kept[tenant] = (version, found)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found
