"""Every type's lists answer what a naive reading of its rows says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conformance import lists
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = pytest.mark.anyio


async def test_filters_find_what_they_say(place: World, kind: Definition) -> None:
    await lists.check_filters(place, kind)


async def test_sorts_both_ways_over_pages(place: World, kind: Definition) -> None:
    await lists.check_sorts(place, kind)


_known: dict[tuple[str, str], tuple[World, list[lists.Row]]] = {}


@given(data=st.data())
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_any_question_pages_alike(
    place: World, kind_name: str, data: st.DataObject
) -> None:
    kind = place.registry.by_name[kind_name]
    # The rows are made once; each example only asks.
    key = (kind.name, str(place.base.admin_url))
    if key not in _known:
        _known[key] = (place, await lists.rows_of(place, kind))
    there, rows = _known[key]
    fields = {f.json_name: f for f in lists.sortable(kind)}
    drawn = st.tuples(st.sampled_from(sorted(fields)), st.booleans())
    names = data.draw(st.lists(drawn, min_size=1, max_size=3, unique_by=lambda s: s[0]))
    known = {c.query: c for c in lists.conditions(kind, rows)}
    asked = data.draw(st.lists(st.sampled_from(sorted(known)), max_size=2, unique=True))
    limit = data.draw(st.integers(2, 9))
    sorts = [(fields[name], down) for name, down in names]
    await lists.check_question(there, kind, rows, sorts, [known[q] for q in asked], limit)
