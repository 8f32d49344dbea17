"""A record's values as cells: what a template shows, without deciding anything itself."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from tenfold.engine.definition import Definition, Field
from tenfold.engine.naming import title_of
from tenfold.engine.registry import Registry
from tenfold.engine.types import AnyRef, Choice, Choices, Many, Ref, Stage
from tenfold.engine.types.contact import one_line
from tenfold.engine.types.other import Expression
from tenfold.engine.units import PERCENT
from tenfold.kernel import digits
from tenfold.kernel.ids import parse_id
from tenfold.kernel.labels import label_of
from tenfold.kernel.language import say, say_as, say_n, within
from tenfold.web.pages import hues, words

Record = Mapping[str, Any]
_BREAK = re.compile(r"</(?:p|div|li|h\d)>|<br\s*/?>")
_MARKUP = re.compile(r"<[^>]*>")
# The country after a region, where an address is a name: `…, CA 95630, US`.
_WITH_COUNTRY = re.compile(r"(, [A-Z]{2}(?: [\w -]{2,10})?), [A-Z]{2}$")
END_ALIGNED = frozenset(["integer", "decimal", "money", "rollup", "score"])


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as it is shown; `kind` chooses the template's form of it."""

    kind: str = "empty"
    text: str = ""
    href: str = ""
    title: str = ""
    hue: str = ""
    icon: str = ""
    items: tuple[Cell, ...] = ()
    share: int = 0
    stuck: str = ""


EMPTY = Cell()


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose eyes the values are for: time, place, currency, and what ids are called."""

    now: datetime
    zone: ZoneInfo
    region: str
    currency: str
    registry: Registry
    names: Mapping[UUID, str] = field(default_factory=dict[UUID, str])
    colours: Mapping[str, str] = field(default_factory=dict[str, str])


def cell(one: Field, record: Record, reader: Reader) -> Cell:
    """The cell of a field of a record."""
    if one.custom:
        record = {**record, **custom_values(record, one)}
    value = record.get(one.json_name)
    if value is None or value in ("", [], {}):
        return EMPTY
    return _FORMS.get(kind_of(one, record), _text)(one, value, record, reader)


def kind_of(one: Field, record: Record | None = None) -> str:
    """The kind that decides a value's form: of a computed field that of what it computes."""
    kind = one.type.of.kind if isinstance(one.type, Expression) else one.type.kind
    if record is not None and kind == "integer" and f"{one.name}_reasons" in record:
        return "score"
    return kind


def decoded(json: bytes) -> dict[str, Any]:
    """A record as it was read."""
    return cast("dict[str, Any]", digits.decode(json))


def custom_values(record: Record, one: Field) -> dict[str, object]:
    """A custom field's value under its own name, an amount beside its currency."""
    custom = _object(record.get("custom"))
    names = (one.name, one.currency.name) if one.currency else (one.name,)
    return {name: custom.get(name) for name in names}


def record_cell(definition: Definition, record: Record, registry: Registry, href: str = "") -> Cell:
    """A record by its name, with an avatar, as a link."""
    name = title_of(definition, record, registry)
    identity = str(record.get("id", ""))
    return titled_cell(definition, identity, name, href)


def titled_cell(definition: Definition, identity: object, name: str, href: str = "") -> Cell:
    """A record by its known name: people and companies with initials, others with their sign."""
    link = href or f"/{definition.path}/{identity}"
    if any(f.type.kind == "address" for f in definition.title_fields):
        name = _WITH_COUNTRY.sub(r"\1", name)
    icon = "" if reachable(definition) else definition.icon
    hue, letters = hues.of_id(str(identity)), hues.initials(name)
    return Cell("record", name, link, hue=hue, title=letters, icon=icon)


def reachable(definition: Definition) -> bool:
    """Whether records of a type are somebody whom one can call or write to."""
    return any(f.type.kind in ("email", "phone") for f in definition.own_fields())


def person_cell(identity: object, reader: Reader) -> Cell:
    """A person of the organisation by name."""
    found = parse_id(str(identity))
    name = reader.names.get(found, "") if found else ""
    if not name:
        return EMPTY
    return Cell("person", name, hue=hues.of_id(str(identity)), title=hues.initials(name))


def chip(kind: Choice | Choices, value: str) -> Cell:
    """A choice as a chip with a dot; a stage's in the hue of what it means."""
    hue = hues.of(kind, value) if isinstance(kind, Stage) else hues.of_choice(value)
    return Cell("chip", kind.label(value), hue=hue)


def stuck(kind: Stage, record: Record, now: datetime) -> str:
    """How long a record has been at its stage without a change, where that is too long."""
    at = words.moment_of(str(record.get("updated_at") or ""))
    most = kind.stuck_after(str(record.get("status")))
    days = (now - at).days if at and most else 0
    return (
        say_n("Stuck for %(n)s day", "Stuck for %(n)s days", days, n=days)
        if days >= most > 0
        else ""
    )


def moment_cell(moment: datetime, reader: Reader) -> Cell:
    """A moment, relative; in full on hover."""
    try:
        text = words.near(moment, reader.now, reader.zone, reader.region)
        full = words.whole(moment, reader.zone, reader.region)
    except OverflowError:  # a moment of the first or last day that there is, in another zone
        return Cell("text", moment.isoformat())
    return Cell("time", text, moment.isoformat(), full)


# -- one function per kind


def _text(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    return Cell("text", str(value))


def _long(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    return Cell("long", str(value))


def _rich(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    text = html.unescape(_MARKUP.sub("", _BREAK.sub("\n", str(value)))).strip()
    return Cell("long", text) if text else EMPTY


def _number(one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    text = str(value) if words.is_year(one.name, value) else words.number(value)
    return Cell("number", words.percent(text) if one.unit == PERCENT else text)


def _score(one: Field, value: Any, record: Record, _reader: Reader) -> Cell:
    reasons: dict[str, Any] = record.get(f"{one.name}_reasons") or {}
    text = say("%(n)s points", n=value)
    parts = _pairs({name: points for name, points in reasons.items() if points})
    text = say("%(name)s: %(value)s", name=text, value=parts) if parts else text
    return Cell("score", str(value), title=text, share=max(0, min(100, int(value))))


def _money(one: Field, value: Any, record: Record, reader: Reader) -> Cell:
    currency = str(record.get(f"{one.name}_currency") or reader.currency)
    text = words.money(value, currency)
    return Cell("number", text, title=f"{text} {currency}")


def _boolean(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    return Cell("yes" if value else "no", say("Yes") if value else say("No"))


def _date(_one: Field, value: Any, _record: Record, reader: Reader) -> Cell:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return Cell("text", str(value))
    today = reader.now.astimezone(reader.zone).date()
    full = words.full_day(day, reader.region)
    return Cell("time", words.near_day(day, today, reader.region), day.isoformat(), full)


def _moment(_one: Field, value: Any, _record: Record, reader: Reader) -> Cell:
    found = words.moment_of(str(value))
    return moment_cell(found, reader) if found else Cell("text", str(value))


def _email(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    return Cell("link", str(value), f"mailto:{value}")


def _phone(_one: Field, value: Any, _record: Record, reader: Reader) -> Cell:
    return Cell("link", words.phone(str(value), reader.region), f"tel:{value}")


def _url(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    try:
        parts = urlsplit(str(value))
    except ValueError:
        return Cell("text", str(value))
    if parts.scheme not in ("http", "https"):
        return Cell("text", str(value))
    text = (parts.netloc + parts.path).removeprefix("www.").rstrip("/")
    return Cell("outside", text, str(value), str(value))


def _choice(one: Field, value: Any, record: Record, reader: Reader) -> Cell:
    if not isinstance(one.type, Choice):
        return Cell("text", str(value))
    made = chip(one.type, str(value))
    if isinstance(one.type, Stage) and one.type.own:
        return replace(made, stuck=stuck(one.type, record, reader.now))
    return made


def _choices(one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    if not isinstance(one.type, Choices):
        return EMPTY
    found = [chip(one.type, str(item)) for item in _items(value)]
    return Cell("list", ", ".join(c.text for c in found), items=tuple(found))


def _tags(_one: Field, value: Any, _record: Record, reader: Reader) -> Cell:
    tints = reader.colours
    texts = [str(item) for item in _items(value)]
    found = tuple(Cell("tag", text, hue=tints.get(text.casefold(), "")) for text in texts)
    return Cell("list", ", ".join(c.text for c in found), items=found)


def _address(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    parts = {k: str(v) for k, v in _object(value).items()}
    return Cell("text", one_line(parts)) if parts else EMPTY


def _ref(one: Field, value: Any, record: Record, reader: Reader) -> Cell:
    """The related record by name, where it was read along; an unreadable one shows as nothing."""
    if not isinstance(one.type, Ref):
        return EMPTY
    other: Any = record.get(one.name)
    definition = reader.registry.by_name[one.type.to]
    known = _linked(definition, value, reader)
    if known.text or not isinstance(other, dict):
        return known
    return record_cell(definition, _object(other), reader.registry)


def _many(one: Field, value: Any, _record: Record, reader: Reader) -> Cell:
    if not isinstance(one.type, Many):
        return EMPTY
    other = reader.registry.by_name[one.type.to]
    found = [c for c in (_linked(other, item, reader) for item in _items(value)) if c.text]
    return Cell("list", ", ".join(c.text for c in found), items=tuple(found)) if found else EMPTY


def _any_ref(one: Field, value: Any, _record: Record, reader: Reader) -> Cell:
    pointer = _object(value)
    identity = parse_id(str(pointer.get("id", "")))
    other = reader.registry.by_name.get(str(pointer.get("type"))) if identity else None
    if not isinstance(one.type, AnyRef) or other is None:
        return EMPTY
    return _linked(other, identity, reader)


def _linked(definition: Definition, identity: object, reader: Reader) -> Cell:
    """A record by its id, where its name is known."""
    found = parse_id(str(identity))
    name = reader.names.get(found, "") if found else ""
    return titled_cell(definition, found, name) if name else EMPTY


def _user(_one: Field, value: Any, _record: Record, reader: Reader) -> Cell:
    return person_cell(value, reader)


def _json(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    named = _object(value)
    if named and all(isinstance(v, int | float | str) for v in named.values()):
        return Cell("text", _pairs(named))
    return Cell("code", digits.indented(value))


def _pairs(named: Mapping[str, Any]) -> str:
    """Values by their names, which are read as those of fields: `budget 30, timeline 25`."""
    labels = [(within(say_as("field", label_of(name))), value) for name, value in named.items()]
    return ", ".join(f"{label} {value}" for label, value in labels)


def _secret(_one: Field, value: Any, _record: Record, _reader: Reader) -> Cell:
    return Cell("secret", str(value))


def _object(value: Any) -> dict[str, Any]:
    """A JSON object; nothing for any other value."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    """What a list holds; of any other value itself."""
    return cast("list[Any]", value) if isinstance(value, list) else [value]


_FORMS: Mapping[str, Callable[[Field, Any, Record, Reader], Cell]] = {
    "long_text": _long,
    "rich_text": _rich,
    "integer": _number,
    "decimal": _number,
    "rollup": _number,
    "score": _score,
    "money": _money,
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "choice": _choice,
    "stage": _choice,
    "choices": _choices,
    "tags": _tags,
    "address": _address,
    "ref": _ref,
    "many": _many,
    "any_ref": _any_ref,
    "user": _user,
    "json": _json,
    "secret": _secret,
}
