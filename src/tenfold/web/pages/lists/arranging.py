"""Keeping a list as one arranged it: its columns for oneself, a whole list as a saved view."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from litestar import post
from litestar.response.base import ASGIResponse

from tenfold.accounts import personal
from tenfold.db.database import Transaction
from tenfold.engine.definition import Definition
from tenfold.engine.written import Change
from tenfold.kernel.errors import Conflict, Invalid, Lost
from tenfold.kernel.language import say
from tenfold.web.api.requests import identified
from tenfold.web.pages import render
from tenfold.web.pages.filters import address
from tenfold.web.pages.frame import Guest, changing
from tenfold.web.pages.keeping import VIEW
from tenfold.web.pages.lists.conditions import PLACE
from tenfold.web.pages.lists.question import list_address
from tenfold.web.pages.lists.sent import Sent, sent
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Flash, Form, Req, keep_flash
from tenfold.web.safe_next import safe_next

_WIDEST = 600


@post("/{plural:str}/columns", status_code=200)
async def choose_columns(request: Req, plural: str) -> ASGIResponse:
    """Choose, order and widen the columns of a list: for oneself, or of the view that is open."""
    act = await sent(request, plural, "page-columns")
    form, back = act.form, act.back
    parts = urlsplit(back)
    pairs = parse_qsl(parts.query)
    text = "" if "reset" in form else _columns(form)
    rest = [p for p in pairs if p[0] != "columns"]
    if any(name == "saved" for name, _ in pairs):
        # Of a saved view they are a change like any other, which one saves or doesn't.
        return render.to(request, list_address(act.shipped, [*rest, ("columns", text)]))
    async with changing(request, act.claims) as (tx, guest):
        definition = await guest.tailored(act.shipped)
        guest.person.access(definition).need("read", definition)
        if text:
            await personal.keep(tx, "list", definition.path, text)
        else:
            await personal.drop(tx, "list", definition.path)
    return render.to(request, address(parts.path, rest))


def _columns(form: Form) -> str:
    """The columns as an address spells them: ticked ones by their place, with their widths."""
    if "columns" in form:
        return form.get("columns")[:2_000]
    named = form.all("column")
    placed = {name: _whole(form, f"place.{name}", 99) for name in named}
    named.sort(key=lambda name: placed[name])
    widths = {name: _whole(form, f"width.{name}", 0) for name in [*named, "title"]}
    spelled = [f"{name}:{widths[name]}" if widths[name] else name for name in named]
    title = [f"title:{widths['title']}"] if widths["title"] else []
    return ",".join([*title, *spelled])[:2_000]


def _whole(form: Form, name: str, otherwise: int) -> int:
    found = form.whole(name)
    return otherwise if found is None else min(found, _WIDEST)


@post("/{plural:str}/views", status_code=200)
async def save_view(request: Req, plural: str) -> ASGIResponse:
    """Save a list, as it is seen, under a name."""
    act = await sent(request, plural, "page-save-view")
    name, query = act.form.get("name").strip(), _query(act.form)
    if not name:
        return act.refused(say("Give the view a name, under which you will find it again."))
    body = {
        "name": name,
        "path": act.shipped.path,
        "parameters": query,
        "privacy": _privacy(act.form),
    }
    try:
        async with changing(request, act.claims) as (tx, guest):
            definition = _views(act)
            guest.person.access(definition).need("create", definition)
            (written,), _ = await act.desk.records.create(
                tx, guest.person, definition, [body], guest.locale
            )
            assert written is not None
            await personal.keep(tx, "pin", str(written.id))
    except (Invalid, Conflict) as error:
        return act.refused(refusal(error))
    keep_flash(
        request,
        Flash(say("The view %(name)s is saved. It stands in the menu on the left.", name=name)),
    )
    return render.to(request, address(f"/{act.shipped.path}", [("saved", str(written.id))]))


@post("/{plural:str}/views/{view_id:str}", status_code=200)
async def change_view(request: Req, plural: str, view_id: str) -> ASGIResponse:
    """Save a view's list anew, rename it, show it to others, pin it, or delete it."""
    act = await sent(request, plural, "page-change-view")
    identity = identified(view_id, _views(act))
    do = act.form.get("do")
    said, place = "", address(f"/{act.shipped.path}", [("saved", str(identity))])
    try:
        async with changing(request, act.claims) as (tx, guest):
            opened = await guest.opening([("saved", str(identity))])
            view = opened.arranged.view(identity)
            name = view.name if view else ""
            if do in ("pin", "unpin"):
                keep = personal.keep if do == "pin" else personal.drop
                await keep(tx, "pin", str(identity))
                place = safe_next(act.form.get("back") or place)
            elif do == "delete":
                await act.desk.records.delete(tx, guest.person, _views(act), [identity])
                await personal.drop(tx, "pin", str(identity))
                said, place = (
                    say("The view %(name)s is deleted.", name=name),
                    f"/{act.shipped.path}",
                )
            else:
                said = await _rewritten(act, tx, guest, identity, do, name)
    except (Invalid, Conflict, Lost) as error:
        return act.refused(refusal(error))
    undo = f"/saved_views/{identity}/restore" if do == "delete" else ""
    if said:
        keep_flash(request, Flash(said, undo=undo))
    return render.to(request, place)


def _views(act: Sent) -> Definition:
    """The type of saved views."""
    return act.desk.registry.by_name[VIEW]


async def _rewritten(
    act: Sent, tx: Transaction, guest: Guest, identity: UUID, do: str, name: str
) -> str:
    """Change what a view holds, or its name and who sees it."""
    if do == "save":
        values: dict[str, object] = {"parameters": _query(act.form)}
        said = say("The view %(name)s is saved as you see it.", name=name)
    else:
        name = act.form.get("name").strip()
        values = {"name": name, "privacy": _privacy(act.form)}
        said = say("The view %(name)s is changed.", name=name)
    one = Change(identity, values, None)
    await act.desk.records.update(tx, guest.person, _views(act), [one], guest.locale)
    return said


def _privacy(form: Form) -> str:
    return "everyone" if form.get("privacy") == "everyone" else "private"


def _query(form: Form) -> str:
    """What stands behind the `?` of the list, without what is of one request alone."""
    pairs = parse_qsl(form.get("query"))
    kept = [p for p in pairs if p[0] not in PLACE and p[0] not in ("saved", "q")]
    return address("", kept).removeprefix("?")


HANDLERS = [choose_columns, save_view, change_view]
