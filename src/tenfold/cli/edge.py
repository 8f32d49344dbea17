"""`tenfold csp-reports` and `tenfold limit`: what the operator sees and sets at the edge."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from tenfold import app
from tenfold.db.database import Database
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.settings import Settings
from tenfold.web.api import csp_reports

Say = Callable[[str], None]
_ORGANISATION = "SELECT id, name FROM tenfold.tenants WHERE id = $1 OR name = $2 LIMIT 2"
_RATE = "UPDATE tenfold.tenants SET rate_per_minute = $2 WHERE id = $1"


async def show_reports(settings: Settings, say: Say, *, forget: bool) -> int:
    """Print what browsers reported; then forget it, where that is asked."""
    database = await app.parts(settings).database()
    try:
        found = await csp_reports.kept(database)
        for one in found:
            report = one.report
            say(
                f"{one.last:%Y-%m-%d %H:%M}  {one.times:>6} times  {report.directive}  "
                f"{report.blocked or '-'}  on {report.document or '-'}"
            )
        if not found:
            say("No browser reported anything.")
        if forget:
            await csp_reports.forget(database)
    finally:
        await database.close()
    return 0


async def set_limit(settings: Settings, name: str, per_minute: int | None, say: Say) -> int:
    """Set, or take back, how often each person of an organisation may ask."""
    if per_minute is not None and per_minute < 0:
        raise Invalid({"per_minute": "must be no less than 0, which is no limit"})
    database = await app.parts(settings).database()
    try:
        tenant, called = await _organisation(database, name)
        async with database.transaction(Context(tenant, None)) as tx:
            await tx.execute(_RATE, tenant, per_minute)
            tx.touch("members")  # the servers keep it with who belongs to the organisation
    finally:
        await database.close()
    many = {None: "as many requests as others", 0: "as many requests as they like"}
    each = many.get(per_minute, f"{per_minute} requests a minute")
    say(f"Each person of {called} may make {each}.")
    return 0


async def _organisation(database: Database, name: str) -> tuple[UUID, str]:
    async with database.system() as reader:
        rows = await reader.rows(_ORGANISATION, parse_id(name), name)
    if not rows:
        raise NotFound(f"There is no organisation {name!r}.")
    if len(rows) > 1:
        raise Invalid({"organisation": f"there are several called {name!r}; give the id of one"})
    return rows[0][0], rows[0][1]
