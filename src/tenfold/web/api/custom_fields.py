"""The fields that the organisation added to its record types."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import custom_fields
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.custom_fields import (
    CustomField,
    CustomFieldChange,
    NewCustomField,
    Which,
)
from tenfold.engine.own_types import types_of
from tenfold.kernel.errors import NotFound
from tenfold.web import respond
from tenfold.web.api.administration import (
    PAGING,
    Req,
    administer,
    identified,
    listed,
    paging,
    truth,
    visiting,
)
from tenfold.web.api.bodies import body_of
from tenfold.web.api.endpoint import Endpoint


@get("/v1/custom-fields")
async def list_custom_fields(request: Req) -> ASGIResponse:
    """The custom fields that I may see, of one type or of all."""
    asked = paging(request, "type", "retired")
    async with visiting(request, "custom-fields") as visit:
        tenant, person = visit.person.tenant, visit.person
        types = await types_of(visit.reader, tenant, visit.registry)
        if name := asked.rest.get("type", ""):
            types = {name: custom_fields.known(types, name)}
        which = Which(
            [n for n, d in types.items() if person.access(d).read != "none"],
            [f"{n}.{hidden}" for n, d in types.items() for hidden in person.access(d).hidden],
            truth(asked, "retired") or False,
        )
        rows = await custom_fields.page(visit.reader, tenant, which, asked.after, asked.limit)
    return listed(rows, asked, lambda field: field.id)


@get("/v1/custom-fields/{field_id:str}")
async def read_custom_field(request: Req, field_id: str) -> ASGIResponse:
    """A custom field in use."""
    async with visiting(request, "custom-fields") as visit:
        found = await custom_fields.one(
            visit.reader, visit.person.tenant, identified(field_id, "custom field")
        )
        types = await types_of(visit.reader, visit.person.tenant, visit.registry)
        access = visit.person.access(types[found.type]) if found.type in types else None
        if access is None or access.read == "none" or found.name in access.hidden:
            raise NotFound(f"There is no custom field with the id {field_id[:60]}.")
        return respond.data(found)


@post("/v1/custom-fields")
async def create_custom_field(request: Req) -> ASGIResponse:
    """Add a field to a record type."""
    new = await body_of(request, NewCustomField)

    async def work(act: Administrator) -> CustomField:
        return await custom_fields.create(act, new)

    return await administer(
        request, "custom-fields", work, status=201, location="/v1/custom-fields"
    )


@patch("/v1/custom-fields/{field_id:str}")
async def change_custom_field(request: Req, field_id: str) -> ASGIResponse:
    """Change a field's label, help, section, whether it is required; add options."""
    wanted = await body_of(request, CustomFieldChange)

    async def work(act: Administrator) -> CustomField:
        return await custom_fields.change(act, identified(field_id, "custom field"), wanted)

    return await administer(request, "custom-fields", work)


@delete("/v1/custom-fields/{field_id:str}", status_code=200)
async def retire_custom_field(request: Req, field_id: str) -> ASGIResponse:
    """Show a field no more; made again with its name and kind, it comes back with its values."""

    async def work(act: Administrator) -> CustomField:
        return await custom_fields.retire(act, identified(field_id, "custom field"))

    return await administer(request, "custom-fields", work)


HANDLERS = [
    list_custom_fields,
    read_custom_field,
    create_custom_field,
    change_custom_field,
    retire_custom_field,
]

_WRITE = ("FORBIDDEN", "INVALID_FIELDS", "MISSING_FIELDS", "UNKNOWN_FIELD", 422)
_FIELD = "/v1/custom-fields/{field_id}"
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/custom-fields",
        "List custom fields",
        None,
        list[CustomField],
        200,
        (400,),
        query={
            **PAGING,
            "type": ({"type": "string"}, "The name of one record type, like `lead`."),
            "retired": ({"type": "boolean"}, "Those that were retired instead of those in use."),
        },
    ),
    Endpoint("GET", _FIELD, "Read a custom field", None, CustomField, 200, ("NOT_FOUND",)),
    Endpoint(
        "POST",
        "/v1/custom-fields",
        "Add a custom field",
        NewCustomField,
        CustomField,
        201,
        (*_WRITE, "DUPLICATE", "TOO_MANY"),
    ),
    Endpoint(
        "PATCH",
        _FIELD,
        "Change a custom field",
        CustomFieldChange,
        CustomField,
        200,
        (*_WRITE, "NOT_FOUND", 409),
    ),
    Endpoint(
        "DELETE",
        _FIELD,
        "Retire a custom field",
        None,
        CustomField,
        200,
        ("FORBIDDEN", "NOT_FOUND", 409, 422),
    ),
)
