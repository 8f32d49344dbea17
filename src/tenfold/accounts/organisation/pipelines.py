"""Pipelines: the stages of a type as an organisation calls, colours and uses them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tenfold.accounts.events import note
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader
from tenfold.engine import stages
from tenfold.engine.definition import Definition
from tenfold.engine.registry import Registry
from tenfold.engine.stages import Hue, Specs, StageSpec, staged, with_stages
from tenfold.kernel.errors import NotFound

_ALL = "SELECT type, spec, changed_at FROM tenfold.pipelines WHERE tenant_id = $1"
_SAVE = """INSERT INTO tenfold.pipelines (tenant_id, type, spec) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, type) DO UPDATE SET spec = excluded.spec, changed_at = now()"""
_FORGET = "DELETE FROM tenfold.pipelines WHERE tenant_id = $1 AND type = $2"


class PipelineStage(msgspec.Struct, frozen=True, kw_only=True):
    """A stage: `name` is its value in records and in the API, `moves` those that may follow it."""

    name: str
    label: str
    shipped_label: str
    hue: Hue
    """Empty: as the pages choose it."""
    hidden: bool
    stuck_after_days: int | None
    moves: list[str]


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """The stages of a type in their order; `changed_at`: null as long as they are as they ship."""

    type: str
    label: str
    stages: list[PipelineStage]
    changed_at: datetime | None


class PipelineChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is otherwise than it ships, by stage; a stage that is not named is as it ships."""

    stages: dict[str, StageSpec]


async def read(
    reader: Reader, tenant: UUID, types: Mapping[str, Definition]
) -> dict[str, Pipeline]:
    """The pipelines of these types, by type; those without stages have none."""
    rows = {row["type"]: row for row in await reader.rows(_ALL, tenant)}
    found: dict[str, Pipeline] = {}
    for name, one in types.items():
        if one.status is None:
            continue
        row = rows.get(name)
        specs = msgspec.json.decode(row["spec"], type=Specs) if row else {}
        found[name] = _pipeline(with_stages(one, specs), specs, row["changed_at"] if row else None)
    return found


def typed(registry: Registry, name: str) -> Definition:
    """The type with stages of a name; raises NotFound."""
    one = registry.by_name.get(name)
    if one is None or one.status is None:
        raise NotFound(f"There is no type {name[:60]!r} with stages; see /v1/pipelines.")
    return one


async def change(act: Administrator, name: str, wanted: PipelineChange) -> Pipeline:
    """Call and show a type's stages so; what is not said is as it ships."""
    definition = typed(act.registry, name)
    old = (await read(act.tx, act.tenant, {name: definition}))[name]
    specs = stages.checked(definition, wanted.stages)
    if specs:
        text = msgspec.json.encode(specs).decode()
        await act.tx.execute(_SAVE, act.tenant, name, text)
    else:
        await act.tx.execute(_FORGET, act.tenant, name)
    act.tx.touch("definitions")
    new = (await read(act.tx, act.tenant, {name: definition}))[name]
    client, tenant, before, after = act.client, act.tenant, _told(old), _told(new)
    whom: dict[str, Any] = {"tenant": tenant, "did": "stages changed", "type": name}
    await note(act.tx, "types_changed", client, before=before, after=after, **whom)
    return new


def _pipeline(definition: Definition, specs: Specs, at: datetime | None) -> Pipeline:
    stage = staged(definition)

    def moves(name: str) -> list[str]:
        return [one for one in stage.options if one != name and stage.may_move(name, one)]

    def made(name: str) -> PipelineStage:
        one = specs.get(name, StageSpec())
        return PipelineStage(
            name=name,
            label=stage.label(name),
            shipped_label=stages.shipped(stage, name),
            hue=one.hue,
            hidden=one.hidden,
            stuck_after_days=one.stuck_after_days,
            moves=moves(name),
        )

    label, names = definition.label_plural, stage.options
    return Pipeline(type=definition.name, label=label, stages=[*map(made, names)], changed_at=at)


def _told(one: Pipeline) -> dict[str, object]:
    """A pipeline as an event tells it: only what is the organisation's."""
    found: dict[str, object] = {}
    for stage in one.stages:
        own = {
            "label": stage.label if stage.label != stage.shipped_label else "",
            "hue": stage.hue,
            "hidden": stage.hidden,
            "stuck_after_days": stage.stuck_after_days,
        }
        found[stage.name] = {name: value for name, value in own.items() if value}
    return found
