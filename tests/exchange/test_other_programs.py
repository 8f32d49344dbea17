"""Files as other programs write them come in without help, and nothing of them is mixed up."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio

OUTLOOK = (
    "First Name,Last Name,Business Street,Business Street 2,Business City,Business State,"
    "Business Postal Code,Home Street,Home City,Home State,Home Postal Code,Other Street,"
    "Other City,Home Phone,Mobile Phone,Birthday,Anniversary,E-mail Address,Profession,Job Title"
)
LINKEDIN = """\
Notes:
"When exporting your connection data, you may notice, that some of the addresses are missing."

First Name,Last Name,URL,Email Address,Company,Position,Connected On
Mia,Noor,https://www.linkedin.com/in/mianoor,mia@example.com,Noor AG,Head of Sales,14 Mar 2024
"""
HUBSPOT = """\
Record ID,First Name,Last Name,Email,Contact owner,Create Date (GMT-8),Lifecycle Stage,Lead Source
51,Fay,Gil,fay@example.com,Somebody Unknown (gone@example.com),2024-01-02 08:30,\
Sales Qualified Lead,Web
52,Gus,Hal,gus@example.com,No owner,2024-01-02 08:30,Lead,Phone Inquiry
"""
SALESFORCE = """\
"First Name","Last Name","Mailing Street","Mailing City","Mailing State/Province",\
"Mailing Zip/Postal Code"
"Kay","Lim","9 Elm St","Austin","TX","73301"

"My Report"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"""
KING_COUNTY = """\
id,date,price,bedrooms,bathrooms,sqft_living,sqft_lot,floors,yr_built,zipcode,lat,long
"7129300520","20141013T000000",2.219e+05,3,1,1180,5650,"1.5",1955,"98178",47.5112,-122.257
Total,,221900,3,1,1180,5650,,,,,
"""
CARDS = """\
BEGIN:VCARD
VERSION:3.0
N:Zed;Amy;;;
TEL;type=pref:*86
TEL;type=CELL:+1 (415) 555-0160
BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-15
END:VCARD
BEGIN:VCARD
VERSION:4.0
N:Yam;Bob;;;
BDAY:--0203
END:VCARD
"""


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk: Desk) -> AsyncIterator[Person]:
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


def table(header: str, *rows: Mapping[str, str], separator: str = ",") -> str:
    """A CSV file with these cells, the others empty."""
    held = io.StringIO()
    names = header.split(separator)
    writer = csv.DictWriter(held, names, restval="", delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return held.getvalue()


async def test_outlooks_addresses_stay_apart_and_its_zero_dates_are_none(person):
    row = {
        "First Name": "Carl",
        "Business Street": "5 Works Rd",
        "Business City": "Reno",
        "Home Street": "7 Home Ln",
        "Home City": "Sparks",
        "Home Phone": "(775) 555-0102",
        "Birthday": "0/0/00",
        "Anniversary": "0/0/00",
        "E-mail Address": "carl@example.com",
        "Job Title": "Engineer",
    }
    view = await person.imported(table(OUTLOOK, row), "contacts")
    assert counts(view) == (1, 1, 0, 0, 0)
    (one,) = await person.every("contacts")
    assert one["address"] == {"street": "5 Works Rd", "city": "Reno"}
    assert one["other_address"] == {"street": "7 Home Ln", "city": "Sparks"}
    assert (one["birthday"], one["phone"]) == (None, "+17755550102")
    assert one["job_title"] == "Engineer"


async def test_outlook_in_german(person):
    header = (
        "Vorname;Nachname;Straße geschäftlich;Ort geschäftlich;Postleitzahl geschäftlich;"
        "Straße privat;Ort privat;Telefon geschäftlich;Geburtstag;E-Mail-Adresse"
    )
    row = {
        "Vorname": "Jürgen",
        "Nachname": "Müßig",
        "Straße geschäftlich": "Königstraße 5",
        "Ort geschäftlich": "Köln",
        "Postleitzahl geschäftlich": "50667",
        "Straße privat": "Am Bach 1",
        "Ort privat": "Bonn",
        "Telefon geschäftlich": "0221 4710123",
        "Geburtstag": "24.12.1970",
    }
    content = table(header, row, separator=";").encode("cp1252")
    assert counts(await person.imported(content, "contacts", region="DE")) == (1, 1, 0, 0, 0)
    (one,) = await person.every("contacts")
    assert one["address"] == {"street": "Königstraße 5", "city": "Köln", "postal_code": "50667"}
    assert one["other_address"] == {"street": "Am Bach 1", "city": "Bonn"}
    assert (one["phone"], one["birthday"]) == ("+492214710123", "1970-12-24")


async def test_outlooks_addresses_in_french(person):
    header = "Prénom;Nom;Rue (bureau);Ville (bureau);Code postal (bureau);Pays/Région (bureau)"
    header += ";Rue (domicile);Ville (domicile)"
    content = f"{header}\nZoé;Roy;12 rue Foch;Lyon;69001;France;3 quai Claude;Sète\n"
    assert counts(await person.imported(content, "contacts")) == (1, 1, 0, 0, 0)
    (one,) = await person.every("contacts")
    street = {"street": "12 rue Foch", "city": "Lyon", "postal_code": "69001", "country": "France"}
    assert (one["address"], one["other_address"]) == (
        street,
        {"street": "3 quai Claude", "city": "Sète"},
    )


async def test_linkedins_notes_before_the_header_are_passed_over(person):
    view = await person.imported(LINKEDIN, "contacts")
    assert counts(view) == (1, 1, 0, 0, 0)
    assert "The 2 lines before the header were passed over." in view["notes"]
    (one,) = await person.every("contacts")
    assert (one["first_name"], one["job_title"]) == ("Mia", "Head of Sales")


async def test_hubspots_words_and_owners_cost_no_row(person):
    view = await person.imported(HUBSPOT, "contacts")
    assert counts(view) == (2, 2, 0, 0, 0)
    found = {one["first_name"]: one for one in await person.every("contacts")}
    assert (found["Fay"]["lifecycle_stage"], found["Fay"]["source"]) == ("qualified", "website")
    assert found["Gus"]["source"] == "other"
    assert "1 row has nobody of your organisation as owner." in view["notes"]
    told = "1 value of 'Lead Source' kept as other: none of our sources."
    assert told in view["notes"]
    asked = await person.imported(HUBSPOT, "contacts", mapping='{"Contact owner": "owner"}')
    (row,) = await person.refused(asked)
    assert row["reason"].startswith("owner_id: Nobody in your organisation is")


async def test_the_end_of_a_salesforce_report_makes_no_contacts(person):
    view = await person.imported(SALESFORCE, "contacts")
    assert counts(view) == (3, 1, 0, 0, 2)
    (one,) = await person.every("contacts")
    address = {"street": "9 Elm St", "city": "Austin", "state": "TX", "postal_code": "73301"}
    assert one["address"] == address
    assert all("1 cell, the header 6" in row["reason"] for row in await person.refused(view))


async def test_sales_of_another_county_and_their_total(person):
    view = await person.imported(KING_COUNTY, "listings")
    assert counts(view) == (2, 1, 0, 0, 1)
    (one,) = await person.every("listings")
    assert (one["list_price"], one["close_date"]) == (221_900, "2014-10-13")
    assert (one["living_area"], one["lot_size_square_feet"]) == (1_180, 5_650)
    (row,) = await person.refused(view)
    assert row["reason"] == "The row looks like a total of the rows above; it is no record."


async def test_a_birthday_without_year_or_a_short_number_costs_no_card(person):
    view = await person.imported(CARDS, "contacts", filename="cards.vcf")
    assert counts(view) == (2, 2, 0, 0, 0)
    found = {one["first_name"]: one for one in await person.every("contacts")}
    assert (found["Amy"]["birthday"], found["Amy"]["phone"]) == (None, "+14155550160")
    assert "2 values of 'birthday' left out: no year." in view["notes"]
    assert "1 value more in cells of 'phones' left out: can't be read." in view["notes"]


async def test_an_export_reads_a_filter_as_the_organisation_writes_it(person):
    await person.patch("/v1/organization", {"region": "DE"})
    await person.post("/v1/contacts", {"last_name": "Müßig", "phone": "+492214710123"}, 201)
    answer = await person.client.get(
        "/v1/contacts/export", params={"phone": "0221 4710123"}, headers=person.who.headers
    )
    assert answer.status_code == 200, answer.text
    assert "Müßig" in answer.text


async def test_salesforces_glued_names_keep_addresses_apart_and_accounts_related(person):
    await person.post("/v1/companies", {"name": "Acme", "external_id": "001A"}, 201)
    row = {
        "ID": "003A",
        "ACCOUNTID": "001A",
        "LASTNAME": "Park",
        "MAILINGSTREET": "3 Elm",
        "MAILINGCITY": "Fremont",
        "OTHERSTREET": "9 Oak",
        "OTHERCITY": "Reno",
    }
    stranger = {"ID": "003B", "ACCOUNTID": "001Z", "LASTNAME": "Quay"}
    view = await person.imported(table(",".join(row), row, stranger), "contacts")
    assert counts(view) == (2, 2, 0, 0, 0)
    assert "1 row names a company that is not here, and came in without it." in view["notes"]
    quay, park = sorted(await person.every("contacts"), key=lambda c: c["last_name"], reverse=True)
    assert park["address"] == {"street": "3 Elm", "city": "Fremont"}
    assert park["other_address"] == {"street": "9 Oak", "city": "Reno"}
    (company,) = await person.every("companies")
    assert (park["company_id"], quay["company_id"]) == (company["id"], None)


async def test_a_company_that_is_missing_is_made_by_its_name_never_by_its_id(person):
    row = {"Record Id": "z1", "Deal Name": "Kiosk", "Account Name.id": "z9", "Account Name": "K Co"}
    view = await person.imported(table(",".join(row), row), "deals")
    (refused,) = await person.refused(view)
    why = "There is no company 'K Co'; import it first or let missing ones be made."
    assert refused["reason"] == f"company_id: {why}"
    made = await person.imported(table(",".join(row), row), "deals", create_missing='["company"]')
    assert counts(made) == (1, 1, 0, 0, 0)
    assert [one["name"] for one in await person.every("companies")] == ["K Co"]


async def test_pipedrives_deals_keep_their_currency(person):
    row = {
        "Deal - ID": "7",
        "Deal - Title": "Big",
        "Deal - Value": "1500",
        "Deal - Currency of Value": "EUR",
        "Deal - Stage": "Proposal Made",
        "Deal - Probability": "0.4",
    }
    assert counts(await person.imported(table(",".join(row), row), "deals")) == (1, 1, 0, 0, 0)
    (one,) = await person.every("deals")
    assert (one["name"], one["amount"], one["amount_currency"]) == ("Big", 1_500, "EUR")
    assert (one["status"], one["probability"], one["external_id"]) == ("proposal", 40, "7")


async def test_sales_that_name_only_what_was_paid(person):
    row = {
        "ADDRESS": "347 East 4th Street",
        "ZIP CODE": "10009",
        "LAND SQUARE FEET": "2,116",
        "GROSS SQUARE FEET": " -   ",
        "SALE PRICE": " $ 399,000 ",
        "SALE DATE": "9/29/26 0:00",
    }
    view = await person.imported(table("|".join(row), row, separator="|"), "listings")
    assert counts(view) == (1, 1, 0, 0, 0)
    assert "1 row has no list price; close price stands for it." in view["notes"]
    (one,) = await person.every("listings")
    assert (one["list_price"], one["close_price"]) == (399_000, 399_000)
    assert (one["lot_size_square_feet"], one["living_area"]) == (2_116, None)
    # Where the record is there already, its own price stays.
    first = table("external_id,id,SALE PRICE", {"id": one["id"], "SALE PRICE": "400000"})
    assert counts(await person.imported(first, "listings")) == (1, 0, 1, 0, 0)
    (one,) = await person.every("listings")
    assert (one["list_price"], one["close_price"]) == (399_000, 400_000)


async def test_several_addresses_in_one_cell_cost_no_row(person):
    rows = [
        {"Last Name": "A", "Email": "a@example.com, a2@example.com", "Phone": "n/a"},
        {"Last Name": "B", "Email": "--", "Phone": "415-555-0117 / 415-555-0118 (home)"},
    ]
    view = await person.imported(table("Last Name|Email|Phone", *rows, separator="|"), "contacts")
    assert counts(view) == (2, 2, 0, 0, 0)
    found = {one["last_name"]: one for one in await person.every("contacts")}
    assert (found["A"]["email"], found["A"]["email_2"]) == ("a@example.com", "a2@example.com")
    assert (found["B"]["phone"], found["B"]["mobile_phone"]) == ("+14155550117", "+14155550118")


async def test_a_file_without_rows_says_so(person):
    view = await person.imported("First Name,Last Name\n", "contacts")
    assert counts(view) == (0, 0, 0, 0, 0)
    assert view["notes"] == ["The file holds no rows, only what comes before them."]


async def test_outlooks_names_within_exchange_cost_no_person(person):
    row = {"First Name": "Zoë", "Last Name": "Lund", "E-mail Address": "/o=ExchangeLabs/cn=zoe"}
    view = await person.imported(table(",".join(row), row), "contacts")
    assert counts(view) == (1, 1, 0, 0, 0)
    told = "1 value of 'E-mail Address' left out: only a name within Exchange."
    assert told in view["notes"]


async def test_an_export_is_read_with_its_points_in_a_region_of_commas(person):
    await person.patch("/v1/organization", {"region": "DE"})
    body = {"name": "Pearls", "amount": 1.234, "amount_currency": "KWD"}
    await person.post("/v1/deals", body, 201)
    answer = await person.client.get("/v1/deals/export", headers=person.who.headers)
    view = await person.imported(answer.content, "deals")
    assert counts(view) == (1, 0, 0, 1, 0)


async def test_square_constant_contact_and_zoho_lose_no_street_or_code(person):
    square = {"Surname": "A", "Street Address 1": "1 A St", "City": "Reno"}
    constant = {
        "Last name": "B",
        "Street address line 1 - Home": "2 B St",
        "City - Home": "Reno",
    }
    zoho = {"Last Name": "C", "Mailing Street": "3 C St", "Mailing Code": "89501"}
    for row in (square, constant, zoho):
        assert counts(await person.imported(table(",".join(row), row), "contacts"))[1] == 1
    found = {one["last_name"]: one["address"] for one in await person.every("contacts")}
    assert found["A"] == {"street": "1 A St", "city": "Reno"}
    assert found["B"] == {"street": "2 B St", "city": "Reno"}
    assert found["C"] == {"street": "3 C St", "postal_code": "89501"}


async def test_a_file_of_which_nothing_fits_is_told(person):
    view = await person.imported("Colour,Shape\nred,round\n", "contacts")
    assert counts(view) == (1, 0, 0, 0, 1)
    assert "No column goes into any field; say by hand where each belongs." in view["notes"]


async def test_a_second_address_in_a_cell_goes_where_the_next_columns_left_room(person):
    header = "Last Name,E-mail 1 - Value,E-mail 2 - Value"
    rows = [
        {"Last Name": "A", "E-mail 1 - Value": "a@example.com ::: a2@example.com"},
        {
            "Last Name": "B",
            "E-mail 1 - Value": "b@example.com ::: b3@example.com",
            "E-mail 2 - Value": "b2@example.com",
        },
    ]
    view = await person.imported(table(header, *rows), "contacts")
    assert counts(view) == (2, 2, 0, 0, 0)
    found = {one["last_name"]: one["email_2"] for one in await person.every("contacts")}
    assert found == {"A": "a2@example.com", "B": "b2@example.com"}
    told = "1 value more in cells of 'E-mail 1 - Value' left out: no field is left."
    assert told in view["notes"]
