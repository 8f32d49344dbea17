"""What is explained is what the API does: a sweep over roles, teams, shares, verbs and fields."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import Program
from tests.accounts.keys import made as program_of
from tests.factories import Organisation, Owner, Somebody

pytestmark = pytest.mark.anyio
Asker = Somebody | Program

SCOPES = ("none", "own", "team", "open", "all")
LISTING = {"list_price": 5, "address": {"street": "1 Elm St", "city": "Austin"}}
# For each type: its address, the least that a new record needs, and fields to ask about.
TYPES: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "listing": ("listings", LISTING, ("list_price", "owner_id", "lockbox_code", "price_per_sqft")),
    "contact": ("contacts", {"first_name": "Ann"}, ("last_name", "owner_id", "privacy", "company")),
    "note": ("notes", {"body": "<p>So.</p>"}, ("title", "owner_id", "privacy")),
}
VALUES: dict[str, Any] = {
    "list_price": 5,
    "lockbox_code": "1234",
    "price_per_sqft": 5,
    "last_name": "Byron",
    "title": "A title",
    "company_id": None,
}


@dataclass
class Town:
    """An organisation of people with all sorts of roles, and records that they own and share."""

    api: Api
    owner: Owner
    dice: random.Random
    boss: Somebody
    keeper: Somebody
    people: list[Somebody] = field(default_factory=list)
    keys: dict[UUID, list[Program]] = field(default_factory=dict)
    records: list[tuple[str, str]] = field(default_factory=list)

    async def explained(
        self, by: Somebody, who: Asker, kind: str, verb: str, record: str, name: str
    ) -> httpx.Response:
        """The answer to a question about somebody."""
        whose = "key_id" if isinstance(who, Program) else "user_id"
        asked = {whose: str(who.id), "type": kind, "verb": verb}
        asked |= {"record_id": record} if record else {}
        asked |= {"field": name} if name else {}
        query = "&".join(f"{key}={value}" for key, value in asked.items())
        return await self.api.ask(by, "GET", f"access/explain?{query}")

    async def done(self, who: Asker, kind: str, verb: str, record: str, name: str) -> bool:
        """Whether they can do it: it is tried, or is refused for nothing but its version."""
        path, body, _ = TYPES[kind]
        json_name = "company_id" if name == "company" else name
        value = VALUES.get(json_name)
        if json_name in ("owner_id", "privacy"):
            value = await self.other(path, record, json_name)
        ask: Any = self.api.ask
        given = {json_name: value} if name else {}
        match verb:
            case "create":
                answer = await ask(who, "POST", path, body | given)
            case "read":
                answer = await ask(who, "GET", f"{path}/{record}")
                if name:
                    return answer.is_success and json_name in answer.json()["data"]
            case "update":
                stale = {} if name else {"if_match": '"999999"'}
                answer = await ask(who, "PATCH", f"{path}/{record}", given, **stale)
            case "delete":
                answer = await ask(who, "DELETE", f"{path}/{record}", if_match='"999999"')
            case "reveal":
                answer = await ask(who, "POST", f"{path}/{record}/reveals", {"field": name})
            case _:
                grantee = {"user_id": str(self.keeper.id)}
                answer = await ask(who, "POST", f"{path}/{record}/shares", grantee)
        assert answer.status_code in (200, 201, 400, 403, 404, 412), answer.text
        return answer.status_code in (200, 201, 412)

    async def other(self, table: str, record: str, column: str) -> str:
        """A value that a record does not have now, as to keep what it has is nothing to refuse."""
        values = ["private", "everyone"]
        if column == "owner_id":
            values = [str(one.id) for one in self.people]
        query = f"SELECT {column}::text FROM tenfold.{table} WHERE id = $1"
        now = await self.owner.fetchval(query, UUID(record)) if record else None
        return self.dice.choice([value for value in values if value != now])


async def town(api: Api, organisation: Organisation, owner: Owner, seed: int) -> Town:
    """A town of a seed: the same seed makes the same."""
    dice = random.Random(seed)
    boss = await organisation.person("owner")
    made = Town(api, owner, dice, boss, await organisation.person("admin", name="keeper"))
    teams: list[UUID | None] = [None]
    for _ in range(4):
        parent = dice.choice(teams)
        name = {"name": f"Team {uuid4()}", "parent_id": str(parent) if parent else None}
        teams.append(UUID((await api.data(boss, "POST", "teams", name))["id"]))
    roles = [f"role-{n}" for n in range(5)]
    for name in roles:
        grants = {kind: _grant(dice, kind) for kind in TYPES}
        await api.data(boss, "POST", "roles", {"name": name, "grants": grants})
    for n in range(9):
        role = dice.choice(["member", "member", "member", "read-only", "manager", "admin"])
        some = dice.sample([*roles, "agent"], dice.randint(0, 2))
        person = await organisation.person(role, some, team=dice.choice(teams), name=f"p{n}")
        made.people.append(person)
        names = [f"{kind}:{verb}" for kind in ("*", *TYPES) for verb in ("read", "write", "reveal")]
        made.keys[person.id] = [
            await program_of(api, person, *dice.sample(names, dice.randint(1, 7))) for _ in range(2)
        ]
    for _ in range(14):
        kind = dice.choice(list(TYPES))
        whose = {"owner_id": str(dice.choice(made.people).id)}
        if kind != "listing":
            whose["privacy"] = dice.choice(["everyone", "private"])
        path, body, _ = TYPES[kind]
        record = (await api.data(boss, "POST", path, {**body, **whose}))["id"]
        made.records.append((kind, record))
        for _ in range(dice.randint(0, 3)):
            await _share(owner, made, organisation.id, kind, record, [t for t in teams if t])
    return made


def _grant(dice: random.Random, kind: str) -> dict[str, Any]:
    def some(names: tuple[str, ...]) -> list[str]:
        return [name for name in names if dice.random() < 0.2]

    fields = TYPES[kind][2]
    shown = ["company_id" if name == "company" else name for name in fields]
    return {
        "read": dice.choice(SCOPES[1:] if kind == "note" else [s for s in SCOPES if s != "open"]),
        "create": dice.random() < 0.5,
        "update": dice.choice(["none", "own", "team", "all"]),
        "delete": dice.choice(["none", "own", "team", "all"]),
        "hide": some(tuple(shown)),
        "read_only": some(tuple(shown)),
        "reveal": ["lockbox_code"] if kind == "listing" and dice.random() < 0.5 else [],
    }


async def _share(
    owner: Owner, made: Town, tenant: UUID, kind: str, record: str, teams: list[UUID]
) -> None:
    """A share past all rules, as it may have come about when the roles were others."""
    team = made.dice.random() < 0.5
    grantee = made.dice.choice(teams) if team else made.dice.choice(made.people).id
    await owner.execute(
        "INSERT INTO tenfold.shares (tenant_id, type, record_id, grantee_id, grantee, may, "
        "shared_by) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        tenant,
        kind,
        UUID(record),
        grantee,
        "team" if team else "person",
        made.dice.choice(["read", "update"]),
        made.boss.id,
    )


@pytest.mark.parametrize("seed", range(6))
async def test_what_is_explained_is_what_is_done(
    api: Api, organisation: Organisation, owner: Owner, seed: int
) -> None:
    made = await town(api, organisation, owner, seed)
    dice, told = made.dice, {True: 0, False: 0}
    for _ in range(90):
        person = dice.choice(made.people)
        who: Asker = dice.choice([person, *made.keys[person.id]])
        kind, record = dice.choice(made.records)
        verb = dice.choice(["read", "update", "update", "create", "delete", "share", "reveal"])
        if verb == "reveal" and kind != "listing":
            continue
        record = "" if verb == "create" else record
        names = ["", *TYPES[kind][2]] if verb in ("read", "create", "update") else [""]
        name = "lockbox_code" if verb == "reveal" else dice.choice(names)
        case = (seed, person.role, person.roles, who, kind, verb, record, name)
        answer = await made.explained(made.boss, who, kind, verb, record, name)
        if answer.status_code == 404:
            # What others keep private is unknown to whoever asks; they may ask for themselves.
            answer = await made.explained(person, who, kind, verb, record, name)
        if answer.status_code == 404 or answer.json().get("error", {}).get("code") == (
            "UNKNOWN_FIELD"
        ):
            assert not await made.done(who, kind, verb, record, name), case
            continue
        assert answer.status_code == 200, (case, answer.text)
        decision = answer.json()["data"]
        assert decision["allowed"] == all(c["passed"] for c in decision["checks"])
        assert all(c["reason"].endswith(".") for c in decision["checks"])
        done = await made.done(who, kind, verb, record, name)
        assert decision["allowed"] == done, (case, decision["checks"])
        told[done] += 1
    assert min(told.values()) > 9, told


# -- what is said


async def _why(api: Api, who: Somebody, query: str) -> tuple[bool, dict[str, str]]:
    """Whether it is allowed, and the sentence of each check."""
    found = await api.data(who, "GET", f"access/explain?{query}")
    return found["allowed"], {c["check"]: c["reason"] for c in found["checks"]}


async def test_reasons_are_sentences(api: Api, organisation: Organisation, admin: Somebody) -> None:
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    other = await organisation.person("member", ["agent"], team=organisation.other_team)
    lead = await api.lead(other)
    asked = f"user_id={agent.id}&type=lead&record_id={lead}&verb="
    allowed, why = await _why(api, admin, asked + "read")
    assert not allowed
    assert why == {
        "member": "Robin member is a member of the organisation with the role member.",
        "verb": "The role agent (of a pack) lets them read leads: their own and those of their "
        "team and the teams below it.",
        "seen": "It belongs to Robin member in the team Two, and is not shared with them: they may "
        "read only those of their team and the teams below it.",
    }
    share = {"user_id": str(agent.id)}
    await api.data(other, "POST", f"leads/{lead}/shares", share)
    allowed, why = await _why(api, admin, asked + "read")
    assert allowed
    assert why["seen"] == (
        "It belongs to Robin member in the team Two, and is shared with them to read."
    )
    allowed, why = await _why(api, agent, f"type=lead&record_id={lead}&verb=update")
    assert not allowed
    assert why["reached"].startswith("It belongs to Robin member in the team Two; the share is for")
    allowed, why = await _why(api, admin, f"user_id={other.id}&type=lead&verb=share")
    assert allowed
    assert "lets them change leads" in why["verb"]
    told = await api.data(admin, "GET", f"access/explain?{asked}read")
    detail = told["checks"][2]["detail"]
    assert (detail["how"], detail["may"]) == ("shared", "read")
    assert (detail["shared_with"], detail["shared_by"]) == (str(agent.id), str(other.id))


async def test_fields_are_explained_by_the_roles_that_keep_them(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    grant = {"read": "all", "create": True, "update": "all", "hide": ["budget"]}
    grants = {"lead": {**grant, "read_only": ["last_name"]}}
    await api.data(admin, "POST", "roles", {"name": "helper", "grants": grants})
    helper = await organisation.person("member", ["helper"])
    asked = f"user_id={helper.id}&type=lead&verb="
    allowed, why = await _why(api, admin, asked + "read&field=budget")
    assert not allowed
    assert why["field"] == (
        "Budget does not exist for them: the role helper (of your own) hides it."
    )
    allowed, why = await _why(api, admin, asked + "update&field=last_name")
    assert not allowed
    assert why["field"] == "The role helper (of your own) keeps Last name from being set."
    allowed, why = await _why(api, admin, asked + "create")
    assert not allowed
    assert why["required"] == "A new record needs what they may not set: Last name."
    grants = {"lead": {**grant, "hide": ["last_name"]}}
    await api.data(admin, "POST", "roles", {"name": "blind", "grants": grants})
    blind = await organisation.person("member", ["blind"])
    _, why = await _why(api, blind, "type=lead&verb=create")
    assert why["required"] == (
        "A new record needs what they may not set: a field that is hidden from them."
    )
    # To the one who can't see it, it is a field like one that does not exist.
    status, code, _ = await api.refused(
        helper, "GET", "access/explain?type=lead&verb=read&field=budget"
    )
    assert (status, code) == (400, "UNKNOWN_FIELD")


async def test_what_one_may_not_see_is_explained_like_nothing(
    api: Api, organisation: Organisation, admin: Somebody, stranger: Organisation
) -> None:
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    plain = await organisation.person("member", name="plain")
    lead = await api.lead(admin)
    contact = (await api.data(agent, "POST", "contacts", {"source": "google"}))["id"]
    theirs = await api.lead(await stranger.person("owner"))
    for who, kind, known in (
        (agent, "lead", lead),
        (plain, "lead", lead),
        (admin, "contact", contact),
        (admin, "lead", theirs),
    ):
        texts: list[str] = []
        for identity in (known, str(uuid4())):
            query = f"access/explain?type={kind}&verb=read&record_id={identity}"
            answer = await api.ask(who, "GET", query)
            assert answer.status_code == 404, answer.text
            texts.append(answer.text.replace(identity, "ID"))
        assert texts[0] == texts[1]
    them = await stranger.person("owner")
    query = f"access/explain?type=lead&verb=read&user_id={them.id}"
    assert (await api.refused(admin, "GET", query))[0] == 404
    query = f"access/explain?type=lead&verb=read&user_id={admin.id}"
    assert (await api.refused(agent, "GET", query))[:2] == (403, "FORBIDDEN")


async def test_who_left_may_do_nothing(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    gone = await organisation.person("member", ["agent"], name="gone")
    await api.data(admin, "PATCH", f"members/{gone.id}", {"active": False})
    allowed, why = await _why(api, admin, f"user_id={gone.id}&type=lead&verb=read")
    assert not allowed
    assert why == {"member": "Robin member does not belong to the organisation any more."}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {"type", "verb"}),
        ("type=lead", {"verb"}),
        ("type=leed&verb=read", {"type"}),
        ("type=lead&verb=eat", {"verb"}),
        ("type=lead&verb=read&user_id=x&record_id=y", {"user_id", "record_id"}),
        ("type=lead&verb=reveal", {"field"}),
        ("type=lead&verb=reveal&field=budget", {"field"}),
        ("type=lead&verb=delete&field=budget", {"field"}),
        ("type=lead&verb=create&record_id=01900000-0000-7000-8000-000000000001", {"record_id"}),
        ("type=lead&verb=read&colour=red", {"colour"}),
    ],
)
async def test_questions_are_checked(
    api: Api, admin: Somebody, query: str, fields: set[str]
) -> None:
    status, _, found = await api.refused(admin, "GET", f"access/explain?{query}")
    assert (status, set(found)) == (400, fields)
