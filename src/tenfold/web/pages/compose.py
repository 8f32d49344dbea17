"""Writing down what happened, on a record's page: a note, a call, a task, an appointment."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.engine import stream
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import AnyRef, Ref, RichText
from tenfold.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TenfoldError
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say, within
from tenfold.web.api.requests import identified
from tenfold.web.desk import desk_of
from tenfold.web.pages import render, widgets
from tenfold.web.pages.cells import Record
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.edit import arrived, stop
from tenfold.web.pages.forms import body_of
from tenfold.web.pages.frame import Guest, uses, visiting
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Form, Req, form_token, routed, shown
from tenfold.web.pages.widgets import Filled, Widget, form_fields

_MOST = 4
_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be written down: its name, its form, and its whole form elsewhere."""

    label: str
    icon: str
    href: str
    whole: str


@dataclass(frozen=True, slots=True)
class Composer:
    """What can be written down about a record."""

    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """The form of one kind; `problem` is about it as a whole."""

    kind: Kind
    label: str
    widgets: tuple[Widget, ...]
    list_path: str
    csrf: str
    mentionable: str
    next: str
    began: str
    problem: str = ""


def offered(guest: Guest, definition: Definition, record: Record) -> Composer | None:
    """What the person may write down about it: notes first, then what happens, then what is due."""
    found = [_kind(definition, str(record["id"]), *one) for one in _types(guest, definition)]
    return Composer(tuple(found[:_MOST])) if found else None


def _types(guest: Guest, definition: Definition) -> Iterator[tuple[Definition, Field]]:
    """The types that tell of a record, each with its relation to it."""
    person, registry = guest.person, guest.desk.registry

    def told(other: Definition) -> bool:
        happens = stream.moment(other) or stream.due(other)
        return bool(stream.is_note(other) or happens) and uses(guest, other)

    every = stream.pointing(definition, person, registry)
    found = [(d, fields) for d, fields in every if person.access(d).create and told(d)]
    found.sort(key=lambda one: _order(*one))
    yield from ((d, _relation(fields)) for d, fields in found)


def _order(other: Definition, fields: tuple[Field, ...]) -> tuple[int, int]:
    """Its own kinds before those that are about anything; notes, activities, tasks, then others."""
    near = 0 if any(isinstance(f.type, Ref) and f.required for f in fields) else 1
    rank = 0 if stream.is_note(other) else 2 if stream.due(other) else 1
    return rank, near


def _relation(fields: tuple[Field, ...]) -> Field:
    return next((f for f in fields if isinstance(f.type, Ref)), fields[0])


def _kind(definition: Definition, identity: str, other: Definition, one: Field) -> Kind:
    about = f"{definition.name}:{identity}" if isinstance(one.type, AnyRef) else identity
    whole = f"/{other.path}/new?{one.json_name}={about}"
    place = f"/{definition.path}/{identity}/compose/{other.path}"
    return Kind(other.label, other.icon, place, whole)


@get("/{plural:str}/{record_id:str}/compose/{other:str}")
async def composing(request: Req, plural: str, record_id: str, other: str) -> ASGIResponse:
    """The short form of one kind."""
    routed(request, "page-compose")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    identity = identified(record_id, shipped)
    async with visiting(request, claims) as guest:
        view = _writing(guest, shipped, str(identity), other, None, None)
    return render.partial(request, "parts/composing.html", writing=view)


@post("/{plural:str}/{record_id:str}/compose/{other:str}", status_code=200)
async def composed(request: Req, plural: str, record_id: str, other: str) -> ASGIResponse:
    """Write it down about the record, or show the form again with what is wrong."""
    act = await arrived(request, plural, "page-composed", record_id)
    try:
        async with act.changing() as (tx, guest, definition):
            kind, relation = _of(guest, definition, other)
            guest.person.access(kind).need("create", kind)
            fields = _short(guest, kind, relation)
            body = await body_of(act.form, fields, act.desk.query, tx, guest.person)
            values: dict[str, object] = {k: v for k, v in body.values.items() if v is not None}
            _exactly(kind, values, act.form.get("began"))
            values[relation.json_name] = _about(definition, act.identity, relation)
            _mention(kind, values, act.form)
            body.values = values
            stop(body, kind, guest, creating=True)
            what = (tx, guest.person, kind, [values], guest.locale)
            (written,), _ = await act.desk.records.create(*what)
    except (Invalid, Conflict, Forbidden) as error:
        async with visiting(request, act.claims) as guest:
            view = _writing(guest, act.shipped, str(act.identity), other, act.form, error)
        headers = {"hx-retarget": "#composing", "hx-reswap": "innerHTML"}
        return render.partial(
            request, "parts/composing.html", status=error.status, headers=headers, writing=view
        )
    deleting = f"/{kind.path}/{written.id}/delete" if written else ""
    undo = render.query(deleting, next=act.onward) if deleting else ""
    return act.done(say("%(record)s added.", record=kind.label), act.onward, undo=undo)


def _of(guest: Guest, definition: Definition, other: str) -> tuple[Definition, Field]:
    for kind, relation in _types(guest, definition):
        if kind.path == other:
            return kind, relation
    raise NotFound(say("There is nothing of this kind to write down here."))


def _about(definition: Definition, identity: Any, relation: Field) -> object:
    if isinstance(relation.type, AnyRef):
        return {"type": definition.name, "id": str(identity)}
    return str(identity)


def _mentions(kind: Definition) -> bool:
    """Whether whom its text names by `@` is mentioned: where it is more than plain text."""
    one = stream.body(kind)
    return one is not None and isinstance(one.type, RichText)


def _mention(kind: Definition, values: dict[str, object], form: Form) -> None:
    """What was typed as paragraphs; whom it names by `@`, and chose from the list, by their id."""
    one = stream.body(kind)
    if one is None or not _mentions(kind) or not values.get(one.json_name):
        return
    text = html.escape(str(values[one.json_name]).strip(), quote=False)
    people: dict[str, UUID] = {}
    for chosen in form.all("mention"):
        identity, _, name = chosen.partition("|")
        if name and (found := parse_id(identity)):
            people[f"@{html.escape(name, quote=False)}"] = found
    # The longest name first: *@Ann* must not take *@Ann Lee* apart. Each stands where it is once.
    names = "|".join(re.escape(name) for name in sorted(people, key=len, reverse=True))
    if names:
        text = re.sub(
            f"(?:{names})(?!\\w)",
            lambda found: f'<span data-mention="{people[found[0]]}">{found[0]}</span>',
            text,
        )
    parts = (p.strip().replace("\n", "<br>") for p in text.replace("\r", "").split("\n\n"))
    values[one.json_name] = "".join(f"<p>{p}</p>" for p in parts if p)


def _short(guest: Guest, kind: Definition, relation: Field) -> list[Field]:
    """The fields of the short form: what must be there, its text, its moment, who sees it."""
    access = guest.person.access(kind)
    text, due = stream.body(kind), stream.due(kind)
    wanted = {f.name for f in (*kind.title_fields, text, due) if f} | {kind.private}
    wanted |= {f.name for f in kind.own_fields() if f.required}
    wanted |= {f.name for f in kind.own_fields() if f.after}
    wanted |= {"outcome", "kind"} & set(kind.fields)
    every = [f for f in form_fields(kind, access, creating=True) if f.name != relation.name]
    found = [f for f in every if f.name in wanted and f.name != "status"]
    needed = [f for f in found if f.required or f in (text, due) or f.title]
    rest = [f for f in found if f not in needed]
    chosen = {f.name for f in [*needed, *rest][: max(_FIELDS, len(needed))]}
    return [f for f in found if f.name in chosen]


def _writing(
    guest: Guest,
    definition: Definition,
    identity: str,
    other: str,
    typed: Form | None,
    error: TenfoldError | None,
) -> Writing:
    kind, relation = _of(guest, definition, other)
    if parse_id(identity) is None:
        raise NotFound(say("There is no such record."))
    fields = _short(guest, kind, relation)
    problems = dict(error.fields) if error else {}
    record = {} if typed else _begun(guest, kind, fields)
    filled = Filled(record, typed, problems, {}, guest.zone, guest.who.currency, {})
    made = [replace(widgets.widget(f, filled), mark="-new") for f in fields]
    if stream.is_note(kind):
        made.sort(key=lambda w: not w.wide)
    wrong = [w for w in made if w.error] or made
    told = tuple(replace(w, focus=w is wrong[0]) for w in made)
    path = f"/{definition.path}/{identity}"
    beside = {f.json_path for f in fields} & set(problems)
    return Writing(
        kind=_kind(definition, identity, kind, relation),
        label=say("Add %(record)s", record=within(kind.label)),
        widgets=told,
        list_path=f"/{kind.path}",
        csrf=form_token(guest.desk, guest.claims),
        mentionable=f"{path}/mentionable" if _mentions(kind) else "",
        next=_next(guest.request, path),
        began=typed.get("began") if typed else guest.now.isoformat(),
        problem=refusal(error, kind) if error and not beside else "",
    )


def _next(request: Req, path: str) -> str:
    """Where to go on: the record's page as it was shown, the list that one came from with it."""
    place = shown(request)
    return place if place.partition("?")[0] == path else path


def _begun(guest: Guest, kind: Definition, fields: list[Field]) -> dict[str, Any]:
    """What happened just happened; what is to come has no moment yet."""
    one = stream.moment(kind)
    if one is None or one not in fields or stream.due(kind) is not None:
        return {}
    return {one.json_name: guest.now.isoformat()}


def _exactly(kind: Definition, values: dict[str, object], began: str) -> None:
    """The moment at which the form was opened, to the second, where its minute was left as it was.

    Otherwise what is told of a record in the minute that it was made would come before that.
    """
    one = stream.moment(kind)
    try:
        exact = datetime.fromisoformat(began)
        said = datetime.fromisoformat(str(values.get(one.json_name) if one else ""))
    except ValueError:
        return
    if one and exact.tzinfo and said == exact.replace(second=0, microsecond=0):
        values[one.json_name] = exact.isoformat()


HANDLERS = [composing, composed]
