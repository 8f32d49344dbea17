"""Groups of conditions: what a list answers to them, and what it says of those it can't read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories import Organisation, Somebody

pytestmark = pytest.mark.anyio

_STATES = ("new", "hot", "lost")
_SOURCES = ("referral", "website", None)
_COUNTS = (0, 3, 9)
Row = dict[str, Any]


async def _leads(client: httpx.AsyncClient, admin: Somebody) -> list[Row]:
    """A lead of each combination of stage, source and number of engagements."""
    bodies = [
        {
            "first_name": f"Lead {number}",
            "last_name": "Where",
            "status": status,
            "source": source,
            "engagement_count": count,
        }
        for number, (status, source, count) in enumerate(product(_STATES, _SOURCES, _COUNTS))
    ]
    made = await client.post("/v1/leads/bulk", json={"records": bodies}, headers=admin.headers)
    assert made.status_code in (200, 201), made.text
    return [one | {"source": one["source"]} for one in bodies]


async def _names(client: httpx.AsyncClient, admin: Somebody, params: Mapping[str, str]) -> set[str]:
    """The first names on all pages of a list."""
    found: list[str] = []
    cursor = ""
    while True:
        given = {**params, "limit": "7", **({"cursor": cursor} if cursor else {})}
        answer = await client.get("/v1/leads", params=given, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        found += [row["first_name"] for row in answer.json()["data"]]
        cursor = answer.json()["meta"]["next_cursor"]
        if not cursor:
            assert len(found) == len(set(found))
            return set(found)


_LEAVES = st.one_of(
    st.sampled_from(_STATES).map(lambda s: {"status": s}),
    st.sampled_from(_STATES).map(lambda s: {"status[ne]": s}),
    st.sampled_from([["new", "hot"], ["lost"]]).map(lambda s: {"status[in]": s}),
    st.booleans().map(lambda empty: {"source[null]": empty}),
    st.sampled_from(("referral", "website")).map(lambda s: {"source": s, "status[ne]": "hot"}),
    st.integers(0, 9).map(lambda n: {"engagement_count[gte]": n}),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.tuples(
        st.sampled_from(("any", "all")), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda pair: {pair[0]: pair[1]}),
    max_leaves=6,
)


def _deep(tree: Mapping[str, Any]) -> int:
    inside = next((tree[j] for j in ("any", "all") if j in tree), None)
    return 0 if inside is None else 1 + max(map(_deep, inside))


def _holds(tree: Mapping[str, Any], row: Row) -> bool:
    """What a tree says of a row, told naively."""
    if "any" in tree:
        return any(_holds(part, row) for part in tree["any"])
    if "all" in tree:
        return all(_holds(part, row) for part in tree["all"])
    return all(_says(name, value, row) for name, value in tree.items())


def _says(name: str, value: Any, row: Row) -> bool:
    field, _, operator = name.rstrip("]").partition("[")
    held = row[field]
    match operator:
        case "ne":
            return held != value
        case "in":
            return held in value
        case "null":
            return (held is None) is value
        case "gte":
            return held >= value
        case _:
            return held == value


_rows: dict[str, tuple[Somebody, list[Row]]] = {}


@given(tree=_TREES.filter(lambda t: _deep(t) <= 3), stage=st.sampled_from((None, *_STATES)))
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_groups_find_what_they_say(
    client: httpx.AsyncClient, admin: Somebody, tree: dict[str, Any], stage: str | None
) -> None:
    if not _rows:
        _rows["leads"] = admin, await _leads(client, admin)
    who, rows = _rows["leads"]
    params = {"where": json.dumps(tree), **({"status": stage} if stage else {})}
    wanted = [r for r in rows if _holds(tree, r) and stage in (None, r["status"])]
    assert await _names(client, who, params) == {r["first_name"] for r in wanted}


async def test_counts_sums_and_searches_keep_to_the_groups(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    await _leads(client, admin)
    where = json.dumps({"any": [{"status": "new", "source": "referral"}, {"status": "hot"}]})
    first = {"where": where, "limit": "5", "count": "capped"}
    page = await client.get("/v1/leads", params=first, headers=admin.headers)
    assert page.json()["meta"]["count"] == 12
    summed = await client.get(
        "/v1/leads/aggregate", params={"where": where, "group": "status"}, headers=admin.headers
    )
    assert summed.status_code == 200, summed.text
    groups = {row["status"]: row["count"] for row in summed.json()["data"]}
    assert groups == {"hot": 9, "new": 3}
    exported = await client.get(
        "/v1/leads/export", params={"where": where, "format": "json"}, headers=admin.headers
    )
    assert len(exported.json()) == 12


async def test_a_cursor_belongs_to_its_groups(client: httpx.AsyncClient, admin: Somebody) -> None:
    await _leads(client, admin)
    one, other = (json.dumps({"any": [{"status": "new"}, {"status": s}]}) for s in ("hot", "lost"))
    page = await client.get("/v1/leads", params={"where": one, "limit": "2"}, headers=admin.headers)
    cursor = page.json()["meta"]["next_cursor"]
    again = await client.get(
        "/v1/leads", params={"where": other, "limit": "2", "cursor": cursor}, headers=admin.headers
    )
    assert (again.status_code, list(again.json()["error"]["fields"])) == (400, ["cursor"])


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ("{", "where"),
        ("[]", "where"),
        ("{}", "where"),
        ('{"any": []}', "where"),
        ('{"any": [{"status": "new"}], "status": "new"}', "where"),
        ('{"any": [{"status": "new"}, 7]}', "where.any[1]"),
        ('{"any": [{"status": "neww"}]}', "where.any[0].status"),
        ('{"all": [{"any": [{"score[gte]": "much"}]}]}', "where.all[0].any[0].score[gte]"),
        ('{"any": [{"nope": "x"}]}', "where.any[0].nope"),
        ('{"any": [{"status[almost]": "x"}]}', "where.any[0].status[almost]"),
        ('{"any":[{"any":[{"any":[{"any":[{"status":"new"}]}]}]}]}', "where.any[0].any[0].any[0]"),
        (json.dumps({"any": [{"status": "new"}] * 31}), "where"),
    ],
)
async def test_what_can_not_be_read_is_named(
    client: httpx.AsyncClient, admin: Somebody, where: str, field: str
) -> None:
    answer = await client.get("/v1/leads", params={"where": where}, headers=admin.headers)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])


async def test_a_hidden_field_is_unknown_in_a_group(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    desk = await organisation.person("member", ["front_desk"])
    where = json.dumps({"any": [{"offer_salary[gte]": 1}, {"status": "saved"}]})
    answer = await client.get("/v1/applications", params={"where": where}, headers=desk.headers)
    assert answer.json()["error"]["code"] == "UNKNOWN_FIELD"
