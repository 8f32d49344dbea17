"""Pipelines: what the stages of each type are called, their hues, and when a record is stuck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import pipelines
from tenfold.accounts.organisation.pipelines import Pipeline, PipelineChange, PipelineStage
from tenfold.engine.definition import Definition
from tenfold.kernel.errors import Invalid, TenfoldError
from tenfold.kernel.language import mark, say, within
from tenfold.kernel.structs import convert
from tenfold.web.pages import hues, render, words
from tenfold.web.pages.admin.around import Act, acting, entering, looking, page
from tenfold.web.pages.admin.types import called_pack
from tenfold.web.pages.frame import Guest, uses
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Form, Req

PLACE = "/admin/pipelines"
HUES = {
    "grey": mark("Grey"),
    "blue": mark("Blue"),
    "amber": mark("Amber"),
    "green": mark("Green"),
    "red": mark("Red"),
    "violet": mark("Violet"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A pipeline in the list: its stages as chips."""

    name: str
    label: str
    icon: str
    chips: tuple[tuple[str, str, bool], ...]
    own: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A stage in the form: what is chosen or typed, and what is wrong with it."""

    name: str
    shipped: str
    label: str
    hue: str
    usual: str
    hidden: bool
    days: str
    first: bool
    stuck: str
    problems: Mapping[str, str]


@get(PLACE)
async def pipelines_page(request: Req) -> ASGIResponse:
    """The types that have stages, by pack."""
    claims = await entering(request, "page-admin-pipelines")
    async with looking(request, claims) as guest:
        every = (d for d in guest.desk.registry if d.status is not None and d.listed)
        types = {d.name: d for d in every if uses(guest, d)}
        found = await pipelines.read(guest.reader, guest.person.tenant, types)
        groups: dict[str, list[Card]] = {}
        for name, one in found.items():
            pack = types[name].pack
            groups.setdefault(called_pack(pack), []).append(_card(types[name], one))
        return page(guest, "pipelines.html", say("Pipelines"), groups=list(groups.items()))


def _card(definition: Definition, one: Pipeline) -> Card:
    options = [stage.name for stage in one.stages]
    chips = tuple((s.label, s.hue or hues.of_stage(s.name, options), s.hidden) for s in one.stages)
    return Card(one.type, one.label, definition.icon, chips, one.changed_at is not None)


@get(f"{PLACE}/{{name:str}}")
async def pipeline_page(request: Req, name: str) -> ASGIResponse:
    """The stages of a type, and the moves between them."""
    return await _page(request, await entering(request, "page-admin-pipeline"), name)


@post(f"{PLACE}/{{name:str}}", status_code=200)
async def change(request: Req, name: str) -> ASGIResponse:
    """Save names, hues, what is offered, and when a record is stuck."""
    act = await acting(request, "page-admin-pipeline")
    definition = pipelines.typed(act.request.app.state.desk.registry, name)
    try:
        wanted = convert({"stages": _given(act.form, definition)}, PipelineChange)
        async with act.changing() as by:
            done = await pipelines.change(by, name, wanted)
    except Invalid as error:
        return await _page(request, act.claims, name, act, error)
    return act.done(
        say("The stages of %(what)s are saved.", what=within(done.label)), f"{PLACE}/{name}"
    )


@post(f"{PLACE}/{{name:str}}/reset", status_code=200)
async def reset(request: Req, name: str) -> ASGIResponse:
    """Show the stages as they ship."""
    act = await acting(request, "page-admin-pipeline-reset")
    async with act.changing() as by:
        done = await pipelines.change(by, name, PipelineChange(stages={}))
    return act.done(
        say("The stages of %(what)s are as they ship.", what=within(done.label)), f"{PLACE}/{name}"
    )


def _given(form: Form, definition: Definition) -> dict[str, dict[str, Any]]:
    options = definition.status.options if definition.status else ()
    return {name: _stage(form, name) for name in options if f"label.{name}" in form}


def _stage(form: Form, name: str) -> dict[str, Any]:
    days = f"days.{name}"
    return {
        "label": form.get(f"label.{name}"),
        "hue": form.get(f"hue.{name}"),
        "hidden": form.get(f"hidden.{name}") == "true",
        # What is no number is refused by the API's own bounds, beside its box.
        "stuck_after_days": (form.whole(days) or 0) if form.get(days).strip() else None,
    }


async def _page(
    request: Req,
    claims: Claims,
    name: str,
    act: Act | None = None,
    error: TenfoldError | None = None,
) -> ASGIResponse:
    async with looking(request, claims) as guest:
        definition = pipelines.typed(guest.desk.registry, name)
        found = await pipelines.read(guest.reader, guest.person.tenant, {name: definition})
        one = found[name]
        typed, problems = (act.form if act else None), (error.fields if error else {})
        known = {stage.name for stage in one.stages}
        view: dict[str, Any] = {
            "one": one,
            "path": definition.path,
            "rows": [_row(guest, definition, s, one, typed, problems) for s in one.stages],
            "moves": _matrix(one),
            "free": all(len(s.moves) == len(one.stages) - 1 for s in one.stages),
            "hues": {hue: say(name) for hue, name in HUES.items()},
            "problem": refusal(error) if error and not _within(problems, known) else "",
        }
        status = error.status if error is not None else 200
        return page(guest, "pipeline.html", one.label, status=status, **view)


def _row(
    guest: Guest,
    definition: Definition,
    stage: PipelineStage,
    one: Pipeline,
    typed: Form | None,
    problems: Mapping[str, str],
) -> Row:
    name, given = stage.name, _stage(typed, stage.name) if typed else None
    days = str(stage.stuck_after_days or "")
    start = f"stages.{name}."
    told = {
        k.removeprefix(start): words.sentence(v) for k, v in problems.items() if k.startswith(start)
    }
    return Row(
        name=name,
        shipped=stage.shipped_label,
        label=given["label"] if given else stage.label,
        hue=given["hue"] if given else stage.hue,
        usual=hues.of_stage(name, [s.name for s in one.stages]),
        hidden=given["hidden"] if given else stage.hidden,
        days=typed.get(f"days.{name}") if typed else days,
        first=name == str(definition.fields["status"].default),
        stuck=_stuck(guest, definition, stage),
        problems=told,
    )


def _stuck(guest: Guest, definition: Definition, stage: PipelineStage) -> str:
    """The list of the records that are stuck at a stage."""
    if not stage.stuck_after_days:
        return ""
    since = (guest.now - timedelta(days=stage.stuck_after_days)).date().isoformat()
    given = {"status": stage.name, "updated_at[lt]": f"{since}T00:00:00Z"}
    return render.query(f"/{definition.path}", **given)


def _matrix(one: Pipeline) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each stage, whether each other may follow it: `yes`, `no`, or itself."""

    def state(old: PipelineStage, new: PipelineStage) -> str:
        if old.name == new.name:
            return "self"
        return "yes" if new.name in old.moves else "no"

    return [(old.label, [(new.label, state(old, new)) for new in one.stages]) for old in one.stages]


def _within(problems: Mapping[str, str], known: set[str]) -> bool:
    return bool(problems) and all(p.split(".")[1:2] and p.split(".")[1] in known for p in problems)


HANDLERS = [pipelines_page, pipeline_page, change, reset]
