"""What records are called: people without a name, and records that belong to somebody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.pages.conftest import Make, Visit, Visitor

pytestmark = pytest.mark.anyio


def names(visitor: Visitor) -> list[str]:
    """The first column of a table."""
    rows = [r for r in visitor.page.all("tr") if r.get("id").startswith("r-")]
    return [r.one("th").one("a", class_="record").all("span", class_="text")[0].text for r in rows]


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"email": "ann@example.com", "phone": "+14155550101"}, "ann@example.com"),
        ({"phone": "+14155550101", "company_name": "Acme"}, "+14155550101"),
        ({"company_name": "Acme"}, "Acme"),
        ({"first_name": "Ann", "email": "ann@example.com"}, "Ann"),
    ],
)
async def test_a_person_without_a_name_is_called_by_what_there_is(
    visitor: Visitor,
    client: httpx.AsyncClient,
    admin: Somebody,
    make: Make,
    values: dict[str, str],
    title: str,
) -> None:
    made = await make("contacts", **values)
    await visitor.get("/contacts")
    assert names(visitor) == [title]
    await visitor.get(f"/contacts/{made['id']}")
    assert visitor.page.one("main").one("h1").text == title
    await visitor.get("/")
    assert title in visitor.page.one("main").text
    for word in values.values():
        found = await client.get("/v1/search", params={"q": word}, headers=admin.headers)
        assert found.json()["data"][0]["hits"][0]["title"] == title


async def test_a_person_known_by_their_company_alone_is_called_by_it(
    visitor: Visitor, make: Make
) -> None:
    company = await make("companies", name="Acme")
    contact = await make("contacts", company_id=company["id"])
    await visitor.get("/contacts")
    assert names(visitor) == ["Acme"]
    task = await make("tasks", title="Call", contact_id=contact["id"])
    await visitor.get(f"/tasks/{task['id']}")
    link, *_ = visitor.page.one("main").all("a", href=f"/contacts/{contact['id']}")
    assert link.all("span", class_="text")[0].text == "Acme"
    await visitor.get(f"/contacts/{contact['id']}/edit")
    assert visitor.page.one("h1").text == "Edit Acme"


async def test_a_person_of_whom_only_the_work_is_known_has_a_name_to_click_on(
    visitor: Visitor, make: Make
) -> None:
    one = await make("contacts", job_title="Head of nothing")
    await visitor.get("/contacts")
    assert names(visitor) == [f"Contact {one['id'][-8:]}"]


async def test_a_person_without_a_name_is_chosen_by_their_address(
    visitor: Visitor, make: Make
) -> None:
    contact = await make("contacts", email="kim@example.com")
    await visitor.get("/tasks/pick?field=contact&q=kim@")
    assert [o["value"] for o in visitor.page.all("option")] == ["kim@example.com"]
    await visitor.get("/tasks/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, title="Call", contact_id="Kim@example.com")
    link, *_ = visitor.page.one("main").all("a", href=f"/contacts/{contact['id']}")
    assert "kim@example.com" in link.text


@pytest.fixture
async def application(make: Make) -> dict[str, Any]:
    """An application of Zoë Ünal for a job as an analyst."""
    student = await make("students", first_name="Zoë", last_name="Ünal")
    employer = await make("employers", name="Acme")
    job = await make("job_postings", title="Analyst", kind="full_time", employer_id=employer["id"])
    given = {"student_id": student["id"], "job_posting_id": job["id"]}
    return await make("applications", title="Analyst", **given)


async def test_an_application_names_its_student_first(
    visitor: Visitor,
    client: httpx.AsyncClient,
    admin: Somebody,
    application: dict[str, Any],
) -> None:
    title = "Zoë Ünal, Analyst"
    await visitor.get("/applications")
    assert names(visitor) == [title]
    assert "Student" not in [th.text for th in visitor.page.all("th")]
    await visitor.get(f"/applications/{application['id']}")
    assert visitor.page.one("main").one("h1").text == title
    for path in ("job_postings", "students"):
        await visitor.get(f"/{path}/{application[f'{path[:-1]}_id']}")
        assert title in visitor.page.one("section", class_="related").text
    await visitor.get("/")
    assert title in visitor.page.one("main").text
    found = await client.get("/v1/search?q=analyst&type=application", headers=admin.headers)
    assert found.json()["data"][0]["hits"][0]["title"] == title
    await visitor.get("/reminders/pick?field=application&q=analyst")
    assert [o["value"] for o in visitor.page.all("option")] == [title]


PICK = "/reminders/pick?field=application&q=analyst"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Zoë Ünal, Analyst", True),
        ("zoe unal, ana", True),
        ("zoe", True),
        ("analyst", True),
        ("Zoë Ünal, Manager", False),
        ("Wei Chen, Analyst", False),
    ],
)
async def test_an_application_is_looked_for_by_its_student_and_its_title(
    visitor: Visitor, make: Make, application: dict[str, Any], typed: str, found: bool
) -> None:
    await make("students", first_name="Wei", last_name="Chen")
    await visitor.get("/reminders/pick", params={"field": "application", "q": typed})
    named = [o["value"] for o in visitor.page.all("option")]
    assert named == (["Zoë Ünal, Analyst"] if found else [])


async def test_the_name_that_a_box_shows_can_be_typed_into_one(
    visitor: Visitor, make: Make, application: dict[str, Any]
) -> None:
    company = await make("companies", name="Ünlü & Söhne")
    known_by = [
        {"first_name": "Ana Maria", "last_name": "de Souza"},
        {"company_id": company["id"], "job_title": "Buyer"},
        {"company_name": "Çelik A.Ş."},
        {"email_2": "kim@example.com"},
        {"job_title": "Head of nothing"},
    ]
    contacts = [await make("contacts", **values) for values in known_by]
    about = {"type": "application", "id": application["id"]}
    boxes: list[tuple[str, Any]] = [("about", about)]
    boxes += [("contact_id", contact["id"]) for contact in contacts]
    for box, target in boxes:
        task = await make("tasks", title="Call", **{box: target})
        await visitor.get(f"/tasks/{task['id']}/edit")
        shown = visitor.page.one("form", id="record-form").one("input", name=box)["value"]
        await visitor.get("/tasks/new")
        form = visitor.page.one("form", id="record-form")
        await visitor.send(form, title="Call again", **{box: shown})
        identity = target["id"] if box == "about" else target
        links = [a["href"] for a in visitor.page.one("main").all("a")]
        assert any(link.endswith(f"s/{identity}") for link in links), shown


async def test_a_name_of_nobody_is_refused_with_what_is_looked_for(visitor: Visitor) -> None:
    await visitor.get("/tasks/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, title="Call", contact_id="Nobody")
    said = visitor.page.one("p", id="e-contact_id").text
    assert said.startswith(
        "There is none of this name. It is looked for by first name, last name, "
    )
    assert said.endswith("company name or company. Choose one from the list, or leave it empty.")


async def test_who_may_not_read_students_is_not_told_of_them(
    visit: Visit,
    client: httpx.AsyncClient,
    admin: Somebody,
    organisation: Organisation,
    application: dict[str, Any],
) -> None:
    grants = {"application": {"read": "all"}, "reminder": {"create": True, "read": "all"}}
    body = {"name": "blind", "grants": grants}
    made = await client.post("/v1/roles", json=body, headers=admin.headers)
    assert made.is_success, made.text
    # What somebody else was told must not be kept for everybody.
    told = await client.get("/v1/search?q=analyst&type=application", headers=admin.headers)
    assert told.json()["data"][0]["hits"][0]["title"] == "Zoë Ünal, Analyst"
    everything = visit(admin)
    for path in ("/applications", f"/applications/{application['id']}", "/", PICK):
        await everything.get(path)
        assert "Zoë" in everything.answer.text, path
    blind = await organisation.person("member", roles=("blind",))
    visitor = visit(blind)
    await visitor.get("/applications")
    assert names(visitor) == ["Analyst"]
    await visitor.get(f"/applications/{application['id']}")
    assert "Zoë" not in visitor.answer.text
    await visitor.get("/")
    assert "Analyst" in visitor.page.one("main").text
    assert "Zoë" not in visitor.answer.text
    await visitor.get(PICK)
    assert [o["value"] for o in visitor.page.all("option")] == ["Analyst"]
    assert "Zoë" not in visitor.answer.text
    found = await client.get("/v1/search?q=analyst&type=application", headers=blind.headers)
    assert found.json()["data"][0]["hits"][0]["title"] == "Analyst"


async def test_what_came_with_its_history_says_when_it_came_and_when_it_was_made(
    visitor: Visitor, organisation: Organisation, make: Make
) -> None:
    lead = await make("leads", first_name="Ann", last_name="Lee")
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    assert "created this lead" in visitor.page.one("aside").text
    await organisation.owner.execute(
        "UPDATE tenfold.leads SET created_at = '2024-03-05 12:00Z' WHERE id = $1", UUID(lead["id"])
    )
    await visitor.get(path)
    added = visitor.page.one("main").one("p", class_="under").all("time")[0]
    assert added.text.endswith("2024")
    assert f"brought in this lead (made {added.text})" in visitor.page.one("aside").text
    assert visitor.page.one("aside").all("time")[-1].text == "just now"
