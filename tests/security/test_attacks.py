"""Every attack has its tests, and every hole a row that sees it (`make prove` tries them all)."""

from __future__ import annotations

import pytest
from tests import attacks, evidence
from tests.attacks import Hole

pytestmark = pytest.mark.untraced
ROWS = attacks.attacks()
HOLES = attacks.holes()


@pytest.mark.parametrize("name", ROWS)
def test_an_attack_has_tests_that_run(name: str) -> None:
    row = ROWS[name]
    assert row.tests, "a row without a test is a wish"
    assert evidence.missing(row.tests) == []
    assert evidence.left_out(row.tests) == []
    assert row.asvs.count(".") == 2
    assert row.top10.startswith("API")


def test_the_table_is_whole() -> None:
    assert len(ROWS) == 30
    assert len(HOLES) >= 12
    assert len({hole.row for hole in HOLES}) == len(HOLES), "one hole for each family"


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.path.stem)
def test_a_hole_is_of_the_code_that_ships(hole: Hole) -> None:
    assert hole.row in ROWS
    assert attacks.applies(hole) == ""
    changed = [line for line in hole.path.read_text().splitlines() if line.startswith("+++ ")]
    assert changed
    assert all(line.startswith("+++ b/src/tenfold/") for line in changed)


def test_a_hole_is_seen_by_its_row() -> None:
    """One for real, the quickest."""
    hole = next(one for one in HOLES if one.path.stem == "open-redirect")
    seen, said = attacks.found(hole)
    assert seen, said[-2_000:]


def test_tests_that_see_nothing_miss_it() -> None:
    hole = next(one for one in HOLES if one.path.stem == "open-redirect")
    seen, said = attacks.found(hole, ("tests/outside/test_places.py",))
    assert not seen, said[-2_000:]
