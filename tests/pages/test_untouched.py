"""What nobody touched in a form stays as it was, also where the form can't show it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.test_record_pages import control, mistakes

pytestmark = pytest.mark.anyio
ALL = {"read": "all", "create": True, "update": "all", "delete": "all"}


@pytest.fixture
async def editor(
    client: httpx.AsyncClient, admin: Somebody, organisation: Organisation, visit: Visit
) -> Visitor:
    """Somebody who changes contacts and tasks, and may read nothing else."""
    role = {"name": "editor", "grants": {"contact": ALL, "task": ALL}}
    answer = await client.post("/v1/roles", json=role, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    return visit(await organisation.person("member", ["editor"]))


@pytest.fixture
def stored(client: httpx.AsyncClient, admin: Somebody) -> Any:
    """A record as the API gives it to the owner."""

    async def read(path: str) -> dict[str, Any]:
        return (await client.get(f"/v1/{path}", headers=admin.headers)).json()["data"]

    return read


async def saved(visitor: Visitor, path: str, **typed: str) -> None:
    """The whole form of a record, saved with these changes."""
    await visitor.get(f"/{path}/edit")
    await visitor.send(visitor.page.one("form", id="record-form"), **typed)
    assert visitor.path == f"/{path}", mistakes(visitor)


async def test_a_link_to_what_one_may_not_read(editor: Visitor, make: Make, stored: Any) -> None:
    company = await make("companies", name="Acme")
    contact = await make("contacts", first_name="Ann", last_name="Lee", company_id=company["id"])
    about = {"type": "company", "id": company["id"]}
    task = await make("tasks", title="Call", about=about)
    await saved(editor, f"contacts/{contact['id']}", last_name="Roe")
    now = await stored(f"contacts/{contact['id']}")
    assert (now["last_name"], now["company_id"]) == ("Roe", company["id"])
    await saved(editor, f"tasks/{task['id']}", title="Call again")
    now = await stored(f"tasks/{task['id']}")
    assert (now["title"], now["about"]) == ("Call again", about)


async def test_a_link_that_one_reads_is_emptied_by_an_empty_box(
    visitor: Visitor, make: Make, stored: Any
) -> None:
    company = await make("companies", name="Acme")
    contact = await make("contacts", first_name="Ann", last_name="Lee", company_id=company["id"])
    await saved(visitor, f"contacts/{contact['id']}", company_id="")
    assert (await stored(f"contacts/{contact['id']}"))["company_id"] is None


@pytest.mark.parametrize(
    "moment",
    [
        "2030-01-15T09:30:17.250000+00:00",
        # The first and the second 1:30 of the night in which the clocks go back.
        "2026-11-01T08:30:00+00:00",
        "2026-11-01T09:30:00+00:00",
    ],
)
async def test_a_moment_to_the_second_and_in_either_hour(
    visitor: Visitor, make: Make, stored: Any, moment: str
) -> None:
    visitor.http.cookies.set("zone", "America/Los_Angeles", domain="tenfold.test")
    lead = await make("leads", first_name="Zoë", last_name="Ünal", next_touch=moment)
    kept = lead["next_touch"]
    await saved(visitor, f"leads/{lead['id']}", last_name="Roe")
    now = await stored(f"leads/{lead['id']}")
    assert (now["last_name"], now["next_touch"]) == ("Roe", kept)
    await visitor.get(f"/leads/{lead['id']}/edit")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, next_touch="2030-01-15T09:31", email="no address")
    assert control(visitor, "next_touch")["value"] == "2030-01-15T09:31"
    await visitor.send(visitor.page.one("form", id="record-form"), email="")
    assert (await stored(f"leads/{lead['id']}"))["next_touch"] == "2030-01-15T17:31:00+00:00"
    await saved(visitor, f"leads/{lead['id']}", next_touch="")
    assert (await stored(f"leads/{lead['id']}"))["next_touch"] is None


async def test_a_tag_with_a_comma_is_one_tag(visitor: Visitor, make: Make, stored: Any) -> None:
    tags = ["Oak Park, CA", 'the "quoted"', '"Q", too', "plain"]
    lead = await make("leads", first_name="Zoë", last_name="Ünal", areas=tags)
    await saved(visitor, f"leads/{lead['id']}", last_name="Roe")
    assert (await stored(f"leads/{lead['id']}"))["areas"] == tags
    await visitor.get(f"/leads/{lead['id']}/edit")
    box = control(visitor, "areas")["value"]
    await saved(visitor, f"leads/{lead['id']}", areas=f"{box}, new")
    assert (await stored(f"leads/{lead['id']}"))["areas"] == [*tags, "new"]


async def test_what_is_required_since_lately_is_asked_of_new_records(
    visitor: Visitor, make: Make, stored: Any, client: httpx.AsyncClient, admin: Somebody
) -> None:
    lead = await make("leads", first_name="Zoë", last_name="Ünal")
    for name, kind in (("badge", "text"), ("fee", "money"), ("since", "date")):
        body = {"type": "lead", "name": name, "kind": kind, "required": True}
        answer = await client.post("/v1/custom-fields", json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text
    path = f"leads/{lead['id']}"
    await saved(visitor, path, last_name="Roe")
    now = await stored(path)
    assert (now["last_name"], now["custom"]) == ("Roe", {})
    await saved(visitor, path, custom__badge="B7", custom__fee="5", custom__since="2026-01-02")
    assert (await stored(path))["custom"]["badge"] == "B7"
    await visitor.get(f"/{path}/edit")
    await visitor.send(visitor.page.one("form", id="record-form"), custom__badge="")
    assert "is required" in mistakes(visitor)["custom.badge"]
    await visitor.get("/leads/new")
    await visitor.send(visitor.page.one("form", id="record-form"), first_name="A", last_name="B")
    assert set(mistakes(visitor)) == {"custom.badge", "custom.fee", "custom.since"}
