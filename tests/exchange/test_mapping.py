"""Columns of the common programs find their fields."""

import pytest

from tenfold.exchange.mapping import Target, UnknownName, guess, missing

TARGETS = [
    Target("first_name", "First name", "text"),
    Target("last_name", "Last name", "text", required=True),
    Target("email", "E-mail", "email"),
    Target("phone", "Phone", "phone"),
    Target("company", "Company", "text"),
    Target("job_title", "Job title", "text"),
    Target("address.city", "City", "text"),
    Target("address.postal_code", "ZIP", "postal_code"),
    Target("major", "Major", "text"),
    Target("bedrooms", "Bedrooms", "integer", ("beds",)),
    Target("website", "Website", "url"),
]


def fields(columns, samples=(), overrides=None):
    found = guess(columns, samples, TARGETS, overrides)
    assert [one.column for one in found] == list(columns)
    return {one.column: one.target for one in found}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Given Name", "first_name"),
        ("FIRSTNAME", "first_name"),
        ("properties.firstname", "first_name"),
        ("FNAME", "first_name"),
        ("Vorname", "first_name"),
        ("Prénom", "first_name"),
        ("Nombre", "first_name"),
        ("Family Name", "last_name"),
        ("Nachname", "last_name"),
        ("APELLIDO", "last_name"),
        ("Apellidos", "last_name"),
        ("E-mail 1 - Value", "email"),
        ("E-mail Address", "email"),
        ("Email Address", "email"),
        ("email_address", "email"),
        ("Correo electrónico", "email"),
        ("Courriel", "email"),
        ("MMERGE_EMAIL", None),
        ("Phone 1 - Value", "phone"),
        ("Téléphone", "phone"),
        ("ACCOUNT.NAME", "company"),
        ("Organization 1 - Name", "company"),
        ("Company Name", "company"),
        ("Firma", "company"),
        ("Position", "job_title"),
        ("Title__c", "job_title"),
        ("MailingCity", "address.city"),
        ("Ort", "address.city"),
        ("MailingPostalCode", "address.postal_code"),
        ("PLZ", "address.postal_code"),
        ("primary_education:major_names", "major"),
        ("Beds__c", "bedrooms"),
        ("BedroomsTotal", "bedrooms"),
        ("Phonetic First Name", None),
        ("E-mail 1 - Label", None),
        ("Emial", None),
        ("attributes.type", None),
    ],
)
def test_headers_of_other_programs(header, field):
    assert fields([header])[header] == field


def test_one_column_to_one_field_and_the_rest_is_listed():
    found = fields(["Work Email", "Email", "Shoe size"])
    assert found == {"Work Email": None, "Email": "email", "Shoe size": None}


def test_content_helps_where_names_do_not():
    samples = [{"x1": "a@example.com", "x2": "https://example.com"}, {"x1": "b@example.com"}]
    found = guess(["x1", "x2"], samples, TARGETS)
    assert [(one.target, one.reason) for one in found] == [
        ("email", "content"),
        ("website", "content"),
    ]
    assert found[0].samples == ("a@example.com", "b@example.com")
    assert found[0].confidence < 0.5


def test_content_casts_doubt_on_a_name():
    sure = guess(["Email"], [{"Email": "a@example.com"}], TARGETS)[0]
    doubtful = guess(["Email"], [{"Email": "https://example.com"}], TARGETS)[0]
    assert sure.confidence == 1.0
    assert doubtful.confidence < 0.7


def test_overrides_win_and_none_leaves_a_column_out():
    found = fields(["Email", "Other"], overrides={"Other": "email"})
    assert found == {"Email": None, "Other": "email"}
    assert fields(["Email"], overrides={"Email": None}) == {"Email": None}


def test_unknown_names_in_overrides_give_the_nearest():
    with pytest.raises(UnknownName, match="no column 'Emial'; did you mean 'Email'"):
        guess(["Email"], [], TARGETS, {"Emial": "email"})
    with pytest.raises(UnknownName, match="no field 'firstname'; did you mean 'first_name'"):
        guess(["Email"], [], TARGETS, {"Email": "firstname"})
    with pytest.raises(UnknownName, match=r"'last_name'\?$"):
        guess(["Email"], [], TARGETS, {"Email": "lastname"})
    with pytest.raises(UnknownName, match=r"no column 'x'; there is only Email\.$"):
        guess(["Email"], [], TARGETS, {"x": "email"})
    with pytest.raises(UnknownName, match="can't both"):
        guess(["A", "B"], [], TARGETS, {"A": "email", "B": "email"})


def test_required_fields_that_nothing_fills_are_named():
    found = guess(["Email"], [], TARGETS)
    assert [target.name for target in missing(found, TARGETS)] == ["last_name"]


def test_a_column_with_content_goes_before_an_empty_one():
    samples = [{"Occupation": "", "Organization 1 - Title": "Chief"}]
    found = fields(["Occupation", "Organization 1 - Title"], samples)
    assert found["Organization 1 - Title"] == "job_title"


def test_a_number_of_another_kind_is_better_than_none():
    samples = [{"Mobile": "+14155550101"}]
    assert fields(["Mobile"], samples) == {"Mobile": "phone"}
    both = [{"Mobile": "+14155550101", "Phone": "+14155550102"}]
    assert fields(["Mobile", "Phone"], both) == {"Mobile": None, "Phone": "phone"}


@pytest.mark.parametrize("header", ["Email (GMT-8)", "メール"])
def test_what_stands_in_brackets_and_japanese_names(header):
    assert fields([header]) == {header: "email"}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Deal - Title", "name"),
        ("Deal - ID", "external_id"),
        ("Deal - Currency of Value", "amount_currency"),
        ("Currency", "amount_currency"),
        ("Amount (PDT)", "amount"),
        ("Living Area (sqft)", "area"),
        ("Major(s)", "major"),
        ("primary_education:area", "area"),
        ("ACCOUNTID", "company_id"),
        ("Account Name.id", "company_id"),
        ("Owner.id", None),
    ],
)
def test_prefixes_units_currencies_and_ids_of_other_programs(header, field):
    targets = [
        Target("name", "Name", "text", ("deal name",)),
        Target("amount", "Amount", "money"),
        Target("amount_currency", "Amount currency", "currency", ("currency",)),
        Target("area", "Living area", "decimal"),
        Target("major", "Major", "text"),
        Target("external_id", "External id", "text"),
        Target("contact", "Contact", "ref"),
        Target("contact_id", "", "ref"),
        Target("company", "Company", "ref"),
        Target("company_id", "", "ref"),
    ]
    taken = {"Record Id": "external_id"} if header == "Owner.id" else {}
    found = guess([*taken, header], [], targets, taken)
    assert found[-1].target == field


def test_a_file_of_thousands_of_columns_is_mapped():
    columns = [f"Answer to question {number}" for number in range(6_000)]
    assert fields([*columns, "E-mial", "Last Name"])["Last Name"] == "last_name"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Zimmer", "bedrooms_total"),
        ("Bathroom", "bathrooms_total"),
        ("Suburb", "address.city"),
        ("APARTMENT NUMBER", "address.street2"),
        ("Pièces", "bedrooms_total"),
        ("Bäder", "bathrooms_total"),
        ("Grundstücksfläche", "lot_size"),
        ("Année de construction", "year_built"),
        ("Bemerkungen", "notes"),
    ],
)
def test_headers_of_listings_elsewhere(header, field):
    names = ["bedrooms_total", "bathrooms_total", "lot_size", "year_built", "notes"]
    names += ["address.city", "address.street2"]
    found = guess([header], [], [Target(name, "", "text") for name in names])
    assert found[0].target == field
