"""Every type's lists answer what a naive reading of its rows says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conformance import lists
from tests.conformance.conftest import kinds
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = pytest.mark.anyio


async def test_filters_find_what_they_say(place: World, kind: Definition) -> None:
    await lists.check_filters(place, kind)


async def test_sorts_both_ways_over_pages(place: World, kind: Definition) -> None:
    await lists.check_sorts(place, kind)


_known: dict[tuple[str, str], tuple[World, list[lists.Row]]] = {}


# Drawn as numbers, since a strategy can't be drawn from within an async test: Hypothesis ends such
# a test by an exception that ends the event loop's runner too.
@given(
    drawn=st.lists(st.tuples(st.integers(0, 99), st.booleans()), min_size=1, max_size=3),
    asked=st.lists(st.integers(0, 999), max_size=2, unique=True),
    limit=st.integers(2, 9),
)
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_any_question_pages_alike(
    place: World, kind_name: str, drawn: list[tuple[int, bool]], asked: list[int], limit: int
) -> None:
    kind = kinds()[kind_name]
    # The rows are made once; each example only asks.
    key = (kind_name, place.base.admin_url)
    if key not in _known:
        _known[key] = (place, await lists.rows_of(place, kind))
    there, rows = _known[key]
    fields = lists.sortable(kind)
    sorts = list(
        {fields[n % len(fields)].name: (fields[n % len(fields)], d) for n, d in drawn}.values()
    )
    known = list(lists.conditions(kind, rows))
    chosen = list({n % len(known): known[n % len(known)] for n in asked}.values())
    await lists.check_question(there, kind, rows, sorts, chosen, limit)
