"""What the API promises of leads, written by hand from its words, with nothing from the engine.

The conformance suite reads the declarations, as the engine does: a mistake in reading them would be
made by both. Here everything is spelled out: names, values, statuses, the points of the score.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Somebody

pytestmark = pytest.mark.anyio

UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
MOMENT = re.compile(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$")


async def ask(
    client: httpx.AsyncClient, who: Somebody, method: str, path: str, body: Any = None, **more: Any
) -> tuple[int, Any, httpx.Headers]:
    headers = {**who.headers, **more.pop("headers", {})}
    answer = await client.request(method, path, json=body, headers=headers, **more)
    return answer.status_code, answer.json(), answer.headers


async def made(client: httpx.AsyncClient, who: Somebody, **values: Any) -> dict[str, Any]:
    body = {"first_name": "Ada", "last_name": "Lovelace", **values}
    status, document, _ = await ask(client, who, "POST", "/v1/leads", body)
    assert status == 201, document
    return document["data"]


async def test_new_lead_is_answered_whole(client: httpx.AsyncClient, admin: Somebody) -> None:
    body = {
        "first_name": "  Zoë ",
        "last_name": "Ünal",
        "email": "Zoe@Example.COM",
        "phone": "(415) 555-2671",
        "budget": 750000,
        "timeline": "1_3_months",
        "preapproved": True,
        "engagement_count": 4,
        "source": "referral",
        "areas": ["Oak Park", "Midtown", "Oak Park"],
        "next_touch": "2026-12-01T09:00:00+01:00",
    }
    status, document, headers = await ask(client, admin, "POST", "/v1/leads", body)
    assert status == 201
    assert set(document) == {"success", "data"}
    assert document["success"] is True
    lead = document["data"]
    assert UUID7.match(lead["id"])
    assert headers["location"] == f"/v1/leads/{lead['id']}"
    assert headers["etag"].startswith('"1')
    for name in ("created_at", "updated_at"):
        assert MOMENT.match(lead.pop(name))
    expected = {
        "first_name": "Zoë",
        "last_name": "Ünal",
        "email": "zoe@example.com",
        "phone": "+14155552671",
        "status": "new",
        "budget": 750000,
        "budget_currency": "USD",
        "timeline": "1_3_months",
        "preapproved": True,
        "engagement_count": 4,
        "source": "referral",
        "source_detail": None,
        "areas": ["Oak Park", "Midtown"],
        "bedrooms_min": None,
        "next_touch": "2026-12-01T08:00:00+00:00",
        "notes": None,
        "score": 80,
        "score_reasons": {
            "budget": 24,
            "timeline": 20,
            "preapproved": 20,
            "engagement": 6,
            "source": 10,
        },
        "owner_id": str(admin.id),
        "team_id": None,
        "external_id": None,
        "created_by": str(admin.id),
        "deleted_at": None,
        "version": 1,
        "custom": {},
    }
    assert {name: lead[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("given", "score"),
    [
        ({}, 0),
        ({"budget": 1}, 10),
        ({"budget": 249_999.99}, 10),
        ({"budget": 250_000}, 18),
        ({"budget": 500_000}, 24),
        ({"budget": 999_999.99}, 24),
        ({"budget": 1_000_000}, 30),
        ({"timeline": "immediate"}, 25),
        ({"timeline": "1_3_months"}, 20),
        ({"timeline": "3_6_months"}, 12),
        ({"timeline": "6_12_months"}, 6),
        ({"timeline": "exploring"}, 0),
        ({"preapproved": True}, 20),
        ({"engagement_count": 1}, 1),
        ({"engagement_count": 3}, 4),
        ({"engagement_count": 10}, 15),
        ({"engagement_count": 900}, 15),
        ({"source": "referral"}, 10),
        ({"source": "past_client"}, 10),
        ({"source": "open_house"}, 7),
        ({"source": "website"}, 4),
        ({"source": "cold_call"}, 0),
        (
            {
                "budget": 2_000_000,
                "timeline": "immediate",
                "preapproved": True,
                "engagement_count": 12,
                "source": "referral",
            },
            100,
        ),
    ],
)
async def test_score_is_the_sum_of_its_points(
    client: httpx.AsyncClient, admin: Somebody, given: dict[str, Any], score: int
) -> None:
    lead = await made(client, admin, **given)
    assert lead["score"] == score
    assert sum(lead["score_reasons"].values()) == score


async def test_change_keeps_what_is_not_given_and_null_empties(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    lead = await made(client, admin, email="ada@example.com", budget=10, areas=["A"])
    path = f"/v1/leads/{lead['id']}"
    for method in ("PATCH", "PUT"):
        status, document, headers = await ask(client, admin, method, path, {"budget": 20})
        assert status == 200
        assert headers["etag"].startswith(f'"{document["data"]["version"]}')
    lead = document["data"]
    assert (lead["budget"], lead["email"], lead["areas"]) == (20, "ada@example.com", ["A"])
    assert lead["version"] == 3
    _, document, _ = await ask(client, admin, "PUT", path, {"email": None, "areas": None})
    lead = document["data"]
    assert (lead["email"], lead["areas"], lead["budget"]) == (None, None, 20)
    status, document, _ = await ask(client, admin, "PATCH", path, {"last_name": None})
    assert status == 400
    assert document == {
        "success": False,
        "error": {
            "code": "INVALID_FIELDS",
            "message": "last_name: is required and can't be empty",
            "fields": {"last_name": "is required and can't be empty"},
        },
    }


async def test_every_mistake_is_told_at_once(client: httpx.AsyncClient, admin: Somebody) -> None:
    body = {"first_name": "", "budget": -1, "source": "moon", "score": 5, "email": "x"}
    status, document, _ = await ask(client, admin, "POST", "/v1/leads", body)
    assert (status, document["error"]["code"]) == (400, "INVALID_FIELDS")
    assert set(document["error"]["fields"]) == {
        "first_name",
        "last_name",
        "budget",
        "source",
        "score",
        "email",
    }
    status, document, _ = await ask(client, admin, "POST", "/v1/leads", {})
    assert document["error"]["code"] == "MISSING_FIELDS"
    assert set(document["error"]["fields"]) == {"first_name", "last_name"}
    body = {"first_name": "a", "last_name": "b", "frst_name": "x"}
    status, document, _ = await ask(client, admin, "POST", "/v1/leads", body)
    assert document["error"]["code"] == "UNKNOWN_FIELD"
    assert "first_name" in document["error"]["fields"]["frst_name"]


@pytest.fixture
async def five(client: httpx.AsyncClient, admin: Somebody) -> dict[str, str]:
    """Five leads by the first letter of their name."""
    rows = [
        {"first_name": "Ana", "budget": 300000, "source": "website", "areas": ["North", "East"]},
        {"first_name": "ben", "budget": None, "email": "ben@example.com", "areas": ["East"]},
        {
            "first_name": "Çelik",
            "budget": 100000.5,
            "source": "referral",
            "phone": "+1 415 555 0101",
        },
        {"first_name": "Dora", "budget": 300000, "timeline": "immediate", "preapproved": True},
        {"first_name": "Élan", "budget": 900000, "source": "website", "status": "hot"},
    ]
    records = [{"last_name": "X", **row} for row in rows]
    status, document, _ = await ask(client, admin, "POST", "/v1/leads/bulk", {"records": records})
    assert status == 201, document
    return {r["id"]: r["first_name"][0] for r in document["data"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=first_name", "AbÇDÉ"),
        ("sort=-first_name", "ÉDÇbA"),
        ("sort=budget,first_name", "ÇADÉb"),
        ("sort=-budget,first_name", "ÉADÇb"),
        ("sort=-budget,-first_name", "ÉDAÇb"),
        ("sort=created_at", "AbÇDÉ"),
        ("", "ÉDÇbA"),
        ("budget=300000&sort=first_name", "AD"),
        ("budget[ne]=300000&sort=first_name", "bÇÉ"),
        ("budget[gt]=300000", "É"),
        ("budget[gte]=300000&sort=first_name", "ADÉ"),
        ("budget[lt]=100000.51", "Ç"),
        ("budget[lte]=100000.5", "Ç"),
        ("budget[null]=true", "b"),
        ("budget[null]=false&sort=first_name", "AÇDÉ"),
        ("status=hot", "É"),
        ("status[in]=hot,lost", "É"),
        ("status=new&source=website", "A"),
        ("source[null]=true&sort=first_name", "bD"),
        ("areas=East&sort=first_name", "Ab"),
        ("areas[in]=North,South", "A"),
        ("email=BEN@example.com", "b"),
        ("email[prefix]=ben@", "b"),
        ("email[prefix]=BEN@", "b"),
        ("phone[prefix]=%2B1415", "Ç"),
        ("phone[prefix]= 1 415", "Ç"),
        ("phone[prefix]=(415) 55", "Ç"),
        ("phone[prefix]=1-415", "Ç"),
        ("phone[prefix]=416", ""),
        ("phone[prefix]=any", ""),
        ("first_name[prefix]=e", "É"),
        ("first_name[prefix]=CE", "Ç"),
        ("preapproved=true", "D"),
        ("score[gte]=40", "D"),
        ("timeline=immediate", "D"),
        ("sort=first_name&page=2&limit=2", "ÇD"),
    ],
)
async def test_list_answers(
    client: httpx.AsyncClient, admin: Somebody, five: dict[str, str], query: str, expected: str
) -> None:
    status, document, _ = await ask(client, admin, "GET", f"/v1/leads?{query}")
    assert status == 200, document
    assert "".join(five[r["id"]] for r in document["data"]) == expected


async def test_pages_follow_one_another(
    client: httpx.AsyncClient, admin: Somebody, five: dict[str, str]
) -> None:
    found, cursor = "", ""
    for more in (True, True, False):
        query = f"/v1/leads?sort=-budget,first_name&limit=2{cursor}"
        _, document, _ = await ask(client, admin, "GET", query)
        found += "".join(five[r["id"]] for r in document["data"])
        assert document["meta"]["has_more"] is more
        cursor = f"&cursor={document['meta']['next_cursor']}"
    assert found == "ÉADÇb"
    assert document["meta"]["next_cursor"] is None


async def test_bulk_row_by_row_tells_which_failed(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    good, bad = {"first_name": "a", "last_name": "b"}, {"first_name": "a"}
    body = {"records": [good, bad, good], "atomic": False}
    status, document, _ = await ask(client, admin, "POST", "/v1/leads/bulk", body)
    assert status == 207
    assert [row is not None for row in document["data"]] == [True, False, True]
    assert (document["meta"]["written"], document["meta"]["refused"]) == (2, 1)
    (error,) = document["meta"]["errors"]
    assert (error["index"], error["code"]) == (1, "MISSING_FIELDS")
    assert set(error["fields"]) == {"last_name"}


async def test_upsert_makes_and_changes(client: httpx.AsyncClient, admin: Somebody) -> None:
    first = {"external_id": "e-1", "first_name": "Ada", "last_name": "L"}
    body = {"key": "external_id", "records": [first]}
    _, document, _ = await ask(client, admin, "POST", "/v1/leads/upsert", body)
    assert (document["meta"]["created"], document["meta"]["updated"]) == (1, 0)
    change = {"external_id": "e-1", "email": "ada@example.com"}
    second = {"external_id": "e-2", "first_name": "Bo", "last_name": "M"}
    body = {"key": "external_id", "records": [second, change]}
    _, document, _ = await ask(client, admin, "POST", "/v1/leads/upsert", body)
    assert (document["meta"]["created"], document["meta"]["updated"]) == (1, 1)
    assert [r["external_id"] for r in document["data"]] == ["e-2", "e-1"]
    assert document["data"][1]["first_name"] == "Ada"
    assert document["data"][1]["email"] == "ada@example.com"


async def test_deleted_lead_is_gone_and_comes_back(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    lead = await made(client, admin, external_id="k")
    path = f"/v1/leads/{lead['id']}"
    status, document, _ = await ask(client, admin, "DELETE", path)
    assert status == 200
    assert document["data"]["deleted_at"] is not None
    status, document, _ = await ask(client, admin, "GET", path)
    assert status == 404
    assert document["error"]["message"] == f"There is no lead with the id {lead['id']}."
    other = await made(client, admin, external_id="k")
    status, document, _ = await ask(client, admin, "POST", f"{path}/restore")
    assert (status, set(document["error"]["fields"])) == (409, {"external_id"})
    await ask(client, admin, "DELETE", f"/v1/leads/{other['id']}")
    status, document, _ = await ask(client, admin, "POST", f"{path}/restore")
    assert (status, document["data"]["deleted_at"]) == (200, None)


async def test_agents_see_their_team_and_change_their_own(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    ada = await organisation.person("member", ["agent"], team=organisation.team, name="ada")
    ben = await organisation.person("member", ["agent"], team=organisation.team, name="ben")
    cem = await organisation.person("member", ["agent"], team=organisation.other_team, name="cem")
    lead = await made(client, ada)
    path = f"/v1/leads/{lead['id']}"
    assert lead["team_id"] == str(organisation.team)
    expected = {
        ("GET", ada): 200,
        ("GET", ben): 200,
        ("GET", cem): 404,
        ("PATCH", ben): 403,
        ("PATCH", cem): 404,
        ("DELETE", ben): 403,
        ("DELETE", cem): 404,
        ("PATCH", ada): 200,
        ("DELETE", ada): 200,
    }
    for (method, who), status in expected.items():
        answer = await ask(client, who, method, path, {} if method == "PATCH" else None)
        assert answer[0] == status, (method, who.roles, answer[1])
    broker = await organisation.person("member", ["broker"])
    other = await made(client, cem)
    assert (await ask(client, broker, "GET", f"/v1/leads/{other['id']}"))[0] == 200
    plain = await organisation.person("member")
    assert (await ask(client, plain, "GET", "/v1/leads"))[0] == 403
