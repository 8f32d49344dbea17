"""Security events, for administrators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.accounts import reading_events
from tenfold.accounts.events import EVENTS
from tenfold.accounts.reading_events import SecurityEvent, Which
from tenfold.kernel.errors import Invalid
from tenfold.kernel.ids import parse_id
from tenfold.web.api.administration import PAGING, Paging, Req, listed, paging, visiting
from tenfold.web.api.endpoint import Endpoint


@get("/v1/security-events")
async def list_security_events(request: Req) -> ASGIResponse:
    """What happened to accounts and permissions of the organisation, the newest first."""
    asked = paging(request, "event_type", "user_id", "ip_address", "since", "until")
    which = which_of(asked)
    async with visiting(request, "security_events") as visit:
        visit.need_administrator()
        tenant = visit.person.tenant
        rows = await reading_events.page(visit.reader, tenant, which, asked.after, asked.limit)
    return listed(rows, asked, lambda event: event.id)


def which_of(asked: Paging) -> Which:
    """The filters of the query; raises Invalid naming the one that can't be used."""
    given = asked.rest
    reading_events.check_address(given.get("ip_address"), "ip_address")
    user = given.get("user_id", "")
    if user and parse_id(user) is None:
        raise Invalid({"user_id": "must be an id (a UUID)"})
    return Which(
        checked_types(given.get("event_type", ""), "event_type"),
        parse_id(user),
        given.get("ip_address") or None,
        _moment(given, "since"),
        _moment(given, "until"),
    )


def checked_types(text: str, name: str) -> tuple[str, ...] | None:
    """The events of a list with commas, None for all; raises Invalid naming what is none."""
    types = tuple(one for one in text.split(",") if one)
    if unknown := [one for one in types if one not in EVENTS]:
        told = f"there is no event {unknown[0][:60]!r}; there are {', '.join(EVENTS)}"
        raise Invalid({name: told})
    return types or None


def _moment(given: Any, name: str) -> datetime | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        found = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise Invalid({name: "must be a moment, like 2026-11-22T08:00:00Z"}) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


HANDLERS = [list_security_events]

_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/security-events",
        "List security events",
        None,
        list[SecurityEvent],
        200,
        (400, "FORBIDDEN", "MFA_REQUIRED", "ADDRESS_NOT_ALLOWED", "STEP_UP_REQUIRED"),
        query={
            **PAGING,
            "event_type": ({"type": "string"}, "Only these, separated by commas."),
            "user_id": (_ID, "Only what is about a person."),
            "ip_address": ({"type": "string"}, "Only what came from an address."),
            "since": (_MOMENT, "Only from this moment on."),
            "until": (_MOMENT, "Only before this moment."),
        },
    ),
)
