"""What somebody said that a file's words mean in fields of choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from tenfold.exchange import value_choices
from tenfold.exchange.mapping import nearest
from tenfold.exchange.targets import Goal, options_of
from tenfold.exchange.value_texts import Reading, Special, shown
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import grouped, say, say_n
from tenfold.kernel.text import fold

Said = Mapping[str, Mapping[str, str | None]]
"""Field → word of the file → choice, or None for no value."""
CHOSEN = frozenset({"choice", "stage", "choices"})
"""The kinds of field whose words somebody may explain."""
WORDS = 1_000
"""At most so many words of a field may be explained: each is judged before the import begins."""
LONGEST = 200
"""A longer text is no word for a choice."""
_TOLD = 3
"""How many mistakes of one kind are told at once."""


def check(said: Said, types: Iterable[Mapping[str, Goal]]) -> None:
    """Raise Invalid where a field is no choice of any of the types, or a choice is none of its."""
    several = list(types)
    known = dict.fromkeys(
        name for goals in several for name, goal in goals.items() if goal.kind in CHOSEN
    )
    unknown = (name for name in said if name not in known)
    problems = {
        f"values.{name[:60]}": say("there is no field of choices %(name)s", name=repr(name[:60]))
        + nearest(name[:60], list(known))
        for name in islice(unknown, _TOLD)
    }
    problems |= {f"values.{name}": why for name in known if (why := _beyond(said.get(name, {})))}
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
        meant = {
            word: value_choices.option(wanted, how) if wanted else Special.LEAVE
            for word, wanted in words.items()
        }
        if wrong := [(word, words[word] or "") for word, one in meant.items() if one is None]:
            problems[f"values.{name}"] = _wrong(wrong, how.options)
        found[name] = {fold(word): one for word, one in meant.items() if one is not None}
    if problems:
        raise Invalid(problems)
    return found


def _beyond(words: Mapping[str, str | None]) -> str:
    """Why there are too many words, or one is too long; else nothing."""
    if len(words) > WORDS:
        return say(
            "may have at most %(most)s words, not %(n)s; mend the others in the file",
            most=grouped(WORDS),
            n=grouped(len(words)),
        )
    long = (text for pair in words.items() for text in pair if text and len(text) > LONGEST)
    if text := next(long, ""):
        return say(
            "has %(value)s; a word may have at most %(most)s characters",
            value=shown(text),
            most=LONGEST,
        )
    return ""


def _wrong(wrong: list[tuple[str, str]], options: Mapping[str, str]) -> str:
    """A sentence about words that were said to mean what is no choice."""
    told: list[str] = []
    for word, wanted in wrong[:_TOLD]:
        near = value_choices.nearest(wanted, options)
        hint = f" ({say('did you mean %(near)s?', near=repr(near))})" if near else ""
        why = say("%(word)s can't mean %(choice)s", word=shown(word), choice=shown(wanted))
        told.append(f"{why}{hint}")
    if (more := len(wrong) - _TOLD) > 0:
        told.append(
            say_n(
                "nor can %(n)s other word what it should",
                "nor can %(n)s other words what they should",
                more,
                n=grouped(more),
            )
        )
    choices = value_choices.listed(options)
    return say("%(why)s; the choices are %(choices)s", why=", ".join(told), choices=choices)
