"""Checks that a secret's plain text is nowhere, and that its stored form opens in one place."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.conformance.world import World
from tests.factories import Somebody

from tenfold.db.keys import Unsealable
from tenfold.engine.definition import Definition, Field

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
    """A secret opens for who may; moved to another row, column or tenant it doesn't."""
    boss = await place.here.person("owner")
    for one in secrets(kind):
        first = await place.make(boss, kind, **{one.json_name: CANARY})
        second = await place.make(boss, kind, **{one.json_name: "another"})
        stored = [(await place.stored(kind, r["id"]))[one.name] for r in (first, second)]
        assert stored[0][:1] == b"\x01", "the stored form begins with its version"
        assert await _opened(place, boss, kind, first["id"], one) == CANARY
        assert await _opened(place, boss, kind, second["id"], one) == "another"
        again = await place.make(boss, kind, **{one.json_name: CANARY})
        assert (await place.stored(kind, again["id"]))[one.name] != stored[0], "no nonce"
        await place.owner.execute(
            f"UPDATE tenfold.{kind.table} SET {one.name} = $1 WHERE id = $2",
            stored[0],
            UUID(second["id"]),
        )
        try:
            opened = await _opened(place, boss, kind, second["id"], one)
        except Unsealable:
            continue
        assert opened != CANARY, "a secret opens in another row than its own"


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
