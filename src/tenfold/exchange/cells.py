"""What a cell puts into its row where no other column and no counting is concerned."""

from __future__ import annotations

import re
from typing import cast

import msgspec

from tenfold.engine.definition import Field
from tenfold.engine.types import AnyRef, Ref
from tenfold.exchange.prepared import Pointer, Prepared, Put, Store
from tenfold.exchange.rows import Value, as_text, is_blank
from tenfold.exchange.salesforce_tree import pointed_at
from tenfold.exchange.targets import CURRENCY, FULL_NAME, ID, Goal
from tenfold.exchange.value_texts import CLEAR_WORD, LONGEST, shown
from tenfold.exchange.values import Amount, Reading, Refusal, quick
from tenfold.kernel import digits
from tenfold.kernel.language import say
from tenfold.kernel.money import CURRENCIES

_NOBODY = frozenset({"no owner", "unassigned", "none", "nobody", "n/a", "-"})
_WITH_EMAIL = re.compile(r".*[(<]([^()<>\s]+@[^()<>\s]+)[)>]\s*")


def simple(column: str, goal: Goal, how: Reading) -> Put | None:
    """What puts a column's cells; None for values that more than their own field matters to."""
    if goal.kind == FULL_NAME:
        return _full_name
    if goal.kind == ID:
        return _identity
    if goal.kind in ("ref", "user", "any_ref"):
        return _pointer(goal)
    if goal.kind == CURRENCY:
        return _currency(column, goal)
    if goal.kind == "json":
        return _json(goal.target.name)
    return _part(column, goal, how) if goal.part else None


def store(one: Field, kind: str) -> Store:
    """What puts a value that was read into its field."""
    return _set_custom(one.name) if one.custom else _set(one.json_name, kind)


def _set(name: str, kind: str) -> Store:
    if kind == "money":
        return lambda made, value: made.body.update(_money(name, value))
    if kind == "address":

        def address(made: Prepared, value: object) -> None:
            if isinstance(value, dict):
                parts = cast("dict[str, str]", value)
                made.body[name] = {**parts, **(made.body.get(name) or {})}
            else:
                made.body[name] = value

        return address

    def put(made: Prepared, value: object) -> None:
        made.body[name] = value

    return put


def _set_custom(name: str) -> Store:
    def put(made: Prepared, value: object) -> None:
        custom = made.body.setdefault("custom", {})
        custom.update(_money(name, value))

    return put


def _money(name: str, value: object) -> dict[str, object]:
    if not isinstance(value, Amount):
        return {name: value}
    named = {f"{name}_currency": value.currency} if value.currency else {}
    return {name: value.value, **named}


def _part(column: str, goal: Goal, how: Reading) -> Put:
    name, part = goal.own.json_name, goal.part
    reader = quick(goal.kind, how)

    def put(value: Value, made: Prepared, problems: list[str]) -> None:
        try:
            found = reader(value)
        except Refusal as refusal:
            problems.append(f"{column}: {refusal.reason}")
            return
        if isinstance(found, str):
            whole = made.body.get(name)
            made.body[name] = {**(whole if isinstance(whole, dict) else {}), part: found}

    return put


def _currency(column: str, goal: Goal) -> Put:
    one = goal.field

    def put(value: Value, made: Prepared, problems: list[str]) -> None:
        code = as_text(value).strip().upper()
        if code in CURRENCIES and one is None:
            made.currency = code
        elif code in CURRENCIES and one:
            made.currencies.append((column, one, code))
        elif code:
            why = say("%(value)s is not a currency; USD and EUR are.", value=shown(code))
            problems.append(f"{column}: {why}")

    return put


def _full_name(value: Value, made: Prepared, _: list[str]) -> None:
    """A whole name goes into first and last name, where the file has no other columns for them."""
    text = " ".join(as_text(value).split())
    if not text or text == CLEAR_WORD or "first_name" in made.body or "last_name" in made.body:
        return
    if "," in text:
        last, _comma, first = text.partition(",")
    else:
        first, _blank, last = text.rpartition(" ")
    for name, part in (("first_name", first.strip()), ("last_name", last.strip())):
        if part:
            made.body[name] = part


def _identity(value: Value, made: Prepared, _: list[str]) -> None:
    made.id = as_text(value).strip()


def _pointer(goal: Goal) -> Put:
    one = goal.own
    to = one.type.to if isinstance(one.type, Ref) else "user"
    keyed = goal.target.name != one.name

    def put(value: Value, made: Prepared, problems: list[str]) -> None:
        text = as_text(value).strip()
        if not text:
            return
        if text == CLEAR_WORD:
            made.body[one.json_name] = None
        elif isinstance(one.type, AnyRef):
            _any(one.json_name, value, made, problems)
        elif to == "user" and text.casefold() in _NOBODY:
            return
        elif len(text) <= LONGEST and (named := _WITH_EMAIL.fullmatch(text)):
            # HubSpot names people and companies as `Ann Lee (ann@example.com)`.
            made.pointers.append(Pointer(one.json_name, to, named[1]))
        else:
            reference = pointed_at(text)
            made.pointers.append(
                Pointer(one.json_name, to, reference or text, bool(reference), keyed)
            )

    return put


def _any(name: str, value: Value, made: Prepared, problems: list[str]) -> None:
    """A relation to any type, as our export writes it: `{"type": …, "id": …}`."""
    try:
        found = digits.decode(value) if isinstance(value, str) else value
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict):
        made.body[name] = found
    else:
        example = '{"type": "lead", "id": "…"}'
        text = shown(as_text(value))
        why = say("%(value)s is not like %(example)s.", value=text, example=example)
        problems.append(f"{name}: {why}")


def _json(name: str) -> Put:
    def put(value: Value, made: Prepared, problems: list[str]) -> None:
        if is_blank(value):
            return
        if value == CLEAR_WORD:
            made.body[name] = None
            return
        try:
            made.body[name] = digits.decode(value) if isinstance(value, str) else value
        except msgspec.DecodeError:
            why = say("%(value)s is not JSON.", value=shown(as_text(value)))
            problems.append(f"{name}: {why}")

    return put
