"""Checks that each write leaves exactly one true row in the change log, and that versions rise."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from tests.conformance import samples
from tests.conformance.world import World
from tests.factories import Somebody

from tenfold.engine.definition import Definition

# What a row has that no log entry repeats: its key, what every change moves, what search reads.
_OUTSIDE = {"tenant_id", "id", "version", "updated_at", "search", "search_private"}


async def check_log(place: World, kind: Definition) -> None:
    """Create, change, delete and restore: one row each, with what was and what is."""
    who = await place.here.person("owner")
    path = f"/v1/{kind.path}"
    body = await place.body(who, kind, full=True)
    answer = await place.call(who, "POST", path, body)
    identity = answer.json()["data"]["id"]
    await _logged(place, who, kind, identity, answer, "insert", None)
    target = f"{path}/{identity}"
    change = await _change(place, who, kind)
    for method, where, sent in (
        ("PATCH", target, change),
        ("DELETE", target, None),
        ("POST", f"{target}/restore", None),
        ("PATCH", f"{path}/bulk", {"records": [{"id": identity, "external_id": "again"}]}),
        ("DELETE", f"{path}/bulk", {"records": [{"id": identity}]}),
    ):
        before = await place.stored(kind, identity)
        versions = await place.versions([kind.name])
        answer = await place.call(who, method, where, sent)
        assert answer.status_code == 200, answer.text
        await _logged(place, who, kind, identity, answer, "update", before)
        assert (await place.versions([kind.name]))[0] > versions[0], "the version did not rise"


async def _change(place: World, who: Somebody, kind: Definition) -> dict[str, Any]:
    """Other values for every field, some emptied."""
    change: dict[str, Any] = {}
    for number, one in enumerate(samples.writable(kind)):
        if one.name == "status":
            continue
        empty = one.nullable and number % 3 == 0
        value = None if empty else await place.value(who, one, 77, fresh=True)
        samples.put(change, one, value)
    return change


async def _logged(
    place: World,
    who: Somebody,
    kind: Definition,
    identity: str,
    answer: httpx.Response,
    operation: str,
    before: asyncpg.Record | None,
) -> None:
    """Exactly one row of this request about the record, and what it says is what happened."""
    request = answer.headers["x-request-id"]
    rows = await place.owner.fetch(
        "SELECT * FROM tenfold.change_log WHERE record_id = $1 AND request_id = $2",
        UUID(identity),
        request,
    )
    assert len(rows) == 1, f"{len(rows)} rows in the log for one {operation}"
    (row,) = rows
    after = await place.stored(kind, identity)
    assert (row["tenant_id"], row["actor_id"]) == (who.tenant, who.id)
    # All types that tenants made share one table and its log; the row's `kind` tells them apart.
    name = "custom_record" if kind.tenant_made else kind.name
    assert (row["type"], row["operation"]) == (name, operation)
    assert row["version"] == after["version"]
    old, new = (json.loads(row[side]) if row[side] else {} for side in ("old", "new"))
    outside = _OUTSIDE | _generated(kind)
    for column in set(after.keys()) - outside:
        is_now = plain(after[column])
        was = plain(before[column]) if before is not None else None
        if before is None:
            assert _same(new.get(column), is_now), f"{column}: {new.get(column)!r}, not {is_now!r}"
        elif was == is_now:
            assert column not in new, f"{column} did not change and is logged"
        else:
            assert _same(old.get(column), was), f"{column} was {was!r}, the log says {old!r}"
            assert _same(new.get(column), is_now), f"{column} is {is_now!r}, the log says {new!r}"
    assert not (set(new) | set(old)) & outside, "the log repeats what follows from other columns"


def _generated(kind: Definition) -> set[str]:
    """What follows from other columns, or is kept out of the log."""
    return {
        column.named(one.name)
        for one in kind.fields.values()
        for column in one.type.columns()
        if column.generated or not column.logged
    }


def plain(value: Any) -> Any:
    """A stored value as JSON says it."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def _same(logged: Any, stored: Any) -> bool:
    if logged == stored:
        return True
    if isinstance(logged, str) and isinstance(stored, str):
        try:
            return datetime.fromisoformat(logged) == datetime.fromisoformat(stored)
        except (ValueError, TypeError):
            return False
    # Documents come from the driver as text.
    try:
        return isinstance(stored, str) and json.loads(stored) == logged
    except ValueError:
        return False


async def check_bulk_log(place: World, kind: Definition) -> None:
    """Many rows in one request: one log row each, and none of a request that fails."""
    who = await place.here.person("owner")
    bodies = [await place.body(who, kind, full=True) for _ in range(5)]
    answer = await place.call(who, "POST", f"/v1/{kind.path}/bulk", {"records": bodies})
    ids = sorted(UUID(r["id"]) for r in answer.json()["data"])
    assert await _about(place, answer) == ids
    versions = await place.versions([kind.name])
    bad = {**bodies[0], "no_such": 1}
    answer = await place.call(who, "POST", f"/v1/{kind.path}/bulk", {"records": [bodies[1], bad]})
    assert answer.status_code == 400
    assert await _about(place, answer) == []
    assert await place.versions([kind.name]) == versions, "nothing changed and the version rose"


async def _about(place: World, answer: httpx.Response) -> list[UUID]:
    rows = await place.owner.fetch(
        "SELECT record_id FROM tenfold.change_log WHERE request_id = $1 ORDER BY record_id",
        answer.headers["x-request-id"],
    )
    return [row[0] for row in rows]


_ADD = (
    "INSERT INTO tenfold.change_log (tenant_id, type, record_id, operation, version) "
    "VALUES ('{0}', 'lead', '{0}', 'insert', 1)"
)


async def check_unwritable(place: World) -> None:
    """The application can read its log and never write it."""
    async with place.as_app(place.here.id) as connection:
        for statement in (
            _ADD.format(place.here.id),
            "UPDATE tenfold.change_log SET new = NULL",
            "DELETE FROM tenfold.change_log",
            "TRUNCATE tenfold.change_log",
        ):
            try:
                await connection.execute(statement)
            except asyncpg.InsufficientPrivilegeError:
                continue
            raise AssertionError(f"the application may {statement.split()[0]} the log")
