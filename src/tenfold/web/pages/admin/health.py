"""How the installation is, in words: what is measured, what it means, and what to do about it."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from litestar import get
from litestar.response.base import ASGIResponse

import tenfold
from tenfold.audit import summary
from tenfold.jobs import listing
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.language import say, say_n
from tenfold.web.api.health import Health, shared_look
from tenfold.web.pages import outbox, words
from tenfold.web.pages.admin.around import entering, looking, page
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.session import Req

PLACE = "/admin/health"
_SLOW, _BEHIND, _LATE = 250.0, 60.0, 300.0
"""From here on a database is slow (ms), the readers of the log are behind (s), jobs late (s)."""
_FULL, _NEARLY = 0.05, 0.15
_MOST = 100
# PostgreSQL's own word, and whether any worker's heartbeat still counts.
_SERVER = """SELECT current_setting('server_version') AS version,
    pg_database_size(current_database()) AS size,
    (SELECT count(*) FROM jobs.worker WHERE until > clock_timestamp()) AS workers"""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the installation: how it stands, by which figures, and what to do if not well."""

    label: str
    icon: str
    hue: str
    state: str
    facts: str
    advice: str = ""
    href: str = ""


@get(PLACE)
async def health_page(request: Req) -> ASGIResponse:
    """Each part of the installation."""
    claims = await entering(request, "page-admin-health")
    async with looking(request, claims) as guest:
        try:
            found = await shared_look(request.app.state)
        except Unavailable:
            found = None
        parts = [
            *await _served(guest, found),
            await _disk(guest.desk.settings.folder),
            *await _told(guest),
            _mail(request),
        ]
        well = all(part.hue in ("green", "grey") for part in parts)
        return page(guest, "health.html", say("Health"), parts=parts, well=well)


async def _served(guest: Guest, found: Health | None) -> list[Part]:
    """The database, the worker and its queue, the readers of the change log."""
    (row,) = await guest.reader.rows(_SERVER)
    size = words.number(round(row["size"] / 1_000_000))
    versions = say(
        "Tenfold %(tenfold)s, PostgreSQL %(postgres)s, %(size)s MB of data",
        tenfold=tenfold.__version__,
        postgres=str(row["version"]).split(" ", 1)[0],
        size=size,
    )
    if found is None:
        advice = say("Look at the log of the server, and whether its disk is full.")
        return [_bad(say("Database"), "database", say("Answers slowly"), versions, advice)]
    made = [_database(found, versions)]
    made += [_queue(found, row["workers"]), _log(found)]
    return made


def _database(found: Health, versions: str) -> Part:
    took = found.parts.database.milliseconds
    facts = say(
        "%(facts)s. It answered in %(ms)s ms.", facts=versions, ms=words.number(round(took, 1))
    )
    if took >= _SLOW:
        advice = say("It answers slowly. Look at what else the machine does, and at its disk.")
        return _odd(say("Database"), "database", say("Slow"), facts, advice)
    return _good(say("Database"), "database", facts)


def _queue(found: Health, workers: int) -> Part:
    queue, label = found.parts.queue, say("Jobs")
    facts = say(
        "%(ready)s are due, %(waiting)s wait for their time, %(running)s run.",
        ready=words.number(queue.ready),
        waiting=words.number(queue.waiting),
        running=words.number(queue.processing),
    )
    if not workers:
        advice = say("No worker runs: start “tenfold worker” on the host. Nothing is lost.")
        return _bad(label, "list-checks", say("Nobody works"), facts, advice)
    if queue.lag_seconds >= _LATE:
        late = say_n(
            "%(n)s minute",
            "%(n)s minutes",
            int(queue.lag_seconds // 60),
            n=int(queue.lag_seconds // 60),
        )
        advice = say("The first has waited for %(late)s. Start another worker.", late=late)
        return _odd(label, "list-checks", say("Late"), facts, advice)
    return _good(label, "list-checks", facts)


def _log(found: Health) -> Part:
    lag, label = found.parts.log.lag_seconds, say("Change log")
    if lag is None:
        return Part(
            label, "history", "grey", say("Not known"), say("Its readers tell nothing yet.")
        )
    facts = say("Its readers are %(seconds)s seconds behind.", seconds=words.number(round(lag)))
    if lag >= _BEHIND:
        advice = say("What follows from changes comes late. See whether a worker runs.")
        return _odd(label, "history", say("Behind"), facts, advice)
    return _good(label, "history", facts)


async def _disk(folder: Path) -> Part:
    """The disk that holds the installation's files."""
    label = say("Disk")
    try:
        usage = await asyncio.to_thread(shutil.disk_usage, folder)
    except OSError:
        return Part(label, "package", "grey", say("Not known"), say("Its folder can’t be read."))
    free = usage.free / usage.total if usage.total else 0.0
    gigabytes = words.number(round(usage.free / 1_000_000_000))
    facts = say("%(free)s %% free, %(gb)s GB.", free=words.number(round(free * 100)), gb=gigabytes)
    if free < _FULL:
        advice = say("Make room now: without it nothing can be written.")
        return _bad(label, "package", say("Full"), facts, advice)
    if free < _NEARLY:
        return _odd(label, "package", say("Nearly full"), facts, say("Make room soon."))
    return _good(label, "package", facts)


async def _told(guest: Guest) -> list[Part]:
    """The sealed logs of this organisation, and its jobs that failed."""
    chains = await summary.chains(guest.reader)
    label, place = say("Audit log"), "/admin/security/audit-log"
    made: list[Part] = []
    if chains:
        last = max(one.sealed_at for one in chains)
        when = words.near(last, guest.now, guest.zone, guest.who.home)
        entries = words.number(sum(one.entries for one in chains))
        facts = say("%(n)s entries are sealed, the last %(when)s.", n=entries, when=when)
        made.append(Part(label, "shield-check", "green", say("Sealed"), facts, href=place))
    else:
        facts = say("Nothing is sealed yet.")
        made.append(Part(label, "shield-check", "grey", say("Empty"), facts, href=place))
    failed = await listing(
        guest.reader.connection, guest.person.tenant, state="failed", limit=_MOST
    )
    label, place = say("Failed jobs"), "/admin/jobs?which=failed"
    if not failed:
        return [*made, _good(label, "circle-check", say("None of this organisation’s."))]
    count = f"{len(failed)}+" if len(failed) == _MOST else str(len(failed))
    facts = say(
        "%(n)s of this organisation’s; the last: %(error)s", n=count, error=failed[0].error[:200]
    )
    advice = say("See why, and try them again.")
    return [*made, Part(label, "circle-alert", "amber", say("Look at them"), facts, advice, place)]


def _mail(request: Req) -> Part:
    label = say("Mail")
    if outbox.waits(request):
        advice = say("Letters are kept on the host, to be read there (“tenfold outbox”).")
        return _odd(label, "mail", say("No mail server"), say("None is set."), advice)
    facts = say("A mail server is set. Whether letters arrive is not measured.")
    return Part(label, "mail", "grey", say("Set"), facts)


def _good(label: str, icon: str, facts: str) -> Part:
    return Part(label, icon, "green", say("Well"), facts)


def _odd(label: str, icon: str, state: str, facts: str, advice: str) -> Part:
    return Part(label, icon, "amber", state, facts, advice)


def _bad(label: str, icon: str, state: str, facts: str, advice: str) -> Part:
    return Part(label, icon, "red", state, facts, advice)


HANDLERS = [health_page]
