"""Each real file gives every row, with the values a person sees in it."""

import pytest

from tenfold.exchange.mapping import Target, guess
from tenfold.exchange.readers import open_source
from tenfold.exchange.salesforce_tree import own_reference, plan_of, pointed_at
from tenfold.exchange.values import Amount, Reading, Refusal, learn, read

CONTACTS = [
    Target("first_name", "First name", "text"),
    Target("last_name", "Last name", "text", required=True),
    Target("email", "E-mail", "email"),
    Target("phone", "Phone", "phone"),
    Target("mobile_phone", "Mobile", "phone"),
    Target("company", "Company", "text"),
    Target("notes", "Notes", "long_text"),
    Target("tags", "Tags", "tags"),
    Target("external_id", "Id elsewhere", "text"),
    Target("birthday", "Birthday", "date"),
    Target("created_at", "Created", "datetime"),
]
LISTINGS = [
    Target("list_price", "List price", "money"),
    Target("bedrooms", "Bedrooms", "integer"),
    Target("bathrooms", "Bathrooms", "decimal"),
    Target("living_area", "Living area", "integer"),
    Target("address.street", "Street", "text"),
    Target("address.city", "City", "text"),
    Target("address.state", "State", "text"),
    Target("address.postal_code", "Postal code", "postal_code"),
    Target("latitude", "Latitude", "decimal"),
    Target("longitude", "Longitude", "decimal"),
]


def mapped(source, targets):
    rows = list(source.rows())
    found = guess(source.columns, [row.values for row in rows], targets)
    return rows, {one.target: one.column for one in found if one.target}


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("google-utf-8", 12, 23),
        ("hubspot-utf-8", 12, 10),
        ("hubspot-utf-8-sig", 12, 10),
        ("outlook-utf-8", 12, 14),
        ("salesforce-utf-8", 12, 9),
    ],
)
def test_contact_files_give_every_row_and_find_the_fields(data, name, rows, columns):
    source = open_source(data / "contacts" / "csv" / f"{name}.csv")
    assert (source.kind, source.encoding, source.separator) == ("csv", "utf-8", ",")
    assert len(source.columns) == columns
    read_rows, by_field = mapped(source, CONTACTS)
    assert [row.error for row in read_rows] == [None] * rows
    assert [row.number for row in read_rows[:3]] == [2, 4, 5]
    assert {"first_name", "last_name", "email", "company", "notes"} <= set(by_field)
    first = read_rows[0].values
    assert first[by_field["last_name"]] == "O’Brien-Smith"
    assert first[by_field["company"]] == 'Acme, "The" Co'
    assert first[by_field["notes"]] == "line1\nline2"
    emails = [row.values[by_field["email"]] for row in read_rows]
    assert read("email", emails[2], Reading()) == "david@example.com"
    assert read("email", emails[10], Reading()) == "user@bücher.example"
    assert read_rows[7].values[by_field["first_name"]] == '=HYPERLINK("http://127.0.0.1")'


def test_a_row_that_an_unquoted_separator_shifted_is_refused(data):
    source = open_source(data / "contacts" / "csv" / "google-semicolon.csv")
    assert source.separator == ";"
    rows = list(source.rows())
    assert len(rows) == 12
    assert [row.number for row in rows if row.error] == [12]
    bad = next(row for row in rows if row.error)
    assert "24 cells, the header 23" in bad.error
    assert "ZWSP in name" in bad.raw
    assert rows[0].values["Organization Name"] == 'Acme; "The" Co'


def test_hubspot_dates_in_the_skipped_hour_are_read_in_the_zone(data):
    source = open_source(data / "contacts" / "csv" / "hubspot-utf-8.csv")
    row = next(source.rows())
    berlin = Reading(zone="Europe/Berlin")
    assert read("datetime", row.values["Create Date"], berlin) == "2026-03-29T01:30:00+00:00"


def test_google_labels_and_birthdays_without_year(data):
    rows = list(open_source(data / "contacts" / "csv" / "google-utf-8.csv").rows())
    assert read("tags", rows[0].values["Labels"], Reading()) == ["Buyers"]
    with pytest.raises(Refusal, match="has no year"):
        read("date", rows[2].values["Birthday"], Reading())


def test_home_sales_are_read_to_the_last_digit(data):
    source = open_source(data / "realestate" / "sacramento-home-sales.csv")
    rows, by_field = mapped(source, LISTINGS)
    assert len(rows) == 932
    assert not [row for row in rows if row.error]
    assert set(by_field) == {target.name for target in LISTINGS} - {
        "address.street",
        "address.state",
    }
    for name in ("list_price", "bedrooms", "bathrooms", "living_area", "address.postal_code"):
        kind = next(target.kind for target in LISTINGS if target.name == name)
        texts = [row.values[by_field[name]] for row in rows]
        how = learn(kind, texts, Reading())
        values = [read(kind, text, how) for text in texts]
        if name == "address.postal_code":
            assert all(len(value) == 5 and value.isdigit() for value in values)
        if name == "list_price":
            assert values[0] == Amount(59222, "")
            assert sum(value.value for value in values) == sum(
                int(row.values["price"]) for row in rows
            )


def test_salesforce_tree_keeps_types_and_references(data):
    folder = data / "realestate"
    brokers = open_source(folder / "dreamhouse-brokers-data.json")
    assert brokers.kind == "json"
    references = {own_reference(row.values) for row in brokers.rows()}
    homes = open_source(folder / "dreamhouse-properties-data.json")
    rows, by_field = mapped(homes, LISTINGS)
    assert len(references) == 8
    assert [row.number for row in rows[:2]] == [1, 2]
    assert len(rows) == 12
    assert {pointed_at(row.values["Broker__c"]) for row in rows} <= references
    assert {row.values["attributes.type"] for row in rows} == {"Property__c"}
    assert by_field["list_price"] == "Price__c"
    assert by_field["longitude"] == "Location__Longitude__s"
    assert rows[0].values["Zip__c"] == "01742"
    assert rows[0].values["Location__Longitude__s"] == "-71.11095"
    plan = plan_of((folder / "dreamhouse-sample-data-plan.json").read_bytes())
    assert [step.sobject for step in plan] == ["Broker__c", "Property__c", "Contact"]
    assert plan[1].resolve_refs


def test_universities_are_all_read_with_their_lists(data):
    source = open_source(data / "career" / "world_universities_and_domains.json")
    rows = list(source.rows())
    assert len(rows) == 10_251
    assert not [row for row in rows if row.error]
    assert rows[0].values["domains"] == ["fho.edu.br"]
    assert rows[2].values["state-province"] is None
    assert len({row.values["country"] for row in rows}) >= 200
    assert {"name", "domains", "web_pages", "country", "state-province"} <= set(source.columns)


@pytest.mark.parametrize(
    ("name", "rows"), [("tate-artist_data.csv", 3532), ("tate-cards-sample.csv", 495)]
)
def test_art_files_with_quoted_commas(data, name, rows):
    read_rows = list(open_source(data / "cards" / name).rows())
    assert len(read_rows) == rows
    assert not [row for row in read_rows if row.error]
