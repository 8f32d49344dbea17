"""Editing a field where it is shown: saved, refused, undone, and somebody else's change."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.test_kinds import CUSTOM, own_fields
from tests.pages.test_record_pages import facts

pytestmark = pytest.mark.anyio
__all__ = ["own_fields"]


class Editing:
    """One field of a record as its editor and its value."""

    def __init__(self, visitor: Visitor, path: str, name: str) -> None:
        self.visitor, self.address = visitor, f"{path}/fields/{name}"

    async def open(self, **query: str) -> Editing:
        """Ask for the editor."""
        await self.visitor.get(self.address, params=query)
        return self

    async def save(self, **typed: Any) -> Editing:
        """Type a value and leave the editor."""
        await self.visitor.send(self.form, **typed)
        return self

    async def undo(self) -> Editing:
        """Press the toast's Undo."""
        toast = self.visitor.page.one("div", class_="toast")
        await self.visitor.send(toast.one("form"))
        return self

    @property
    def form(self) -> Any:
        """The editor."""
        return self.visitor.page.one("form", class_="editor")

    @property
    def status(self) -> int:
        """The answer's status."""
        return self.visitor.answer.status_code

    @property
    def value(self) -> str:
        """What the field shows after it was saved."""
        return self.visitor.page.one("div", class_="value").text

    @property
    def version(self) -> str:
        """The record's version after it was saved."""
        return self.visitor.page.one("div", class_="value")["data-version"]

    @property
    def said(self) -> str:
        """What is said of it."""
        return " ".join(t.text for t in self.visitor.page.all("div", class_="toast"))

    @property
    def mistake(self) -> str:
        """What is wrong with it."""
        return self.visitor.page.one("p", class_="mistake").text


@pytest.fixture
def path(lead: dict[str, Any]) -> str:
    """The page of a lead."""
    return f"/leads/{lead['id']}"


async def test_a_field_is_edited_and_taken_back(visitor: Visitor, path: str) -> None:
    one = await Editing(visitor, path, "budget").open()
    assert one.form.all("input", name="budget")[0]["value"] == "1,000,000"
    assert one.form.one("label").text == "Budget"
    await one.save(budget="$1,250,000")
    assert (one.status, one.value, one.version) == (200, "$1,250,000", "2")
    assert one.said == "Budget is saved. Undo"
    await one.undo()
    assert (one.value, one.version, one.said) == ("$1,000,000", "3", "Taken back.")
    await visitor.get(path)
    assert "“Taken back.”" in visitor.page.one("aside").text


async def test_the_record_page_says_where_its_fields_are_edited(
    visitor: Visitor, path: str
) -> None:
    await visitor.get(path)
    edited = {e["data-edit"] for e in visitor.page.all() if e.has("data-edit")}
    assert {f"{path}/fields/{name}" for name in ("email", "owner_id", "notes")} <= edited
    assert f"{path}/fields/score" not in edited, "what is computed can't be edited"
    assert {e["data-version"] for e in visitor.page.all() if e.has("data-edit")} == {"1"}


async def test_a_value_that_stays_the_same_changes_nothing(visitor: Visitor, path: str) -> None:
    one = await (await Editing(visitor, path, "budget").open()).save(budget="1000000")
    assert (one.value, one.version, one.said) == ("$1,000,000", "1", "")


async def test_a_refusal_stands_beside_what_was_typed(visitor: Visitor, path: str) -> None:
    one = await (await Editing(visitor, path, "email").open()).save(email="nobody")
    assert (one.status, one.mistake) == (400, "This must have an @-sign")
    assert one.form.one("input", name="email")["value"] == "nobody"
    await one.save(email="somebody@example.com")
    assert one.value == "somebody@example.com"


async def test_a_change_of_the_same_field_is_told_with_a_choice(
    visitor: Visitor, visit: Visit, organisation: Organisation, path: str
) -> None:
    manager = await organisation.person("manager")
    mine = await Editing(visitor, path, "budget").open()
    form = mine.form
    theirs = await Editing(visit(manager), path, "budget").open()
    await theirs.save(budget="3000000")
    await visitor.send(form, budget="2000000")
    assert mine.status == 412
    choice = mine.form.one("div", class_="choice").text
    assert "Now: $3,000,000" in choice
    assert "just now" in choice
    assert mine.form.all("input", name="budget")[0]["value"] == "2000000"
    await mine.save()
    assert (mine.status, mine.value, mine.version) == (200, "$2,000,000", "3")


async def test_a_change_of_another_field_is_no_hindrance(
    visitor: Visitor, path: str, client: httpx.AsyncClient, admin: Somebody
) -> None:
    one = await Editing(visitor, path, "budget").open()
    await client.patch(f"/v1{path}", json={"first_name": "Zoe"}, headers=admin.headers)
    await one.save(budget="2000000")
    assert (one.status, one.value, one.version) == (200, "$2,000,000", "3")


async def test_what_others_changed_since_is_not_taken_back(
    visitor: Visitor, path: str, client: httpx.AsyncClient, admin: Somebody
) -> None:
    one = await (await Editing(visitor, path, "budget").open()).save(budget="2000000")
    toast = visitor.page.one("div", class_="toast").one("form")
    await client.patch(f"/v1{path}", json={"budget": 5}, headers=admin.headers)
    await visitor.send(toast)
    assert (one.value, one.said) == ("$5", "It was changed again since, so it stays as it is now.")
    one = await (await Editing(visitor, path, "email").open()).save(email="a@example.com")
    toast = visitor.page.one("div", class_="toast").one("form")
    await client.patch(f"/v1{path}", json={"budget": 6}, headers=admin.headers)
    await visitor.send(toast)
    assert (one.value, one.said) == ("zoe@example.com", "Taken back.")


async def test_a_stage_is_edited_along_its_moves(visitor: Visitor, make: Make) -> None:
    escrow = await make("escrows", property_address="1 Main Street", status="active")
    one = await Editing(visitor, f"/escrows/{escrow['id']}", "status").open()
    offered = {o["value"] for o in one.form.all("option")}
    assert "active" in offered
    form = one.form
    await one.save(status="closed")
    assert one.value == "Closed"
    await one.open()
    assert {o["value"] for o in one.form.all("option")} == {"closed"}
    await visitor.send(form, status="active")
    assert one.status == 412


async def test_relations_people_and_custom_fields_are_edited(
    visitor: Visitor, path: str, make: Make, own_fields: None, admin: Somebody
) -> None:
    await make("contacts", first_name="Joan", last_name="Clarke")
    one = await (await Editing(visitor, path, "contact_id").open()).save(contact_id="Joan Clarke")
    assert one.value.endswith("Joan Clarke"), one.mistake
    one = await (await Editing(visitor, path, "owner").open()).save(owner_id="")
    assert one.value == ""
    for kind, (typed, _, shown, _) in CUSTOM.items():
        one = await Editing(visitor, path, f"custom.my_{kind}").open()
        await one.save(**{f"custom__my_{kind}": typed})
        assert one.status == 200, kind
        assert one.value == shown, kind
    await visitor.get(path)
    assert facts(visitor)["My tags"] == "red blue"


async def test_in_a_list_long_texts_stay_short(visitor: Visitor, path: str) -> None:
    one = await (await Editing(visitor, path, "notes").open(shown="short")).save(notes="a\nb")
    assert not visitor.page.all("span", class_="long")
    assert one.value == "a b"


async def test_who_may_not_change_a_field_gets_no_editor(
    visit: Visit, organisation: Organisation, path: str
) -> None:
    reader = visit(await organisation.person("read-only"))
    one = await Editing(reader, path, "budget").open()
    assert one.status == 403
    await reader.get(path)
    assert not [e for e in reader.page.all() if e.has("data-edit")]


async def test_what_is_no_field_is_not_found(visitor: Visitor, path: str) -> None:
    for name in ("nothing", "custom.nothing"):
        assert (await Editing(visitor, path, name).open()).status == 404
    assert (await Editing(visitor, path, "score").open()).status == 403


async def test_a_hidden_field_answers_as_none_does(
    visit: Visit,
    organisation: Organisation,
    client: httpx.AsyncClient,
    admin: Somebody,
    path: str,
) -> None:
    grants = {"lead": {"read": "all", "update": "all", "hide": ["source", "created_at"]}}
    role = {"name": "helper", "grants": grants}
    answer = await client.post("/v1/roles", json=role, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    helper = visit(await organisation.person("member", ["helper"]))
    one = await Editing(helper, path, "email").open()
    csrf = dict(one.form.fields())["csrf"]
    version = (await one.save(email="new@example.com")).version

    async def told(way: str, name: str, **more: str) -> tuple[int, str]:
        given = {"csrf": csrf, "version": version, "field": name, **more}
        await helper.post(f"{path}/{way.replace('NAME', name)}", [*given.items()])
        shown = helper.page.all("main") or [helper.page]
        return helper.answer.status_code, shown[0].text

    for way, hidden, more in (
        (f"fields/NAME/undo?version={version}", "source", {}),
        (f"fields/NAME/undo?version={version}", "source_id", {}),
        ("fields/NAME", "source", {"source": "website"}),
        ("lane", "source", {"value": "website"}),
        ("lane", "source", {"value": "never"}),
        ("day", "created_at", {"day": "2026-11-22"}),
        ("day", "created_at", {"day": "never"}),
    ):
        seen, none = await told(way, hidden, **more), await told(way, "no_such", **more)
        assert seen == none, way
        assert seen[0] == 404, way
    assert (await Editing(helper, path, "email").open()).form.one("input", name="email")[
        "value"
    ] == "new@example.com", "nothing was taken back on the way"
