"""The page of all components with their states, drawn by the templates that the product uses."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.kernel.language import say
from tenfold.web.pages import render
from tenfold.web.pages.components import forms, imports, lists, records, values
from tenfold.web.pages.components.apart import SAMPLE, Apart
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.frame import frame, visiting
from tenfold.web.pages.session import Flash, Req, keep_flash, routed, signed_form

PLACE = "/components"


@get(PLACE)
async def components_page(request: Req) -> ASGIResponse:
    """Every component in every state, of samples that are always the same."""
    routed(request, "page-components")
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        around, eyes = frame(guest, say("Components")), guest.eyes()
    view: dict[str, Any] = {
        "apart": Apart(),
        "csrf": around.csrf,
        "values": values.values(eyes),
        "forms": forms.forms(guest.zone),
        "lists": lists.lists(eyes),
        "records": records.records(eyes, around.csrf),
        "imports": imports.imports(eyes),
    }
    return render.page(request, "components/page.html", around, **view)


@get(SAMPLE)
async def back(request: Req) -> ASGIResponse:
    """Where the forms of samples lead: back."""
    routed(request, "page-components-sample")
    return render.to(request, PLACE)


@post(SAMPLE, status_code=200)
async def nothing(request: Req) -> ASGIResponse:
    """What a sample's button does: nothing, which is said."""
    routed(request, "page-components-sample")
    await signed_form(request, await signed_in(request))
    keep_flash(request, Flash(say("This page only shows how things look. Nothing was changed.")))
    return render.to(request, PLACE)


@get(f"{SAMPLE}/fields/budget")
async def sample_editor(request: Req) -> ASGIResponse:
    """The editor of the sample record's one field that opens."""
    routed(request, "page-components-sample")
    claims = await signed_in(request)
    async with visiting(request, claims) as guest:
        csrf = frame(guest, "").csrf
    return render.partial(request, "parts/editor.html", editor=records.editor(csrf))


@post(f"{SAMPLE}/fields/budget", status_code=200)
async def sample_saved(request: Req) -> ASGIResponse:
    """The sample's value as it was: nothing is kept."""
    routed(request, "page-components-sample")
    await signed_form(request, await signed_in(request))
    return render.partial(request, "parts/saved.html", saved=records.saved(), csrf="")


HANDLERS = [components_page, back, nothing, sample_editor, sample_saved]
