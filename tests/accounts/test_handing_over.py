"""What a leaver has goes to others, all of it, in one batch that can be undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from tests.accounts.conftest import Api
from tests.accounts.letters import written
from tests.accounts.test_api_keys import _BUMP, _STALE
from tests.accounts.test_sign_in import events
from tests.conftest import Running
from tests.factories import Organisation, Owner, Somebody
from tests.jobs.tools import until, working

from tenfold.accounts.organisation import handing_over as job
from tenfold.engine import handing_over
from tenfold.exchange.jobs import handlers as undoing
from tenfold.jobs import Handler

if TYPE_CHECKING:
    from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio


@dataclass
class Leave:
    """An organisation in which somebody leaves, and somebody else takes over."""

    api: Api
    desk: Desk
    organisation: Organisation
    admin: Somebody
    leaver: Somebody
    heir: Somebody

    async def make(self, path: str, **fields: Any) -> str:
        """The id of a new record of the leaver's."""
        return (await self.api.data(self.leaver, "POST", path, fields))["id"]

    async def go(self) -> dict[str, int]:
        """Deactivate the leaver; answers what there is to hand over."""
        gone = {"active": False}
        answer = await self.api.data(self.admin, "PATCH", f"members/{self.leaver.id}", gone)
        return answer["leaves"]

    async def start(self, **body: Any) -> dict[str, Any]:
        """Begin to hand over; answers the batch."""
        path = f"members/{self.leaver.id}/hand-over"
        wanted = {"to": str(self.heir.id), **body}
        return await self.api.data(self.admin, "POST", path, wanted, status=202)

    async def finished(self, batch: str, *more: Handler[Any]) -> dict[str, Any]:
        """The batch when it has ended."""

        async def ended() -> bool:
            found = await self.api.data(self.admin, "GET", f"batches/{batch}")
            return found["status"] in ("done", "failed")

        does = (*job.handlers(self.desk.registry), *more)
        async with working(self.desk.database, *does, concurrency=1):
            await until(ended)
        return await self.api.data(self.admin, "GET", f"batches/{batch}")

    async def all(self, **body: Any) -> dict[str, Any]:
        """Hand over and wait for the end."""
        return await self.finished((await self.start(**body))["id"])

    async def one(self, path: str) -> dict[str, Any]:
        """A record as whom it went to sees it."""
        return await self.api.data(self.heir, "GET", path)


@pytest.fixture
async def leave(
    api: Api, desk: Desk, organisation: Organisation, admin: Somebody
) -> AsyncIterator[Leave]:
    roles = ["agent", "coordinator"]
    leaver = await organisation.person("member", roles, team=organisation.team)
    heir = await organisation.person("member", roles, team=organisation.other_team)
    return Leave(api, desk, organisation, admin, leaver, heir)


async def test_all_that_a_leaver_has_goes_to_another(leave: Leave, owner: Owner) -> None:
    api, admin, me = leave.api, leave.admin, str(leave.leaver.id)
    await api.data(admin, "POST", "types", {"name": "vehicles"})
    lead = await leave.make("leads", first_name="Ann", last_name="Lee")
    gone = await leave.make("leads", first_name="Bob", last_name="Lee")
    await api.data(leave.leaver, "DELETE", f"leads/{gone}")
    contact = await leave.make("contacts", last_name="Lee", source="google")
    car = await leave.make("custom/vehicles", name="A car")
    body = {"assignee_id": me, "owner_id": str(admin.id)}
    open_ = await api.data(admin, "POST", "tasks", {"title": "Call", **body})
    done = await api.data(admin, "POST", "tasks", {"title": "Called", "done": True, **body})
    assert await leave.go() == {"lead": 2, "contact": 1, "custom_vehicles": 1, "task": 1}
    batch = await leave.all()
    assert (batch["status"], batch["kind"]) == ("done", "hand_over")
    counts = {"lead": 2, "contact": 1, "custom_vehicles": 1, "task": 1}
    assert batch["result"]["counts"] == counts
    assert (batch["result"]["done"], batch["result"]["total"]) == (5, 5)
    heir, team = str(leave.heir.id), str(leave.organisation.other_team)
    for path in (f"leads/{lead}", f"contacts/{contact}", f"custom/vehicles/{car}"):
        found = await leave.one(path)
        assert (found["owner_id"], found["team_id"]) == (heir, team), path
    # It is still private, and now theirs.
    assert (await leave.one(f"contacts/{contact}"))["privacy"] == "private"
    assert (await api.refused(admin, "GET", f"contacts/{contact}"))[0] == 404
    rows = await owner.fetch("SELECT owner_id FROM tenfold.leads WHERE id = $1", UUID(gone))
    assert rows[0][0] == leave.heir.id, "a deleted lead would come back to nobody"
    assert (await leave.one(f"tasks/{open_['id']}"))["assignee_id"] == heir
    assert (await leave.one(f"tasks/{done['id']}"))["assignee_id"] == me
    timeline = await api.data(leave.heir, "GET", f"leads/{lead}/timeline")
    assert timeline[0]["reason"] == "Handed over from Robin member."
    assert timeline[0]["actor_id"] == str(admin.id)
    assert "records_handed_over" in await events(owner, me)


async def test_types_go_to_whom_they_are_said_to(leave: Leave) -> None:
    other = await leave.organisation.person("member", ["agent"], name="other")
    lead = await leave.make("leads", first_name="Ann", last_name="Lee")
    contact = await leave.make("contacts", last_name="Lee")
    await leave.go()
    await leave.all(types={"lead": str(other.id)})
    found = await leave.api.data(leave.admin, "GET", f"leads/{lead}")
    assert (found["owner_id"], found["team_id"]) == (str(other.id), None)
    assert (await leave.one(f"contacts/{contact}"))["owner_id"] == str(leave.heir.id)


async def test_handing_over_is_undone_private_records_too(leave: Leave) -> None:
    contact = await leave.make("contacts", last_name="Lee", source="google")
    lead = await leave.make("leads", first_name="Ann", last_name="Lee")
    await leave.go()
    batch = await leave.all()
    manager = await leave.organisation.person("manager")
    seen = await leave.api.data(manager, "GET", f"batches/{batch['id']}")
    assert seen["undo"] == {"records": 2, "exact": False}
    path = f"batches/{batch['id']}/undo"
    assert (await leave.api.refused(manager, "POST", path))[:2] == (403, "FORBIDDEN")
    unsure = "UPDATE tenfold.sessions SET sure_at = now() - $2::text::interval WHERE user_id = $1"
    anew = "SELECT tenfold.bump_members(ARRAY[$1::uuid])"
    await leave.organisation.owner.execute(unsure, leave.admin.id, "1 hour")
    await leave.organisation.owner.execute(anew, leave.organisation.id)
    refused = await leave.api.refused(leave.admin, "POST", path)
    assert refused[:2] == (403, "STEP_UP_REQUIRED"), "it takes from others, as handing over does"
    await leave.organisation.owner.execute(unsure, leave.admin.id, "0")
    await leave.organisation.owner.execute(anew, leave.organisation.id)
    undone = await leave.api.data(leave.admin, "POST", path, status=200)
    told = {n: undone["result"][n] for n in ("restored", "kept", "gone")}
    assert told == {"restored": 2, "kept": 0, "gone": 0}
    assert (await leave.api.refused(leave.heir, "GET", f"contacts/{contact}"))[0] == 404
    found = await leave.api.data(leave.admin, "GET", f"leads/{lead}")
    assert (found["owner_id"], found["team_id"]) == (str(leave.leaver.id), str(leave.leaver.team))
    # And the undo is undone: again all of it.
    path = f"batches/{undone['id']}/undo"
    again = await leave.api.data(leave.admin, "POST", path, status=200)
    assert again["result"]["restored"] == 2
    assert (await leave.one(f"contacts/{contact}"))["owner_id"] == str(leave.heir.id)


async def test_an_undo_of_it_stops_where_its_person_administers_no_more(
    leave: Leave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.web.api.batches.AT_ONCE", 0)
    contact = await leave.make("contacts", last_name="Lee", source="google")
    await leave.go()
    batch, second = await leave.all(), await leave.organisation.person("admin")
    path = f"batches/{batch['id']}/undo"
    undo = (await leave.api.data(second, "POST", path, status=202))["id"]
    await leave.api.data(leave.admin, "PATCH", f"members/{second.id}", {"role": "manager"})
    ended = await leave.finished(undo, *undoing(leave.desk.exchange))
    assert ended["status"] == "failed"
    assert "Only an owner or an admin" in ended["result"]["error"]
    assert (await leave.one(f"contacts/{contact}"))["owner_id"] == str(leave.heir.id)


async def test_what_was_private_does_not_come_to_whom_hands_it_over(
    leave: Leave, app: Running
) -> None:
    private = await leave.make("contacts", last_name="Lee", source="google")
    open_ = await leave.make("contacts", last_name="Lee")
    await leave.go()
    batch = await leave.all(to=str(leave.admin.id))
    assert batch["result"]["counts"] == {"contact": 1}
    assert batch["result"]["stays"] == {"contact": 1}
    found = await leave.api.data(leave.admin, "GET", f"contacts/{open_}")
    assert found["owner_id"] == str(leave.admin.id)
    assert (await leave.api.refused(leave.admin, "GET", f"contacts/{private}"))[0] == 404
    assert await written(app, leave.leaver.email) == []
    # Somebody else may have it: the leaver and the owners hear of that.
    await leave.all()
    assert (await leave.one(f"contacts/{private}"))["owner_id"] == str(leave.heir.id)
    for email in (leave.leaver.email, leave.admin.email):
        (letter,) = await written(app, email)
        assert letter.letter.kind == "private_handed_over"
        assert f"1 record that {leave.leaver.email} kept private" in letter.letter.text
        assert leave.heir.email in letter.letter.text


async def test_leaving_and_handing_over_ask_for_a_fresh_proof(leave: Leave, owner: Owner) -> None:
    await leave.make("leads", first_name="Ann", last_name="Lee")
    await owner.execute(_STALE, leave.admin.session)
    await owner.execute(_BUMP, leave.admin.tenant)
    path = f"members/{leave.leaver.id}"
    for asked in (
        ("PATCH", path, {"active": False}),
        ("POST", f"{path}/hand-over", {"to": str(leave.heir.id)}),
    ):
        refused = await leave.api.refused(leave.admin, *asked)
        assert refused[:2] == (403, "STEP_UP_REQUIRED"), asked


async def test_who_still_belongs_keeps_what_they_marked_private(leave: Leave) -> None:
    private = await leave.make("contacts", last_name="Lee", source="google")
    open_ = await leave.make("contacts", last_name="Lee")
    batch = await leave.all()
    assert batch["result"]["counts"] == {"contact": 1}
    assert (await leave.one(f"contacts/{open_}"))["owner_id"] == str(leave.heir.id)
    assert (await leave.api.refused(leave.heir, "GET", f"contacts/{private}"))[0] == 404
    found = await leave.api.data(leave.leaver, "GET", f"contacts/{private}")
    assert found["owner_id"] == str(leave.leaver.id)


async def test_many_records_go_piece_by_piece(
    leave: Leave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_over, "PIECE", 2)
    monkeypatch.setattr(handing_over, "_shapes", handing_over.Shapes())
    rows = {"records": [{"name": f"tag {uuid4()}"} for _ in range(5)]}
    await leave.api.data(leave.leaver, "POST", "tags/bulk", rows)
    await leave.go()
    batch = await leave.all()
    assert batch["result"]["counts"] == {"tag": 5}


async def test_who_takes_over_and_leaves_meanwhile_ends_it(leave: Leave) -> None:
    await leave.make("leads", first_name="Ann", last_name="Lee")
    await leave.go()
    batch = await leave.start()
    gone = {"active": False}
    await leave.api.data(leave.admin, "PATCH", f"members/{leave.heir.id}", gone)
    ended = await leave.finished(batch["id"])
    assert ended["status"] == "failed"
    assert "has left" in ended["result"]["error"]


async def test_it_is_done_once_at_a_time(leave: Leave) -> None:
    await leave.make("leads", first_name="Ann", last_name="Lee")
    await leave.go()
    path, body = f"members/{leave.leaver.id}/hand-over", {"to": str(leave.heir.id)}
    both = [leave.api.ask(leave.admin, "POST", path, body) for _ in range(2)]
    answers = await asyncio.gather(*both)
    assert sorted(a.status_code for a in answers) == [202, 409]


Choose = Callable[[Leave, Organisation], Any]


@pytest.mark.parametrize(
    ("to", "says"),
    [
        (lambda leave, _: leave.leaver.id, "whose records they are"),
        (lambda _, __: uuid4(), "no active person"),
        (lambda _, stranger: stranger.team, "no active person"),
    ],
)
async def test_it_goes_to_nobody_else(
    leave: Leave, stranger: Organisation, to: Choose, says: str
) -> None:
    await leave.make("leads", first_name="Ann", last_name="Lee")
    path = f"members/{leave.leaver.id}/hand-over"
    body = {"to": str(to(leave, stranger))}
    status, code, fields = await leave.api.refused(leave.admin, "POST", path, body)
    assert (status, code, set(fields)) == (400, "INVALID_FIELDS", {"to"})
    assert says in fields["to"]


async def test_it_goes_to_whom_can_read_it(leave: Leave) -> None:
    await leave.make("leads", first_name="Ann", last_name="Lee")
    plain = await leave.organisation.person("member", name="plain")
    path = f"members/{leave.leaver.id}/hand-over"
    body = {"to": str(plain.id)}
    status, _, fields = await leave.api.refused(leave.admin, "POST", path, body)
    assert (status, set(fields)) == (400, {"to"})
    assert "has no role that reads leads" in fields["to"]
    body = {"to": str(leave.heir.id), "types": {"lead": str(plain.id), "leed": str(plain.id)}}
    status, _, fields = await leave.api.refused(leave.admin, "POST", path, body)
    assert (status, set(fields)) == (400, {"types.lead", "types.leed"})


async def test_only_administrators_hand_over(leave: Leave, stranger: Organisation) -> None:
    path, body = f"members/{leave.leaver.id}/hand-over", {"to": str(leave.heir.id)}
    for role in ("manager", "member"):
        person = await leave.organisation.person(role, name="other")
        assert (await leave.api.refused(person, "POST", path, body))[:2] == (403, "FORBIDDEN")
    them = await stranger.person("owner")
    assert (await leave.api.refused(them, "POST", path, body))[0] == 404


# -- the organisation itself


async def test_an_owner_gives_the_organisation_to_another(
    api: Api, organisation: Organisation, admin: Somebody, owner: Owner
) -> None:
    other = await organisation.person("member")
    body = {"to": str(other.id)}
    answer = await api.data(admin, "POST", "organization/ownership", body, status=200)
    assert (answer["id"], answer["role"]) == (str(other.id), "owner")
    me = await api.data(other, "GET", f"members/{admin.id}")
    assert me["role"] == "admin"
    assert "ownership_transferred" in await events(owner, str(other.id))
    # Who gave it away has it no more.
    back = {"to": str(admin.id)}
    assert (await api.refused(admin, "POST", "organization/ownership", back))[0] == 403
    await api.data(other, "POST", "organization/ownership", back, status=200)


async def test_an_organisation_goes_to_an_active_member_and_from_an_owner(
    api: Api, organisation: Organisation, admin: Somebody, stranger: Organisation
) -> None:
    gone = await organisation.person("member", name="gone")
    await api.data(admin, "PATCH", f"members/{gone.id}", {"active": False})
    them = await stranger.person("member")
    for to in (gone.id, them.id, admin.id, uuid4()):
        body = {"to": str(to)}
        status, _, fields = await api.refused(admin, "POST", "organization/ownership", body)
        assert (status, set(fields)) == (400, {"to"})
    other = await organisation.person("admin")
    body = {"to": str(other.id)}
    assert (await api.refused(other, "POST", "organization/ownership", body))[0] == 403
    role = await api.data(admin, "GET", f"members/{admin.id}")
    assert role["role"] == "owner"


async def test_two_owners_who_give_it_away_at_once_leave_one(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    second = await organisation.person("owner", name="second")
    members = [await organisation.person("member", name=name) for name in ("a", "b")]
    asked = zip((admin, second), members, strict=True)
    await asyncio.gather(
        *(api.ask(o, "POST", "organization/ownership", {"to": str(m.id)}) for o, m in asked)
    )
    owners = await api.data(admin, "GET", "members?role=owner")
    assert {m["id"] for m in owners} == {str(m.id) for m in members}
