"""vCards of all versions: each card a row with the names that people use."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import itemgetter

from tenfold.exchange.rows import Row, Value, Values, refused
from tenfold.exchange.text_lines import lines_of, readable
from tenfold.exchange.vcard_lines import Card, Property, cards_of, parts, properties_of, unescaped
from tenfold.kernel.language import say

COLUMNS = [
    "full_name",
    "first_name",
    "middle_name",
    "last_name",
    "prefix",
    "suffix",
    "nickname",
    "organization",
    "department",
    "job_title",
    "emails",
    "phones",
    "faxes",
    "addresses",
    "urls",
    "birthday",
    "anniversary",
    "note",
    "categories",
    "uid",
]

_VERSIONS = ("2.1", "3.0", "4.0")
_NAME = ("last_name", "first_name", "middle_name", "prefix", "suffix")
_ADDRESS = ("po_box", "extended", "street", "city", "region", "postal_code", "country")
_PLAIN = {
    "FN": "full_name",
    "NICKNAME": "nickname",
    "TITLE": "job_title",
    "BDAY": "birthday",
    "ANNIVERSARY": "anniversary",
    "X-ANNIVERSARY": "anniversary",
    "X-MS-ANNIVERSARY": "anniversary",
    "X-EVOLUTION-ANNIVERSARY": "anniversary",
    "UID": "uid",
}
_LISTS = {"EMAIL": "emails", "TEL": "phones", "URL": "urls", "ADR": "addresses"}
_KINDS = frozenset({"KIND", "X-ADDRESSBOOKSERVER-KIND", "X-ABSHOWAS"})
_NOISE = frozenset({"internet", "pref", "voice", "x-internet", "postal", "parcel", "dom", "intl"})
_KEEP = ("fax", "cell", "pager", "work", "home")


def rows_of(text: io.TextIOBase, encoding: str) -> Iterator[Row]:
    """Each card of the file; a broken one is refused and the others go on."""
    for card in cards_of(lines_of(text)):
        yield _row(card, encoding)


def _row(card: Card, encoding: str) -> Row:
    if card.error:
        return refused(card.number, card.error, readable(card.raw()))
    try:
        values = _values(list(properties_of(card, encoding)))
    except ValueError as error:
        return refused(
            card.number, say("The card can't be read: %(why)s.", why=error), readable(card.raw())
        )
    return Row(card.number, values)


def _values(properties: Sequence[Property]) -> Values:
    version = next((p.value.strip() for p in properties if p.name == "VERSION"), None)
    if version not in _VERSIONS:
        raise ValueError(
            say("its VERSION is %(version)s; 2.1, 3.0 and 4.0 are read", version=version)
            if version
            else say("its VERSION is missing; 2.1, 3.0 and 4.0 are read")
        )
    kinds = {p.value.strip().casefold() for p in properties if p.name in _KINDS}
    if "group" in kinds:
        raise ValueError(say("it is a group of other cards, nobody by itself"))
    labels = {p.group: _label(p.value) for p in properties if p.name == "X-ABLABEL" and p.group}
    values: Values = dict.fromkeys(COLUMNS)
    lists: dict[str, list[tuple[bool, Value]]] = defaultdict(list)
    for found in properties:
        if found.value.strip(" ;"):
            _one(found, labels.get(found.group, ""), values, lists)
    for name, items in lists.items():
        # The preferred one first, for fields that hold but one.
        values[name] = [value for _, value in sorted(items, key=lambda item: not item[0])]
    values["phones"] = _line_first(values["phones"])
    if "company" in kinds or "org" in kinds:
        _company(values)
    if all(value is None for value in values.values()):
        raise ValueError(say("it holds nothing but its version"))
    return values


def _company(values: Values) -> None:
    """A company's card has its name as a person's; what it is called is no first and last name."""
    values["organization"] = values["organization"] or values["full_name"]
    values["full_name"] = None


def _line_first(phones: Value) -> Value:
    """A cell phone after another one: the field for a second number is that of a mobile."""
    numbers = phones if isinstance(phones, list) else []
    kinds = [one["type"].split() for one in numbers]
    line = next((i for i, kind in enumerate(kinds) if not {"cell", "pager"} & {*kind}), -1)
    rank = [0 if i == line else 1 if "cell" in kind else 2 for i, kind in enumerate(kinds)]
    return [one for _, one in sorted(zip(rank, numbers, strict=True), key=itemgetter(0))] or None


def _one(
    found: Property, label: str, values: Values, lists: dict[str, list[tuple[bool, Value]]]
) -> None:
    """Puts one property where people look for it."""
    text = unescaped(found.value).strip()
    match found.name:
        case "N":
            values.update({k: v or None for k, v in zip(_NAME, _names(found.value), strict=False)})
        case "ORG":
            _organisation(parts(found.value), values)
        case "EMAIL" | "TEL" | "URL" | "ADR":
            name = "faxes" if "fax" in found.types else _LISTS[found.name]
            lists[name].append((_preferred(found), _item(found, label, text)))
        case "CATEGORIES":
            lists["categories"] += [(False, part) for part in parts(found.value, ",") if part]
        case "NOTE":
            values["note"] = f"{values['note']}\n\n{text}" if values["note"] else text
        case "X-ABDATE" if label.casefold() == "anniversary":
            values["anniversary"] = text
        case name if name in _PLAIN and values[_PLAIN[name]] is None:
            values[_PLAIN[name]] = _without_year(found, text)
        case _:
            return


def _without_year(found: Property, text: str) -> str:
    """The text; Apple gives a birthday without year a year that it tells to leave out."""
    year = found.params.get("X-APPLE-OMIT-YEAR", "")
    return f"--{text[len(year) :].strip('-')}" if year and text.startswith(year) else text


def _item(found: Property, label: str, text: str) -> Value:
    """One entry of a list, with what it is for; links have no type."""
    if found.name == "ADR":
        return _address(found, label)
    if found.name == "URL":
        return text
    # `;ext=102` stays after a number, as telephone libraries read it.
    bare = re.sub(r"^(mailto|tel):", "", text, flags=re.IGNORECASE).strip()
    return {"value": bare, "type": _type(found, label)}


def _names(value: str) -> list[str]:
    """The five parts of a name; several given within one part are joined by blanks or commas."""
    return [re.sub(r"\s+", " ", part) for part in parts(value)]


def _organisation(units: list[str], values: Values) -> None:
    if values["organization"] is None:
        values["organization"] = units[0] or None
        values["department"] = ", ".join(unit for unit in units[1:] if unit) or None


def _address(found: Property, label: str) -> Value:
    named = dict(zip(_ADDRESS, parts(found.value), strict=False))
    extra = [named.get(part, "") for part in ("po_box", "extended")]
    street = "\n".join(part for part in (named.get("street", ""), *extra) if part)
    kept = {part: named.get(part, "") for part in _ADDRESS[3:]}
    return {"street": street, **kept, "type": _type(found, label)}


def _type(found: Property, label: str) -> str:
    """What the thing is for: its own label, or its types without those that say nothing."""
    if label:
        return label
    types = [name for name in found.types if name not in _NOISE]
    known = [name for name in _KEEP if name in types]
    return " ".join(known[::-1] or types[:1])


def _label(value: str) -> str:
    r"""Apple writes its own labels as `_$!<HomePage>!$_`."""
    return unescaped(value).strip().removeprefix("_$!<").removesuffix(">!$_")


def _preferred(found: Property) -> bool:
    return "pref" in found.types or found.params.get("PREF") == "1"
