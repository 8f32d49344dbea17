"""What boxes suggest as one types, where there are many records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import httpx
import pytest
from tests.factories import Organisation

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.definition import Grant
from tenfold.engine.titles import suggest

if TYPE_CHECKING:
    from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio

_COLUMNS = """SELECT column_name FROM information_schema.columns
WHERE table_schema = 'tenfold' AND table_name = 'contacts' AND is_generated = 'NEVER'"""
_OTHERS = {"id": "gen_random_uuid()", "last_name": "'L' || n", "last_name_key": "'l' || n"}


class Explaining:
    """A reader that answers how PostgreSQL would find the rows, whatever the values."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.plan = reader, ""

    async def rows(self, text: str, *values: object) -> list[object]:
        await self.reader.connection.execute(f"PREPARE suggestion AS {text}")
        given = ", ".join("NULL" for _ in values)
        lines = await self.reader.rows(f"EXPLAIN EXECUTE suggestion({given})")
        await self.reader.connection.execute("DEALLOCATE suggestion")
        self.plan = "\n".join(line[0] for line in lines)
        return []


async def test_namesakes_are_told_apart_by_what_one_may_see(
    client: httpx.AsyncClient, organisation: Organisation, desk: Desk
) -> None:
    admin = await organisation.person("owner")
    body = {"first_name": "Ann", "last_name": "Lee", "email": "ann@one.example"}
    body["phone"] = "+15125550142"
    answer = await client.post("/v1/leads", json=body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    person = Person(user=admin.id, tenant=admin.tenant, role="owner")
    grants = {"blind": {"lead": Grant(read="all", hide=frozenset({"email"}))}}
    blind = Person(admin.id, admin.tenant, "member", frozenset(grants), own_roles=grants)
    async with desk.database.read(admin.tenant) as reader:
        for who, hint in ((person, "ann@one.example"), (blind, "+15125550142")):
            (found,) = await suggest(desk.query, reader, who, ["lead"], "ann l")
            assert found.hint == hint


async def test_a_rare_name_is_looked_up_instead_of_passing_all_records(
    client: httpx.AsyncClient, organisation: Organisation, desk: Desk
) -> None:
    admin, owner = await organisation.person("owner"), organisation.owner
    body = {"first_name": "Ann", "last_name": "Lee"}
    made = await client.post("/v1/contacts", json=body, headers=admin.headers)
    names: list[str] = [row[0] for row in await owner.fetch(_COLUMNS)]
    values = ", ".join(_OTHERS.get(name, name) for name in names)
    copies = f"""INSERT INTO tenfold.contacts ({", ".join(names)})
        SELECT {values} FROM tenfold.contacts, generate_series(1, 20000) n WHERE id = $1"""
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(copies, UUID(made.json()["data"]["id"]))
    await owner.execute("RESET session_replication_role")
    await owner.execute("ANALYZE tenfold.contacts")
    person = Person(user=admin.id, tenant=admin.tenant, role="owner")
    async with desk.database.read(admin.tenant) as reader:
        explaining = Explaining(reader)
        await suggest(desk.query, cast("Any", explaining), person, ["contact"], "ann lee")
    assert "contacts_last_name_sort" in explaining.plan
    assert "contacts_created_at" not in explaining.plan
