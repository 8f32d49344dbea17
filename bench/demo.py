"""The demo organisation that pages are measured with: as it is made, and with much more of all."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench import administration, data, filling, people, statements
from bench import site as sites
from bench.data import Facts
from bench.organisations import Organisation
from bench.site import Site
from tenfold import demo
from tenfold.app import make_demo
from tenfold.demo.staff import EMAIL, PASSWORD, TENANT
from tenfold.engine.definition import Definition

# A fifth are to be called again, within three weeks of today, as a calendar shows them.
_HOURS = "(hashint8extended(i, 14) & 1023)::int - 512"
_CALLED = f"date_trunc('hour', now()) + make_interval(hours => {_HOURS})"
_MORE = {"next_touch": people.some(14, 0.2, _CALLED)}


@contextlib.contextmanager
def ready(
    home: Path, lead: Definition, rows: int, say: Callable[[str], None], *, fresh: bool
) -> Generator[Site]:
    """An installation with the demo organisation of today and so many leads more."""
    wanted = Facts(tenants=1, leads=rows, students=0, one_tenant=0, made_by=_digest())
    facts = data.facts_in(home)
    if fresh or facts is None or msgspec.structs.replace(facts, loaded_at=0.0) != wanted:
        data.clear(home, facts)
        data.write(home, wanted)
        facts = None
    with sites.opened(home, say) as site:
        if facts is None or not facts.loaded_at:
            make_demo(site.installation.settings, say)
            asyncio.run(_fill(site, lead, rows, say))
            data.write(home, msgspec.structs.replace(wanted, loaded_at=time.time()))
        yield site


def _digest() -> str:
    """The demo's days are counted from today: it is made anew each day."""
    folder = Path(demo.__file__).parent
    made = (*sorted(folder.glob("*.py")), Path(__file__), Path(administration.__file__))
    return f"{data.digest(*made)}-{datetime.now(UTC):%F}"


async def _fill(site: Site, lead: Definition, rows: int, say: Callable[[str], None]) -> None:
    async with filling.owner(site) as db:
        if rows:
            found = await db.fetch(statements.STAFF, TENANT)
            staff = [str(row["user_id"]) for row in found]
            # Each of them stands for an organisation, among which leads are shared out; the last
            # one of a benchmark gets none, and so is here nobody more.
            made = [_standing(n, user) for n, user in enumerate([*staff, staff[0]], 1)]
            await filling.prepare(db, site, made)
            sql = people.make(lead, custom=False, more=_MORE)
            async with filling.bare(db, lead.plural, say):
                await filling.load(db, sql, rows, f"{lead.plural} in the demo organisation", say)
            await filling.check_words(db, lead)
            await administration.fill(db, TENANT, found[0]["user_id"], rows, say)
        await filling.settle(db)


def _standing(n: int, user: str) -> Organisation:
    return Organisation(
        n=n, tenant=str(TENANT), user=user, email=EMAIL, password=PASSWORD, token=""
    )


async def told_most(site: Site) -> str:
    """The lead of the demo organisation of whom most is told: the record page shows it."""
    async with filling.owner(site) as db:
        return str(await db.fetchval(statements.TOLD_MOST, TENANT))


__all__ = ["EMAIL", "PASSWORD", "ready", "told_most"]
