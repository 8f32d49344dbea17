"""What all kinds share when they read a text: left, cleared, refused, how a column is written."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CLEAR_WORD = "**CLEAR**"
"""A cell that holds this empties the field; an empty one leaves it as it is (as in Handshake)."""

_NOTHING = frozenset(
    {"-", "--", "---", "–", "—", "n/a", "na", "#n/a", "nan", "none", "null", "(null)", "nil"}
)

SEVERAL = ":::"
"""Google puts this between several values in one cell."""

DateOrder = Literal["month first", "day first", "mixed"]
Decimals = Literal["point", "comma"]


LONGEST = 500
"""Letters of what is no text: a number, a date, an address of somebody."""


class Refusal(ValueError):
    """A value that can't be read; the text names what was found and what is accepted."""

    @property
    def reason(self) -> str:
        """The sentence that people read."""
        return str(self)


class Special(enum.Enum):
    """What a cell may say instead of a value."""

    LEAVE = "leave as it is"
    CLEAR = "empty it"


@dataclass(frozen=True, slots=True)
class Reading:
    """How the texts of one column are read; decided once for the whole column."""

    region: str = "US"
    currency: str = "USD"
    """What a sign that several currencies share stands for."""
    plain: str = ""
    """The currency of amounts that name none; empty where the record or organisation has it."""
    zone: str = "UTC"
    date_order: DateOrder | None = None
    decimals: Decimals | None = None
    shares: bool = False
    """Whether a column of percents writes a half as 0.5, as HubSpot does."""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, str | Special] = field(default_factory=dict[str, str | Special])
    """What somebody said that texts mean, folded: an option, or nothing (LEAVE)."""
    hints: bool = True
    """Whether the reason for a text that is no option names the nearest; nobody may read it."""


def several(text: str) -> list[str]:
    """The values in one cell that Google's ` ::: ` parts."""
    return [part.strip() for part in text.split(SEVERAL) if part.strip()]


def says_nothing(text: str) -> bool:
    """Whether a cell only says that there is no value: `n/a`, `--`, or the `$ -` of accountants."""
    return len(text) < 12 and text.strip("$€£ \t").casefold() in _NOTHING


def shown(text: str) -> str:
    """A value as a reason quotes it: one line, not too long."""
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else f"{line[:57]}...")
