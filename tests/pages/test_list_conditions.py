"""The conditions of a list as a tree: spelled and read again, changed part by part."""

from __future__ import annotations

import json
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.app import registry
from tenfold.engine.filtering import NESTED
from tenfold.web.pages.lists.conditions import (
    Branch,
    Leaf,
    Path,
    at,
    beside,
    changed,
    fits,
    instead,
    narrowed,
    pairs_of,
    path_of,
    resolved,
    tree_of,
    turned,
    without,
)

LEAD = registry().by_name["lead"]
LEAVES = st.builds(
    Leaf,
    st.sampled_from(["status", "score[gte]", "source", "first_name[prefix]", "created_at[gte]"]),
    st.sampled_from(["new", "80", "referral", "A, B", "-7d", "true"]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Branch, st.booleans(), st.lists(inner, min_size=2, max_size=3).map(tuple)
    ),
    max_leaves=6,
).map(lambda t: t if isinstance(t, Branch) else Branch(any=False, parts=(t,)))
NEW, HOT, REFERRAL = Leaf("status", "new"), Leaf("status", "hot"), Leaf("source", "referral")


def _truth(part: Leaf | Branch, held: frozenset[Leaf]) -> bool:
    """Whether a tree holds where exactly these leaves do."""
    if isinstance(part, Leaf):
        return part in held
    return (any if part.any else all)(_truth(one, held) for one in part.parts)


def _deep(part: Leaf | Branch) -> int:
    return 0 if isinstance(part, Leaf) else 1 + max((_deep(p) for p in part.parts), default=0)


@given(tree=TREES.filter(lambda t: _deep(t) <= 3), picked=st.lists(st.integers(0, 9), max_size=6))
def test_a_tree_means_the_same_after_its_address(tree: Branch, picked: list[int]) -> None:
    again = tree_of(pairs_of(tree))
    leaves = list(tree.leaves())
    held = frozenset(leaves[n] for n in picked if n < len(leaves))
    assert _truth(again, held) == _truth(tree, held)


def _groups(where: object) -> int:
    inside = [part for joiner in ("all", "any") for part in dict(where).get(joiner, ())]
    return 1 + max(map(_groups, inside)) if inside else 0


@given(tree=TREES)
def test_a_tree_fits_where_the_engine_takes_its_address(tree: Branch) -> None:
    where = next((text for name, text in pairs_of(tree) if name == "where"), "{}")
    assert fits(tree) == (_groups(json.loads(where)) <= NESTED)


def test_plain_conditions_stay_plain() -> None:
    pairs = [("status", "new"), ("score[gte]", "80")]
    assert pairs_of(tree_of(pairs)) == pairs


def test_an_alternative_makes_a_group_and_its_end_unmakes_it() -> None:
    tree = tree_of([("status", "new"), ("source", "referral")])
    grown = beside(tree, (0,), [HOT])
    assert grown == Branch(any=False, parts=(Branch(any=True, parts=(NEW, HOT)), REFERRAL))
    assert pairs_of(grown)[0] == ("source", "referral")
    assert without(grown, (0, 1)) == tree
    turn = turned(grown, ())
    assert turn.any
    assert pairs_of(turn)[0][0] == "where"
    assert instead(tree, (1,), [HOT]).parts == (NEW, HOT)


def test_what_is_added_to_nothing_stands_alone() -> None:
    assert beside(tree_of([]), (), [NEW]).parts == (NEW,)
    assert beside(tree_of([]), (), [NEW, HOT]).parts == (NEW, HOT)
    assert without(tree_of([("status", "new")]), (0,)).parts == ()


def test_another_filter_narrows_also_what_alternatives_found() -> None:
    either = Branch(any=True, parts=(NEW, HOT))
    assert narrowed(either, [REFERRAL]) == Branch(any=False, parts=(either, REFERRAL))
    assert narrowed(tree_of([("status", "new")]), [REFERRAL]).parts == (NEW, REFERRAL)


@pytest.mark.parametrize(
    ("text", "path"),
    [("", ()), ("0", (0,)), ("1.2", (1, 2)), ("a", None), ("0.0.0.0.0", None), ("-1", None)],
)
def test_paths_are_read_or_refused(text: str, path: Path | None) -> None:
    assert path_of(text) == path


def test_a_path_that_leads_nowhere_changes_nothing() -> None:
    tree = tree_of([("status", "new")])
    assert at(tree, (5,)) is None
    assert changed(tree, (5,), lambda _: None) == tree


def test_what_depends_on_who_looks_and_when() -> None:
    tree = tree_of(
        [("owner_id", "me"), ("created_at[gte]", "-7d"), ("first_name", "me"), ("status", "new")]
    )
    user = UUID(int=7)
    zone = ZoneInfo("America/Los_Angeles")
    said = {
        leaf.name: leaf.text
        for leaf in resolved(tree, LEAD, user, date(2026, 11, 22), zone).leaves()
    }
    assert said == {
        "owner_id": str(user),
        "created_at[gte]": "2026-11-15T00:00:00-08:00",
        "first_name": "me",
        "status": "new",
    }
