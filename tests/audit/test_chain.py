"""The audit chain: all that committed is sealed, and whatever is done to it afterwards shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest
from tests.audit.conftest import Place
from tests.factories import Organisation

from tenfold.audit.chain import FIRST, SALT, Entry, Head, Run, Seal, sealed
from tenfold.audit.following import Following
from tenfold.audit.logs import CHANGES, LOGS, SECURITY_EVENTS
from tenfold.audit.sealing import Sealer, consumer
from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
_ENTRY = """INSERT INTO tenfold.change_log (tenant_id, type, record_id, operation, version, xid)
VALUES ($1, 'tag', $1, 'insert', 1, '1'::xid8)"""


async def test_every_change_and_event_is_sealed_once(place: Place, ours: Organisation) -> None:
    for log in LOGS:
        seals = await place.seals(ours, log.name)
        assert [seal.number for seal in seals] == list(range(1, len(seals) + 1))
        assert len(seals) >= 3
        table = log.table
        rows = await place.owner.fetch(
            f"SELECT seq FROM {table} WHERE tenant_id = $1 ORDER BY xid, seq", ours.id
        )
        assert [row[0] for row in rows] == [seq for seal in seals for seq in seal.seqs]
        assert len(rows) >= 3
        assert all(seal.since <= seal.sealed_at for seal in seals)
    found = await place.verify(ours)
    assert found.faults == []
    assert found.entries >= 9
    assert len({place.key, FIRST, *(s.hash for s in await place.seals(ours, "changes"))}) >= 5


_BREACHES = {
    "a value": (
        """UPDATE tenfold.change_log SET new = new || '{"first_name": "Eve"}'
        WHERE tenant_id = $1 AND operation = 'update'""",
        "changes of Sealed: entry",
        "was altered after it was sealed",
    ),
    "what was before": (
        "UPDATE tenfold.change_log SET old = NULL WHERE tenant_id = $1 AND operation = 'update'",
        "changes of Sealed: entry",
        "was altered after it was sealed",
    ),
    "who did it": (
        "UPDATE tenfold.change_log SET actor_id = gen_random_uuid() WHERE tenant_id = $1",
        "changes of Sealed: entry",
        "was altered after it was sealed",
    ),
    "when it was": (
        "UPDATE tenfold.change_log SET at = at - interval '1 second' WHERE tenant_id = $1",
        "changes of Sealed: entry",
        "was altered after it was sealed",
    ),
    "an entry taken out": (
        "DELETE FROM tenfold.change_log WHERE tenant_id = $1 AND operation = 'update'",
        "changes of Sealed: entry",
        "is gone",
    ),
    "an entry put in": (_ENTRY, "changes of Sealed: entry", "is in no seal: it was put in"),
    "an event": (
        "UPDATE tenfold.security_events SET event_type = 'login_success' WHERE tenant_id = $1",
        "security_events of Sealed: entry",
        "was altered after it was sealed",
    ),
    "from where an event came": (
        "UPDATE tenfold.security_events SET ip_address = '192.0.2.9' WHERE tenant_id = $1",
        "security_events of Sealed: entry",
        "was altered after it was sealed",
    ),
    "an event taken out": (
        "DELETE FROM tenfold.security_events WHERE tenant_id = $1",
        "security_events of Sealed: entry",
        "is gone",
    ),
    "a seal taken out": (
        "DELETE FROM tenfold.audit_seals WHERE tenant_id = $1 AND number = 2",
        "seal 2 is missing before seal 3",
        "is in no seal",
    ),
    "the first seal taken out": (
        "DELETE FROM tenfold.audit_seals WHERE tenant_id = $1 AND number = 1",
        "seal 1 is missing before seal 2",
        "is in no seal",
    ),
    "the last seals taken out": (
        "DELETE FROM tenfold.audit_seals WHERE tenant_id = $1 AND number > 1",
        "changes of Sealed: entry",
        "is in no seal: it was put in, or its seal taken out",
    ),
    "all seals taken out": (
        "DELETE FROM tenfold.audit_seals WHERE tenant_id = $1",
        "changes of Sealed: entry",
        "is in no seal: it was put in, or its seal taken out",
    ),
    "a digest": (
        """UPDATE tenfold.audit_seals SET digests = set_byte(digests, 0, get_byte(digests, 0) # 1)
        WHERE tenant_id = $1 AND number = 2""",
        "seal 2 was altered",
        "was altered after it was sealed",
    ),
    "a salt": (
        """UPDATE tenfold.audit_seals SET salts = set_byte(salts, 0, get_byte(salts, 0) # 1)
        WHERE tenant_id = $1 AND number = 2""",
        "changes of Sealed: entry",
        "was altered after it was sealed",
    ),
    "a salt too few": (
        "UPDATE tenfold.audit_seals SET salts = '' WHERE tenant_id = $1 AND number = 2",
        "seal 2 has not a digest and a salt for each of its entries",
        "is in no seal",
    ),
    "when it was sealed": (
        """UPDATE tenfold.audit_seals SET sealed_at = sealed_at - interval '1 day'
        WHERE tenant_id = $1 AND number = 2""",
        "seal 2 was altered",
        "",
    ),
    "the order of entries": (
        "UPDATE tenfold.change_log SET seq = -seq WHERE tenant_id = $1",
        "changes of Sealed: entry",
        "is gone",
    ),
    "a seal's number": (
        "UPDATE tenfold.audit_seals SET number = 99 WHERE tenant_id = $1 AND number = 3",
        "seal 3 is missing before seal 99",
        "seal 99 was altered",
    ),
    "a stamp": (
        "UPDATE tenfold.audit_seals SET stamp = hash WHERE tenant_id = $1 AND number = 2",
        "seal 2 was not made by this installation",
        "",
    ),
}


@pytest.mark.parametrize("breach", _BREACHES)
async def test_what_is_done_to_it_shows(place: Place, ours: Organisation, breach: str) -> None:
    assert (await place.verify(ours)).faults == []
    statement, *expected = _BREACHES[breach]
    done = await _as_superuser(place, statement, ours)
    assert not done.endswith(" 0"), "the breach did nothing"
    told = "\n".join((await place.verify(ours)).faults)
    for words in expected:
        assert words in told


async def _as_superuser(place: Place, statement: str, ours: Organisation) -> str:
    """Do something that identity columns would stand in the way of."""
    if "SET seq" not in statement:
        return await place.owner.execute(statement, ours.id)
    await place.owner.execute(
        "ALTER TABLE tenfold.change_log ALTER COLUMN seq SET GENERATED BY DEFAULT"
    )
    rows = await place.owner.fetch(
        "DELETE FROM tenfold.change_log WHERE tenant_id = $1 RETURNING *", ours.id
    )
    names = list(rows[0].keys())
    marks = ", ".join(f"${n + 1}" for n in range(len(names)))
    for row in rows:
        values = [-row[name] if name == "seq" else row[name] for name in names]
        done = await place.owner.execute(
            f"INSERT INTO tenfold.change_log ({', '.join(names)}) VALUES ({marks})", *values
        )
    return done


async def test_a_chain_made_anew_lacks_the_stamp(place: Place, ours: Organisation) -> None:
    """Who may write everything can make all hashes anew, but has not the installation's key."""
    table = "UPDATE tenfold.change_log SET new = '{}' WHERE tenant_id = $1 AND operation = 'update'"
    await place.owner.execute(table, ours.id)
    rows = await place.owner.fetch(CHANGES.entries("tenant_id = $1"), ours.id)
    at = (await place.seals(ours, "changes"))[0].since
    entries = [Entry(seq=r["seq"], about=r["about"], content=r["content"]) for r in rows]
    run = Run(ours.id, "changes", at, entries)
    forged = sealed(Head(), run, bytes(SALT * len(entries)), b"a guess", at)
    await place.owner.execute(
        "DELETE FROM tenfold.audit_seals WHERE tenant_id = $1 AND log = 'changes'", ours.id
    )
    await place.owner.execute(
        "INSERT INTO tenfold.audit_seals (tenant_id, log, number, since, sealed_at, seqs, digests, "
        "salts, before, hash, stamp) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        *msgspec.structs.astuple(forged),
    )
    told = (await place.verify(ours)).faults
    assert told == ["changes of Sealed: seal 1 was not made by this installation"]


async def test_what_is_cut_off_shows_by_where_it_ended_before(
    place: Place, ours: Organisation
) -> None:
    before = await place.verify(ours)
    last = (await place.seals(ours, "changes"))[-1]
    for statement in (
        "DELETE FROM tenfold.change_log WHERE tenant_id = $1 AND seq = ANY ($2)",
        "DELETE FROM tenfold.audit_seals WHERE tenant_id = $1 AND log = 'changes' AND $2 = seqs",
    ):
        assert (await place.owner.execute(statement, ours.id, last.seqs)) != "DELETE 0"
    assert (await place.verify(ours)).faults == [], "nothing else can tell"
    (told,) = (await place.verify(ours, before.heads)).faults
    assert f"seal {last.number} was known before: it was cut off" in told
    # What is written afterwards does not cover it up.
    await place.lead(await ours.person("owner"))
    await place.seal(ours)
    (told,) = (await place.verify(ours, before.heads)).faults
    assert f"seal {last.number} is another than the one that was known before" in told


async def test_events_that_had_their_year_may_go(
    place: Place, ours: Organisation, later: Callable[[timedelta], None]
) -> None:
    for log, may in ((SECURITY_EVENTS, True), (CHANGES, False)):
        gone = f"DELETE FROM {log.table} WHERE tenant_id = $1 AND seq = ANY ($2)"
        await place.owner.execute(gone, ours.id, (await place.seals(ours, log.name))[0].seqs)
        told = "".join((await place.verify(ours)).faults)
        assert f"{log.name} of Sealed" in told
        assert "is gone" in told
        later(timedelta(days=360))
        assert (f"{log.name} of Sealed" in "".join((await place.verify(ours)).faults)) is not may
        later(timedelta(days=-360))


async def test_a_backdated_event_lets_nothing_else_go(place: Place, ours: Organisation) -> None:
    """How old an entry is, its seal says: the writer may say anything."""
    app = await asyncpg.connect(place.base.app_url)
    try:
        await app.execute("SELECT set_config('app.tenant_id', $1, false)", str(ours.id))
        await app.execute(
            "INSERT INTO tenfold.security_events (id, tenant_id, event_type, created_at) "
            "VALUES (gen_random_uuid(), $1, 'logout', now() - interval '2 years')",
            ours.id,
        )
        await place.seal(ours)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(
                "INSERT INTO tenfold.security_events (id, tenant_id, event_type, xid, seq) "
                "VALUES (gen_random_uuid(), $1, 'logout', NULL, NULL)",
                ours.id,
            )
    finally:
        await app.close()
    last = (await place.seals(ours, "security_events"))[-1]
    gone = "DELETE FROM tenfold.security_events WHERE tenant_id = $1 AND seq = ANY ($2)"
    await place.owner.execute(gone, ours.id, last.seqs)
    assert "is gone" in "".join((await place.verify(ours)).faults)


async def test_an_entry_without_a_place_shows(place: Place, ours: Organisation) -> None:
    await place.owner.execute(
        "INSERT INTO tenfold.security_events (id, tenant_id, event_type, xid, seq) "
        "VALUES (gen_random_uuid(), $1, 'logout', NULL, NULL)",
        ours.id,
    )
    (told,) = (await place.verify(ours)).faults
    assert told == (
        "security_events of Sealed: 1 entries have no place in the log: they were put in"
    )


async def test_an_organisation_that_is_gone_with_its_log_shows(
    place: Place, ours: Organisation
) -> None:
    before = (await place.verify(ours)).heads
    others = await place.organisation()
    told = "".join((await place.verify(others, before)).faults)
    assert f"{ours.id} changes: its organisation and its log are gone" in told


async def test_a_change_that_commits_late_is_sealed(place: Place, ours: Organisation) -> None:
    slow = await asyncpg.connect(place.base.admin_url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        late = _ENTRY.replace(", xid)", ")").replace(", '1'::xid8)", ")")
        await slow.execute(late, ours.id)
        await place.lead(await ours.person("owner"))
        for _ in range(3):
            await Sealer(place.tail, place.key).step(CHANGES)
        assert (await place.verify(ours)).faults == []
        await transaction.commit()
    finally:
        await slow.close()
    await place.seal(ours)
    assert (await place.verify(ours)).faults == []


async def test_two_sealers_take_turns(place: Place) -> None:
    ours = await place.organisation()
    admin = await ours.person("owner")
    for n in range(6):
        await place.lead(admin, f"Ada {n}")
    sealers = [Sealer(place.tail, place.key) for _ in range(3)]
    for _ in range(5):
        await asyncio.gather(*(one.step(CHANGES) for one in sealers))
    await place.seal(ours)
    found = await place.verify(ours)
    assert found.faults == []
    assert found.entries >= 6


async def test_what_waits_too_long_is_told(place: Place) -> None:
    ours = await place.organisation()
    await place.owner.execute(
        "INSERT INTO tenfold.change_log (tenant_id, type, record_id, operation, version, at) "
        "VALUES ($1, 'tag', $1, 'insert', 1, now() - interval '6 minutes')",
        ours.id,
    )
    (told,) = (await place.verify(ours)).faults
    assert "1 entries of changes are older than 5 minutes and not sealed" in told
    await place.seal(ours)
    assert (await place.verify(ours)).faults == []


async def test_the_sealer_goes_on_where_it_stopped(place: Place, ours: Organisation) -> None:
    where = "SELECT xid::text, seq FROM tenfold.log_positions WHERE consumer = $1"
    before = await place.owner.fetchrow(where, consumer(CHANGES))
    lost = "UPDATE tenfold.log_positions SET xid = '0', seq = 0 WHERE consumer = $1"

    class Broken(Sealer):
        async def _seal(self, *_given: object) -> None:
            raise RuntimeError("the worker is killed")

    await place.lead(await ours.person("owner"))
    for _ in range(200):
        try:
            await Broken(place.tail, place.key).step(CHANGES)
            await asyncio.sleep(0.02)
        except RuntimeError:
            break
    assert await place.owner.fetchrow(where, consumer(CHANGES)) == before
    await place.seal(ours)
    assert (await place.verify(ours)).faults == []
    # Where the position is lost, what is sealed a second time is told.
    await place.owner.execute(lost, consumer(CHANGES))
    await Sealer(place.tail, place.key).step(CHANGES)
    assert "is sealed twice" in "".join((await place.verify(ours)).faults)


def test_a_seal_of_another_chain_does_not_fit() -> None:
    at = datetime(2026, 11, 22, 8, tzinfo=UTC)
    entry = Entry(seq=1, about="{}", content="{}")

    def made(head: Head, tenant: object = None) -> Seal:
        run = Run(tenant or new_id(), "changes", at, [entry])  # pyright: ignore[reportArgumentType]
        return sealed(head, run, bytes(SALT), b"key", at)

    first = made(Head())
    chain = Following("one", None, b"key")
    chain.follow(first, [None])
    chain.follow(made(Head(1, made(Head()).hash), first.tenant), [None])
    assert "seal 2 does not follow from the one before" in "".join(chain.end())
