"""The tags of an organisation by pages: what is in use, renamed, merged, taken off, taken back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.factories import Organisation
from tests.guards import Counter
from tests.pages.conftest import Make, Visit, Visitor

pytestmark = pytest.mark.anyio
TAGS = "/admin/tags"


def uses(visitor: Visitor) -> dict[str, list[str]]:
    """What uses each tag of the page."""
    rows = visitor.page.one("tbody").all("tr") if visitor.page.all("tbody") else []
    return {r.one("span", class_="tag").text: [a.text for a in r.all("a")] for r in rows}


async def act(visitor: Visitor, what: str, tag: str, **typed: Any) -> None:
    """Send the form of a tag."""
    await visitor.get(TAGS)
    forms = (f for f in visitor.page.all("form") if f.get("action") == f"{TAGS}/{what}")
    form = next(f for f in forms if dict(f.fields())["tag"] == tag)
    await visitor.send(form, **typed)


@pytest.fixture
async def tagged(make: Make) -> None:
    """Some records with tags."""
    await make("contacts", first_name="Zoë", last_name="Ü", tags=["VIP", "Old"])
    await make("contacts", first_name="Ada", last_name="L", tags=["vips"])
    await make("companies", name="Globex", tags=["VIP"])


async def test_every_tag_in_use_says_by_how_many(visitor: Visitor, tagged: None) -> None:
    await visitor.get(TAGS)
    assert uses(visitor) == {
        "Old": ["1 contact"],
        "VIP": ["1 company", "1 contact"],
        "vips": ["1 contact"],
    }
    (link,) = (a for a in visitor.page.all("a") if a.text == "1 company")
    await visitor.get(link["href"])
    assert "Globex" in visitor.page.text
    await visitor.get(f"{TAGS}?q=vip")
    assert list(uses(visitor)) == ["VIP", "vips"]


async def test_a_tag_is_merged_with_another_and_that_is_taken_back(
    visitor: Visitor, tagged: None
) -> None:
    await act(visitor, "rename", "VIP", to="vips")
    assert "2 records changed." in visitor.toast
    assert uses(visitor) == {"Old": ["1 contact"], "vips": ["1 company", "2 contacts"]}
    undo = next(f for f in visitor.page.all("form") if "/undo" in f.get("action", ""))
    await visitor.send(undo)
    assert uses(visitor)["VIP"] == ["1 company", "1 contact"]


async def test_a_tag_is_taken_off_all_records(visitor: Visitor, tagged: None) -> None:
    await act(visitor, "remove", "Old")
    assert "1 record changed." in visitor.toast
    assert "Old" not in uses(visitor)
    assert uses(visitor)["VIP"] == ["1 company", "1 contact"]


async def test_a_name_that_is_none_changes_nothing(visitor: Visitor, tagged: None) -> None:
    await act(visitor, "rename", "Old", to="  ")
    assert "A tag has 1 to 100 characters." in visitor.toast
    assert "Old" in uses(visitor)


async def test_who_administers_nothing_renames_nothing(
    visit: Visit, organisation: Organisation, tagged: None
) -> None:
    member = visit(await organisation.person("member"))
    await member.get(TAGS)
    assert member.answer.status_code == 403


async def test_the_page_asks_at_most_five_times(
    visitor: Visitor, tagged: None, queries: Counter
) -> None:
    await visitor.get(TAGS)
    queries.clear()
    await visitor.get(TAGS)
    assert visitor.answer.status_code == 200
    assert len(queries) <= 5
