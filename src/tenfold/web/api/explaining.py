"""Why somebody may or may not do something, as an answer with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.accounts import people
from tenfold.accounts.organisation import custom_fields, members
from tenfold.accounts.organisation.deciding import Decision, Question, Verb, decide
from tenfold.accounts.organisation.own_types import types_of
from tenfold.engine import reach
from tenfold.engine.access import Person
from tenfold.engine.ask import visible
from tenfold.engine.definition import Definition, Field
from tenfold.kernel.errors import Forbidden, Invalid, MissingFields, Unauthenticated
from tenfold.kernel.ids import parse_id
from tenfold.web import respond
from tenfold.web.api.administration import Req, Visitor, visiting
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import check_parameters, pairs
from tenfold.web.desk import desk_of

VERBS: Mapping[str, Verb] = {verb: verb for verb in get_args(Verb)}
_GIVEN = ("user_id", "type", "record_id", "verb", "field")


@get("/v1/access/explain")
async def explain_access(request: Req) -> ASGIResponse:
    """Whether somebody may do something, and why: of oneself, or as an administrator of others."""
    asked = asked_of(dict(pairs(request.scope["query_string"])))
    async with visiting(request, "explain") as visit:
        question = await question_of(request, visit, asked)
        return respond.data(await decide(question))


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as far as it can be read without knowing who asks."""

    type: str
    verb: Verb
    user: UUID | None
    record: UUID | None
    field: str


def asked_of(given: Mapping[str, str]) -> Asked:
    """The parameters; raises MissingFields or Invalid naming each mistake."""
    check_parameters(given, _GIVEN)
    if missing := [name for name in ("type", "verb") if not given.get(name)]:
        raise MissingFields(dict.fromkeys(missing, "is required"))
    problems: dict[str, str] = {}
    verb = VERBS.get(given["verb"])
    ids = {name: parse_id(given.get(name, "")) for name in ("user_id", "record_id")}
    for name, found in ids.items():
        if given.get(name) and found is None:
            problems[name] = "must be an id (a UUID)"
    if verb is None:
        problems["verb"] = f"must be one of {', '.join(VERBS)}"
    if verb == "create" and given.get("record_id"):
        problems["record_id"] = "is not known yet where one is made; leave it out"
    if verb == "reveal" and not given.get("field"):
        problems["field"] = "is required: the secret field to open"
    if verb in ("delete", "share") and given.get("field"):
        problems["field"] = f"leave it out: one can't {verb} a field"
    if problems or verb is None:
        raise Invalid(problems)
    field = given.get("field", "")
    return Asked(given["type"], verb, ids["user_id"], ids["record_id"], field)


async def question_of(request: Req, visit: Visitor, asked: Asked) -> Question:
    """The question about who and what the asker may know of; raises NotFound for all else."""
    reader, asker = visit.reader, visit.person
    user = asked.user or asker.user
    if user != asker.user and not asker.administers:
        raise Forbidden("Only an owner or an admin of the organization may ask about others.")
    member = await members.one(reader, asker.tenant, user)
    definition = await _type(visit, asked.type)
    record = None
    if asked.record is not None:
        query = desk_of(request).query
        record = await reach.found(query, reader, asker, definition, asked.record)
    return Question(
        reader=reader,
        member=member,
        person=await _person(visit, user),
        definition=definition,
        verb=asked.verb,
        record=record,
        field=_field(asked, definition, asker),
    )


async def _type(visit: Visitor, name: str) -> Definition:
    tenant = visit.person.tenant
    types = await types_of(visit.reader, tenant, visit.registry)
    own = await custom_fields.by_type(visit.reader, tenant)
    return custom_fields.known(types, name).with_custom(own.get(name, {}))


async def _person(visit: Visitor, user: UUID) -> Person | None:
    """Somebody with their roles; None where they left."""
    if user == visit.person.user:
        return visit.person
    try:
        return await people.load(visit.reader, visit.person.tenant, user)
    except Unauthenticated:
        return None


def _field(asked: Asked, definition: Definition, asker: Person) -> Field | None:
    """The field that is meant, if the asker may know of it."""
    if not asked.field:
        return None
    found = visible(asked.field, definition, asker.access(definition), "field")
    if asked.verb == "reveal" and found.type.kind != "secret":
        raise Invalid({"field": "is no secret field; one just reads it"})
    return found


HANDLERS = [explain_access]

_ID: dict[str, Any] = {"type": "string", "format": "uuid"}
_TEXT: dict[str, Any] = {"type": "string"}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/access/explain",
        "Whether somebody may do something, and why",
        response=Decision,
        errors=("FORBIDDEN", "NOT_FOUND", "MISSING_FIELDS", "UNKNOWN_FIELD"),
        query={
            "type": (_TEXT, "The name of a record type, like `lead`."),
            "verb": ({"type": "string", "enum": list(VERBS)}, "What they would do."),
            "user_id": (_ID, "Who; you yourself where it is left out."),
            "record_id": (_ID, "With which record; with any of the type where it is left out."),
            "field": (_TEXT, "With which field of it."),
        },
    ),
)
