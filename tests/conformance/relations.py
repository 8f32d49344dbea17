"""Checks of what hangs together: embedding, lists that come back, rollups, and deletion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.conformance.world import World
from tests.factories import Somebody

from tenfold.engine.definition import Definition, Field

Record = dict[str, Any]


def to_one(place: World, kind: Definition) -> Iterator[tuple[Field, Definition]]:
    """The relations of a type to one record of another."""
    for one in kind.fields.values():
        if one.type.kind == "ref":
            yield one, place.registry.by_name[getattr(one.type, "to", "")]


async def check_embedding(place: World, kind: Definition) -> None:
    """An embedded record is the one that a read shows; a deleted one, and none, are null."""
    who = await place.here.person("owner")
    for one, other in to_one(place, kind):
        target = await place.make(who, other)
        record = await place.make(who, kind, **{one.json_name: target["id"]})
        path = f"/v1/{kind.path}/{record['id']}?embed={one.name}"
        target = await place.fine(who, "GET", f"/v1/{other.path}/{target['id']}")
        assert (await place.fine(who, "GET", path))[one.name] == target
        rows = await place.listed(who, kind, f"embed={one.name}&id={record['id']}")
        assert [r[one.name] for r in rows] == [target]
        await _coming_back(place, who, kind, one, other, target, record)
        if one.nullable:
            empty = await place.make(who, kind)
            if empty[one.json_name] is None:
                path = f"/v1/{kind.path}/{empty['id']}?embed={one.name}"
                assert (await place.fine(who, "GET", path))[one.name] is None


async def _coming_back(
    place: World,
    who: Somebody,
    kind: Definition,
    one: Field,
    other: Definition,
    target: Record,
    record: Record,
) -> None:
    """The other side lists the record under the relation's `back`."""
    back = getattr(one.type, "back", "")
    if back:
        path = f"/v1/{other.path}/{target['id']}?embed={back}"
        found = (await place.fine(who, "GET", path))[back]
        assert [r["id"] for r in found["data"]] == [record["id"]]
        assert found["more"] is False


async def check_unreadable(place: World, kind: Definition) -> None:
    """Who may not read the other type sees null where it would be embedded."""
    chief = await place.here.person("owner")
    for one, other in to_one(place, kind):
        if other.name == kind.name:
            continue
        person = await _reader_of(place, kind, but=other)
        if person is None:
            continue
        target = await place.make(chief, other)
        values = {one.json_name: target["id"], "owner_id": str(person.id)}
        record = await place.make(chief, kind, **values)
        path = f"/v1/{kind.path}/{record['id']}?embed={one.name}"
        answer = await place.call(person, "GET", path)
        if answer.status_code == 200:
            assert answer.json()["data"][one.name] is None, f"{one.name} is shown to {person.roles}"


async def _reader_of(place: World, kind: Definition, *, but: Definition) -> Somebody | None:
    """Somebody whose role reads one type and not the other, if there is such a role."""
    if "member" in but.access:
        return None
    for role, grant in kind.access.items():
        if grant.read != "none" and role not in but.access and role != "member":
            return await place.here.person("member", [role], team=place.here.team)
    return None


async def check_deletion(place: World, kind: Definition) -> None:
    """What is pointed to can't be deleted, or empties the pointer, as its relation says."""
    who = await place.here.person("owner")
    for one, other in to_one(place, kind):
        target = await place.make(who, other)
        record = await place.make(who, kind, **{one.json_name: target["id"]})
        where = f"/v1/{other.path}/{target['id']}"
        answer = await place.call(who, "DELETE", where)
        after = await place.fine(who, "GET", f"/v1/{kind.path}/{record['id']}")
        if getattr(one.type, "on_delete", "") == "clear":
            assert answer.status_code == 200, answer.text
            assert after[one.json_name] is None, "it points to a deleted record"
            assert after["version"] == record["version"] + 1
            continue
        assert answer.status_code == 409, f"{one.name} lost its target: {answer.text}"
        assert after == record
        await place.fine(who, "DELETE", f"/v1/{kind.path}/{record['id']}")
        assert (await place.call(who, "DELETE", where)).status_code == 200


async def check_rollups(place: World, kind: Definition) -> None:
    """A figure over the records that point here is that of those that are not deleted."""
    who = await place.here.person("owner")
    for one in kind.fields.values():
        if one.type.kind != "rollup":
            continue
        rollup: Any = one.type
        other, pointer = place.registry.backs[kind.name][rollup.relation]
        if pointer.type.kind != "ref":
            continue
        target = await place.make(who, kind)
        made = [
            await place.make(who, other, full=True, **{pointer.json_name: target["id"]})
            for _ in range(3)
        ]
        await place.fine(who, "DELETE", f"/v1/{other.path}/{made[0]['id']}")
        shown = await place.fine(who, "GET", f"/v1/{kind.path}/{target['id']}")
        values = [r[other.fields[rollup.over].json_name] for r in made[1:]] if rollup.over else []
        expected = _figure(rollup.function, values, len(made) - 1)
        found = shown[one.json_name]
        assert found == expected or abs(float(found) - float(expected)) < 1e-6, (
            f"{one.name} is {found}, not {expected}"
        )


def _figure(function: str, values: list[Any], number: int) -> Any:
    if function == "count":
        return number
    if function == "avg":
        return sum(values) / len(values)
    return {"sum": sum, "min": min, "max": max}[function](values)


async def check_embeds_are_bounded(place: World, kind: Definition) -> None:
    """A list that comes back shows 20 of its records at most, and says that there are more."""
    who = await place.here.person("owner")
    for back, (other, pointer) in place.registry.backs.get(kind.name, {}).items():
        if pointer.type.kind != "ref" or any(f.unique and f.required for f in other.own_fields()):
            continue
        target = await place.make(who, kind)
        body = await place.body(who, other) | {pointer.json_name: target["id"]}
        await place.fine(who, "POST", f"/v1/{other.path}/bulk", {"records": [body] * 21})
        found = (await place.fine(who, "GET", f"/v1/{kind.path}/{target['id']}?embed={back}"))[back]
        assert (len(found["data"]), found["more"]) == (20, True)
