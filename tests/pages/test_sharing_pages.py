"""Sharing on a record's page: by the name of a person or a team, and taken back with an undo."""

from __future__ import annotations

from typing import Any

import pytest
from tests.factories import Organisation, Somebody
from tests.pages.conftest import Make, Visit, Visitor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def friend(organisation: Organisation) -> Somebody:
    """Somebody who sees leads of their own team only, and is named by their address."""
    return await organisation.person("member", ["agent"], team=organisation.other_team)


def panel(visitor: Visitor) -> str:
    """What the page says of sharing; empty where it says nothing."""
    return " ".join(one.text for one in visitor.page.all("section", class_="sharing"))


async def test_a_record_is_shared_by_a_name_and_taken_back(
    visitor: Visitor, visit: Visit, lead: dict[str, Any], friend: Somebody
) -> None:
    path = f"/leads/{lead['id']}"
    theirs = visit(friend)
    await theirs.get(path)
    assert theirs.answer.status_code == 404
    await visitor.get(path)
    assert "Shared with" not in panel(visitor)
    form = visitor.form(f"{path}/shares")
    await visitor.send(form, grantee=friend.email, may="update")
    assert "Shared with Robin member." in visitor.toast
    assert "Robin member May change it" in panel(visitor)
    await theirs.get(path)
    assert theirs.answer.status_code == 200
    await theirs.get("/leads")
    await theirs.get(next(a["href"] for a in theirs.page.all("a") if a.text == "Shared with me"))
    assert theirs.page.one(class_="sentence").text.startswith("Where Shared with me")
    assert "Zoë Ünal" in theirs.page.one("tbody").text
    end = f"{path}/shares/{friend.id}/end"
    await visitor.send(visitor.form(end))
    assert "No longer shared with Robin member." in visitor.toast
    await theirs.get(path)
    assert theirs.answer.status_code == 404
    undo = next(f for f in visitor.page.all("form") if "/again" in f.get("action", ""))
    await visitor.send(undo)
    assert "May change it" in panel(visitor)


async def test_a_record_is_shared_with_a_team(
    visitor: Visitor, visit: Visit, lead: dict[str, Any], friend: Somebody
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/shares"), grantee="two")
    assert "Shared with Two." in visitor.toast
    assert "Two" in panel(visitor)
    theirs = visit(friend)
    await theirs.get(path)
    assert theirs.answer.status_code == 200
    # Whom it is shared with sees with whom else, and can't share it on.
    assert "Two" in panel(theirs)
    assert not [f for f in theirs.page.all("form") if "/shares" in f.get("action", "")]


async def test_the_box_suggests_people_and_teams(visitor: Visitor, lead: dict[str, Any]) -> None:
    page = await visitor.get(f"/leads/{lead['id']}/shares/pick?grantee=o")
    assert [(one["value"], one.text) for one in page.all("option")] == [("One", "Team")]


@pytest.mark.parametrize(
    ("grantee", "says"),
    [("nobody at all", "There is none of this name."), ("on", "Did you mean One (Team)?")],
)
async def test_a_name_that_is_none_is_told(
    visitor: Visitor, lead: dict[str, Any], grantee: str, says: str
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/shares"), grantee=grantee)
    assert visitor.path == path
    assert says in visitor.toast
    assert "Shared with" not in panel(visitor)


async def test_who_cannot_have_it_is_told(
    visitor: Visitor, lead: dict[str, Any], organisation: Organisation
) -> None:
    plain = await organisation.person("member", name="plain")
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/shares"), grantee=plain.email)
    assert "has no role that reads leads" in visitor.toast


async def test_a_share_is_given_up_by_whom_it_was_given(
    visitor: Visitor, visit: Visit, lead: dict[str, Any], friend: Somebody
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/shares"), grantee=friend.email)
    theirs = visit(friend)
    await theirs.get(path)
    await theirs.send(theirs.form(f"{path}/shares/{friend.id}/end"))
    assert theirs.path == "/leads"
    assert "no longer shared with you" in theirs.toast


async def test_who_may_change_a_shared_record_does_not_say_whose_it_is(
    visitor: Visitor, visit: Visit, make: Make, organisation: Organisation
) -> None:
    contact = await make("contacts", last_name="Lee", privacy="private")
    member = await organisation.person("member", team=organisation.team)
    path = f"/contacts/{contact['id']}"
    await visitor.get(path)
    assert "Private: its owner alone sees this contact." in panel(visitor)
    await visitor.send(visitor.form(f"{path}/shares"), grantee=member.email, may="update")
    assert "Private: its owner and those above see this contact." in panel(visitor)
    theirs = visit(member)
    await theirs.get(f"{path}/edit")
    form = theirs.page.one("form", id="record-form")
    names = {name for name, _ in form.fields()}
    assert "last_name" in names
    assert not {"owner_id", "privacy"} & names
    await theirs.send(form, last_name="Byron")
    assert theirs.path == path
    assert "Byron" in theirs.page.one("h1").text
    assert not [f for f in theirs.page.all("form") if f.get("action") == f"{path}/delete"]


async def test_a_deleted_record_says_nothing_of_sharing(
    visitor: Visitor, lead: dict[str, Any], friend: Somebody
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/shares"), grantee=friend.email)
    await visitor.send(visitor.form(f"{path}/delete"))
    await visitor.get(f"{path}?deleted=true")
    assert panel(visitor) == ""
