"""What a brokerage relies on, over the API."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from tests.factories import Organisation, Somebody

from tenfold.engine import access
from tenfold.kernel import clock
from tenfold.kernel.clock import now

pytestmark = pytest.mark.anyio


async def make(client: httpx.AsyncClient, who: Somebody, plural: str, **values: object) -> dict:
    answer = await client.post(f"/v1/{plural}", json=values, headers=who.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


LEAD = {"first_name": "Ada", "last_name": "Lovelace"}
BEST = {
    "budget": 1_000_000,
    "timeline": "immediate",
    "preapproved": True,
    "engagement_count": 10,
    "source": "referral",
}


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        (BEST, 90, 100),
        ({"timeline": "exploring", "engagement_count": 1, "source": "website"}, 0, 49),
        ({}, 0, 100),
        ({"budget": 10**9, "engagement_count": 1_000_000, **BEST}, 90, 100),
    ],
)
async def test_lead_scores(client, admin, values, least, most):
    lead = await make(client, admin, "leads", **LEAD, **values)
    assert least <= lead["score"] <= most
    assert sum(lead["score_reasons"].values()) == lead["score"]


async def test_a_lead_scores_again_when_it_changes(client, admin):
    lead = await make(client, admin, "leads", **LEAD)
    where = f"/v1/leads/{lead['id']}"
    answer = await client.patch(where, json=BEST, headers=admin.headers)
    assert answer.json()["data"]["score"] >= 90
    assert answer.json()["data"]["score_reasons"]["budget"] == 30


async def test_price_per_square_foot_has_the_currency_of_the_price(client, admin):
    made = await make(
        client,
        admin,
        "listings",
        address={"street": "18 Henry St", "city": "Cambridge", "country": "US"},
        list_price=975_000,
        list_price_currency="EUR",
        living_area=2_000,
    )
    assert (made["price_per_sqft"], made["price_per_sqft_currency"]) == (487.5, "EUR")
    metric = await make(
        client,
        admin,
        "listings",
        address="Somewhere",
        list_price=1_076_390,
        living_area=100,
        living_area_units="square_meters",
    )
    assert metric["price_per_sqft"] == 1_000
    bare = await make(client, admin, "listings", address="A field", list_price=10)
    assert bare["price_per_sqft"] is None
    path = "/v1/listings?price_per_sqft[gt]=487.49"
    for currency, found in (("", metric), ("&price_per_sqft_currency=EUR", made)):
        answer = await client.get(path + currency, headers=admin.headers)
        assert [row["id"] for row in answer.json()["data"]] == [found["id"]]
    answer = await client.get("/v1/listings/aggregate?max=price_per_sqft", headers=admin.headers)
    figures = {g["price_per_sqft_currency"]: g["max_price_per_sqft"] for g in answer.json()["data"]}
    assert (figures["EUR"], figures["USD"]) == (487.5, 1_000)


async def test_the_market_clock_runs_until_a_listing_is_under_contract(client, admin):
    today = now().date()
    on_market = {
        "address": "9 Elm St",
        "list_price": 1,
        "on_market_date": str(today - timedelta(days=30)),
        "earlier_days_on_market": 12,
    }
    running = await make(client, admin, "listings", **on_market)
    assert (running["days_on_market"], running["cumulative_days_on_market"]) == (30, 42)
    under = {"purchase_contract_date": str(today - timedelta(days=20))}
    stopped = await make(client, admin, "listings", **on_market, **under)
    assert (stopped["days_on_market"], stopped["cumulative_days_on_market"]) == (10, 22)
    unlisted = await make(client, admin, "listings", address="9 Elm St", list_price=1)
    assert unlisted["days_on_market"] is None


async def test_a_closed_listing_stays_closed(client, admin):
    made = await make(client, admin, "listings", address="9 Elm St", list_price=1)
    where = f"/v1/listings/{made['id']}"
    for status, expected in (("pending", 200), ("closed", 200), ("active", 409)):
        answer = await client.patch(where, json={"status": status}, headers=admin.headers)
        assert answer.status_code == expected, answer.text


async def test_an_escrow_needs_an_address(client, admin):
    answer = await client.post("/v1/escrows", json={"purchase_price": 1}, headers=admin.headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "MISSING_FIELDS"
    assert set(answer.json()["error"]["fields"]) == {"property_address"}


async def test_an_escrow_counts_the_days_and_the_listing_its_escrows(client, admin):
    listing = await make(client, admin, "listings", address="9 Elm St", list_price=1)
    closing = str(now().date() + timedelta(days=12))
    escrow = await make(
        client,
        admin,
        "escrows",
        property_address="9 Elm St",
        purchase_price=650_000,
        listing_id=listing["id"],
        close_date=closing,
    )
    assert escrow["property_address"] == "9 Elm St"
    assert (escrow["status"], escrow["days_to_close"]) == ("active", 12)
    where = f"/v1/listings/{listing['id']}?embed=escrows"
    found = (await client.get(where, headers=admin.headers)).json()["data"]
    assert found["escrow_count"] == 1
    assert found["escrows"]["data"][0]["id"] == escrow["id"]


async def test_agents_see_their_team_and_brokers_the_office(client, organisation: Organisation):
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    other = await organisation.person("member", ["agent"], team=organisation.other_team)
    broker = await organisation.person("member", ["broker"])
    nobody = await organisation.person("member")
    made = await make(client, agent, "clients", first_name="Ada", last_name="Lovelace")
    where = f"/v1/clients/{made['id']}"
    codes = [
        (await client.get(where, headers=who.headers)).status_code
        for who in (agent, other, broker, nobody)
    ]
    assert codes == [200, 404, 200, 403]


async def test_agent_cannot_reveal_lockbox_code(client, organisation: Organisation):
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    broker = await organisation.person("member", ["broker"])
    made = await make(
        client, agent, "listings", address="9 Elm St", list_price=1, lockbox_code="4711"
    )
    assert made["lockbox_code"] == "••••"
    where = f"/v1/listings/{made['id']}/reveals"
    ask = {"field": "lockbox_code"}
    refused = await client.post(where, json=ask, headers=agent.headers)
    assert refused.status_code == 403, refused.text
    opened = await client.post(where, json=ask, headers=broker.headers)
    assert opened.json()["data"]["value"] == "4711"


async def test_an_agreement_is_in_force_between_its_days(client, admin):
    client_id = (await make(client, admin, "clients", **LEAD))["id"]
    today = now().date()

    async def in_force(**values: object) -> bool:
        given = {"title": "Agreement", "client_id": client_id, **values}
        return (await make(client, admin, "buyer_agreements", **given))["in_force"]

    day = timedelta(days=1)
    assert await in_force(status="signed", starts_on=str(today - day))
    assert await in_force(status="signed", starts_on=str(today), ends_on=str(today))
    assert not await in_force(status="draft", starts_on=str(today))
    assert not await in_force(status="signed", starts_on=str(today + day))
    assert not await in_force(
        status="signed", starts_on=str(today - 2 * day), ends_on=str(today - day)
    )


def test_the_date_is_that_of_the_zone(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat("2026-11-22T07:00:00+00:00"))
    assert clock.today("America/Los_Angeles") == date(2026, 11, 21)
    assert clock.today("Pacific/Kiritimati") == clock.today("Not/There") == date(2026, 11, 22)


async def test_today_is_the_date_where_the_organisation_is(client, admin, monkeypatch):
    """At 11 pm in California it is tomorrow in UTC already; an hour later it is tomorrow there."""

    def at(text: str) -> None:
        moment = datetime.fromisoformat(text)
        monkeypatch.setattr(access, "today", lambda zone: moment.astimezone(ZoneInfo(zone)).date())

    at("2026-11-22T07:00:00+00:00")
    zone = {"timezone": "America/Los_Angeles"}
    answer = await client.patch("/v1/organization", json=zone, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    whom = (await make(client, admin, "clients", **LEAD))["id"]
    day = "2026-11-22"
    signed = {"title": "A", "client_id": whom, "status": "signed", "starts_on": day}
    listed = {"address": "9 Elm St", "list_price": 1, "on_market_date": "2026-11-20"}
    written = [
        await make(client, admin, "escrows", property_address="9 Elm St", close_date=day),
        await make(client, admin, "buyer_agreements", **signed),
        await make(client, admin, "listings", **listed),
    ]

    async def read() -> list[dict]:
        rows = []
        for plural in ("escrows", "buyer_agreements", "listings"):
            answer = await client.get(f"/v1/{plural}", headers=admin.headers)
            rows += answer.json()["data"]
        return rows

    def told(rows: list[dict]) -> tuple[int, bool, int]:
        escrow, agreement, listing = rows
        return escrow["days_to_close"], agreement["in_force"], listing["days_on_market"]

    before = (1, False, 1)
    assert (told(written), told(await read()), told(await read())) == (before,) * 3
    at("2026-11-22T08:00:00+00:00")
    assert told(await read()) == (0, True, 2)


async def test_what_a_client_likes_is_seen_from_both_sides(client, admin, owner):
    liked = await make(client, admin, "listings", address="9 Elm St", list_price=1)
    fan = await make(client, admin, "clients", **LEAD)
    await owner.execute(
        "INSERT INTO tenfold.slots (tenant_id, field, record_id, ref_value) "
        "VALUES ($1, 'client.favorites', $2::text::uuid, $3::text::uuid)",
        admin.tenant,
        fan["id"],
        liked["id"],
    )
    there = await client.get(f"/v1/clients/{fan['id']}?embed=favorites", headers=admin.headers)
    assert [r["id"] for r in there.json()["data"]["favorites"]["data"]] == [liked["id"]]
    back = await client.get(f"/v1/listings/{liked['id']}?embed=favored_by", headers=admin.headers)
    assert [r["id"] for r in back.json()["data"]["favored_by"]["data"]] == [fan["id"]]


SHOWING = {
    "title": "Showing",
    "starts_at": "2026-12-01T10:00:00Z",
    "ends_at": "2026-12-01T11:00:00Z",
    "time_zone": "America/Chicago",
}


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"ends_at": "2026-12-01T09:59:00Z"}, "ends_at", "can't be before “Starts at”"),
        ({"starts_at": "2026-12-01T13:00:00Z"}, "starts_at", "can't be after “Ends at”"),
        ({"time_zone": "Mars/Base"}, "time_zone", "must be a time zone by its IANA name"),
    ],
)
async def test_a_showing_ends_after_it_begins_somewhere_on_earth(client, admin, change, field, why):
    made = await make(client, admin, "appointments", **SHOWING)
    where = f"/v1/appointments/{made['id']}"
    answer = await client.patch(where, json=change, headers=admin.headers)
    assert answer.status_code == 400
    assert why in answer.json()["error"]["fields"][field]
    answer = await client.post("/v1/appointments", json=SHOWING | change, headers=admin.headers)
    assert answer.status_code == 400
    later = {name: SHOWING[name].replace("-01T", "-02T") for name in ("starts_at", "ends_at")}
    for fine in ({"ends_at": SHOWING["starts_at"]}, {"time_zone": "Pacific/Kiritimati"}, later):
        answer = await client.patch(where, json=fine, headers=admin.headers)
        assert answer.status_code == 200, answer.text


async def test_of_an_end_that_is_no_moment_that_alone_is_told(client, admin):
    change = {"starts_at": "2026-12-01T10:00:00Z", "ends_at": "noon"}
    answer = await client.post("/v1/appointments", json=SHOWING | change, headers=admin.headers)
    assert list(answer.json()["error"]["fields"]) == ["ends_at"]
