"""Lists arranged by people: conditions in groups, views, columns, groups, boards, calendars."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.guards import Counter
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.html import Element, parse
from tests.pages.test_list_pages import column, said, taken_off, titles

from tenfold.engine import lanes as engine_lanes
from tenfold.web.pages.lists import table as tables

pytestmark = pytest.mark.anyio

_STATES = ("new", "hot", "lost")


@pytest.fixture
async def leads(client: httpx.AsyncClient, admin: Somebody) -> list[dict[str, Any]]:
    """Thirty leads, ten of each of three stages, of three sources."""
    rows = [
        {
            "first_name": f"N{n:02}",
            "last_name": "Lead",
            "status": _STATES[n % 3],
            "source": (None, "referral", "website")[n // 10],
            "budget": n * 1_000,
        }
        for n in range(30)
    ]
    answer = await client.post("/v1/leads/bulk", json={"records": rows}, headers=admin.headers)
    assert answer.status_code == 201
    return answer.json()["data"]


def where(tree: object) -> str:
    """A list with groups of conditions."""
    return f"/leads?{urlencode({'where': json.dumps(tree)})}"


def lanes(visitor: Visitor) -> dict[str, list[str]]:
    """The cards of a board by their lane."""
    return {
        one["data-lane"]: [
            c.one("a", class_="record").text.split(" ", 1)[-1]
            for c in one.all("li", class_="board-card")
        ]
        for one in visitor.page.all("section", class_="lane")
    }


async def test_conditions_read_as_a_sentence_that_can_be_changed(
    visitor: Visitor, leads: object
) -> None:
    await visitor.get(where({"any": [{"status": "hot"}, {"source": "referral", "status": "new"}]}))
    assert said(visitor) == ["Status is Hot", "Source is Referral", "Status is New"]
    assert [j.text for j in visitor.page.all(class_="joiner")] == ["or", "and"]
    assert len(titles(visitor)) == 13
    turn = visitor.page.all("a", class_="joiner")[0]["href"]
    await visitor.get(turn)
    assert titles(visitor) == []
    await visitor.get(where({"any": [{"status": "hot"}, {"source": "referral"}]}))
    await visitor.get(taken_off(visitor))
    assert said(visitor) == ["Source is Referral"]


async def test_an_alternative_is_added_and_a_condition_said_otherwise(
    visitor: Visitor, leads: object
) -> None:
    await visitor.get("/leads?status=hot")
    await visitor.get(visitor.page.one("a", class_="either")["href"])
    form = visitor.page.one("form", class_="filter-form")
    assert form.all("button")[-1].text == "Add alternative"
    await visitor.send(form, add_field="source", add_operator="eq", add_value="website")
    assert said(visitor) == ["Status is Hot", "Source is Website"]
    assert len(titles(visitor)) == 17
    await visitor.get(visitor.page.all("a", class_="says")[1]["href"])
    form = visitor.page.one("form", class_="filter-form")
    ticked = [b["value"] for b in form.all("input", type="checkbox") if b.has("checked")]
    assert (form.all("button")[-1].text, ticked) == ("Change filter", ["website"])
    await visitor.send(form, add_field="source", add_operator="empty")
    assert said(visitor) == ["Status is Hot", "Source is empty"]


async def test_conditions_that_can_not_be_read_are_said_and_nothing_is_shown(
    visitor: Visitor, leads: object
) -> None:
    await visitor.get("/leads?where=%7B")
    assert "could not be used" in visitor.page.one(role="alert").text
    assert titles(visitor) == []
    (way,) = (a for a in visitor.page.all("a") if a.text == "Show it without them")
    await visitor.get(way["href"])
    assert len(titles(visitor)) == 30


async def test_an_order_that_can_not_be_used_is_left_out_and_said(
    visitor: Visitor, leads: object
) -> None:
    await visitor.get("/leads?status=hot&sort=nonsense")
    assert visitor.page.one(role="alert")
    assert said(visitor) == ["Status is Hot"]
    assert len(titles(visitor)) == 10


async def test_a_shared_view_by_a_field_that_one_may_not_see_shows_nothing_of_it(
    visitor: Visitor, visit: Visit, organisation: Organisation, make: Make
) -> None:
    await make("students", first_name="Ada", last_name="Lee", veteran=True)
    await visitor.get("/students?veteran=true&as=board")
    await visitor.send(visitor.page.one("form", action="/students/views"), name="Veterans")
    address = visitor.answer.url.raw_path.decode()
    rename = next(f for f in visitor.page.all("form") if f.all("input", name="do"))
    await visitor.send(rename, name="Veterans", privacy="everyone")
    desk = visit(await organisation.person("member", ["front_desk"]))
    await desk.get(address)
    told = desk.page.one(role="alert").text
    assert "This list is narrowed by a field that is gone, or that you may not see." in told
    assert titles(desk) == []
    assert "veteran=" not in desk.page.one("section", id="list").text.lower()
    await desk.get(address.replace("/students?", "/students/export?"))
    assert desk.answer.status_code == 400


async def test_mine_and_days_move_along(
    visitor: Visitor, visit: Visit, organisation: Organisation, leads: object
) -> None:
    await visitor.get("/leads?owner_id=me&created_at[gte]=-7d")
    assert said(visitor) == ["Owner is me", "Created is on or after 7 days ago"]
    assert len(titles(visitor)) == 30
    other = visit(await organisation.person("owner", name="Else"))
    await other.get("/leads?owner_id=me")
    assert titles(other) == []


async def test_a_view_is_saved_shared_changed_and_deleted(
    visitor: Visitor, visit: Visit, organisation: Organisation, leads: object
) -> None:
    other = visit(await organisation.person("owner", name="Else"))
    await visitor.get("/leads?status=hot&sort=-budget")
    form = visitor.page.one("form", action="/leads/views")
    await visitor.send(form, name="Hot ones")
    address = visitor.answer.url.raw_path.decode()
    assert "saved=" in address
    assert said(visitor) == ["Status is Hot"]
    rail = {a["href"]: a.text for a in visitor.page.all("a", class_="pinned")}
    assert rail == {address: "Hot ones"}
    # A private one is nobody else's, whatever they may do.
    await other.get(address)
    assert "not shared with you" in other.page.one(role="alert").text
    assert said(other) == []
    rename = next(f for f in visitor.page.all("form") if f.all("input", name="do"))
    await visitor.send(rename, name="Hot leads", privacy="everyone")
    await other.get(address)
    assert said(other) == ["Status is Hot"]
    assert "Hot leads" in other.page.one("details", class_="view-menu").text
    # Whoever changes what they see has not changed the view.
    await visitor.get(taken_off(visitor))
    assert (
        visitor.page.one("details", class_="view-menu").all("summary")[0].text.endswith("changed")
    )
    await other.get(address)
    assert said(other) == ["Status is Hot"]
    save = next(f for f in visitor.page.all("form") if f.all("button", value="save"))
    await visitor.send(save, do="save")
    await other.get(address)
    assert said(other) == []
    delete = next(f for f in visitor.page.all("form") if f.all("button", value="delete"))
    await visitor.send(delete, do="delete")
    assert "deleted" in visitor.page.one(class_="toasts").text
    await visitor.send(visitor.page.one(class_="toasts").one("form"))
    await other.get(address)
    assert "Hot leads" in other.page.one("details", class_="view-menu").text


async def test_a_view_among_many_is_found_by_its_address(
    visitor: Visitor,
    visit: Visit,
    organisation: Organisation,
    client: httpx.AsyncClient,
    leads: object,
    queries: Counter,
) -> None:
    other = await organisation.person("owner", name="Else")
    many = [
        {"name": f"A{n:03}", "path": "leads", "privacy": "everyone", "parameters": "status=new"}
        for n in range(100)
    ]
    last = {"name": "Z", "path": "leads", "privacy": "everyone", "parameters": "status=hot"}
    ids: list[str] = []
    for body in (*many, last, last | {"name": "Zz"}):
        made = await client.post("/v1/saved_views", json=body, headers=other.headers)
        assert made.status_code == 201, made.text
        ids.append(made.json()["data"]["id"])
    await visitor.get("/leads")
    queries.clear()
    page = await visitor.get(f"/leads?saved={ids[-2]}")
    assert said(visitor) == ["Status is Hot"]
    assert len(queries) <= 5
    csrf = page.all("input", name="csrf")[0]["value"]
    await visitor.post(f"/leads/views/{ids[-2]}", [("csrf", csrf), ("do", "pin")])
    await visitor.get("/leads")
    assert "Z" in [a.text for a in visitor.page.all("a", class_="pinned")]
    await visitor.get("/leads?status=contacted")
    await visitor.send(visitor.page.one("form", action="/leads/views"), name="Zzz, my own")
    await visitor.get("/leads")
    assert "Zzz, my own" in visitor.page.one("details", class_="view-menu").text
    await visitor.post(f"/leads/views/{ids[-1]}", [("csrf", csrf), ("do", "delete")])
    assert "The view Zz is deleted." in visitor.page.one(class_="toasts").text


async def test_what_happens_to_a_view_is_said_in_the_persons_language(
    visitor: Visitor, leads: object
) -> None:
    await visitor.get("/leads?status=hot")
    await visitor.send(visitor.page.one("form", action="/leads/views"), name="Heiße")
    visitor.http.headers["accept-language"] = "de"
    csrf = visitor.page.all("input", name="csrf")[0]["value"]
    path = f"/leads/views/{visitor.answer.url.params['saved']}"
    for do, text in (
        ("save", "Die Ansicht Heiße ist gespeichert, wie Sie sie sehen."),
        ("rename", "Die Ansicht Warme ist geändert."),
        ("delete", "Die Ansicht Warme ist gelöscht."),
    ):
        form = [("csrf", csrf), ("do", do), ("name", "Warme")]
        await visitor.post(path, form)
        assert text in visitor.page.one(class_="toasts").text


async def test_somebody_elses_view_is_not_theirs_to_change(
    visitor: Visitor, visit: Visit, organisation: Organisation, leads: object
) -> None:
    await visitor.get("/leads?status=hot")
    form = visitor.page.one("form", action="/leads/views")
    await visitor.send(form, name="Hot ones", privacy="everyone")
    identity = visitor.answer.url.params["saved"]
    other = visit(await organisation.person("member", ["agent"], name="Else"))
    page = await other.get(f"/leads?saved={identity}")
    assert not [f for f in page.all("form") if f.all("button", value="delete")]
    csrf = page.all("input", name="csrf")[0]["value"]
    await other.post(f"/leads/views/{identity}", {"csrf": csrf, "do": "rename", "name": "Mine"})
    await visitor.get(f"/leads?saved={identity}")
    assert "Hot ones" in visitor.page.one("details", class_="view-menu").all("summary")[0].text


async def test_columns_are_chosen_ordered_widened_and_kept(visitor: Visitor, leads: object) -> None:
    await visitor.get("/leads?status=hot")
    form = visitor.page.one("form", class_="columns-form")
    await visitor.post(
        form["action"],
        [(n, v) for n, v in form.fields() if n in ("csrf", "back")]
        + [("column", "source"), ("column", "budget"), ("place.source", "2"), ("place.budget", "1")]
        + [("width.budget", "140")],
    )
    heads = [th.text for th in visitor.page.all("th") if th.get("data-column")]
    assert heads == ["Lead", "Budget", "Source"]
    assert "w-7" in column(visitor, "Budget")["class"].split()
    await visitor.get("/leads")
    assert [th.text for th in visitor.page.all("th") if th.get("data-column")] == heads
    form = visitor.page.one("form", class_="columns-form")
    await visitor.send(form, reset="1")
    assert len([th for th in visitor.page.all("th") if th.get("data-column")]) > 4


async def test_columns_that_one_may_not_see_are_none(
    visit: Visit, organisation: Organisation
) -> None:
    desk = visit(await organisation.person("member", ["front_desk"]))
    await desk.get("/applications?columns=offer_salary,status,nonsense")
    page = desk.page
    assert "offer_salary" not in {e.get("value") for e in page.all("input", name="column")}


async def test_a_list_is_grouped_and_each_group_goes_on(visitor: Visitor, make: Make) -> None:
    for number in range(23):
        await make("leads", first_name=f"R{number:02}", last_name="X", source="referral")
    await make("leads", first_name="None", last_name="X")
    await visitor.get("/leads?group=source&sort=first_name")
    heads = [h.text for h in visitor.page.all("tr", class_="group-head")]
    assert heads == ["Referral 23", "No source 1"]
    assert len(titles(visitor)) == 6
    more = visitor.page.all("a", rel="next")[0]["href"]
    await visitor.get(more, headers={"hx-request": "true", "hx-target": "tr#more-referral"})
    rows = [r.get("id") for r in parse(f"<table>{visitor.answer.text}</table>").all("tr")]
    assert len(rows) == 18


async def test_a_board_has_a_lane_for_each_stage_and_cards_move(
    visitor: Visitor, leads: list[dict[str, Any]]
) -> None:
    await visitor.get("/leads?as=board&sort=first_name")
    found = lanes(visitor)
    assert list(found)[:2] == ["new", "contacted"]
    assert len(found["hot"]) == 10
    figures = await visitor.get("/leads?as=board&figures=1")
    assert {d["value"]: d.text for d in figures.all("data")}["hot"] == "$145,000"
    page = await visitor.get("/leads?as=board&sort=first_name")
    csrf = page.one(class_="board")["data-csrf"]
    card = page.one("section", data_lane="new").all("li", class_="board-card")[0]
    body = {"csrf": csrf, "version": card["data-version"], "field": "status", "value": "hot"}
    answer = await visitor.post(card["data-move"], body)
    assert "Moved to Hot." in answer.text
    again = await visitor.post(card["data-move"], {**body, "value": "lost"})
    assert visitor.answer.status_code == 412
    assert "Somebody changed it meanwhile" in again.text
    await visitor.get("/leads?as=board")
    assert len(lanes(visitor)["hot"]) == 11


async def test_a_choice_of_ones_own_makes_lanes(
    visitor: Visitor, make: Make, client: httpx.AsyncClient, admin: Somebody
) -> None:
    async def post(path: str, body: dict[str, Any]) -> None:
        answer = await client.post(f"/v1/{path}", json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text

    await post("types", {"name": "repairs"})
    field = {"type": "custom_repairs", "name": "step", "kind": "choice", "label": "Step"}
    await post("custom-fields", {**field, "options": ["Asked for", "Under way", "Done"]})
    await post("custom-fields", {**field, "name": "urgency", "options": ["Low"]})
    for name, step in (("Roof", "Asked for"), ("Tap", "Under way"), ("Door", None)):
        await make("custom/repairs", name=name, custom={"step": step, "urgency": "Low"})
    await visitor.get("/custom/repairs?as=board&group=custom.step")
    assert lanes(visitor) == {
        "Asked for": ["Roof"],
        "Under way": ["Tap"],
        "Done": [],
        "": ["Door"],
    }
    (card,) = visitor.page.one("section", data_lane="Under way").all("li", class_="board-card")
    board = visitor.page.one(class_="board")
    body = {"csrf": board["data-csrf"], "field": board["data-field"], "value": "Done"}
    await visitor.post(card["data-move"], [*body.items(), ("version", card["data-version"])])
    assert visitor.answer.status_code == 200, visitor.answer.text
    undo = visitor.page.one("form")
    await visitor.get("/custom/repairs?as=board&group=custom.step")
    assert lanes(visitor)["Done"] == ["Tap"]
    await visitor.send(undo)
    await visitor.get("/custom/repairs?as=board&group=custom.step")
    assert lanes(visitor)["Under way"] == ["Tap"]
    (alone,) = (a for a in visitor.page.all("a") if "custom.step=Under" in a.get("href", ""))
    await visitor.get(alone["href"])
    assert "1 repair" in visitor.page.one("p", class_="count").text
    await visitor.get("/custom/repairs?group=custom.step")
    heads = [one.text for one in visitor.page.all("tr", class_="group-head")]
    assert [head.split()[0] for head in heads] == ["Asked", "Under", "No"]


async def test_a_card_that_may_not_be_moved_says_so(
    visit: Visit, organisation: Organisation, client: httpx.AsyncClient
) -> None:
    agents = [
        await organisation.person(roles=["agent"], team=organisation.team, name=name)
        for name in ("mine", "theirs")
    ]
    for one, name in zip(agents, ("Mine", "Theirs"), strict=True):
        lead = {"first_name": "Lee", "last_name": name}
        answer = await client.post("/v1/leads", json=lead, headers=one.headers)
        assert answer.status_code == 201, answer.text
    visitor = visit(agents[0])
    await visitor.get("/leads?as=board")
    cards = visitor.page.all("li", class_="board-card")
    found = {
        card.one("a", class_="record").text.split()[-1]: (
            card.has("data-move"),
            [sign["title"] for sign in card.all("span", class_="fixed")],
        )
        for card in cards
    }
    fixed = ["You can't move this one: it is not yours to change"]
    assert found == {"Mine": (True, []), "Theirs": (False, fixed)}


async def _moved(visitor: Visitor, board: Element, title: str, to: str) -> None:
    """Take a card to another lane, as the page's script does."""
    card = next(c for c in board.all("li", class_="board-card") if title in c.text)
    assert board.one("section", data_lane=to)
    body = {"csrf": board["data-csrf"], "field": board["data-field"], "value": to}
    await visitor.post(card["data-move"], [*body.items(), ("version", card["data-version"])])
    assert visitor.answer.status_code == 200, visitor.answer.text


async def test_cards_move_between_yes_and_no(visitor: Visitor, make: Make) -> None:
    path = "/contacts?as=board&group=do_not_call"
    await make("contacts", first_name="Ann", last_name="Quiet", do_not_call=True)
    await make("contacts", first_name="Bob", last_name="Loud")
    await visitor.get(path)
    assert lanes(visitor) == {"true": ["Ann Quiet"], "false": ["Bob Loud"]}
    await _moved(visitor, visitor.page.one(class_="board"), "Bob", "true")
    await visitor.get(path)
    assert lanes(visitor) == {"true": ["Bob Loud", "Ann Quiet"], "false": []}
    await _moved(visitor, visitor.page.one(class_="board"), "Ann", "false")
    await visitor.get(path)
    assert lanes(visitor) == {"true": ["Bob Loud"], "false": ["Ann Quiet"]}


async def test_neither_yes_nor_no_is_a_lane_too(
    visitor: Visitor, make: Make, client: httpx.AsyncClient, admin: Somebody
) -> None:
    homes = [
        await make("listings", address={"street": f"{n} Elm St"}, list_price=1_000, pool=pool)
        for n, pool in enumerate((True, None))
    ]
    await visitor.get("/listings?as=board&group=pool")
    cards = {
        one["data-lane"]: [c["data-id"] for c in one.all("li", class_="board-card")]
        for one in visitor.page.all("section", class_="lane")
    }
    assert cards == {"true": [homes[0]["id"]], "false": [], "": [homes[1]["id"]]}
    await _moved(visitor, visitor.page.one(class_="board"), "0 Elm", "")
    path = f"/v1/listings/{homes[0]['id']}"
    record = (await client.get(path, headers=admin.headers)).json()
    assert record["data"]["pool"] is None
    await visitor.get("/listings?as=board&group=pool&lane=perhaps")
    assert visitor.answer.status_code == 400


@pytest.mark.parametrize("form", ["board", "table"])
async def test_a_long_lane_goes_on_whatever_it_is_called(
    visitor: Visitor, make: Make, client: httpx.AsyncClient, admin: Somebody, form: str
) -> None:
    await make("types", name="repairs")
    field = {"type": "custom_repairs", "name": "step", "kind": "choice", "label": "Step"}
    options = ["Under way", "50%", "A/B", "none"]
    await make("custom-fields", **field, options=options)
    held = [*options, None]
    rows = [{"name": f"R{n:03}", "custom": {"step": held[n % 5]}} for n in range(125)]
    answer = await client.post(
        "/v1/custom/repairs/bulk", json={"records": rows}, headers=admin.headers
    )
    assert answer.status_code == 201, answer.text
    await visitor.get(f"/custom/repairs?as={form}&group=custom.step&sort=name")
    ends = visitor.page.all(class_="more", data_part="")
    assert len(ends) == len({one["id"] for one in ends}) == 5
    for place, end in enumerate(ends):
        link = end.one("a")
        assert link["hx-target"] == f"#{end['id']}"
        assert re.fullmatch(r"more-[0-9a-f-]{36}", end["id"])
        target = {"hx-request": "true", "hx-target": f"{end.tag}#{end['id']}"}
        await visitor.get(link["href"], headers=target)
        names = re.findall(r"R(\d{3})", visitor.answer.text)
        shown = 12 if form == "board" else 5
        assert {int(n) for n in names} == set(range(125)[place::5][shown:])


@pytest.fixture
async def sorted_out(make: Make, client: httpx.AsyncClient, admin: Somebody) -> None:
    """Records of a choice with more options than lists have lanes, and more without a value."""
    await make("types", name="repairs")
    field = {"type": "custom_repairs", "name": "step", "kind": "choice", "label": "Step"}
    await make("custom-fields", **field, options=[f"S{n}" for n in range(63)])
    steps = ["S0", "S61"] * 3 + ["S62"] * 22 + [None] * 45
    rows = [{"name": f"R{n:03}", "custom": {"step": step}} for n, step in enumerate(steps)]
    path = "/v1/custom/repairs/bulk"
    answer = await client.post(path, json={"records": rows}, headers=admin.headers)
    assert answer.status_code == 201, answer.text


async def test_values_without_a_group_of_their_own_are_in_one(
    visitor: Visitor, sorted_out: None
) -> None:
    await visitor.get("/custom/repairs?group=custom.step&sort=name")
    heads = [one.text for one in visitor.page.all("tr", class_="group-head")]
    assert heads == ["S0 3", "Others 25", "No step 45"]
    assert visitor.page.one("p", class_="count").text == "73 repairs"
    assert visitor.page.one(data_every="").text == "All 73 repairs"
    target = {"hx-request": "true", "hx-target": "tr#more-1"}
    await visitor.get(visitor.page.all("a", rel="next")[0]["href"], headers=target)
    names = re.findall(r">R(\d{3})", visitor.answer.text)
    assert [int(n) for n in names] == list(range(8, 28))


async def test_values_without_a_lane_of_their_own_are_in_one(
    visitor: Visitor, sorted_out: None
) -> None:
    await visitor.get("/custom/repairs?as=board&group=custom.step&sort=name")
    assert {lane: len(cards) for lane, cards in lanes(visitor).items() if cards} == {
        "S0": 3,
        ",others": 12,
        "": 12,
    }
    assert visitor.page.one("p", class_="count").text == "73 repairs"
    board = visitor.page.one(class_="board")
    lane = board.one("section", data_lane=",others")
    assert (lane.one("h2").text, lane.has("data-closed")) == ("Others 25", True)
    assert not lane.one("h2").all("a")
    await visitor.get(lane.one("li", class_="more").one("a")["href"])
    names = re.findall(r">R(\d{3})", visitor.answer.text)
    assert [int(n) for n in names] == list(range(15, 28))
    await _moved(visitor, board, "R001", "S0")
    await visitor.get("/custom/repairs?as=board&group=custom.step&sort=name")
    assert len(lanes(visitor)["S0"]) == 4


async def test_people_without_a_lane_of_their_own_are_in_one(
    visitor: Visitor,
    organisation: Organisation,
    admin: Somebody,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (engine_lanes, tables):
        monkeypatch.setattr(module, "MOST", 2)
    people = [await organisation.person("owner", name=name) for name in ("A", "B", "C")]
    for one in (*people, admin):
        await make("leads", first_name="Of", last_name="One", owner_id=str(one.id))
    await visitor.get("/leads?as=board&group=owner_id")
    assert sorted(len(cards) for cards in lanes(visitor).values()) == [1, 1, 2]
    assert visitor.page.one("p", class_="count").text == "4 leads"


async def test_a_move_that_is_not_allowed_says_why(visitor: Visitor, make: Make) -> None:
    made = await make(
        "appointments",
        title="Showing",
        starts_at="2026-11-22T10:00:00Z",
        ends_at="2026-11-22T11:00:00Z",
        status="denied",
    )
    page = await visitor.get("/appointments?as=board")
    card = page.one("li", class_="board-card")
    assert not card.get("data-moves")
    csrf = page.one(class_="board")["data-csrf"]
    body = {"csrf": csrf, "version": "1", "field": "status", "value": "confirmed"}
    answer = await visitor.post(f"/appointments/{made['id']}/lane", body)
    assert visitor.answer.status_code == 409
    assert answer.one(class_="toast").get("class").endswith("problem")


async def test_a_calendar_shows_each_record_on_its_day_and_moves_it(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, make: Make
) -> None:
    visitor.http.cookies.set("zone", "America/Los_Angeles", domain="tenfold.test")
    made = await make(
        "appointments",
        title="Late showing",
        starts_at="2026-11-23T05:30:00Z",
        ends_at="2026-11-23T06:30:00Z",
    )
    page = await visitor.get("/appointments?as=calendar&on=2026-11-02")
    day = _day_of(page, "Late showing")
    assert day["data-day"] == "2026-11-22"
    assert "21:30" in day.text or "9:30" in day.text
    csrf = page.one(class_="calendar")["data-csrf"]
    body = {"csrf": csrf, "version": "1", "field": "starts_at", "day": "2026-11-25"}
    await visitor.post(f"/appointments/{made['id']}/day", body)
    assert visitor.answer.status_code == 200
    page = await visitor.get("/appointments?as=calendar&span=week&on=2026-11-25")
    assert _day_of(page, "Late showing")["data-day"] == "2026-11-25"
    entry = page.one("li", class_="entry-on")
    assert {"t86", "l4"} <= set(entry["class"].split())
    body |= {"version": "2", "day": "2026-11-26", "quarter": "32"}
    await visitor.post(f"/appointments/{made['id']}/day", body)
    record = (await client.get(f"/v1/appointments/{made['id']}", headers=admin.headers)).json()
    times = [record["data"][name][:16] for name in ("starts_at", "ends_at")]
    assert times == ["2026-11-26T16:00", "2026-11-26T17:00"]
    body |= {"version": "3", "day": "someday"}
    await visitor.post(f"/appointments/{made['id']}/day", body)
    assert visitor.answer.status_code == 400


async def test_what_is_taken_over_a_change_of_clocks_stays_as_long(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, make: Make
) -> None:
    visitor.http.cookies.set("zone", "America/Los_Angeles", domain="tenfold.test")
    moments = {"starts_at": "2026-10-30T07:30:00Z", "ends_at": "2026-10-30T10:30:00Z"}
    made = await make("appointments", title="Night shift", **moments)
    page = await visitor.get("/appointments?as=calendar&on=2026-10-30")
    csrf = page.one(class_="calendar")["data-csrf"]
    body = {"csrf": csrf, "version": "1", "field": "starts_at", "day": "2026-11-01"}
    await visitor.post(f"/appointments/{made['id']}/day", body)
    record = (await client.get(f"/v1/appointments/{made['id']}", headers=admin.headers)).json()
    times = [record["data"][name][:16] for name in ("starts_at", "ends_at")]
    assert times == ["2026-11-01T07:30", "2026-11-01T10:30"]


def _day_of(page: Element, title: str) -> Element:
    return next(d for d in page.all("section", class_="day") if title in d.text)


async def _bulk(visitor: Visitor, values: Mapping[str, object]) -> None:
    """Send the bar of what is chosen."""
    form = visitor.page.one("form", id="chosen")
    pairs = [(n, v) for n, v in form.fields() if n not in values]
    more = [(n, one) for n, v in values.items() for one in (v if isinstance(v, list) else [v])]
    await visitor.post(form["action"], [*pairs, *more])


async def test_many_are_changed_at_once_and_taken_back(
    visitor: Visitor, leads: list[dict[str, Any]]
) -> None:
    await visitor.get("/leads?status=hot")
    ids = [one["id"] for one in leads if one["status"] == "hot"][:3]
    await _bulk(visitor, {"id": ids, "do": "set", "field": "source", "source": "portal"})
    assert "Source set for 3 leads." in visitor.page.one(class_="toasts").text
    assert said(visitor) == ["Status is Hot"]
    undo = visitor.page.one(class_="toasts").one("form")
    await visitor.get("/leads?source=portal")
    assert len(titles(visitor)) == 3
    await visitor.post(undo["action"], undo.fields())
    assert "Taken back." in visitor.page.one(class_="toasts").text
    await visitor.get("/leads?source=portal")
    assert titles(visitor) == []


async def test_all_that_match_are_changed_at_once(visitor: Visitor, leads: object) -> None:
    await visitor.get("/leads?status=new")
    await _bulk(visitor, {"every": "1", "do": "set", "field": "status", "status": "contacted"})
    await visitor.get("/leads?status=contacted")
    assert len(titles(visitor)) == 10


async def test_all_that_a_search_found_are_not_changed_at_once(
    visitor: Visitor, leads: list[dict[str, Any]]
) -> None:
    await visitor.get(f"/leads?q={leads[0]['last_name']}")
    await _bulk(visitor, {"every": "1", "do": "set", "field": "source", "source": "portal"})
    assert "choose the rows themselves" in visitor.page.one(class_="toasts").text
    await visitor.get("/leads?source=portal")
    assert titles(visitor) == []


@pytest.mark.parametrize("operator", ["last7", "last30"])
async def test_the_last_days_are_none_to_come(visitor: Visitor, make: Make, operator: str) -> None:
    for name, days in (("Past", -2), ("Now", 0), ("Future", 2)):
        due = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        await make("leads", first_name=name, last_name="Lee", next_touch=due)
    await visitor.get("/leads")
    form = visitor.page.one("form", class_="filter-form")
    await visitor.send(form, add_field="next_touch", add_operator=operator, add_value="")
    assert sorted(titles(visitor)) == ["Now Lee", "Past Lee"]


async def test_what_refuses_a_change_stays_and_is_said(visitor: Visitor, make: Make) -> None:
    common = {"starts_at": "2026-11-22T10:00:00Z", "ends_at": "2026-11-22T11:00:00Z"}
    one = await make("appointments", title="Open", **common)
    other = await make("appointments", title="Shut", status="denied", **common)
    await visitor.get("/appointments")
    ids = [one["id"], other["id"]]
    await _bulk(visitor, {"id": ids, "do": "set", "field": "status", "status": "confirmed"})
    toast = visitor.page.one(class_="toasts").text
    assert "set for 1 appointment." in toast
    assert "One stays as it is:" in toast
    await visitor.get("/appointments")
    await _bulk(visitor, {"id": [other["id"]], "do": "set", "field": "status", "status": "pending"})
    problem = visitor.page.one(class_="toasts").text
    assert "Nothing was changed. One stays as it is:" in problem


async def test_nothing_chosen_is_said(visitor: Visitor, leads: object) -> None:
    await visitor.get("/leads")
    await _bulk(visitor, {"do": "delete"})
    assert "tick some rows first" in visitor.page.one(class_="toasts").text
    assert len(titles(visitor)) == 30


async def test_who_may_not_change_has_nothing_to_do_it_with(
    visit: Visit, organisation: Organisation, make: Make
) -> None:
    one = await make("leads", first_name="Not", last_name="Theirs")
    coordinator = visit(await organisation.person("member", ["coordinator"]))
    page = await coordinator.get("/leads")
    assert titles(coordinator) == ["Not Theirs"]
    assert not page.all(data_edit=f"/leads/{one['id']}/fields/status")
    await _bulk(coordinator, {"id": one["id"], "do": "delete"})
    assert coordinator.answer.status_code == 403
    await coordinator.get("/leads")
    assert titles(coordinator) == ["Not Theirs"]


async def test_what_is_seen_is_exported(
    visitor: Visitor, make: Make, client: httpx.AsyncClient, admin: Somebody, leads: object
) -> None:
    field = {"type": "lead", "kind": "text"}
    await make("custom-fields", **field, name="seen", label="Seen")
    await make("custom-fields", **field, name="unseen", label="Unseen")
    for n in range(2):
        custom = {"seen": f"S{n}", "unseen": f"U{n}"}
        await make("leads", first_name=f"A{n}", last_name="One", status="hot", custom=custom)
    path = "/leads?status=hot&sort=first_name&columns=source,custom.seen,budget"
    await visitor.get(path)
    links = [a["href"] for a in visitor.page.all("a") if a["href"].startswith("/leads/export")]
    answer = await visitor.http.get(links[0])
    assert answer.headers["content-disposition"] == 'attachment; filename="leads.csv"'
    lines = answer.text.lstrip("\ufeff").splitlines()
    columns = "first_name,last_name,source,custom.seen,budget,budget_currency,id"
    assert lines[0] == columns
    assert len(lines) == 13
    assert [line.split(",")[0] for line in lines[1:4]] == ["A0", "A1", "N01"]
    assert lines[1].split(",")[3] == "S0"
    (first, *_) = (await visitor.http.get(f"{links[0]}&format=json")).json()
    keys = ["first_name", "last_name", "source", "custom", "budget", "budget_currency", "id"]
    assert list(first) == keys
    assert first["custom"] == {"seen": "S0"}
    workbook = io.BytesIO((await visitor.http.get(links[1])).content)
    with zipfile.ZipFile(workbook) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    places = [sheet.index(f">{name}<") for name in columns.split(",")]
    assert places == sorted(places)
    assert "unseen" not in sheet


@pytest.fixture
async def found(visitor: Visitor, make: Make) -> list[str]:
    """What a search of a saved view shows: three of five leads."""
    for name in ("Ann Birch", "Bob Birch", "Cy Birch", "Dee Oak", "Eve Oak"):
        first, last = name.split()
        await make("leads", first_name=first, last_name=last, status="hot")
    await make("leads", first_name="Flo", last_name="Birch", status="lost")
    await visitor.get("/leads?status=hot&sort=first_name")
    await visitor.send(visitor.page.one("form", action="/leads/views"), name="Hot ones")
    await visitor.send(visitor.page.one("form", class_="search"), q="birch")
    shown = titles(visitor)
    assert sorted(shown) == ["Ann Birch", "Bob Birch", "Cy Birch"]
    return shown


async def test_what_a_search_shows_is_exported(visitor: Visitor, found: list[str]) -> None:
    links = [a["href"] for a in visitor.page.all("a") if a["href"].startswith("/leads/export")]
    text = (await visitor.http.get(links[0])).text.lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [f"{row['first_name']} {row['last_name']}" for row in rows] == found
    records = (await visitor.http.get(f"{links[0]}&format=json")).json()
    assert [f"{one['first_name']} {one['last_name']}" for one in records] == found
    workbook = io.BytesIO((await visitor.http.get(links[1])).content)
    with zipfile.ZipFile(workbook) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert (sheet.count("<row"), sheet.count("Oak"), sheet.count("Flo")) == (4, 0, 0)
    for path in ("/leads/export?q=%21", "/leads/export?q=nobody"):
        assert len((await visitor.http.get(path)).text.splitlines()) == 1


async def test_the_next_record_of_a_search_is_the_next_found(
    visitor: Visitor, found: list[str]
) -> None:
    await visitor.get(visitor.page.one("table", class_="grid").all("a", class_="record")[0]["href"])
    walked = [visitor.page.one("h1").text]
    for _ in found:
        await visitor.get(visitor.page.one("a", rel="next")["href"])
        walked.append(visitor.page.one("h1").text)
    assert "the last of the list" in visitor.page.one(class_="toasts").text
    assert walked == [*found, found[-1]]
    await visitor.get(visitor.page.one("a", rel="prev")["href"])
    assert visitor.page.one("h1").text == found[1]


@pytest.mark.parametrize(
    "path",
    [
        "/leads?as=board",
        "/appointments?as=calendar",
        "/appointments?as=calendar&span=week",
        "/leads?group=source",
        "/leads?group=owner_id",
        "/leads?as=board&group=owner_id",
        '/leads?where={"any":[{"status":"hot"},{"source":"referral"}]}',
    ],
)
async def test_every_form_of_a_list_needs_few_statements(
    visitor: Visitor, leads: object, queries: Counter, path: str
) -> None:
    await visitor.get(path)
    queries.clear()
    await visitor.get(path)
    assert visitor.answer.status_code == 200
    assert len(queries) <= 5


async def test_a_condition_that_can_not_be_used_keeps_the_list_and_its_form(
    visitor: Visitor, leads: object
) -> None:
    await visitor.get("/leads?status=hot&sort=-budget&add_field=budget&choose=1")
    form = visitor.page.one("form", class_="filter-form")
    await visitor.send(form, add_field="budget", add_operator="gte", add_value="a lot")
    assert said(visitor) == ["Status is Hot"]
    assert titles(visitor)[0] == "N28 Lead"
    form = visitor.page.one("form", class_="filter-form")
    assert "must be a number" in form.one(role="alert").text
    assert form.one("input", name="add_value")["value"] == "a lot"
    assert form.one("select", name="add_operator").one("option", selected="")["value"] == "gte"
    await visitor.send(form, add_value="20000")
    assert said(visitor) == ["Status is Hot", "Budget is at least $20,000"]


async def test_a_condition_names_one_of_two_of_the_same_name(
    visitor: Visitor, organisation: Organisation, make: Make, leads: object
) -> None:
    twins = [await organisation.person("member", name=name) for name in ("one", "other")]
    for number, twin in enumerate(twins):
        await make("leads", first_name=f"T{number}", last_name="X", owner_id=str(twin.id))
    await visitor.get("/leads?add_field=owner_id&choose=1")
    form = visitor.page.one("form", class_="filter-form")
    await visitor.send(form, add_operator="eq", add_value="Robin member")
    form = visitor.page.one("form", class_="filter-form")
    assert "There are 2 of this name" in form.one(role="alert").text
    await visitor.send(form, add_value=f"Robin member #{twins[1].id.hex[-8:]}")
    assert titles(visitor) == ["T1 X"]


async def test_a_view_can_lose_all_that_it_holds(visitor: Visitor, leads: object) -> None:
    await visitor.get("/leads?status=hot")
    await visitor.send(visitor.page.one("form", action="/leads/views"), name="Hot ones")
    address = visitor.answer.url.raw_path.decode()
    await visitor.get(taken_off(visitor))
    assert (said(visitor), len(titles(visitor))) == ([], 30)
    await visitor.get(address)
    await visitor.get(visitor.page.one("a", class_="clear")["href"])
    assert (said(visitor), len(titles(visitor))) == ([], 30)
    await visitor.get("/leads?as=board")
    await visitor.send(visitor.page.one("form", action="/leads/views"), name="My board")
    await visitor.get(visitor.page.one("a", title="Table")["href"])
    assert not visitor.page.all(class_="board")


async def test_a_view_keeps_the_columns_that_one_saved_it_with(
    visitor: Visitor, leads: object
) -> None:
    await visitor.get("/leads?group=source&sort=first_name")
    form = visitor.page.one("form", action="/leads/columns")
    await visitor.send(form, column=["budget", "status"], place__budget="1")
    heads = [h.text for h in visitor.page.one("thead").all("th")]
    await visitor.send(visitor.page.one("form", action="/leads/views"), name="By source")
    assert [h.text for h in visitor.page.one("thead").all("th")] == heads
    more = visitor.page.all("a", rel="next")[0]["href"]
    target = {"hx-request": "true", "hx-target": "tr#more-1"}
    await visitor.get(more, headers=target)
    row = parse(f"<table>{visitor.answer.text}</table>").all("tr")[0]
    assert len(row.all("td")) + 1 == len(heads)


async def test_what_can_not_be_asked_is_not_exported(visitor: Visitor, leads: object) -> None:
    await visitor.get("/leads/export?saved=0198c2f4-0000-7000-8000-000000000000")
    assert visitor.answer.status_code == 400
    assert "This view is gone" in visitor.answer.text


@pytest.mark.parametrize(
    "spelled", ["[" * 1500, '{"\\ud800": "x"}', '{"any": [{"status": "hot"}, 5]}', '{"any": []}']
)
async def test_groups_that_can_not_be_read_are_refused_whole(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, leads: object, spelled: str
) -> None:
    query = urlencode({"where": spelled})
    await visitor.get(f"/leads?{query}")
    assert visitor.answer.status_code == 200
    assert visitor.page.one(role="alert")
    assert (said(visitor), titles(visitor)) == ([], [])
    answer = await client.get(f"/v1/leads?{query}", headers=admin.headers)
    assert answer.status_code == 400, answer.text


async def test_each_part_of_a_sentence_has_its_own_words(visitor: Visitor, leads: object) -> None:
    tree = {"all": [{"any": [{"score[gte]": "60"}, {"budget[gte]": "20000"}]}, {"status": "hot"}]}
    await visitor.get(where(tree))
    assert said(visitor) == ["Status is Hot", "Score is at least 60", "Budget is at least $20,000"]
