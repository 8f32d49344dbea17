"""Checks that a secret's plain text is nowhere, and that its stored form opens in one place."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from tests.conformance.world import World
from tests.factories import Somebody

from tenfold.engine.definition import Definition, Field
from tenfold.kernel.text import essence

CANARY = "canary-4711-Xq"


def secrets(kind: Definition) -> list[Field]:
    """The secret fields of a type."""
    return [f for f in kind.fields.values() if f.type.kind == "secret"]


async def check_leaks(place: World, kind: Definition, said: Any) -> None:
    """No answer, row, log line or error holds the plain text; `said` gives what was logged."""
    boss = await place.here.person("owner")
    path = f"/v1/{kind.path}"
    for one in secrets(kind):
        record = await place.make(boss, kind, **{one.json_name: CANARY})
        assert record[one.json_name] == "••••"
        target = f"{path}/{record['id']}"
        texts = [
            await _text(place, boss, "PATCH", target, {one.json_name: CANARY + "2"}),
            await _text(place, boss, "GET", target),
            await _text(place, boss, "GET", path),
            await _text(place, boss, "GET", f"{target}/timeline"),
            await _text(place, boss, "GET", f"{path}?{one.json_name}={CANARY}"),
            await _text(place, boss, "GET", f"{path}?sort={one.json_name}"),
            await _text(place, boss, "GET", f"/v1/search?q={CANARY}"),
            await _text(place, boss, "PATCH", target, {one.json_name: CANARY * 1_000}),
            await _text(place, boss, "PATCH", target, {one.json_name: [CANARY]}),
            await _text(
                place, boss, "POST", f"{path}/bulk", {"records": [{one.json_name: CANARY}]}
            ),
            await _text(place, boss, "DELETE", target),
            await _log(place, record["id"]),
            repr(dict(await place.stored(kind, record["id"]))),
            await _slots(place, record["id"]),
            said(),
        ]
        for number, text in enumerate(texts):
            # A filter's own words may come back to who sent them.
            assert CANARY not in text.replace(f"?{one.json_name}={CANARY}", ""), f"leak {number}"


async def check_binding(place: World, kind: Definition) -> None:
    """A secret opens for who may; moved to another place, or damaged, it doesn't."""
    boss = await place.here.person("owner")
    theirs = await place.there.person("owner")
    for one in secrets(kind):
        first = await place.make(boss, kind, **{one.json_name: CANARY})
        second = await place.make(boss, kind, **{one.json_name: "another"})
        third = await place.make(theirs, kind, **{one.json_name: CANARY})
        rows = [await place.stored(kind, r["id"]) for r in (first, second, third)]
        mine, other, foreign = (row[one.name] for row in rows)
        assert mine[:1] == b"\x01", "the stored form begins with its version"
        assert await _opened(place, boss, kind, first["id"], one) == CANARY
        assert await _opened(place, boss, kind, second["id"], one) == "another"
        again = await place.make(boss, kind, **{one.json_name: CANARY})
        assert (await place.stored(kind, again["id"]))[one.name] != mine, "no nonce"
        await _refused(place, boss, kind, second["id"], one, mine, "row than its own")
        await _refused(place, boss, kind, first["id"], one, foreign, "tenant than its own")
        for another in (f for f in secrets(kind) if f.name != one.name):
            await _refused(place, boss, kind, first["id"], another, mine, "column than its own")
        for region, at in _REGIONS.items():
            damaged = bytearray(other)
            damaged[at] ^= 1
            what = f"place with its {region} changed"
            await _refused(place, boss, kind, second["id"], one, bytes(damaged), what)
        for short in (b"", other[:4], other[:20], other[:-1]):
            await _refused(place, boss, kind, second["id"], one, short, "shorter form")
        await place.fine(boss, "PATCH", f"/v1/{kind.path}/{second['id']}", {one.json_name: "new"})
        assert await _opened(place, boss, kind, second["id"], one) == "new"


_REGIONS = {"version": 0, "key number": 4, "nonce": 10, "text": 18, "tag": -1}


async def _refused(
    place: World,
    who: Somebody,
    kind: Definition,
    identity: str,
    one: Field,
    stored: bytes,
    where: str,
) -> None:
    """What was put into the database does not open; that is told, and noted for administrators."""
    sql = f"UPDATE tenfold.{kind.table} SET {one.name} = $1 WHERE id = $2"
    await place.owner.execute(sql, stored, UUID(identity))
    target = f"/v1/{kind.path}/{identity}/reveals"
    answer = await place.call(who, "POST", target, {"field": one.name})
    assert answer.status_code == 409, f"a secret opens in another {where}: {answer.text}"
    assert answer.json()["error"]["code"] == "SECRET_UNREADABLE"
    noted = await place.owner.fetchval(
        "SELECT event_type FROM tenfold.security_events WHERE tenant_id = $1 "
        "ORDER BY created_at DESC LIMIT 1",
        who.tenant,
    )
    assert noted == "secret_unreadable", "nobody hears of it"


async def check_reveal(place: World, kind: Definition) -> None:
    """Only roles with the right to reveal open a secret."""
    boss = await place.here.person("owner")
    for one in secrets(kind):
        for role, grant in kind.access.items():
            if grant.read == "none":
                continue
            person = await place.here.person("member", [role], team=place.here.team)
            record = await place.make(
                boss, kind, owner_id=str(person.id), **{one.json_name: CANARY}
            )
            target = f"/v1/{kind.path}/{record['id']}/reveals"
            answer = await place.call(person, "POST", target, {"field": one.name})
            may = one.name in grant.reveal and one.name not in grant.hide
            assert (CANARY in answer.text) is may, f"{role}: {answer.status_code} {answer.text}"


async def check_finding(place: World, kind: Definition) -> None:
    """A secret with an index is found by who may reveal it, and is no filter to anybody else."""
    for one in (f for f in secrets(kind) if f.filter):
        await _found(place, kind, one)
        await _unlinked(place, kind, one)
        for role, grant in kind.access.items():
            if grant.read != "none":
                person = await place.here.person("member", [role], team=place.here.team)
                may = one.name in grant.reveal and one.name not in grant.hide
                await _asked(place, kind, one, person, may=may)
        for role in ("manager", "read-only"):
            person = await place.here.person(role)
            await _asked(place, kind, one, person, may=False)


async def _found(place: World, kind: Definition, one: Field) -> None:
    """Each operator finds what it should, however the value is written."""
    boss, name = await place.here.person("owner"), one.json_name
    ids = {}
    for value in ("AB 12-34", "AB 12-35", "Zürich/7", None):
        ids[value] = (await place.make(boss, kind, **{name: value}))["id"]
    first, second, third, none = ids.values()
    for query, expected in (
        (f"{name}=AB 12-34", {first}),
        (f"{name}=ab1234", {first}),
        (f"{name}=ZU\u0308RICH 7", {third}),
        (f"{name}=AB 12-3", set()),
        (f"{name}[in]=ab1234,AB-12-35,nothing", {first, second}),
        (f"{name}[ne]=AB1234", {second, third, none}),
        (f"{name}[null]=true", {none}),
        (f"{name}[null]=false", {first, second, third}),
    ):
        listed = {row["id"] for row in await place.listed(boss, kind, query)}
        assert listed & set(ids.values()) == expected, f"?{query} finds {len(listed)}"
    await place.fine(boss, "PATCH", f"/v1/{kind.path}/{first}", {name: "other"})
    assert await place.listed(boss, kind, f"{name}=AB 12-34") == [], "found by what it was"
    await place.fine(boss, "PATCH", f"/v1/{kind.path}/{second}", {name: None})
    assert await place.listed(boss, kind, f"{name}=AB 12-35") == [], "found by what it was"


async def _unlinked(place: World, kind: Definition, one: Field) -> None:
    """What a secret is found by is the same nowhere else, though the value be the same."""
    seen: set[bytes] = set()
    others = [f.json_name for f in secrets(kind) if f.filter]
    for somebody in (await place.here.person("owner"), await place.there.person("owner")):
        record = await place.make(somebody, kind, **dict.fromkeys(others, CANARY))
        row = await place.stored(kind, record["id"])
        found = [row[f.column_names[1]] for f in secrets(kind) if f.filter]
        assert seen.isdisjoint(found), "equal secrets can be told from what they are found by"
        seen.update(found)
        text = repr(dict(row)) + await _log(place, record["id"])
        assert (await _log(place, record["id"])).count(one.column_names[1]) == 0, "logged"
        digest = hashlib.sha256(essence(CANARY).encode()).hexdigest()[:32]
        assert digest not in text, "it is found by a hash that anybody can make"


async def _asked(
    place: World, kind: Definition, one: Field, person: Somebody, *, may: bool
) -> None:
    """Everywhere that takes filters, the secret is one for who may reveal it and nobody else."""
    path, name = f"/v1/{kind.path}", one.json_name
    for query in (f"{name}={CANARY}", f"{name}[in]={CANARY}", f"{name}[ne]={CANARY}"):
        for where in (path, f"{path}/export", f"{path}/aggregate"):
            boss = await place.here.person("owner")
            await place.fine(boss, "GET", f"{path}?{query}")  # perhaps a page of it is kept
            answer = await place.call(person, "GET", f"{where}?{query}")
            expected = (200,) if may else (400, 403)
            assert answer.status_code in expected, f"{where}?{query}: {answer.text[:300]}"
            if not may:
                assert '"success":false' in answer.text
    answer = await place.call(person, "GET", f"{path}?sort={name}")
    assert answer.status_code == 400, "a list is sorted by a secret"


async def _opened(
    place: World, who: Somebody, kind: Definition, identity: str, one: Field
) -> str | None:
    target = f"/v1/{kind.path}/{identity}/reveals"
    answer = await place.call(who, "POST", target, {"field": one.name})
    return answer.json()["data"]["value"] if answer.is_success else None


async def _text(place: World, who: Somebody, method: str, path: str, json: Any = None) -> str:
    return (await place.call(who, method, path, json)).text


async def _log(place: World, identity: str) -> str:
    rows = await place.owner.fetch(
        "SELECT * FROM tenfold.change_log WHERE record_id = $1", UUID(identity)
    )
    assert rows, "nothing was logged"
    return repr([dict(row) for row in rows])


async def _slots(place: World, identity: str) -> str:
    rows = await place.owner.fetch(
        "SELECT * FROM tenfold.slots WHERE record_id = $1", UUID(identity)
    )
    return repr([dict(row) for row in rows])
