"""With whom a record is shared, on its page: shown, added to by a name, taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import teams
from tenfold.accounts.organisation.sharing import May, NewShare, Share, Sharing
from tenfold.db.database import Transaction
from tenfold.engine.definition import PRIVATE, Definition
from tenfold.engine.titles import USER, Titled, suggest
from tenfold.engine.types import Refused
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say, within
from tenfold.web.api.auth import client_of
from tenfold.web.api.requests import identified
from tenfold.web.desk import desk_of
from tenfold.web.pages import hues, render
from tenfold.web.pages.cells import Cell, Record
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.edit import Act, arrived
from tenfold.web.pages.frame import Guest, visiting
from tenfold.web.pages.pick import bare, meant, picks
from tenfold.web.pages.reaching import decides
from tenfold.web.pages.session import Req, routed

TEAM = "team"
_ALONE = mark("Private: its owner alone sees this %(type)s.")
_AND_ABOVE = mark("Private: its owner and those above see this %(type)s.")
_NONE = mark("People are looked for by their name or address, teams by their name.")


@dataclass(frozen=True, slots=True)
class Line:
    """One whom a record is shared with, what they may do, and where that is taken back."""

    who: Cell
    may: str
    end: str


@dataclass(frozen=True, slots=True)
class Panel:
    """With whom a record is shared; `add` is where it is shared with others, if one may."""

    lines: tuple[Line, ...]
    add: str
    private: str


def panel(
    guest: Guest, definition: Definition, record: Record, found: Sequence[Share]
) -> Panel | None:
    """The part of a record's page; None where there is nothing to say and nothing to do."""
    identity = parse_id(str(record.get("id")))
    if identity is None:
        return None
    path, may = f"/{definition.path}/{identity}/shares", decides(guest, definition, record)
    private = bool(definition.private) and record.get(definition.private) == PRIVATE
    text = _AND_ABOVE if found else _ALONE
    said = say(text, type=within(definition.label)) if private else ""
    lines = tuple(_line(guest, one, path, may=may) for one in found)
    shown = Panel(lines, path if may else "", said)
    return shown if shown.lines or shown.add or shown.private else None


def _line(guest: Guest, one: Share, path: str, *, may: bool) -> Line:
    kind, icon = ("text", "users") if one.team_id else ("person", "")
    who = Cell(kind, one.name, title=hues.initials(one.name), hue=hues.of_id(one.id), icon=icon)
    mine = one.user_id == guest.person.user
    may_do = say("May change it") if one.may == "update" else say("May see it")
    return Line(who, may_do, f"{path}/{one.id}/end" if may or mine else "")


@get("/{plural:str}/{record_id:str}/shares/pick")
async def pick_grantees(
    request: Req, plural: str, record_id: str, grantee: str = ""
) -> ASGIResponse:
    """People and teams whose name begins so, as the options of the box."""
    routed(request, "page-pick")
    shipped = desk_of(request).shipped(plural)
    identified(record_id, shipped)
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        found = await _suggested(guest, bare(grantee), 8)
    return render.partial(request, "parts/picks.html", picks=picks(found))


async def _suggested(guest: Guest, text: str, most: int) -> list[Titled]:
    """Those whose name begins so, people first; one's own name leads nowhere."""
    people = await suggest(guest.desk.query, guest.reader, guest.person, [USER], text, most=most)
    named = await teams.beginning(guest.reader, guest.person.tenant, text, most)
    others = [one for one in people if one.id != guest.person.user]
    return [*others, *(Titled(TEAM, one.id, one.name, hint=say("Team")) for one in named)]


@post("/{plural:str}/{record_id:str}/shares", status_code=200)
async def share(request: Req, plural: str, record_id: str) -> ASGIResponse:
    """Share the record with whom the box names."""
    act = await arrived(request, plural, "page-share", record_id)
    text = act.form.get("grantee").strip()
    try:
        async with act.changing() as (tx, guest, definition):
            one = meant(await _suggested(guest, bare(text), 20), text, say(_NONE))
            who = NewShare(team_id=one.id) if one.type == TEAM else NewShare(user_id=one.id)
            who = msgspec.structs.replace(who, may=_may(act.form.get("may")))
            done, _ = await _sharing(act, tx, guest, definition).share(who)
    except Refused as refusal:
        return act.refused(Invalid({"grantee": str(refusal)}, str(refusal)))
    except (Invalid, Conflict, Forbidden) as error:
        return act.refused(error)
    return act.done(
        say("Shared with %(name)s.", name=done.name), undo=f"{act.path}/shares/{done.id}/end"
    )


@post("/{plural:str}/{record_id:str}/shares/{grantee_id:str}/end", status_code=200)
async def unshare(request: Req, plural: str, record_id: str, grantee_id: str) -> ASGIResponse:
    """Take a share back; the next page offers to share again."""
    act = await arrived(request, plural, "page-unshare", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            done = await _sharing(act, tx, guest, definition).unshare(_grantee(grantee_id))
            mine, word = done.user_id == guest.person.user, definition.label
    except Forbidden as error:
        return act.refused(error)
    if mine:  # who gave up a share may not see the record any more
        return act.done(
            say("%(type)s is no longer shared with you.", type=word),
            act.list,
        )
    whose = "team" if done.team_id else "person"
    undo = f"{act.path}/shares/{done.id}/again?may={done.may}&with={whose}"
    return act.done(say("No longer shared with %(name)s.", name=done.name), undo=undo)


@post("/{plural:str}/{record_id:str}/shares/{grantee_id:str}/again", status_code=200)
async def share_again(request: Req, plural: str, record_id: str, grantee_id: str) -> ASGIResponse:
    """Undo that a share was taken back."""
    act = await arrived(request, plural, "page-share", record_id)
    given, grantee = dict(request.query_params.items()), _grantee(grantee_id)
    team = given.get("with") == "team"
    who = NewShare(team_id=grantee) if team else NewShare(user_id=grantee)
    who = msgspec.structs.replace(who, may=_may(str(given.get("may", ""))))
    try:
        async with act.changing() as (tx, guest, definition):
            done, _ = await _sharing(act, tx, guest, definition).share(who)
    except (Invalid, Conflict, Forbidden) as error:
        return act.refused(error)
    return act.done(say("Shared with %(name)s again.", name=done.name))


def _sharing(act: Act, tx: Transaction, guest: Guest, definition: Definition) -> Sharing:
    client = client_of(act.request.scope)
    return Sharing(tx, act.desk.records, guest.person, definition, act.identity, client)


def _may(text: str) -> May:
    return "update" if text == "update" else "read"


def _grantee(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise NotFound(say("It is not shared with anybody of this id."))
    return found


HANDLERS = [pick_grantees, share, unshare, share_again]
