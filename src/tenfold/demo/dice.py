"""Choices that look like chance and are the same for the same seed and day."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from tenfold.demo import words
from tenfold.kernel.text import fold

_T = TypeVar("_T")
_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class Name:
    """A made-up person's name with an address nobody has."""

    first: str
    last: str
    email: str

    @property
    def full(self) -> str:
        """Both names."""
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class Place:
    """A made-up address in a real city."""

    street: str
    city: str
    state: str
    postal_code: str
    latitude: float
    longitude: float
    per_sqft: int
    area_code: str

    @property
    def address(self) -> dict[str, str]:
        """As an address field takes it."""
        return {
            "street": self.street,
            "city": self.city,
            "state": self.state,
            "postal_code": self.postal_code,
            "country": "US",
        }

    @property
    def line(self) -> str:
        """As one line."""
        return f"{self.street}, {self.city}, {self.state} {self.postal_code}"


class Dice:
    """A seeded source of choices; `now` is the moment that all dates lie around.

    `taken` are addresses that nobody else may get.
    """

    def __init__(self, seed: int, now: datetime, taken: Iterable[str] = ()) -> None:
        # Made-up data needs no secrecy, and the same seed must give the same data.
        self._random = random.Random(seed)  # noqa: S311
        self.now = now.replace(microsecond=0)
        self._names = {address.partition("@")[0] for address in taken}

    # -- chance

    def number(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(least, most)

    def near(self, middle: float, share: float = 0.2) -> float:
        """A number near another one."""
        return middle * self._random.uniform(1 - share, 1 + share)

    def chance(self, share: float) -> bool:
        """True for this share of the times."""
        return self._random.random() < share

    def pick(self, among: Sequence[_T]) -> _T:
        """One of several."""
        return self._random.choice(among)

    def some(self, among: Sequence[_T], least: int, most: int) -> list[_T]:
        """Several different ones."""
        return self._random.sample(among, self.number(least, min(most, len(among))))

    def weigh(self, weights: Mapping[_T, int]) -> _T:
        """One of several, some more often than others."""
        return self._random.choices(list(weights), list(weights.values()))[0]

    def maybe(self, share: float, **values: Any) -> dict[str, Any]:
        """The values for this share of the times, nothing otherwise."""
        return values if self.chance(share) else {}

    # -- time

    @property
    def today(self) -> date:
        """The day that all dates lie around."""
        return self.now.date()

    def day(self, least: int, most: int) -> str:
        """A day so many days from today, as JSON."""
        return self.date(least, most).isoformat()

    def date(self, least: int, most: int) -> date:
        """A day so many days from today."""
        return self.today + timedelta(days=self.number(least, most))

    def moment(self, least: int, most: int) -> datetime:
        """A moment in working hours so many days from today."""
        at = time(self.number(15, 23), self.pick((0, 15, 30, 45)), tzinfo=self.now.tzinfo)
        return datetime.combine(self.date(least, most), at)

    def past(self, most: int, least: int = 1) -> datetime:
        """A moment at least a day ago, more often a recent one."""
        days = least + int((most - least) * self._random.random() ** 2)
        return self.moment(-days, -days)

    # -- people and places

    def name(self) -> Name:
        """A person's name, with an address that no other has."""
        firsts, lasts = self.pick(words.CULTURES)
        if self.chance(0.35):  # many families come from more than one place
            lasts = self.pick(words.CULTURES)[1]
        first, last = self.pick(firsts), self.pick(lasts)
        local, number = f"{_ascii(first)}.{_ascii(last)}", 1
        while (address := f"{local}{number if number > 1 else ''}") in self._names:
            number += 1
        self._names.add(address)
        return Name(first, last, f"{address}@{self.pick(_DOMAINS)}")

    def phone(self, area_code: str = "") -> str:
        """A number of the range 555-0100 to 555-0199, which is kept for fiction."""
        area = area_code or self.pick(words.CITIES)[-1]
        return f"+1{area}55501{self.number(0, 99):02d}"

    def place(self) -> Place:
        """An address."""
        city, state, postal, latitude, longitude, per_sqft, area = self.pick(words.CITIES)
        return Place(
            f"{self.number(11, 4999)} {self.pick(words.STREETS)}",
            city,
            state,
            postal,
            round(latitude + self._random.uniform(-0.03, 0.03), 6),
            round(longitude + self._random.uniform(-0.03, 0.03), 6),
            per_sqft,
            area,
        )

    def company(self) -> tuple[str, str, str]:
        """A company's name, its industry, and its domain."""
        first, (trade, industry) = self.pick(words.COMPANY_FIRST), self.pick(words.TRADES)
        host = "-".join(_ascii(word) for word in f"{first} {trade}".split() if _ascii(word))
        return f"{first} {trade}", industry, f"{host}.example.com"


def _ascii(text: str) -> str:
    return "".join(c for c in fold(text) if c.isascii() and c.isalpha())
