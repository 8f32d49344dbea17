"""`tenfold csp-reports` and `tenfold limit`: what the operator sees and sets at the edge."""

from __future__ import annotations

from collections.abc import Callable

from tenfold import app
from tenfold.accounts.events import note
from tenfold.cli.organisations import find_organisation
from tenfold.cli.seat import TERMINAL, opened
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid
from tenfold.kernel.settings import Settings
from tenfold.web.api import csp_reports

Say = Callable[[str], None]
MOST = 1_000_000
"""Requests a minute of one person, far above what anybody needs."""
_HOLD = "SELECT name, rate_per_minute FROM tenfold.tenants WHERE id = $1 FOR UPDATE"
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
    if per_minute is not None and not 0 <= per_minute <= MOST:
        raise Invalid({"per_minute": f"takes 0, which is no limit, to {MOST:,}"})
    async with opened(settings) as (_, database):
        async with database.system() as reader:
            tenant = await find_organisation(reader, name)
        async with database.transaction(Context(tenant, None)) as tx:
            called, before = await tx.row(_HOLD, tenant) or ("", None)
            await tx.execute(_RATE, tenant, per_minute)
            tx.touch("members")  # the servers keep it with who belongs to the organisation
            then, now = _rate(before), _rate(per_minute)
            await note(tx, "policy_changed", TERMINAL, tenant=tenant, before=then, after=now)
    many = {None: "as many requests as others", 0: "as many requests as they like"}
    each = many.get(per_minute, f"{per_minute} requests a minute")
    say(f"Each person of {called} may make {each}.")
    return 0


def _rate(per_minute: int | None) -> dict[str, int | None]:
    return {"rate_per_minute": per_minute}
