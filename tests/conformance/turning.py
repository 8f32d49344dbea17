"""Checks that secrets are found while they go over to a new key, after it, and not once erased."""

from __future__ import annotations

from uuid import UUID

from tests.conformance.secrecy import CANARY, secrets
from tests.conformance.world import World
from tests.engine.sealed_listings import KEYS, over, working
from tests.exchange.imports import Person
from tests.factories import Somebody

from tenfold.accounts.organisation import data_keys
from tenfold.db.keys import number_in
from tenfold.engine.definition import Definition, Field
from tenfold.kernel.context import Context


async def check_turning(place: World, kind: Definition) -> None:
    """Records of before and after are found before, while and after they go over."""
    boss = await place.here.person("owner")
    me = Person(place.app.client, boss)
    for one in (f for f in secrets(kind) if f.filter):
        ids = [await _make(place, boss, kind, one) for _ in range(3)]
        await place.fine(boss, "DELETE", f"/v1/{kind.path}/{ids[0]}")
        index = one.column_names[1]
        # As if the field had got its index only now.
        sql = f"UPDATE tenfold.{kind.table} SET {index} = NULL WHERE id = $1"
        await place.owner.execute(sql, UUID(ids[2]))
        old = (await place.stored(kind, ids[1]))[index]
        assert await _found(place, boss, kind, one) == {ids[1]}
        await me.post(KEYS)
        ids.append(await _make(place, boss, kind, one))
        assert await _found(place, boss, kind, one) == {ids[1], ids[3]}, "lost while going over"
        others = {r["id"] for r in await place.listed(boss, kind, f"{one.json_name}[ne]={CANARY}")}
        assert others.isdisjoint({ids[1], ids[3]}), "what has the value is said not to have it"
        async with working(place.app.desk):
            told = await over(me)
        assert told["rotation"]["state"] == "completed"
        newest = told["keys"][0]["number"]
        await place.fine(boss, "POST", f"/v1/{kind.path}/{ids[0]}/restore")
        for identity in ids:
            row = await place.stored(kind, identity)
            assert number_in(row[one.name]) == newest, "not sealed anew"
            assert row[index] != old, "what it is found by is as before"
        assert await _found(place, boss, kind, one) == {*ids}, "lost after going over"


async def check_erased(place: World, kind: Definition) -> None:
    """What was sealed with an erased key is found by nobody, also where a page of it is kept."""
    boss = await place.here.person("owner")
    for one in (f for f in secrets(kind) if f.filter):
        first = await _make(place, boss, kind, one)
        for _ in range(3):
            assert await _found(place, boss, kind, one) == {first}
        types = place.registry.stored.values()
        async with place.app.desk.database.transaction(Context(place.here.id, None)) as tx:
            assert await data_keys.erase(tx, place.app.desk.keyring, types) == 1
        assert await _found(place, boss, kind, one) == set(), "found by a key that was erased"
        second = await _make(place, boss, kind, one)
        assert await _found(place, boss, kind, one) == {second}


async def _make(place: World, who: Somebody, kind: Definition, one: Field) -> str:
    return (await place.make(who, kind, **{one.json_name: CANARY}))["id"]


async def _found(place: World, who: Somebody, kind: Definition, one: Field) -> set[str]:
    return {row["id"] for row in await place.listed(who, kind, f"{one.json_name}={CANARY}")}
