"""Whether automations would set each other off in a circle, found before they are switched on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from tenfold.automation.plan import Plan
from tenfold.automation.spec import Call, Changed, Create, Created, Met, Moved, Set
from tenfold.engine.filtering import Group
from tenfold.engine.wording import has_places


def circle(start: UUID, plans: Mapping[UUID, Plan]) -> list[UUID]:
    """The automations that lead from one back to itself, in order; empty where none do."""
    found: list[UUID] = []
    seen: set[UUID] = set()

    def leads(one: UUID) -> bool:
        for other in _next(one, plans):
            if other == start:
                found.append(one)
                return True
            if other not in seen:
                seen.add(other)
                if leads(other):
                    found.append(one)
                    return True
        return False

    leads(start)
    return found[::-1]


def _next(one: UUID, plans: Mapping[UUID, Plan]) -> Iterator[UUID]:
    return (other for other, plan in plans.items() if _sets_off(one, plans[one], other, plan))


def _sets_off(one: UUID, by: Plan, other: UUID, plan: Plan) -> bool:
    """Whether what one automation does sets another off."""
    for planned in by.steps:
        step = planned.step
        if isinstance(step, Call) and step.automation_id == other:
            return True
        if isinstance(step, Create) and planned.definition is not None:
            made = plan.definition is not None and planned.definition.name == plan.definition.name
            if made and isinstance(plan.automation.when, Created | Met):
                return True
        if isinstance(step, Set) and _same_type(by, plan):
            # Who sets what stands fast changes nothing the second time.
            again = one == other and not any(map(has_places, step.values.values()))
            if not again and _changes(step.values, plan):
                return True
    return False


def _same_type(one: Plan, other: Plan) -> bool:
    return (
        one.definition is not None
        and other.definition is not None
        and one.definition.name == other.definition.name
    )


def _changes(values: Mapping[str, Any], plan: Plan) -> bool:
    """Whether these values of a record set an automation off."""
    match plan.automation.when:
        case Changed(fields=names):
            return not names or not values.keys().isdisjoint(names)
        case Moved(to=to):
            given = values.get("status")
            return given is not None and (not to or given in to or has_places(given))
        case Met():
            return not values.keys().isdisjoint(_names(plan.where))
        case _:
            return False


def _names(where: Group | None) -> set[str]:
    return {leaf.field.json_path for leaf in where.leaves()} if where else set()
