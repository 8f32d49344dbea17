"""Keys that were rolled back, exchanged or erased: what people are told, and what goes on."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest
from tests.conftest import MakeOrganisation, Serve
from tests.engine.sealed_listings import KEYS, code, made, rotated, working
from tests.exchange.imports import Person
from tests.factories import Owner, Somebody

from tenfold.accounts.organisation import data_keys
from tenfold.db.keys import number_in
from tenfold.kernel.context import Context
from tenfold.kernel.settings import Settings
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio

REVEAL = {"field": "lockbox_code"}


@pytest.fixture
def me(client: httpx.AsyncClient, admin: Somebody) -> Person:
    return Person(client, admin)


async def told(me: Person, identity: str) -> tuple[int, str]:
    answer = await me.client.post(
        f"/v1/listings/{identity}/reveals", json=REVEAL, headers=me.who.headers
    )
    return answer.status_code, answer.json()["error"]["code"]


async def erased(desk: Desk, tenant: UUID, *, retired: bool = False) -> int:
    types = desk.registry.stored.values()
    async with desk.database.transaction(Context(tenant, None)) as tx:
        return await data_keys.erase(tx, desk.keyring, types, retired=retired)


async def test_a_key_that_was_rolled_back_is_told(me: Person, desk: Desk, owner: Owner) -> None:
    ids = await made(me, 4)
    async with working(desk):
        await rotated(me)
    sql = "DELETE FROM tenfold.data_keys WHERE tenant_id = $1 AND number = 2"
    await owner.execute(sql, me.who.tenant)
    assert await told(me, ids[2]) == (409, "SECRET_UNREADABLE")
    assert (await me.get(f"/v1/listings/{ids[2]}"))["lockbox_code"] == "••••"
    await me.patch(f"/v1/listings/{ids[2]}", {"lockbox_code": "fresh"})
    assert await code(me, ids[2]) == "fresh"
    assert await told(me, ids[3]) == (409, "SECRET_UNREADABLE")


async def test_a_key_that_was_exchanged_is_told(
    me: Person, owner: Owner, make_organisation: MakeOrganisation
) -> None:
    """Somebody else's key in our row: nothing opens or is sealed, and nothing is made up."""
    ids = await made(me, 3)
    others = Person(me.client, await (await make_organisation()).person("owner"))
    await made(others, 2)
    await owner.execute(
        "UPDATE tenfold.data_keys SET wrapped = (SELECT wrapped FROM tenfold.data_keys "
        "WHERE tenant_id = $2 AND number = 1) WHERE tenant_id = $1",
        me.who.tenant,
        others.who.tenant,
    )
    assert await told(me, ids[2]) == (503, "KEYS_UNAVAILABLE")
    home = {"address": "1 Elm", "list_price": 1}
    await me.post("/v1/listings", home | {"lockbox_code": "4711"}, 503)
    await me.post("/v1/listings", home, 201)


async def test_erased_keys_close_secrets_for_good_and_only_those(
    me: Person,
    desk: Desk,
    owner: Owner,
    make_organisation: MakeOrganisation,
    serve: Serve,
    settings: Settings,
) -> None:
    ids = await made(me, 4)
    async with serve(settings) as other:
        there = Person(other.client, me.who)
        assert await code(there, ids[2]) == "code 2"  # it has the key in mind
        neighbours = Person(me.client, await (await make_organisation()).person("owner"))
        theirs = await made(neighbours, 3)
        assert await erased(desk, me.who.tenant) == 1
        for somebody in (me, there):
            assert await told(somebody, ids[2]) == (410, "SECRET_ERASED")
        assert me.who.tenant not in {t for t, k in other.desk.keyring._opened.items() if k}
        assert await code(neighbours, theirs[2]) == "code 2"
        shown = await me.get(f"/v1/listings/{ids[2]}")
        assert shown["lockbox_code"] == "••••"
        # What is sealed from now on has a key of its own.
        await there.patch(f"/v1/listings/{ids[2]}", {"lockbox_code": "after"})
        assert await code(me, ids[2]) == "after"
        row = await owner.fetchval(
            "SELECT lockbox_code FROM tenfold.listings WHERE id = $1", UUID(ids[2])
        )
        assert number_in(row) == 2
        assert await told(me, ids[3]) == (410, "SECRET_ERASED")
    stored = await owner.fetch(
        "SELECT number, wrapped FROM tenfold.data_keys WHERE tenant_id = $1 ORDER BY number",
        me.who.tenant,
    )
    assert [len(r["wrapped"]) for r in stored] == [0, len(stored[1]["wrapped"])]
    assert [(k["number"], k["erased"]) for k in (await me.get(KEYS))["keys"]] == [
        (2, False),
        (1, True),
    ]


async def test_a_history_that_is_closed_leaves_the_present_open(me: Person, desk: Desk) -> None:
    """Once secrets went over, the retired keys may go: only undo loses by that, and says so."""
    ids = (await made(me, 4))[2:]
    change = [{"id": i, "lockbox_code": "second", "private_remarks": "x"} for i in ids]
    answer = await me.client.patch(
        "/v1/listings/bulk", json={"records": change}, headers=me.who.headers
    )
    batch = answer.json()["meta"]["batch_id"]
    async with working(desk):
        await rotated(me)
        assert await erased(desk, me.who.tenant, retired=True) == 1
        assert [await code(me, i) for i in ids] == ["second", "second"]
        undo = await me.undone(batch)
        assert (undo["result"]["restored"], undo["result"]["kept"]) == (0, 2)
        assert {tuple(d["fields"]) for d in undo["result"]["details"]} == {("lockbox_code",)}
        assert "does not open any more" in undo["result"]["details"][0]["reason"]
        assert [await code(me, i) for i in ids] == ["second", "second"]
        assert (await me.get(f"/v1/listings/{ids[0]}"))["private_remarks"] is None
        # A further key passes by what was erased.
        told_ = await rotated(me)
    assert [(k["number"], k["erased"]) for k in told_["keys"]] == [
        (3, False),
        (2, False),
        (1, True),
    ]


async def test_an_undo_of_nothing_but_a_lost_secret_keeps_the_record(
    me: Person, desk: Desk
) -> None:
    ids = (await made(me, 3))[2:]
    answer = await me.client.patch(
        "/v1/listings/bulk",
        json={"records": [{"id": i, "lockbox_code": "second"} for i in ids]},
        headers=me.who.headers,
    )
    async with working(desk):
        await rotated(me)
        await erased(desk, me.who.tenant, retired=True)
    undo = await me.undone(answer.json()["meta"]["batch_id"])
    assert (undo["result"]["restored"], undo["result"]["kept"]) == (0, 1)
    assert await code(me, ids[0]) == "second"
