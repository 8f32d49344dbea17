"""Checks that a type works over the API from its making to its restoring."""

from __future__ import annotations

from typing import Any

from tests.conformance import samples
from tests.conformance.world import World
from tests.factories import Somebody

from tenfold.engine.definition import PRIVATE, Definition, Field


async def check_create(place: World, kind: Definition) -> None:
    """The fewest fields and all fields make a record that reads as it was given."""
    who = await place.here.person("owner")
    path = f"/v1/{kind.path}"
    for full in (False, True):
        body = await place.body(who, kind, full=full)
        answer = await place.call(who, "POST", path, body)
        assert answer.status_code == 201, answer.text
        made = answer.json()["data"]
        assert answer.headers["location"] == f"{path}/{made['id']}"
        assert (made["version"], made["created_by"]) == (1, str(who.id))
        assert made["owner_id"] == str(who.id)
        assert made["created_at"] == made["updated_at"]
        assert made["deleted_at"] is None
        assert set(made) == shown_names(kind)
        for one in samples.writable(kind):
            if one.custom:
                given = body.get("custom", {}).get(one.name)
            elif one.json_name in body:
                given = body[one.json_name]
            elif one.name == "owner":
                given = str(who.id)
            else:
                given = one.default
            shown = samples.shown(one, made)
            assert samples.same(one, shown, given), f"{one.name}: {given!r} became {shown!r}"
        read = await place.call(who, "GET", f"{path}/{made['id']}")
        assert read.json()["data"] == made, "a read shows something else than the write"
        assert made in await place.listed(who, kind), "a list shows something else than the write"


def shown_names(kind: Definition) -> set[str]:
    """The names in a record's JSON."""
    names = {"custom"}
    for one in kind.fields.values():
        if one.type.kind == "many":
            continue
        names.add(one.json_name)
        if "money" in (one.type.kind, _inner(one)):
            names.add(f"{one.name}_currency")
    return names


def _inner(one: Field) -> str:
    """The kind of what a computed field computes."""
    inner = getattr(one.type, "of", None)
    return inner.kind if inner is not None else ""


async def check_refusals(place: World, kind: Definition) -> None:
    """Missing, unknown and computed fields are refused by name, and nothing is written."""
    who = await place.here.person("owner")
    path = f"/v1/{kind.path}"
    before = await place.listed(who, kind)
    required = {samples.name_of(f) for f in samples.writable(kind) if f.required}
    if required:
        error = await _refused(place, who, "POST", path, {}, "MISSING_FIELDS")
        assert set(error["fields"]) == required
    body = await place.body(who, kind)
    error = await _refused(place, who, "POST", path, body | {"no_such": 1}, "UNKNOWN_FIELD")
    assert set(error["fields"]) == {"no_such"}
    for one in kind.fields.values():
        if not one.writable and one.type.kind != "many":
            wrong = body | {one.json_name: "x"}
            error = await _refused(place, who, "POST", path, wrong, "INVALID_FIELDS")
            assert set(error["fields"]) == {one.json_name}
    for one in samples.writable(kind):
        wrong = samples.put({**body}, one, {"wrong": "object"})
        if one.type.kind != "json":
            error = await _refused(place, who, "POST", path, wrong, "INVALID_FIELDS")
            assert set(error["fields"]) == {samples.name_of(one)}
    assert await place.listed(who, kind) == before


async def check_patch(place: World, kind: Definition) -> None:
    """Each field changes alone, by PATCH; null empties it, by PUT, unless it is required."""
    who = await place.here.person("owner")
    record = await place.make(who, kind, full=True)
    path = f"/v1/{kind.path}/{record['id']}"
    for n, one in enumerate(samples.writable(kind), 1_000_000):
        if one.name == "status":
            continue  # moves have a check of their own
        if one.type.kind in samples.PEOPLE_AND_RECORDS:
            value = await place.value(who, one, n, fresh=True)
        else:
            value = samples.another(one, samples.shown(one, record), n)
        changed = await place.fine(who, "PATCH", path, samples.put({}, one, value))
        assert samples.same(one, samples.shown(one, changed), value)
        _only_changed(kind, record, changed, samples.name_of(one))
        record = changed
    await _emptied(place, who, kind, record)


async def _emptied(place: World, who: Somebody, kind: Definition, record: dict[str, Any]) -> None:
    """Null empties what may be empty, all of it at once, and is refused by what is required."""
    path = f"/v1/{kind.path}/{record['id']}"
    if kind.strict:
        record = await _made_common(place, who, kind, path)
    nothing: dict[str, Any] = {}
    for one in samples.writable(kind):
        if one.nullable:
            samples.put(nothing, one, None)
            continue
        for empty in (None, ""):
            emptied = samples.put({}, one, empty)
            error = await _refused(place, who, "PUT", path, emptied, "INVALID_FIELDS")
            assert set(error["fields"]) == {samples.name_of(one)}
    changed = await place.fine(who, "PUT", path, nothing)
    for one in samples.writable(kind):
        if one.nullable:
            assert samples.shown(one, changed) is None, f"{one.name} was not emptied"
        else:
            assert samples.shown(one, changed) == samples.shown(one, record)
    assert (await place.fine(who, "GET", path)) == changed


async def _made_common(place: World, who: Somebody, kind: Definition, path: str) -> dict[str, Any]:
    """What only its owner sees keeps an owner; once all see it, it needs none."""
    marked = kind.fields[kind.private]
    await place.fine(who, "PATCH", path, {marked.json_name: PRIVATE})
    error = await _refused(place, who, "PATCH", path, {"owner_id": None}, "INVALID_FIELDS")
    assert set(error["fields"]) == {"owner_id"}
    options: tuple[str, ...] = getattr(marked.type, "options", ())
    common = next(one for one in options if one != PRIVATE)
    return await place.fine(who, "PATCH", path, {marked.json_name: common})


def _only_changed(
    kind: Definition, before: dict[str, Any], after: dict[str, Any], name: str
) -> None:
    """Nothing else changed but what follows from a change."""
    assert after["version"] == before["version"] + 1
    follow = {name, f"{name}_currency", "version", "updated_at"}
    for one in kind.fields.values():
        if not one.type.writable:
            follow |= {one.json_name, f"{one.name}_currency"}
    if name == "owner_id":
        follow.add("team_id")
    left, right = samples.flat(before), samples.flat(after)
    moved = {k for k in {*left, *right} if left.get(k) != right.get(k)} - follow
    assert not moved, f"changing {name} also changed {moved}"


async def check_delete(place: World, kind: Definition) -> None:
    """A deleted record is gone everywhere, and comes back as it was."""
    who = await place.here.person("owner")
    record = await place.make(who, kind, full=True)
    path = f"/v1/{kind.path}/{record['id']}"
    gone = await place.fine(who, "DELETE", path)
    assert gone["deleted_at"] is not None
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        answer = await place.call(who, method, path, body)
        assert answer.status_code == 404, f"{method} of a deleted record: {answer.text}"
    assert record["id"] not in [r["id"] for r in await place.listed(who, kind)]
    bin_ = await place.listed(who, kind, "deleted=true")
    assert [r["id"] for r in bin_] == [record["id"]]
    back = await place.fine(who, "POST", f"{path}/restore")
    assert _without(back) == _without(record)
    assert await place.fine(who, "GET", path) == back
    answer = await place.call(who, "POST", f"{path}/restore")
    assert answer.status_code == 404, "what is not deleted can't be restored"


def _without(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if k not in ("version", "updated_at")}


async def check_bulk(place: World, kind: Definition) -> None:
    """Many at once: all or nothing, or row by row; read, changed and deleted together."""
    who = await place.here.person("owner")
    path = f"/v1/{kind.path}"
    bodies = [await place.body(who, kind, full=True) for _ in range(3)]
    made = await place.fine(who, "POST", f"{path}/bulk", {"records": bodies})
    ids = [r["id"] for r in made]
    for one in samples.writable(kind):
        for row, body in zip(made, bodies, strict=True):
            given = body["custom"].get(one.name) if one.custom else body[one.json_name]
            assert samples.same(one, samples.shown(one, row), given)
    read = await place.fine(who, "POST", f"{path}/batch-read", {"ids": ids[::-1]})
    assert read == made[::-1], "batch-read keeps the order of the ids"
    bad = {**await place.body(who, kind), "no_such": 1}
    good = await place.body(who, kind)
    before = await place.listed(who, kind)
    answer = await place.call(who, "POST", f"{path}/bulk", {"records": [good, bad]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UNKNOWN_FIELD")
    assert await place.listed(who, kind) == before, "one bad row, and others were written"
    answer = await place.call(
        who, "POST", f"{path}/bulk", {"records": [bad, good], "atomic": False}
    )
    assert answer.status_code == 207, answer.text
    rows, meta = answer.json()["data"], answer.json()["meta"]
    assert rows[0] is None
    assert (meta["written"], meta["refused"], meta["errors"][0]["index"]) == (1, 1, 0)
    ids.append(rows[1]["id"])
    changes = [{"id": i, "external_id": f"bulk {i}"} for i in ids]
    changed = await place.fine(who, "PATCH", f"{path}/bulk", {"records": changes})
    assert [(r["id"], r["external_id"]) for r in changed] == [(i, f"bulk {i}") for i in ids]
    gone = await place.fine(who, "DELETE", f"{path}/bulk", {"records": [{"id": i} for i in ids]})
    assert [r["id"] for r in gone] == ids
    assert await place.fine(who, "POST", f"{path}/batch-read", {"ids": ids}) == []


async def check_upsert(place: World, kind: Definition) -> None:
    """Each unique field is a key: what it finds is changed, what it doesn't is made."""
    who = await place.here.person("owner")
    path = f"/v1/{kind.path}"
    for one in (f for f in kind.fields.values() if f.unique):
        first, second = [
            {**await place.body(who, kind), one.json_name: f"{one.type.sample(9_000_000 + i)}"}
            for i in range(2)
        ]
        answer = await place.call(
            who, "POST", f"{path}/upsert", {"key": one.json_name, "records": [first]}
        )
        assert answer.is_success, answer.text
        (made,) = answer.json()["data"]
        assert answer.json()["meta"]["created"] == 1
        answer = await place.call(
            who, "POST", f"{path}/upsert", {"key": one.json_name, "records": [second, first]}
        )
        assert answer.is_success, answer.text
        meta, (other, again) = answer.json()["meta"], answer.json()["data"]
        assert (meta["created"], meta["updated"]) == (1, 1)
        assert (again["id"], again["version"]) == (made["id"], 2)
        assert other["id"] != made["id"]
        taken = await place.body(who, kind) | {one.json_name: first[one.json_name]}
        answer = await place.call(who, "POST", path, taken)
        assert answer.status_code == 409, "a unique key was taken twice"
        assert set(answer.json()["error"]["fields"]) == {one.json_name}


async def check_moves(place: World, kind: Definition) -> None:
    """Every move that is declared works by both ways, and no other does."""
    stage = kind.status
    if stage is None:
        return
    who = await place.here.person("owner")
    path = f"/v1/{kind.path}"
    refused = 0
    for old in stage.options:
        for new in stage.options:
            if old == new:
                continue
            allowed = old not in stage.moves or new in stage.moves[old]
            if not allowed and refused > 2 * len(stage.options):
                continue
            record = await place.make(who, kind, status=old)
            target = f"{path}/{record['id']}"
            answer = await place.call(
                who, "POST", f"{target}/moves", {"to": new, "reason": "because"}
            )
            if allowed:
                assert answer.status_code == 201, f"{old} to {new}: {answer.text}"
                assert answer.json()["data"]["status"] == new
            else:
                refused += 1
                await _not_moved(place, who, target, answer, {"status": new}, old)


async def _not_moved(
    place: World, who: Somebody, target: str, answer: Any, body: dict[str, str], old: str
) -> None:
    assert answer.status_code == 409, answer.text
    assert answer.json()["error"]["code"] == "MOVE_NOT_ALLOWED"
    answer = await place.call(who, "PATCH", target, body)
    assert answer.status_code == 409, "a plain change went around the moves"
    assert (await place.fine(who, "GET", target))["status"] == old


async def _refused(
    place: World, who: Somebody, method: str, path: str, body: Any, code: str
) -> dict[str, Any]:
    answer = await place.call(who, method, path, body)
    assert answer.status_code == 400, f"{body} was accepted: {answer.status_code} {answer.text}"
    document = answer.json()
    assert document["success"] is False
    assert document["error"]["code"] == code, document
    return document["error"]
