"""What somebody said that a file's words mean in fields of choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tenfold.exchange.mapping import nearest
from tenfold.exchange.targets import Goal, options_of
from tenfold.exchange.value_choices import choice, listed
from tenfold.exchange.value_texts import Reading, Refusal, Special, shown
from tenfold.kernel.errors import Invalid
from tenfold.kernel.text import fold

Said = Mapping[str, Mapping[str, str | None]]
"""Field → word of the file → choice, or None for no value."""
CHOSEN = frozenset({"choice", "stage", "choices"})
"""The kinds of field whose words somebody may explain."""


def check(said: Said, types: Iterable[Mapping[str, Goal]]) -> None:
    """Raise Invalid where a field is no choice of any of the types, or a choice is none of its."""
    several = list(types)
    known = dict.fromkeys(
        name for goals in several for name, goal in goals.items() if goal.kind in CHOSEN
    )
    problems = {
        f"values.{name}": f"there is no field of choices {name[:60]!r}{nearest(name, list(known))}"
        for name in said
        if name not in known
    }
    if problems:
        raise Invalid(problems)
    for goals in several:
        meanings(said, goals)


def meanings(said: Said, goals: Mapping[str, Goal]) -> dict[str, dict[str, str | Special]]:
    """What was said as `Reading.values` has it, by field; of fields of other types nothing."""
    found: dict[str, dict[str, str | Special]] = {}
    problems: dict[str, str] = {}
    for name, words in said.items():
        if name not in goals or goals[name].kind not in CHOSEN:
            continue
        how = Reading(options=options_of(goals[name].field))
        for word, wanted in words.items():
            try:
                one = choice(wanted, how) if wanted else Special.LEAVE
            except Refusal:
                why = f"{shown(wanted or '')} is none of its choices: {listed(how.options)}"
                problems[f"values.{name}"] = why
            else:
                found.setdefault(name, {})[fold(word)] = one
    if problems:
        raise Invalid(problems)
    return found
