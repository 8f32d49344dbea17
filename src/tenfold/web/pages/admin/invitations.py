"""Invitations: made, sent again, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import invitations
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.invitations import Invitation, NewInvitation
from tenfold.engine.titles import USER, titles
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, TenfoldError, TooMany
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say
from tenfold.kernel.structs import convert
from tenfold.web.desk import desk_of
from tenfold.web.pages import cells, outbox, render
from tenfold.web.pages.admin.around import PAGE, Act, acting, entering, identified, looking, page
from tenfold.web.pages.admin.people import PLACE
from tenfold.web.pages.admin.places import called, choices, place_of
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed, mistyped

_LIST, _NEW = f"{PLACE}/invitations", f"{PLACE}/invite"
_FIELDS = ("email", "role", "roles", "team_id")
_CHIPS = {
    "open": ("blue", mark("Waits")),
    "accepted": ("green", mark("Joined")),
    "revoked": ("grey", mark("Taken back")),
    "expired": ("amber", mark("Too old")),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An invitation in the list."""

    id: str
    email: str
    role: str
    team: str
    by: str
    sent: Cell
    until: Cell
    state: str
    hue: str
    word: str


@get(_LIST)
async def invitations_page(request: Req, which: str = "open", after: str = "") -> ASGIResponse:
    """Those that wait, or all of them, the newest first."""
    claims = await entering(request, "page-admin-invitations")
    async with looking(request, claims) as guest:
        tenant, only = guest.person.tenant, True if which != "all" else None
        found = await invitations.page(guest.reader, tenant, only, parse_id(after), PAGE)
        shown, more = found[:PAGE], len(found) > PAGE
        who = {USER: {one.invited_by for one in shown}}
        names = await titles(guest.desk.query, guest.reader, guest.person, who)
        eyes, offered = guest.eyes(), await choices(guest)
        last = {"which": which, "after": str(shown[-1].id)} if more else {}
        view: dict[str, Any] = {
            "rows": [
                _row(one, offered.team(one.team_id), names.get(one.invited_by, ""), eyes)
                for one in shown
            ],
            "all": only is None,
            "next": render.query(_LIST, **last) if more else "",
            "first": render.query(_LIST, which=which) if after else "",
        }
        return page(guest, "invitations.html", say("Invitations"), **view)


@get(_NEW)
async def invite_page(request: Req) -> ASGIResponse:
    """The form of an invitation."""
    return await _form(request, await entering(request, "page-admin-invite"))


@post(_NEW, status_code=200)
async def invite(request: Req) -> ASGIResponse:
    """Write the letter; an open invitation to the same address is replaced."""
    act = await acting(request, "page-admin-invite")
    try:
        given = {"email": act.form.get("email").strip(), **place_of(act.form)}
        new = convert(given, NewInvitation)
        async with act.changing() as by:
            made = await _send(act, by, new)
    except (Invalid, Conflict, TooMany) as error:
        return await _form(request, act.claims, act, error)
    except Forbidden as error:
        if error.code not in ("FORBIDDEN", "EMAIL_NOT_VERIFIED"):
            raise
        return await _form(request, act.claims, act, error)
    sent = say("The letter to %(email)s is on its way.", email=made.email)
    kept = say("%(email)s is invited.", email=made.email)
    return act.done(outbox.told(request, sent, kept), _LIST)


@post(f"{_LIST}/{{invitation_id:str}}/resend", status_code=200)
async def resend(request: Req, invitation_id: str) -> ASGIResponse:
    """Send another letter, whose link takes the place of the one before."""
    act = await acting(request, "page-admin-invitation-resend")
    try:
        async with act.changing() as by:
            old = await invitations.one(by.tx, by.tenant, identified(invitation_id))
            place: dict[str, Any] = {"role": old.role, "roles": old.roles, "team_id": old.team_id}
            await _send(act, by, NewInvitation(email=old.email, **place))
    except (Invalid, Conflict, TooMany) as error:
        return act.refused(error, _LIST)
    except Forbidden as error:
        if error.code != "EMAIL_NOT_VERIFIED":
            raise
        return act.refused(error, _LIST)
    again = mark("Another letter to %(email)s is on its way; the link before is void.")
    sent, kept = say(again, email=old.email), say("The link before is void.")
    return act.done(outbox.told(request, sent, kept), _LIST)


@post(f"{_LIST}/{{invitation_id:str}}/withdraw", status_code=200)
async def withdraw(request: Req, invitation_id: str) -> ASGIResponse:
    """Take an invitation back."""
    act = await acting(request, "page-admin-invitation-withdraw")
    try:
        async with act.changing() as by:
            done = await invitations.revoke(by, identified(invitation_id))
    except Conflict as error:
        return act.refused(error, _LIST)
    return act.done(say("The invitation of %(email)s is taken back.", email=done.email), _LIST)


async def _send(act: Act, by: Administrator, new: NewInvitation) -> Invitation:
    desk = desk_of(act.request)
    return await invitations.invite(by, desk.keyring, new, desk.settings.address)


def _row(one: Invitation, team: str, by: str, eyes: cells.Reader) -> Row:
    hue, word = _CHIPS[one.state][0], say(_CHIPS[one.state][1])
    roles = ", ".join(called(role) for role in (one.role, *one.roles))
    sent, until = (cells.moment_cell(at, eyes) for at in (one.created_at, one.expires_at))
    return Row(str(one.id), one.email, roles, team, by, sent, until, one.state, hue, word)


async def _form(
    request: Req, claims: Claims, act: Act | None = None, error: TenfoldError | None = None
) -> ASGIResponse:
    typed = Typed("email", {"role": "member"})
    if act is not None and error is not None:
        again = mistyped(act.form, _FIELDS, error)
        values = {**again.values, "roles": ",".join(act.form.all("roles"))}
        typed = Typed(again.focus, values, again.problems, again.problem)
    async with looking(request, claims) as guest:
        without = () if guest.person.role == "owner" else ("owner",)
        view: dict[str, Any] = {
            "typed": typed,
            "offered": await choices(guest, without=without),
            "outbox": outbox.waits(request),
        }
        status = error.status if error is not None else 200
        return page(guest, "invite.html", say("Invite somebody"), status=status, **view)


HANDLERS = [invitations_page, invite_page, invite, resend, withdraw]
