"""Numbers, money and yes or no, as people and spreadsheets write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.numbers import get_decimal_symbol

from tenfold.exchange.value_texts import Decimals, Reading, Refusal, shown
from tenfold.kernel.language import say
from tenfold.kernel.money import CURRENCIES

_SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS"}
_NUMBER = re.compile(r"[0-9]+(?:[.,'’\s][0-9]+)*(?:[.,])?|[.,][0-9]+")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,2}")
_CODE = re.compile(r"^([A-Za-z]{3})(?![A-Za-z])|(?<![A-Za-z])([A-Za-z]{3})$")
# `5,-` has no cents; the dash is no minus.
_ROUND = re.compile(r"(?<=[0-9])[.,]\s?[-–—]{1,2}(?![0-9])")
_FEET = re.compile(r"(?<=[0-9])\s*(?:sq\.?\s?ft\.?|sqft|square feet|ft²|ft2|sf)$", re.IGNORECASE)
_SHARE = re.compile(r"0|1|[01]\.0+|0?\.[0-9]+")
_MINUS = str.maketrans("−–", "--")
_COMMA = str.maketrans(".,", ",.")
_YES = frozenset(
    [
        "true",
        "yes",
        "y",
        "1",
        "t",
        "on",
        "x",
        "1.0",
        "-1",
        "checked",
        "☑",
        "wahr",
        "ja",
        "j",
        "si",
        "sí",
        "oui",
        "o",
        "vrai",
        "verdadero",
        "sim",
        "✓",
        "✔",
    ]
)
_NO = frozenset(
    [
        "false",
        "no",
        "n",
        "0",
        "f",
        "off",
        "0.0",
        "unchecked",
        "☐",
        "falsch",
        "nein",
        "non",
        "faux",
        "falso",
        "nao",
        "não",
        "✗",
        "✘",
    ]
)


class Amount(NamedTuple):
    """An amount in major units with its currency (ISO 4217); empty where nothing names one."""

    value: Decimal
    currency: str


def decimals_of(texts: Sequence[str]) -> Decimals | None:
    """Whether a column writes decimals with point or comma; None where nothing tells."""
    votes = {"point": 0, "comma": 0}
    for text in texts:
        marks = re.sub(r"[^.,]", "", text)
        last = re.search(r"([.,])([0-9]+)[^0-9.,]*$", text)
        if not last:
            continue
        mixed = len(set(marks)) == 2
        if mixed or (len(marks) == 1 and len(last[2]) != 3):
            votes["point" if last[1] == "." else "comma"] += 1
        elif len(marks) > 1:
            votes["comma" if last[1] == "." else "point"] += 1
    if votes["point"] == votes["comma"]:
        return None
    return "point" if votes["point"] > votes["comma"] else "comma"


def are_shares(texts: Sequence[str]) -> bool:
    """Whether all values of a column lie from 0 to 1, and not all of them at the ends."""
    numbers = [text.strip().replace(",", ".") for text in texts if text.strip()]
    return all(_SHARE.fullmatch(n) for n in numbers) and any(0 < float(n) < 1 for n in numbers)


@lru_cache(maxsize=256)
def decimals_in(region: str) -> Decimals | None:
    """Whether a region writes a comma, for a column of which nothing tells: 250.000 is either."""
    try:
        sign = get_decimal_symbol(Locale.parse(f"und_{region}"))
    except (UnknownLocaleError, ValueError):
        return None
    return "comma" if sign == "," else None


def decimal(text: str, how: Reading) -> Decimal:
    """A number: `1,234.5`, `1.234,5`, `1 234,5`, `(12)` for -12, `12%` as 12, `1,840 sqft`."""
    body = _FEET.sub("", text.strip()).translate(_MINUS).removesuffix("%").strip()
    if _SCIENTIFIC.fullmatch(body):
        return Decimal(body)
    negative, body = _signed(body)
    number = _plain(body, how, text)
    return -number if negative else number


def integer(text: str, how: Reading) -> int:
    """A whole number; `3.0` and `1,234` are whole."""
    number = decimal(text, how)
    if how.shares and "%" not in text:
        number *= 100
    if number != number.to_integral_value():
        raise Refusal(say("%(value)s is not a whole number.", value=shown(text)))
    return int(number)


def money(text: str, how: Reading) -> Amount:
    """An amount with its own currency, or the one that is asked for: `$1,234.50`, `USD 12`."""
    body = _ROUND.sub("", text.strip()).translate(_MINUS)
    negative, body = _signed(body)
    currency, body = _currency(body, how, text)
    inner, body = _signed(body)
    if negative and inner:
        raise Refusal(say("%(value)s is twice negative; -5 and (5) are read.", value=shown(text)))
    number = _plain(body, how, text)
    return Amount(-number if negative or inner else number, currency)


def boolean(text: str) -> bool:
    """Yes or no in the common languages."""
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Refusal(
        say(
            "%(value)s is neither yes nor no; yes, no, true, false, 1 and 0 are read.",
            value=shown(text),
        )
    )


def _signed(body: str) -> tuple[bool, str]:
    """Whether the number is negative, and what is left of it."""
    if body.startswith("(") and body.endswith(")"):
        return True, body[1:-1].strip()
    if body.startswith("-"):
        return True, body[1:].strip()
    if body.endswith("-"):
        return True, body[:-1].strip()
    return False, body.removeprefix("+").strip()


def _currency(body: str, how: Reading, text: str) -> tuple[str, str]:
    for sign, code in _SIGNS.items():
        if sign in body:
            return code, body.replace(sign, "", 1).strip()
    dollar = re.search(r"(US|C|CA|A|AU|NZ|HK|S|MX|R)?\$", body)
    if dollar:
        rest = (body[: dollar.start()] + body[dollar.end() :]).strip()
        named = {"US": "USD", "C": "CAD", "CA": "CAD", "A": "AUD", "AU": "AUD", "NZ": "NZD"}
        others = {"HK": "HKD", "S": "SGD", "MX": "MXN", "R": "BRL"}
        here = how.currency if how.currency.endswith("D") or how.currency == "MXN" else "USD"
        return {**named, **others}.get(dollar[1] or "", here), rest
    if "¥" in body:
        code = how.currency if how.currency in ("JPY", "CNY") else "JPY"
        return code, body.replace("¥", "", 1).strip()
    found = _CODE.search(body)
    if not found:
        return how.plain, body
    code = found[0].upper()
    if code not in CURRENCIES:
        raise Refusal(
            say(
                "%(value)s names the currency %(code)s, which ISO 4217 does not know.",
                value=shown(text),
                code=code,
            )
        )
    return code, (body[: found.start()] + body[found.end() :]).strip()


def _plain(body: str, how: Reading, text: str) -> Decimal:
    """A number without its sign."""
    if _SCIENTIFIC.fullmatch(body):
        return Decimal(body)
    if not _NUMBER.fullmatch(body):
        read = _as_read("1,234.50", how)
        raise Refusal(say("%(value)s is not a number; %(read)s are.", value=shown(text), read=read))
    return Decimal(_joined(body, how, text))


def _as_read(grouped: str, how: Reading) -> str:
    """A number without and with grouped thousands, as the column writes its decimals."""
    both = say("%(one)s and %(other)s", one=grouped.replace(",", ""), other=grouped)
    return both.translate(_COMMA) if how.decimals == "comma" else both


def _joined(body: str, how: Reading, text: str) -> str:
    """The digits with a point for decimals and without what groups them."""
    body = re.sub(r"['’\s]", "", body)
    last = max(body.rfind("."), body.rfind(","))
    if last < 0:
        return body
    mark = body[last]
    whole, part = body[:last], body[last + 1 :]
    other = "," if mark == "." else "."
    if _groups(body, mark, other, part, how):
        pieces = body.split(mark)
        if any(len(piece) not in (2, 3) for piece in pieces[1:]) or len(pieces[-1]) != 3:
            example = "1,234,567" if mark == "," else "1.234.567"
            raise Refusal(
                say(
                    "%(value)s groups its digits oddly; %(example)s is read.",
                    value=shown(text),
                    example=example,
                )
            )
        return "".join(pieces)
    if mark in whole or (how.decimals and (how.decimals == "comma") != (mark == ",")):
        raise Refusal(
            say(
                "%(value)s has decimals after %(mark)s, the column's other values after %(other)s.",
                value=shown(text),
                mark=repr(mark),
                other=repr(other),
            )
        )
    return f"{whole.replace(other, '') or '0'}.{part or '0'}"


def _groups(body: str, mark: str, other: str, part: str, how: Reading) -> bool:
    """Whether the last mark groups thousands rather than begins decimals."""
    if other in body:
        return False
    if body.count(mark) > 1:
        return True
    if len(part) != 3 or body.startswith(("0", mark)):
        return False
    # 1,234 is a thousand and 1.234 a little over one, unless the column writes decimals otherwise.
    return mark == ("." if how.decimals == "comma" else ",")
