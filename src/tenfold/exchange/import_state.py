"""What is known about an import: how it was asked for, how far it is, what it found."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from tenfold.exchange.mapping import Guess
from tenfold.exchange.refusals import place_of
from tenfold.kernel.language import ENGLISH, grouped, say_n
from tenfold.kernel.text import plural

_NUMBERED = re.compile(r"\{([^|}]+)\|([^}]+)\}")
SKIPPED = 200
"""How many of the cells that were left out are kept with their text."""
Status = Literal["pending", "processing", "completed", "failed"]


class Options(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How a file is to be imported; what is not given is guessed or the organisation's own."""

    mapping: dict[str, str | None] = {}
    """Column → field; null leaves the column out. Other columns are guessed."""
    key: str = ""
    """The field by which rows find records that exist; `none` makes all rows new.

    A unique field, an e-mail or web address, or the name. What is not given is guessed.
    """
    existing: Literal["update", "skip"] = "update"
    """What becomes of a record that exists."""
    encoding: str | None = None
    separator: str | None = None
    header: bool | None = None
    dry_run: bool = False
    """Do everything, then take it back."""
    region: str = ""
    """Region of telephone numbers without country code, and of dates (ISO 3166)."""
    currency: str = ""
    """Currency of amounts that name none (ISO 4217); else the record's or organisation's own."""
    zone: str = ""
    """Time zone of moments that name none."""
    values: dict[str, dict[str, str | None]] = {}
    """Field of choices → word of the file → choice; null leaves the field out of these rows."""
    unreadable: Literal["refuse", "skip"] = "refuse"
    """What a cell that can't be read costs: its row, or where the row can do without it, itself."""
    create_missing: list[str] = []
    """Relations whose records are made, by their title, where there is none."""
    leave_missing: list[str] = []
    """Relations that are left empty where there is no such record."""
    types: dict[str, str] = {}
    """Another program's object → record type, for a plan of several files."""


class Column(msgspec.Struct, frozen=True):
    """A column of the file and where it goes."""

    column: str
    target: str | None
    confidence: float
    reason: str
    samples: tuple[str, ...] = ()

    @classmethod
    def of(cls, guess: Guess) -> Column:
        """A guess as it is shown and stored."""
        return cls(guess.column, guess.target, guess.confidence, guess.reason, guess.samples)


class ChoiceValue(msgspec.Struct, frozen=True):
    """A word of the file in how many rows, and what it was said to mean: a choice or nothing."""

    value: str
    rows: int
    choice: str | None = None
    given: bool = False
    """Whether it was said; where not, its rows are refused."""


class ChoiceValues(msgspec.Struct, kw_only=True, frozen=True):
    """A column of choices with its words that no choice matches, and those that were explained.

    The most frequent come first; `more` is how many distinct ones are not listed.
    """

    column: str
    field: str
    label: str
    choices: dict[str, str]
    """Each choice with its label."""
    values: list[ChoiceValue]
    more: int = 0


class Part(msgspec.Struct, kw_only=True):
    """One file of an import."""

    stored: str
    filename: str
    type: str
    sobject: str = ""
    kind: str = ""
    encoding: str = ""
    separator: str | None = None
    rows: int = 0
    columns: list[str] = []
    mapping: list[Column] = []
    values: list[ChoiceValues] = []
    """Of a dry run: the words that no choice matches."""
    notes: list[str] = []


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that was left out because it can't be read, of a row that came in without it."""

    file: str
    line: int
    """In a JSON file the number of its item."""
    column: str
    text: str


class Counts(msgspec.Struct):
    """What became of the rows read so far."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    skipped: int = 0
    """Rows whose records exist, where these were to be skipped."""


class State(msgspec.Struct, kw_only=True):
    """An import, as its batch's summary holds it."""

    filename: str
    options: Options
    parts: list[Part]
    counts: Counts = msgspec.field(default_factory=Counts)
    total: int | None = None
    part: int = 0
    """The file that is being imported."""
    row: int = 0
    """How many of its rows are settled."""
    refused_bytes: int = 0
    """How much of the file of refused rows is valid."""
    tally: dict[str, int] = {}
    skipped: list[Skipped] = []
    """The first SKIPPED cells that were left out."""
    job: str = ""
    error: str = ""
    stopped: bool = False
    """Whether somebody ended it before it was through; what came in by then stays."""
    language: str = ENGLISH
    """What its refusals and notes are told in: what its beginner read, in pages."""
    region: str = ""
    """Whose manner of writing figures they follow; empty: the language's own."""
    draft: str = ""
    """The upload that was tried, for a real import of it."""

    @property
    def place(self) -> str:
        """What the number of a refused row counts: lines, or the items of a JSON file."""
        return place_of(part.kind for part in self.parts)

    def stop(self) -> None:
        """Note that somebody ended it here."""
        self.stopped = True
        read = self.counts.read
        self.error = say_n(
            "It was stopped after %(n)s row.",
            "It was stopped after %(n)s rows.",
            read,
            n=grouped(read),
        )

    def notes(self) -> list[str]:
        """What people must know beside the counts: what was guessed, changed or left out."""
        several = len(self.parts) > 1
        found = [
            f"{part.filename}: {note}" if several else note
            for part in self.parts
            for note in part.notes
        ]
        return [*found, *(f"{counted(count, text)}." for text, count in self.tally.items())]

    def summary(self) -> dict[str, Any]:
        """The state as a batch keeps it."""
        return msgspec.to_builtins(self)

    def without_cells(self) -> State:
        """The state without anything that stood in a cell of the file."""
        replace = msgspec.structs.replace
        parts = [
            replace(part, values=[], mapping=[replace(one, samples=()) for one in part.mapping])
            for part in self.parts
        ]
        return replace(self, parts=parts, skipped=[])

    def progress(self) -> dict[str, Any]:
        """What of the summary a piece may change; the rest can be large and is kept already."""
        kept = ("filename", "options", "parts")
        fields = (name for name in self.__struct_fields__ if name not in kept)
        return {name: msgspec.to_builtins(getattr(self, name)) for name in fields}


def counted(count: int, text: str) -> str:
    """A tally's sentence: `{value|values} of 'Fee' left out` begins with one or many."""
    found = _NUMBERED.match(text)
    return plural(count, found[1], found[2]) + text[found.end() :] if found else f"{count:,} {text}"


def state_of(summary: dict[str, Any]) -> State:
    """The state that a batch keeps."""
    return msgspec.convert(summary, State)
