"""Record types that a tenant makes at run time: the same Definition over one shared table, no DDL.

Their fields are custom fields, so that storage, filters, sorts and checks are those of any other
custom field; what tells them apart in the shared table is `kind`.
"""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec

from tenfold.engine.declare import ALL, OWN, Record, can, field, index
from tenfold.engine.definition import CUSTOM_TABLE, Definition
from tenfold.kernel.errors import Invalid

PREFIX = "custom_"
ICONS = tuple(
    """box briefcase building building-2 calendar-days chart-column clipboard-list cloud contact
    credit-card database dollar-sign file-text flag folder globe graduation-cap handshake heart hash
    house inbox key layers layout-grid link list-checks mail map-pin megaphone message-square
    notebook-pen package palette paperclip phone receipt send shield shopping-bag smartphone
    sparkles star table tag target ticket timer users wallet wrench zap""".split()  # noqa: SIM905
)
"""The icons that a type may have, of those that ship with the pages."""


def icon_label(name: str) -> str:
    """What an icon is called, in English: `map-pin` → map pin."""
    return name.replace("-", " ")


_NAME = re.compile(r"^[a-z][a-z0-9_]{1,38}$")


class CustomRecord(Record, plural=CUSTOM_TABLE, icon="box"):
    """A record of a type that an organisation made itself."""

    name: str = field(title=True, sort=True, search="A")
    kind: str = field(filter=True, max_length=60)

    indexes = [index("kind", "-created_at")]
    access = {"member": can(read=ALL, create=True, update=OWN, delete=OWN)}


class TypeSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record type as a tenant defines it; `name` is the plural that stands in its address."""

    name: str
    label: str = ""
    label_plural: str = ""
    help: str = ""
    icon: str = ""


def icon_of(spec: TypeSpec) -> str:
    """The icon of a type: a box where none was chosen."""
    return spec.icon or "box"


def checked(spec: TypeSpec) -> TypeSpec:
    """The spec with its labels filled in; raises Invalid where the name can't be an address."""
    if spec.name.startswith(PREFIX):
        raise Invalid({"name": f"can't begin with {PREFIX}, which is put before it"})
    if not _NAME.fullmatch(spec.name):
        raise Invalid(
            {"name": "must begin with a letter and have 2 to 39 of a-z, 0-9 and _, like vehicles"}
        )
    words = spec.name.replace("_", " ").capitalize()
    for one in ("label", "label_plural", "help"):
        if len(getattr(spec, one)) > 1_000:
            raise Invalid({one: "must have at most 1,000 characters"})
    if spec.icon and spec.icon not in ICONS:
        raise Invalid({"icon": f"must be one of {', '.join(ICONS)}"})
    single = words.removesuffix("s") or words
    return msgspec.structs.replace(
        spec, label=spec.label or single, label_plural=spec.label_plural or words
    )


def placeholder(base: Definition, name: str) -> Definition:
    """What is known of a tenant's type before its tenant is: its name."""
    told = replace(base.fields["kind"], system=True, filter=False)
    kept = {**base.fields, "kind": told}
    words = name.replace("_", " ").capitalize()
    return replace(
        base,
        name=PREFIX + name,
        plural=name,
        fields=kept,
        tenant_made=True,
        declared_label=words.removesuffix("s") or words,
        declared_plural=words,
    )


def defined(base: Definition, spec: TypeSpec) -> Definition:
    """The definition of a tenant's type."""
    return replace(
        placeholder(base, spec.name),
        declared_doc=spec.help or f"{spec.label_plural} of this organisation.",
        declared_label=spec.label,
        declared_plural=spec.label_plural,
        icon=icon_of(spec),
    )
