"""The stages of the types that have some, as the organisation calls and shows them."""

from __future__ import annotations

from litestar import get, put
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import pipelines
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.pipelines import Pipeline, PipelineChange
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.kernel.errors import NotFound
from tenfold.web import respond
from tenfold.web.api.administration import Req, administer, paging, visiting
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint


@get("/v1/pipelines")
async def list_pipelines(request: Req) -> ASGIResponse:
    """The pipelines of the types whose stage I may see."""
    paging(request)
    async with visiting(request, "pipelines") as visit:
        types = {d.name: d for d in visit.registry if _sees(visit.person, d)}
        found = await pipelines.read(visit.reader, visit.person.tenant, types)
    return respond.data(list(found.values()))


@get("/v1/pipelines/{type:str}")
async def read_pipeline(request: Req, type: str) -> ASGIResponse:  # noqa: A002 - as the address has it
    """The pipeline of one type."""
    async with visiting(request, "pipelines") as visit:
        one = pipelines.typed(visit.registry, type)
        if not _sees(visit.person, one):
            raise NotFound(f"There is no type {type[:60]!r} with stages; see /v1/pipelines.")
        found = await pipelines.read(visit.reader, visit.person.tenant, {type: one})
    return respond.data(found[type])


@put("/v1/pipelines/{type:str}")
async def change_pipeline(request: Req, type: str) -> ASGIResponse:  # noqa: A002
    """Say what a type's stages are called, their hues, which are offered, and when one is stuck."""
    wanted = await body_of(request, PipelineChange)

    async def work(act: Administrator) -> Pipeline:
        return await pipelines.change(act, type, wanted)

    return await administer(request, "pipelines", work)


def _sees(person: Person, one: Definition) -> bool:
    access = person.access(one)
    return one.status is not None and access.read != "none" and "status" not in access.hidden


HANDLERS = [list_pipelines, read_pipeline, change_pipeline]
_ONE = "/v1/pipelines/{type}"
_WRITE = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", "NOT_FOUND", 422)
ENDPOINTS = (
    Endpoint("GET", "/v1/pipelines", "List pipelines", None, list[Pipeline], 200, (400,)),
    Endpoint("GET", _ONE, "Read a pipeline", None, Pipeline, 200, ("NOT_FOUND",)),
    Endpoint("PUT", _ONE, "Change a pipeline", PipelineChange, Pipeline, 200, _WRITE),
)
