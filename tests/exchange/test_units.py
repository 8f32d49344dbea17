"""Areas in the unit that a file names: kept where the record says its unit, else converted."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.exchange.imports import Person, counts, working

from tenfold.exchange.mapping import Target, guess
from tenfold.exchange.value_units import named, parted
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk: Desk) -> AsyncIterator[Person]:
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


async def areas(person: Person) -> dict[str, tuple[float, str, float]]:
    """Each listing's living area with its unit, and its lot in square feet."""
    return {
        one["external_id"]: (
            one["living_area"], one["living_area_units"], one["lot_size_square_feet"],
        )
        for one in await person.every("listings")
    }  # fmt: skip


@pytest.mark.parametrize("header", ["area m²", "Living Area (sqm)", "Wohnfläche (qm)", "m2"])
async def test_a_header_says_the_unit_of_its_column(person, header):
    text = f"External ID,Address,List price,{header},Lot size (m²)\na,1 A St,1,120.5,100\n"
    view = await person.imported(text, "listings")
    assert counts(view) == (1, 1, 0, 0, 0), view["notes"]
    assert await areas(person) == {"a": (120.5, "square_meters", 1076.39)}
    told = "1 value of 'Lot size (m²)' converted to square feet."
    assert told in view["notes"]
    assert counts(await person.imported(text, "listings")) == (1, 0, 0, 1, 0)


async def test_a_cell_says_its_unit_and_a_number_alone_leaves_that_of_the_record(person):
    lines = ("a,1 A St,1,120 m²,0.5 acres", 'b,2 A St,1,"1,840 sqft",2000', "c,3 A St,1,90 qm,")
    text = "\n".join(["External ID,Address,List price,Living area,Lot size", *lines])
    assert counts(await person.imported(text, "listings")) == (3, 3, 0, 0, 0)
    assert await areas(person) == {
        "a": (120, "square_meters", 21_780),
        "b": (1_840, "square_feet", 2_000),
        "c": (90, "square_meters", None),
    }
    text = "External ID,Living area\na,130\nb,1900\nc,1000 sq ft\n"
    assert counts(await person.imported(text, "listings")) == (3, 0, 3, 0, 0)
    assert await areas(person) == {
        "a": (130, "square_meters", 21_780),
        "b": (1_900, "square_feet", 2_000),
        "c": (1_000, "square_feet", None),
    }


async def test_a_column_for_the_unit_counts(person):
    text = (
        "External ID,Address,List price,Living area,Living area units\n"
        "a,1 A St,1,120,square_meters\nb,2 A St,1,120 m²,square feet\n"
    )
    assert counts(await person.imported(text, "listings")) == (2, 2, 0, 0, 0)
    found = await areas(person)
    assert found["a"][:2] == (120, "square_meters")
    assert found["b"][:2] == (120, "square_feet")


async def test_a_unit_that_the_record_can_not_say_is_converted_to_one_that_it_can(person):
    text = "External ID,Address,List price,Living area (acres)\na,1 A St,1,0.5\nb,2 A St,1,2 ha\n"
    view = await person.imported(text, "listings")
    assert counts(view) == (2, 2, 0, 0, 0), await person.refused(view)
    assert await areas(person) == {
        "a": (21_780, "square_feet", None),
        "b": (215_278.21, "square_feet", None),
    }
    told = "2 values of 'Living area (acres)' converted to square feet."
    assert told in view["notes"]
    # Where a column says the unit, it is converted to that.
    text = "External ID,Living area units,Living area\na,square meters,2 ha\nb,square feet,1 acre\n"
    assert counts(await person.imported(text, "listings")) == (2, 0, 2, 0, 0)
    assert await areas(person) == {
        "a": (20_000, "square_meters", None),
        "b": (43_560, "square_feet", None),
    }


async def test_a_number_that_no_field_holds_costs_its_row_only(person):
    text = (
        "External ID,Address,List price,Lot size (ha),Living area\n"
        f"a,1 A St,1,1e99,\nb,2 A St,1,,{'9' * 40}.123\nc,3 A St,1,1,1\n"
    )
    view = await person.imported(text, "listings")
    assert counts(view) == (3, 1, 0, 0, 2)
    reasons = [row["reason"].partition(":")[0] for row in await person.refused(view)]
    assert reasons == ["lot_size_square_feet", "living_area"]


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("LivingAreaSquareMeters", "living area", "square_meters"),
        ("Wohnfläche in m²", "wohnflache", "square_meters"),
        ("Living Area (sq. ft.)", "living area", "square_feet"),
        ("Lot Size [acres]", "lot size", "acres"),
        ("hacienda", "hacienda", ""),
    ],
)
def test_units_in_headers(header, name, unit):
    assert named(header) == (name, unit)


@pytest.mark.parametrize(
    ("cell", "number", "unit"),
    [
        ("120,5 qm", "120,5", "square_meters"),
        ("12 000 m²", "12 000", "square_meters"),
        ("1840 sq. ft.", "1840", "square_feet"),
        ("2 ha", "2", "hectares"),
        ("120", "120", ""),
        ("5 rooms", "5 rooms", ""),
    ],
)
def test_units_in_cells(cell, number, unit):
    assert parted(cell) == (number, unit)


def test_a_unit_belongs_to_what_is_measured_only():
    living = Target("living_area", "Living area", "decimal", ("sqft",), measured=True)
    lot = Target("lot_size", "Lot size", "decimal", measured=True)
    weight = Target("weight", "Area", "decimal")
    columns = ["Area m²", "Lot size (ha)", "sqft"]
    found = {g.column: g.target for g in guess(columns, [], [lot, weight, living])}
    # What `sqft` alone is stands in the column that says no more.
    assert found == {"Area m²": None, "Lot size (ha)": "lot_size", "sqft": "living_area"}
