"""Texts become values, or are refused with a sentence that helps."""

from contextlib import suppress
from decimal import Decimal

import pytest
from tests.growth import grows_as_its_length

from tenfold.exchange.synonyms import plain
from tenfold.exchange.value_contacts import NoMailbox, parted
from tenfold.exchange.value_numbers import are_shares
from tenfold.exchange.values import KINDS, Amount, Reading, Refusal, Special, each, learn, read

US = Reading(plain="USD")
GERMANY = Reading(region="DE", currency="EUR", plain="EUR", zone="Europe/Berlin")
STAGES = Reading(options={"new": "New lead", "under_contract": "Under contract", "won": "Won"})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_blank_leaves_and_the_clear_word_empties(kind):
    for blank in ("", "  ", None, [], {}):
        assert read(kind, blank, US) is Special.LEAVE
    assert read(kind, " **CLEAR** ", US) is Special.CLEAR


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$1,234.50", "1234.50", "USD"),
        ("1.234,50 €", "1234.50", "EUR"),
        ("(1,200)", "-1200", "USD"),
        ("($1,200.00)", "-1200.00", "USD"),
        ("-$5", "-5", "USD"),
        ("$-5", "-5", "USD"),
        ("USD 12", "12", "USD"),
        ("12 eur", "12", "EUR"),
        ("CHF 1'234.50", "1234.50", "CHF"),
        ("1 234,50 €", "1234.50", "EUR"),
        ("1\u202f234,50\xa0€", "1234.50", "EUR"),
        ("₹12,34,567.89", "1234567.89", "INR"),
        ("C$10", "10", "CAD"),
        ("¥500", "500", "JPY"),
        ("1,234,567", "1234567", "USD"),
        ("1.234.567", "1234567", "USD"),
        ("0.5", "0.5", "USD"),
        (".5", "0.5", "USD"),
    ],
)
def test_money(text, amount, currency):
    assert read("money", text, US) == Amount(Decimal(amount), currency)


@pytest.mark.parametrize("text", ["abc", "1,23,4", "12 ABC", "$", "1..2", "--5", "1-2", "∞"])
def test_what_is_no_money_is_refused(text):
    with pytest.raises(Refusal):
        read("money", text, US)


def test_the_column_decides_between_point_and_comma():
    german = learn("money", ["1.234", "5.678", "99,50"], GERMANY)
    assert read("money", "1.234", german) == Amount(Decimal(1234), "EUR")
    american = learn("money", ["1.234", "99.50"], US)
    assert read("decimal", "1.234", american) == Decimal("1.234")
    assert read("decimal", "1,234", learn("decimal", ["1,234"], US)) == 1234
    with pytest.raises(Refusal, match=r"the column's other values"):
        read("decimal", "99,5", american)


@pytest.mark.parametrize(
    ("text", "value"), [("1,234", 1234), ("3.0", 3), ("-7", -7), ("1e3", 1000)]
)
def test_integers(text, value):
    assert read("integer", text, US) == value


def test_a_fraction_is_no_integer():
    with pytest.raises(Refusal, match=r"'3\.5' is not a whole number"):
        read("integer", "3.5", US)


@pytest.mark.parametrize("text", ["yes", "TRUE", "1", "Ja", "oui", "Sí", "x", "wahr"])
def test_yes(text):
    assert read("boolean", text, US) is True


@pytest.mark.parametrize("text", ["no", "False", "0", "nein", "NON", "falsch"])
def test_no(text):
    assert read("boolean", text, US) is False
    with pytest.raises(Refusal, match="neither yes nor no"):
        read("boolean", f"{text}?", US)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-21", "2026-11-21"),
        ("20261121", "2026-11-21"),
        ("2026/1/2", "2026-01-02"),
        ("11/21/2026", "2026-11-21"),
        ("21.11.2026", "2026-11-21"),
        ("3/4/26", "2026-03-04"),
        ("3/4/85", "1985-03-04"),
        ("21 Nov 2026", "2026-11-21"),
        ("Nov 21, 2026", "2026-11-21"),
        ("21. März 2026", "2026-03-21"),
        ("1 de enero de 2026", "2026-01-01"),
        ("14 févr. 2026", "2026-02-14"),
        ("Saturday, November 21, 2026", "2026-11-21"),
        ("2026-11-21T23:30:00Z", "2026-11-21"),
        ("11/21/2026 3:45 PM", "2026-11-21"),
        ("45982", "2025-11-21"),
        ("45982.5", "2025-11-21"),
    ],
)
def test_dates(text, day):
    assert read("date", text, US) == day


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("--02-29", "has no year"),
        ("2/29", "has no year"),
        ("2026-02-30", "not a day of the calendar"),
        ("someday", "is not a date; 2026-11-21"),
        ("March 2026", "is not a date"),
        ("13/13/2026", "no such month"),
    ],
)
def test_what_is_no_date_is_refused(text, says):
    with pytest.raises(Refusal, match=says):
        read("date", text, US)


def test_the_column_decides_between_day_and_month():
    european = learn("date", ["3/4/2026", "25/12/2026"], US)
    assert read("date", "3/4/2026", european) == "2026-04-03"
    assert read("date", "3/4/2026", learn("date", ["3/4/2026"], US)) == "2026-03-04"
    assert read("date", "3/4/2026", learn("date", ["3/4/2026"], GERMANY)) == "2026-04-03"
    mixed = learn("date", ["25/12/2026", "12/25/2026"], US)
    assert read("date", "12/25/2026", mixed) == "2026-12-25"
    with pytest.raises(Refusal, match="may be two dates"):
        read("date", "3/4/2026", mixed)


@pytest.mark.parametrize(
    ("text", "how", "moment"),
    [
        ("2026-11-01T12:00:00.000Z", US, "2026-11-01T12:00:00+00:00"),
        ("2026-11-01T12:00:00.000+0000", US, "2026-11-01T12:00:00+00:00"),
        ("2026-11-01T12:00:00-05:00", US, "2026-11-01T17:00:00+00:00"),
        ("2026-07-01 12:00", GERMANY, "2026-07-01T10:00:00+00:00"),
        ("2026-03-29 02:30", GERMANY, "2026-03-29T01:30:00+00:00"),
        ("2026-10-25 02:30", GERMANY, "2026-10-25T00:30:00+00:00"),
        ("11/21/2026, 3:45 PM", US, "2026-11-21T15:45:00+00:00"),
        ("11/21/2026 12:05 am", US, "2026-11-21T00:05:00+00:00"),
        ("Nov 21, 2026 at 9:30", US, "2026-11-21T09:30:00+00:00"),
        ("21.11.2026 09:30", GERMANY, "2026-11-21T08:30:00+00:00"),
        ("2026-11-21", GERMANY, "2026-11-20T23:00:00+00:00"),
        ("1793000000000", US, "2026-10-26T07:33:20+00:00"),
        ("45982.75", US, "2025-11-21T18:00:00+00:00"),
    ],
)
def test_moments(text, how, moment):
    assert read("datetime", text, how) == moment


@pytest.mark.parametrize("text", ["2026-11-21 25:00", "noon", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(Refusal):
        read("datetime", text, US)


def test_contacts():
    assert read("email", "Zoë <ZOE@Example.com>", US) == "zoe@example.com"
    assert read("email", "mailto:a+b@example.com", US) == "a+b@example.com"
    assert read("email", "\u200fa@example.com\u200b ", US) == "a@example.com"
    assert read("email", "zoe@example.com ::: alt@example.com", US) == "zoe@example.com"
    assert each("zoe@example.com ::: alt@example.com") == ["zoe@example.com", "alt@example.com"]
    assert each([{"value": "1"}, {"value": "2"}]) == ["1", "2"]
    assert read("phone", "+1 (415) 555-0101", GERMANY) == "+14155550101"
    assert read("phone", "030 1234567", GERMANY) == "+49301234567"
    assert read("phone", "415-555-0101 ext. 12", US) == "+14155550101;ext=12"
    assert read("url", "www.example.com/a", US) == "https://www.example.com/a"
    assert read("postal_code", "z95838", US) == "95838"
    assert read("postal_code", "2420", US) == "02420"
    assert read("postal_code", "SW1A 1AA", Reading(region="GB")) == "SW1A 1AA"


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("email", "zoe@", "'zoe@' is not an e-mail address"),
        ("email", "nobody", "@-sign"),
        ("phone", "555-0106", r"lacks its area code; \+1 415 555 0101 is one\."),
        (
            "phone",
            "030 1234567",
            r"like \+49 30 1234567\. Is the file from another region than US\?$",
        ),
        ("phone", "+1 415 555 01012345", r"is one\.$"),
        ("phone", "-1+1", "is not a"),
        ("phone", "nobody", "is not a"),
        ("url", "javascript:alert(1)", "is not a web address"),
        ("url", "two words", "is not a web address"),
        ("postal_code", "***", "is not a postal code"),
    ],
)
def test_what_is_no_contact_is_refused(kind, text, says):
    with pytest.raises(Refusal, match=says):
        read(kind, text, US)


def test_choices_are_found_by_value_and_label():
    for text in ("under_contract", "Under Contract", "UNDER-CONTRACT", "undercontract"):
        assert read("choice", text, STAGES) == "under_contract"
    assert read("stage", "new lead", STAGES) == "new"
    assert read("choices", "Won; NEW | won", STAGES) == ["won", "new"]
    assert read("choices", ["Won", "new"], STAGES) == ["won", "new"]
    with pytest.raises(Refusal, match=r"none of the choices: New lead, Under contract, Won.*'Won'"):
        read("choice", "Wonn", STAGES)


def test_tags_addresses_and_texts():
    assert read("tags", "* myContacts ::: Buyers ::: buyers ::: * starred", US) == [
        "Buyers",
        "starred",
    ]
    assert read("tags", ["a b", "c"], US) == ["a b", "c"]
    assert read("address", "1 Main St", US) == {"street": "1 Main St"}
    given = {"street": "1 Main", "region": "CA", "postalCode": "z95838", "type": "home", "city": ""}
    assert read("address", given, US) == {"street": "1 Main", "state": "CA", "postal_code": "95838"}
    assert read("text", " a \n b ", US) == "a b"
    assert read("long_text", "a\r\nb\rc ", US) == "a\nb\nc"
    with pytest.raises(Refusal, match="no part that is known"):
        read("address", {"planet": "Mars"}, US)


def test_an_unknown_kind_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="no kind 'colour'"):
        read("colour", "red", US)


@pytest.mark.parametrize("text", ["0/0/00", "0.0.00", "0000-00-00", "00/00/0000"])
def test_a_date_of_zeros_is_none(text):
    assert read("date", text, US) is Special.LEAVE


def test_money_without_a_currency_has_that_of_its_record():
    assert read("money", "1,200", Reading(currency="EUR")) == Amount(Decimal(1200), "")
    assert read("money", "$1,200", Reading()) == Amount(Decimal(1200), "USD")


def test_money_in_scientific_form():
    assert read("money", "2.219e+05", US) == Amount(Decimal(221900), "USD")


@pytest.mark.parametrize("kind", ["integer", "money", "date", "email", "phone", "url"])
@pytest.mark.parametrize("text", ["-", "--", "n/a", "N/A", "NULL", " $ -   "])
def test_a_cell_that_says_that_there_is_nothing_leaves_the_field(kind, text):
    assert read(kind, text, US) is Special.LEAVE


def test_none_is_a_word_where_words_are_kept():
    assert read("text", "n/a", US) == "n/a"
    assert read("choice", "None", Reading(options={"none": "None"})) == "none"


@pytest.mark.parametrize("text", ["1,840 sqft", "1840 sq. ft.", "1,840 Sq Ft", "1840 ft²"])
def test_a_number_of_square_feet(text):
    assert read("decimal", text, US) == 1_840


def test_percents_written_as_shares_of_one():
    assert are_shares(["0.2", "0,75", "1", ""])
    assert not are_shares(["1.0", "0"])
    assert not are_shares(["0.2", "40"])
    assert not are_shares(["20%"])
    assert read("integer", "0.2", Reading(shares=True)) == 20
    assert read("integer", "40%", Reading(shares=True)) == 40


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("Bachelors", "bachelor"),
        ("Bachelor's Degree", "bachelor"),
        ("Ph.D.", "doctoral"),
        ("Masters of Business Administration", "master"),
    ],
)
def test_degrees_as_schools_call_them(text, option):
    how = Reading(options={"bachelor": "Bachelor", "master": "Master", "doctoral": "Doctoral"})
    assert read("choice", text, how) == option


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ann Lee <ann@example.com>", "ann@example.com"),
        ("Lee, Ann <ann@example.com>", "ann@example.com"),
        ("<mailto:ann@example.com>;", "ann@example.com"),
    ],
)
def test_an_address_with_a_name(text, found):
    assert read("email", text, US) == found


@pytest.mark.parametrize(
    "text", ["415-555-0121 (home)", "Tel: 415-555-0121", "4155550121.0", "+1 415 555 0121"]
)
def test_a_number_with_a_word_beside_it(text):
    assert read("phone", text, US) == "+14155550121"


@pytest.mark.parametrize(
    ("kind", "text", "count"),
    [
        ("email", "a@b.example, c@d.example", 2),
        ("email", "a@b.example;c@d.example | e@f.example", 3),
        ("email", "a@b.example\nc@d.example", 2),
        ("email", "a@b.example c@d.example", 2),
        ("email", "Ann <a@b.example>", 0),
        ("phone", "415-555-0117 / 415-555-0118", 2),
        ("phone", "415-555-0117 or 415-555-0118", 2),
        ("phone", "call, after 5", 0),
    ],
)
def test_several_in_one_cell(kind, text, count):
    assert len(parted(kind, text)) == count


@pytest.mark.parametrize(
    ("text", "amount"),
    [("5,- €", "5"), ("CHF 1'000.--", "1000"), ("USD1,000", "1000"), ("1000USD", "1000")],
)
def test_amounts_without_cents_or_blanks(text, amount):
    assert read("money", text, US).value == Decimal(amount)


def test_thousands_where_only_the_region_tells():
    prices = ["389.000", "250.000"]
    german, american = learn("money", prices, GERMANY), learn("money", prices, US)
    assert read("money", "389.000", german) == Amount(Decimal(389_000), "EUR")
    assert read("money", "389.000", american).value == 389
    # A latitude has three decimals; nobody's region makes thousands of them.
    assert read("decimal", "38.631", learn("decimal", ["38.631"], GERMANY)) == Decimal("38.631")


def test_exchanges_own_names_are_told_from_broken_addresses():
    with pytest.raises(NoMailbox, match="Exchange's own name"):
        read("email", "/o=ExchangeLabs/ou=Group/cn=Recipients/cn=zoe", US)


def test_tags_in_quotation_marks_and_a_code_kept_as_text():
    assert read("tags", '"Donor","Big giver"', US) == ["Donor", "Big giver"]
    assert read("postal_code", "'01234", US) == "01234"


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    "middle", [" ", "\n", "1", "1 ", "a@", "-", ".", "$ ", "(", "\u0301\u0316"]
)
def test_a_cell_of_any_length_is_read_in_no_time(kind: str, middle: str):
    def take(length: int) -> None:
        text = f"1{middle * (length // len(middle))}x"
        for how in (US, STAGES):
            with suppress(Refusal):
                read(kind, text, how)
        parted(kind, text)
        plain(text)

    assert grows_as_its_length(take, 15_000, 60_000)


def test_many_addresses_and_numbers_in_one_cell_are_parted():
    addresses = [f"person{n}@example.com" for n in range(100)]
    assert parted("email", "; ".join(addresses)) == addresses
    numbers = [f"(415) 555-{n:04d}" for n in range(100)]
    assert parted("phone", "  /   ".join(numbers)) == numbers
    assert parted("phone", "415 555 0101   or \t 415 555 0102") == ["415 555 0101", "415 555 0102"]
    assert parted("email", "@x <a@b.org> c@ d@e@f.org") == ["a@b.org", "d@e@f.org"]
