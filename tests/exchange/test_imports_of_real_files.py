"""Files of other programs, as they are: as many rows out as in, each refusal explained."""

from __future__ import annotations

import csv
import json
from collections import Counter

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk):
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


async def test_dreamhouse_comes_in_by_its_plan_with_its_relations(person, data):
    folder = data / "realestate"
    files = [
        folder / f"dreamhouse-{name}.json"
        # The plan says in which order; the order of sending does not matter.
        for name in ("contacts-data", "properties-data", "sample-data-plan", "brokers-data")
    ]
    view = await person.imported(files)
    assert view["type"] == "agent,listing,contact"
    assert counts(view) == (25, 25, 0, 0, 0)
    agents = {agent["id"]: agent["name"] for agent in await person.every("agents")}
    listings = await person.every("listings")
    assert (len(agents), len(listings), len(await person.every("contacts"))) == (8, 12, 5)
    by_street = {listing["address"]["street"]: listing for listing in listings}
    henry = by_street["18 Henry St"]
    assert agents[henry["agent_id"]] == "Caroline Kingsley"
    assert henry["address"]["postal_code"] == "01742"
    assert (henry["list_price"], henry["bedrooms_total"], henry["status"]) == (
        975_000, 4, "active",
    )  # fmt: skip
    assert all(listing["agent_id"] in agents for listing in listings)
    assert counts(await person.imported(files)) == (25, 0, 0, 25, 0)
    undo = await person.undone(view["id"])
    assert (undo["result"]["deleted"], undo["result"]["kept"]) == (25, 0)
    assert await person.every("listings") == []
    redo = await person.undone(undo["id"])
    assert redo["result"]["restored"] == 25
    back = {listing["id"]: listing["agent_id"] for listing in await person.every("listings")}
    assert back == {listing["id"]: listing["agent_id"] for listing in listings}


async def test_a_plan_without_one_of_its_files_names_it(person, data):
    plan = data / "realestate" / "dreamhouse-sample-data-plan.json"
    answer = await person.start([plan])
    assert answer.status_code == 400
    assert "which was not sent" in answer.text


async def test_home_sales_come_in_as_listings(person, data):
    view = await person.imported(data / "realestate" / "sacramento-home-sales.csv", "listings")
    assert counts(view) == (932, 932, 0, 0, 0)
    listings = await person.every("listings")
    assert len(listings) == 932
    kinds = Counter(one["property_sub_type"] for one in listings)
    assert (kinds["condominium"], kinds["multi_family"]) == (53, 13)
    with (data / "realestate" / "sacramento-home-sales.csv").open() as file:
        prices = [int(row["price"]) for row in csv.DictReader(file)]
    assert sorted(one["list_price"] for one in listings) == sorted(prices)
    assert "66 values of 'type' put into property sub type." in view["notes"]


@pytest.mark.parametrize(
    ("kind", "country", "count"), [("employers", "", 10_251), ("companies", "Brazil", 187)]
)
async def test_every_university_comes_in(person, data, tmp_path, kind, country, count):
    path = data / "career" / "world_universities_and_domains.json"
    if country:
        some = [one for one in json.loads(path.read_text()) if one["country"] == country]
        path = tmp_path / path.name
        path.write_text(json.dumps(some))
    view = await person.imported(path, kind)
    assert counts(view) == (count, count, 0, 0, 0)
    assert any("alpha_two_code" in note for note in view["notes"])
    (found,) = (
        await person.client.get(
            f"/v1/{kind}", params={"name": "Fundação Hermínio Ometto"}, headers=person.who.headers
        )
    ).json()["data"]
    assert found["domain"] == "fho.edu.br"
    undo = await person.undone(view["id"])
    assert undo["result"]["deleted"] == count
    assert await person.every(kind) == []


CONTACTS = {
    "csv/google-semicolon.csv": (12, 7),
    "csv/google-utf-8.csv": (12, 8),
    "csv/hubspot-utf-8.csv": (12, 8),
    "csv/hubspot-utf-8-sig.csv": (12, 8),
    "csv/outlook-utf-8.csv": (12, 8),
    "csv/salesforce-utf-8.csv": (12, 8),
    "vcards/John_Doe_ANDROID.vcf": (6, 2),
    "vcards/John_Doe_GMAIL.vcf": (1, 1),
    "vcards/John_Doe_IPHONE.vcf": (1, 1),
    "vcards/John_Doe_MS_OUTLOOK.vcf": (1, 1),
    "vcards/gmail-list.vcf": (3, 3),
    "vcards/rfc2426-example.vcf": (2, 2),
    "vcards/rfc6350-example.vcf": (1, 1),
}


async def test_each_contact_file_comes_in_or_says_why_not(client, make_organisation, desk, data):
    folder = data / "contacts"
    assert {str(path.relative_to(folder)) for path in folder.glob("*/*.[cv]*")} == set(CONTACTS)
    async with working(desk):
        for name, (read, created) in CONTACTS.items():
            organisation = await make_organisation(name)
            person = Person(client, await organisation.person("owner"))
            view = await person.imported(data / "contacts" / name, "contacts")
            refused = await person.refused(view)
            assert counts(view) == (read, created, 0, 0, read - created), name
            assert len(refused) == read - created, name
            assert all(row["reason"].endswith((".", "?")) and row["line"] for row in refused)
            assert len(await person.every("contacts")) == created


OTHER_CITY = """\
MLS #;Status;Street Number;Street Dir Prefix;Street Name;Street Suffix;Unit Number;City;\
State Or Province;Postal Code;List Price;Close Price;Close Date;Beds Total;Baths Total;\
Sq Ft;Year Built;Property Sub Type;List Agent Email;Public Remarks
B-1;Sold;12;N;Höhe;Ave;4B;Zürich;ZH;8001;1.250.000,00;1.300.000,00;21.11.2025;4;2,5;120,5;1998;\
Condo;ann@example.com;Schöne Aussicht
B-2;Contingent;7;;See;St;;Zürich;ZH;8002;980.000,00;;;3;1,0;80,0;2001;Townhouse;;
B-3;Sold;;;;;;Zürich;ZH;8003;kein Preis;;;3;1,0;80,0;2001;Townhouse;;
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_another_citys_sales_with_other_columns_and_encodings(person, encoding):
    await person.post("/v1/agents", {"name": "Ann", "email": "ann@example.com"}, 201)
    view = await person.imported(
        OTHER_CITY.encode(encoding),
        "listings",
        mapping='{"List Agent Email": "agent"}',
        currency="CHF",
        region="CH",
    )
    assert counts(view) == (3, 2, 0, 0, 1), view
    listings = {one["listing_id"]: one for one in await person.every("listings")}
    first = listings["B-1"]
    assert first["address"] == {
        "street": "12 N Höhe Ave",
        "street2": "4B",
        "city": "Zürich",
        "state": "ZH",
        "postal_code": "8001",
    }
    assert (first["list_price"], first["list_price_currency"]) == (1_250_000, "CHF")
    assert (first["status"], first["close_date"]) == ("closed", "2025-11-21")
    assert (first["bathrooms_total"], first["living_area"]) == (2.5, 120.5)
    assert first["property_sub_type"] == "condominium"
    assert first["agent_id"] is not None
    assert listings["B-2"]["status"] == "active_under_contract"
    (row,) = await person.refused(view)
    assert row["reason"].startswith("List Price: 'kein Preis' is not a number")
