"""Which fields a table shows, in which order, and which of them stay on a small screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import Stage
from tenfold.web.pages.cells import END_ALIGNED, kind_of, reachable

MOST = 8
# How wide a column of a kind is in `static/css/table.css`, in pixels.
WIDTHS = {
    "title": 256,
    "title long-name": 300,
    "stage": 136,
    "stage long-stage": 172,
    "choice": 132,
    "score": 104,
    "money": 116,
    "integer": 100,
    "decimal": 100,
    "rollup": 100,
    "boolean": 104,
    "date": 108,
    "datetime": 148,
    "email": 204,
    "phone": 132,
    "ref": 160,
    "any_ref": 160,
    "user": 140,
    "tags": 170,
    "choices": 170,
    "text": 160,
    "address": 260,
    "url": 180,
}
# A list's room on screens of 1024, 1320, 1440 and 1600 pixels beside the rail and the boxes that
# rows are chosen by; then the rank after it.
_TABLET, _DESK = (783, 3), (1_159, 5)
_ROOMS = (_TABLET, (1_039, 4), _DESK, (1_319, 6))
# What the last column leaves at the right edge, beyond what cells leave between them; a bar to
# scroll with may stand there.
_MARGIN = 16
_WIDEST = 7
_PHONE = 3
_AGAIN = 18
# The letters of a stage that its usual column has room for.
_LONG = 15
MOST_CHOSEN = 30
_UNSHOWN = frozenset(["json", "secret", "many", "file"])
_NEVER = frozenset(["long_text", "rich_text", "json", "secret", "many", "file"])
_SYSTEM = frozenset({"external_id", "team", "id"})
# How much a field says in a table, by its kind; declared filters, sorts and search add to it.
_WORTH = {
    "stage": 100,
    "stage long-stage": 100,
    "score": 60,
    "money": 40,
    "ref": 38,
    "email": 36,
    "choice": 34,
    "date": 32,
    "phone": 30,
    "user": 28,
    "any_ref": 26,
    "datetime": 24,
    "tags": 20,
    "choices": 18,
    "rollup": 18,
    "decimal": 16,
    "integer": 14,
    "text": 12,
    "boolean": 10,
    "address": 30,
    "url": 6,
}
# A person's link to these mostly names the same person again.
_SELVES = frozenset({"contact", "lead"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; `rank` 1 is the title, 2 stays on a phone, 3 on a tablet, 6 and 7
    come on wide screens only, and 0 wherever the table can be moved sideways.

    `name` is how an address calls it; `steps` its width in steps of 20 pixels, 0 for the usual.
    """

    field: Field
    label: str
    kind: str
    end: bool
    rank: int
    sort: str = ""
    direction: str = ""
    also: str = ""
    name: str = ""
    steps: int = 0


def columns_of(definition: Definition, access: Access) -> list[Column]:
    """The columns worth showing: the title first, then the stage, then in order of declaration."""
    titles = {definition.belongs_to, *(f.name for f in definition.title_fields)}
    candidates = [
        f
        for f in (*definition.fields.values(), *definition.custom_fields.values())
        if access.sees(f) and f.name not in titles and _shown(f) and not is_reason(definition, f)
    ]
    best = _best(definition, candidates)
    chosen = [f for f in candidates if f in best]
    created = definition.fields["created_at"]
    chosen.sort(key=lambda f: (f.name != "status", f.name == "owner"))
    ordered = [*chosen, created] if created not in chosen else chosen
    ranks = _ranks(definition, ordered)
    return [_column(definition, f, ranks[f.name]) for f in ordered]


def chosen_columns(definition: Definition, access: Access, text: str) -> list[Column]:
    """The columns that a person chose, in their order: `status,budget:140`; the rest is left out.

    Their widths are in pixels; `owner:r6` is one that shows on screens of its rank alone, as it did
    where the choice was made. Those of the title alone go with `title:300`, see `head_steps`.
    """
    able = {f.json_path: f for f in showable(definition, access)}
    found: dict[str, Column] = {}
    for part in text.split(","):
        name, _, width = part.partition(":")
        if (one := able.get(name)) is not None:
            rank = 2 if len(found) < _PHONE else 0
            made = _column(definition, one, _RANKED.get(width, rank))
            found[name] = replace(made, steps=_in_steps(width))
    return list(found.values())[:MOST_CHOSEN]


_RANKED = {f"r{rank}": rank for rank in range(3, 8)}


def head_steps(text: str) -> int:
    """The width that a person gave to the title, in steps of 20 pixels; 0 for the usual."""
    widths = (part.partition(":")[2] for part in text.split(",") if part.startswith("title:"))
    return _in_steps(next(widths, ""))


def showable(definition: Definition, access: Access) -> list[Field]:
    """The fields that a column may show, in order of declaration."""
    titles = {definition.belongs_to, *(f.name for f in definition.title_fields)}
    every = (*definition.fields.values(), *definition.custom_fields.values())
    return [
        f
        for f in every
        if access.sees(f)
        and f.name not in titles
        and f.name not in _SYSTEM
        and (not f.system or f.name in ("created_at", "updated_at"))
        and kind_of(f) not in _UNSHOWN
        and not is_reason(definition, f)
    ]


def _in_steps(width: str) -> int:
    """A width in steps of 20 pixels, from 3 to 30; 0 for none."""
    pixels = int(width) if width.isascii() and width.isdigit() and len(width) < 5 else 0
    return max(3, min(30, round(pixels / 20))) if pixels else 0


def spare(definition: Definition, columns: Sequence[Column]) -> int:
    """How many steps of 20 pixels the names may have more on a screen of 1440; 5 at most."""
    return _steps(definition, columns, *_DESK)


def near(definition: Definition, columns: Sequence[Column]) -> int:
    """The same on a screen of 1024."""
    return _steps(definition, columns, *_TABLET)


def _steps(definition: Definition, columns: Sequence[Column], room: int, rank: int) -> int:
    used = WIDTHS[head_kind(definition)] + sum(WIDTHS[c.kind] for c in columns if c.rank <= rank)
    return max(0, min(5, (room - _MARGIN - used) // 20))


def _best(definition: Definition, candidates: Sequence[Field]) -> list[Field]:
    """The fields that together say most: a second of a kind says less than the first."""
    chosen: list[Field] = []
    kinds: Counter[str] = Counter()
    rest = list(candidates)
    while rest and len(chosen) < MOST - 2:
        one = max(rest, key=lambda f: _worth(definition, f) - _AGAIN * kinds[kind_of(f)])
        rest.remove(one)
        chosen.append(one)
        kinds[kind_of(one)] += 1
    return chosen


def head_kind(definition: Definition) -> str:
    """The kind of the first column: people's names are shorter than those of things."""
    long = definition.belongs_to or not reachable(definition)
    return "title long-name" if long else "title"


def _column(definition: Definition, one: Field, rank: int) -> Column:
    kind = _kind(definition, one)
    name = one.json_path
    return Column(one, one.label, kind, kind in END_ALIGNED, rank, sort_name(one), name=name)


def sort_name(one: Field) -> str:
    """The name to sort by, empty where no index would help."""
    fit = (one.sort or one.title) and not one.type.many and not one.custom
    return one.json_name if fit else ""


def _shown(one: Field) -> bool:
    if one.system or one.name in _SYSTEM:
        return False
    return kind_of(one) not in _NEVER


def _worth(definition: Definition, one: Field) -> int:
    kind = _kind(definition, one)
    worth = _WORTH.get(kind, 5)
    if one.sort or one.search in ("A", "B"):
        worth += 20
    if getattr(one.type, "to", "") in _SELVES and reachable(definition):
        worth -= 30
    return worth + (8 if one.filter else 0) + (4 if one.required else 0) - (4 if one.custom else 0)


def _kind(definition: Definition, one: Field) -> str:
    kind = kind_of(one)
    if isinstance(one.type, Stage) and max(map(len, map(one.type.label, one.type.options))) > _LONG:
        return "stage long-stage"
    return "score" if kind == "integer" and f"{one.name}_reasons" in definition.fields else kind


def is_reason(definition: Definition, one: Field) -> bool:
    """Whether it holds the points behind a score, which the score itself tells."""
    return one.name.endswith("_reasons") and one.name.removesuffix("_reasons") in definition.fields


def _ranks(definition: Definition, fields: Sequence[Field]) -> dict[str, int]:
    """The three best stay on a phone; of the others each comes where there is room for it."""
    by_worth = sorted(fields, key=lambda f: (f.name == "created_at", -_worth(definition, f)))
    total = WIDTHS[head_kind(definition)]
    ranks: dict[str, int] = {}
    for place, one in enumerate(by_worth):
        total += WIDTHS.get(_kind(definition, one), WIDTHS["text"])
        fits = next((rank for room, rank in _ROOMS if total <= room - _MARGIN), _WIDEST)
        ranks[one.name] = 2 if place < _PHONE else fits
    return ranks
