"""Proposes which column of a file goes into which field of a record type."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import Literal

from tenfold.exchange.looks import mostly
from tenfold.exchange.rows import Value, as_text, is_blank
from tenfold.exchange.synonyms import concept_of, plain, without_parent
from tenfold.exchange.value_units import named
from tenfold.kernel.language import say
from tenfold.kernel.text import there_are

SHOWN = 3
"""How many values of a column are shown beside a proposal."""

Reason = Literal["chosen", "same name", "known name", "similar name", "content", "unmapped"]

# What a column's content may look like for a field of each kind; other kinds take anything.
_FITS: dict[str, frozenset[str]] = {
    "email": frozenset({"email"}),
    "url": frozenset({"url"}),
    "phone": frozenset({"phone", "integer"}),
    "date": frozenset({"date", "datetime", "integer"}),
    "datetime": frozenset({"date", "datetime", "integer"}),
    "money": frozenset({"money", "decimal", "integer"}),
    "decimal": frozenset({"decimal", "integer", "money"}),
    "integer": frozenset({"integer", "decimal", "phone"}),
}
# Only these say enough by themselves; a number could be anything.
_TELLING = frozenset({"email", "url", "phone"})
# Where a column's own field does not exist or is taken, these hold the same kind of thing.
_INSTEAD: dict[str, tuple[str, ...]] = {
    "phone_2": ("mobile_phone", "home_phone"),
    "home_phone": ("phone", "phone_2", "mobile_phone"),
    "mobile_phone": ("phone", "phone_2"),
    "phone": ("mobile_phone",),
    "email_2": ("email", "email_3"),
}
_POINTING = frozenset({"ref", "any_ref", "user"})
_LINKS = frozenset({"website", "url"})
_BARE = frozenset({"", "area", "size", "surface", "superficie", "flache"})
_ALIKE = 0.88
_EMPTY = 0.35
"""How much a column without content falls back behind those that have some."""


class UnknownName(ValueError):
    """An override names a column or a field that does not exist; the text gives the nearest one."""


@dataclass(frozen=True, slots=True)
class Target:
    """A field that can be imported into; `kind` is one that `values.read` knows."""

    name: str
    label: str
    kind: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    measured: bool = False
    """Whether a unit may stand in a column's name."""
    secret: bool = False
    """Whether its values are kept secret: the first of them are not shown then."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A column and the field proposed for it, if any, with how sure that is (0 to 1) and why."""

    column: str
    target: str | None
    confidence: float
    reason: Reason
    samples: tuple[str, ...]


def guess(
    columns: Sequence[str],
    samples: Sequence[Mapping[str, Value]],
    targets: Sequence[Target],
    overrides: Mapping[str, str | None] | None = None,
    left: Collection[str] = (),
) -> list[Guess]:
    """A guess for each column, in order; no field twice. An override of None leaves one out.

    Columns that are `left` are known to go nowhere.
    """
    chosen = dict(overrides or {})
    _check(chosen, columns, targets)
    shown = {column: _shown(column, samples) for column in columns}
    found: dict[str, tuple[str | None, float, Reason]] = {
        column: (target, 1.0, "chosen") for column, target in chosen.items()
    }
    scored = [
        (*_score(column, shown[column], target), column, target)
        for column in columns
        for target in targets
        if column not in chosen and column not in left
    ]
    taken = {target for target in chosen.values() if target}

    # sorted() is stable: of equals, the column that stands first in the file wins.
    def behind(item: tuple[float, Reason, str, Target]) -> float:
        return -item[0] if shown[item[2]] or not samples else _EMPTY - item[0]

    for sure, reason, column, target in sorted(scored, key=behind):
        if sure and column not in found and target.name not in taken:
            found[column] = (target.name, round(sure, 2), reason)
            taken.add(target.name)
    secret = {target.name for target in targets if target.secret}
    made: list[Guess] = []
    for column in columns:
        target, sure, reason = found.get(column, (None, 0.0, "unmapped"))
        first = () if target in secret else tuple(shown[column][:SHOWN])
        made.append(Guess(column, target, sure, reason, first))
    return made


def missing(guesses: Sequence[Guess], targets: Sequence[Target]) -> list[Target]:
    """The required fields that no column goes into."""
    mapped = {found.target for found in guesses}
    return [target for target in targets if target.required and target.name not in mapped]


def _check(
    chosen: Mapping[str, str | None], columns: Sequence[str], targets: Sequence[Target]
) -> None:
    names = [target.name for target in targets]
    used: dict[str, str] = {}
    for column, target in chosen.items():
        if column not in columns:
            raise UnknownName(
                say("There is no column %(name)s", name=repr(column)) + nearest(column, columns)
            )
        if target is None:
            continue
        if target not in names:
            raise UnknownName(
                say("There is no field %(name)s", name=repr(target)) + nearest(target, names)
            )
        if target in used:
            raise UnknownName(
                say(
                    "%(one)s and %(other)s can't both go into %(field)s.",
                    one=repr(used[target]),
                    other=repr(column),
                    field=repr(target),
                )
            )
        used[target] = column


def nearest(name: str, names: Sequence[str]) -> str:
    """The end of a sentence about a name that there is not."""
    by_plain = {plain(known): known for known in names}
    close = get_close_matches(plain(name), list(by_plain), 1, 0.5)
    if close:
        return f"; {say('did you mean %(near)s?', near=repr(by_plain[close[0]]))}"
    return f"; {there_are(names[:20])}." if names else "."


def _score(column: str, texts: list[str], target: Target) -> tuple[float, Reason]:
    """How sure it is that the column belongs into the field, and what tells so."""
    by_name, reason = _by_name(column, target)
    looks = mostly(texts)
    fits = _FITS.get(target.kind)
    if by_name and looks and fits and looks not in fits:
        # The name says so, the content denies it: shown as doubtful, dropped where only similar.
        return (by_name - 0.4 if by_name > 0.8 else 0.0), reason
    if by_name:
        return by_name, reason
    if texts and (instead := _instead(column, target)):
        return instead, "similar name"
    if looks in _TELLING and target.kind == looks and concept_of(column) is None:
        # A link may lead anywhere; only a field for links of no certain kind takes it.
        return (0.4, "content") if looks != "url" or target.name in _LINKS else (0.0, "unmapped")
    return 0.0, "unmapped"


def _instead(column: str, target: Target) -> float:
    """How well a field stands in for the one that a column means."""
    meanings = _INSTEAD.get(concept_of(column) or "", ())
    names = (target.name, target.label, *target.aliases)
    fits = [place for place, one in enumerate(meanings) if one in map(concept_of, names)]
    return round(0.6 - 0.05 * fits[0], 2) if fits else 0.0


def _by_name(column: str, target: Target) -> tuple[float, Reason]:
    own, inner = plain(column), plain(without_parent(column))
    last = target.name.rpartition(".")[2]
    names = [plain(name) for name in (target.name, target.label, *target.aliases) if name]
    if own and own in names:
        return 1.0, "same name"
    if inner and inner in names:
        return 0.95, "same name"
    if target.measured and (sure := _in_a_unit(column, target)):
        return sure, "known name"
    meaning = concept_of(column)
    if meaning:
        meanings = {concept_of(name) for name in (target.name, last, target.label, *target.aliases)}
        if target.kind in _POINTING:
            # `contact_id` of a deal points at a contact; it is no id of the deal itself.
            meanings.discard("external_id")
        return (0.9, "known name") if meaning in meanings else (0.0, "unmapped")
    best = max((_alike(own, name) for name in names), default=0.0)
    return (round(best * 0.7, 2), "similar name") if best >= _ALIKE else (0.0, "unmapped")


def _in_a_unit(column: str, target: Target) -> float:
    """How sure a column's name says what is measured, besides the unit: `Living area (m²)`."""
    name, unit = named(column)
    if not unit:
        return 0.0
    if name in {plain(text) for text in (target.name, target.label, *target.aliases)}:
        return 0.95
    meanings = {concept_of(text) for text in (target.name, target.label, *target.aliases)} - {None}
    if concept_of(name) in meanings:
        return 0.9
    # An area of nothing else is what `sqft` alone is.
    return 0.8 if name in _BARE and concept_of("sqft") in meanings else 0.0


def _alike(one: str, other: str) -> float:
    """How alike two names are; what can't be alike enough costs next to nothing."""
    if 2 * min(len(one), len(other)) < _ALIKE * (len(one) + len(other)):
        return 0.0
    matcher = SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0


def _shown(column: str, samples: Sequence[Mapping[str, Value]]) -> list[str]:
    """The distinct first texts of a column that hold anything."""
    texts = (as_text(row.get(column)).strip() for row in samples if not is_blank(row.get(column)))
    return list(dict.fromkeys(text[:200] for text in texts if text))[:200]
