"""The pages of lists: a type's list in each of its forms, its parts, and its export."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from litestar import get
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from tenfold.engine.definition import Definition, Field
from tenfold.exchange import exporting
from tenfold.kernel.errors import Invalid
from tenfold.web.api.exports import saved
from tenfold.web.api.requests import pairs as read_pairs
from tenfold.web.desk import desk_of
from tenfold.web.pages import filters, render
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import Guest, frame, visiting
from tenfold.web.pages.lists import board as boards
from tenfold.web.pages.lists import calendar as calendars
from tenfold.web.pages.lists import said, view
from tenfold.web.pages.lists import table as tables
from tenfold.web.pages.lists.figures import figures
from tenfold.web.pages.lists.question import BOARD, CALENDAR, Question, question
from tenfold.web.pages.session import Req, form_token, routed


@get("/{plural:str}")
async def list_page(request: Req, plural: str) -> ASGIResponse:
    """The list of a type; htmx gets the list alone, or how it goes on."""
    routed(request, "page-list")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    pairs = read_pairs(request.scope["query_string"])
    given = dict(pairs)
    async with visiting(request, claims) as guest:
        asked = await _question(guest, shipped, pairs)
        values = [value for name, value in pairs if name == "add_value" and value]
        mistake = ""
        if "add_field" in given and "choose" not in given:
            try:
                return render.to(request, await said.with_form(asked, given, values))
            except Invalid as error:
                mistake = " ".join(error.fields.values())
        if given.get("figures"):
            return render.partial(request, "parts/figures.html", figures=await figures(asked))
        if given.get("lane") and asked.form == BOARD:
            return await _more_cards(request, asked, given["lane"])
        parts = await _parts(asked, given, values, mistake)
        around = frame(guest, asked.definition.label_plural)
        csrf = form_token(guest.desk, claims)
    if parts["table"] and render.begins(request, "more"):
        return render.partial(request, "parts/rows.html", **parts)
    if render.wants(request, "list"):
        return render.partial(request, "parts/list.html", csrf=csrf, **parts)
    return render.page(request, "list.html", around, csrf=csrf, **parts)


@get("/{plural:str}/filter")
async def filter_form(
    request: Req, plural: str, add_field: str = "", add_operator: str = ""
) -> ASGIResponse:
    """The operators and values of a field, for the form that adds a condition."""
    routed(request, "page-filter")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        definition = await guest.tailored(shipped)
        access = guest.person.access(definition)
        access.need("read", definition)
    path = f"/{definition.path}"
    built = filters.builder(definition, access, path, chosen=add_field, operator=add_operator)
    return render.partial(request, "parts/filter_value.html", builder=built, path=path)


@get("/{plural:str}/export")
async def export_list(request: Req, plural: str) -> Stream:
    """The list as it is seen: its conditions, its order and its columns, as CSV, JSON or XLSX."""
    routed(request, "page-export")
    shipped = desk_of(request).shipped(plural)
    claims = await signed_in(request)
    pairs = read_pairs(request.scope["query_string"])
    form = dict(pairs).get("format", "csv")
    form = form if form in exporting.FORMATS else "csv"
    pairs = [p for p in pairs if p[0] != "format"]
    async with visiting(request, claims) as guest:
        asked = await _question(guest, shipped, pairs)
    if asked.problem:
        raise Invalid({"query": asked.problem})
    ask = replace(asked.asked, fields=(), cursor="", page=0)

    @asynccontextmanager
    async def opened() -> AsyncGenerator[exporting.Reading]:
        async with visiting(request, claims) as guest:
            definition = await guest.tailored(shipped)
            yield exporting.Reading(guest.reader, guest.person, definition)

    query = desk_of(request).query
    pieces = exporting.export(query, opened, ask, form, bom=True, chosen=_exported(asked))
    return saved(request, pieces, exporting.FORMATS[form], f"{shipped.plural}.{form}")


def _exported(asked: Question) -> list[Field]:
    """What a record is called by, then the columns in their order, then its id.

    By its id a record is found again where the file is changed and imported.
    """
    definition = asked.definition
    holder = [definition.fields[definition.belongs_to]] if definition.belongs_to else []
    columns = [c.field for c in tables.shown_columns(asked)]
    every = [*holder, *definition.title_fields, *columns, definition.fields["id"]]
    return list({(f.custom, f.name): f for f in every}.values())


async def _question(guest: Guest, shipped: Definition, pairs: list[tuple[str, str]]) -> Question:
    definition = await guest.tailored(shipped)
    access = guest.person.access(definition)
    access.need("read", definition)
    rest = [p for p in pairs if not (p[0].startswith("add_") and p[0] != "add_to")]
    return question(await guest.opening(rest), definition, access, rest)


async def _parts(
    asked: Question, given: dict[str, str], values: list[str], mistake: str
) -> dict[str, Any]:
    """What the template of a list needs, in whichever form the list is."""
    columns = tables.shown_columns(asked)
    inside = view.inside(asked)
    body: dict[str, Any] = {"table": None, "board": None, "calendar": None}
    if asked.form == BOARD:
        body["board"], found = await boards.board(asked, columns, inside)
    elif asked.form == CALENDAR:
        body["calendar"], found = await calendars.calendar(asked, columns, inside)
    else:
        found = await tables.listed(asked, columns)
        body["table"] = tables.table(asked, columns, found, inside)
    eyes = asked.guest.eyes(found.names)
    around = view.around(
        asked,
        sentence=said.sentence(asked, eyes),
        builder=said.form_of(asked, given, values, mistake, eyes),
        choosing="add_field" in given,
        count=found.count,
        problem=found.problem,
    )
    return {"list": around, **body}


async def _more_cards(request: Req, asked: Question, lane: str) -> ASGIResponse:
    """How one lane of a board goes on."""
    columns = tables.shown_columns(asked)
    made = await boards.lane_on(asked, columns, lane, view.inside(asked))
    return render.partial(request, "parts/cards.html", lane=made)


HANDLERS = [list_page, filter_form, export_list]
