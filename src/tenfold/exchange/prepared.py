"""A row between the file and the write path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tenfold.engine.definition import Field
from tenfold.exchange.rows import Row, Value


@dataclass(slots=True)
class Pointer:
    """A relation of a row that is still a text: which field, to which type, what it says."""

    name: str
    to: str
    text: str
    reference: bool = False
    keyed: bool = False
    """Whether the text is an id, by which nothing can be made."""


@dataclass(slots=True)
class Prepared:
    """A row on its way: its values for the write path, its relations to find, or its problem."""

    row: Row
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    pointers: list[Pointer] = field(default_factory=list[Pointer])
    key: object = None
    currency: str = ""
    """The currency of all of the row's amounts that name none themselves."""
    currencies: list[tuple[str, Field, str]] = field(default_factory=list[tuple[str, Field, str]])
    """Column, amount and code of the currencies that have columns of their own."""
    measures: list[tuple[str, Field, str]] = field(default_factory=list[tuple[str, Field, str]])
    """Column, number and unit of what names its unit."""
    more: list[tuple[str, str, object]] = field(default_factory=list[tuple[str, str, object]])
    """Column, kind and value of what a cell held beside its first value."""
    skipped: tuple[tuple[str, str], ...] = ()
    """Column and text of each cell that was left out, for it can't be read."""
    id: str = ""
    problem: str = ""


Put = Callable[[Value, Prepared, list[str]], None]
"""Puts a cell's value into a row, or what is wrong with it to the row's problems."""
Store = Callable[[Prepared, object], None]
"""Puts a value that was read into a row."""
