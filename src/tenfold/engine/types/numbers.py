"""Integers, decimals of fixed places, money and booleans."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Inexact, InvalidOperation
from decimal import Decimal as PyDecimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.types.base import (
    EQUAL,
    TEXT,
    Column,
    Columns,
    FieldType,
    Locale,
    Refused,
    Schema,
)
from tenfold.kernel.language import limit, mark, say
from tenfold.kernel.money import CURRENCIES, NO_MINOR, THOUSANDTHS, exponent

_LARGEST = 2**63 - 1
_EXACT = Context(prec=60, traps=[Inexact])


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(FieldType):
    """A whole number."""

    kind: ClassVar[str] = "integer"
    least: int = -_LARGEST - 1
    most: int = _LARGEST

    def columns(self) -> tuple[Column, ...]:
        return (Column("", sa.BigInteger()),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        number = _number(value, mark("must be a whole number like %(sample)s"), "1234")
        if number != number.to_integral_value():
            raise Refused(say("must be a whole number"))
        return (_within(int(number), self.least, self.most),)

    def schema(self) -> Schema:
        return {"type": "integer", **_range(self.least, self.most)}

    def sample(self, n: int) -> object:
        low, high = max(self.least, -1_000_000), min(self.most, 1_000_000)
        return low + (n * 7919) % (high - low + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decimal(FieldType):
    """A number with fixed decimal places, stored as a scaled whole number.

    numeric comparisons are not leakproof, so that an index on numeric is lost under row security.
    """

    kind: ClassVar[str] = "decimal"
    places: int = 2
    least: PyDecimal | None = None
    most: PyDecimal | None = None

    def columns(self) -> tuple[Column, ...]:
        return (Column("", sa.BigInteger()),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        number = _number(value)
        _within(number, self.least, self.most)
        return (_scaled(number, self.places),)

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field] * sa.literal_column(f"{PyDecimal(1).scaleb(-self.places):f}")

    def schema(self) -> Schema:
        return {"type": "number", **_range(self.least, self.most)}

    def sample(self, n: int) -> object:
        low = self.least if self.least is not None else PyDecimal(0)
        high = self.most if self.most is not None else low + 1000
        first = int(low.scaleb(self.places).to_integral_value(ROUND_CEILING))
        last = int(high.scaleb(self.places).to_integral_value(ROUND_FLOOR))
        return float(PyDecimal(first + n * 37 % (last - first + 1)).scaleb(-self.places))

    def mistakes(self) -> tuple[str, ...]:
        return () if 0 <= self.places <= 9 else ("places must be 0 to 9",)


_WITHOUT_MINOR, _IN_THOUSANDTHS = (
    ", ".join(f"'{code}'" for code in sorted(codes)) for codes in (NO_MINOR, THOUSANDTHS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money(FieldType):
    """An amount with its currency: minor units in one column, the ISO 4217 code in another.

    An amount that names no currency has the record's own, and the organisation's where the record
    has none yet; a currency alone is refused. `price[gte]=5` finds amounts in the organisation's
    currency, or in that of `price_currency=EUR` beside it, which also filters alone (`eq`, `in`).
    `sort=price` sorts by currency and within each by amount, `sort=-price` both falling; a custom
    amount is sorted by minor units of whatever currency. Sums are kept apart by currency.
    """

    kind: ClassVar[str] = "money"
    least: PyDecimal | None = None
    most: PyDecimal | None = None

    def columns(self) -> tuple[Column, ...]:
        return (Column("", sa.BigInteger()), Column("_currency", sa.Text(collation="C")))

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        currency = at.currency
        if currency not in CURRENCIES:
            raise Refused(say("currency %(said)s is not an ISO 4217 code", said=repr(currency)))
        number = _number(value)
        _within(number, self.least, self.most)
        return (_scaled(number, exponent(currency), f" in {currency}"), currency)

    def select(self, field: str, columns: Columns) -> ColumnElement[Any]:
        currency = columns[f"{field}_currency"]
        factor = (
            f"CASE WHEN {currency} IN ({_WITHOUT_MINOR}) THEN 1 "
            f"WHEN {currency} IN ({_IN_THOUSANDTHS}) THEN 0.001 ELSE 0.01 END"
        )
        return columns[field] * sa.literal_column(factor, sa.Numeric)

    def beside(self, field: str, columns: Columns) -> dict[str, ColumnElement[Any]]:
        return {f"{field}_currency": columns[f"{field}_currency"]}

    def currency_column(self, field: str) -> str:
        return f"{field}_currency"

    def schema(self) -> Schema:
        return {"type": "number", "description": "Major units.", **_range(self.least, self.most)}

    def sample(self, n: int) -> object:
        low = int((self.least or PyDecimal(0)).to_integral_value(ROUND_CEILING))
        high = int(self.most) if self.most is not None else low + 2_000_000
        return low + (n * 1009) % (high - low + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency(FieldType):
    """The currency beside an amount, which filters and sorts name like a field of its own."""

    kind: ClassVar[str] = "currency"
    operators: ClassVar[tuple[str, ...]] = ("eq", "in")
    writable: ClassVar[bool] = False
    column: str = ""

    def columns(self) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def compared(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[self.column]

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        code = value.upper() if isinstance(value, str) else ""
        if code not in CURRENCIES:
            raise Refused(say("must be a currency by its ISO 4217 code, like USD"))
        return (code,)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[A-Z]{3}$"}

    def sample(self, n: int) -> object:
        return sorted(CURRENCIES)[n % len(CURRENCIES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(FieldType):
    """Yes or no."""

    kind: ClassVar[str] = "boolean"
    operators: ClassVar[tuple[str, ...]] = EQUAL

    def columns(self) -> tuple[Column, ...]:
        return (Column("", sa.Boolean()),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        if isinstance(value, bool):
            return (value,)
        raise Refused(say("must be true or false"))

    def filter_value(self, text: str, at: Locale) -> object:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise Refused(say("must be true or false"))

    def schema(self) -> Schema:
        return {"type": "boolean"}

    def sample(self, n: int) -> object:
        return n % 2 == 0


def _number(
    value: object, says: str = mark("must be a number like %(sample)s"), sample: str = "1234.50"
) -> PyDecimal:
    """A JSON number, or a filter's text, as an exact decimal."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | PyDecimal):
        raise Refused(say(says, sample=limit(sample)))
    try:
        number = PyDecimal(str(value))
    except InvalidOperation:
        raise Refused(say(says, sample=limit(sample))) from None
    if not number.is_finite():
        raise Refused(say("must be a finite number"))
    if number and abs(number.adjusted()) > 30:
        raise Refused(say("is outside the range of numbers that can be kept"))
    return number


def _within(number: Any, least: Any, most: Any) -> Any:
    if least is not None and number < least:
        raise Refused(say("must be at least %(least)s", least=limit(least)))
    if most is not None and number > most:
        raise Refused(say("must be at most %(most)s", most=limit(most)))
    return number


def _scaled(number: PyDecimal, places: int, of: str = "") -> int:
    try:
        scaled = number.scaleb(places, _EXACT)
    except Inexact:
        scaled = None
    if scaled is None or scaled != scaled.to_integral_value():
        raise Refused(
            say("must have at most %(places)s decimal places%(of)s", places=places, of=of)
        )
    if abs(scaled) > _LARGEST:
        raise Refused(say("is too large"))
    return int(scaled)


def _range(least: Any, most: Any) -> Schema:
    limits: Schema = {}
    if least is not None:
        limits["minimum"] = float(least) if isinstance(least, PyDecimal) else least
    if most is not None:
        limits["maximum"] = float(most) if isinstance(most, PyDecimal) else most
    return limits
