"""Samples of values: a cell of every kind, and what surrounds them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from tenfold.kernel.language import mark, say, say_n
from tenfold.web.pages import cells, words
from tenfold.web.pages.cells import Cell

HUES = ("grey", "blue", "amber", "green", "red", "violet")
"""What a stage may mean; beside them `plain`, which means nothing."""
TONES = (
    ("page", "surface", "sunk", "raised", "hover", "press", "line", "line-strong", "control-line"),
    ("text", "text-2", "text-3", "icon"),
    tuple(f"n{n}" for n in range(1, 13)),
    ("accent", "accent-hover", "accent-text", "on-accent", "accent-tint", "ring"),
    tuple(name for hue in HUES for name in (hue, f"{hue}-text")),
)
"""Every colour that the style sheet names, in groups."""
LONG = (
    "Bartholomew Maximilian Featherstonehaugh-Cholmondeley of the Upper Northern Riverside "
    "Estate, his sister Wilhelmina Alexandrina, both of their households, and the company that "
    "looks after it for them"
)
"""A name of about 200 characters."""
RIGHT_TO_LEFT = "عبد الرحمن بن خلدون"
NOTE = (
    "They want to be near the river, with a garden for the dog, and can wait until the spring. "
    "The school decides. "
) * 5


@dataclass(frozen=True, slots=True)
class Values:
    """What the sections of colours and of values show."""

    tones: tuple[tuple[str, ...], ...]
    cells: tuple[tuple[str, Cell], ...]
    chips: tuple[Cell, ...]
    tags: tuple[Cell, ...]
    people: tuple[Cell, ...]
    records: tuple[Cell, ...]
    scores: tuple[Cell, ...]
    times: tuple[Cell, ...]


def person(name: str, hue: int) -> Cell:
    """Somebody of the organisation."""
    letters = "".join(part[0] for part in name.split()[:2])
    return Cell("person", name, hue=f"p{hue}", title=letters)


def record(name: str, hue: int, icon: str = "") -> Cell:
    """A record by its name, with initials or a sign."""
    parts = name.split()
    letters = (parts[0][0] + parts[-1][0]).upper()
    return Cell("record", name, "/components", hue=f"p{hue}", title=letters, icon=icon)


def chip(text: str, hue: str, stuck: str = "") -> Cell:
    """A stage."""
    return Cell("chip", text, hue=hue, stuck=stuck)


def money(amount: int, currency: str) -> Cell:
    """An amount in units of its currency."""
    text = words.money(amount, currency)
    return Cell("number", text, title=f"{text} {currency}")


def score(number: int) -> Cell:
    """A score with the reasons for it."""
    return Cell("score", str(number), title=say("%(n)s points", n=number), share=number)


def moment(eyes: cells.Reader, **away: float) -> Cell:
    """A moment so far from now."""
    return cells.moment_cell(eyes.now + timedelta(**away), eyes)


_STAGES = ("New", "Working", "Waiting", "Won", "Lost", "Hot")
_KINDS = (
    (mark("Text"), Cell("text", "Riverside, second floor")),
    (mark("A name of 200 characters"), Cell("text", LONG)),
    (mark("Right-to-left text"), Cell("text", RIGHT_TO_LEFT)),
    (mark("Long text, folded"), Cell("long", NOTE)),
    (mark("Link"), Cell("link", "zoe@example.com", "mailto:zoe@example.com")),
    (mark("Link to elsewhere"), Cell("outside", "example.com/plans", "https://example.com/plans")),
    (mark("Yes"), Cell("yes", "Yes")),
    (mark("No"), Cell("no", "No")),
    (mark("Code"), Cell("code", '{\n  "source": "web"\n}')),
    (mark("Secret"), Cell("secret", "•••• 4821")),
    (mark("Nothing"), Cell()),
)


def values(eyes: cells.Reader) -> Values:
    """The samples."""
    tags = (Cell("tag", "garden", hue="green"), Cell("tag", "first home"), Cell("tag", "عائلة"))
    both = Cell("list", "garden, first home", items=tags)
    chips = tuple(chip(text, hue) for text, hue in zip(_STAGES, HUES, strict=True))
    stuck = replace(chips[1], stuck=say_n("Stuck for %(n)s day", "Stuck for %(n)s days", 9, n=9))
    given = (
        (say("Number"), Cell("number", words.number(1_250))),
        (say("Money"), money(1_250_000, eyes.currency)),
        (say("Several values"), both),
    )
    return Values(
        tones=TONES,
        cells=(*((say(label), one) for label, one in _KINDS), *given),
        chips=(*chips, chip("Choice", "plain"), stuck, chip(LONG, "blue")),
        tags=tags,
        people=(person("Ada Byron", 3), person("Kenji Abe", 7), person(LONG, 10)),
        records=(record("Zoë Ünal", 1), record("12 River Road", 5, "house"), record(LONG, 8)),
        scores=(score(8), score(54), score(100)),
        times=(
            moment(eyes, minutes=-4),
            moment(eyes, days=-1),
            moment(eyes, days=2),
            moment(eyes, days=-400),
        ),
    )
