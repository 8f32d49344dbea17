"""The organisation, its sample data and everybody's sessions by pages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.conftest import Running
from tests.factories import Organisation, Owner, Somebody
from tests.pages.conftest import Visit, Visitor

from tenfold.engine import batches
from tenfold.kernel.context import Context
from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
PLACE, SESSIONS = "/admin/organisation", "/admin/sessions"
_MANY = """INSERT INTO tenfold.sessions (id, user_id, tenant_id, expires_at, created_at)
SELECT gen_random_uuid(), $1, $2, now() + interval '1 day', now() - n * interval '1 minute'
FROM generate_series(1, $3::int) n"""
_OPEN = "SELECT count(*) FROM tenfold.sessions WHERE tenant_id = $1 AND ended_at IS NULL"


async def test_the_organisation_is_changed(visitor: Visitor) -> None:
    await visitor.get(PLACE)
    form = visitor.form(PLACE)
    await visitor.send(form, name="Acme", currency="EUR", timezone="Europe/Berlin", region="DE")
    assert visitor.toast == "The organisation is saved."
    kept = dict(visitor.form(PLACE).fields())
    assert (kept["name"], kept["currency"], kept["region"]) == ("Acme", "EUR", "DE")


async def test_a_pack_that_is_switched_off_is_hidden_and_keeps_its_records(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody
) -> None:
    await visitor.get(PLACE)
    await visitor.send(visitor.form(PLACE), packs=["real_estate", "drops"])
    rail = {a["href"] for a in visitor.page.all("a")}
    assert "/leads" in rail
    assert "/students" not in rail
    assert (await client.get("/v1/students", headers=admin.headers)).status_code == 200
    for page, kept, gone in [
        ("/admin/pipelines", "/admin/pipelines/lead", "/admin/pipelines/application"),
        ("/admin/types", "/admin/types/lead", "/admin/types/student"),
        ("/admin/roles", "/admin/roles-shipped/agent", "/admin/roles-shipped/counselor"),
    ]:
        await visitor.get(page)
        links = {a["href"] for a in visitor.page.all("a")}
        assert kept in links, page
        assert gone not in links, page
    await visitor.get("/admin/people/invite")
    offered = {box["value"] for box in visitor.page.all("input", name="roles")}
    assert "agent" in offered
    assert "counselor" not in offered
    await visitor.get(PLACE)
    packs = ["real_estate", "career_services", "drops"]
    await visitor.send(visitor.form(PLACE), packs=packs)
    answer = await client.get("/v1/organization", headers=admin.headers)
    assert answer.json()["data"]["packs"] == []


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"name": " "}, "name", "blank"),
        ({"currency": "XXQ"}, "currency", "ISO 4217"),
        ({"packs": []}, "packs", "Keep at least one of them."),
    ],
)
async def test_what_an_organisation_cannot_be_is_told_beside_it(
    visitor: Visitor, typed: dict[str, Any], field: str, says: str
) -> None:
    await visitor.get(PLACE)
    await visitor.send(visitor.form(PLACE), **typed)
    assert visitor.answer.status_code == 400
    assert says in visitor.page.one(id=f"e-{field}").text


# -- sample data


async def sample(app: Running, organisation: Organisation, client: httpx.AsyncClient) -> Somebody:
    """Two leads that are sample data, one of them changed by its owner since, and one more."""
    owner = await organisation.person("owner", name="boss")
    batch = new_id()
    desk = app.app.app.state.desk  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue, reportUnknownVariableType]
    context = Context(tenant=organisation.id, actor=owner.id).in_batch(batch)
    made: list[Any] = []
    for name in ("Ada", "Zoë", "Bob"):
        body = {"first_name": name, "last_name": "X"}
        answer = await client.post("/v1/leads", json=body, headers=owner.headers)
        made.append(answer.json()["data"]["id"])
    async with desk.database.transaction(context) as tx:  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        await batches.begin(tx, batch, batches.SAMPLE, "lead", {"written": 2})  # pyright: ignore[reportUnknownArgumentType]
    return owner


async def test_sample_data_is_taken_back_in_one_step_but_for_what_people_changed(
    visit: Visit, organisation: Organisation, owner: Owner, client: httpx.AsyncClient, app: Running
) -> None:
    boss = await sample(app, organisation, client)
    visitor = visit(boss)
    await owner.execute(
        """UPDATE tenfold.change_log SET batch_id = (SELECT id FROM tenfold.batches
        WHERE tenant_id = $1 AND kind = 'sample') WHERE tenant_id = $1 AND operation = 'insert'
        AND new ->> 'first_name' IN ('Ada', 'Zoë')""",
        organisation.id,
    )
    leads = (await client.get("/v1/leads", headers=boss.headers)).json()["data"]
    zoe = next(one["id"] for one in leads if one["first_name"] == "Zoë")
    body = {"budget": 5}
    await client.patch(f"/v1/leads/{zoe}", json=body, headers=boss.headers)
    await visitor.get(PLACE)
    assert "2 records came with the organisation" in visitor.page.text
    (form,) = (f for f in visitor.page.all("form") if f.get("action").endswith("/undo"))
    await visitor.send(form)
    assert visitor.path.startswith("/imports/")
    left = (await client.get("/v1/leads", headers=boss.headers)).json()["data"]
    assert {one["first_name"] for one in left} == {"Zoë", "Bob"}
    await visitor.get(PLACE)
    assert "Sample data" not in visitor.page.text


# -- sessions


async def test_everybodys_sessions_are_listed_found_and_ended(
    visitor: Visitor, organisation: Organisation, owner: Owner
) -> None:
    zoe = await organisation.person("member", name="zoe")
    await visitor.get(SESSIONS, params={"q": zoe.email})
    (form,) = (f for f in visitor.page.all("form") if f.get("action").endswith("/end"))
    await visitor.send(form)
    assert visitor.toast == "The session has ended; that device is signed out."
    await visitor.get(SESSIONS, params={"q": zoe.email})
    assert "Nobody is found" in visitor.page.text


async def test_all_sessions_end_but_ones_own(
    visitor: Visitor, organisation: Organisation, owner: Owner
) -> None:
    for name in ("zoe", "ada"):
        await organisation.person("member", name=name)
    await visitor.get(SESSIONS)
    await visitor.send(visitor.form(f"{SESSIONS}/end-all"))
    assert "sessions have ended" in visitor.toast
    assert await owner.fetchval(_OPEN, organisation.id) == 1
    await visitor.get(SESSIONS)
    assert visitor.answer.status_code == 200


async def test_an_admin_ends_no_owners_sessions(
    visit: Visit, organisation: Organisation, owner: Owner, admin: Somebody
) -> None:
    somebody = visit(await organisation.person("admin", name="adam"))
    await somebody.get(SESSIONS, params={"q": admin.email})
    (form, *_) = (f for f in somebody.page.all("form") if f.get("action").endswith("/end"))
    await somebody.send(form)
    assert "Only an owner may end the sessions of an owner." in somebody.toast
    before = await owner.fetchval(_OPEN, organisation.id)
    await somebody.get(SESSIONS)
    await somebody.send(somebody.form(f"{SESSIONS}/end-all"))
    assert 1 < await owner.fetchval(_OPEN, organisation.id) <= before


async def test_sessions_come_page_by_page(
    visitor: Visitor, organisation: Organisation, owner: Owner, admin: Somebody
) -> None:
    await owner.execute(_MANY, admin.id, organisation.id, 120)
    await visitor.get(SESSIONS)
    seen: list[str] = []
    for _ in range(5):
        seen += [f["action"] for f in visitor.page.all("form") if f.get("action").endswith("/end")]
        onward = [a["href"] for a in visitor.page.all("a", rel="next")]
        if not onward:
            break
        await visitor.get(onward[0])
    assert len(seen) == len(set(seen)) >= 120
