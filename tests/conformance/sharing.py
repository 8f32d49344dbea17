"""Checks that a shared record is everywhere where one's own are, for whom it is shared alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from tests.conformance.world import World
from tests.conftest import Running
from tests.factories import Somebody

from tenfold.engine.definition import Definition
from tenfold.engine.titles import newest, suggest
from tenfold.engine.types import Ref
from tenfold.web.desk import Desk

OWN = {"read": "own", "create": True, "update": "own", "delete": "own"}


@dataclass(slots=True)
class Case:
    """A record of somebody's, and people who see nothing of its type but their own."""

    place: World
    kind: Definition
    boss: Somebody
    record: dict[str, Any]
    friend: Somebody
    other: Somebody
    holder: tuple[str, str, str] | None
    """A record that points to it: its type's path, its id, the relation's name."""

    @property
    def path(self) -> str:
        """The record's address."""
        return f"/v1/{self.kind.path}/{self.record['id']}"

    async def share(self, **what: Any) -> httpx.Response:
        """Share the record as its owner."""
        return await self.place.call(self.boss, "POST", f"{self.path}/shares", what)

    async def unshare(self, grantee: UUID) -> httpx.Response:
        """Take a share back as its owner."""
        return await self.place.call(self.boss, "DELETE", f"{self.path}/shares/{grantee}")


async def case(place: World, kind: Definition, *, held: bool = False) -> Case:
    """A case of the type, `held` by another record if one may.

    Who reads nothing but their own has the role read-only and one more.
    """
    boss = await place.here.person("owner")
    holding = _holding(place, kind) if held else None
    grants = {kind.name: {"read": "own"}}
    if holding and holding[0].name != kind.name:
        grants[holding[0].name] = {"read": "all"}
    await place.fine(boss, "POST", "/v1/roles", {"name": "narrow", "grants": grants})
    await place.fine(boss, "POST", "/v1/roles", {"name": "owning", "grants": {kind.name: OWN}})
    marked = {kind.private: "private"} if kind.private else {}
    body = await place.body(boss, kind, full=True) | marked
    record = await place.fine(boss, "POST", f"/v1/{kind.path}", body)
    friend = await place.here.person("read-only", ["narrow"], name="friend")
    other = await place.here.person("read-only", ["narrow"], name="other")
    holder = None
    if holding and holding[0].name != kind.name:
        one, relation = holding
        pointing = await place.make(boss, one, **{f"{relation}_id": record["id"]})
        holder = (one.path, pointing["id"], relation)
    return Case(place, kind, boss, record, friend, other, holder)


def _holding(place: World, kind: Definition) -> tuple[Definition, str] | None:
    """A type that points to this one by a relation that it may have."""
    for back, relation in place.registry.backs.get(kind.name, {}).values():
        if isinstance(relation.type, Ref) and not back.private and not back.strict:
            return back, relation.name
    return None


async def check_seen(place: World, kind: Definition) -> None:
    """What is shared is seen wherever one's own is, by nobody else, and no longer than that."""
    made = await case(place, kind, held=True)
    assert await _places(made, made.friend) == set()
    answer = await made.share(user_id=str(made.friend.id))
    assert answer.status_code == 201, answer.text
    everywhere = await _places(made, made.boss) - {"narrowed"}
    assert {"list", "read", "export", "batch"} <= everywhere
    seen = await _places(made, made.friend)
    assert seen == everywhere | {"narrowed"}, f"only {sorted(seen)} of {sorted(everywhere)}"
    assert await _places(made, made.other) == set(), "somebody else sees it, too"
    assert (await made.unshare(made.friend.id)).status_code == 200
    assert await _places(made, made.friend) == set(), "it is seen after it was taken back"


async def _places(made: Case, who: Somebody) -> set[str]:
    """Where somebody comes upon the record."""
    place, kind, identity = made.place, made.kind, made.record["id"]
    path = f"/v1/{kind.path}"

    async def text(where: str, body: Any = None) -> str:
        answer = await place.call(who, "POST" if body else "GET", where, body)
        return answer.text if answer.is_success else ""

    found = {
        "list": await text(f"{path}?limit=100"),
        "falling": await text(f"{path}?limit=100&sort=-updated_at"),
        "paged": await text(f"{path}?limit=100&page=1"),
        "filter": await text(f"{path}?id={identity}"),
        "narrowed": await text(f"{path}?shared=me"),
        "read": await text(f"{path}/{identity}"),
        "batch": await text(f"{path}/batch-read", {"ids": [identity]}),
        "export": await text(f"{path}/export"),
        "timeline": await text(f"{path}/{identity}/timeline"),
        "shares": await text(f"{path}/{identity}/shares"),
        "groups": await text(f"{path}/aggregate?group=id"),
    }
    for name, word in _words(kind, made.record).items():
        found[f"search by {name}"] = await text(f"{path}/search?q={word}")
        if name != "private":  # which the search over all types leaves out
            found[f"found by {name}"] = await text(
                f"/v1/search?q={word}&limit=100&type={kind.name}"
            )
    if made.holder:
        holder, pointing, relation = made.holder
        embedded = await text(f"/v1/{holder}/{pointing}?embed={relation}")
        found["embed"] = embedded if f'"{relation}":{{' in embedded.replace(" ", "") else ""
    seen = {name for name, body in found.items() if _told(name, body, identity)}
    return seen | await _called(place.app.desk, who, kind, identity)


def _told(name: str, body: str, identity: str) -> bool:
    if name in ("timeline", "shares"):
        return '"success":true' in body
    return identity in body


async def _called(desk: Desk, who: Somebody, kind: Definition, identity: str) -> set[str]:
    """Whether boxes suggest it, and the home page shows it as new."""
    claims = desk.tokens.verify(who.token)
    if kind.tenant_made:
        return set()
    async with desk.enter(claims) as entered:
        what = (desk.query, entered.reader, entered.person)
        suggested = await suggest(*what, [kind.name], "", most=100)
        new = await newest(*what, [kind], 100)
    found = {"suggested": suggested, "new": new}
    return {name for name, some in found.items() if any(str(t.id) == identity for t in some)}


def _words(kind: Definition, record: dict[str, Any]) -> dict[str, str]:
    """Words of the record: a whole one, the beginning of one, and one of a private text."""
    words: dict[str, str] = {}
    for one in kind.fields.values():
        value = record.get(one.json_name)
        if one.search and isinstance(value, str) and value.split():
            words.setdefault("private" if one.private else "word", value.split()[0])
            if one.title and one.folded:
                words.setdefault("letters", value[:2])
    return words


async def check_elsewhere(place: World, kind: Definition, elsewhere: Running) -> None:
    """Another process knows at its next request what was shared, and what was taken back."""
    made = await case(place, kind)

    async def there() -> tuple[int, bool]:
        one = await elsewhere.client.get(made.path, headers=made.friend.headers)
        listed = await elsewhere.client.get(f"/v1/{kind.path}", headers=made.friend.headers)
        return one.status_code, made.record["id"] in listed.text

    assert await there() == (404, False)
    await made.share(user_id=str(made.friend.id))
    assert await there() == (200, True)
    await made.unshare(made.friend.id)
    assert await there() == (404, False)


async def check_changed(place: World, kind: Definition) -> None:
    """Who may change a shared record can't delete it, give it away or share it on."""
    made = await case(place, kind)
    base = kind.access.get("member")
    if base is not None and "all" in (base.update, base.delete):
        return
    friend = await place.here.person("member", ["owning"], name="changer")
    body = {"external_id": f"x {made.record['id']}"}
    await made.share(user_id=str(friend.id))
    assert (await place.call(friend, "PATCH", made.path, body)).status_code == 403
    again = await made.share(user_id=str(friend.id), may="update")
    assert again.status_code == 200, again.text
    assert (await place.call(friend, "PATCH", made.path, body)).status_code == 200
    rows = {"records": [{"id": made.record["id"], **body}]}
    assert (await place.call(friend, "PATCH", f"/v1/{kind.path}/bulk", rows)).status_code == 200
    other = {"user_id": str(made.other.id)}
    for method, path, given in (
        ("DELETE", made.path, None),
        ("PATCH", made.path, {"owner_id": str(friend.id)}),
        ("PATCH", made.path, {kind.private: _open(kind)} if kind.private else {"owner_id": None}),
        ("POST", f"{made.path}/shares", other),
        ("DELETE", f"{made.path}/shares/{made.other.id}", None),
    ):
        answer = await place.call(friend, method, path, given)
        assert answer.status_code == 403, f"{method} {path} {given}: {answer.text}"
    # To give it up is one's own affair.
    answer = await place.call(friend, "DELETE", f"{made.path}/shares/{friend.id}")
    assert answer.status_code == 200, answer.text
    assert (await place.call(friend, "PATCH", made.path, body)).status_code in (403, 404)


def _open(kind: Definition) -> str:
    """A value by which a record is not private."""
    options: tuple[str, ...] = getattr(kind.fields[kind.private].type, "options", ())
    return next(one for one in options if one != "private")


async def check_teams(place: World, kind: Definition) -> None:
    """What is shared with a team is seen by its people and by those above, not beside or below."""
    made = await case(place, kind)

    async def team(name: str, parent: str | None = None) -> UUID:
        body = {"name": f"{name} {uuid4()}", "parent_id": parent}
        return UUID((await place.fine(made.boss, "POST", "/v1/teams", body))["id"])

    above = await team("Above")
    here = await team("Here", str(above))
    below, beside = await team("Below", str(here)), await team("Beside", str(above))
    people = {
        name: await place.here.person("read-only", ["narrow"], team=one, name=name)
        for name, one in (("above", above), ("here", here), ("below", below), ("beside", beside))
    }

    async def seen() -> set[str]:
        asked = {n: await place.call(p, "GET", made.path) for n, p in people.items()}
        return {name for name, answer in asked.items() if answer.status_code == 200}

    assert await seen() == set()
    assert (await made.share(team_id=str(here))).status_code == 201
    assert await seen() == {"above", "here"}
    (shown,) = await place.fine(made.boss, "GET", f"{made.path}/shares")
    assert (shown["team_id"], shown["user_id"], shown["may"]) == (str(here), None, "read")
    assert (await made.unshare(here)).status_code == 200
    assert await seen() == set()


async def check_refused(place: World, kind: Definition) -> None:
    """Nothing is shared with strangers, with nobody, or by whom it does not belong to."""
    made = await case(place, kind)
    stranger = await place.there.person("owner")
    gone = await place.here.person("member", ["owning"], name="gone")
    await place.fine(made.boss, "PATCH", f"/v1/members/{gone.id}", {"active": False})
    for field, identity in (
        ("user_id", stranger.id),
        ("user_id", gone.id),
        ("user_id", uuid4()),
        ("user_id", made.boss.id),
        ("team_id", place.there.team),
        ("team_id", uuid4()),
    ):
        answer = await made.share(**{field: str(identity)})
        assert answer.status_code == 400, f"shared with {field} {identity}: {answer.text}"
        assert set(answer.json()["error"]["fields"]) == {field}
    answer = await made.share(user_id=str(made.friend.id), may="update")
    assert answer.status_code == 400, "a share gives more than a role"
    assert set(answer.json()["error"]["fields"]) == {"may"}
    answer = await place.call(made.other, "POST", f"{made.path}/shares", {"user_id": str(gone.id)})
    assert answer.status_code == 404, answer.text
    await made.share(user_id=str(made.friend.id))
    body = {"user_id": str(made.other.id)}
    answer = await place.call(made.friend, "POST", f"{made.path}/shares", body)
    assert answer.status_code == 403, answer.text
    nothing = await place.call(stranger, "GET", f"{made.path}/shares")
    assert nothing.status_code == 404
    assert await _rows(place, made) == 1


async def check_swept(place: World, kind: Definition) -> None:
    """Shares go with their record, with whom it was shared with, and with a team."""
    made = await case(place, kind)
    leaver = await place.here.person("read-only", ["narrow"], name="leaver")
    name = {"name": f"Short-lived {uuid4()}"}
    team = (await place.fine(made.boss, "POST", "/v1/teams", name))["id"]
    await made.share(user_id=str(leaver.id))
    await made.share(team_id=team)
    await made.share(user_id=str(made.friend.id))
    assert await _rows(place, made) == 3
    await place.fine(made.boss, "PATCH", f"/v1/members/{leaver.id}", {"active": False})
    await place.fine(made.boss, "DELETE", f"/v1/teams/{team}")
    assert await _rows(place, made) == 1
    await place.fine(made.boss, "DELETE", made.path)
    assert await _rows(place, made) == 0
    await place.fine(made.boss, "POST", f"{made.path}/restore")
    assert (await place.call(made.friend, "GET", made.path)).status_code == 404


async def _rows(place: World, made: Case) -> int:
    statement = "SELECT count(*) FROM tenfold.shares WHERE record_id = $1"
    return await place.owner.fetchval(statement, UUID(made.record["id"]))


__all__ = [
    "Case",
    "case",
    "check_changed",
    "check_elsewhere",
    "check_refused",
    "check_seen",
    "check_swept",
    "check_teams",
]
