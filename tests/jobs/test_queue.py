"""What the queue promises to those who enqueue, look, retry and cancel."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.jobs.tools import (
    QUICK,
    SYSTEM,
    Work,
    effects,
    enqueue,
    look,
    until,
    until_state,
    working,
)

from tenfold import jobs
from tenfold.db.database import Database
from tenfold.jobs import statements
from tenfold.kernel.errors import Conflict, NotFound

pytestmark = pytest.mark.anyio

MANY_DONE = """INSERT INTO jobs.job (tenant_id, id, name, payload, state, finished_at)
SELECT $1, gen_random_uuid(), 'note', '{}', 'completed', now() FROM generate_series(1, 30000)"""
EFFECT = "INSERT INTO effect (job, tenant, note) VALUES ($1, $2, $3)"


@jobs.job("note", Work)
async def note(job: jobs.Job[Work]) -> None:
    async with job.transaction() as tx:
        await tx.execute(EFFECT, job.id, job.tenant, job.payload.note)


@jobs.job("fail", Work, attempts=3)
async def fail(job: jobs.Job[Work]) -> None:
    raise RuntimeError(f"no luck \0 {job.attempt}")


async def test_rolled_back_transaction_leaves_no_job(database: Database) -> None:
    tenant = uuid4()

    async def change_of_mind() -> None:
        async with database.transaction(SYSTEM) as tx:
            await jobs.enqueue(tx.connection, "note", Work(), tenant=tenant)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_of_mind()
    async with database.transaction(SYSTEM) as tx:
        assert await jobs.listing(tx.connection, tenant) == []


async def test_job_carries_tenant_actor_and_payload(database: Database) -> None:
    seen: list[tuple[UUID, UUID | None, str, str | None]] = []

    @jobs.job("see", Work)
    async def see(job: jobs.Job[Work]) -> None:
        async with job.transaction() as tx:
            setting = await tx.value("SELECT current_setting('app.tenant_id')")
        seen.append((job.tenant, job.actor, job.payload.note, setting))

    tenant, actor = uuid4(), uuid4()
    job = await enqueue(database, "see", Work("é\n"), tenant=tenant, actor=actor)
    async with working(database, see):
        await until_state(database, tenant, job, "completed")
    assert seen == [(tenant, actor, "é\n", str(tenant))]


async def test_failing_job_is_retried_then_a_dead_letter_that_can_be_retried(
    database: Database,
) -> None:
    tenant = uuid4()
    job = await enqueue(database, "fail", tenant=tenant)
    async with working(database, fail):
        found = await until_state(database, tenant, job, "failed")
    assert found.attempt == 3
    assert found.error == "RuntimeError: no luck  3"
    async with database.transaction(SYSTEM) as tx:
        assert [s.id for s in await jobs.listing(tx.connection, tenant, state="failed")] == [job]
        await jobs.retry(tx.connection, tenant, job)
        assert await jobs.listing(tx.connection, tenant, state="failed") == []
    found = await look(database, tenant, job)
    assert (found.state, found.attempt) == ("pending", 0)


async def test_waits_grow_from_five_seconds() -> None:
    waits = [jobs.Pace().wait(attempt) for attempt in (1, 2, 3, 40)]
    assert [5 <= waits[0] <= 5.5, 10 <= waits[1] <= 11, 20 <= waits[2] <= 22] == [True] * 3
    assert 3_600 <= waits[3] <= 3_960


async def test_silent_worker_loses_its_jobs_within_a_minute() -> None:
    pace = jobs.Pace()
    assert pace.lease + 2 * pace.beat < 60


async def test_payload_that_cannot_be_read_is_a_dead_letter_at_once(database: Database) -> None:
    tenant = uuid4()
    job = await enqueue(database, "note", {"note": 5}, tenant=tenant)
    async with working(database, note):
        found = await until_state(database, tenant, job, "failed")
    assert found.attempt == 1
    assert "Expected `str`" in found.error


async def test_giving_up_takes_one_attempt_and_putting_off_none(database: Database) -> None:
    tenant, calls = uuid4(), list[str]()

    @jobs.job("ask", Work, attempts=2)
    async def ask(job: jobs.Job[Work]) -> None:
        calls.append(job.payload.note)
        if job.payload.note == "no":
            raise jobs.GiveUp("refused")
        if calls.count("later") < 4:
            raise jobs.Later(0.05)

    no = await enqueue(database, "ask", Work("no"), tenant=tenant)
    later = await enqueue(database, "ask", Work("later"), tenant=tenant)
    async with working(database, ask):
        await until_state(database, tenant, no, "failed")
        found = await until_state(database, tenant, later, "completed")
    assert (calls.count("no"), calls.count("later"), found.attempt) == (1, 4, 1)


async def test_job_that_takes_too_long_fails(database: Database) -> None:
    @jobs.job("hang", Work, attempts=1, timeout=0.1)
    async def hang(job: jobs.Job[Work]) -> None:
        await asyncio.sleep(60)

    tenant = uuid4()
    job = await enqueue(database, "hang", tenant=tenant)
    async with working(database, hang):
        found = await until_state(database, tenant, job, "failed")
    assert found.error == "Took longer than 0.1 s."


async def test_key_is_unique_among_unfinished_jobs_of_a_tenant(database: Database) -> None:
    tenant = uuid4()
    same = [await enqueue(database, "note", tenant=tenant, key="k") for _ in range(3)]
    other = await enqueue(database, "note", tenant=uuid4(), key="k")
    assert len({*same}) == 1
    assert other not in same
    async with working(database, note):
        await until_state(database, tenant, same[0], "completed")
    assert await enqueue(database, "note", tenant=tenant, key="k") != same[0]


async def test_retry_is_refused_while_the_key_is_taken(database: Database) -> None:
    tenant = uuid4()
    old = await enqueue(database, "note", tenant=tenant, key="k")
    async with database.transaction(SYSTEM) as tx:
        await jobs.cancel(tx.connection, tenant, old)
    newer = await enqueue(database, "note", tenant=tenant, key="k")
    async with database.transaction(SYSTEM) as tx:
        with pytest.raises(Conflict, match="newer job"):
            await jobs.retry(tx.connection, tenant, old)
        with pytest.raises(Conflict, match="is pending"):
            await jobs.retry(tx.connection, tenant, newer)


async def test_two_transactions_with_the_same_key_make_one_job(database: Database) -> None:
    tenant = uuid4()
    ids = await asyncio.gather(
        *(enqueue(database, "note", tenant=tenant, key="k") for _ in range(8))
    )
    assert len({*ids}) == 1


async def test_delayed_job_waits(database: Database) -> None:
    tenant = uuid4()
    later = timedelta(seconds=0.5)
    job = await enqueue(database, "note", tenant=tenant, delay=later)
    async with working(database, note):
        await asyncio.sleep(0.2)
        assert (await look(database, tenant, job)).state == "pending"
        found = await until_state(database, tenant, job, "completed")
    assert found.started_at is not None
    assert found.started_at - found.created_at >= later


async def test_higher_priority_goes_first_over_all_tenants(database: Database) -> None:
    order: list[str] = []

    @jobs.job("order", Work)
    async def record(job: jobs.Job[Work]) -> None:
        order.append(job.payload.note)

    for priority in (0, -5, 7, 0, 7):
        await enqueue(database, "order", Work(str(priority)), priority=priority)
    async with working(database, record, concurrency=1):
        await until(lambda: _count(order, 5))
    assert order == ["7", "7", "0", "0", "-5"]


async def test_small_tenant_is_not_starved_by_a_large_one(database: Database) -> None:
    order: list[UUID] = []

    @jobs.job("fair", Work)
    async def record(job: jobs.Job[Work]) -> None:
        order.append(job.tenant)

    large, small = uuid4(), uuid4()
    async with database.transaction(SYSTEM) as tx:
        await jobs.enqueue_many(tx.connection, "fair", [Work()] * 200, tenant=large)
    for _ in range(10):
        await enqueue(database, "fair", tenant=small)
    async with working(database, record, concurrency=4):
        await until(lambda: _count(order, 210))
    assert order[:24].count(small) == 10


async def test_one_tenant_cannot_take_all_places(database: Database) -> None:
    @jobs.job("slow", Work)
    async def slow(job: jobs.Job[Work]) -> None:
        await asyncio.sleep(60)

    # The order of the ids matters: the busy tenant comes first again after the other was served.
    busy, other = UUID(int=1), UUID(int=2)
    for _ in range(4):
        await enqueue(database, "slow", tenant=busy)
    quick = [await enqueue(database, "note", tenant=other) for _ in range(3)]
    async with working(database, slow, note, concurrency=2):
        for job in quick:
            await until_state(database, other, job, "completed")
        async with database.transaction(SYSTEM) as tx:
            held = await jobs.listing(tx.connection, busy, state="processing")
    assert len(held) == 1


async def test_turn_goes_round_all_tenants_even_with_one_place(database: Database) -> None:
    order: list[UUID] = []

    @jobs.job("turn", Work)
    async def record(job: jobs.Job[Work]) -> None:
        order.append(job.tenant)

    tenants = [uuid4() for _ in range(5)]
    for tenant in tenants:
        async with database.transaction(SYSTEM) as tx:
            await jobs.enqueue_many(tx.connection, "turn", [Work()] * 4, tenant=tenant)
    async with working(database, record, concurrency=1):
        await until(lambda: _count(order, 20))
    assert order == sorted(tenants) * 4


async def test_pending_job_is_cancelled_at_once(database: Database) -> None:
    tenant = uuid4()
    job = await enqueue(database, "note", tenant=tenant)
    async with database.transaction(SYSTEM) as tx:
        assert await jobs.cancel(tx.connection, tenant, job) == "cancelled"
        with pytest.raises(Conflict):
            await jobs.cancel(tx.connection, tenant, job)
    async with working(database, note):
        await asyncio.sleep(0.2)
    assert await effects(database) == []


@pytest.mark.parametrize("heeds", [True, False])
async def test_running_job_is_told_and_commits_nothing(database: Database, heeds: bool) -> None:
    started, go = asyncio.Event(), asyncio.Event()

    @jobs.job("long", Work)
    async def long(job: jobs.Job[Work]) -> None:
        started.set()
        while heeds and not job.cancelled():  # noqa: ASYNC110 - how jobs ask
            await asyncio.sleep(0.02)
        if heeds:
            return
        await go.wait()
        async with job.transaction() as tx:
            await tx.execute(EFFECT, job.id, job.tenant, "too late")

    tenant = uuid4()
    job = await enqueue(database, "long", tenant=tenant)
    async with working(database, long):
        await started.wait()
        async with database.transaction(SYSTEM) as tx:
            assert await jobs.cancel(tx.connection, tenant, job) == "processing"
        go.set()
        await until_state(database, tenant, job, "cancelled")
    assert await effects(database) == []


async def test_progress_is_seen_while_it_runs(database: Database) -> None:
    go = asyncio.Event()

    @jobs.job("count", Work)
    async def count(job: jobs.Job[Work]) -> None:
        await job.progress(3, 10, "three of ten")
        await go.wait()

    tenant = uuid4()
    job = await enqueue(database, "count", tenant=tenant)

    async def shown() -> bool:
        found = await look(database, tenant, job)
        return (found.state, found.done, found.total, found.note) == (
            "processing",
            3,
            10,
            "three of ten",
        )

    async with working(database, count):
        await until(shown)
        go.set()
        await until_state(database, tenant, job, "completed")


async def test_another_tenants_job_is_not_found(database: Database) -> None:
    job = await enqueue(database, "note", tenant=uuid4())
    async with database.transaction(SYSTEM) as tx:
        for act in (jobs.status, jobs.cancel, jobs.retry):
            with pytest.raises(NotFound):
                await act(tx.connection, uuid4(), job)


class Beating(jobs.Pace):
    """Looks at its jobs without a pause."""

    @property
    def beat(self) -> float:
        return 0.0


async def test_beats_leave_jobs_alone_that_are_being_handed_back(database: Database) -> None:
    started = asyncio.Semaphore(0)

    @jobs.job("endless", Work)
    async def endless(job: jobs.Job[Work]) -> None:
        started.release()
        await asyncio.sleep(60)

    made = [
        (tenant, await enqueue(database, "endless", tenant=tenant))
        for tenant in [uuid4() for _ in range(4)]
    ]
    async with working(database, endless, pace=Beating(grace=0.0)):
        for _ in made:
            await started.acquire()
    found = [await look(database, tenant, job) for tenant, job in made]
    assert [(one.state, one.attempt, one.error) for one in found] == [("pending", 0, "")] * 4


async def test_stopped_worker_hands_its_job_back_uncounted(database: Database) -> None:
    started = asyncio.Event()

    @jobs.job("endless", Work)
    async def endless(job: jobs.Job[Work]) -> None:
        started.set()
        await asyncio.sleep(60)

    tenant = uuid4()
    job = await enqueue(database, "endless", tenant=tenant)
    async with working(database, endless):
        await started.wait()
    found = await look(database, tenant, job)
    assert (found.state, found.attempt) == ("pending", 0)
    async with database.transaction(SYSTEM) as tx:
        assert await tx.value("SELECT count(*) FROM jobs.worker") == 0


async def test_stopping_worker_lets_a_short_job_finish(database: Database) -> None:
    started = asyncio.Event()

    @jobs.job("short", Work)
    async def short(job: jobs.Job[Work]) -> None:
        started.set()
        await asyncio.sleep(0.1)

    tenant = uuid4()
    job = await enqueue(database, "short", tenant=tenant)
    async with working(database, short):
        await started.wait()
    assert (await look(database, tenant, job)).state == "completed"


async def test_listing_pages_newest_first(database: Database) -> None:
    tenant = uuid4()
    ids = [await enqueue(database, "note", tenant=tenant) for _ in range(5)]
    async with database.transaction(SYSTEM) as tx:
        first = await jobs.listing(tx.connection, tenant, limit=2)
        rest = await jobs.listing(tx.connection, tenant, before=first[-1].id)
        filled = await jobs.backlog(tx.connection)
    assert [s.id for s in first + rest] == ids[::-1]
    assert (filled.ready, filled.waiting, filled.processing) == (5, 0, 0)


async def test_what_is_done_does_not_slow_a_look_at_what_is_to_do(database: Database) -> None:
    async with database.transaction(SYSTEM) as tx:
        await tx.execute(MANY_DONE, uuid4())
        told = await tx.rows(f"EXPLAIN {statements.BACKLOG}")
    plan = "\n".join(row[0] for row in told)
    assert "job_claim" in plan
    assert "Seq Scan" not in plan, plan


async def test_finished_jobs_are_tidied_away(database: Database) -> None:
    tenant = uuid4()
    job = await enqueue(database, "note", tenant=tenant)
    async with database.transaction(SYSTEM) as tx:
        await jobs.cancel(tx.connection, tenant, job)
        await tx.execute("UPDATE jobs.job SET finished_at = now() - interval '8 days'")
    async with working(database, note, pace=QUICK):
        await until(lambda: _gone(database, tenant))


async def test_worker_leaves_jobs_of_unknown_names_alone(database: Database) -> None:
    tenant = uuid4()
    unknown = await enqueue(database, "of a newer release", tenant=tenant)
    known = await enqueue(database, "note", tenant=tenant)
    async with working(database, note):
        await until_state(database, tenant, known, "completed")
    assert (await look(database, tenant, unknown)).state == "pending"


async def test_registry_reports_every_mistake_at_once() -> None:
    wrong = [
        jobs.Schedule("a", "61 * * * *", "note", Work()),
        jobs.Schedule("b", "* * * * *", "nothing"),
        jobs.Schedule("b", "* * * * *", "note", Work(), zone="Mars/Base"),
    ]
    with pytest.raises(ValueError, match="declared twice") as caught:
        jobs.Registry([note, note], wrong)
    for part in ("job 'note'", "schedule 'b'", "not a cron line", "no job 'nothing'", "Mars/Base"):
        assert part in str(caught.value)


async def _count(found: list[object] | list[str] | list[UUID], many: int) -> bool:
    return len(found) >= many


async def _gone(database: Database, tenant: UUID) -> bool:
    async with database.transaction(SYSTEM) as tx:
        return await jobs.listing(tx.connection, tenant) == []
