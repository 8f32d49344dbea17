"""An organisation calls, colours and uses the stages of a type as it wants; what ships stays."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.conftest import MakeOrganisation
from tests.factories import Organisation, Somebody

pytestmark = pytest.mark.anyio
LEAD, ESCROW = "/v1/pipelines/lead", "/v1/pipelines/escrow"


async def ask(
    client: httpx.AsyncClient, who: Somebody, method: str, path: str, body: object = None
) -> tuple[int, Any]:
    answer = await client.request(method, path, json=body, headers=who.headers)
    found = answer.json()
    return answer.status_code, found["data"] if answer.is_success else found["error"]


def stage(pipeline: Any, name: str) -> Any:
    return next(one for one in pipeline["stages"] if one["name"] == name)


async def test_stages_are_named_coloured_hidden_and_stuck_as_the_organisation_says(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    said = {
        "nurture": {"label": "  Keep  warm ", "hue": "violet", "stuck_after_days": 14},
        "hot": {"hidden": True},
        "new": {"label": "New"},
    }
    status, after = await ask(client, admin, "PUT", LEAD, {"stages": said})
    assert status == 200
    assert stage(after, "nurture") == {
        "name": "nurture",
        "label": "Keep warm",
        "shipped_label": "Nurture",
        "hue": "violet",
        "hidden": False,
        "stuck_after_days": 14,
        "moves": stage(after, "nurture")["moves"],
    }
    assert stage(after, "hot")["hidden"]
    assert (await ask(client, admin, "GET", LEAD))[1] == after
    status, again = await ask(client, admin, "PUT", LEAD, {"stages": {}})
    assert (again["changed_at"], stage(again, "nurture")["label"]) == (None, "Nurture")


async def test_moves_are_told_as_the_type_allows_them(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    closed = stage((await ask(client, admin, "GET", ESCROW))[1], "closed")
    body = {"stages": {"closed": {"label": "Done"}}}
    assert (
        stage((await ask(client, admin, "PUT", ESCROW, body))[1], "closed")["moves"]
        == closed["moves"]
    )


@pytest.mark.parametrize(
    ("stages", "field"),
    [
        ({"nothing": {}}, "stages.nothing"),
        ({"hot": {"label": "x" * 61}}, "stages.hot.label"),
        ({"hot": {"label": "LOST"}}, "stages.hot.label"),
        ({"hot": {"label": "Same"}, "lost": {"label": "same"}}, "stages.lost.label"),
        ({"hot": {"stuck_after_days": 0}}, "stages.hot.stuck_after_days"),
        ({"hot": {"stuck_after_days": 3_651}}, "stages.hot.stuck_after_days"),
        ({"new": {"hidden": True}}, "stages.new.hidden"),
    ],
)
async def test_what_stages_cannot_be_is_named(
    client: httpx.AsyncClient, admin: Somebody, stages: Any, field: str
) -> None:
    status, error = await ask(client, admin, "PUT", LEAD, {"stages": stages})
    assert (status, error["code"]) == (400, "INVALID_FIELDS")
    assert field in error["fields"]


async def test_what_a_stage_is_stored_as_and_where_it_may_go_stays(
    client: httpx.AsyncClient, admin: Somebody
) -> None:
    _, lead = await ask(client, admin, "POST", "/v1/leads", {"first_name": "Zoë", "last_name": "Ü"})
    body = {"stages": {"hot": {"label": "On fire", "hidden": True}}}
    await ask(client, admin, "PUT", LEAD, body)
    path = f"/v1/leads/{lead['id']}"
    status, moved = await ask(client, admin, "POST", f"{path}/moves", {"to": "hot"})
    assert (status, moved["status"]) == (201, "hot")
    _, found = await ask(client, admin, "GET", "/v1/leads?status=hot")
    assert [one["id"] for one in found] == [lead["id"]]


async def test_other_organisations_keep_their_own(
    client: httpx.AsyncClient, admin: Somebody, make_organisation: MakeOrganisation
) -> None:
    other = await (await make_organisation("Elsewhere")).person("owner")
    await ask(client, admin, "PUT", LEAD, {"stages": {"hot": {"label": "On fire"}}})
    assert stage((await ask(client, other, "GET", LEAD))[1], "hot")["label"] == "Hot"


async def test_members_read_what_they_may_see_and_change_nothing(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    nobody = await organisation.person("member")
    agent = await organisation.person("member", ["agent"], name="agent")
    assert (await ask(client, nobody, "GET", LEAD))[0] == 404
    assert (await ask(client, agent, "GET", LEAD))[0] == 200
    names = {one["type"] for one in (await ask(client, agent, "GET", "/v1/pipelines"))[1]}
    assert "lead" in names
    assert "student" not in names
    assert (await ask(client, agent, "PUT", LEAD, {"stages": {}}))[0] == 403
    assert (await ask(client, agent, "GET", "/v1/pipelines/contact"))[0] == 404
