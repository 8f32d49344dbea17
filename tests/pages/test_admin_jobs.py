"""Jobs of the organisation by pages: what waits, what failed, retry and cancel."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.conftest import MakeOrganisation
from tests.factories import Organisation, Owner
from tests.pages.conftest import Visitor

from tenfold.jobs import statements
from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
PLACE = "/admin/jobs"
_ADD = """INSERT INTO jobs.job (tenant_id, id, name, payload, state, error, ready, run_at)
VALUES ($1, $2, $3, '{}', $4, $5, $6, now() + interval '1 hour')"""
_MANY = """INSERT INTO jobs.job (tenant_id, id, name, payload, state, finished_at)
SELECT $1, gen_random_uuid(), 'mail.send', '{}', 'completed', now()
FROM generate_series(1, 30000)"""
_STATE = "SELECT state FROM jobs.job WHERE id = $1"


async def job(
    owner: Owner, tenant: UUID, state: str, name: str = "import", error: str = ""
) -> UUID:
    made = new_id()
    await owner.execute(_ADD, tenant, made, name, state, error, state != "pending")
    return made


async def test_what_waits_runs_and_failed_is_told_apart(
    visitor: Visitor, owner: Owner, organisation: Organisation, make_organisation: MakeOrganisation
) -> None:
    other = await make_organisation("Elsewhere")
    await job(owner, organisation.id, "pending")
    await job(owner, organisation.id, "failed", "members.hand_over", "The disk is full.")
    await job(owner, other.id, "failed", error="A secret of others.")
    await visitor.get(PLACE)
    assert "Waits" in visitor.page.text
    assert "The disk is full." not in visitor.page.text
    await visitor.get(PLACE, params={"which": "failed"})
    assert "The disk is full." in visitor.page.text
    await visitor.get(PLACE, params={"which": "all"})
    assert "A secret of others." not in visitor.page.text
    await visitor.get(PLACE, params={"which": "failed", "kind": "import"})
    assert "Nothing failed" in visitor.page.text


async def test_a_failed_job_is_tried_again_and_one_that_waits_is_cancelled(
    visitor: Visitor, owner: Owner, organisation: Organisation
) -> None:
    failed = await job(owner, organisation.id, "failed")
    waits = await job(owner, organisation.id, "pending", "undo")
    await visitor.get(PLACE)
    await visitor.send(visitor.form(f"{PLACE}/{waits}/cancel"))
    assert visitor.toast == "The job is cancelled."
    assert await owner.fetchval(_STATE, waits) == "cancelled"
    await visitor.get(PLACE, params={"which": "failed"})
    await visitor.send(visitor.form(f"{PLACE}/{failed}/retry"))
    assert visitor.toast == "The job is tried again."
    assert await owner.fetchval(_STATE, failed) in ("pending", "processing", "failed")


async def test_jobs_of_other_organisations_are_not_there(
    visitor: Visitor, owner: Owner, make_organisation: MakeOrganisation
) -> None:
    theirs = await job(owner, (await make_organisation("Elsewhere")).id, "pending")
    await visitor.get(PLACE)
    csrf = dict(visitor.form("/logout").fields())["csrf"]
    await visitor.post(f"{PLACE}/{theirs}/cancel", [("csrf", csrf)])
    assert visitor.answer.status_code == 404
    assert await owner.fetchval(_STATE, theirs) == "pending"


async def test_unfinished_jobs_are_found_without_a_look_at_those_that_are_done(
    owner: Owner, organisation: Organisation
) -> None:
    await owner.execute(_MANY, organisation.id)
    await owner.execute("ANALYZE jobs.job")
    last = UUID(int=(1 << 128) - 1)
    asked = (organisation.id, last, None, 51)
    told = await owner.fetch("EXPLAIN (ANALYZE, BUFFERS) " + statements.UNFINISHED, *asked)
    plan = "\n".join(row[0] for row in told)
    assert "Seq Scan" not in plan, plan
    assert "job_pkey" not in plan, plan
