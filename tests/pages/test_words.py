"""Values as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tenfold.web.pages import hues, words
from tenfold.web.pages.forms import number

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
HOME = ZoneInfo("America/Los_Angeles")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1_000_000, "USD", "$1,000,000"),
        (1_000_000.5, "USD", "$1,000,000.50"),
        (-12, "EUR", "\u2212€12"),
        (1_234, "JPY", "¥1,234"),
        (1.5, "KWD", "KWD 1.500"),
        (7, "CHF", "CHF 7"),
    ],
)
def test_money(amount: float, currency: str, text: str) -> None:
    assert words.money(amount, currency) == text


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "in 5 min"),
        (timedelta(minutes=-40), "40 min ago"),
        (timedelta(hours=3), "today 10:30"),
        (timedelta(hours=-20), "yesterday 11:30"),
        (timedelta(days=1), "tomorrow 07:30"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=-6), "6 days ago"),
        (timedelta(days=-8), "13 Nov"),
        (timedelta(days=-400), "17 Oct 2025"),
    ],
)
def test_moments_are_relative_within_a_week(away: timedelta, text: str) -> None:
    assert words.near(NOW + away, NOW, HOME) == text


def test_days() -> None:
    today = date(2026, 11, 21)
    assert [words.near_day(today + timedelta(days=n), today) for n in (-1, 0, 1, 2, 30)] == [
        "yesterday",
        "today",
        "tomorrow",
        "in 2 days",
        "21 Dec",
    ]


def test_phones_are_written_as_the_region_does() -> None:
    assert words.phone("+14155550101", "US") == "(415) 555-0101"
    assert words.phone("+442079460958", "US") == "+44 20 7946 0958"
    assert words.phone("nonsense", "US") == "nonsense"


@pytest.mark.parametrize("name", ["America/Nowhere", "../../etc/passwd", "", "\x00", "a" * 300])
def test_an_unknown_zone_is_the_default(name: str) -> None:
    assert str(words.zone_of(name, "Europe/Berlin")) == "Europe/Berlin"


def test_local_times_carry_their_zone() -> None:
    assert words.from_local("2026-07-01T09:00", HOME) == "2026-07-01T09:00:00-07:00"
    assert words.from_local("soon", HOME) == "soon"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1,250,000", 1_250_000),
        ("$ 1,250.50", 1_250.5),
        ("123,456,789,012,345.67", "123456789012345.67"),
        ("1 000", 1_000),
        ("1,50", "1,50"),
        ("$1,50", "$1,50"),
        ("12,34,567", "12,34,567"),
        ("1,2345", "1,2345"),
        ("1234,567", "1234,567"),
        ("1.234.567,89 €", "1.234.567,89 €"),
        ("-5", -5),
        ("", None),
        ("a lot", "a lot"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_numbers_as_people_type_them(typed: str, meant: object) -> None:
    assert number(typed) == meant


def test_hues_say_what_stages_mean() -> None:
    options = ("discovery", "proposal", "sold_out", "lost", "on_hold", "hot")
    assert [hues.of_stage(o, options) for o in options] == [
        "grey",
        "blue",
        "green",
        "red",
        "amber",
        "violet",
    ]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Byron", "AB"),
        ("zoë", "Z"),
        ("", "·"),
        ("<x> y", "Y"),
        ("A B C", "AC"),
        ("🚀 🎉", "·"),
        # Kept apart, else they would join to another word.
        ("محمد سعيد", "م\u200cس"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert hues.initials(name) == letters


def test_greetings() -> None:
    said = [words.greeting(NOW + timedelta(hours=h), HOME) for h in (0, 6, 12, 20)]
    assert said == ["Good morning", "Good afternoon", "Good evening", "Hello"]


def test_days_are_written_as_the_region_does() -> None:
    day, today = date(2026, 3, 5), date(2026, 11, 21)
    assert words.near_day(day, today, "US") == "Mar 5"
    assert words.near_day(day, today, "DE") == "5 Mar"
    assert words.written(day, "US") == "Mar 5, 2026"
    assert words.written(day, "GB") == "5 Mar 2026"
    moment = datetime(2026, 3, 5, 17, 30, tzinfo=UTC)
    assert words.whole(moment, UTC, "US") == "Thursday, Mar 5, 2026, 5:30\u00a0PM UTC"


def test_years_and_whole_numbers_are_read_plainly() -> None:
    assert words.number(2_259.0) == "2,259"
    assert words.number(420.54) == "420.54"
    assert words.number("120.50") == "120.5"
    assert words.number("-1234567.25") == "\u22121,234,567.25"
    assert [words.number(text) for text in ("many", "NaN", "1E+99")] == ["many", "NaN", "1E+99"]
    assert words.money("1234.5", "EUR") == "€1,234.50"
    assert words.money("on request", "EUR") == "on request"
    assert words.is_year("year_built", 1941)
    assert not words.is_year("year_built", 12)
    assert not words.is_year("budget", 1941)
