"""The form of a record as its template shows it: fresh, as stored, or again with its mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.response.base import ASGIResponse

from tenfold.engine.definition import TIMES, Definition, Field
from tenfold.engine.titles import titles
from tenfold.engine.types import AnyRef, Ref, User
from tenfold.kernel import digits
from tenfold.kernel.errors import Lost, TenfoldError
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say, say_n, within
from tenfold.web.pages import cells, mentions, render, widgets, words
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import address
from tenfold.web.pages.frame import Guest, frame, visiting
from tenfold.web.pages.reaching import decides
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Form, Req, listed_in
from tenfold.web.pages.widgets import Filled, Section, form_fields

_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as its template shows it."""

    title: str
    path: str
    back: str
    list_path: str
    label: str
    label_plural: str
    doc: str
    submit: str
    version: str
    sections: tuple[Section, ...]
    problem: str
    mistakes: int
    lost: bool
    """Whether somebody changed the record while it was edited."""


async def again(
    request: Req,
    shipped: Definition,
    form: Form,
    error: TenfoldError,
    identity: UUID | None = None,
) -> ASGIResponse:
    """The form with what was typed, the mistakes beside their fields, and for a lost update
    what the fields hold now."""
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        record: dict[str, Any] = {}
        names: Mapping[UUID, str] = {}
        version = 0
        if identity is not None:
            record, names, version = await read(guest, definition, identity)
        changed: dict[str, str] = {}
        if isinstance(error, Lost):
            changed = _changed(guest, definition, form, record, names)
        else:
            version = form.whole("version") or version
        view = view_of(
            guest,
            definition,
            record,
            names,
            version=version,
            typed=form,
            error=error,
            changed=changed,
        )
        around = frame(guest, view.title)
    return render.page(request, "form.html", around, status=error.status, form=view)


def _changed(
    guest: Guest,
    definition: Definition,
    form: Form,
    record: dict[str, Any],
    names: Mapping[UUID, str],
) -> dict[str, str]:
    """What the fields hold now, where that is not what was typed."""
    fields = form_fields(definition, guest.person.access(definition), creating=False)

    def held(typed: Form | None) -> dict[str, tuple[object, ...]]:
        filled = Filled(record, typed, {}, names, guest.zone, guest.who.currency, {})
        sections = widgets.sections(definition, fields, filled)
        return {
            one.name: (one.value.replace("\r\n", "\n"), one.options, one.parts, one.beside)
            for section in sections
            for one in section.widgets
        }

    stored, typed, eyes = held(None), held(form), guest.eyes(names)
    return {
        one.json_path: cells.cell(one, record, eyes).text or say("empty")
        for one in fields
        if one.type.kind != "secret" and stored[one.json_path] != typed[one.json_path]
    }


def view_of(
    guest: Guest,
    definition: Definition,
    record: dict[str, Any],
    names: Mapping[UUID, str],
    *,
    version: int = 0,
    typed: Form | None = None,
    error: TenfoldError | None = None,
    changed: Mapping[str, str] | None = None,
) -> FormView:
    creating = "id" not in record
    fields = offered(guest, definition, record)
    problems = dict(error.fields) if error else {}
    known = {f.json_path for f in fields}
    beside = {name: text for name, text in problems.items() if name in known}
    filled = Filled(record, typed, beside, names, guest.zone, guest.who.currency, changed or {})
    path = f"/{definition.path}"
    here = path if creating else f"{path}/{record['id']}"
    inside = [("in", listed_in(guest.request))]
    word = within(definition.label)
    return FormView(
        title=say("New %(type)s", type=word)
        if creating
        else say("Edit %(name)s", name=names[UUID(record["id"])]),
        path=f"{path}/new" if creating else address(f"{here}/edit", inside),
        back=here if creating else address(here, inside),
        list_path=path,
        label=definition.label,
        label_plural=definition.label_plural,
        doc=definition.doc,
        submit=say("Create %(type)s", type=word) if creating else say("Save changes"),
        version=str(version or ""),
        sections=widgets.sections(definition, fields, filled),
        problem=_problem(definition, error, beside, problems),
        mistakes=len(beside),
        lost=isinstance(error, Lost),
    )


def offered(guest: Guest, definition: Definition, record: Mapping[str, Any]) -> list[Field]:
    """The fields that the person may set: of a new record, or of this one."""
    creating = "id" not in record
    fields = form_fields(definition, guest.person.access(definition), creating=creating)
    if creating or decides(guest, definition, record):
        return fields
    # Whose a shared record is, and who else may see it, is not theirs to say.
    return [f for f in fields if f.name not in ("owner", definition.private)]


def _problem(
    definition: Definition,
    error: TenfoldError | None,
    beside: Mapping[str, str],
    problems: Mapping[str, str],
) -> str:
    """The sentence above a form that was not accepted."""
    if error is None:
        return ""
    if isinstance(error, Lost):
        return say(
            "Somebody changed this %(type)s while you were editing. What you "
            "typed is kept; where it differs, the value of now stands below the field: choose "
            "which to keep, and save again.",
            type=within(definition.label),
        )
    if len(beside) == len(problems) and beside:
        count = len(beside)
        return say_n(
            "One field needs a correction.", "%(n)s fields need a correction.", count, n=count
        )
    return refusal(error, definition)


async def read(
    guest: Guest, definition: Definition, identity: UUID
) -> tuple[dict[str, Any], Mapping[UUID, str], int]:
    """A record for its form, with the names of what it points to."""
    json, version = await guest.desk.query.one(guest.reader, guest.person, definition, identity)
    record: dict[str, Any] = digits.decode(json)
    names = await names_of(guest, definition, record)
    return record, names, version


async def names_of(
    guest: Guest, definition: Definition, record: Mapping[str, Any]
) -> dict[UUID, str]:
    """The names of a record, where it is there already, and of what its relations point to."""
    wanted = mentions.mentioned(definition, record, guest.desk.registry)
    wanted.add(definition.name, record.get("id"))
    return await titles(guest.desk.query, guest.reader, guest.person, wanted)


def suggested(definition: Definition, given: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """What an address fills in for a new record: relations as in `/notes/new?about=lead:…`, days
    and moments."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        one = definition.by_json.get(name)
        if one is not None and one.type.kind in TIMES:
            found |= _when(definition, one, value, zone)
            continue
        kind, _, identity = value.rpartition(":")
        if one is None or parse_id(identity) is None:
            continue
        if isinstance(one.type, AnyRef) and kind:
            found[name] = {"type": kind, "id": identity}
        elif isinstance(one.type, Ref | User) and not kind:
            found[name] = value
    return found


def _when(definition: Definition, one: Field, text: str, zone: ZoneInfo) -> dict[str, str]:
    """A day or a moment of an address as records have it, and when it ends; nothing for neither."""
    try:
        if one.type.kind == "date":
            return {one.json_name: date.fromisoformat(text).isoformat()}
        start = datetime.fromisoformat(text)
        last = definition.end_of(one)
        ends = {last.json_name: start + _LASTS} if last else {}
        both = {one.json_name: start, **ends}
        return {name: words.from_local(at.isoformat(), zone) for name, at in both.items()}
    except (ValueError, OverflowError):
        return {}
