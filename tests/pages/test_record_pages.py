"""The page of a record, and the forms that make and change it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.guards import Counter
from tests.pages.conftest import Make, Visit, Visitor

pytestmark = pytest.mark.anyio


def facts(visitor: Visitor) -> dict[str, str]:
    """The fields that the record page shows."""
    pairs = [d for d in visitor.page.all("div") if d.all("dt")]
    return {d.all("dt")[0].text: d.all("dd")[0].text for d in pairs if len(d.all("dt")) == 1}


def mistakes(visitor: Visitor) -> dict[str, str]:
    """The mistakes that the form shows, by field."""
    shown = [p for p in visitor.page.all("p", class_="mistake") if not p.has("hidden")]
    return {p["id"].removeprefix("e-"): p.text for p in shown}


def token(visitor: Visitor) -> str:
    """What the page's forms prove by that they are of this session."""
    return visitor.page.all("input", name="csrf")[0]["value"]


def control(visitor: Visitor, name: str) -> Any:
    """The control of a field."""
    return next(e for e in visitor.page.all(name=name) if e.get("type") != "hidden")


async def test_a_record_is_created_and_shown(visitor: Visitor) -> None:
    await visitor.get("/leads/new")
    await visitor.send(
        visitor.page.one("form", id="record-form"),
        first_name="Grace",
        last_name="Hopper",
        email="Grace@Example.com",
        phone="(415) 555-0101",
        budget="$1,250,000.50",
        preapproved="true",
        areas="Oak Park, Midtown, Oak Park",
        source="referral",
        notes="First line\nsecond line",
    )
    assert visitor.answer.status_code == 200, mistakes(visitor)
    assert visitor.toast == "Grace Hopper was created."
    shown = facts(visitor)
    assert shown["Email"] == "grace@example.com"
    assert shown["Budget"] == "$1,250,000.50"
    assert shown["Areas"] == "Oak Park Midtown"
    assert shown["Source"] == "Referral"
    assert "second line" in shown["Notes"]
    assert "created this lead" in visitor.page.one("aside").text


async def test_a_percentage_shows_its_unit(visitor: Visitor, make: Make) -> None:
    deal = await make("deals", name="Big", probability=45)
    await visitor.get(f"/deals/{deal['id']}")
    assert "45%" in visitor.page.one("section", class_="facts").text
    await visitor.get(f"/deals/{deal['id']}/edit")
    (control,) = [e for e in visitor.page.all(class_="joined") if e.all(id="f-probability")]
    assert control.one(class_="beside").text == "%"


async def test_an_address_that_is_none_is_told_once(visitor: Visitor) -> None:
    await visitor.get("/leads/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="A", last_name="B", email="nobody")
    assert visitor.page.one(id="e-email").text == "This must have an @-sign"


async def test_mistakes_stand_beside_their_fields_and_nothing_typed_is_lost(
    visitor: Visitor,
) -> None:
    await visitor.get("/leads/new")
    await visitor.send(
        visitor.page.one("form", id="record-form"),
        first_name="Grace",
        last_name="",
        email="not an address",
        budget="a lot",
        timeline="exploring",
        preapproved="true",
    )
    assert visitor.answer.status_code == 400
    assert visitor.path == "/leads/new"
    wrong = mistakes(visitor)
    assert set(wrong) == {"last_name", "email", "budget"}
    assert "This is required" in wrong["last_name"]
    assert "@-sign" in wrong["email"]
    assert "3 fields need a correction" in visitor.page.one(role="alert").text
    assert control(visitor, "first_name")["value"] == "Grace"
    assert control(visitor, "email")["value"] == "not an address"
    assert control(visitor, "budget")["value"] == "a lot"
    assert control(visitor, "preapproved").has("checked")
    assert control(visitor, "timeline").one("option", selected="")["value"] == "exploring"
    assert [e["name"] for e in visitor.page.all(autofocus="")] == ["last_name"]
    assert control(visitor, "last_name")["aria-invalid"] == "true"
    named = {a["href"]: a.text for a in visitor.page.one(role="alert").all("a")}
    assert named == {"#f-last_name": "Last name", "#f-email": "Email", "#f-budget": "Budget"}
    assert all(visitor.page.one(id=place[1:]) for place in named)


async def test_what_may_wait_is_folded_until_it_is_needed(visitor: Visitor) -> None:
    def folded() -> list[str]:
        return [one.one("h2").text for one in visitor.page.all("details", class_="fields")]

    await visitor.get("/leads/new")
    assert folded() == ["Situation", "Financing", "Origin", "Consent", "Touch"]
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Grace", lender="First Bank", do_not_call="true")
    assert visitor.answer.status_code == 400
    assert folded() == ["Situation", "Origin", "Touch"]
    await visitor.get("/leads/new?next_touch=2026-12-01T10:00")
    assert "Touch" not in folded()


async def test_an_edit_changes_only_what_was_typed(visitor: Visitor, lead: dict[str, Any]) -> None:
    await visitor.get(f"/leads/{lead['id']}/edit")
    form = visitor.page.one("form", id="record-form")
    assert control(visitor, "budget")["value"] == "1,000,000"
    await visitor.send(form, last_name="Unal")
    assert visitor.path == f"/leads/{lead['id']}"
    assert visitor.toast == "Your changes are saved. Undo"
    history = visitor.page.one("aside").text
    assert "changed last name" in history
    assert "Ünal became Unal" in _became(visitor)
    assert facts(visitor)["Budget"] == "$1,000,000"


async def test_an_amount_of_ones_own_keeps_its_currency_in_the_form_and_the_history(
    visitor: Visitor, make: Make, client: httpx.AsyncClient, admin: Somebody
) -> None:
    field = {"type": "lead", "name": "fee", "kind": "money"}
    await client.post("/v1/custom-fields", json=field, headers=admin.headers)
    custom = {"fee": 300, "fee_currency": "JPY"}
    lead = await make("leads", first_name="Aiko", last_name="Sato", custom=custom)
    for currency, sign in (("JPY", "¥"), ("EUR", "€")):
        await visitor.get(f"/leads/{lead['id']}/edit")
        assert control(visitor, "custom.fee_currency")["value"] == "JPY"
        form = visitor.page.one("form", id="record-form")
        await visitor.send(form, custom__fee="500", custom__fee_currency=currency)
        assert facts(visitor)["Fee"] == f"{sign}500"
    assert "¥500 became €500" in _became(visitor)
    await visitor.get("/leads?custom.fee=500&custom.fee_currency=EUR")
    chips = [one.text for one in visitor.page.all("a", class_="says")]
    assert chips == ["Fee is €500", "Fee currency is EUR"]


async def test_the_history_tells_of_pairs_by_name(
    visitor: Visitor, make: Make, client: httpx.AsyncClient, admin: Somebody
) -> None:
    fan = await make("clients", first_name="Ada", last_name="L")
    for address in ("1 Elm Street", "2 Oak Street"):
        home = await make("listings", address=address, list_price=1)
        path, body = f"/v1/clients/{fan['id']}/favorites", {"ids": [home["id"]]}
        assert (await client.post(path, json=body, headers=admin.headers)).status_code == 200
    await visitor.get(f"/clients/{fan['id']}")
    assert "changed favorites" in visitor.page.one("aside").text
    # Only what came, not all that is there.
    told = visitor.page.one("aside").all("ul", class_="differences")
    newest, first = [one.text for one in told]
    assert newest.startswith("empty")
    assert "2 Oak Street" in newest
    assert "Elm" not in newest
    assert "1 Elm Street" in first


def _became(visitor: Visitor) -> str:
    """The history's differences, the arrow read out as its label."""
    said: list[str] = []
    for one in visitor.page.one("aside").all("ul", class_="differences"):
        for item in one.all("li"):
            assert item.one("svg")["aria-label"] == "became"
            old, new = item.one("span", class_="old").text, item.one("span", class_="new").text
            said.append(f"{old} became {new}")
    return "; ".join(said)


async def test_an_edit_that_comes_too_late_keeps_what_was_typed(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any]
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(f"{path}/edit")
    form = visitor.page.one("form", id="record-form")
    await client.patch(f"/v1{path}", json={"budget": 2_000_000}, headers=admin.headers)
    await visitor.send(form, last_name="Typed")
    assert visitor.answer.status_code == 412
    assert "Somebody changed this lead" in visitor.page.one(role="alert").text
    assert control(visitor, "last_name")["value"] == "Typed"
    meanwhile = [d.one("p").text for d in visitor.page.all("div", class_="meanwhile")]
    assert meanwhile == ["Now: Ünal", "Now: $2,000,000"]
    await visitor.send(visitor.page.one("form", id="record-form"))
    assert visitor.path == path
    assert facts(visitor)["Budget"] == "$1,000,000"
    assert "Zoë Typed" in visitor.page.text


async def test_of_each_field_that_changed_meanwhile_one_chooses_which_to_keep(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any]
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(f"{path}/edit")
    form = visitor.page.one("form", id="record-form")
    change = {"budget": 2_000_000, "first_name": "Zelda"}
    await client.patch(f"/v1{path}", json=change, headers=admin.headers)
    await visitor.send(form, first_name="Zora")
    form = visitor.page.one("form", id="record-form")
    chosen = {"choose__budget": "theirs", "choose__first_name": "mine"}
    await visitor.send(form, **chosen)
    assert visitor.path == path
    assert facts(visitor)["Budget"] == "$2,000,000"
    assert facts(visitor)["First name"] == "Zora"


async def test_every_kind_of_value_that_changed_meanwhile_is_told(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, make: Make
) -> None:
    listing = await make(
        "listings",
        address={"street": "1 Main Street", "city": "Davis"},
        list_price=1,
        public_remarks="One\nTwo",
        special_conditions=["standard"],
        pool=True,
    )
    path = f"/listings/{listing['id']}"
    await visitor.get(f"{path}/edit")
    form = visitor.page.one("form", id="record-form")
    change = {
        "address": {"street": "2 Main Street", "city": "Davis"},
        "special_conditions": ["auction"],
        "pool": False,
    }
    answer = await client.patch(f"/v1{path}", json=change, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    await visitor.send(form, list_price="2")
    told = [d.one("p").text for d in visitor.page.all("div", class_="meanwhile")]
    assert told == ["Now: 2 Main Street, Davis", "Now: $1", "Now: No", "Now: Auction"]
    assert visitor.page.one("input", name="address.street").has("autofocus")


async def test_secrets_say_that_they_are_kept_only_where_there_is_one(
    visitor: Visitor, make: Make
) -> None:
    await visitor.get("/listings/new")
    assert control(visitor, "lockbox_code").get("placeholder") == ""
    listing = await make(
        "listings", address={"street": "1 Main Street"}, list_price=1, lockbox_code="1234"
    )
    await visitor.get(f"/listings/{listing['id']}/edit")
    assert control(visitor, "lockbox_code").get("placeholder") == "Leave empty to keep it"


async def test_own_fields_come_last_in_a_form(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody
) -> None:
    body = {"type": "listing", "name": "parking", "kind": "integer"}
    await client.post("/v1/custom-fields", json=body, headers=admin.headers)
    await visitor.get("/listings/new")
    assert [h.text for h in visitor.page.one("form", id="record-form").all("h2")][-1] == (
        "Own fields"
    )


async def test_names_read_from_their_own_side(visitor: Visitor, make: Make) -> None:
    lead = await make("leads", first_name="محمد", last_name="الفارسي")
    await visitor.get("/leads")
    assert visitor.page.one("tbody").one("a", class_="record").one("span", dir="auto").text
    await visitor.get(f"/leads/{lead['id']}")
    assert visitor.page.one("h1")["dir"] == "auto"


async def test_moments_are_kept_in_the_persons_zone(visitor: Visitor, lead: dict[str, Any]) -> None:
    visitor.http.cookies.set("zone", "America/New_York", domain="tenfold.test")
    path = f"/leads/{lead['id']}"
    await visitor.get(f"{path}/edit")
    await visitor.send(visitor.page.one("form", id="record-form"), next_touch="2030-01-15T09:30")
    answer = await visitor.http.get(f"{path}/edit", headers={"accept": "text/html"})
    assert 'value="2030-01-15T09:30"' in answer.text
    visitor.http.cookies.set("zone", "Europe/Berlin", domain="tenfold.test")
    answer = await visitor.http.get(f"{path}/edit", headers={"accept": "text/html"})
    assert 'value="2030-01-15T15:30"' in answer.text
    assert 'title="Your time zone, Europe/Berlin">Berlin</span>' in answer.text


async def test_a_relation_is_chosen_by_its_title(visitor: Visitor, make: Make) -> None:
    company = await make("companies", name="Ünal Söhne")
    await visitor.get("/contacts/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Ann", last_name="Lee", company_id="unal sohne")
    assert visitor.answer.status_code == 200, mistakes(visitor)
    assert f"/companies/{company['id']}" in {a["href"] for a in visitor.page.all("a")}
    await visitor.get(f"{visitor.path}/edit")
    assert control(visitor, "company_id")["value"] == "Ünal Söhne"
    await visitor.send(visitor.page.one("form", id="record-form"), company_id="")
    assert "Ünal" not in visitor.page.one("article").all("dl")[0].text


async def test_a_relation_takes_an_id_too(visitor: Visitor, make: Make) -> None:
    company = await make("companies", name="Acme")
    await visitor.get("/contacts/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Ann", last_name="Lee", company_id=company["id"])
    assert facts(visitor)["Company"].endswith("Acme")


async def test_doubles_of_a_title_are_told_apart(visitor: Visitor, make: Make) -> None:
    await make("companies", name="Acme")
    second = await make("companies", name="Acme")
    await visitor.get("/contacts/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Ann", last_name="Lee", company_id="Acme")
    assert "There are 2 of this name" in mistakes(visitor)["company_id"]
    options = await visitor.get("/contacts/pick?field=company&company_id=acm")
    values = [o["value"] for o in options.all("option")]
    wanted = next(v for v in values if v.endswith(second["id"].replace("-", "")[-8:]))
    await visitor.get("/contacts/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Ann", last_name="Lee", company_id=wanted)
    assert f"/companies/{second['id']}" in {a["href"] for a in visitor.page.all("a")}


async def test_a_name_that_is_none_is_told_with_all_other_mistakes(
    visitor: Visitor, make: Make
) -> None:
    await make("companies", name="Acme")
    await visitor.get("/contacts/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name="Ann", last_name="", company_id="Ac", email="x")
    wrong = mistakes(visitor)
    assert "Did you mean Acme?" in wrong["company_id"]
    assert {"company_id", "email"} <= set(wrong)


async def test_a_new_record_starts_from_the_one_it_belongs_to(visitor: Visitor, make: Make) -> None:
    contact = await make("contacts", first_name="Ann", last_name="Lee")
    await visitor.get(f"/contacts/{contact['id']}")
    links = [a["href"] for a in visitor.page.all("a") if a["href"].startswith("/tasks/new?")]
    await visitor.get(links[0])
    assert control(visitor, "contact_id")["value"] == "Ann Lee"
    await visitor.send(visitor.page.one("form", id="record-form"), title="Call Ann")
    assert visitor.answer.status_code == 200, mistakes(visitor)
    await visitor.get(f"/contacts/{contact['id']}")
    assert "Call Ann" in visitor.page.one("section", class_="related").text


async def test_related_records_do_not_name_the_record_they_are_listed_on(
    visitor: Visitor, make: Make
) -> None:
    company = await make("companies", name="Acme")
    await make("contacts", first_name="Ann", last_name="Lee", company_id=company["id"])
    await visitor.get(f"/companies/{company['id']}")
    related = visitor.page.one("section", class_="related").text
    assert "Ann Lee" in related
    assert "Acme" not in related


async def test_stages_move_by_buttons_with_a_reason(visitor: Visitor, lead: dict[str, Any]) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    form = visitor.form(f"{path}/moves")
    assert form.one("span", aria_current="step").text == "New"
    await visitor.send(form, button="to=hot", reason="They called")
    assert visitor.toast == "Moved to Hot. Undo"
    assert visitor.page.one("span", aria_current="step").text == "Hot"
    history = visitor.page.one("aside").text
    assert "moved this lead" in history
    assert "“They called”" in history


async def test_a_move_into_a_stage_without_a_way_out_is_taken_back(
    visitor: Visitor, make: Make
) -> None:
    escrow = await make("escrows", property_address="1 Main Street")
    path = f"/escrows/{escrow['id']}"
    await visitor.get(path)
    form = visitor.form(f"{path}/moves")
    (closing,) = form.all("button", value="closed")
    assert closing["title"] == "Move to Closed, where it stays: no stage follows"
    await visitor.send(form, button="to=closed")
    assert visitor.toast == "Moved to Closed. Undo"
    (undo,) = visitor.page.all("form", action=f"{path}/undo?version=2")
    await visitor.send(undo)
    assert visitor.toast == "Moved back to Active."
    assert visitor.page.one("span", aria_current="step").text == "Active"
    assert "“Taken back.”" in visitor.page.one("aside").text
    await visitor.send(undo)
    assert "changed again since" in visitor.toast
    again = f"{path}/undo?version=3"
    await visitor.post(again, [("csrf", token(visitor))])
    assert "Only your own change can be taken back" in visitor.toast
    assert visitor.page.one("span", aria_current="step").text == "Active"


async def test_only_ones_own_last_move_is_taken_back_and_not_for_long(
    visitor: Visitor, visit: Visit, organisation: Organisation, make: Make
) -> None:
    escrow = await make("escrows", property_address="1 Main Street")
    path = f"/escrows/{escrow['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/moves"), button="to=closed")
    colleague = visit(await organisation.person("manager"))
    await colleague.get(path)
    undo = f"{path}/undo?version=2"
    await colleague.post(undo, [("csrf", token(colleague))])
    assert "Only your own change can be taken back" in colleague.toast
    await organisation.owner.execute(
        "UPDATE tenfold.change_log SET at = at - interval '11 minutes' WHERE record_id = $1",
        UUID(escrow["id"]),
    )
    await visitor.post(undo, [("csrf", token(visitor))])
    assert "within ten minutes" in visitor.toast
    assert visitor.page.one("span", aria_current="step").text == "Closed"


async def test_only_allowed_stages_are_buttons(visitor: Visitor, make: Make) -> None:
    escrow = await make("escrows", property_address="1 Main Street")
    path = f"/escrows/{escrow['id']}"
    await visitor.get(path)
    form = visitor.form(f"{path}/moves")
    await visitor.send(form, button="to=closed")
    offered = {b["value"] for b in visitor.page.all("button", name="to")}
    assert offered == set()
    stale = form.fields()
    await visitor.post(f"{path}/moves", [*stale, ("to", "active")])
    assert "moved it to Closed meanwhile" in visitor.toast


async def test_delete_and_undo(visitor: Visitor, lead: dict[str, Any]) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/delete"))
    assert visitor.path == "/leads"
    assert "Zoë Ünal was deleted." in visitor.toast
    undo = visitor.form(f"{path}/restore")
    await visitor.get(path)
    assert visitor.answer.status_code == 404
    await visitor.send(undo)
    assert visitor.path == path
    assert visitor.toast == "This lead is back."
    await visitor.get("/leads")
    assert visitor.toast == ""


async def test_deleted_records_can_be_found_and_restored(
    visitor: Visitor, lead: dict[str, Any]
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/delete"))
    await visitor.get("/leads?deleted=true")
    await visitor.get(visitor.page.all("a", class_="record")[0]["href"])
    assert "was deleted" in visitor.page.one("article").text
    assert not visitor.page.all("a", href=f"{path}/edit")
    await visitor.send(visitor.form(f"{path}/restore"))
    assert visitor.path == path


async def test_the_list_that_one_came_from_is_kept_by_all_that_one_does(
    visitor: Visitor, lead: dict[str, Any]
) -> None:
    here = f"/leads/{lead['id']}?in=status%3Dnew"
    await visitor.get(here)
    await visitor.send(visitor.page.one("form", action="/favourites"), button="on=1")
    assert visitor.answer.url.raw_path.decode() == here
    await visitor.get(visitor.page.one("a", data_key="E")["href"])
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, email="nothing")
    assert mistakes(visitor)
    await visitor.send(visitor.page.one("form", id="record-form"), email="one@example.com")
    assert visitor.answer.url.raw_path.decode() == here
    assert visitor.page.one("a", rel="next")
    csrf = token(visitor)
    shown = {"referer": str(visitor.answer.url)}
    pairs = [("csrf", csrf), ("version", "2")]
    await visitor.post(f"/leads/{lead['id']}/delete", pairs, headers=shown)
    assert visitor.answer.url.raw_path == b"/leads?status=new"


async def test_a_deleted_record_shows_its_history_and_its_neighbours(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, make: Make
) -> None:
    ids = [str((await make("leads", first_name=n, last_name="Gone"))["id"]) for n in ("A", "B")]
    for one in ids:
        await client.delete(f"/v1/leads/{one}", headers=admin.headers)
    await visitor.get("/leads?deleted=true&sort=first_name")
    await visitor.get(visitor.page.all("a", class_="record")[0]["href"])
    page = visitor.page
    tabs = [a["href"] for a in page.all("a") if "only=" in a.get("href", "")]
    assert tabs
    for tab in tabs:
        await visitor.get(tab)
        assert visitor.answer.status_code == 200
    visitor.page = page
    await visitor.get(visitor.page.one("a", rel="next")["href"])
    assert visitor.answer.status_code == 200
    assert visitor.page.one("h1").text == "B Gone"


async def test_earlier_history_is_a_page_away(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any]
) -> None:
    path = f"/leads/{lead['id']}"
    for n in range(25):
        change = {"engagement_count": n + 1}
        await client.patch(f"/v1{path}", json=change, headers=admin.headers)
    await visitor.get(path)
    entries = visitor.page.one("ol", class_="timeline").all("p", class_="said")
    assert len(entries) == 20
    earlier = visitor.page.one(id="timeline-more").one("a")["href"]
    await visitor.get(earlier)
    entries = visitor.page.one("ol", class_="timeline").all("p", class_="said")
    assert len(entries) == 6
    assert "created this lead" in entries[-1].text
    await visitor.get(earlier, headers={"hx-target": "div#timeline-more"})
    assert visitor.answer.text.lstrip().startswith('<ol class="timeline">')


async def test_a_reader_sees_no_buttons(
    visit: Visit, organisation: Organisation, lead: dict[str, Any]
) -> None:
    visitor = visit(await organisation.person("read-only"))
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    assert visitor.answer.status_code == 200
    assert not visitor.page.all("button", name="to")
    assert not visitor.page.all("a", href=f"{path}/edit")
    await visitor.get(f"{path}/edit")
    assert visitor.answer.status_code == 403
    await visitor.get("/leads/new")
    assert visitor.answer.status_code == 403


async def test_a_record_needs_few_statements(
    visitor: Visitor, make: Make, queries: Counter, lead: dict[str, Any]
) -> None:
    contact = await make("contacts", first_name="Ann", last_name="Lee")
    await make("tasks", title="Call", contact_id=contact["id"])
    for path in (
        f"/contacts/{contact['id']}",
        f"/leads/{lead['id']}",
        f"/leads/{lead['id']}/edit",
        "/",
    ):
        await visitor.get(path)
        queries.clear()
        await visitor.get(path)
        assert visitor.answer.status_code == 200
        assert len(queries) <= 5, path


async def test_search_over_everything(visitor: Visitor, lead: dict[str, Any], make: Make) -> None:
    await make("contacts", first_name="Zoran", last_name="Babić")
    await visitor.get("/search?q=zo")
    found = visitor.page.one(id="hits").text
    assert "Zoë Ünal" in found
    assert "Zoran Babić" in found
    await visitor.get("/search?q=zzz")
    assert "Nothing found" in visitor.page.text


async def test_the_look_is_kept(visitor: Visitor) -> None:
    await visitor.get("/leads")
    form = next(f for f in visitor.page.all("form", action="/appearance") if f.all(name="theme"))
    await visitor.send(form, button="theme=dark")
    assert visitor.path == "/leads"
    assert visitor.page.one("html")["data-theme"] == "dark"
    await visitor.send(form, button="density=compact")
    assert visitor.page.one("html")["data-density"] == "compact"


async def test_the_menu_shows_every_place(visitor: Visitor) -> None:
    await visitor.get("/menu")
    places = {a["href"] for a in visitor.page.one(class_="menu-page").all("a")}
    assert {"/leads", "/contacts"} <= places


async def test_a_move_that_somebody_else_came_before_is_told_with_who_and_where_to(
    visitor: Visitor, visit: Visit, organisation: Organisation, lead: dict[str, Any]
) -> None:
    other = visit(await organisation.person("owner", name="Else"))
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    page, answer = visitor.page, visitor.answer
    await other.get(path)
    await other.send(other.page.one("form", class_="steps"), button="to=nurture")
    await visitor.send(page.one("form", class_="steps"), button="to=contacted")
    assert visitor.toast.startswith("Robin owner moved it to Nurture meanwhile.")
    assert visitor.page.one(aria_current="step").text == "Nurture"
    # A change that left its stage as it was is no hindrance.
    page = visitor.page
    await other.get(f"{path}/edit")
    await other.send(other.page.one("form", id="record-form"), first_name="Zoe")
    visitor.page, visitor.answer = page, answer
    await visitor.send(page.one("form", class_="steps"), button="to=contacted")
    assert visitor.toast.startswith("Moved to Contacted.")
