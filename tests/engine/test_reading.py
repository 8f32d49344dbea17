"""Questions are parsed or refused, never trusted; statements are kept by shape, cursors by key."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.app import registry
from tenfold.engine import ask as asking
from tenfold.engine.access import Person
from tenfold.engine.cursor import Cursors
from tenfold.engine.query import Shapes
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Locale
from tenfold.kernel.errors import Invalid
from tenfold.kernel.ids import new_id
from tenfold.kernel.text import fold

TYPES = registry()
LEAD = TYPES.by_name["lead"]
OWNER = Person(user=uuid4(), tenant=uuid4(), role="owner")
NAMES = st.sampled_from(
    [
        *(f"{name}{op}" for name in LEAD.by_json for op in ("", "[gt]", "[in]", "[null]", "[x]")),
        *("limit", "cursor", "page", "sort", "fields", "embed", "count", "q", "deleted"),
        "custom.x",
        "nope",
    ]
)


@given(pairs=st.lists(st.tuples(NAMES | st.text(max_size=20), st.text(max_size=40)), max_size=5))
@settings(max_examples=300, derandomize=True, database=None, deadline=None)
def test_any_question_is_parsed_or_refused(pairs: list[tuple[str, str]]) -> None:
    try:
        asked = asking.parse(pairs, LEAD, OWNER.access(LEAD), Locale())
    except Invalid:
        return
    assert 1 <= asked.limit <= 100
    assert len(asked.sorts) <= 3


def test_values_never_become_part_of_a_statement() -> None:
    evil = "x'); DROP TABLE tenfold.leads; --"
    pairs = [("source_detail", evil), ("email[prefix]", evil), ("first_name[in]", evil)]
    asked = asking.parse(pairs, LEAD, OWNER.access(LEAD), Locale())
    statement = PersonReading(LEAD, OWNER, TYPES).list_statement(asked, None)
    assert "DROP" not in statement.page.text
    assert evil not in map(str, statement.page.constants.values())
    assert "tenant_id = $" in statement.page.text


def test_shapes_are_bounded_and_the_least_used_goes() -> None:
    shapes = Shapes(most=3)
    for key in "abcad":
        shapes.get(key, lambda key=key: key.upper())
    assert shapes.misses == 4
    assert [shapes.get(key, lambda: "new") for key in "acd"] == ["A", "C", "D"]
    assert shapes.get("b", lambda: "new") == "new"


_VALUES = st.one_of(
    st.tuples(st.just(int), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just(str), st.text()),
    st.tuples(st.just(date), st.dates()),
    st.tuples(st.just(datetime), st.datetimes(timezones=st.just(UTC))),
    st.tuples(st.just(bool), st.booleans()),
    st.tuples(st.just(type(new_id())), st.uuids()),
    st.tuples(st.just(str), st.none()),
)


@given(values=st.lists(_VALUES, min_size=1, max_size=4), query=st.text())
@settings(max_examples=150, derandomize=True, database=None, deadline=None)
def test_cursor_gives_back_what_it_carries(values: list[tuple[type, object]], query: str) -> None:
    cursors = Cursors(b"k" * 32)
    try:
        sealed = cursors.seal(query, [value for _, value in values])
    except UnicodeEncodeError:
        return  # no text in a database has a lone surrogate
    opened = cursors.open(query, sealed, [kind for kind, _ in values])
    assert opened == [value for _, value in values]
    for other in (Cursors(b"x" * 32), cursors):
        asked = query if other is not cursors else query + "x"
        with pytest.raises(Invalid):
            other.open(asked, sealed, [kind for kind, _ in values])


def test_ids_rise_and_texts_fold_alike() -> None:
    ids = [new_id() for _ in range(5_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert all(one.version == 7 for one in ids)
    assert fold("  Ærøskøbing  ÇELİK ") == fold("aeroskobing çelik")
    assert fold("Straße") == fold("STRASSE")


@given(text=st.text())
@settings(max_examples=200, derandomize=True, database=None, deadline=None)
def test_what_is_folded_stays_folded(text: str) -> None:
    assert fold(fold(text)) == fold(text)
