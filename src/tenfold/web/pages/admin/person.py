"""A member's page: their place, their sessions, and what becomes of their records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.sessions import going
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import handing_over, members
from tenfold.accounts.organisation.handing_over import HandOver
from tenfold.accounts.organisation.members import Member, MemberChange
from tenfold.engine.definition import Definition
from tenfold.engine.types import Refused
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, TenfoldError
from tenfold.kernel.language import mark, say, say_n
from tenfold.kernel.structs import convert
from tenfold.web.desk import desk_of
from tenfold.web.pages import cells, words
from tenfold.web.pages.admin.around import (
    Act,
    acting,
    entering,
    identified,
    looking,
    nothing_here,
    page,
)
from tenfold.web.pages.admin.people import PLACE
from tenfold.web.pages.admin.places import choices, name_of, person_in, place_of
from tenfold.web.pages.admin.role_words import listed
from tenfold.web.pages.agents import agent
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.own_sessions import how
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed, mistyped

_FIELDS = ("role", "roles", "team_id", "to")


@dataclass(frozen=True, slots=True)
class Session:
    """Where a member is signed in."""

    device: str
    icon: str
    how: str
    address: str
    seen: Cell


@get(f"{PLACE}/{{user_id:str}}")
async def person_page(request: Req, user_id: str) -> ASGIResponse:
    """A member with all that can be done."""
    claims = await entering(request, "page-admin-person")
    return await _page(request, claims, identified(user_id))


@post(f"{PLACE}/{{user_id:str}}", status_code=200)
async def change_person(request: Req, user_id: str) -> ASGIResponse:
    """Change their role, roles and team; effective at their next request."""
    act = await acting(request, "page-admin-person")
    identity = identified(user_id)
    try:
        wanted = convert(place_of(act.form), MemberChange)
        async with act.changing() as by:
            done = await members.change(by, identity, wanted)
    except (Invalid, Conflict) as error:
        return await _again(act, identity, error)
    except Forbidden as error:
        return _forbidden(act, identity, error)
    return act.done(
        say("%(name)s is changed, from their next click on.", name=name_of(done)),
        _path(identity),
    )


@post(f"{PLACE}/{{user_id:str}}/deactivate", status_code=200)
async def deactivate(request: Req, user_id: str) -> ASGIResponse:
    """End a membership: sessions and keys end, records stay where they are."""
    return await _activate(request, user_id, active=False)


@post(f"{PLACE}/{{user_id:str}}/reactivate", status_code=200)
async def reactivate(request: Req, user_id: str) -> ASGIResponse:
    """Take somebody back, with the roles that they had."""
    return await _activate(request, user_id, active=True)


async def _activate(request: Req, user_id: str, *, active: bool) -> ASGIResponse:
    act = await acting(request, "page-admin-person-active")
    identity = identified(user_id)
    try:
        async with act.changing() as by:
            done = await members.change(by, identity, MemberChange(active=active))
    except (Conflict, Forbidden) as error:
        return _forbidden(act, identity, error)
    back, gone = mark("%(name)s belongs here again."), mark("%(name)s can't sign in here any more.")
    return act.done(say(back if active else gone, name=name_of(done)), _path(identity))


@post(f"{PLACE}/{{user_id:str}}/sessions/end", status_code=200)
async def end_sessions(request: Req, user_id: str) -> ASGIResponse:
    """Sign them out everywhere in this organisation."""
    act = await acting(request, "page-admin-person-sessions")
    identity = identified(user_id)
    try:
        async with act.changing() as by:
            ended = await members.end_sessions(by, identity)
    except Forbidden as error:
        return _forbidden(act, identity, error)
    n = words.number(ended)
    said = say_n("%(n)s session has ended.", "%(n)s sessions have ended.", ended, n=n)
    return act.done(said, _path(identity))


@post(f"{PLACE}/{{user_id:str}}/hand-over", status_code=200)
async def hand_over(request: Req, user_id: str) -> ASGIResponse:
    """Give all that they have to somebody else, by a job."""
    act = await acting(request, "page-admin-person-hand-over")
    identity, text = identified(user_id), act.form.get("to")[:200]
    try:
        async with act.changing() as by:
            try:
                to = await person_in(by.tx, by.tenant, text, active=True)
            except Refused as refusal:
                raise Invalid({"to": str(refusal)}) from None
            keyring = desk_of(request).keyring
            batch = await handing_over.start(by, keyring, identity, HandOver(to=to))
            heir = name_of(await members.one(by.tx, by.tenant, to))
    except (Invalid, Conflict) as error:
        return await _again(act, identity, error)
    count = int(batch.summary.get("total", 0))
    said = say_n(
        "%(n)s change is on the way to %(heir)s.",
        "%(n)s changes are on the way to %(heir)s.",
        count,
        n=words.number(count),
        heir=heir,
    )
    said = said if count else say("There was nothing to hand over to %(heir)s.", heir=heir)
    if stays := sum(batch.summary.get("stays", {}).values()):
        kept = say_n(
            "%(n)s private one stays, as you are who hands it over: give it to somebody else.",
            "%(n)s private ones stay, as you are who hands them over: give them to somebody else.",
            stays,
            n=words.number(stays),
        )
        said = f"{said} {kept}"
    return act.done(said, _path(identity), more=f"/imports/{batch.id}" if count else "")


@post(f"{PLACE}/{{user_id:str}}/own", status_code=200)
async def transfer(request: Req, user_id: str) -> ASGIResponse:
    """Make them an owner in one's own place."""
    act = await acting(request, "page-admin-person-own")
    identity = identified(user_id)
    try:
        async with act.changing() as by:
            await members.one(by.tx, by.tenant, identity)
            done = await members.transfer(by, identity)
    except (Invalid, Forbidden) as error:
        return _forbidden(act, identity, error)
    said = say("%(name)s owns the organisation now, and you are an admin.", name=name_of(done))
    return act.done(said, _path(identity))


# -- the page


def _path(identity: UUID) -> str:
    return f"{PLACE}/{identity}"


def _forbidden(act: Act, identity: UUID, error: TenfoldError) -> ASGIResponse:
    """Back to the page, which says why not; who must prove who they are first does so."""
    if error.code in ("STEP_UP_REQUIRED", "MFA_REQUIRED", "ADDRESS_NOT_ALLOWED"):
        raise error
    return act.refused(error, _path(identity))


async def _again(act: Act, identity: UUID, error: TenfoldError) -> ASGIResponse:
    """The page with what was typed, and the mistake beside its field."""
    typed = mistyped(act.form, _FIELDS, error)
    values = {**typed.values, "roles": ",".join(act.form.all("roles"))}
    typed = Typed(typed.focus, values, typed.problems, typed.problem)
    return await _page(act.request, act.claims, identity, typed, error.status)


async def _page(
    request: Req, claims: Claims, identity: UUID, typed: Typed | None = None, status: int = 200
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        tenant, registry = guest.person.tenant, guest.desk.registry
        one = await members.one(guest.reader, tenant, identity)
        if one.kind == "service":
            raise nothing_here()
        left = await handing_over.owned(guest.reader, tenant, registry, identity)
        me, owns = one.id == guest.person.user, guest.person.role == "owner"
        without = () if owns or one.role == "owner" else ("owner",)
        offered = await choices(guest, without=without, held=one.roles)
        view: dict[str, Any] = {
            "one": one,
            "name": name_of(one),
            "path": _path(identity),
            "typed": _filled(one, typed),
            "offered": offered,
            "habit": (await members.habits(guest.reader, tenant, [identity]))[identity],
            "joined": cells.moment_cell(one.created_at, guest.eyes()),
            "sessions": await _sessions(guest, identity),
            "leaves": _of_types(left.values()),
            "me": me,
            "mine": owns or one.role != "owner",
            "heir": owns and not me and one.active and one.role != "owner",
        }
        return page(guest, "person.html", name_of(one), status=status, **view)


def _of_types(left: Iterable[tuple[Definition, int]]) -> str:
    """How much somebody has: `3 leads and 1 task`."""
    many = [words.counted(count, d.label, d.label_plural) for d, count in left]
    return listed(many) if many else ""


def _filled(one: Member, typed: Typed | None) -> Typed:
    """The form as they are, or as it was typed; the two forms of the page don't mix."""
    now = {"role": one.role, "roles": ",".join(one.roles), "team_id": str(one.team_id or "")}
    if typed is None:
        return Typed("", now)
    place = typed.values if typed.values.get("role") else now
    return Typed(typed.focus, {**typed.values, **place}, typed.problems, typed.problem)


async def _sessions(guest: Guest, identity: UUID) -> list[Session]:
    eyes, found = guest.eyes(), await going(guest.reader, identity, guest.person.tenant)
    made: list[Session] = []
    for one in found:
        known = agent(one.agent or "")
        seen = cells.moment_cell(one.seen_at, eyes)
        made.append(Session(known.name, known.icon, how(one.methods), one.address or "", seen))
    return made


HANDLERS = [
    person_page,
    change_person,
    deactivate,
    reactivate,
    end_sessions,
    hand_over,
    transfer,
]
