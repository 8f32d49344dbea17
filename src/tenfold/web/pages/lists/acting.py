"""Acts on many records of a list at once, each a batch that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.db.database import Transaction
from tenfold.engine import batches
from tenfold.engine.definition import Definition, Field
from tenfold.engine.written import BULK, Change, Refusal, Written
from tenfold.kernel.errors import Conflict, Invalid, TenfoldError
from tenfold.kernel.ids import new_id, parse_id
from tenfold.kernel.language import say, say_n
from tenfold.web.desk import desk_of
from tenfold.web.pages import render, widgets, words
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import Option, address
from tenfold.web.pages.forms import body_of
from tenfold.web.pages.frame import Guest, changing, visiting
from tenfold.web.pages.lists.question import question
from tenfold.web.pages.lists.sent import Sent, sent
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Flash, Req, keep_flash, routed
from tenfold.web.pages.widgets import Filled, Widget, form_fields

Outcome = tuple[Sequence[Written | None], Sequence[Refusal]]


@get("/{plural:str}/bulk")
async def bulk_form(request: Req, plural: str, field: str = "") -> ASGIResponse:
    """The control that sets one field of all chosen records."""
    routed(request, "page-bulk-form")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        fields = settable(guest, definition)
        one = next((f for f in fields if f.json_path == field), fields[0] if fields else None)
        widget = _widget(guest, definition, one) if one else None
    choices = [Option(f.json_path, f.label, f is one) for f in fields]
    path = f"/{definition.path}"
    return render.partial(
        request, "parts/bulk_field.html", widget=widget, choices=choices, path=path
    )


@post("/{plural:str}/bulk", status_code=200)
async def bulk_act(request: Req, plural: str) -> ASGIResponse:
    """Set a field of the chosen records, or of all that the list shows, or delete them."""
    act = await sent(request, plural, "page-bulk")
    try:
        done, said = await _deleted(act) if act.form.get("do") == "delete" else await _set(act)
    except (Invalid, Conflict) as error:
        return act.refused(_why(error, act.shipped))
    undo = address(f"/imports/{done}/undo", [("back", act.back)]) if done else ""
    keep_flash(request, Flash(said, undo=undo))
    return render.to(request, act.back)


def settable(guest: Guest, definition: Definition) -> list[Field]:
    """The fields that many records can be given at once: not what is unique to each."""
    access = guest.person.access(definition)
    if access.update == "none":
        return []
    fields = form_fields(definition, access, creating=True)
    return [f for f in fields if not f.unique and not f.title and f.type.kind != "secret"]


async def _set(act: Sent) -> tuple[UUID | None, str]:
    """Set one field of the chosen records; those that refuse it stay as they are."""
    batch = new_id()
    async with changing(act.request, act.claims) as (tx, guest):
        definition = await guest.tailored(act.shipped)
        one = next(
            (f for f in settable(guest, definition) if f.json_path == act.form.get("field")), None
        )
        if one is None:
            raise Invalid({"field": say("is none that can be set for many records")})
        body = await body_of(act.form, [one], act.desk.query, tx, guest.person)
        if body.problems:
            raise Invalid(body.problems)
        ids = await _chosen(act, tx, guest, definition)
        await tx.join_batch(batch)
        changes = [Change(identity, body.values, None) for identity in ids]
        outcome = await act.desk.records.update(
            tx, guest.person, definition, changes, guest.locale, partial=True
        )
        return await _told(
            tx,
            definition,
            batch,
            outcome,
            "bulk-update",
            say("%(field)s set for %(records)s.", field=one.label, records="%(records)s"),
        )


async def _deleted(act: Sent) -> tuple[UUID | None, str]:
    batch = new_id()
    async with changing(act.request, act.claims) as (tx, guest):
        definition = await guest.tailored(act.shipped)
        guest.person.access(definition).need("delete", definition)
        ids = await _chosen(act, tx, guest, definition)
        await tx.join_batch(batch)
        outcome = await act.desk.records.delete(tx, guest.person, definition, ids, partial=True)
        return await _told(
            tx,
            definition,
            batch,
            outcome,
            "bulk-delete",
            say("Deleted %(records)s.", records="%(records)s"),
        )


async def _told(
    tx: Transaction,
    definition: Definition,
    batch: UUID,
    outcome: Outcome,
    operation: str,
    said: str,
) -> tuple[UUID | None, str]:
    """Write the batch down, and say what was done and what was not."""
    written = sum(1 for one in outcome[0] if one is not None)
    refused = outcome[1]
    if written:
        summary = {"operation": operation, "written": written, "refused": len(refused)}
        await batches.begin(tx, batch, batches.BULK, definition.name, summary)
    many = words.counted(written, definition.label, definition.label_plural)
    text = said.replace("%(records)s", many) if written else say("Nothing was changed.")
    if refused:
        count = len(refused)
        stay = say_n("One stays as it is", "%(n)s stay as they are", count, n=words.number(count))
        text = f"{text} {stay}: {_why(refused[0].error, definition)}"
        if not written:
            raise Conflict(text)
    return (batch if written else None), text


async def _chosen(act: Sent, tx: Transaction, guest: Guest, definition: Definition) -> list[UUID]:
    """The records that were ticked, or all that the list shows; raises Invalid."""
    if act.form.get("every") != "1":
        ids = [found for text in act.form.all("id") if (found := parse_id(text))]
        if not ids:
            raise Invalid({"id": say("names no record; tick some rows first")})
        return list(dict.fromkeys(ids))[:BULK]
    access = guest.person.access(definition)
    pairs = [p for p in parse_qsl(act.form.get("query")) if p[0] not in ("cursor", "back", "n")]
    pairs.append(("q", act.form.get("q")))
    found = question(await guest.opening(pairs), definition, access, pairs)
    if found.problem:
        raise Invalid({"query": found.problem})
    if found.asked.words:
        # A search shows its best hits alone; there would be more than were seen.
        raise Invalid({"id": say("Of what a search found, choose the rows themselves")})
    asked = replace(found.asked, fields=("id",), embeds=(), limit=BULK, cursor="", page=0)
    page = await act.desk.query.page(tx, guest.person, definition, asked)
    if page.has_more:
        raise Invalid(
            {
                "id": say(
                    "More than %(most)s records match. Narrow the list, and change it in parts",
                    most=words.number(BULK),
                )
            }
        )
    rows = msgspec.json.decode(page.data, type=list[_Row])
    return [row.id for row in rows]


class _Row(msgspec.Struct):
    id: UUID


def _widget(guest: Guest, definition: Definition, one: Field) -> Widget:
    filled = Filled({"id": ""}, None, {}, {}, guest.zone, guest.who.currency, {})
    (section,) = widgets.sections(definition, [one], filled)
    # The choice of a field keeps the focus, as one may still be typing the field's name.
    return replace(section.widgets[0], focus=False)


def _why(error: TenfoldError, definition: Definition) -> str:
    told = refusal(error, definition)
    return told if told.endswith((".", "?")) else f"{told}."


HANDLERS = [bulk_form, bulk_act]
