"""The names, colours and limits of stages by pages, and everywhere they are shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.pages.conftest import Make, Visitor

from tenfold.kernel.clock import now
from tenfold.web.pages import frame

pytestmark = pytest.mark.anyio
LEAD = "/admin/pipelines/lead"


async def saved(visitor: Visitor, **typed: Any) -> None:
    """Save the stages of leads; `label__hot` stands for `label.hot`."""
    await visitor.get(LEAD)
    await visitor.send(visitor.form(LEAD), **typed)


async def test_a_stage_is_called_the_same_on_every_page(visitor: Visitor, make: Make) -> None:
    lead = await make("leads", first_name="Zoë", last_name="Ü", status="hot")
    await saved(visitor, label__hot="On fire", hue__hot="red")
    assert visitor.toast == "The stages of leads are saved."
    for path in ("/admin/pipelines", "/leads", f"/leads/{lead['id']}", "/leads/new"):
        await visitor.get(path)
        assert "On fire" in visitor.page.text, path
    await visitor.get("/leads")
    chips = visitor.page.all("span", class_="chip")
    assert any(one.text == "On fire" and "red" in one["class"] for one in chips)


async def test_a_stage_is_called_so_in_lists_of_related_records(
    visitor: Visitor, make: Make
) -> None:
    company = await make("companies", name="Globex")
    await make("deals", name="Big", company_id=company["id"], status="won")
    await visitor.get("/admin/pipelines/deal")
    await visitor.send(visitor.form("/admin/pipelines/deal"), label__won="Landed")
    await visitor.get(f"/companies/{company['id']}")
    assert "Landed" in visitor.page.text


async def test_a_stage_that_is_not_offered_is_no_step_but_that_of_those_at_it(
    visitor: Visitor, make: Make
) -> None:
    hot = await make("leads", first_name="Zoë", last_name="Ü", status="hot")
    new = await make("leads", first_name="Ada", last_name="L")
    await saved(visitor, hidden__hot="true")
    for lead, shown in ((hot, True), (new, False)):
        await visitor.get(f"/leads/{lead['id']}")
        steps = visitor.form(f"/leads/{lead['id']}/moves").text
        assert ("Hot" in steps) is shown
    await visitor.get("/leads/new")
    options = visitor.page.one("select", name="status").all("option")
    assert "hot" not in {one["value"] for one in options}


async def test_when_a_record_is_stuck_leads_to_those_that_are(visitor: Visitor) -> None:
    await saved(visitor, days__hot="14")
    (link,) = (a for a in visitor.page.all("a") if a.text == "Show")
    await visitor.get(link["href"])
    assert visitor.answer.status_code == 200
    assert visitor.path == "/leads"


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"label__hot": "Lost"}, "e-label-hot", "is what another stage is called"),
        ({"days__hot": "soon"}, "e-stuck_after_days-hot", "1 to 3,650"),
    ],
)
async def test_what_is_wrong_is_told_beside_it_and_what_was_typed_stays(
    visitor: Visitor, typed: dict[str, str], field: str, says: str
) -> None:
    await saved(visitor, **typed, label__new="Fresh")
    assert visitor.answer.status_code == 400
    assert says in visitor.page.one(id=field).text
    kept = dict(visitor.form(LEAD).fields())
    assert kept["label.new"] == "Fresh"
    assert all(kept[name.replace("__", ".")] == value for name, value in typed.items())


async def test_stages_are_as_they_ship_again(visitor: Visitor) -> None:
    await saved(visitor, label__hot="On fire")
    await visitor.send(visitor.form(f"{LEAD}/reset"))
    assert dict(visitor.form(LEAD).fields())["label.hot"] == "Hot"


async def test_the_moves_of_a_type_are_shown(visitor: Visitor) -> None:
    await visitor.get("/admin/pipelines/escrow")
    assert visitor.page.all("td", class_="no")
    await visitor.get("/admin/pipelines/contact")
    assert visitor.answer.status_code == 404


async def test_a_stage_that_is_not_offered_is_a_lane_only_where_it_holds_records(
    visitor: Visitor, make: Make
) -> None:
    await make("leads", first_name="Zoë", last_name="Ü", status="hot")
    await saved(visitor, hidden__hot="true", hidden__nurture="true")
    await visitor.get("/leads?as=board")
    lanes = {one["data-lane"]: one for one in visitor.page.all("section", class_="lane")}
    assert lanes.keys() >= {"new", "hot"}
    assert "nurture" not in lanes
    await make("leads", first_name="Ada", last_name="L")
    await visitor.get("/leads?as=board")
    card = next(c for c in visitor.page.all("li", class_="board-card") if "Ada" in c.text)
    assert "hot" not in card["data-moves"].split()
    await visitor.get("/leads?group=status")
    assert "Nurture" not in [h.text.split("\n")[0] for h in visitor.page.all("tbody")]


async def test_a_stage_that_is_not_offered_is_no_choice_of_many_nor_of_a_filter(
    visitor: Visitor,
) -> None:
    await saved(visitor, hidden__hot="true")
    await visitor.get("/leads/bulk?field=status")
    assert "hot" not in {one["value"] for one in visitor.page.all("option")}
    await visitor.get("/leads/filter?field=status")
    assert "hot" not in {one.get("value") for one in visitor.page.all("input")}


async def test_a_record_that_is_stuck_has_a_mark(
    visitor: Visitor, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make("leads", first_name="Zoë", last_name="Ü", status="hot")
    await make("leads", first_name="Ada", last_name="L")
    await saved(visitor, days__hot="2")
    await visitor.get("/leads")
    assert not visitor.page.all("span", class_="stuck")
    monkeypatch.setattr(frame, "now", lambda: now() + timedelta(days=3))
    for path, part in (("/leads?as=board", "li"), ("/leads", "tr")):
        await visitor.get(path)
        (mark,) = visitor.page.all("span", class_="stuck")
        assert mark["title"] == "Stuck for 3 days"
        row = next(one for one in visitor.page.all(part) if one.all("span", class_="stuck"))
        assert "Zoë" in row.text
