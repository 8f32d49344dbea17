"""Tells a file's addresses apart: business, home, mailing, `Address 2 -`; one field for each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tenfold.exchange.rows import Value, is_blank
from tenfold.exchange.synonyms import plain
from tenfold.exchange.targets import Goal

# The word that names an address stands first (English) or last (German).
_WHICH = {
    "business": "business",
    "work": "business",
    "geschaftlich": "business",
    "home": "home",
    "privat": "home",
    "personal": "home",
    "other": "other",
    "weitere": "other",
    "weiterer": "other",
    "weiteres": "other",
    "bureau": "business",
    "domicile": "home",
    "autre": "other",
    "mailing": "mailing",
    "billing": "billing",
    "shipping": "shipping",
}
_NUMBERED = re.compile(r"address ([0-9]) (.+)")
_NAMES = {
    "street": "street|street 1|address|street address|address street|address 1|address line 1|"
    "strasse|anschrift|rue|street address 1|street address line 1",
    "street2": "street 2|address 2|street address 2|street address line 2|address line 2|"
    "extended address|strasse 2",
    "city": "city|town|address city|ort|stadt|ville",
    "state": "state|region|province|state province|state or province|state region|address state|"
    "bundesland|bundesland kanton|kanton",
    "postal_code": "postal code|zip|zip code|zip postal code|postcode|address postal code|"
    "address zip|postleitzahl|plz|code postal|code",
    "country": "country|country region|address country|land|land region|pays|pays region",
}
_PARTS = {name: part for part, names in _NAMES.items() for name in names.split("|")}
_GLUED = re.compile(f"({'|'.join(_WHICH)})(.+)")
_PARTS_GLUED = {name.replace(" ", ""): part for name, part in _PARTS.items()}


@dataclass(frozen=True, slots=True)
class Addressed:
    """Where the columns of addresses go, and those for whose address there is no field."""

    targets: Mapping[str, str]
    left: frozenset[str]


@dataclass(slots=True)
class _Group:
    parts: dict[str, str] = field(default_factory=dict[str, str])
    filled: bool = False


def addressed(
    columns: Sequence[str],
    samples: Sequence[Mapping[str, Value]],
    goals: Mapping[str, Goal],
    settled: Collection[str],
) -> Addressed:
    """Each address of the file that has a name of its own to a field; those with content first.

    `settled` are columns and fields that are spoken for already.
    """
    fields = [g.target.name for g in goals.values() if g.kind == "address"]
    own = {g.field.name for g in goals.values() if g.part and g.field and g.target.name in settled}
    groups = _groups([c for c in columns if c not in settled and c not in goals], samples)
    nameless = [c for c in columns if plain(c) in _PARTS and c not in settled]
    if not fields or not groups:
        return Addressed({}, frozenset())
    if _filled(nameless, samples) or any(c in goals and goals[c].part for c in columns):
        fields = fields[1:]
    free = [name for name in fields if name not in own and name not in settled]
    ordered = sorted(groups, key=lambda group: not group.filled)
    targets: dict[str, str] = {}
    for name, group in zip(free, ordered, strict=False):
        targets |= {column: f"{name}.{part}" for part, column in group.parts.items()}
    parts = {column for group in groups for column in group.parts.values()}
    return Addressed(targets, frozenset(parts - targets.keys()))


def _groups(columns: Iterable[str], samples: Sequence[Mapping[str, Value]]) -> list[_Group]:
    """The addresses of a file that say which they are, in its order."""
    found: dict[str, _Group] = defaultdict(_Group)
    for column in columns:
        which, part = _placed(column)
        if part:
            found[which].parts.setdefault(part, column)
    for group in found.values():
        group.filled = _filled(group.parts.values(), samples)
    # One column alone, like `Home Country`, is no address.
    return [group for group in found.values() if len(group.parts) > 1]


def _placed(column: str) -> tuple[str, str]:
    """Which address a column is of, and which part of it; empty for other columns."""
    text = plain(column)
    if numbered := _NUMBERED.fullmatch(text):
        return numbered[1], _PARTS.get(numbered[2], "")
    words = text.split()
    if len(words) == 1 and (glued := _GLUED.fullmatch(text)):
        # Salesforce's Data Loader writes MAILINGSTREET, and OTHERSTREET for another address.
        return _WHICH[glued[1]], _PARTS_GLUED.get(glued[2], "")
    for which, rest in ((words[:1], words[1:]), (words[-1:], words[:-1])):
        if which and which[0] in _WHICH:
            return _WHICH[which[0]], _PARTS.get(" ".join(rest), "")
    return "", ""


def _filled(columns: Iterable[str], samples: Sequence[Mapping[str, Value]]) -> bool:
    names = list(columns)
    return any(not is_blank(values.get(name)) for values in samples for name in names)
