"""What a file's words mean in fields of choices: the part of its page, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.exchange.import_state import ChoiceValue, ChoiceValues, Options
from tenfold.exchange.previewing import Preview
from tenfold.kernel.language import say, say_n
from tenfold.web.pages.filters import Option
from tenfold.web.pages.session import Form
from tenfold.web.pages.words import number

_NAME = "value."
"""A select is named `value.status:Not Started`; its options are a sign and the choice."""
_MEANS = "="


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the file, how often it comes, and what it may mean."""

    name: str
    text: str
    rows: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one column that no choice matches, or that were explained."""

    column: str
    label: str
    words: tuple[Word, ...]
    more: str


def words(preview: Preview, chosen: Options) -> tuple[Words, ...]:
    """What is asked about the words of a file."""
    unsaid = (
        say("Refuse these rows")
        if chosen.unreadable == "refuse"
        else say("As all that can't be read")
    )
    return tuple(
        Words(
            one.column,
            one.label,
            tuple(_word(one, value, unsaid) for value in one.values),
            say_n("%(n)s more word", "%(n)s more words", one.more, n=one.more) if one.more else "",
        )
        for one in preview.values
    )


def said(form: Form) -> dict[str, dict[str, str | None]]:
    """What the form says that words mean; of words whose rows are refused nothing."""
    found: dict[str, dict[str, str | None]] = {}
    for name in form.names(_NAME):
        field, _, text = name.removeprefix(_NAME).partition(":")
        if meant := form.get(name):
            found.setdefault(field, {})[text] = meant.removeprefix(_MEANS) or None
    return found


def _word(one: ChoiceValues, value: ChoiceValue, unsaid: str) -> Word:
    options = (
        Option("", unsaid, not value.given),
        Option(_MEANS, say("Leave out"), value.given and value.choice is None),
        *(
            Option(f"{_MEANS}{choice}", label or choice, value.choice == choice)
            for choice, label in one.choices.items()
        ),
    )
    name = f"{_NAME}{one.field}:{value.value}"
    return Word(name, value.value, rows(value.rows), options)


def rows(count: int) -> str:
    """How many rows of a file: `1 row`, `1,204 rows`."""
    return say_n("%(n)s row", "%(n)s rows", count, n=number(count))
