"""Every kind of field in tables, forms, filters and on the record's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from tests.factories import Somebody
from tests.pages.conftest import Make, Visitor
from tests.pages.test_list_pages import titles
from tests.pages.test_record_pages import control, facts, mistakes

from tenfold.app import registry
from tenfold.engine import types as t
from tenfold.engine.definition import Field
from tenfold.web.pages import cells

pytestmark = pytest.mark.anyio

# A custom field of every kind: what is typed, how the box then holds it, how the page shows it,
# and a filter that finds it.
CUSTOM: dict[str, tuple[str | list[str], str, str, tuple[str, str]]] = {
    "text": ("Blue", "Blue", "Blue", ("prefix", "Bl")),
    "long_text": ("One\nTwo", "One\nTwo", "One Two", ("filled", "")),
    "integer": ("1,234", "1,234", "1,234", ("gte", "1,000")),
    "decimal": ("2.5", "2.5", "2.5", ("lte", "3")),
    "money": ("$1,250.50", "1,250.5", "$1,250.50", ("gte", "$1,000")),
    "boolean": ("true", "true", "Yes", ("eq", "yes")),
    "date": ("2020-02-03", "2020-02-03", "Feb 3, 2020", ("gte", "2020-02-03")),
    "datetime": ("2020-02-03T10:00", "2020-02-03T10:00", "Feb 3, 2020", ("gte", "2020-02-03")),
    "email": ("a@example.com", "a@example.com", "a@example.com", ("eq", "A@example.com")),
    "phone": ("(415) 555-0101", "+14155550101", "(415) 555-0101", ("eq", "4155550101")),
    "url": ("https://www.example.com/x", "https://www.example.com/x", "example.com/x",
            ("prefix", "https://www")),
    "choice": ("one", "one", "One", ("eq", "One")),
    "choices": (["one", "two"], "", "One Two", ("eq", "Two")),
    "tags": ("red, blue", "red, blue", "red blue", ("eq", "red")),
}  # fmt: skip


@pytest.fixture
async def own_fields(client: httpx.AsyncClient, admin: Somebody) -> None:
    """A custom field of leads for every kind."""
    for kind in CUSTOM:
        spec: dict[str, Any] = {"name": f"my_{kind}", "kind": kind}
        if kind in ("choice", "choices"):
            spec["options"] = ["one", "two"]
        body = {"type": "lead", **spec}
        answer = await client.post("/v1/custom-fields", json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text


async def test_custom_fields_of_every_kind(visitor: Visitor, own_fields: None) -> None:
    visitor.http.cookies.set("zone", "America/Los_Angeles", domain="tenfold.test")
    await visitor.get("/leads/new")
    assert "Own fields" in visitor.page.one("form", id="record-form").text
    typed = {f"custom__my_{kind}": row[0] for kind, row in CUSTOM.items()}
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Ann", last_name="Lee", **typed)
    assert visitor.answer.status_code == 200, mistakes(visitor)
    path = visitor.path
    shown = facts(visitor)
    for kind, (_, _, text, _) in CUSTOM.items():
        label = f"My {kind.replace('_', ' ')}"
        if kind != "boolean":
            assert shown[label] == text, kind
    await visitor.get(f"{path}/edit")
    for kind, (_, held, _, _) in CUSTOM.items():
        one = control(visitor, f"custom.my_{kind}")
        if one.get("type") == "checkbox":
            boxes = visitor.page.all("input", name=one["name"], type="checkbox")
            assert [b["value"] for b in boxes if b.has("checked")] == ["one", "two"]
        elif one.tag == "select":
            chosen = [o["value"] for o in one.all("option") if o.has("selected")]
            assert chosen == [held], kind
        else:
            now = one.text.replace(" ", "\n") if one.tag == "textarea" else one["value"]
            assert now == held, kind
    await visitor.send(visitor.page.one("form", id="record-form"))
    assert visitor.path == path, mistakes(visitor)
    history = visitor.page.one("aside")
    assert not history.all("ul", class_="differences"), "saving unchanged changed something"
    await visitor.get("/leads")
    assert titles(visitor) == ["Ann Lee"]


@pytest.mark.parametrize("kind", CUSTOM)
async def test_filters_of_every_kind(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, own_fields: None, kind: str
) -> None:
    visitor.http.cookies.set("zone", "America/Los_Angeles", domain="tenfold.test")
    await visitor.get("/leads/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(
        form, first_name="Ann", last_name="Lee", **{f"custom__my_{kind}": CUSTOM[kind][0]}
    )
    names = {"first_name": "Bob", "last_name": "Roe"}
    await client.post("/v1/leads", json=names, headers=admin.headers)
    await visitor.get(f"/leads/filter?add_field=custom.my_{kind}")
    operator, value = CUSTOM[kind][3]
    offered = [o["value"] for o in visitor.page.one("select", id="add-operator").all("option")]
    if kind == "long_text":
        assert offered == ["empty", "filled"]
    assert operator in offered
    await visitor.get("/leads")
    form = visitor.page.one("form", class_="filter-form")
    field = f"custom.my_{kind}"
    await visitor.send(form, add_field=field, add_operator=operator, add_value=value)
    assert titles(visitor) == ["Ann Lee"], visitor.answer.url
    assert len(visitor.page.all("span", class_="filter")) == 1
    await visitor.get("/leads")
    form = visitor.page.one("form", class_="filter-form")
    await visitor.send(form, add_field=field, add_operator="empty", add_value="")
    if "empty" in offered:
        assert titles(visitor) == ["Bob Roe"]
        assert "is empty" in visitor.page.one("span", class_="filter").text


async def test_all_choices_can_be_taken_off(visitor: Visitor, own_fields: None) -> None:
    await visitor.get("/leads/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Ann", last_name="Lee", custom__my_choices=["one"])
    assert facts(visitor)["My choices"] == "One"
    await visitor.get(f"{visitor.path}/edit")
    await visitor.send(visitor.page.one("form", id="record-form"), custom__my_choices="")
    assert visitor.answer.status_code == 200
    assert facts(visitor)["My choices"] == ""


async def test_several_choices_make_one_filter(visitor: Visitor, make: Make) -> None:
    for status in ("new", "hot", "lost"):
        await make("leads", first_name=status, last_name="X", status=status)
    pairs = "add_field=status&add_operator=eq&add_value=new&add_value=hot"
    await visitor.get(f"/leads?{pairs}")
    assert sorted(titles(visitor)) == ["hot X", "new X"]
    assert "Status is New or Hot" in visitor.page.text


async def test_people_are_found_by_name(visitor: Visitor, make: Make, admin: Somebody) -> None:
    await make("leads", first_name="A", last_name="B")
    options = await visitor.get("/leads/pick?field=owner&owner_id=rob")
    assert [(o["value"], o.text) for o in options.all("option")] == [("Robin owner", admin.email)]
    await visitor.get("/leads?add_field=owner_id&add_operator=eq&add_value=robin")
    assert titles(visitor) == ["A B"]
    assert "Owner is Robin owner" in visitor.page.text
    await visitor.get("/leads?owner_id[null]=true")
    assert titles(visitor) == []
    await visitor.get(f"/leads?owner_id={UUID(int=5)}")
    assert "Owner is somebody" in visitor.page.text


async def test_a_record_of_any_type_is_chosen_by_title(visitor: Visitor, make: Make) -> None:
    lead = await make("leads", first_name="Zoë", last_name="Ünal")
    await visitor.get("/tasks/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, title="Call", about="Zoe Unal")
    assert visitor.answer.status_code == 200, mistakes(visitor)
    assert f"/leads/{lead['id']}" in {a["href"] for a in visitor.page.all("a")}
    await visitor.get(f"{visitor.path}/edit")
    assert control(visitor, "about")["value"] == "Zoë Ünal"
    await visitor.send(visitor.page.one("form", id="record-form"), title="Call again")
    assert f"/leads/{lead['id']}" in {a["href"] for a in visitor.page.all("a")}
    await visitor.get("/tasks")
    assert f"/leads/{lead['id']}" in {a["href"] for a in visitor.page.all("a")}


async def test_a_listing_is_chosen_by_its_address(visitor: Visitor, make: Make) -> None:
    listing = await make("listings", address={"street": "12 Oak St", "city": "Reno"}, list_price=1)
    await visitor.get("/escrows/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, property_address="12 Oak", listing_id="12 oak st, reno")
    assert visitor.answer.status_code == 200, mistakes(visitor)
    assert f"/listings/{listing['id']}" in {a["href"] for a in visitor.page.all("a")}


async def test_an_address_is_typed_in_parts(visitor: Visitor) -> None:
    await visitor.get("/listings/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, list_price="500000", address__street="1 Main St", address__city="Reno")
    assert visitor.answer.status_code == 200, mistakes(visitor)
    assert visitor.page.one("article").one("h1").text == "1 Main St, Reno"
    await visitor.get(f"{visitor.path}/edit")
    assert control(visitor, "address.city")["value"] == "Reno"


@pytest.mark.parametrize("typed", ["1,50", "1.234.567,89 €"])
async def test_a_number_written_otherwise_is_refused_and_told_how(
    visitor: Visitor, typed: str
) -> None:
    await visitor.get("/leads/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Ann", last_name="Lee", budget=typed)
    assert visitor.answer.status_code == 400
    assert mistakes(visitor)["budget"] == "This must be a number like 1234.50"
    assert control(visitor, "budget")["value"] == typed


async def test_a_filter_takes_a_comma_for_no_decimal_point(visitor: Visitor, make: Make) -> None:
    await make("leads", first_name="Ann", last_name="Lee", budget=150)
    pairs = "add_field=budget&add_operator=gte&add_value="
    await visitor.get(f"/leads?{pairs}1,50")
    assert "must be a number like 1234.50" in visitor.page.text
    await visitor.get(f"/leads?{pairs}$0,100")
    assert titles(visitor) == ["Ann Lee"]


async def test_a_secret_is_kept_when_its_box_is_left_empty(
    visitor: Visitor, make: Make, client: httpx.AsyncClient, admin: Somebody
) -> None:
    listing = await make(
        "listings", address={"street": "1 Main St"}, list_price=1, lockbox_code="1234"
    )
    path = f"/listings/{listing['id']}"
    await visitor.get(f"{path}/edit")
    box = control(visitor, "lockbox_code")
    assert (box["type"], box["value"]) == ("password", "")
    await visitor.send(visitor.page.one("form", id="record-form"), list_price="2")
    assert facts(visitor)["Lockbox code"] == "••••"
    reveal = {"field": "lockbox_code"}
    answer = await client.post(f"/v1{path}/reveals", json=reveal, headers=admin.headers)
    assert answer.json()["data"]["value"] == "1234"


async def test_a_note_shows_its_text_and_not_its_markup(visitor: Visitor, make: Make) -> None:
    note = await make("notes", title="T", body="<p>One &amp; <b>two</b></p><p>three</p>")
    await visitor.get(f"/notes/{note['id']}")
    assert facts(visitor)["Body"] == "One & two three"


async def test_a_foreign_cursor_begins_the_list_anew(
    visitor: Visitor, lead: dict[str, Any]
) -> None:
    await visitor.get("/leads?cursor=AAAA")
    assert visitor.answer.status_code == 200
    assert titles(visitor) == ["Zoë Ünal"]
    assert "here is the first" in visitor.page.one(role="alert").text


# -- cells alone

READER = cells.Reader(
    datetime(2026, 11, 21, 12, tzinfo=UTC), ZoneInfo("UTC"), "US", "USD", registry()
)


@pytest.mark.parametrize(
    ("kind", "value", "shown", "text"),
    [
        (t.Boolean(), True, "yes", "Yes"),
        (t.Boolean(), False, "no", "No"),
        (t.Boolean(), None, "empty", ""),
        (t.Text(), "", "empty", ""),
        (t.Tags(), [], "empty", ""),
        (t.Integer(), 0, "number", "0"),
        (t.Integer(), -1_234, "number", "\u22121,234"),
        (t.Money(), 0, "number", "$0"),
        (t.Json(), {"a_b": 1, "c": "x"}, "text", "a b 1, c x"),
        (t.Json(), [1], "code", "[\n  1\n]"),
        (t.Url(), "javascript:alert(1)", "text", "javascript:alert(1)"),
        (t.Date(), "nonsense", "text", "nonsense"),
        (t.DateTime(), "nonsense", "text", "nonsense"),
        (t.RichText(), "<p> </p>", "empty", ""),
        (t.Secret(), "••••", "secret", "••••"),
        (t.Generated(sql="1", of=t.Integer()), 7, "number", "7"),
        (t.Rollup(relation="deals"), 3, "number", "3"),
        (t.Ref(to="contact"), "01900000-0000-7000-8000-000000000001", "empty", ""),
        (t.AnyRef(), {"type": "gone", "id": "01900000-0000-7000-8000-000000000001"}, "empty", ""),
        (t.User(), "01900000-0000-7000-8000-000000000001", "empty", ""),
        (t.Choices(options=("a_b", "c")), ["a_b", "c"], "list", "A b, C"),
    ],
)
def test_cells(kind: t.FieldType, value: object, shown: str, text: str) -> None:
    one = Field(name="x", type=kind)
    found = cells.cell(one, {one.json_name: value}, READER)
    assert (found.kind, found.text) == (shown, text)


SHOWN = ("120.5", "many", "true", "9999-12-31", "0001-01-01T00:00:00+00:00", "http://[", "a@b.org")


@pytest.mark.parametrize(
    "kind",
    [
        *(t.Text(), t.LongText(), t.RichText(), t.Integer(), t.Decimal(), t.Money(), t.Boolean()),
        *(t.Date(), t.DateTime(), t.Email(), t.Phone(), t.Url(), t.Address(), t.Tags()),
        *(t.Choice(options=("a",)), t.Choices(options=("a",)), t.Json(), t.Secret(), t.User()),
        *(t.Ref(to="contact"), t.AnyRef(), t.Many(to="contact"), t.Rollup(relation="deals")),
    ],
    ids=lambda kind: kind.kind,
)
@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Tokyo"])
def test_no_value_of_a_preview_makes_a_cell_fail(kind: t.FieldType, zone: str) -> None:
    one = Field(name="x", type=kind)
    eyes = replace(READER, zone=ZoneInfo(zone))
    given: list[object] = [*SHOWN, 5, 120.5, True, [*SHOWN], [{"a": 1}], {"type": [], "id": {}}]
    for value in given:
        found = cells.cell(one, {one.json_name: value}, eyes)
        assert isinstance(found, cells.Cell)
    if kind.kind in ("integer", "decimal", "rollup"):
        found = cells.cell(one, {one.json_name: "120.5"}, eyes)
        assert (found.kind, found.text) == ("number", "120.5")


def test_a_score_tells_its_reasons() -> None:
    one = Field(name="score", type=t.Generated(sql="1", of=t.Integer()))
    record = {"score": 54, "score_reasons": {"budget": 30, "timeline": 24, "source": 0}}
    found = cells.cell(one, record, READER)
    assert (found.kind, found.text, found.share) == ("score", "54", 54)
    assert found.title == "54 points: budget 30, timeline 24"
    assert cells.cell(one, {"score": 3, "score_reasons": None}, READER).title == "3 points"
