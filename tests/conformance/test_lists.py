"""Every type's lists answer what a naive reading of its rows says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conformance import lists, tailoring
from tests.conformance.conftest import kinds
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_filters_find_what_they_say(place: World, kind: Definition) -> None:
    await lists.check_filters(place, kind)


async def test_sorts_both_ways_over_pages(place: World, kind: Definition) -> None:
    await lists.check_sorts(place, kind)


# Drawn as numbers, since a strategy can't be drawn from within an async test: Hypothesis ends such
# a test by an exception that ends the event loop's runner too.
QUESTIONS = given(
    drawn=st.lists(st.tuples(st.integers(0, 99), st.booleans()), min_size=1, max_size=3),
    asked=st.lists(st.integers(0, 999), max_size=2, unique=True),
    limit=st.integers(2, 9),
)
ALIKE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Drawn = list[tuple[int, bool]]


@QUESTIONS
@settings(ALIKE, max_examples=3)
async def test_some_questions_page_alike(
    place: World, kind_name: str, drawn: Drawn, asked: list[int], limit: int
) -> None:
    await _asked(place, kind_name, drawn, asked, limit)


@pytest.mark.parametrize("name", ["specimen", "custom_gadgets"])
@QUESTIONS
@settings(ALIKE, max_examples=40)
async def test_many_questions_page_alike(
    place: World, name: str, drawn: Drawn, asked: list[int], limit: int
) -> None:
    if name not in _known:
        await tailoring.tailor(place, name)
    await _asked(place, name, drawn, asked, limit)


_known: dict[str, tuple[World, list[lists.Row]]] = {}


async def _asked(place: World, name: str, drawn: Drawn, asked: list[int], limit: int) -> None:
    """Ask one question; the rows are made once, each example only asks."""
    kind = kinds()[name]
    if name not in _known:
        _known[name] = (place, await lists.rows_of(place, kind))
    there, rows = _known[name]
    fields = lists.sortable(kind)
    chosen = {fields[n % len(fields)].name: (fields[n % len(fields)], down) for n, down in drawn}
    known = list(lists.conditions(kind, rows))
    filters = list({n % len(known): known[n % len(known)] for n in asked}.values())
    await lists.check_question(there, kind, rows, list(chosen.values()), filters, limit)
