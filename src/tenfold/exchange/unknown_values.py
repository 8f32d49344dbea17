"""Counts the words of a file that no choice matches, for somebody to say what they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from itertools import islice

from tenfold.exchange.converting import Converter
from tenfold.exchange.import_state import ChoiceValue, ChoiceValues
from tenfold.exchange.meanings import CHOSEN, LONGEST
from tenfold.exchange.rows import is_blank
from tenfold.exchange.surveying import Survey
from tenfold.exchange.targets import Goal, options_of
from tenfold.exchange.value_texts import CLEAR_WORD, Reading, Special
from tenfold.exchange.values import options_in
from tenfold.kernel.text import fold

LISTED = 20
"""How many words of a column are listed, the most frequent first."""
_COUNTED = 10_000
"""How many distinct words of a column are counted; a column of texts would have no end."""


def unknown_values(found: Survey, most: int | None = None) -> list[ChoiceValues]:
    """The words of each column of choices that no choice matches, or that somebody explained.

    They are counted in the first `most` rows, or in all.
    """
    columns = chosen_columns(found)
    if not columns:
        return []
    converter = Converter(found.guesses, found.goals, replace(found.how, hints=False), {})
    answers: list[ChoiceValues] = []
    for column, counts in _counted(found, columns, most).items():
        said = found.values.get(columns[column].target.name, {})
        words = sorted(counts, key=lambda word: -counts[word])
        unknown = [w for w in words if fold(w) not in said and not converter.takes(column, w)]
        shown = {*unknown[:LISTED], *(w for w in words if fold(w) in said)}
        if shown:
            values = [_value(word, counts[word], said) for word in words if word in shown]
            more = len(unknown[LISTED:])
            answers.append(_answer(column, columns[column], values, more))
    return answers


def chosen_columns(found: Survey) -> dict[str, Goal]:
    """The columns that go into fields of choices."""
    goals = {g.column: found.goals[g.target] for g in found.guesses if g.target}
    return {column: goal for column, goal in goals.items() if goal.kind in CHOSEN}


def _answer(column: str, goal: Goal, values: list[ChoiceValue], more: int) -> ChoiceValues:
    return ChoiceValues(
        column=column,
        field=goal.target.name,
        label=goal.target.label,
        choices=options_of(goal.field),
        values=values,
        more=more,
    )


def _value(word: str, rows: int, said: Mapping[str, str | Special]) -> ChoiceValue:
    meant = said.get(fold(word))
    return ChoiceValue(word, rows, meant if isinstance(meant, str) else None, meant is not None)


def _counted(
    found: Survey, columns: Mapping[str, Goal], most: int | None
) -> dict[str, Counter[str]]:
    """How often each word comes in each column, under the first of its spellings."""
    counts = {column: Counter[str]() for column in columns}
    spelled: dict[str, dict[str, str]] = {column: {} for column in columns}
    hows = {c: Reading(options=options_of(goal.field)) for c, goal in columns.items()}
    with closing(found.source.rows()) as rows:
        for row in islice(rows, most):
            for column, goal in columns.items():
                value = row.values.get(column)
                if is_blank(value) or value == CLEAR_WORD:
                    continue
                known = spelled[column]
                for word in options_in(goal.kind, value, hows[column]):
                    key = fold(word)
                    if len(word) <= LONGEST and (len(known) < _COUNTED or key in known):
                        counts[column][known.setdefault(key, word.strip())] += 1
    return counts
