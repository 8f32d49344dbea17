"""Pages of administration ask little of the database, however much there is."""

from __future__ import annotations

import pytest
from tests.factories import Organisation, Owner, Somebody
from tests.guards import Counter
from tests.pages.conftest import Visitor

from tenfold.accounts.organisation import sessions
from tenfold.kernel import clock

pytestmark = pytest.mark.anyio
PLACES = (
    "/admin", "/admin/types", "/admin/types/new", "/admin/types/lead",
    "/admin/types/lead/fields/new", "/admin/pipelines", "/admin/pipelines/lead",
    "/admin/sessions", "/admin/organisation", "/admin/jobs", "/admin/jobs?which=failed",
)  # fmt: skip
_MANY = """INSERT INTO tenfold.sessions (id, user_id, tenant_id, expires_at, created_at, ended_at)
SELECT gen_random_uuid(), $1, $2, now() + interval '1 day', now() - n * interval '1 second', now()
FROM generate_series(1, 50000) n"""


@pytest.mark.parametrize("place", PLACES)
async def test_a_page_of_administration_needs_few_statements(
    visitor: Visitor, queries: Counter, place: str
) -> None:
    await visitor.get(place)
    queries.clear()
    await visitor.get(place)
    assert visitor.answer.status_code == 200
    assert len(queries) <= 5, list(queries)


async def test_sessions_that_ended_are_not_looked_at(
    owner: Owner, organisation: Organisation, admin: Somebody
) -> None:
    await owner.execute(_MANY, admin.id, organisation.id)
    await owner.execute("ANALYZE tenfold.sessions")
    page: str = sessions._PAGE  # pyright: ignore[reportPrivateUsage]
    asked = (organisation.id, clock.now(), None, None, "", 51)
    told = await owner.fetch(f"EXPLAIN {page}", *asked)
    plan = "\n".join(row[0] for row in told)
    assert "sessions_open" in plan, plan
