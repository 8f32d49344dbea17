"""Checks that each role may do what its grant says, worked out here from the declaration alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.conformance.world import World
from tests.factories import Somebody

from tenfold.engine.definition import Definition, Field, Grant

EVERYTHING = Grant(read="all", create=True, update="all", delete="all")
NOTHING = Grant()
READING = Grant(read="all")


def grants(kind: Definition) -> dict[tuple[str, str], Grant]:
    """What each organisation role and each pack role may do, by the words of the declaration."""
    expected: dict[tuple[str, str], Grant] = {
        # Where privacy is strict, it binds administrators too.
        ("admin", ""): replace(EVERYTHING, read="open") if kind.strict else EVERYTHING,
        # Managers do everything, but what people marked private stays theirs.
        ("manager", ""): replace(EVERYTHING, read="open") if kind.private else EVERYTHING,
        ("member", ""): kind.access.get("member", NOTHING),
        ("read-only", ""): replace(READING, read="open") if kind.private else READING,
    }
    for role, grant in kind.access.items():
        if role not in ("owner", "admin", "manager", "member", "read-only"):
            base = kind.access.get("member")
            if base is None:
                expected["member", role] = grant
    return expected


@dataclass(slots=True)
class Rows:
    """Records by whose they are, as seen by one person of a team."""

    own: dict[str, Any]
    team: dict[str, Any]
    other: dict[str, Any]
    private: str
    """The field by which people mark a record as theirs alone, if the type has one."""

    def within(self, scope: str) -> dict[str, dict[str, Any]]:
        """The records that a scope reaches, by whose they are."""
        reached = {"none": (), "own": ("own",), "team": ("own", "team")}
        names = reached.get(scope, ("own", "team", "other"))
        found = {name: getattr(self, name) for name in names}
        if scope != "all" and self.private:
            found = {n: r for n, r in found.items() if n == "own" or r[self.private] != "private"}
        return found

    def all(self) -> dict[str, dict[str, Any]]:
        """All of them."""
        return self.within("all")


async def check_role(
    place: World, kind: Definition, role: str, pack_role: str, grant: Grant
) -> None:
    """One role's reach, verb by verb and record by record."""
    roles = [pack_role] if pack_role else []
    me = await place.here.person(role, roles, team=place.here.team)
    rows = await _rows(place, kind, me)
    await _reading(place, kind, me, grant, rows)
    await _creating(place, kind, me, grant)
    await _changing(place, kind, me, grant, rows)
    await _deleting(place, kind, me, grant, rows)
    await _fields(place, kind, me, grant, rows)


async def _rows(place: World, kind: Definition, me: Somebody) -> Rows:
    """My own record, one of somebody in my team, one of somebody else, made by the owner."""
    boss = await place.here.person("owner")
    mate = await place.here.person("member", team=place.here.team, name="mate")
    other = await place.here.person("member", team=place.here.other_team, name="other")
    full = [await place.make(boss, kind, full=True, owner_id=str(p.id)) for p in (me, mate, other)]
    return Rows(*full, private=kind.private)


async def _reading(place: World, kind: Definition, me: Somebody, grant: Grant, rows: Rows) -> None:
    path = f"/v1/{kind.path}"
    seen = rows.within(grant.read)
    if grant.read == "none":
        for where in (path, f"{path}/{rows.own['id']}"):
            answer = await place.call(me, "GET", where)
            assert answer.status_code in (403, 404), f"{where} is open to nobody: {answer.text}"
        return
    ids = {r["id"] for r in rows.all().values()}
    listed = {r["id"] for r in await place.listed(me, kind)} & ids
    assert listed == {r["id"] for r in seen.values()}, f"the list shows {grant.read} wrongly"
    for whose, record in rows.all().items():
        answer = await place.call(me, "GET", f"{path}/{record['id']}")
        expected = 200 if whose in seen else 404
        assert answer.status_code == expected, f"reading {whose}: {answer.text}"
    found = await place.fine(me, "POST", f"{path}/batch-read", {"ids": sorted(ids)})
    assert {r["id"] for r in found} == listed


async def _creating(place: World, kind: Definition, me: Somebody, grant: Grant) -> None:
    boss = await place.here.person("owner")
    body = await place.body(boss, kind)
    body = {k: v for k, v in body.items() if k not in _closed(kind, grant)}
    answer = await place.call(me, "POST", f"/v1/{kind.path}", body)
    if not grant.create:
        assert answer.status_code == 403, f"made a record without the right: {answer.text}"
    elif answer.status_code != 201:
        # Who may create must still be able to read what the record has to point to.
        refused = set(answer.json()["error"].get("fields", {}))
        needs = {f.json_name for f in kind.fields.values() if f.type.kind in ("ref", "any_ref")}
        assert answer.status_code == 400, answer.text
        assert refused <= needs, f"could not make a record: {answer.text}"


async def _changing(place: World, kind: Definition, me: Somebody, grant: Grant, rows: Rows) -> None:
    may = rows.within(grant.update)
    sees = rows.within(grant.read)
    for whose, record in rows.all().items():
        target = f"/v1/{kind.path}/{record['id']}"
        answer = await place.call(me, "PATCH", target, {"external_id": f"x {record['id']}"})
        expected = _status(whose, sees, may, grant.read)
        assert answer.status_code in expected, f"changing {whose}: {answer.text}"
        if answer.status_code == 200:
            continue
        answer = await place.call(
            me, "PATCH", f"/v1/{kind.path}/bulk", {"records": [{"id": record["id"]}]}
        )
        assert answer.status_code in expected, f"changing {whose} in bulk: {answer.text}"
        row = await place.stored(kind, record["id"])
        assert row["version"] == record["version"], f"{whose} changed all the same"


async def _deleting(place: World, kind: Definition, me: Somebody, grant: Grant, rows: Rows) -> None:
    may = rows.within(grant.delete)
    sees = rows.within(grant.read)
    for whose, record in rows.all().items():
        target = f"/v1/{kind.path}/{record['id']}"
        answer = await place.call(me, "DELETE", target)
        expected = _status(whose, sees, may, grant.read)
        assert answer.status_code in expected, f"deleting {whose}: {answer.text}"
        row = await place.stored(kind, record["id"])
        assert (row["deleted_at"] is not None) is (answer.status_code == 200)
        if answer.status_code == 200:
            await place.fine(me, "POST", f"{target}/restore")


def _status(whose: str, sees: dict[str, Any], may: dict[str, Any], read: str) -> tuple[int, ...]:
    """The answers that are right: what can't be read is 404, a verb that isn't granted 403."""
    if read == "none":
        return (403, 404)
    if whose not in sees:
        return (404,)
    return (200,) if whose in may else (403,)


def _closed(kind: Definition, grant: Grant) -> set[str]:
    """The JSON names of the fields that a grant hides or locks."""
    return {kind.fields[name].json_name for name in grant.hide | grant.read_only}


async def _fields(place: World, kind: Definition, me: Somebody, grant: Grant, rows: Rows) -> None:
    """A hidden field is unknown everywhere; a locked one can be read and not set."""
    if grant.read == "none":
        return
    path = f"/v1/{kind.path}"
    seen = next(iter(rows.within(grant.read).values()))
    shown = await place.fine(me, "GET", f"{path}/{seen['id']}")
    history = await place.call(me, "GET", f"{path}/{seen['id']}/timeline")
    for name in grant.hide:
        one = kind.fields[name]
        assert one.json_name not in shown, f"{name} is hidden and shown"
        assert f'"{one.json_name}"' not in history.text, f"{name} is hidden and in the history"
        await _not_found_by(place, me, kind, one)
        assert f"{name}_currency" not in shown
        for query in _questions(one):
            answer = await place.call(me, "GET", f"{path}?{query}")
            assert answer.status_code == 400, f"?{query} knows a hidden field: {answer.text}"
            assert answer.json()["error"]["code"] == "UNKNOWN_FIELD"
            assert answer.text.count(one.json_name) <= 2, "the answer hints at a hidden field"
        await _body_refused(place, me, kind, grant, seen, one, "UNKNOWN_FIELD")
    for name in grant.read_only - grant.hide:
        assert kind.fields[name].json_name in shown
        await _body_refused(place, me, kind, grant, seen, kind.fields[name], "INVALID_FIELDS")


def _questions(one: Field) -> list[str]:
    name = one.json_name
    return [f"{name}=1", f"{name}[null]=true", f"sort={name}", f"sort=-{name}", f"fields={name}"]


async def _not_found_by(place: World, me: Somebody, kind: Definition, one: Field) -> None:
    """Neither its words, nor a sum of it, nor a reveal tells of a hidden field."""
    path = f"/v1/{kind.path}"
    for question in (f"group={one.json_name}", f"sum={one.json_name}"):
        answer = await place.call(me, "GET", f"{path}/aggregate?{question}")
        assert answer.status_code in (400, 404), f"{question}: {answer.text}"
    if one.type.kind == "secret":
        record = await place.make(await place.here.person("owner"), kind, owner_id=str(me.id))
        told = [
            (await place.call(me, "POST", f"{path}/{record['id']}/reveals", {"field": name}))
            for name in (one.name, "no_such")
        ]
        assert told[0].status_code == told[1].status_code, "a reveal knows a hidden field"
        assert one.name not in told[1].text, "a refused reveal names a hidden field"
    if one.search:
        boss = await place.here.person("owner")
        value = {one.json_name: "Quetzalcoatl", "owner_id": str(me.id)}
        record = await place.make(boss, kind, **value)
        for where in (f"{path}/search", "/v1/search"):
            if where != "/v1/search":  # which leaves private words to the type's own search
                seen = await place.call(boss, "GET", where, params={"q": "quetzalcoatl"})
                assert record["id"] in seen.text, f"{one.name} is not searched at all"
            hits = await place.call(me, "GET", where, params={"q": "quetzalcoatl"})
            assert record["id"] not in hits.text, f"the words of {one.name} are found at {where}"


async def _body_refused(
    place: World,
    me: Somebody,
    kind: Definition,
    grant: Grant,
    seen: dict[str, Any],
    one: Field,
    code: str,
) -> None:
    value = {one.json_name: one.type.sample(3)}
    if grant.create:
        answer = await place.call(me, "POST", f"/v1/{kind.path}", value)
        assert answer.json()["error"]["code"] == code, f"{one.name}: {answer.text}"
    if grant.update != "none":
        answer = await place.call(me, "PATCH", f"/v1/{kind.path}/{seen['id']}", value)
        assert answer.json()["error"]["code"] == code, f"{one.name}: {answer.text}"


async def check_all(place: World, kind: Definition) -> None:
    """Every role of a type."""
    for (role, pack_role), grant in grants(kind).items():
        await check_role(place, kind, role, pack_role, grant)
