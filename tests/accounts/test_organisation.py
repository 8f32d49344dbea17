"""The organisation, its teams and its members, changed through the API by its administrators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from tests.accounts.conftest import PASSWORD, Api, Browser, confirmed, opened
from tests.accounts.test_sign_in import events
from tests.conftest import Running, Serve
from tests.factories import Organisation, Owner, Somebody
from tests.jobs.tools import until, working
from tests.server import Base

from tenfold.accounts.organisation import following
from tenfold.engine.access import Person
from tenfold.engine.titles import USER, suggest, titles
from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import Settings

if TYPE_CHECKING:
    from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
_TAG = """INSERT INTO tenfold.tags (tenant_id, id, name, name_key, colour, owner_id, team_id)
VALUES ($1, $2, $2::uuid::text, $2::uuid::text, 'grey', $3, $4)"""


@pytest.fixture(scope="session")
async def second(serve: Serve, settings: Settings, anyio_backend: str) -> AsyncIterator[Running]:
    """Another process of the same installation."""
    async with serve(settings) as running:
        yield running


# -- the organisation


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "told"),
    [
        ("PATCH", "organization/policy", {"mfa": "some"}, "mfa", "must be one of admins, all"),
        (
            "POST",
            "members",
            {"email": "a@example.com", "role": "king"},
            "role",
            "must be one of admin, manager, member, owner, read-only",
        ),
        ("POST", "organization/ownership", {"to": "me"}, "to", "must be an id (a UUID)"),
        ("GET", "access?limit=1", None, "limit", "is not a parameter; there is only type"),
    ],
)
async def test_what_can_not_be_taken_is_told_in_plain_words(
    api: Api, admin: Somebody, method: str, path: str, body: Any, field: str, told: str
) -> None:
    assert (await api.refused(admin, method, path, body))[2] == {field: told}


async def test_an_admin_is_told_who_changes_an_owner(
    api: Api, admin: Somebody, organisation: Organisation
) -> None:
    boss = await organisation.person("owner", name="boss")
    other = await organisation.person("admin", name="another")
    answer = await api.ask(other, "PATCH", f"members/{boss.id}", {"active": False})
    assert answer.status_code == 403
    assert "ask one of them" in answer.json()["error"]["message"]


async def test_organisation_is_read_and_changed(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    before = await api.data(admin, "GET", "organization")
    assert before["id"] == str(organisation.id)
    place = {"region": "de", "currency": "eur", "timezone": "Europe/Berlin"}
    change = {"name": "  New   name ", **place}
    after = await api.data(admin, "PATCH", "organization", change)
    assert after == {
        **before,
        "name": "New name",
        "region": "DE",
        "currency": "EUR",
        "timezone": "Europe/Berlin",
    }
    assert await api.data(admin, "PATCH", "organization", {"currency": "USD"}) == {
        **after,
        "currency": "USD",
    }


async def test_organisation_refuses_what_does_not_exist(api: Api, admin: Somebody) -> None:
    wrong = {"region": "XX", "currency": "ABC", "timezone": "Mars/Olympus", "name": " "}
    status, code, fields = await api.refused(admin, "PATCH", "organization", wrong)
    assert (status, code, set(fields)) == (400, "INVALID_FIELDS", set(wrong))
    status, code, fields = await api.refused(admin, "PATCH", "organization", {"nmae": "x"})
    assert (status, code) == (400, "UNKNOWN_FIELD")
    assert "did you mean name" in fields["nmae"]


async def test_the_packs_of_an_organisation_are_set_by_name(api: Api, admin: Somebody) -> None:
    assert (await api.data(admin, "GET", "organization"))["packs"] == []
    change = {"packs": ["drops", "real_estate", "drops"]}
    after = await api.data(admin, "PATCH", "organization", change)
    assert after["packs"] == ["drops", "real_estate"]
    assert (await api.data(admin, "PATCH", "organization", {"name": "x"}))["packs"] == after[
        "packs"
    ]
    for wrong in (["drops", "realestate"], ["base"], ["custom"]):
        status, code, fields = await api.refused(admin, "PATCH", "organization", {"packs": wrong})
        assert (status, code, list(fields)) == (400, "INVALID_FIELDS", ["packs"])
        assert "known are career_services, drops, real_estate" in fields["packs"]
    assert (await api.data(admin, "PATCH", "organization", {"packs": []}))["packs"] == []


@pytest.mark.parametrize("role", ["manager", "member", "read-only"])
@pytest.mark.parametrize(
    "asked",
    [
        ("PATCH", "organization", {"name": "x"}),
        ("POST", "teams", {"name": "x"}),
        ("PATCH", "teams/{team}", {"name": "x"}),
        ("DELETE", "teams/{team}", None),
        ("POST", "members", {"email": "a@example.com"}),
        ("POST", "members", {"email": "a@example.com", "password": PASSWORD}),
        ("PATCH", "members/{me}", {"role": "owner"}),
        ("GET", "roles", None),
        ("GET", "roles/helper", None),
        ("POST", "roles", {"name": "x", "grants": {}}),
        ("PATCH", "roles/helper", {"grants": {}}),
        ("DELETE", "roles/helper", None),
        ("POST", "custom-fields", {"type": "lead", "name": "x", "kind": "text"}),
        ("PATCH", "custom-fields/{team}", {"label": "x"}),
        ("DELETE", "custom-fields/{team}", None),
    ],
)
async def test_only_administrators_change_things(
    api: Api, organisation: Organisation, role: str, asked: tuple[str, str, Any]
) -> None:
    method, path, body = asked
    who = await organisation.person(role)
    place = path.format(team=organisation.team, me=who.id)
    status, code, _ = await api.refused(who, method, place, body)
    assert (status, code) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "organization"),
        ("GET", "teams"),
        ("POST", "teams"),
        ("GET", "members"),
        ("GET", "roles"),
        ("GET", "custom-fields"),
        ("GET", "access"),
    ],
)
async def test_nobody_gets_in_without_a_token(free: Running, method: str, path: str) -> None:
    async with opened(free) as browser:
        answer = await browser.http.request(method, f"/v1/{path}", json={"name": "x"})
    assert answer.status_code == 401


# -- teams


async def test_teams_are_a_tree(api: Api, organisation: Organisation, admin: Somebody) -> None:
    sales = await api.data(admin, "POST", "teams", {"name": "Sales"})
    north = await api.data(admin, "POST", "teams", {"name": "North", "parent_id": sales["id"]})
    assert north["parent_id"] == sales["id"]
    loop = {"parent_id": north["id"]}
    status, _, fields = await api.refused(admin, "PATCH", f"teams/{sales['id']}", loop)
    assert (status, set(fields)) == (400, {"parent_id"})
    status, _, fields = await api.refused(
        admin, "PATCH", f"teams/{sales['id']}", {"parent_id": sales["id"]}
    )
    assert (status, set(fields)) == (400, {"parent_id"})
    freed = await api.data(admin, "PATCH", f"teams/{north['id']}", {"parent_id": None})
    assert freed["parent_id"] is None
    assert freed == await api.data(admin, "GET", f"teams/{north['id']}")


async def test_two_moves_at_once_never_close_a_circle(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    for n in range(5):
        one = await api.data(admin, "POST", "teams", {"name": f"one {n}"})
        two = await api.data(admin, "POST", "teams", {"name": f"two {n}"})
        answers = await asyncio.gather(
            api.ask(admin, "PATCH", f"teams/{one['id']}", {"parent_id": two["id"]}),
            api.ask(admin, "PATCH", f"teams/{two['id']}", {"parent_id": one["id"]}),
        )
        assert sorted(a.status_code for a in answers) == [200, 400]


async def test_teams_have_at_most_ten_levels(api: Api, admin: Somebody) -> None:
    parent = None
    for level in range(10):
        body = {"name": f"level {level}", "parent_id": parent}
        parent = (await api.data(admin, "POST", "teams", body))["id"]
    body = {"name": "too deep", "parent_id": parent}
    assert (await api.refused(admin, "POST", "teams", body))[0] == 400


async def test_team_names_are_unique_whatever_their_case(api: Api, admin: Somebody) -> None:
    await api.data(admin, "POST", "teams", {"name": "Sales"})
    assert (await api.refused(admin, "POST", "teams", {"name": " SALES "}))[:2] == (
        409,
        "DUPLICATE",
    )


async def test_team_in_use_is_not_deleted(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    await organisation.person("member", team=organisation.team)
    path = f"teams/{organisation.team}"
    assert (await api.refused(admin, "DELETE", path))[:2] == (409, "IN_USE")
    team = await api.data(admin, "POST", "teams", {"name": "Empty"})
    assert await api.data(admin, "DELETE", f"teams/{team['id']}") == team
    assert (await api.refused(admin, "GET", f"teams/{team['id']}"))[0] == 404


async def test_teams_are_paged(api: Api, admin: Somebody) -> None:
    for n in range(4):
        await api.data(admin, "POST", "teams", {"name": f"team {n}"})
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await api.ask(admin, "GET", f"teams?limit=2{cursor}")).json()
        seen += [team["id"] for team in answer["data"]]
        if not answer["meta"]["has_more"]:
            break
        cursor = f"&cursor={answer['meta']['next_cursor']}"
    assert len(seen) == len(set(seen)) == 6
    for query in ("limit=101", "limit=0", "limit=x", "cursor=x", "page=1"):
        assert (await api.refused(admin, "GET", f"teams?{query}"))[0] == 400


# -- members


async def test_person_added_with_a_first_password_can_sign_in(
    api: Api, organisation: Organisation, admin: Somebody, browser: Browser
) -> None:
    new = {
        "email": browser.email,
        "first_name": "Grace",
        "last_name": "Hopper",
        "password": PASSWORD,
        "role": "member",
        "roles": ["agent"],
        "team_id": str(organisation.team),
    }
    answer = await api.ask(admin, "POST", "members", new)
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert answer.headers["location"] == f"/v1/members/{made['id']}"
    assert made["roles"] == ["agent"]
    assert "password" not in answer.text
    assert (await browser.login()).status_code == 200
    assert browser.user["organization"]["id"] == str(organisation.id)
    lead = await browser.call("POST", "/v1/leads", {"first_name": "A", "last_name": "B"})
    assert lead.json()["data"]["team_id"] == str(organisation.team)


async def test_person_with_an_account_is_added_by_address(
    api: Api, admin: Somebody, browser: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner)
    with_password = {"email": browser.email, "password": PASSWORD}
    assert (await api.refused(admin, "POST", "members", with_password))[1] == "EMAIL_TAKEN"
    made = await api.data(admin, "POST", "members", {"email": browser.email.upper()})
    assert (made["id"], made["email"]) == (browser.user["id"], browser.email)
    again = await api.refused(admin, "POST", "members", {"email": browser.email})
    assert again[:2] == (409, "DUPLICATE")
    mine = (await browser.call("GET", "/v1/auth/me")).json()["data"]["organizations"]
    assert len(mine) == 2


async def test_an_account_that_nobody_proved_to_be_theirs_is_not_let_in(
    api: Api, admin: Somebody, browser: Browser, stranger: Organisation
) -> None:
    """Somebody registered with another's address; or another organisation made the account."""
    await browser.register()
    theirs = await stranger.person("owner")
    made = {"email": f"{new_id().hex}@example.com", "first_name": "A", "last_name": "B"}
    await api.data(theirs, "POST", "members", {**made, "password": PASSWORD})
    for email in (browser.email, made["email"]):
        status, code, fields = await api.refused(admin, "POST", "members", {"email": email})
        assert (status, code, set(fields)) == (409, "EMAIL_TAKEN", {"email"})
        assert "invite them instead" in fields["email"]
    assert (await browser.login(organizationId=str(admin.tenant))).status_code == 404
    # Who made the account has it already.
    again = await api.refused(theirs, "POST", "members", {"email": made["email"]})
    assert again[:2] == (409, "DUPLICATE")


async def test_a_name_is_known_from_the_persons_first_sign_in_here(
    api: Api, admin: Somebody, browser: Browser, owner: Owner
) -> None:
    await confirmed(browser, owner, firstName="Adalbert", lastName="Byronson")
    member = await api.data(admin, "POST", "members", {"email": browser.email})
    path = f"members/{member['id']}"
    listed = {m["id"]: m for m in await api.data(admin, "GET", "members")}
    for shown in (member, listed[member["id"]], await api.data(admin, "GET", path)):
        assert (shown["first_name"], shown["last_name"]) == ("", "")
    # Signed in to their own organisation again, which is not this one.
    await browser.login(organizationId=browser.user["organization"]["id"])
    assert (await api.data(admin, "GET", path))["first_name"] == ""
    assert (await browser.login(organizationId=str(admin.tenant))).status_code == 200
    assert (await api.data(admin, "GET", path))["first_name"] == "Adalbert"


async def test_names_of_who_never_signed_in_are_not_found_or_written(
    api: Api, admin: Somebody, browser: Browser, owner: Owner, desk: Desk
) -> None:
    await confirmed(browser, owner, firstName="Adalbert", lastName="Byronson")
    member = await api.data(admin, "POST", "members", {"email": browser.email})
    identity = UUID(member["id"])
    person = Person(user=admin.id, tenant=admin.tenant, role="owner")
    async with desk.database.read(admin.tenant) as reader:
        assert await titles(desk.query, reader, person, {USER: [identity]}) == {
            identity: browser.email
        }
        assert await suggest(desk.query, reader, person, [USER], "adal") == []
        (found,) = await suggest(desk.query, reader, person, [USER], browser.email[:8])
        assert found.title == browser.email


@pytest.mark.parametrize(
    ("body", "expected", "fields"),
    [
        ({}, "MISSING_FIELDS", {"email"}),
        ({"email": "x@example.com"}, "MISSING_FIELDS", {"first_name", "last_name", "password"}),
        ({"email": "nonsense"}, "INVALID_FIELDS", {"email"}),
        ({"email": "x@example.com", "role": "king"}, "INVALID_FIELDS", {"role"}),
        ({"email": "x@example.com", "roles": ["king"]}, "INVALID_FIELDS", {"roles"}),
        ({"email": "x@example.com", "roles": "agent"}, "INVALID_FIELDS", {"roles"}),
        ({"email": "x@example.com", "team_id": str(new_id())}, "INVALID_FIELDS", {"team_id"}),
        ({"email": "x@example.com", "team_id": "x"}, "INVALID_FIELDS", {"team_id"}),
        ({"email": "x@example.com", "password": "password"}, "INVALID_FIELDS", {"password"}),
    ],
)
async def test_adding_a_member_names_what_is_wrong(
    api: Api, admin: Somebody, body: Any, expected: str, fields: set[str]
) -> None:
    status, code, found = await api.refused(admin, "POST", "members", body)
    assert (status, code, set(found)) == (400, expected, fields)


async def test_members_are_listed_and_filtered(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    one = await organisation.person("member", team=organisation.team)
    two = await organisation.person("read-only")

    async def ids(query: str) -> set[str]:
        return {m["id"] for m in await api.data(one, "GET", f"members?{query}")}

    assert await ids("") == {str(admin.id), str(one.id), str(two.id)}
    assert await ids(f"team_id={organisation.team}") == {str(one.id)}
    assert await ids("role=read-only") == {str(two.id)}
    await api.data(admin, "PATCH", f"members/{two.id}", {"active": False})
    assert await ids("active=false") == {str(two.id)}
    assert await ids("active=true") == {str(admin.id), str(one.id)}
    assert (await api.refused(one, "GET", "members?active=perhaps"))[0] == 400
    assert (await api.refused(one, "GET", "members?role=king"))[0] == 400


async def test_role_change_is_effective_at_the_next_request_everywhere(
    api: Api, organisation: Organisation, admin: Somebody, second: Running, owner: Owner
) -> None:
    who = await organisation.person("member")
    there = Api(second.client)
    for place in (api, there):
        assert (await place.refused(who, "GET", "leads"))[0] == 403
    await api.data(admin, "PATCH", f"members/{who.id}", {"roles": ["coordinator"]})
    for place in (api, there):
        assert await place.leads(who) == []
        body = {"first_name": "A", "last_name": "B"}
        assert (await place.refused(who, "POST", "leads", body))[0] == 403
    await there.data(admin, "PATCH", f"members/{who.id}", {"role": "read-only", "roles": []})
    await api.data(admin, "PATCH", f"members/{who.id}", {"active": False})
    for place in (api, there):
        assert (await place.refused(who, "GET", "leads"))[:2] == (401, "INVALID_TOKEN")
    found = await events(owner, str(who.id))
    assert found == ["permission_changed", "permission_changed", "member_deactivated"]


async def test_somebody_reactivated_must_sign_in_again(
    api: Api, admin: Somebody, browser: Browser
) -> None:
    new = {"email": browser.email, "first_name": "A", "last_name": "B", "password": PASSWORD}
    made = await api.data(admin, "POST", "members", new)
    await browser.login()
    token = browser.refresh_token
    await api.data(admin, "PATCH", f"members/{made['id']}", {"active": False})
    assert (await browser.login()).status_code == 401
    await api.data(admin, "PATCH", f"members/{made['id']}", {"active": True})
    assert (await browser.call("GET", "/v1/auth/me")).status_code == 401
    old = await browser.post("refresh", headers={"cookie": f"refreshToken={token}"})
    assert old.status_code == 401
    assert (await browser.login()).status_code == 200


async def test_last_owner_stays(api: Api, organisation: Organisation, admin: Somebody) -> None:
    path = f"members/{admin.id}"
    for change in ({"role": "admin"}, {"active": False}):
        assert (await api.refused(admin, "PATCH", path, change))[:2] == (409, "LAST_OWNER")
    second = await organisation.person("owner", name="second")
    await api.data(second, "PATCH", path, {"role": "admin"})
    assert (await api.refused(admin, "PATCH", f"members/{second.id}", {"role": "member"}))[0] == 403
    gone = await api.refused(second, "PATCH", f"members/{second.id}", {"active": False})
    assert gone[:2] == (409, "LAST_OWNER")


async def test_two_owners_can_not_demote_each_other_at_once(
    api: Api, organisation: Organisation, owner: Owner
) -> None:
    one = await organisation.person("owner", name="one")
    two = await organisation.person("owner", name="two")
    async with owner.transaction():  # both begin before either can go on
        await owner.execute("SELECT 1 FROM tenfold.tenants WHERE id = $1 FOR UPDATE", one.tenant)
        demotions = [
            asyncio.create_task(api.ask(a, "PATCH", f"members/{b.id}", {"role": "member"}))
            for a, b in ((one, two), (two, one))
        ]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in demotions)
    answers = await asyncio.gather(*demotions)
    assert sorted(a.status_code for a in answers) == [200, 403]


async def test_admin_can_not_make_or_change_an_owner(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    helper = await organisation.person("admin")
    for target, change in (
        (helper.id, {"role": "owner"}),
        (admin.id, {"role": "member"}),
        (admin.id, {"active": False}),
    ):
        assert (await api.refused(helper, "PATCH", f"members/{target}", change))[0] == 403
    new = {"email": "q@example.com", "role": "owner"}
    assert (await api.refused(helper, "POST", "members", new))[0] == 403


async def test_other_organisations_people_and_teams_are_not_found(
    api: Api, admin: Somebody, stranger: Organisation
) -> None:
    them = await stranger.person("owner")
    assert (await api.refused(admin, "GET", f"members/{them.id}"))[0] == 404
    assert (await api.refused(admin, "PATCH", f"members/{them.id}", {"role": "member"}))[0] == 404
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert (await api.refused(admin, method, f"teams/{stranger.team}", body))[0] == 404
    inside = {"name": "x", "parent_id": str(stranger.team)}
    assert (await api.refused(admin, "POST", "teams", inside))[0] == 400
    mine = {"team_id": str(stranger.team)}
    assert (await api.refused(admin, "PATCH", f"members/{admin.id}", mine))[0] == 400
    for path in ("members", "teams"):
        listed = await api.data(admin, "GET", path)
        assert str(them.id) not in str(listed)
        assert str(stranger.team) not in str(listed)


async def test_records_follow_their_owner_to_another_team(
    api: Api, organisation: Organisation, admin: Somebody, owner: Owner
) -> None:
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    there = await organisation.person("member", ["agent"], team=organisation.other_team)
    lead = await api.lead(agent)
    deleted = await api.lead(agent)
    await api.data(agent, "DELETE", f"leads/{deleted}")
    assert await api.leads(there) == []
    move = {"team_id": str(organisation.other_team)}
    await api.data(admin, "PATCH", f"members/{agent.id}", move)
    assert await api.leads(there) == [lead]
    found = await api.data(there, "GET", f"leads/{lead}")
    assert (found["team_id"], found["version"]) == (str(organisation.other_team), 2)
    teams = await owner.fetch(
        "SELECT DISTINCT team_id FROM tenfold.leads WHERE owner_id = $1", agent.id
    )
    assert [r[0] for r in teams] == [organisation.other_team]
    told = await owner.fetchrow(
        "SELECT actor_id, reason, new FROM tenfold.change_log WHERE record_id = $1::uuid "
        "ORDER BY seq DESC LIMIT 1",
        lead,
    )
    assert told is not None
    assert (told["actor_id"], told["reason"]) == (admin.id, "The owner changed teams.")
    await api.data(admin, "PATCH", f"members/{agent.id}", {"team_id": None})
    assert await api.leads(there) == []


async def test_what_is_being_written_follows_its_owner_too(
    api: Api,
    organisation: Organisation,
    admin: Somebody,
    base: Base,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "AFTER", timedelta(0))
    monkeypatch.setattr(following, "_AGAIN", 0.05)
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    made = [new_id() for _ in range(2)]
    writer = await asyncpg.connect(base.admin_url)
    reader = await asyncpg.connect(base.admin_url)

    async def teams() -> list[UUID]:
        rows = await reader.fetch("SELECT team_id FROM tenfold.tags WHERE owner_id = $1", agent.id)
        return [row["team_id"] for row in rows]

    async def everywhere() -> bool:
        return await teams() == [organisation.other_team] * 2

    try:
        async with writer.transaction():
            await writer.execute(_TAG, organisation.id, made[0], agent.id, organisation.team)
            move = {"team_id": str(organisation.other_team)}
            await api.data(admin, "PATCH", f"members/{agent.id}", move)
            async with working(desk.database, *following.handlers(desk.registry), concurrency=1):
                await asyncio.sleep(0.5)
            await writer.execute(_TAG, organisation.id, made[1], agent.id, organisation.team)
        assert await teams() == [organisation.team] * 2
        async with working(desk.database, *following.handlers(desk.registry), concurrency=1):
            await until(everywhere)
    finally:
        await writer.close()
        await reader.close()


async def test_people_see_the_teams_below_theirs(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    below = await organisation.person("member", ["agent"], team=organisation.other_team)
    above = await organisation.person("member", ["agent"], team=organisation.team)
    lead = await api.lead(below)
    assert await api.leads(above) == []
    path = f"teams/{organisation.other_team}"
    await api.data(admin, "PATCH", path, {"parent_id": str(organisation.team)})
    assert await api.leads(above) == [lead]
    await api.data(admin, "PATCH", path, {"parent_id": None})
    assert await api.leads(above) == []


async def test_request_sent_twice_with_its_key_makes_one_team(api: Api, admin: Somebody) -> None:
    first = await api.ask(admin, "POST", "teams", {"name": "Once"}, idempotency_key="k-1")
    again = await api.ask(admin, "POST", "teams", {"name": "Once"}, idempotency_key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"


async def test_region_and_currency_decide_how_short_forms_are_read(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    american = await api.lead(admin, phone="(415) 555-0101", budget=10)
    await api.data(admin, "PATCH", "organization", {"region": "CH", "currency": "CHF"})
    swiss = await api.lead(admin, phone="044 668 18 00", budget=10)
    shown = await api.data(admin, "GET", f"leads/{swiss}")
    assert (shown["phone"], shown["budget_currency"]) == ("+41446681800", "CHF")
    assert await api.leads(admin, "phone=044 668 18 00") == [swiss]
    old = await api.data(admin, "GET", f"leads/{american}")
    assert (old["phone"], old["budget_currency"]) == ("+14155550101", "USD")
