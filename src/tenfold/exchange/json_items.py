"""Records out of JSON text, one at a time, without holding the whole file."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple, NoReturn, cast

from tenfold.exchange.rows import NotReadable
from tenfold.exchange.synonyms import concept_of
from tenfold.kernel.language import grouped, say

CONTAINERS = frozenset(
    [
        "records",
        "data",
        "results",
        "items",
        "value",
        "rows",
        "list",
        "entries",
        "objects",
        "elements",
        "connections",
        "contacts",
        "people",
        "users",
        "customers",
        "companies",
        "accounts",
        "deals",
        "leads",
        "clients",
        "listings",
        "students",
        "employers",
    ]
)
"""The names under which programs put the list of records into an object."""

# What tells that an object is a record itself, and a list in it one of its fields.
_OF_RECORDS = frozenset(
    [
        "first_name",
        "last_name",
        "full_name",
        "email",
        "phone",
        "mobile_phone",
        "external_id",
        "company",
        "address",
        "street",
        "city",
        "deal_name",
        "list_price",
        "student_id",
    ]
)

RECORD_LIMIT = 16 * 1_048_576
"""The longest single record that is read, in characters."""

_PIECE = 65_536
_SPACE = re.compile(r"[ \t\r\n]*")


class Item(NamedTuple):
    """A record with its number, in a file of lines its line; `error` says why it can't be read."""

    number: int
    value: Any
    error: str | None = None


def _no_number(name: str) -> NoReturn:
    raise ValueError(say("%(name)s is not a number that JSON knows", name=name))


# Numbers stay as they are written: no digit of a long id or an amount is lost.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_number)


def items_of(text: io.TextIOBase) -> Iterator[Item]:
    """The records of a JSON text: a list, an object that holds one, or a single object."""
    window = _Window(text)
    start = window.peek()
    if start not in ("[", "{"):
        raise NotReadable(say("The file is not JSON: it begins with neither { nor [."))
    found = _array(window) if start == "[" else _object(window)
    for number, one in enumerate(found, 1):
        yield one._replace(number=number)


def decoded(line: str) -> Any:
    """The value of one complete JSON text; raises ValueError."""
    try:
        return _DECODER.decode(line)
    except RecursionError:
        raise ValueError(say("it is nested too deeply")) from None


def where(error: ValueError) -> str:
    """What is wrong in one line of JSON, and at which character of it."""
    if isinstance(error, json.JSONDecodeError):
        return say("%(why)s at character %(n)s", why=error.msg, n=error.pos + 1)
    return str(error)


def _array(window: _Window) -> Generator[Item, None, bool]:
    """The items of a list; says whether it was read to its end."""
    window.take()
    while (char := window.peek()) != "]":
        if char == ",":
            window.take()
            window.peek()
        try:
            yield Item(0, window.value())
        except ValueError as error:
            # Where a broken record ends can't be known, so that nothing after it is safe to read.
            yield _broken(window, str(error))
            return False
        if window.peek() not in (",", "]"):
            yield _broken(window, say("a comma or ] is missing"))
            return False
    window.take()
    return True


def _object(window: _Window) -> Iterator[Item]:
    """The list inside an object; without one, the object itself."""
    window.take()
    single: dict[str, Any] = {}
    found = False
    try:
        while (char := window.peek()) not in ("}", ""):
            if char == ",":
                window.take()
                window.peek()
            name = str(window.value())
            if window.peek() != ":":
                raise ValueError(say("a colon is missing after %(name)s", name=repr(name[:40])))
            window.take()
            if window.peek() == "[" and name.casefold() in CONTAINERS:
                found = True
                if not (yield from _array(window)):
                    return
            else:
                single[name] = window.value()
        if not char:
            raise ValueError(say("the closing } is missing"))
    except ValueError as error:
        yield _broken(window, str(error))
        return
    if not found:
        yield from (Item(0, record) for record in _wrapped(single) or [single])


def _broken(window: _Window, why: str) -> Item:
    """Stands for all that comes after what is no JSON."""
    reason = say(
        "JSON is broken near line %(line)s, the rest was not read: %(why)s.",
        line=grouped(window.line),
        why=why,
    )
    return Item(0, None, reason)


def _wrapped(single: dict[str, Any], depth: int = 3) -> list[Any]:
    """The records in an object that only wraps them under a name of its own; else none."""
    if any(concept_of(name) in _OF_RECORDS for name in single):
        return []
    lists = [value for value in single.values() if _is_records(value)]
    if len(lists) == 1:
        return lists[0]
    inner: list[dict[str, Any]] = [value for value in single.values() if isinstance(value, dict)]
    return _wrapped(inner[0], depth - 1) if not lists and len(inner) == 1 and depth else []


def _is_records(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    items = cast("list[Any]", value)
    return bool(items) and all(isinstance(one, dict) for one in items)


class _Window:
    """A piece of the text that moves on as values are taken from it."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._held = ""
        self._at = 0
        self._ended = False
        self.line = 1

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            end = _SPACE.match(self._held, self._at).end()  # pyright: ignore[reportOptionalMemberAccess]
            self._move(end)
            if end < len(self._held):
                return self._held[end]
            if not self._more(_PIECE):
                return ""

    def take(self) -> None:
        """Moves over the character that was peeked."""
        self._at += 1

    def value(self) -> Any:
        """The next whole value; raises ValueError where there is none."""
        size = _PIECE
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
                # A number may go on in the next piece; nothing else ends at the held text's end.
                if end < len(self._held) or not self._more(size):
                    self._move(end)
                    return value
            except RecursionError:
                raise ValueError(say("it is nested too deeply")) from None
            except ValueError as error:
                if len(self._held) - self._at > RECORD_LIMIT:
                    raise ValueError(
                        say("a record has over %(most)s characters", most=grouped(RECORD_LIMIT))
                    ) from None
                if not self._more(size):
                    raise ValueError(self._why(error)) from None
            size *= 2

    def _why(self, error: ValueError) -> str:
        """What is wrong with the value at hand, which nothing comes after."""
        if not isinstance(error, json.JSONDecodeError):
            return str(error)
        if error.msg.startswith("Unterminated") or error.pos >= len(self._held.rstrip()):
            return say("the file ends in the middle of a record")
        return error.msg.removesuffix(" starting at")

    def _move(self, end: int) -> None:
        self.line += self._held.count("\n", self._at, end)
        self._at = end

    def _more(self, size: int) -> bool:
        if self._ended:
            return False
        piece = self._text.read(size)
        self._held = self._held[self._at :] + piece
        self._at = 0
        self._ended = not piece
        return bool(piece)
