"""How the installation is, in words."""

from __future__ import annotations

import pytest
from tests.factories import Organisation, Owner
from tests.pages.conftest import Visitor

from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
PLACE = "/admin/health"
_FAILED = """INSERT INTO jobs.job (tenant_id, id, name, payload, state, error, finished_at)
VALUES ($1, $2, 'import', '{}', 'failed', 'The file is gone.', now())"""
_BEAT = """INSERT INTO jobs.worker (id, until) VALUES ($1, clock_timestamp() + interval '1 hour')"""


async def parts(visitor: Visitor) -> dict[str, str]:
    """What is said of each part, by its name."""
    await visitor.get(PLACE)
    assert visitor.answer.status_code == 200
    (found,) = visitor.page.all("ul", class_="health")
    lines = found.all("li")
    return {(one.all("strong") or one.all("a"))[0].text: one.text for one in lines}


async def test_what_is_measured_is_said_and_what_is_not(visitor: Visitor, owner: Owner) -> None:
    await owner.execute(_BEAT, new_id())
    await owner.execute("DELETE FROM jobs.job WHERE state = 'pending'")  # what other tests left
    found = await parts(visitor)
    assert "PostgreSQL" in found["Database"]
    assert "free" in found["Disk"]
    assert "Well" in found["Jobs"]
    assert "Not measured here: backups" in visitor.page.text


async def test_failed_jobs_are_told_with_the_last_error_and_what_to_do(
    visitor: Visitor, owner: Owner, organisation: Organisation
) -> None:
    assert "None of this organisation’s." in (await parts(visitor))["Failed jobs"]
    await owner.execute(_FAILED, organisation.id, new_id())
    found = await parts(visitor)
    assert "The file is gone." in found["Failed jobs"]
    assert visitor.page.all("a", href="/admin/jobs?which=failed")
    assert "Something needs a look." in visitor.page.text
