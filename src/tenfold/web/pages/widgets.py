"""Form fields as templates show them: the right control for each type of field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import AnyRef, Boolean, Choice, Choices, Ref, Stage, Text, TimeZone
from tenfold.engine.types.contact import ADDRESS_PARTS
from tenfold.engine.units import PERCENT
from tenfold.kernel import digits
from tenfold.kernel.language import mark, say
from tenfold.web.pages import words
from tenfold.web.pages.cells import Record, custom_values
from tenfold.web.pages.filters import Option
from tenfold.web.pages.session import Form

_INPUTS = {
    "email": ("email", "email"),
    "phone": ("tel", "tel"),
    "url": ("url", "url"),
    "integer": ("text", "numeric"),
    "decimal": ("text", "decimal"),
    "date": ("date", ""),
    "datetime": ("datetime-local", ""),
    "secret": ("password", ""),
}
_WIDE = frozenset(["long_text", "rich_text", "json", "address", "choices"])
_PARTS = {
    "street": mark("Street"),
    "street2": mark("Apartment, suite"),
    "city": mark("City"),
    "state": mark("State"),
    "postal_code": mark("Postal code"),
    "country": mark("Country"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One box of an address."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Widget:
    """One field of a form: its control, what it holds, its help, and what is wrong with it."""

    name: str
    label: str
    control: str
    value: str = ""
    input: str = "text"
    mode: str = ""
    help: str = ""
    error: str = ""
    now: str = ""
    required: bool = False
    wide: bool = False
    focus: bool = False
    longest: int = 0
    beside: str = ""
    hint: str = ""
    zone: str = ""
    after: str = ""
    picks: str = ""
    was: str = ""
    options: tuple[Option, ...] = ()
    parts: tuple[Part, ...] = ()
    mark: str = ""

    @property
    def id(self) -> str:
        """What its elements are called: of one field there may be several on a page."""
        return f"{self.name}{self.mark}"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled group of a form's fields; one that may wait until a record is there `folds`."""

    label: str
    widgets: tuple[Widget, ...]
    folds: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """What a form shows: stored values, or what was typed; names of ids; problems by field."""

    record: Record
    typed: Form | None
    problems: Mapping[str, str]
    names: Mapping[UUID, str]
    zone: ZoneInfo
    currency: str
    changed: Mapping[str, str]


def form_fields(definition: Definition, access: Access, *, creating: bool) -> list[Field]:
    """The fields that a person may set in a form, in order of declaration."""
    every = [*definition.fields.values(), *definition.custom_fields.values()]
    chosen = [f for f in every if access.sets(f) and f.type.kind not in ("many", "file")]
    # Who imports sets the key in another system; the stage of a record moves by its buttons.
    hidden = {"external_id"} if creating else {"external_id", "status"}
    if not creating and definition.status is None:
        hidden.discard("status")
    return [f for f in chosen if f.name not in hidden]


def sections(
    definition: Definition, fields: Sequence[Field], filled: Filled
) -> tuple[Section, ...]:
    """The form's sections; the first field to look at again has the focus, else the very first."""
    wrong = [f for f in fields if f.json_path in {*filled.problems, *filled.changed}]
    focused = (wrong or list(fields))[:1]
    groups: dict[str, list[Widget]] = {}
    fresh = "id" not in filled.record
    urgent: set[str] = set()
    titles = {f.name for f in definition.title_fields}
    ordered = sorted(fields, key=lambda f: (f.custom, f.section != "", f.name not in titles))
    for one in ordered:
        label = one.section or (say("Own fields") if one.custom else "")
        made = widget(one, filled, focus=one in focused)
        groups.setdefault(label, []).append(made)
        if one.required or one.json_name in filled.record or made.error or _touched(one, filled):
            urgent.add(label)
    return tuple(
        Section(label, tuple(widgets), folds=fresh and label != "" and label not in urgent)
        for label, widgets in groups.items()
    )


def widget(one: Field, filled: Filled, *, focus: bool = False) -> Widget:
    """The control of one field."""
    kind = one.type.kind
    name = one.json_path
    record = {**filled.record, **custom_values(filled.record, one)} if one.custom else filled.record
    stored: Any = record.get(one.json_name if not one.custom else one.name)
    text = _typed(one, filled) if filled.typed is not None else _stored(one, stored, filled)
    input_, mode = _INPUTS.get(kind, ("text", ""))
    base: dict[str, Any] = {
        "name": name,
        "label": one.label,
        "control": _control(one),
        "value": text,
        "input": input_,
        "mode": mode,
        "help": one.help,
        "error": words.sentence(filled.problems.get(name, "")),
        "now": filled.changed.get(name, ""),
        "required": one.required,
        "wide": kind in _WIDE,
        "focus": focus,
        "after": one.after,
        "beside": "%" if one.unit == PERCENT else "",
        "longest": one.type.max_length if isinstance(one.type, Text) else 0,
    }
    return Widget(**(base | _more(one, stored, text, record, filled)))


def _control(one: Field) -> str:
    kind = one.type.kind
    if kind in ("long_text", "rich_text", "json"):
        return "area"
    if kind == "boolean":
        return "box" if not one.nullable else "select"
    if kind in ("ref", "user", "any_ref"):
        return "pick"
    if kind in ("choice", "stage") or isinstance(one.type, TimeZone):
        return "select"
    if kind in ("money", "choices", "address", "datetime"):
        return kind
    return "line"


def _more(one: Field, stored: Any, text: str, record: Record, filled: Filled) -> dict[str, Any]:
    """What some controls need beside the common things."""
    name = one.json_path
    typed = filled.typed
    if (offered := _choices(one, name, stored, text, typed)) is not None:
        return {"options": offered}
    if one.type.kind == "money":
        beside = str(record.get(f"{one.name}_currency") or filled.currency)
        return {"beside": typed.get(f"{name}_currency", beside) if typed is not None else beside}
    if one.type.kind == "datetime":
        was = typed.get(f"{name}.was") if typed is not None else str(stored or "")
        return {"zone": str(filled.zone), "beside": _place(filled.zone), "was": was}
    if one.type.kind == "tags":
        return {"hint": say("Separate them with commas")}
    if one.type.kind == "secret" and stored:
        return {"hint": say("Leave empty to keep it")}
    if one.type.kind == "address":
        return {"parts": _parts(name, stored, typed)}
    if isinstance(one.type, Ref | AnyRef) or one.type.kind == "user":
        return {"picks": one.name, "was": _was(one, stored, filled)}
    return {}


def _choices(
    one: Field, name: str, stored: Any, text: str, typed: Form | None
) -> tuple[Option, ...] | None:
    """What a field's control offers; None where one writes into it."""
    if isinstance(one.type, Choices):
        chosen: set[str] = set(typed.all(name) if typed is not None else stored or [])
        return _options(one.type, chosen)
    # An empty choice where it may stay empty, and where none was made yet.
    empty = (Option("", "", not text),) if one.nullable or not text else ()
    if isinstance(one.type, Choice):
        return (*empty, *_options(one.type, {text}))
    if isinstance(one.type, TimeZone):
        known = dict(words.zones())
        if text:
            known.setdefault(text, text)
        return (*empty, *(Option(v, label, v == text) for v, label in known.items()))
    if isinstance(one.type, Boolean) and one.nullable:
        given = (("", ""), ("true", say("Yes")), ("false", say("No")))
        return tuple(Option(v, label, v == text) for v, label in given)
    return None


def _place(zone: ZoneInfo) -> str:
    """A time zone by its place: `America/Los_Angeles` → Los Angeles."""
    return str(zone).rpartition("/")[2].replace("_", " ")


def _options(kind: Choice | Choices, chosen: set[str]) -> tuple[Option, ...]:
    offered = kind.offered(*chosen) if isinstance(kind, Stage) else kind.options
    return tuple(Option(o, kind.label(o), o in chosen) for o in offered)


def _parts(name: str, stored: Any, typed: Form | None) -> tuple[Part, ...]:
    given = cast("dict[str, Any]", stored) if isinstance(stored, dict) else {}
    return tuple(
        Part(
            f"{name}.{part}",
            say(_PARTS.get(part, part.replace("_", " ").capitalize())),
            typed.get(f"{name}.{part}") if typed is not None else str(given.get(part) or ""),
        )
        for part in ADDRESS_PARTS
    )


def _typed(one: Field, filled: Filled) -> str:
    if filled.typed is None or one.type.kind == "secret":
        return ""
    return filled.typed.get(one.json_path)


def _stored(one: Field, value: Any, filled: Filled) -> str:
    """A stored value as its control holds it."""
    if value is None or one.type.kind == "secret":
        return _first(one) if value is None and "id" not in filled.record else ""
    match one.type.kind:
        case "boolean":
            return "true" if value else "false"
        case "datetime":
            moment = words.moment_of(str(value))
            return words.local_input(moment, filled.zone) if moment else str(value)
        case "tags":
            return words.between_commas(value)
        case "json":
            return digits.indented(value)
        case "ref" | "user":
            return filled.names.get(UUID(str(value)), "")
        case "any_ref":
            return filled.names.get(UUID(str(value["id"])), "")
        case "choices" | "address":
            return ""
        case _:
            if words.is_year(one.name, value) or not isinstance(value, int | float | Decimal):
                return str(value)
            return words.editable(value)


def _first(one: Field) -> str:
    """What a new record's field begins with: its default."""
    if one.default is None:
        return ""
    return str(one.default).lower() if isinstance(one.default, bool) else str(one.default)


def _touched(one: Field, filled: Filled) -> bool:
    """Whether something was typed into the field's control, other than what it begins with."""
    if filled.typed is None:
        return False
    name = one.json_path
    names = [f"{name}.{part}" for part in ADDRESS_PARTS] if one.type.kind == "address" else [name]
    values = [value for each in names for value in filled.typed.all(each) if value]
    return bool(values) and values != [_first(one)]


def _was(one: Field, value: Any, filled: Filled) -> str:
    """The stored target as `type:id|title`, so that an untouched box keeps it for certain."""
    if filled.typed is not None:
        return filled.typed.get(f"{one.json_path}.was")
    if not value:
        return ""
    kind, identity = "", str(value)
    if isinstance(value, dict):
        pointer = cast("dict[str, Any]", value)
        kind, identity = str(pointer["type"]), str(pointer["id"])
    return f"{kind}:{identity}|{filled.names.get(UUID(identity), '')}"
