"""Types and fields of one's own by pages, and the first page of administration."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Owner, Somebody
from tests.pages.conftest import Make, Visitor
from tools.assets import ICONS as SHIPPED

from tenfold.engine.custom_types import ICONS

pytestmark = pytest.mark.anyio
TYPES, LEAD = "/admin/types", "/admin/types/lead"
FIELD = f"{LEAD}/fields/new"
_TOLD = """SELECT detail->>'did' FROM tenfold.security_events
WHERE tenant_id = $1 AND event_type = 'types_changed' ORDER BY created_at, id"""


async def added(visitor: Visitor, **typed: Any) -> None:
    """Add a field to leads."""
    await visitor.get(FIELD)
    await visitor.send(visitor.form(FIELD), **typed)


# -- the first page


async def test_the_first_page_leads_to_every_section(visitor: Visitor) -> None:
    await visitor.get("/admin")
    found = {one["href"] for one in visitor.page.all("a", class_="section-tile")}
    for place in found:
        await visitor.get(place)
        assert visitor.answer.status_code == 200, place
        (nav,) = visitor.page.all("nav", aria_label="Administration")
        assert {one["href"] for one in nav.all("a")} == found


@pytest.mark.parametrize(
    ("words", "place"),
    [("custom fields", TYPES), ("2FA", "/admin/security"), ("token", "/admin/programs/keys/new")],
)
async def test_settings_are_found_by_other_words(visitor: Visitor, words: str, place: str) -> None:
    await visitor.get("/admin", params={"q": words})
    assert place in {a["href"] for a in visitor.page.one(id="settings-found").all("a")}


async def test_what_no_setting_is_called_is_said(visitor: Visitor) -> None:
    await visitor.get("/admin", params={"q": "<b>teleport"})
    assert "No setting has “<b>teleport” in its name." in visitor.page.text


# -- fields


async def test_a_field_is_added_shown_in_forms_changed_and_retired_with_undo(
    visitor: Visitor, owner: Owner, organisation: Organisation
) -> None:
    await added(
        visitor, label="Contract ends", kind="date", section="Contract", help="The last day."
    )
    assert (visitor.path, visitor.toast) == (LEAD, "The field Contract ends is added.")
    await visitor.get("/leads/new")
    assert visitor.page.one("input", name="custom.contract_ends")["type"] == "date"
    assert "The last day." in visitor.page.text
    await visitor.get(LEAD)
    place = next(a["href"] for a in visitor.page.all("a") if a.text == "Contract ends")
    await visitor.get(place)
    await visitor.send(visitor.form(place), label="Ends on", required="true")
    assert "Day, required, in “Contract”" in visitor.page.text
    await visitor.send(visitor.form(f"{place}/retire"))
    assert "The field Ends on is retired; its values are kept." in visitor.toast
    await visitor.get("/leads/new")
    assert not visitor.page.all("input", name="custom.contract_ends")
    await visitor.get(LEAD)
    await visitor.send(visitor.form(f"{place}/revive"))
    assert visitor.toast == "The field Ends on is back, with its values."
    told = [row[0] for row in await owner.fetch(_TOLD, organisation.id)]
    assert told == ["field added", "field changed", "field retired", "field brought back"]


async def test_choices_are_typed_one_on_each_line_added_and_moved(visitor: Visitor) -> None:
    await added(visitor, label="Size", kind="choice", options="Small\r\n  Large \r\n\r\n")
    await visitor.get("/leads/new")
    options = visitor.page.one("select", name="custom.size").all("option")
    assert [one["value"] for one in options] == ["", "Small", "Large"]
    await visitor.get(LEAD)
    place = next(a["href"] for a in visitor.page.all("a") if a.text == "Size")
    await visitor.get(place)
    await visitor.send(visitor.form(place), options="Large\nMiddle")
    assert "'Small' may be in use" in visitor.page.one(id="e-options").text
    await visitor.send(visitor.form(place), options="Large\nMiddle\nSmall")
    await visitor.get("/leads/new")
    options = visitor.page.one("select", name="custom.size").all("option")
    assert [one["value"] for one in options] == ["", "Large", "Middle", "Small"]


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"label": ""}, "label", "Say what the field is called."),
        ({"label": "Budget"}, "label", "is a field that leads have already"),
        ({"label": "X", "name": "1x"}, "name", "a letter first"),
        ({"label": "X", "kind": "choice"}, "options", "must have at least one"),
        ({"label": "X", "kind": "choice", "options": "a\na"}, "options", "each once"),
        ({"label": "X", "kind": "decimal", "places": "12"}, "places", "0 to 9"),
        ({"label": "X", "kind": "text", "max_length": "many"}, "max_length", "number"),
    ],
)
async def test_what_a_field_cannot_be_is_told_beside_it_and_what_was_typed_stays(
    visitor: Visitor, typed: dict[str, str], field: str, says: str
) -> None:
    await added(visitor, **typed)
    assert visitor.answer.status_code == 400
    assert says in visitor.page.one(id=f"e-{field}").text
    told = [one for one in visitor.page.all("p", class_="mistake") if says in one.text]
    assert len(told) == 1
    form = dict(visitor.form(FIELD).fields())
    assert {name: form[name] for name in typed} == typed


async def test_a_field_is_shown_as_it_will_look_while_it_is_typed(visitor: Visitor) -> None:
    await visitor.get(FIELD)
    pairs = [p for p in visitor.form(FIELD).fields() if p[0] not in ("label", "kind", "options")]
    typed = [("label", "Size"), ("kind", "choices"), ("options", "Small\nLarge")]
    await visitor.post(f"{LEAD}/fields/preview", pairs + typed)
    assert [tick.text for tick in visitor.page.all("label", class_="tick")] == ["Small", "Large"]
    await visitor.post(f"{LEAD}/fields/preview", [*pairs, ("label", "Size"), ("kind", "choice")])
    assert "Name at least one choice" in visitor.page.text


async def test_a_field_of_another_type_or_organisation_is_not_there(visitor: Visitor) -> None:
    await added(visitor, label="Shoe size", kind="integer")
    place = next(a["href"] for a in visitor.page.all("a") if a.text == "Shoe size")
    await visitor.get(place.replace("/lead/", "/contact/"))
    assert visitor.answer.status_code == 404
    await visitor.get("/admin/types/nothing")
    assert visitor.answer.status_code == 404


# -- types


async def test_a_type_is_made_changed_retired_and_brought_back_with_its_records(
    visitor: Visitor, make: Make, owner: Owner, organisation: Organisation
) -> None:
    await visitor.get(f"{TYPES}/new")
    await visitor.send(visitor.form(f"{TYPES}/new"), label_plural="Vehicles", icon="package")
    place = f"{TYPES}/custom_vehicles"
    assert visitor.path == place
    await make("custom/vehicles", name="Truck")
    await visitor.send(visitor.form(place), label_plural="Cars", label="Car")
    assert visitor.toast == "Cars are changed."
    await visitor.get("/custom/vehicles")
    assert "Truck" in visitor.page.text
    assert any("Cars" in a.text and "#package" in str([u.get("href") for u in a.all("use")])
               for a in visitor.page.all("a", href="/custom/vehicles"))  # fmt: skip
    await visitor.get(place)
    await visitor.send(visitor.form(f"{place}/retire"))
    assert "Cars are out of use. Nothing was deleted." in visitor.toast
    await visitor.get("/custom/vehicles")
    assert visitor.answer.status_code == 404
    await visitor.get(TYPES)
    await visitor.send(visitor.form(f"{place}/revive"))
    await visitor.get("/custom/vehicles")
    assert "Truck" in visitor.page.text
    told = [row[0] for row in await owner.fetch(_TOLD, organisation.id)]
    assert told == ["type added", "type changed", "type retired", "type added"]


@pytest.mark.parametrize(
    ("plural", "says"),
    [("", "Say what several of them are called"), ("Leads", "is what another type is called"),
     ("7", "must begin with a letter")],
)  # fmt: skip
async def test_what_a_type_cannot_be_called_is_told(
    visitor: Visitor, plural: str, says: str
) -> None:
    await visitor.get(f"{TYPES}/new")
    await visitor.send(visitor.form(f"{TYPES}/new"), label_plural=plural)
    assert visitor.answer.status_code in (400, 409)
    assert says in visitor.page.one(id="e-label_plural").text


async def test_types_are_found_by_their_name_or_a_field_of_ones_own(visitor: Visitor) -> None:
    await added(visitor, label="Shoe size", kind="integer")
    for words in ("shoe", "lead"):
        await visitor.get(TYPES, params={"q": words})
        names = {a["href"] for a in visitor.page.one("div", class_="settings-body").all("a")}
        assert LEAD in names
        assert f"{TYPES}/contact" not in names
    await visitor.get(TYPES, params={"q": "xyzzy"})
    assert "Nothing is found" in visitor.page.text


async def test_icons_of_ones_own_types_are_among_those_that_ship(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    assert set(ICONS) <= set(SHIPPED)
    body = {"name": "boats", "icon": "unknown"}
    answer = await client.post("/v1/types", json=body, headers=admin.headers)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["icon"])
