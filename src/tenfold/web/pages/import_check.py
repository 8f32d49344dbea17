"""A file before it is imported, as its page shows it: where each column goes, its first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenfold.engine.definition import Definition
from tenfold.exchange.import_state import Column as Mapped
from tenfold.exchange.import_state import Options
from tenfold.exchange.previewing import Preview
from tenfold.exchange.refusals import PLACE_LABELS, place_of
from tenfold.exchange.surveying import KEY_CHANGES, KEY_SKIPS, NEEDED, NO_COLUMN
from tenfold.kernel.language import mark, say, within
from tenfold.web.pages import cells, import_how, import_links, import_words, words
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.filters import Option
from tenfold.web.pages.import_how import Choice, other_columns
from tenfold.web.pages.import_links import Missing
from tenfold.web.pages.import_views import labelled
from tenfold.web.pages.import_words import Words

_CERTAIN, _LIKELY = 0.9, 0.6
_TOLD_ELSEWHERE = (NO_COLUMN, NEEDED, KEY_SKIPS, KEY_CHANGES)
"""Notes that the page tells in their places."""
_NONE: Mapping[int, str] = {}
_REASONS = {
    "chosen": mark("chosen"),
    "same name": mark("same name"),
    "known name": mark("known name"),
    "similar name": mark("similar name"),
    "content": mark("by its content"),
    "unmapped": "",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: where it goes, why, and a few of its values."""

    number: int
    name: str
    samples: str
    reason: str
    options: tuple[Option, ...]
    sure: str = ""
    hue: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One of the first rows as it would be stored."""

    line: str
    refused: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A file before it is imported."""

    path: str
    filename: str
    rows: str
    about: str
    columns: tuple[Column, ...]
    heads: tuple[str, ...]
    first: tuple[CheckedRow, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    problem: str
    place: str
    known: tuple[Choice, ...]
    how: tuple[Choice, ...]
    words: tuple[Words, ...]
    missing_links: tuple[Missing, ...]
    changed: bool


def check(
    path: str,
    filename: str,
    definition: Definition,
    preview: Preview,
    eyes: cells.Reader,
    how: tuple[Choice, ...],
    chosen: Options,
    problem: str = "",
    clashes: Mapping[int, str] = _NONE,
) -> Check:
    """A file with its mapping and its first rows; `clashes` are columns that want a taken field."""
    labels = {t.name: t.label for t in preview.targets}
    used = [m.target for m in preview.mapping if m.target]
    given = _values(preview)
    shown = [f for f in definition.fields.values() if not f.system and f.json_name in given]
    one, many = within(definition.label), within(definition.label_plural)
    about = ", ".join(p.upper() for p in (preview.kind, preview.encoding) if p)
    elsewhere = tuple(say(text).partition("%(")[0] for text in _TOLD_ELSEWHERE)
    return Check(
        path=path,
        filename=filename,
        rows=f"{words.number(preview.rows)} {one if preview.rows == 1 else many}",
        about=about,
        columns=tuple(
            _column(number, m, labels, used, clashes.get(number, ""))
            for number, m in enumerate(preview.mapping)
        ),
        heads=tuple(f.label for f in shown),
        first=tuple(
            CheckedRow(
                str(r.line),
                labelled(r.refused, definition),
                tuple(cells.cell(f, r.values, eyes) for f in shown),
            )
            for r in preview.first
        ),
        # What is missing is told by its label, above the columns; the key beside its choice.
        notes=tuple(n for n in preview.notes if not n.startswith(elsewhere)),
        missing=tuple(preview.missing),
        problem=problem,
        place=say(PLACE_LABELS[place_of([preview.kind])]),
        known=import_how.known(preview, chosen),
        how=how,
        words=import_words.words(preview, chosen),
        missing_links=import_links.missing(preview, chosen),
        changed=other_columns(chosen, Options())
        or bool(chosen.region or chosen.currency)
        or chosen.unreadable == "skip",
    )


def _column(
    number: int, one: Mapped, labels: Mapping[str, str], used: Sequence[str], clash: str
) -> Column:
    """A column with what its field was chosen by, how sure that is, and why it can't go there."""
    sure, hue = _sure(one)
    problem = ""
    if clash:
        said = say("Another column goes into %(field)s already.", field=labels.get(clash, clash))
        mend = say("Choose another field for one of them.")
        problem = f"{said} {mend}"
    return Column(
        number,
        one.column,
        ", ".join(one.samples[:3]),
        say(_REASONS.get(one.reason, one.reason)) if one.reason != "unmapped" else "",
        _options(clash or one.target, labels, used),
        "" if clash else sure,
        hue,
        problem,
    )


def _sure(one: Mapped) -> tuple[str, str]:
    """How sure a guess is, in a word and a hue; nothing for a column that is left out."""
    if one.target is None:
        return "", ""
    if one.reason == "chosen":
        return say("Chosen"), "blue"
    if one.confidence >= _CERTAIN:
        return say("Sure"), "green"
    return (say("Likely"), "grey") if one.confidence >= _LIKELY else (say("Look at it"), "amber")


def _options(
    target: str | None, labels: Mapping[str, str], used: Sequence[str]
) -> tuple[Option, ...]:
    """Every field that a column can go into; one that is taken by another says so."""
    every = sorted(labels.items(), key=lambda pair: pair[1].casefold())
    return (
        Option("", say("Leave out"), not target),
        *(
            Option(
                name,
                say("%(field)s (taken)", field=label) if name in used and name != target else label,
                name == target,
            )
            for name, label in every
        ),
    )


def _values(preview: Preview) -> set[str]:
    return {name for row in preview.first for name in row.values}
