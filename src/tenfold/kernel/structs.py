"""JSON objects as structs: every mistake named by field, in the words of our errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from tenfold.kernel.errors import Invalid, MissingFields, UnknownField
from tenfold.kernel.language import mark, say, say_n
from tenfold.kernel.text import there_are

_T = TypeVar("_T", bound=msgspec.Struct)
_EXPECTED = re.compile(r"Expected `([^`]+)`(?:, got `[^`]+`)?(.*)$")
_LENGTH = re.compile(r"of length (<=|>=) (\d+)")
_STEP = re.compile(r"\.(\w+)")
_INVALID = {
    "Invalid UUID": mark("must be an id (a UUID)"),
    "Invalid RFC3339 encoded datetime": mark("must be a moment, like 2026-11-22T08:00:00Z"),
    "Invalid RFC3339 encoded date": mark("must be a day, like 2026-11-22"),
}
_WORDS = {
    "str": mark("text"),
    "int": mark("a whole number"),
    "bool": mark("true or false"),
    "array": mark("a list"),
    "object": mark("an object"),
    "uuid": mark("an id (a UUID)"),
    "null": "null",
}


def convert(body: Mapping[str, object], struct: type[_T]) -> _T:
    """A JSON object as a struct, with every mistake in it reported at once."""
    fields = {f.encode_name: f for f in msgspec.structs.fields(struct)}
    unknown = {name[:100]: _unknown(name, list(fields)) for name in body if name not in fields}
    missing: dict[str, str] = {}
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if field.required and body.get(name) in (None, ""):
            missing[name] = say("is required")
        elif name in body:
            try:
                values[field.name] = msgspec.convert(body[name], field.type)
            except msgspec.ValidationError as error:
                problems |= _problem(name, str(error), field.type)
            if _broken(body[name]):
                problems[name] = say("contains a character that can't be kept")
    if unknown:
        raise UnknownField({**unknown, **problems})
    if missing and not problems:
        raise MissingFields(missing, f"Missing: {', '.join(missing)}.")
    if missing or problems:
        raise Invalid({**problems, **missing})
    return struct(**values)


def _unknown(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, 1)
    hint = f"did you mean {close[0]}?" if close else there_are(names)
    return f"is not a field here; {hint}"


def _problem(name: str, text: str, kind: Any) -> dict[str, str]:
    """A message of msgspec, by the field it is about, in plain words."""
    told, _, path = text.partition(" - at `$")
    place = f"{name}{path.rstrip('`')}".replace("[...]", "")
    if found := _LENGTH.search(told):
        return {place: _length(found[1], int(found[2]), text="`str`" in told)}
    if "matching regex" in told and (words := _pattern_in_words(kind)):
        return {place: words}
    if found := _EXPECTED.match(told):
        kinds = [say(_WORDS.get(kind, kind)) for kind in found[1].split(" | ")]
        either = say("or")
        said = f" {either} ".join(kinds)
        return {place: say("must be %(what)s", what=f"{said}{found[2]}")}
    if told.startswith("Invalid enum value"):
        steps = _STEP.findall(path)
        choices = dict.fromkeys(_choices(inspect.type_info(kind), steps))
        return {place: say("must be one of %(names)s", names=", ".join(choices))}
    if told in _INVALID:
        return {place: say(_INVALID[told])}
    return {place: told[:1].lower() + told[1:].replace("`", "")}


def _length(bound: str, n: int, *, text: bool) -> str:
    if bound == "<=":
        if text:
            return say_n(
                "must have at most %(n)s character", "must have at most %(n)s characters", n, n=n
            )
        return say_n("must have at most %(n)s entry", "must have at most %(n)s entries", n, n=n)
    if text:
        return say_n(
            "must have at least %(n)s character", "must have at least %(n)s characters", n, n=n
        )
    return say_n("must have at least %(n)s entry", "must have at least %(n)s entries", n, n=n)


def _pattern_in_words(kind: Any) -> str:
    """What a field's own description says of its pattern."""
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.Metadata):
        return ""
    found = cast("dict[str, object]", info.extra_json_schema or {}).get("description", "")
    return say(str(found)) if found else ""


def _choices(kind: inspect.Type, steps: Sequence[str]) -> Iterator[str]:
    """The words that a type takes, at the end of the names that lead into it."""
    match kind:
        case inspect.LiteralType():
            yield from (str(value) for value in kind.values)
        case inspect.EnumType():
            yield from (str(one.value) for one in kind.cls)
        case inspect.UnionType():
            for one in kind.types:
                yield from _choices(one, steps)
        case inspect.ListType() | inspect.SetType() | inspect.FrozenSetType():
            yield from _choices(kind.item_type, steps)
        case inspect.DictType():
            yield from _choices(kind.key_type, steps)
            yield from _choices(kind.value_type, steps)
        case inspect.StructType():
            for one in kind.fields:
                if not steps or one.encode_name == steps[0]:
                    yield from _choices(one.type, steps[1:])
        case _:
            return


def _broken(value: object) -> bool:
    """Whether a text in it holds NUL or half a character, which PostgreSQL can't keep."""
    if isinstance(value, str):
        return "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value)
        return any(_broken(k) or _broken(v) for k, v in pairs.items())
    items = cast("list[object]", value) if isinstance(value, list) else []
    return any(_broken(item) for item in items)
