"""How an organisation calls and shows the stages of a type: over what ships, never in its place.

Values, moves and statements stay those of the declaration; names, hues and what is offered are the
organisation's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import msgspec

from tenfold.engine.definition import Definition
from tenfold.engine.types import Shown, Stage
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import grouped, say, within

Hue = Literal["", "grey", "blue", "amber", "green", "red", "violet"]
LONGEST, MOST_DAYS = 60, 3_650


class StageSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is otherwise than it ships: `label` and `hue` where not empty.

    A `hidden` stage is not offered to people any more; records that are at it stay. A record that
    nobody changed for `stuck_after_days` counts as stuck.
    """

    label: str = ""
    hue: Hue = ""
    hidden: bool = False
    stuck_after_days: int | None = None


Specs = dict[str, StageSpec]


def checked(definition: Definition, specs: Mapping[str, StageSpec]) -> Specs:
    """The specs without those that say nothing; raises Invalid with every mistake."""
    stage = staged(definition)
    given = {name: _tidy(stage, name, one) for name, one in specs.items()}
    problems = {
        f"stages.{name}": say("is no stage; there are %(names)s", names=", ".join(stage.options))
        for name in given
        if name not in stage.options
    }
    called = {o: (given[o].label if o in given else "") or shipped(stage, o) for o in stage.options}
    for name, one in given.items():
        if name in stage.options:
            problems |= {f"stages.{name}.{part}": text for part, text in _wrong(name, one, called)}
    first = definition.fields["status"].default
    if str(first) in given and given[str(first)].hidden:
        problems[f"stages.{first}.hidden"] = say("can't be true: new records begin with it")
    if problems:
        raise Invalid(problems)
    return {name: one for name, one in given.items() if one != StageSpec()}


def _tidy(stage: Stage, name: str, one: StageSpec) -> StageSpec:
    label = " ".join(one.label.split())
    same = name in stage.options and label == shipped(stage, name)
    return msgspec.structs.replace(one, label="" if same else label)


def _wrong(name: str, one: StageSpec, called: Mapping[str, str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if len(one.label) > LONGEST:
        found.append(("label", say("must have at most %(most)s characters", most=grouped(LONGEST))))
    others = {text.casefold() for other, text in called.items() if other != name}
    others |= {other.casefold() for other in called if other != name}
    if one.label and one.label.casefold() in others:
        found.append(("label", say("is what another stage is called")))
    days = one.stuck_after_days
    if days is not None and not 1 <= days <= MOST_DAYS:
        text = say("must be 1 to %(most)s days, or nothing", most=grouped(MOST_DAYS))
        found.append(("stuck_after_days", text))
    return found


def staged(definition: Definition) -> Stage:
    """The stages of a type; raises Invalid for one without."""
    if definition.status is None:
        raise Invalid(
            {"type": say("%(types)s have no stages", types=within(definition.label_plural))}
        )
    return definition.status


def shipped(stage: Stage, value: str) -> str:
    """What a stage is called as it ships."""
    return replace(stage, own={}).label(value)


def with_stages(definition: Definition, specs: Mapping[str, StageSpec]) -> Definition:
    """The type with the organisation's stages; its digest, and so its statements, stay the same."""
    stage = definition.status
    if stage is None or not specs:
        return definition
    own = {
        name: Shown(one.label, one.hue, hidden=one.hidden, days=one.stuck_after_days or 0)
        for name, one in specs.items()
    }
    field = replace(definition.fields["status"], type=replace(stage, own=own))
    return replace(definition, fields={**definition.fields, "status": field})
