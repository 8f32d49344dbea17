"""Checks that nothing of one organisation is seen or touched by another."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import asyncpg
from tests.conformance import samples
from tests.conformance.world import World
from tests.factories import Somebody

from tenfold.engine.definition import Definition
from tenfold.kernel.ids import new_id

# A body for each address that takes one; those not named take an empty object.
_BODIES: dict[str, dict[str, Any]] = {
    "moves": {"to": "x"},
    "shares": {"user_id": str(uuid4())},
}


def routes(place: World) -> list[tuple[str, str]]:
    """Method and address of everything that names one record, whoever wrote it."""
    inside: Any = place.app.app.app
    found: list[tuple[str, str]] = []
    for route in inside.routes:
        if route.path.startswith("/v1/{plural") and "{record_id" in route.path:
            path = route.path.replace("{plural:str}", "{plural}").replace(":str}", "}")
            found += [(m, path) for m in sorted(route.methods) if m != "OPTIONS"]
    return found


async def check_addresses(place: World, kind: Definition) -> None:
    """Each address of a record answers a stranger as if there were no such record."""
    mine = await place.here.person("owner")
    stranger = await place.there.person("owner")
    record = await place.make(mine, kind, full=True)
    gone = await place.make(mine, kind)
    await place.fine(mine, "DELETE", f"/v1/{kind.path}/{gone['id']}")
    assert len(routes(place)) >= 7
    for method, path in routes(place):
        for known in (record["id"], gone["id"]):
            answers = [
                await _asked(place, stranger, kind, method, path, identity)
                for identity in (known, str(uuid4()))
            ]
            assert answers[0] == answers[1], f"{method} {path} tells that a record exists"
            assert answers[0][0] == 404, f"{method} {path}: {answers[0]}"
    assert await place.fine(mine, "GET", f"/v1/{kind.path}/{record['id']}") == record


async def _asked(
    place: World, who: Somebody, kind: Definition, method: str, path: str, identity: str
) -> tuple[int, str]:
    """Status and body of an answer, with the id taken out of it."""
    relation = next((f.name for f in kind.fields.values() if f.type.kind == "many"), "x")
    inside = {"relation": relation, "grantee_id": str(who.id)}
    where = path.format(plural=kind.path, record_id=identity, **inside)
    body: dict[str, Any] | None = {"ids": []} if path.endswith("{relation}") else None
    if body is None and method not in ("GET", "DELETE"):
        body = _BODIES.get(path.rpartition("/")[2], {})
        if path.endswith("reveals"):
            body = {"field": (_secrets(kind) or ["x"])[0]}
        if path.endswith("moves") and kind.status is not None:
            body = {"to": kind.status.options[0]}
    answer = await place.call(who, method, where, body)
    return answer.status_code, answer.text.replace(identity, "ID")


def _secrets(kind: Definition) -> list[str]:
    return [f.name for f in kind.fields.values() if f.type.kind == "secret"]


async def check_lists(place: World, kind: Definition) -> None:
    """Lists, searches and whatever takes many ids show and touch nothing of others."""
    mine = await place.here.person("owner")
    stranger = await place.there.person("owner")
    record = await place.make(mine, kind, full=True)
    path = f"/v1/{kind.path}"
    assert await place.listed(stranger, kind) == []
    assert await place.listed(stranger, kind, "deleted=true") == []
    assert await place.listed(stranger, kind, f"id={record['id']}") == []
    ids = [record["id"]]
    assert await place.fine(stranger, "POST", f"{path}/batch-read", {"ids": ids}) == []
    for method in ("PATCH", "DELETE"):
        answer = await place.call(stranger, method, f"{path}/bulk", {"records": [{"id": ids[0]}]})
        assert answer.status_code == 404, f"{method} in bulk: {answer.text}"
    await _not_upserted(place, stranger, kind, record)
    for words in _words(kind, record):
        for where in ("/v1/search", f"{path}/search"):
            found = await place.call(stranger, "GET", where, params={"q": words})
            if found.status_code != 404:
                assert record["id"] not in found.text, f"search for {words!r} at {where}"
    assert await place.fine(mine, "GET", f"{path}/{record['id']}") == record


async def _not_upserted(
    place: World, stranger: Somebody, kind: Definition, record: dict[str, Any]
) -> None:
    """A key of ours, upserted by a stranger, makes a record of theirs."""
    body = await place.body(stranger, kind) | {"external_id": record["external_id"]}
    (made,) = await place.fine(
        stranger,
        "POST",
        f"/v1/{kind.path}/upsert",
        {"key": "external_id", "records": [body]},
    )
    assert made["id"] != record["id"]
    assert made["owner_id"] == str(stranger.id)


def _words(kind: Definition, record: dict[str, Any]) -> list[str]:
    """A word of each text that search finds."""
    texts = [record[f.json_name] for f in kind.fields.values() if f.search]
    return [text.split()[0] for text in texts if isinstance(text, str) and text]


async def check_relations(place: World, kind: Definition) -> None:
    """A record of another organisation can't be pointed to, and is no different from none."""
    mine = await place.here.person("owner")
    stranger = await place.there.person("owner")
    for one in samples.writable(kind):
        if one.type.kind not in ("ref", "any_ref", "user"):
            continue
        theirs = await place.value(stranger, one, 1)
        nobody = {**theirs, "id": str(uuid4())} if isinstance(theirs, dict) else str(uuid4())
        answers: list[str] = []
        for value in (theirs, nobody):
            body = await place.body(mine, kind) | {one.json_name: value}
            answer = await place.call(mine, "POST", f"/v1/{kind.path}", body)
            assert answer.status_code == 400, f"{one.name} points to a stranger: {answer.text}"
            assert set(answer.json()["error"]["fields"]) == {one.json_name}
            identity = value["id"] if isinstance(value, dict) else value
            answers.append(answer.text.replace(identity, "ID"))
        assert answers[0] == answers[1], f"{one.name} tells that a record exists"


async def check_rows(place: World, kind: Definition) -> None:
    """The application's role, whatever it runs, stays within the tenant that is set."""
    mine = await place.here.person("owner")
    stranger = await place.there.person("owner")
    record = await place.make(mine, kind, full=True)
    table = f"tenfold.{kind.table}"
    of_mine = "SELECT count(*) FROM {} WHERE tenant_id = $1"
    for tenant in (None, stranger.tenant):
        async with place.as_app(tenant) as connection:
            for name in (table, "tenfold.change_log", "tenfold.slots", "tenfold.members"):
                seen = await connection.fetchval(of_mine.format(name), mine.tenant)
                assert seen == 0, f"{seen} rows of {name} are seen by {tenant}"
            for statement in (f"UPDATE {table} SET version = 9", f"DELETE FROM {table}"):
                transaction = connection.transaction()
                await transaction.start()
                tag = await connection.execute(f"{statement} WHERE id = $1", UUID(record["id"]))
                await transaction.rollback()
                assert tag.endswith(" 0"), f"{statement} reached a row of another tenant: {tag}"
            await _not_inserted(connection, table, mine.tenant)
    row = await place.stored(kind, record["id"])
    assert row["tenant_id"] == mine.tenant


async def _not_inserted(connection: asyncpg.Connection, table: str, tenant: UUID) -> None:
    try:
        await connection.execute(
            f"INSERT INTO {table} (tenant_id, id) VALUES ($1, $2)", tenant, new_id()
        )
    except asyncpg.InsufficientPrivilegeError as error:
        if "row-level security" not in str(error):
            raise AssertionError(f"refused for another reason: {error}") from None
    except asyncpg.NotNullViolationError:
        raise AssertionError("a row for another tenant passed row security") from None
    else:
        raise AssertionError("a row was inserted for another tenant")
