"""Automations: made, tried, switched on, and their runs read."""

from __future__ import annotations

import msgspec
from litestar import delete, get, patch, post, put
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation.administrator import Administrator
from tenfold.automation import automations, history
from tenfold.automation.automations import Kept, NewAutomation, Switch
from tenfold.automation.history import STATES, NewRun, RunView
from tenfold.automation.spec import Hooked
from tenfold.automation.trying import Trial, Trying
from tenfold.kernel.errors import Invalid, MissingFields
from tenfold.web import respond
from tenfold.web.api.administration import (
    PAGING,
    Req,
    administer,
    identified,
    listed,
    paging,
    visiting,
)
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of

_WHAT = "automation"


@get("/v1/automations")
async def list_automations(request: Req) -> ASGIResponse:
    """The organisation's automations; for administrators, as they tell of all fields."""
    asked = paging(request)
    async with visiting(request, "automations") as visit:
        visit.need_administrator()
        plans = desk_of(request).automations.plans
        what = (visit.reader, plans, visit.person.tenant, asked.after, asked.limit)
        rows = await automations.page(*what)
    return listed(rows, asked, lambda one: one.id)


@get("/v1/automations/{automation_id:str}")
async def read_automation(request: Req, automation_id: str) -> ASGIResponse:
    """One automation."""
    async with visiting(request, "automations") as visit:
        visit.need_administrator()
        plans, tenant = desk_of(request).automations.plans, visit.person.tenant
        found = await automations.one(visit.reader, plans, tenant, identified(automation_id, _WHAT))
    return respond.data(found)


@post("/v1/automations")
async def create_automation(request: Req) -> ASGIResponse:
    """Make an automation."""
    new = await body_of(request, NewAutomation)
    machine = desk_of(request).automations

    async def work(act: Administrator) -> Kept:
        act.need("change_automations")
        made = await automations.create(act, machine.plans, machine.query, new)
        return _addressed(request, made)

    what = (request, "automations", work)
    # An answer that holds a secret is not kept to be given again.
    again = not isinstance(new.when, Hooked)
    return await administer(*what, status=201, location="/v1/automations", again=again)


@put("/v1/automations/{automation_id:str}")
async def replace_automation(request: Req, automation_id: str) -> ASGIResponse:
    """Put another automation in its place."""
    wanted, identity = await body_of(request, NewAutomation), identified(automation_id, _WHAT)
    machine = desk_of(request).automations

    async def work(act: Administrator) -> Kept:
        act.need("change_automations")
        return await automations.change(act, machine.plans, machine.query, identity, wanted)

    return await administer(request, "automations", work)


@patch("/v1/automations/{automation_id:str}")
async def switch_automation(request: Req, automation_id: str) -> ASGIResponse:
    """Switch an automation on or off."""
    wanted, identity = await body_of(request, Switch), identified(automation_id, _WHAT)
    machine = desk_of(request).automations

    async def work(act: Administrator) -> Kept:
        act.need("change_automations")
        on = wanted.enabled
        return await automations.switch(act, machine.plans, machine.query, identity, on=on)

    return await administer(request, "automations", work)


@delete("/v1/automations/{automation_id:str}", status_code=200)
async def delete_automation(request: Req, automation_id: str) -> ASGIResponse:
    """Take an automation away."""
    identity = identified(automation_id, _WHAT)

    async def work(act: Administrator) -> Kept:
        act.need("change_automations")
        machine = desk_of(request).automations
        found = await automations.one(act.tx, machine.plans, act.tenant, identity)
        await automations.delete(act, identity)
        return found

    return await administer(request, "automations", work)


@post("/v1/automations/{automation_id:str}/address", status_code=200)
async def renew_address(request: Req, automation_id: str) -> ASGIResponse:
    """Give an automation another address of its own; the one before leads nowhere any more."""
    identity = identified(automation_id, _WHAT)
    machine = desk_of(request).automations

    async def work(act: Administrator) -> Kept:
        act.need("change_automations")
        return _addressed(request, await automations.readdress(act, machine.plans, identity))

    return await administer(request, "automations", work, again=False)


@post("/v1/automations/trial", status_code=200)
async def try_automation(request: Req) -> ASGIResponse:
    """What an automation would have done; nothing of it is kept."""
    wanted = await body_of(request, Trying)
    machine = desk_of(request).automations

    async def work(act: Administrator) -> Trial:
        act.need("change_automations")
        spec = wanted.automation
        if wanted.automation_id is not None:
            spec = await automations.spec_of(act.tx, act.tenant, wanted.automation_id)
        if spec is None:
            raise MissingFields({"automation": "is required, or automation_id"})
        return await machine.trials.over(act.tx, act.person.user, spec, wanted)

    return await administer(request, "automations", work, again=False)


@post("/v1/automations/{automation_id:str}/runs")
async def start_run(request: Req, automation_id: str) -> ASGIResponse:
    """Start an automation for a record."""
    wanted, identity = await body_of(request, NewRun), identified(automation_id, _WHAT)
    machine = desk_of(request).automations

    async def work(act: Administrator) -> RunView:
        act.need("change_automations")
        return await history.start(act.tx, machine.plans, machine.query, identity, wanted)

    return await administer(
        request, "automations", work, status=201, location="/v1/automation-runs"
    )


@get("/v1/automations/{automation_id:str}/runs")
async def list_runs(request: Req, automation_id: str) -> ASGIResponse:
    """The runs of an automation, newest first."""
    asked, identity = paging(request, "state"), identified(automation_id, _WHAT)
    state = asked.rest.get("state", "")
    if state and state not in STATES:
        raise Invalid({"state": f"must be one of {', '.join(STATES)}"})
    async with visiting(request, "automations") as visit:
        visit.need_administrator()
        tenant = visit.person.tenant
        await automations.one(visit.reader, desk_of(request).automations.plans, tenant, identity)
        what = (visit.reader, tenant, identity, state, asked.after, asked.limit)
        rows = await history.of_automation(*what)
    return listed(rows, asked, lambda one: one.id)


@get("/v1/automation-runs/{run_id:str}")
async def read_run(request: Req, run_id: str) -> ASGIResponse:
    """One run: why it began, what it did, how it ended."""
    async with visiting(request, "automations") as visit:
        visit.need_administrator()
        found = await history.one(visit.reader, visit.person.tenant, identified(run_id, "run"))
    return respond.data(found)


@post("/v1/automation-runs/{run_id:str}/retry", status_code=200)
async def retry_run(request: Req, run_id: str) -> ASGIResponse:
    """Have a failed run go on with the step that failed."""
    identity = identified(run_id, "run")

    async def work(act: Administrator) -> RunView:
        act.need("change_automations")
        return await history.again(act.tx, identity)

    return await administer(request, "automations", work)


def _addressed(request: Req, made: Kept) -> Kept:
    """The same with its whole address, where it has one that may be told."""
    if made.address is None:
        return made
    whole = f"{desk_of(request).settings.address}{made.address}"
    return msgspec.structs.replace(made, address=whole)


HANDLERS = [
    list_automations,
    read_automation,
    create_automation,
    replace_automation,
    switch_automation,
    delete_automation,
    renew_address,
    try_automation,
    start_run,
    list_runs,
    read_run,
    retry_run,
]
_LIST, _ID = "/v1/automations", "/v1/automations/{automation_id}"
_RUN = "/v1/automation-runs/{run_id}"
_READ = ("FORBIDDEN", "NOT_FOUND")
_WRITE = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", "CONFLICT", 422)
_STATE = {"state": ({"type": "string", "enum": list(STATES)}, "Only runs in this state.")}
ENDPOINTS = (
    Endpoint(
        "GET", _LIST, "List automations", None, list[Kept], 200, ("FORBIDDEN", 400), query=PAGING
    ),
    Endpoint("POST", _LIST, "Make an automation", NewAutomation, Kept, 201, _WRITE),
    Endpoint("GET", _ID, "Read an automation", None, Kept, 200, _READ),
    Endpoint("PUT", _ID, "Replace an automation", NewAutomation, Kept, 200, (*_WRITE, "NOT_FOUND")),
    Endpoint("PATCH", _ID, "Switch an automation", Switch, Kept, 200, (*_WRITE, "NOT_FOUND")),
    Endpoint("DELETE", _ID, "Delete an automation", None, Kept, 200, _READ),
    Endpoint(
        "POST",
        f"{_ID}/address",
        "Renew an automation's own address",
        None,
        Kept,
        200,
        (*_READ, "CONFLICT"),
    ),
    Endpoint(
        "POST", f"{_LIST}/trial", "Try an automation", Trying, Trial, 200, (*_WRITE, "NOT_FOUND")
    ),
    Endpoint(
        "POST",
        f"{_ID}/runs",
        "Start an automation for a record",
        NewRun,
        RunView,
        201,
        (*_WRITE, "NOT_FOUND"),
    ),
    Endpoint(
        "GET",
        f"{_ID}/runs",
        "List the runs of an automation",
        None,
        list[RunView],
        200,
        (*_READ, 400),
        query={**PAGING, **_STATE},
    ),
    Endpoint("GET", _RUN, "Read a run", None, RunView, 200, _READ),
    Endpoint("POST", f"{_RUN}/retry", "Try a run again", None, RunView, 200, (*_READ, "CONFLICT")),
)
