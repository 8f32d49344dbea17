"""The record types that an organisation has: those that ship, and those it made itself."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tenfold.db.database import Reader
from tenfold.engine.custom_types import PREFIX, TypeSpec, defined
from tenfold.engine.definition import Definition
from tenfold.engine.registry import CUSTOM, Registry
from tenfold.engine.tailored import own_of

_TYPES = """SELECT name, spec FROM tenfold.custom_types
WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY name"""


async def types_of(reader: Reader, tenant: UUID, registry: Registry) -> dict[str, Definition]:
    """All types of an organisation by name; its own are called `custom_…`."""
    found = dict(registry.by_name)
    for name, text in await reader.rows(_TYPES, tenant):
        base = registry.named(CUSTOM + name)
        if base is not None:
            found[PREFIX + name] = defined(base, msgspec.json.decode(text, type=TypeSpec))
    return found


async def tailored_types(reader: Reader, tenant: UUID, registry: Registry) -> dict[str, Definition]:
    """All types of an organisation by name, with its own fields and stages."""
    own = await own_of(reader, tenant)
    types = await types_of(reader, tenant, registry)
    return {name: own[name].of(one) if name in own else one for name, one in types.items()}
