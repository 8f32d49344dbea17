"""Nothing that people read is English only: pages in which every marked text is in brackets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anyio
import pytest
from babel import Locale
from tests.exchange.imports import working
from tests.factories import Organisation, Somebody
from tests.pages.conftest import Make, Visitor
from tests.pages.html import Element, parse
from tests.pages.marking import MARKED, bracketed, mark_all, unmarked

from tenfold.kernel.language import LANGUAGES
from tenfold.kernel.money import CURRENCIES
from tenfold.web.desk import Desk
from tenfold.web.pages.import_how import currencies
from tenfold.web.pages.own_language import regions
from tenfold.web.pages.words import zones

pytestmark = pytest.mark.anyio
Lead = dict[str, Any]

LISTS = [
    "/", "/leads", "/leads?group=status", "/leads?q=zzzz", "/leads?as=board", "/contacts",
    "/leads?budget[gte]=5&status=hot&owner_id=me&created_at[gte]=-7d&email[null]=true",
    "/leads?edit=budget[gte]&budget[gte]=5", "/leads?budget[gte]=many", "/leads?nothing=1",
    "/appointments?as=calendar&on=2026-11-24", "/tasks", "/notes",
    "/appointments?as=calendar&span=week&on=2026-11-24",
    "/appointments?as=calendar&span=day&on=2026-11-24", "/leads/new", "/appointments/new",
    "/search", "/search?q=zo", "/search?q=zzzz", "/menu", "/imports", "/imports/new",
    "/no/such/page", "/offline", "/leads/nothing", "/palette?q=le", "/shortcuts",
]  # fmt: skip
SETTINGS = [
    "/settings", "/settings/language", "/settings/security", "/settings/sessions",
    "/settings/organisations", "/settings/whom-to-ask", "/admin", "/admin/organisation",
    "/admin/people", "/admin/people/invite", "/admin/people/invitations", "/admin/roles",
    "/admin/roles/new", "/admin/roles/agent", "/admin/roles/agent/lead", "/admin/types",
    "/admin/types/new", "/admin/types/lead", "/admin/types/lead/fields/new", "/admin/pipelines",
    "/admin/jobs", "/admin/pipelines/lead", "/admin/health", "/admin/programs",
    "/admin/programs/new", "/admin/security", "/admin/security/policy", "/admin/security/events",
    "/admin/security/events?person=nobody&kind=x&since=now", "/admin/security/audit-log",
    "/admin/sessions", "/admin/teams", "/admin/explain", "/admin/tags", "/admin/people/nobody",
]  # fmt: skip

# What an organisation or a person wrote, names of things, what programs call something.
NAMES = [
    "An organisation", "AO", "Robin owner", "Robin", "RO", "Zoë Ünal", "Zoë", "Ünal", "ZÜ", "CÜ",
    "Ada Lead", "Ada", "AL", "Ben Lead", "Ben", "BL", "Cleo Lead", "Cleo", "CL",
    "Ida", "One", "Two",
]  # fmt: skip


def _calendar() -> list[str]:
    dates: Any = Locale(MARKED)
    kinds = (dates.months, dates.days)
    return [str(t) for k in kinds for form in k.values() for w in form.values() for t in w.values()]


def _places() -> list[str]:
    return [*(label for _, label in (*regions(MARKED), *zones())), *CURRENCIES]


ADDRESSES = ["zoe@example.com", "ada@x.com", "ben@x.com", "cleo@x.com", "localhost:8000"]
SIGNS = [
    "nothing",
    "Tenfold",
    *LANGUAGES.values(),
    "Français",
    "zzzz",
    "UTC",
    "AM",
    "PM",
    "MB",
    "/metrics",
]
DATA = [*NAMES, *ADDRESSES, *SIGNS, *_calendar(), *_places()]


@pytest.fixture
async def reader(visitor: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Visitor:
    """An owner whose pages are in brackets."""
    mark_all(monkeypatch, tmp_path)
    visitor.http.headers["accept-language"] = MARKED
    return visitor


@pytest.fixture
async def filled(make: Make) -> dict[str, Any]:
    """Leads, a task, an appointment and a note; answers one lead."""
    lead = await make(
        "leads", first_name="Zoë", last_name="Ünal", email="zoe@example.com", phone="+14155550123",
        budget=1_000_000, next_touch="2026-11-20T10:00:00Z",
    )  # fmt: skip
    for name in ("Ada", "Ben", "Cleo"):
        await make("leads", first_name=name, last_name="Lead", status="hot", email=f"{name}@x.com")
    await make("tasks", title="Ada", due_at="2026-11-20T10:00:00Z")
    await make(
        "appointments",
        title="Ben",
        starts_at="2026-11-24T10:00:00Z",
        ends_at="2026-11-24T11:00:00Z",
    )
    return lead


def checked(visitor: Visitor, who: Somebody, *also: str) -> None:
    """What the visitor sees is said in their language."""
    assert visitor.answer.status_code != 500
    found = unmarked(visitor.page, [*DATA, who.email, *also])
    assert not found, f"say these of {visitor.path}: " + " | ".join(found)


@pytest.mark.parametrize("path", [*LISTS, *SETTINGS])
async def test_main_pages(reader: Visitor, filled: Lead, admin: Somebody, path: str) -> None:
    await reader.get(path)
    checked(reader, admin)


@pytest.mark.parametrize("place", ["", "/edit", "/beside", "/compose/notes", "/compose/tasks"])
async def test_a_record(reader: Visitor, filled: Lead, admin: Somebody, place: str) -> None:
    await reader.get(f"/leads/{filled['id']}{place}")
    checked(reader, admin)


NEW = ["/leads/new", "/appointments/new", "/tasks/new", "/properties/new", "/students/new"]
# These end the session, or what others need.
SPARED = re.compile("logout|sessions|remove|delete|/own$|deactivate|hand-over|undo|appearance")


@pytest.mark.parametrize("path", [*NEW, *SETTINGS])
async def test_what_forms_refuse(reader: Visitor, filled: Lead, admin: Somebody, path: str) -> None:
    """Each form of a page is sent with nonsense in its boxes; what is said is said whole."""
    page = await reader.get(path)
    for form in page.all("form", method="post"):
        if SPARED.search(form.get("action")):
            continue
        await reader.send(form, **_nonsense(form))
        checked(reader, admin)
        await reader.get(path)
        checked(reader, admin)


def _nonsense(form: Element) -> dict[str, str]:
    boxes = [
        one
        for one in form.walk()
        if one.tag == "textarea"
        or (one.tag == "input" and one.get("type", "text") not in ("hidden", "checkbox", "radio"))
    ]
    return {one["name"]: "!!" for one in boxes if one.get("name")}


@pytest.mark.parametrize("path", ["", "?only=changes", "/edit"])
async def test_what_people_did_is_said(
    reader: Visitor, filled: Lead, admin: Somebody, make: Make, path: str
) -> None:
    """Each form of a record is sent as it stands, and what it did is in the timeline."""
    place = f"/leads/{filled['id']}"
    about = {"type": "lead", "id": filled["id"]}
    await make("notes", about=about, body="Ada")
    await make("tasks", about=about, title="Ben", due_at="2026-11-20T10:00:00Z")
    await reader.get(f"{place}/edit")
    typed = {"first_name": "Cleo", "budget": "5000", "tags": "Ida", "status": "hot"}
    await reader.send(reader.form(f"{place}/edit"), **typed)
    await reader.get(f"{place}{path}")
    checked(reader, admin)
    forms = [f for f in reader.page.all("form", method="post") if "logout" not in f.get("action")]
    for form in sorted(forms, key=lambda one: one.get("action").endswith("/delete")):
        await reader.send(form)
        checked(reader, admin)
    await reader.get(f"{place}{path}")
    checked(reader, admin)


async def test_what_is_done_to_several_is_said(
    reader: Visitor, filled: Lead, admin: Somebody
) -> None:
    chosen: dict[str, Any] = {"field": "status", "status": "nurture", "id": [str(filled["id"])]}
    for typed in ({}, chosen, {**chosen, "field": "none"}, {**chosen, "do": "delete"}):
        await reader.get("/leads")
        await reader.send(reader.form("/leads/bulk"), **typed)
        checked(reader, admin)
    await reader.get("/leads/bulk?field=status")
    checked(reader, admin)


DOOR = ["/login", "/login/link", "/register", "/forgot", "/offline", "/reset/no", "/join/no"]


@pytest.mark.parametrize("path", DOOR)
async def test_the_door(
    anybody: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    mark_all(monkeypatch, tmp_path)
    anybody.http.headers["accept-language"] = MARKED
    page = await anybody.get(path)
    assert not unmarked(page, DATA)
    for form in page.all("form", method="post"):
        await anybody.send(form, **_nonsense(form))
        assert not unmarked(anybody.page, DATA), form.get("action")
        await anybody.send(form)
        assert not unmarked(anybody.page, DATA), form.get("action")


async def test_a_text_that_nobody_marked_is_found(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark_all(monkeypatch, tmp_path, "it", but="Search everything")
    page = await visitor.get("/search", headers={"accept-language": "it"})
    assert page.one("html").get("lang") == "it"
    assert "Home" not in unmarked(page, DATA)
    assert [text for text in unmarked(page, DATA) if "Search" in text]


def test_a_word_within_a_text_is_found() -> None:
    said = bracketed("%(n)s are %(how)s") % {"n": 3, "how": "gone"}
    page = parse(f'<p title="Go">{said}</p><code>as it is</code><p>{bracketed("Save")} Ada</p>')
    assert unmarked(page, ["Ada"]) == ["Go", "gone"]


async def test_what_administrators_did_is_said(
    reader: Visitor, filled: Lead, admin: Somebody, organisation: Organisation
) -> None:
    """Toasts, the pages of what was made, and the events that tell of it."""
    colleague = await organisation.person("member", ["agent"], name="Ida")
    made: list[tuple[str, str | None, dict[str, Any]]] = [
        ("/admin/people/invite", "", {"email": "ben@x.com", "role": "member", "roles": ["agent"]}),
        ("/admin/people/invitations", "/resend", {}),
        ("/admin/people/invitations", "/withdraw", {}),
        ("/admin/people/invitations?which=all", None, {}),
        ("/admin/roles/new", "", {"name": "Ida"}),
        ("/admin/roles/ida", "", {"read__lead": "all", "create__lead": "true"}),
        ("/admin/roles/ida/lead", "", {"see__email": "hidden"}),
        ("/admin/roles-shipped/agent", None, {}),
        ("/admin/teams", "", {"name": "Cleo"}),
        ("/admin/types/new", "", {"label_plural": "Ada", "label": "Ada"}),
        ("/admin/types/lead/fields/new", "", {"label": "Ben", "kind": "text", "name": "ben"}),
        ("/admin/types/lead", None, {}),
        ("/admin/pipelines/lead", "", {"label__hot": "Cleo", "days__hot": "20"}),
        ("/admin/programs/new", "", {"name": "Ida", "role": "member"}),
        ("/admin/programs/keys/new", "", {"name": "Ben", "scopes": ["lead:read", "lead:write"]}),
        ("/admin/programs", None, {}),
        ("/admin/security", "", {"mfa_grace_days": "30"}),
        ("/admin/organisation", "", {"currency": "EUR"}),
        (f"/admin/people/{colleague.id}", "", {"role": "manager"}),
        (f"/admin/people/{colleague.id}", "/sessions/end", {}),
        (f"/admin/people/{colleague.id}", "/deactivate", {}),
        (f"/admin/people/{colleague.id}", "/reactivate", {}),
        ("/admin/security/events", None, {}),
        ("/admin/security/audit-log", None, {}),
    ]  # fmt: skip
    for place, action, typed in made:
        await reader.get(place)
        also = (colleague.email, "Robin member", "RM", "ben", "ada", "/custom/ada", "service")
        checked(reader, admin, *also)
        if action is None:
            continue
        path = place.partition("?")[0]
        forms = reader.page.all("form", method="post")
        form = next(
            f
            for f in forms
            if (f.get("action").endswith(action) if action else f.get("action", path) == path)
        )
        await reader.send(form, **typed)
        assert reader.answer.status_code == 200, (place, reader.page.text)
        checked(reader, admin, *also)


ASKED = ["read", "update", "delete", "share", "create", "invite", "make_owners", "create_api_keys"]


@pytest.mark.parametrize("field", ["", "&field=email"])
@pytest.mark.parametrize("verb", ASKED)
async def test_why_somebody_may_or_may_not_is_said(
    reader: Visitor,
    filled: Lead,
    admin: Somebody,
    organisation: Organisation,
    verb: str,
    field: str,
) -> None:
    colleague = await organisation.person("member", ["agent"], name="Ida")
    record = "" if verb == "create" else f"&record={filled['id']}"
    for who in (admin, colleague):
        asked = f"person={who.id}&type=lead&verb={verb}{record}{field}"
        await reader.get(f"/admin/explain?{asked}")
        answered = bool(reader.page.all("p", class_="whole"))
        assert answered == (not field or verb not in ("delete", "share"))
        checked(reader, admin, who.email, "Robin member", "agent", "owner", "member")


WRONG = """Last Name,E-mail,Phone,Status,Next touch,Budget,Owner,Odd,Odd,
One,nobody,12,hmm,13/13/2026,many,Ada,x,y,z
,zoe@example.com,,,,,,,,
"Two
"""


async def test_what_is_wrong_with_a_file_is_said(
    reader: Visitor, admin: Somebody, desk: Desk
) -> None:
    page = await reader.get("/imports/new?type=leads")
    values = dict(page.one("form", id="send-form").fields())
    values.pop("file", None)
    page = await reader.upload("/imports/new", values, ("people.csv", WRONG.encode("cp1252")))
    shown = ["people.csv", "Last Name", "E-mail", "Phone", "Status", "Next touch", "Budget"]
    quoted = ["nobody", "hmm", "many", "Owner", "Odd", "column_10", "CSV", "UTF-8", "UTF-16", "Nov"]
    also = [*shown, *quoted, *(label for _, label in currencies(MARKED))]
    checked(reader, admin, *also)
    form = page.one("form", id="columns-form")
    async with working(desk):
        for do in ("do=try", "do=import"):
            await reader.send(form, button=do)
            while reader.page.all("progress"):
                await anyio.sleep(0.05)
                await reader.get(reader.path)
            assert reader.page.all("td"), "no row was refused"
            checked(reader, admin, *also)
