"""What browsers report of pages that tried to run or load what our policy forbids.

Anybody may send such, so little is kept: the path without ids and query, the directive, what was
blocked, and how often; at most so many different ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import msgspec
from litestar import Request, post
from litestar.response.base import ASGIResponse

from tenfold.db.database import Database
from tenfold.kernel.errors import BadRequest, WrongMedia
from tenfold.web.api.bodies import STRANGERS_BYTES
from tenfold.web.desk import desk_of, header
from tenfold.web.metrics import named
from tenfold.web.policy import REPORTS

MOST = 1_000
"""How many different reports are kept."""
_AT_ONCE = 20
_LENGTH = 200
_OLD, _NEW = "application/csp-report", "application/reports+json"
_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[a-z][a-z-]{0,39}")
_ODD = re.compile(r"[^!-~]")

_KEEP = """INSERT INTO tenfold.csp_reports AS r (document, directive, blocked, n)
SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM tenfold.csp_reports) < $5 OR EXISTS (
    SELECT FROM tenfold.csp_reports WHERE (document, directive, blocked) = ($1, $2, $3))
ON CONFLICT (document, directive, blocked)
DO UPDATE SET n = r.n + excluded.n, last_at = excluded.last_at"""
_LIST = """SELECT document, directive, blocked, n, first_at, last_at
FROM tenfold.csp_reports ORDER BY last_at DESC, n DESC"""


class Report(NamedTuple):
    """On which page what was blocked, by which directive."""

    document: str
    directive: str
    blocked: str


class Kept(NamedTuple):
    """A report, and how often and when it came."""

    report: Report
    times: int
    first: datetime
    last: datetime


@post(REPORTS, status_code=200, request_max_body_size=STRANGERS_BYTES)
async def keep_csp_reports(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Take what a browser reports, in the old form or the new."""
    named(request.scope, "csp-reports")
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    if kind not in (_OLD, _NEW):
        raise WrongMedia(f"Send a report as {_OLD} or {_NEW}.")
    try:
        sent = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("The report is not JSON.", code="INVALID_JSON") from None
    await keep(desk_of(request).database, Counter(_reports(sent)))
    return ASGIResponse(status_code=204)


async def keep(database: Database, reports: Mapping[Report, int]) -> None:
    """Count these reports."""
    async with database.system() as reader:
        for report, times in reports.items():
            await reader.connection.execute(_KEEP, *report, times, MOST)


async def kept(database: Database) -> list[Kept]:
    """All reports, the last one first."""
    async with database.system() as reader:
        rows = await reader.rows(_LIST)
    return [Kept(Report(*row[:3]), *row[3:]) for row in rows]


async def forget(database: Database) -> None:
    """Forget all reports."""
    async with database.system() as reader:
        await reader.connection.execute("DELETE FROM tenfold.csp_reports")


def _reports(sent: object) -> Iterator[Report]:
    """What of it are reports of our policy; browsers send others the same way."""
    items = cast("list[object]", sent) if isinstance(sent, list) else [sent]
    for item in items[:_AT_ONCE]:
        one = _object(item)
        old, new = _object(one.get("csp-report")), _object(one.get("body"))
        if old:
            directive = old.get("effective-directive") or old.get("violated-directive")
            yield _report(old.get("document-uri"), directive, old.get("blocked-uri"))
        elif new and one.get("type") == "csp-violation":
            yield _report(
                new.get("documentURL"), new.get("effectiveDirective"), new.get("blockedURL")
            )


def _object(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _report(document: object, directive: object, blocked: object) -> Report:
    word = str(directive).partition(" ")[0].lower()
    known = word if _WORD.fullmatch(word) else "unknown"
    return Report(_plain(_address(document)[1]), known, _blocked(blocked))


def _blocked(given: object) -> str:
    """A word like `inline`, or an address without what follows its path."""
    if isinstance(given, str) and _WORD.fullmatch(given):
        return given
    return _plain("".join(_address(given)))


def _address(given: object) -> tuple[str, str]:
    """Scheme and host of an address, without a user's name, and its path."""
    try:
        parts = urlsplit(given if isinstance(given, str) else "")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", ""
    start = f"{parts.scheme}://{host}" if host else f"{parts.scheme}:" if parts.scheme else ""
    path = parts.path if host or not parts.scheme else ""  # `data:` may hold a whole file
    return (f"{start}:{port}" if host and port else start), path


def _plain(text: str) -> str:
    """Short, without ids of records, and with nothing in it that a terminal would obey."""
    return _ODD.sub("_", _ID.sub("{id}", text[: 4 * _LENGTH]))[:_LENGTH]


HANDLERS = [keep_csp_reports]
