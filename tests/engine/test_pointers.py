"""What points to a record when it goes and when it comes back, and pairs in the change log."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from tests.exchange.imports import Person
from tests.factories import Owner, Somebody
from tests.server import Base

pytestmark = pytest.mark.anyio
MANY = 10_001
# Their ids come before that of any other.
_AGREEMENTS = """INSERT INTO tenfold.buyer_agreements
(tenant_id, id, title, starts_on, client_id, created_at)
SELECT $1, lpad(n::text, 32, '0')::uuid, 'Exclusive', current_date, $2::text::uuid, now()
FROM generate_series(1, $3) n"""
_APPOINTMENTS = """INSERT INTO tenfold.appointments
(tenant_id, id, title, starts_at, ends_at, client_id)
SELECT $1, gen_random_uuid(), 'Showing', now(), now(), $2::text::uuid FROM generate_series(1, $3)"""
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"


class Office(Person):
    """Somebody with clients, their appointments and agreements."""

    async def made(self, plural: str, **body: Any) -> dict[str, Any]:
        return await self.post(f"/v1/{plural}", body, 201)

    async def customer(self, name: str = "Ada") -> str:
        return (await self.made("clients", first_name=name, last_name="L"))["id"]

    async def meeting(self, **more: Any) -> str:
        when = {"starts_at": "2026-12-01T10:00:00Z", "ends_at": "2026-12-01T11:00:00Z"}
        return (await self.made("appointments", title="Showing", **when, **more))["id"]

    async def agreement(self, client: str) -> str:
        body = {"title": "Exclusive", "starts_on": "2026-12-01", "client_id": client}
        return (await self.made("buyer_agreements", **body))["id"]

    async def bulk(
        self, method: str, plural: str, records: list[dict[str, Any]], *, atomic: bool = True
    ) -> dict[str, Any]:
        body = {"records": records, "atomic": atomic}
        path, headers = f"/v1/{plural}/bulk", self.who.headers
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code in (200, 207), answer.text
        return answer.json()["meta"]

    async def gone(self, plural: str, *ids: str) -> dict[str, Any]:
        """Delete records one by one in one call."""
        return await self.bulk("DELETE", plural, [{"id": i} for i in ids], atomic=False)

    async def history(self, path: str) -> list[dict[str, Any]]:
        return await self.get(f"{path}/timeline")


@pytest.fixture
async def office(client: httpx.AsyncClient, admin: Somebody) -> Office:
    return Office(client, admin)


async def test_a_record_that_stays_keeps_what_points_to_it(office: Office) -> None:
    held, free = await office.customer(), await office.customer("Bob")
    meetings = [await office.meeting(client_id=one) for one in (held, free)]
    await office.agreement(held)
    meta = await office.gone("clients", held, free)
    assert (meta["written"], [e["index"] for e in meta["errors"]]) == (1, [0])
    assert "still used by" in meta["errors"][0]["message"]
    shown = [(await office.get(f"/v1/appointments/{one}"))["client_id"] for one in meetings]
    assert shown == [held, None]
    assert (await office.get(f"/v1/clients/{held}"))["id"] == held


async def test_however_many_point_to_one_record_the_next_is_held_too(
    office: Office, owner: Owner
) -> None:
    crowd, single = await office.customer(), await office.customer("Bob")
    await owner.execute(_AGREEMENTS, office.who.tenant, crowd, MANY)
    await office.agreement(single)
    meta = await office.gone("clients", crowd, single)
    assert (meta["written"], meta["refused"]) == (0, 2)


async def test_however_many_point_to_what_goes_all_let_go(office: Office, owner: Owner) -> None:
    crowd = await office.customer()
    await owner.execute(_APPOINTMENTS, office.who.tenant, crowd, MANY)
    assert (await office.gone("clients", crowd))["written"] == 1
    left = (
        "SELECT count(*) FROM tenfold.appointments WHERE tenant_id = $1 AND client_id IS NOT NULL"
    )
    assert await owner.fetchval(left, office.who.tenant) == 0


async def test_what_points_elsewhere_meanwhile_does_not_let_go(office: Office, base: Base) -> None:
    first, second = await office.customer(), await office.customer("Bob")
    meeting = await office.meeting(client_id=first)
    other = await asyncpg.connect(base.admin_url)
    try:
        async with other.transaction():
            move = "UPDATE tenfold.appointments SET client_id = $2 WHERE id = $1"
            await other.execute(move, UUID(meeting), UUID(second))
            gone = asyncio.create_task(office.gone("clients", first))
            for _ in range(500):
                if await other.fetchval(_WAITS, other.get_server_pid()):
                    break
                await asyncio.sleep(0.01)
    finally:
        await other.close()
    assert (await gone)["written"] == 1
    assert (await office.get(f"/v1/appointments/{meeting}"))["client_id"] == second


async def test_what_is_restored_never_points_to_what_is_gone(office: Office) -> None:
    one = await office.customer()
    meeting, agreement = await office.meeting(client_id=one), await office.agreement(one)
    for path in (f"/v1/appointments/{meeting}", f"/v1/buyer_agreements/{agreement}"):
        await office.client.delete(path, headers=office.who.headers)
    assert (await office.gone("clients", one))["written"] == 1
    back = await office.post(f"/v1/appointments/{meeting}/restore")
    assert back["client_id"] is None
    newest = (await office.history(f"/v1/appointments/{meeting}"))[0]
    assert newest["operation"] == "restored"
    assert newest["reason"] == "What this points to was deleted meanwhile; it is left empty."
    assert [f["field"] for f in newest["fields"]] == ["client_id"]
    answer = await office.client.post(
        f"/v1/buyer_agreements/{agreement}/restore", headers=office.who.headers
    )
    assert answer.status_code == 409
    assert answer.json()["error"]["fields"] == {"client_id": "points to what was deleted"}
    await office.post(f"/v1/clients/{one}/restore")
    back = await office.post(f"/v1/buyer_agreements/{agreement}/restore")
    assert back["client_id"] == one


async def test_an_undo_never_points_to_what_is_gone(office: Office) -> None:
    first, second = await office.customer(), await office.customer("Bob")
    meeting, deal = await office.meeting(client_id=first), await office.agreement(first)
    moved = {"client_id": second}
    batches = [
        (await office.bulk("PATCH", "appointments", [{"id": meeting, **moved, "notes": "new"}])),
        (await office.bulk("PATCH", "buyer_agreements", [{"id": deal, **moved}])),
    ]
    assert (await office.gone("clients", first))["written"] == 1
    cleared, kept = [(await office.undone(b["batch_id"]))["result"] for b in batches]
    now = await office.get(f"/v1/appointments/{meeting}")
    assert (now["client_id"], now["notes"]) == (None, None)
    assert (cleared["restored"], cleared["kept"]) == (0, 1)
    assert cleared["details"][0]["fields"] == ["client_id"]
    assert cleared["details"][0]["reason"].endswith("it is left empty.")
    assert (await office.get(f"/v1/buyer_agreements/{deal}"))["client_id"] == second
    assert (kept["restored"], kept["kept"]) == (0, 1)


async def test_an_undo_brings_back_what_was_deleted_with_what_pointed_to_it(
    office: Office,
) -> None:
    one = await office.customer()
    meeting = await office.meeting(client_id=one)
    batch = (await office.gone("clients", one))["batch_id"]
    result = (await office.undone(batch))["result"]
    assert (result["restored"], result["kept"]) == (2, 0)
    assert (await office.get(f"/v1/appointments/{meeting}"))["client_id"] == one


async def test_pairs_are_told_by_the_timeline_and_undone(office: Office) -> None:
    fan = await office.customer()
    path = f"/v1/clients/{fan}"
    homes = [
        (await office.made("listings", address=f"{n} Elm Street", list_price=1))["id"]
        for n in range(3)
    ]
    first = await office.post(f"{path}/favorites", {"ids": homes[:2]}, 200)
    answer = await office.client.request(
        "DELETE", f"{path}/favorites", json={"ids": homes[:1]}, headers=office.who.headers
    )
    parted = answer.json()["data"]
    last = await office.post(f"{path}/favorites", {"ids": homes[2:]}, 200)
    log = [(c["operation"], c["batch_id"], *c["fields"]) for c in await office.history(path)][:-1]
    assert [(batch, f["old"], f["new"]) for _, batch, f in log] == [
        (last["batch_id"], homes[1:2], homes[1:]),
        (parted["batch_id"], homes[:2], homes[1:2]),
        (first["batch_id"], None, homes[:2]),
    ]
    assert {f["field"] for _, _, f in log} == {"favorites"}
    assert log[0][2]["new_title"].count("Elm Street") == 2
    undone = (await office.undone(last["batch_id"]))["result"]
    assert (undone["restored"], undone["kept"]) == (1, 0)
    await office.undone(parted["batch_id"])
    assert [row["id"] for row in await office.get(f"{path}/favorites")] == homes[:2]
    assert [r["id"] for r in await office.every("clients", favorites=homes[0])] == [fan]
    assert await office.every("clients", favorites=homes[2]) == []


async def test_pairing_nothing_new_writes_nothing(office: Office) -> None:
    fan = await office.customer()
    nothing = await office.post(f"/v1/clients/{fan}/favorites", {"ids": []}, 200)
    assert nothing["batch_id"] is None
    assert len(await office.history(f"/v1/clients/{fan}")) == 1
