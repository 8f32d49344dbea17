"""Texts with places for a record's fields, in the Liquid language: `Hello {{ first_name }}`.

People write them, so they are checked as they are saved: a place that the record has not, a tag or
filter that there is not, are told with what is meant. Nothing of them is ever run as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, cast

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from tenfold.engine.ask import Embed
from tenfold.engine.definition import Definition
from tenfold.engine.registry import Registry
from tenfold.engine.types import Many, Ref
from tenfold.engine.unknown import hint
from tenfold.kernel.spans import span

OWNER = ("id", "name", "email")
COMMON: Mapping[str, tuple[str, ...]] = {
    "now": (),
    "today": (),
    "link": (),
    "organization": ("name",),
}
"""What every text may name beside the record's fields; those with parts are named with one."""
MOST = 100_000
_TAGS = frozenset(
    {"content", "output", "illegal", "if", "unless", "case", "for", "break", "assign"}
)
_FILTERS = frozenset(
    """abs at_least at_most ceil divided_by floor minus modulo plus round times append capitalize
    date default downcase escape first join last newline_to_br prepend remove replace size slice
    sort split strip strip_html truncate truncatewords upcase url_encode""".split()  # noqa: SIM905
)
_ALONE = re.compile(r"^\{\{-?\s*([a-z][a-z0-9_.]*)\s*-?\}\}$")


class _Language(Environment):
    """Liquid as far as texts need it, within limits that no text reaches by mistake."""

    context_depth_limit = 8
    loop_iteration_limit = 1_000
    output_stream_limit = MOST

    def __init__(self, *, html: bool = False) -> None:
        super().__init__(autoescape=html)
        for name in [*self.tags]:
            if name not in _TAGS:
                del self.tags[name]
        for name in [*self.filters]:
            if name not in _FILTERS:
                del self.filters[name]
        self.filters["later"] = later


def later(value: object, by: object = "") -> object:
    """A date or moment so much later: `{{ today | later: '3 days' }}`; earlier with a minus."""
    try:
        given, text = span(str(by)), str(value)
        if len(text) == 10:
            return (date.fromisoformat(text) + given.delta).isoformat()
        return (datetime.fromisoformat(text) + given.delta).isoformat()
    except (ValueError, OverflowError):
        return ""


_PLAIN, _HTML = _Language(), _Language(html=True)


@dataclass(frozen=True)
class Wording:
    """One text, read; a ValueError tells what is wrong with its form."""

    text: str
    html: bool = False

    @cached_property
    def _read(self) -> BoundTemplate:
        try:
            return (_HTML if self.html else _PLAIN).from_string(self.text)
        except LiquidError as error:
            raise ValueError(_said(error)) from None

    @cached_property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """The places it names, each by its parts: `("contact", "email")`."""
        found = self._read.analyze(include_partials=False)
        unknown = [name for name in found.filters if name not in {*_FILTERS, "later"}]
        if unknown:
            told = hint(unknown[0], tuple(sorted({*_FILTERS, "later"})))
            raise ValueError(f"names the filter {unknown[0]}, which there is not; {told}")
        every = (one.segments for some in found.globals.values() for one in some)
        return tuple(dict.fromkeys(tuple(p for p in path if isinstance(p, str)) for path in every))

    @property
    def alone(self) -> tuple[str, ...]:
        """The one place that is all of it, which then keeps the kind of its value."""
        found = _ALONE.match(self.text.strip())
        return tuple(found[1].split(".")) if found else ()

    def render(self, values: Mapping[str, Any]) -> str:
        """The text with its places filled in; what is empty is nothing. Raises ValueError."""
        try:
            return self._read.render(**values)
        except LiquidError as error:
            raise ValueError(_said(error)) from None

    def value(self, values: Mapping[str, Any]) -> object:
        """The same, or the very value of the one place that it is."""
        if not self.alone:
            return self.render(values)
        found: Any = values
        for part in self.alone:
            found = cast("Mapping[str, Any]", found).get(part) if isinstance(found, dict) else None
        return found


def has_places(value: object) -> bool:
    """Whether a value is a text with places."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


@dataclass(frozen=True, slots=True)
class Places:
    """What texts about records of a type may name; without one only what all may."""

    definition: Definition | None
    registry: Registry
    more: Mapping[str, tuple[str, ...] | None]
    """Further names with their parts; None: any."""

    def problem(self, wording: Wording) -> str:
        """What is wrong with a text; empty where nothing is."""
        if len(wording.text) > MOST:
            return f"must have at most {MOST:,} characters"
        try:
            paths = wording.paths
        except ValueError as error:
            return str(error)
        return next((told for path in paths if (told := self._unknown(path))), "")

    def embeds(self, wordings: Iterable[Wording]) -> tuple[Embed, ...]:
        """The related records that the texts name parts of, to be read along."""
        wanted: dict[str, dict[str, None]] = {}
        for wording in wordings:
            for path in wording.paths:
                relation = _relation(self.definition, path[0]) if path[1:] else None
                if relation is None:
                    continue
                first, second, *rest = path
                inner = wanted.setdefault(first, {})
                if rest and _relation(self.registry.by_name[relation.to], second) is not None:
                    inner[second] = None
        return tuple(Embed(n, tuple(Embed(one) for one in some)) for n, some in wanted.items())

    def _unknown(self, path: Sequence[str]) -> str:
        first = path[0]
        if first in self.more or first in COMMON or (first == "owner" and self.definition):
            parts = self.more.get(first, COMMON.get(first, OWNER))
            return "" if parts is None else _part(path, parts)
        if self.definition is None:
            return _unknown_name(first, [*COMMON, *self.more])
        return self._field(path, self.definition)

    def _field(self, path: Sequence[str], definition: Definition, before: str = "") -> str:
        """What is wrong with a path from a record of a type; `before` led there."""
        first, rest = path[0], path[1:]
        relation = _relation(definition, first)
        if relation is not None and rest and before.count(".") < 2:
            return self._field(rest, self.registry.by_name[relation.to], f"{before}{first}.")
        said = f"{before}{'.'.join(path)}"
        if relation is not None:
            return f"names {said}, a record; name one of its fields, like {said}.id"
        if first == "custom":
            return _part(path, [*definition.custom_fields])
        names = _names(definition)
        if first in names:
            return ""
        more = [*definition.relations, *(() if before else COMMON)]
        return _unknown_name(said, [f"{before}{name}" for name in (*names, *more)])


def _names(definition: Definition) -> list[str]:
    """What a record of a type has in its JSON, without what is behind a relation to many."""
    found = [f.json_name for f in definition.fields.values() if not isinstance(f.type, Many)]
    found += [f.currency.name for f in definition.fields.values() if f.currency is not None]
    return found


def _relation(definition: Definition | None, name: str) -> Ref | None:
    """The relation to one record of a name."""
    field = definition.relations.get(name) if definition else None
    return field.type if field is not None and isinstance(field.type, Ref) else None


def _part(path: Sequence[str], parts: Sequence[str]) -> str:
    """What is wrong with a name that has these parts."""
    if not parts and path[0] != "custom":
        return "" if len(path) == 1 else f"names {'.'.join(path)}; {path[0]} has no parts"
    if len(path) > 1 and path[1] in parts:
        return ""
    if not parts:
        return f"names {'.'.join(path)}; there are no fields of your own"
    return _unknown_name(".".join(path), [f"{path[0]}.{one}" for one in parts])


def _unknown_name(name: str, names: Sequence[str]) -> str:
    return f"names {name[:100]}, which there is not; {hint(name[:100], tuple(names))}"


def _said(error: LiquidError) -> str:
    """What Liquid says of a mistake, in one line."""
    return f"can't be read: {str(error).partition(chr(10))[0]}"
