"""Names as people read them, where a declaration gives none."""

from __future__ import annotations

import pytest
from tests.pages.conftest import Visitor

from tenfold.app import registry
from tenfold.kernel.labels import label_of


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("sms_consent", "SMS consent"),
        ("preapproved", "Pre-approved"),
        ("co_agent", "Co-agent"),
        ("email_opt_in", "Email opt-in"),
        ("6_12_months", "6\u201312 months"),
        ("1001_10000", "1,001\u201310,000"),
        ("more_than_5000", "More than 5,000"),
        ("bedrooms_min", "Minimum bedrooms"),
        ("is_refunded", "Refunded"),
        ("hubspot", "HubSpot"),
        ("va", "VA"),
        ("isbn", "ISBN"),
        ("vin_number", "VIN number"),
        ("first_name", "First name"),
        ("value", "Value"),
        ("no_budget", "No budget"),
        ("min", "Min"),
    ],
)
def test_a_name_reads_as_people_write_it(name: str, label: str) -> None:
    assert label_of(name) == label


def test_no_shipped_label_looks_like_a_name_of_ours() -> None:
    for definition in registry():
        for one in definition.fields.values():
            options = getattr(one.type, "options", ())
            for label in (one.label, *(one.type.label(o) for o in options)):  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
                assert label[:1] == label[:1].upper(), (definition.name, label)
                assert "_" not in label, (definition.name, label)
                assert not {"Sms", "Api", "Hubspot", "Id", "id", "Fha"} & set(label.split()), label


@pytest.mark.anyio
async def test_the_contents_of_the_docs_are_plain_sentences(anybody: Visitor) -> None:
    await anybody.get("/docs")
    said = anybody.page.one("main").text
    assert "a record's tags field" in said
    assert "`" not in said
