"""Checks that filters, sorts and pages answer what a naive reading of the rows says."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from tests.conformance import samples
from tests.conformance.world import World
from tests.factories import Somebody

from tenfold.engine.definition import Definition, Field

ROWS = 24
Row = dict[str, Any]


async def rows_of(place: World, kind: Definition) -> list[Row]:
    """Records with nulls and ties in every field, as the API shows them; secrets as given."""
    who = await place.here.person("owner")
    bodies = [await _body(place, who, kind, n) for n in range(ROWS)]
    made = await place.fine(who, "POST", f"/v1/{kind.path}/bulk", {"records": bodies})
    given = {row["id"]: body for row, body in zip(made, bodies, strict=True)}
    told = [{name: given[row["id"]].get(name) for name in kind.secrets} for row in made]
    secrets = {row["id"]: one for row, one in zip(made, told, strict=True)}
    return [row | secrets.get(row["id"], {}) for row in await place.listed(who, kind)]


async def _body(place: World, who: Somebody, kind: Definition, n: int) -> Row:
    """Each field is empty in some rows and the same in others, out of step with its neighbours."""
    body: Row = {}
    for place_of, one in enumerate(samples.writable(kind)):
        empty = (n * 7 + place_of * 3) % 5 == 0
        if one.unique:
            if one.required or not empty:
                samples.put(body, one, await place.value(who, one, 5_000 + n))
        elif one.required or not empty:
            value = await place.value(who, one, (n * (place_of + 3)) % 7)
            if value is not None:
                samples.put(body, one, value)
    return samples.in_order(kind, body)


# -- what a value means, said a second time


def comparable(one: Field, value: Any) -> Any:
    """A shown value in a form that Python orders as the API says it does."""
    kind = _inner(one)
    if value is None:
        return None
    if isinstance(value, dict) and "amount" in value:
        value = value["amount"]
    if kind in ("decimal", "money"):
        return Decimal(str(value))
    if kind == "datetime":
        return datetime.fromisoformat(value)
    if kind == "address":
        return samples.line(value)
    if kind == "any_ref":
        return value["id"]
    return value


def sort_key(one: Field, value: Any) -> Any:
    """What a sort by the field compares: texts that name a record without case and accents."""
    found = comparable(one, value)
    if found is not None and getattr(one.type, "folded", False):
        return samples.folded(found)
    return found


def _inner(one: Field) -> str:
    inner = getattr(one.type, "of", None)
    return inner.kind if inner is not None else one.type.kind


def matches(one: Field, operator: str, wanted: Any, row: Row) -> bool:
    """Whether a row fulfils a condition; only `ne` and `null` are true of an empty field."""
    value = samples.shown(one, row)
    if operator == "null":
        return (value is None or value == []) is wanted
    if one.type.many:
        held = value or []
        return any(w in held for w in wanted) if operator == "in" else wanted in held
    found = comparable(one, value)
    if operator == "ne":
        return found != wanted
    if found is None:
        return False
    if operator == "prefix":
        return sort_key(one, value).startswith(_prefix(one, wanted))
    return _OPERATORS[operator](found, wanted)


def _prefix(one: Field, wanted: str) -> str:
    return samples.folded(wanted) if getattr(one.type, "folded", False) else wanted


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "in": lambda a, b: a in b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


# -- filters


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter as it is sent, and as it is meant."""

    field: Field
    operator: str
    sent: str
    wanted: Any

    @property
    def query(self) -> str:
        """Its part of the address."""
        name = samples.name_of(self.field)
        left = name if self.operator == "eq" else f"{name}[{self.operator}]"
        return f"{left}={quote(self.sent, safe='')}"

    def holds(self, row: Row) -> bool:
        """Whether a row fulfils it."""
        return matches(self.field, self.operator, self.wanted, row)


def tried(kind: Definition) -> list[Field]:
    """The fields to try: all of the specimen, and what the others declare for filters and sorts."""
    found = [f for f in kind.fields.values() if _declared(kind, f)]
    return [*found, *kind.custom_fields.values()]


def _declared(kind: Definition, one: Field) -> bool:
    declared = one.filter or one.sort or one.unique or one.title
    return kind.name == "specimen" or (declared and not one.system)


def conditions(kind: Definition, rows: Sequence[Row]) -> Iterable[Condition]:
    """Each operator of each field, with values that some rows have."""
    for one in tried(kind):
        if one.type.kind == "many":
            continue  # relations to many have no values in a list
        values = _values(one, rows)
        for operator in one.type.operators:
            if operator == "null":
                yield Condition(one, operator, "true", True)
                yield Condition(one, operator, "false", False)
            elif values:
                yield _condition(one, operator, values)


def _values(one: Field, rows: Sequence[Row]) -> list[Any]:
    """The distinct values of a field that can be sent in an address."""
    found: list[Any] = []
    for row in rows:
        value = samples.shown(one, row)
        for item in (value or []) if one.type.many else [value]:
            if item is not None and item not in found:
                found.append(item)
    return found


def _condition(one: Field, operator: str, values: Sequence[Any]) -> Condition:
    middle = values[len(values) // 2]
    if operator == "in":
        chosen = [v for v in values if "," not in _text(one, v)][:3]
        wanted = [v if one.type.many else comparable(one, v) for v in chosen]
        return Condition(one, operator, ",".join(_text(one, v) for v in chosen), wanted)
    if operator == "prefix":
        text = _text(one, middle)
        sent = text[: max(1, len(text) * 2 // 3)]
        return Condition(one, operator, sent, sent)
    wanted = middle if one.type.many else comparable(one, middle)
    return Condition(one, operator, _text(one, middle), wanted)


def _text(one: Field, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict) and "amount" in value:
        return str(value["amount"])
    kind = _inner(one)
    if kind == "address":
        return samples.line(value)
    return str(value["id"]) if kind == "any_ref" else str(value)


async def check_filters(place: World, kind: Definition) -> None:
    """Every operator of every field finds the rows that it should, and no others."""
    rows = await rows_of(place, kind)
    who = await place.here.person("owner")
    for one in conditions(kind, rows):
        found = {r["id"] for r in await place.listed(who, kind, f"{one.query}&fields=id")}
        expected = {r["id"] for r in rows if one.holds(r)}
        assert found == expected, f"?{one.query}: {len(found)} rows instead of {len(expected)}"


# -- sorts and pages


def sortable(kind: Definition) -> list[Field]:
    """The fields that a list can be sorted by."""
    found = [f for f in tried(kind) if set(f.type.operators) - {"null"} and not f.type.many]
    return [f for f in found if f.type.kind != "secret"]


def ordered(rows: Sequence[Row], sorts: Sequence[tuple[Field, bool]]) -> list[str]:
    """The ids in the order asked for: empty values last, ties by id the way of the first sort."""

    def compare(a: Row, b: Row) -> int:
        for one, descending in sorts:
            left, right = (sort_key(one, samples.shown(one, r)) for r in (a, b))
            if left == right:
                continue
            if left is None or right is None:
                return 1 if left is None else -1
            return (1 if left > right else -1) * (-1 if descending else 1)
        first = sorts[0][1]
        return (1 if a["id"] > b["id"] else -1) * (-1 if first else 1)

    return [r["id"] for r in sorted(rows, key=functools.cmp_to_key(compare))]


def sort_text(sorts: Sequence[tuple[Field, bool]]) -> str:
    """Sorts as they are sent."""
    return ",".join(f"{'-' if down else ''}{samples.name_of(one)}" for one, down in sorts)


async def pages(place: World, who: Somebody, kind: Definition, query: str, limit: int) -> list[str]:
    """The ids of all pages, following the cursor."""
    found: list[str] = []
    cursor = ""
    for number in itertools.count():
        assert number <= ROWS, "the pages never end"
        answer = await place.call(who, "GET", f"/v1/{kind.path}?{query}&limit={limit}{cursor}")
        assert answer.status_code == 200, answer.text
        document = answer.json()
        ids = [r["id"] for r in document["data"]]
        assert len(ids) <= limit
        found += ids
        meta = document["meta"]
        assert meta["has_more"] is (meta["next_cursor"] is not None)
        if not meta["has_more"]:
            return found
        assert len(ids) == limit
        cursor = f"&cursor={meta['next_cursor']}"
    raise AssertionError


async def check_sorts(place: World, kind: Definition) -> None:
    """Every field sorts both ways, empty values last, over pages as over one list."""
    rows = await rows_of(place, kind)
    who = await place.here.person("owner")
    for number, one in enumerate(sortable(kind)):
        for down in (False, True):
            sorts = [(one, down)]
            expected = ordered(rows, sorts)
            query = f"sort={sort_text(sorts)}&fields=id"
            whole = [r["id"] for r in await place.listed(who, kind, query)]
            assert whole == expected, f"?{query} is out of order"
            if down is (number % 2 == 0):  # the other way is left to chance, see check_question
                assert await pages(place, who, kind, query, 9) == expected, f"pages of ?{query}"


async def check_question(
    place: World,
    kind: Definition,
    rows: Sequence[Row],
    sorts: Sequence[tuple[Field, bool]],
    chosen: Sequence[Condition],
    limit: int,
) -> None:
    """Any sorts and filters: cursor pages, numbered pages and one list are the same."""
    who = await place.here.person("owner")
    parts = [f"sort={sort_text(sorts)}", *(c.query for c in chosen), "fields=id"]
    query = "&".join(parts)
    expected = ordered([r for r in rows if all(c.holds(r) for c in chosen)], sorts)
    assert await pages(place, who, kind, query, limit) == expected, f"cursor pages of ?{query}"
    numbered: list[str] = []
    for number in range(1, len(expected) // limit + 2):
        answer = await place.call(
            who, "GET", f"/v1/{kind.path}?{query}&limit={limit}&page={number}"
        )
        numbered += [r["id"] for r in answer.json()["data"]]
    assert numbered == expected, f"numbered pages of ?{query}"
