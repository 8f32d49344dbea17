"""Which fields a table shows, in which order, and which of them stay on a small screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.web.pages.cells import END_ALIGNED, kind_of, reachable

MOST = 8
_AGAIN = 18
_NEVER = frozenset(["long_text", "rich_text", "json", "secret", "many", "file"])
_SYSTEM = frozenset({"external_id", "team", "id"})
# How much a field says in a table, by its kind; declared filters, sorts and search add to it.
_WORTH = {
    "stage": 100,
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
    """One column of a table; `rank` 1 is the title, 2 stays on a phone, 3 on a tablet."""

    field: Field
    label: str
    kind: str
    end: bool
    rank: int
    sort: str = ""
    direction: str = ""


def columns_of(definition: Definition, access: Access) -> list[Column]:
    """The columns worth showing: the title first, then the stage, then in order of declaration."""
    titles = {f.name for f in definition.title_fields}
    candidates = [
        f
        for f in (*definition.fields.values(), *definition.custom_fields.values())
        if access.sees(f) and f.name not in titles and _shown(f) and not _is_reason(definition, f)
    ]
    best = _best(definition, candidates)
    chosen = [f for f in candidates if f in best]
    created = definition.fields["created_at"]
    chosen.sort(key=lambda f: (f.name != "status", f.name == "owner"))
    ordered = [*chosen, created] if created not in chosen else chosen
    ranks = _ranks(definition, ordered)
    return [_column(definition, f, ranks[f.name]) for f in ordered]


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


def _column(definition: Definition, one: Field, rank: int) -> Column:
    kind = "score" if _is_score(definition, one) else kind_of(one)
    return Column(one, one.label, kind, kind in END_ALIGNED, rank, sort_name(one))


def sort_name(one: Field) -> str:
    """The name to sort by, empty where no index would help."""
    fit = (one.sort or one.title) and not one.type.many and not one.custom
    return one.json_name if fit else ""


def _shown(one: Field) -> bool:
    if one.system or one.name in _SYSTEM:
        return False
    return kind_of(one) not in _NEVER


def _worth(definition: Definition, one: Field) -> int:
    kind = "score" if _is_score(definition, one) else kind_of(one)
    worth = _WORTH.get(kind, 5)
    if one.sort or one.search in ("A", "B"):
        worth += 20
    if getattr(one.type, "to", "") in _SELVES and reachable(definition):
        worth -= 30
    return worth + (8 if one.filter else 0) + (4 if one.required else 0) - (4 if one.custom else 0)


def _is_score(definition: Definition, one: Field) -> bool:
    return kind_of(one) == "integer" and f"{one.name}_reasons" in definition.fields


def _is_reason(definition: Definition, one: Field) -> bool:
    return one.name.endswith("_reasons") and one.name.removesuffix("_reasons") in definition.fields


def _ranks(definition: Definition, fields: Sequence[Field]) -> dict[str, int]:
    """The three best stay on a phone, one more on a tablet; the last goes first."""
    by_worth = sorted(fields, key=lambda f: -_worth(definition, f))
    ranks: dict[str, int] = {}
    for place, one in enumerate(by_worth):
        ranks[one.name] = 2 if place < 3 else 3 if place == 3 else 4
    if len(by_worth) > MOST - 2:
        ranks[by_worth[-1].name] = 5
    return ranks
