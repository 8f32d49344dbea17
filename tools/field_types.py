"""The page of field types: what each takes and answers, how it is declared, filtered and stored."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING
from dataclasses import fields as attributes
from typing import Any

from sqlalchemy.dialects import postgresql

from tenfold.engine import compile_checks, declare
from tenfold.engine import types as t
from tenfold.engine.compile import PYTHON
from tenfold.engine.definition import Field
from tenfold.engine.tailored import KINDS

ID = "01997a1c-6f1e-7d3a-9b52-0c1d2e3f4a5b"
"""Stands for the id of a record or a person."""
_OPTIONS = ("red", "green", "blue")
TYPES: tuple[t.FieldType, ...] = (
    t.Text(folded=True),
    t.LongText(),
    t.RichText(),
    t.Integer(),
    t.Decimal(),
    t.Money(),
    t.Boolean(),
    t.Date(),
    t.DateTime(),
    t.Email(),
    t.Phone(),
    t.Url(),
    t.Address(),
    t.Choice(options=_OPTIONS),
    t.Stage(options=("found", "named", "shown")),
    t.Choices(options=_OPTIONS),
    t.Tags(),
    t.Ref(to="drawer"),
    t.Many(to="drawer"),
    t.AnyRef(),
    t.User(),
    t.File(),
    t.Json(),
    t.Secret(),
    t.Generated(sql="number * 2", of=t.Integer()),
    t.Computed(sql="{t}.number * 2", of=t.Integer()),
    t.Rollup(relation="specimens"),
)
# Given and answered; tests/conformance/test_reference.py sends each to the type of all fields.
EXAMPLES: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": ({"plain": " Ada  Lovelace "}, {"plain": "Ada Lovelace"}),
    "long_text": ({"story": "One\r\nTwo "}, {"story": "One\nTwo"}),
    "rich_text": (
        {"article": "<p onclick='x()'>Hi</p><script>y()</script>"},
        {"article": "<p>Hi</p>"},
    ),
    "integer": ({"number": 12}, {"number": 12}),
    "decimal": ({"weight": 1.25}, {"weight": 1.25}),
    "money": ({"price": 1250.5}, {"price": 1250.5, "price_currency": "USD"}),
    "boolean": ({"rare": True}, {"rare": True}),
    "date": ({"found_on": "2026-11-21"}, {"found_on": "2026-11-21"}),
    "datetime": (
        {"seen_at": "2026-11-21T10:30:00+01:00"},
        {"seen_at": "2026-11-21T09:30:00+00:00"},
    ),
    "email": ({"email": "Ada@Example.com"}, {"email": "ada@example.com"}),
    "phone": ({"phone": "(415) 555-0101"}, {"phone": "+14155550101"}),
    "url": ({"site": "https://example.com/a"}, {"site": "https://example.com/a"}),
    "address": (
        {"place": {"street": "12 Main Street", "city": "Sacramento"}},
        {"place": {"street": "12 Main Street", "city": "Sacramento"}},
    ),
    "choice": ({"colour": "red"}, {"colour": "red"}),
    "stage": ({"status": "found"}, {"status": "found"}),
    "choices": ({"colours": ["red", "blue"]}, {"colours": ["red", "blue"]}),
    "tags": ({"tags": ["vip", "new", "vip"]}, {"tags": ["vip", "new"]}),
    "ref": ({"drawer_id": ID}, {"drawer_id": ID}),
    "any_ref": ({"about": {"type": "drawer", "id": ID}}, {"about": {"type": "drawer", "id": ID}}),
    "user": ({"finder_id": ID}, {"finder_id": ID}),
    "file": ({"picture_id": ID}, {"picture_id": ID}),
    "json": ({"notes": {"any": ["JSON", 1]}}, {"notes": {"any": ["JSON", 1]}}),
    "secret": ({"combination": "4711"}, {"combination": "••••"}),
    "generated": ({"number": 12}, {"twice": 24}),
    "computed": ({"name": "Quartz", "number": 12}, {"label": "Quartz no. 12"}),
    "rollup": ({"name": "Top"}, {"specimen_count": 0}),
}
_OPERATORS = {
    "eq": ("`?name=x`", "is x"),
    "ne": ("`?name[ne]=x`", "is not x, or is empty"),
    "in": ("`?name[in]=x,y`", "is one of up to 100"),
    "gt": ("`?name[gt]=x`", "is above x"),
    "gte": ("`?name[gte]=x`", "is x or above"),
    "lt": ("`?name[lt]=x`", "is below x"),
    "lte": ("`?name[lte]=x`", "is x or below"),
    "null": ("`?name[null]=true`", "is empty (`false`: is not)"),
    "prefix": ("`?name[prefix]=x`", "begins with x"),
}
_WORDS = {"least": "min", "most": "max"}
_INNER = {
    "folded",
    "options",
    "of",
    "currency",
    "sql",
    "as_written",
    "own",
}  # made from the annotation, or by position
_BY_ANNOTATION = {
    "choice": "an `enum.StrEnum`, whose values are the choices",
    "choices": "a `set` of an `enum.StrEnum`",
    "stage": "an `enum.StrEnum`, with `pipeline(…)`; always the field `status`",
    "generated": "the type of its result, with `generated(…)`",
    "computed": "the type of its result, with `computed(…)`",
    "rollup": "the type of its result, with `rollup(…)`",
}
_SPECIFIERS: Mapping[str, Callable[..., Any]] = {
    "ref": declare.relation,
    "many": declare.relation,
    "any_ref": declare.relation,
    "stage": declare.pipeline,
    "generated": declare.generated,
    "computed": declare.computed,
    "rollup": declare.rollup,
}
_HEAD = """# Field types

What a field's annotation can be in a [declaration](declarations.md). Where it says `| None` too,
the field may be empty, and `null` in JSON empties it. In the examples a field's name stands with
its value, as in a record's JSON.
"""

_FILTERS = """A field is named as in JSON (`?drawer_id=…`, `?custom.depth=…`). All conditions must
hold. Texts compare byte by byte: upper case is not lower case. Of several values one must be it.
"""


def page() -> str:
    """Every field type, with the operators that filters have."""
    _complete()
    lines = [_HEAD, "## Filters", "", "| operator | finds records whose field |", "| --- | --- |"]
    lines += [f"| `{name}`: {how} | {what} |" for name, (how, what) in _OPERATORS.items()]
    lines += ["", _FILTERS]
    for one in TYPES:
        lines += _type(one)
    return "\n".join(lines)


def _complete() -> None:
    """Stop where a type or an operator has no place on the page."""
    declared = {kind for name in t.__all__ if (kind := getattr(getattr(t, name), "kind", ""))}
    missing = declared - {one.kind for one in TYPES} - {"currency"}  # stands beside an amount
    missing |= {op for one in TYPES for op in one.operators} - set(_OPERATORS)
    missing |= {one.kind for one in TYPES if one.kind != "many"} - set(EXAMPLES)
    if missing:
        raise SystemExit(f"tools/field_types.py says nothing of {', '.join(sorted(missing))}.")


def _type(one: t.FieldType) -> list[str]:
    words = inspect.cleandoc(type(one).__doc__ or "")
    lines = [f"## {one.kind}", "", words, "", "| | |", "| --- | --- |"]
    return [*lines, *(f"| {name} | {text} |" for name, text in _rows(one)), ""]


def _rows(one: t.FieldType) -> Iterator[tuple[str, str]]:
    yield "annotation", _annotation(one)
    yield "schema", _code(one.schema()) if one.schema() else "any JSON"
    if example := EXAMPLES.get(one.kind):
        given, answered = map(_code, example)
        yield "takes → answers", given if given == answered else f"{given} → {answered}"
    yield "options", ", ".join(_options(one)) or "none of its own"
    yield "may have", ", ".join(f"`{use}`" for use in _uses(one)) or "no index, no search"
    yield "operators", ", ".join(f"`{op}`" for op in one.operators) or "none"
    yield "columns", _columns(one)
    if one.kind in KINDS:
        yield "custom field", f'`"kind": "{one.kind}"`'


def _annotation(one: t.FieldType) -> str:
    if one.kind in _BY_ANNOTATION:
        return _BY_ANNOTATION[one.kind]
    plain = [p for p, kind in PYTHON.items() if kind is type(one)]
    names = [f"{p.__module__}.{p.__qualname__}".removeprefix("builtins.") for p in plain]
    return " or ".join(
        f"`{name}`" for name in [*names, f"tenfold.engine.types.{type(one).__name__}"]
    )


def _options(one: t.FieldType) -> Iterator[str]:
    for each in attributes(one):
        if each.name not in _INNER:
            needed = each.default is MISSING and each.default_factory is MISSING
            default = "…" if needed else repr(getattr(one, each.name))
            yield f"`{_WORDS.get(each.name, each.name)}={default}`"


def _uses(one: t.FieldType) -> list[str]:
    """The options for indexes and search that its specifier has and the compiler lets it have."""
    offered = inspect.signature(_SPECIFIERS.get(one.kind, declare.field)).parameters
    found: list[str] = []
    for use, value in (("filter", True), ("sort", True), ("unique", True), ("search", "A")):
        problems: list[str] = []

        def note(_field: str, problem: str, _fix: str, problems: list[str] = problems) -> None:
            problems.append(problem)

        given: dict[str, Any] = {use: value}
        compile_checks.field(Field(name="it", type=one, **given), note)
        if use in offered and not problems:
            found.append(use)
    return found


def _columns(one: t.FieldType) -> str:
    made = [
        f"`{column.named('name')}` {_kind(column)}"
        + (" (generated)" if column.generated else " (derived)" if column.derived else "")
        for column in one.columns()
    ]
    slots = [f"{'also ' if made else ''}a row a value in `slots`"] if one.many else []
    return ", ".join([*made, *slots]) or "none; made at each read"


def _kind(column: t.Column) -> str:
    return (
        column.type.compile(dialect=postgresql.dialect()).lower().replace('collate "c"', "").strip()
    )


def _code(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("|", "\\|")
    return f"`{text}`"
