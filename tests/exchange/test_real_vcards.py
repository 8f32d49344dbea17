"""Cards as phones and programs write them."""

import pytest

from tenfold.exchange.readers import open_source
from tenfold.exchange.values import Reading, read


def cards(data, name):
    source = open_source(data / "contacts" / "vcards" / name)
    assert source.kind == "vcard"
    rows = list(source.rows())
    assert [row.error for row in rows] == [None] * len(rows)
    return [row.values for row in rows], [row.number for row in rows]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("John_Doe_ANDROID.vcf", 6),
        ("John_Doe_GMAIL.vcf", 1),
        ("John_Doe_IPHONE.vcf", 1),
        ("John_Doe_MS_OUTLOOK.vcf", 1),
        ("gmail-list.vcf", 3),
        ("rfc2426-example.vcf", 2),
        ("rfc6350-example.vcf", 1),
    ],
)
def test_every_card_of_a_file_is_read(data, name, lines):
    found, numbers = cards(data, name)
    assert len(found) == lines
    assert numbers[0] == 1
    assert all(len(str(card)) < 5_000 for card in found), "pictures are not kept"


def test_gmail_card(data):
    (card,), _ = cards(data, "John_Doe_GMAIL.vcf")
    assert card["first_name"] == "John"
    assert card["middle_name"] == "Richter, James"
    assert card["organization"] == "IBM"
    assert card["phones"] == [
        {"value": "905-666-1234", "type": "home"},
        {"value": "905-555-1234", "type": "cell"},
    ]
    assert card["anniversary"] == "1975-03-01"
    assert card["note"].endswith("\nFavotire Color: Blue")
    assert "AND CONTRIBUTORS" in card["note"]
    assert card["addresses"][0]["street"].split("\n")[1] == "555-asd"
    assert card["urls"] == ["http://www.ibm.com"]


def test_iphone_card_with_doubled_returns_and_own_labels(data):
    (card,), _ = cards(data, "John_Doe_IPHONE.vcf")
    assert card["department"] == "Accounting"
    assert card["emails"] == [{"value": "john.doe@ibm.com", "type": ""}]
    assert [phone["type"] for phone in card["phones"]] == [
        "home",
        "cell",
        "work",
        "pager",
        "AssistantPhone",
    ]
    assert [fax["type"] for fax in card["faxes"]] == ["home fax", "work fax"]
    home = card["addresses"][0]
    assert (home["city"], home["postal_code"], home["type"]) == ("New York", "12345", "home")
    assert read("address", card["addresses"], Reading())["state"] == "New York"


def test_outlook_card_with_quoted_printable_labels(data):
    (card,), _ = cards(data, "John_Doe_MS_OUTLOOK.vcf")
    assert (card["birthday"], card["anniversary"]) == ("19800322", "20110113")
    assert read("date", card["birthday"], Reading()) == "1980-03-22"
    assert card["addresses"][0]["street"] == "Cresent moon drive"
    assert card["phones"][0] == {"value": "(905) 555-1234", "type": "work"}
    assert read("phone", card["phones"], Reading()) == "+19055551234"


def test_android_cards_with_folded_quoted_printable(data):
    found, numbers = cards(data, "John_Doe_ANDROID.vcf")
    assert numbers[:4] == [1, 6, 11, 18]
    assert found[3]["last_name"] == " ".join("Ñ" * 11)
    assert len(found[3]["phones"]) == 4
    assert found[5]["organization"] == "Ñ" * 44
    assert found[5]["categories"] == ["My Contacts"]


def test_rfc_6350_card(data):
    (card,), _ = cards(data, "rfc6350-example.vcf")
    assert card["phones"][0] == {"value": "+1-418-656-9254;ext=102", "type": "work"}
    assert read("phone", card["phones"], Reading()) == "+14186569254;ext=102"
    assert card["birthday"] == "--0203"
    assert read("datetime", card["anniversary"], Reading()) == "2009-08-08T19:30:00+00:00"
    assert card["suffix"] == "ing. jr,M.Sc."
    assert card["addresses"][0]["street"] == "2875 Laurier\nSuite D2-630"
