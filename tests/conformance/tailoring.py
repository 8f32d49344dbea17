"""What organisations make of the types: custom fields, and a type of their own."""

from __future__ import annotations

import msgspec
from tests.conformance.world import World

from tenfold.engine.tailored import KINDS, FieldSpec

_OPTIONS = ("small", "medium", "large")


def _every() -> list[FieldSpec]:
    """One custom field of each kind that there is."""
    return [
        FieldSpec(
            name=f"a_{kind}", kind=kind, options=_OPTIONS if kind.startswith("choice") else ()
        )
        for kind in KINDS
    ]


FIELDS: dict[str, list[FieldSpec]] = {
    "drawer": [
        FieldSpec(name="depth", kind="integer", required=True),
        FieldSpec(name="wood", kind="choice", options=_OPTIONS),
        FieldSpec(name="built_on", kind="date"),
    ],
    "custom_gadgets": _every(),
}


async def tailor(place: World, name: str) -> None:
    """Give the world's organisations the custom fields, and the type, of this name."""
    for organisation in (place.here, place.there) if name in FIELDS else ():
        boss = await organisation.person("owner")
        if name.startswith("custom_"):
            await place.fine(boss, "POST", "/v1/types", {"name": name.removeprefix("custom_")})
        for spec in FIELDS[name]:
            given = {k: v for k, v in msgspec.to_builtins(spec).items() if v}
            await place.fine(boss, "POST", "/v1/custom-fields", {"type": name, **given})
