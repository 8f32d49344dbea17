"""Jobs of the organisation: what waits, runs, failed and is done; schedules of the installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold import jobs
from tenfold.jobs import Status
from tenfold.kernel.errors import Conflict
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say
from tenfold.web.pages import cells, render, words
from tenfold.web.pages.admin.around import PAGE, acting, entering, identified, looking, page
from tenfold.web.pages.admin.job_words import KINDS, called, scheduled, state
from tenfold.web.pages.cells import EMPTY, Cell
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.session import Req

PLACE = "/admin/jobs"


@dataclass(frozen=True, slots=True)
class Row:
    """A job in the list."""

    id: str
    name: str
    hue: str
    state: str
    progress: str
    error: str
    since: Cell
    next: Cell
    attempt: int
    cancels: bool
    retries: bool


@get(PLACE)
async def jobs_page(
    request: Req, which: str = "open", kind: str = "", before: str = ""
) -> ASGIResponse:
    """The organisation's jobs, the newest first, and the schedules."""
    claims = await entering(request, "page-admin-jobs")
    async with looking(request, claims) as guest:
        which = which if which in ("open", "failed", "all") else "open"
        # Of all jobs, those of one kind may lie far apart: no page looks at a million for 50.
        kind = kind if kind in KINDS and which != "all" else ""
        found = await _found(guest, which, kind, before)
        shown, more = found[:PAGE], len(found) > PAGE
        asked = {"which": which, "kind": kind}
        at = guest.reader.connection
        view: dict[str, Any] = {
            "rows": [_row(guest, one) for one in shown],
            "which": which,
            "kind": kind,
            "kinds": [("", say("All kinds")), *((name, called(name)) for name in KINDS)],
            "views": _views(which),
            "schedules": [
                (scheduled(one.name), *_times(guest, one)) for one in await jobs.ticks(at)
            ],
            "first": render.query(PLACE, **asked) if before else "",
            "next": render.query(PLACE, **asked, before=str(shown[-1].id)) if more else "",
        }
        return page(guest, "jobs.html", say("Jobs"), **view)


async def _found(guest: Guest, which: str, kind: str, before: str) -> list[Status]:
    at, tenant = guest.reader.connection, guest.person.tenant
    last, most = parse_id(before), PAGE + 1
    if which == "open":
        return await jobs.unfinished(at, tenant, name=kind or None, before=last, limit=most)
    only = "failed" if which == "failed" else None
    return await jobs.listing(at, tenant, state=only, name=kind or None, before=last, limit=most)


def _views(which: str) -> list[tuple[str, str, bool]]:
    named = (("open", say("Unfinished")), ("failed", say("Failed")), ("all", say("All")))
    return [(render.query(PLACE, which=one), label, one == which) for one, label in named]


def _times(guest: Guest, one: jobs.Tick) -> tuple[str, Cell, Cell]:
    eyes = guest.eyes()
    last = cells.moment_cell(one.last_at, eyes) if one.last_at else EMPTY
    return f"{one.cron} ({one.zone})", last, cells.moment_cell(one.next_at, eyes)


def _row(guest: Guest, one: Status) -> Row:
    eyes = guest.eyes()
    hue, word = state(one.state)
    waits = one.state == "pending"
    if waits and one.attempt:
        hue, word = "amber", say("Waits for another try")
    if one.cancelling and one.state == "processing":
        hue, word = "amber", say("Is being cancelled")
    done = words.number(one.done) if one.done else ""
    return Row(
        id=str(one.id),
        name=called(one.name),
        hue=hue,
        state=word,
        progress=f"{words.number(one.done)} / {words.number(one.total)}" if one.total else done,
        error=one.error,
        since=cells.moment_cell(one.finished_at or one.started_at or one.created_at, eyes),
        next=cells.moment_cell(one.run_at, eyes) if waits and one.run_at > guest.now else EMPTY,
        attempt=one.attempt,
        cancels=one.state in ("pending", "processing") and not one.cancelling,
        retries=one.state in ("failed", "cancelled"),
    )


@post(f"{PLACE}/{{job_id:str}}/retry", status_code=200)
async def retry(request: Req, job_id: str) -> ASGIResponse:
    """Let a job that failed, or was cancelled, be done again."""
    act = await acting(request, "page-admin-job-retry")
    try:
        async with act.changing() as by:
            await jobs.retry(by.tx.connection, by.tenant, identified(job_id))
    except Conflict as error:
        return act.refused(error, PLACE)
    return act.done(say("The job is tried again."), PLACE)


@post(f"{PLACE}/{{job_id:str}}/cancel", status_code=200)
async def cancel(request: Req, job_id: str) -> ASGIResponse:
    """Cancel a job; what it has written so far stays."""
    act = await acting(request, "page-admin-job-cancel")
    try:
        async with act.changing() as by:
            now = await jobs.cancel(by.tx.connection, by.tenant, identified(job_id))
    except Conflict as error:
        return act.refused(error, PLACE)
    said = say("The job is cancelled.")
    if now == "processing":
        said = say("The job stops at its next step; what it has written stays.")
    return act.done(said, PLACE)


HANDLERS = [jobs_page, retry, cancel]
