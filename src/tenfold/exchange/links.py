"""Relations of a file that lead nowhere: how many rows have one, and what may be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.exchange.finding import Absent, Answer
from tenfold.exchange.import_state import Options
from tenfold.exchange.keys import name_of
from tenfold.exchange.prepared import Pointer
from tenfold.exchange.surveying import Survey

NAMED = 3
"""How many of the records that are not here are named."""
Answers = Mapping[tuple[str, bool, str], Answer]
LINKS = frozenset({"ref", "user"})
"""Kinds of fields that name other records."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A relation by which rows name records that are not here."""

    name: str
    label: str
    rows: int
    """How many rows do."""
    records: int
    """How many different ones they name; the first are `names`."""
    names: list[str]
    make: bool
    """Whether they can be made, with just the name (`create_missing`)."""
    leave: bool
    """Whether a row can come in without (`leave_missing`)."""


@dataclass(frozen=True, slots=True)
class Lenience:
    """Relations that a row comes in without, by the names of their fields in JSON."""

    optional: frozenset[str]
    """Whatever is wrong with them."""
    absent: frozenset[str]
    """Where the record that they name is not here."""

    @classmethod
    def of(cls, found: Survey, options: Options) -> Lenience:
        """What the file's mapping and the options let go."""
        links = [g.own for g in found.goals.values() if g.kind in LINKS and not g.own.required]
        absent = (one.json_name for one in links if one.name in options.leave_missing)
        return cls(frozenset(_optional(found) - _asked_for(found, options)), frozenset(absent))


def by_name_alone(definition: Definition) -> bool:
    """Whether a record of a type can be made of its name."""
    name = name_of(definition)
    others = (one for one in definition.fields.values() if one is not name)
    return name is not None and not any(one.required for one in others)


def links(
    found: Survey,
    rows: Iterable[Sequence[Pointer]],
    answers: Answers,
    person: Person,
    types: Mapping[str, Definition],
    lenience: Lenience,
) -> list[Link]:
    """Of each relation the rows that name records which are not here, and those records."""
    counts: dict[str, int] = {}
    named: dict[str, dict[str, str]] = {}
    for pointers in rows:
        for name in {one.name for one in pointers} - lenience.optional:
            mine = [one for one in pointers if one.name == name]
            told = [answers[one.to, one.reference, one.text] for one in mine]
            if all(isinstance(answer, Absent) for answer in told):
                counts[name] = counts.get(name, 0) + 1
                # A title says more to people than an id does.
                best = min(mine, key=lambda one: one.keyed or one.reference)
                named.setdefault(name, {})[best.text] = best.to
    fields = {g.own.json_name: g.own for g in found.goals.values() if g.kind in LINKS}
    made: list[Link] = []
    for name, count in counts.items():
        to = types.get(next(iter(named[name].values())))
        can = to is not None and by_name_alone(to) and person.access(to).create
        link = Link(
            name=fields[name].name,
            label=fields[name].label,
            rows=count,
            records=len(named[name]),
            names=list(named[name])[:NAMED],
            make=bool(can),
            leave=not fields[name].required,
        )
        made.append(link)
    return made


def _asked_for(found: Survey, options: Options) -> set[str]:
    """The relations that somebody mapped by hand, and so wants to be found."""
    targets = [target for target in options.mapping.values() if target]
    goals = [found.goals[target] for target in targets if target in found.goals]
    return {goal.field.json_name for goal in goals if goal.field}


def _optional(found: Survey) -> set[str]:
    """Relations that a row may do without: owners, and ids of another program, unknown here."""
    mapped = {g.target for g in found.guesses}
    guessed = [g.target for g in found.guesses if g.target and g.reason == "known name"]
    fields = [found.goals[name].field for name in guessed if name.endswith("_id")]
    # Where a column beside it names the record, that it is not here is a reason to refuse the row.
    alone = [one for one in fields if one and not one.required and one.name not in mapped]
    return {"owner_id"} | {one.json_name for one in alone}
