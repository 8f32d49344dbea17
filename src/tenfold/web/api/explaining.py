"""Why somebody may or may not do something, as an answer with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import custom_fields
from tenfold.accounts.organisation.acts import ACTS, ActName
from tenfold.accounts.organisation.deciding import Decision, Question, Verb, decide
from tenfold.accounts.organisation.deciding_acts import ActQuestion
from tenfold.accounts.organisation.whom import whom
from tenfold.accounts.people import Caller
from tenfold.engine import reach
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import visible
from tenfold.engine.own_types import tailored_types
from tenfold.kernel.errors import Invalid, MissingFields
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say
from tenfold.web import respond
from tenfold.web.api.administration import Req, Visitor, visiting
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.api.requests import check_parameters, pairs
from tenfold.web.desk import desk_of

VERBS: Mapping[str, Verb] = {verb: verb for verb in get_args(Verb)}
_ACTS: Mapping[str, ActName] = {name: name for name in ACTS}
_GIVEN = ("user_id", "key_id", "type", "record_id", "verb", "field")
_NO_FIELD: Mapping[str, str] = {
    "delete": mark("leave it out: one can't delete a field"),
    "share": mark("leave it out: one can't share a field"),
}
_OF_RECORDS = ("type", "record_id", "field")


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

    verb: Verb | ActName
    user: UUID | None
    key: UUID | None
    type: str = ""
    record: UUID | None = None
    field: str = ""


def asked_of(given: Mapping[str, str]) -> Asked:
    """The parameters; raises MissingFields or Invalid naming each mistake."""
    check_parameters(given, _GIVEN)
    act = _ACTS.get(given.get("verb", ""))
    needed = ("verb",) if act is not None else ("verb", "type")
    if missing := [name for name in needed if not given.get(name)]:
        raise MissingFields(dict.fromkeys(missing, "is required"))
    problems: dict[str, str] = {}
    ids = {name: parse_id(given.get(name, "")) for name in ("user_id", "key_id", "record_id")}
    for name, found in ids.items():
        if given.get(name) and found is None:
            problems[name] = say("must be an id (a UUID)")
    verb = VERBS.get(given["verb"])
    if act is not None:
        told = say("leave it out: this is done in the organisation, not with records")
        problems |= {name: told for name in _OF_RECORDS if given.get(name)}
    elif verb is None:
        problems["verb"] = f"must be one of {', '.join((*VERBS, *_ACTS))}"
    else:
        problems |= _unfit(verb, given)
    meant = act or verb
    if problems or meant is None:
        raise Invalid(problems)
    record, field = ids["record_id"], given.get("field", "")
    return Asked(meant, ids["user_id"], ids["key_id"], given.get("type", ""), record, field)


def _unfit(verb: Verb, given: Mapping[str, str]) -> dict[str, str]:
    """What does not go with a verb."""
    problems: dict[str, str] = {}
    if verb == "create" and given.get("record_id"):
        problems["record_id"] = say("is not known yet where one is made; leave it out")
    if verb == "reveal" and not given.get("field"):
        problems["field"] = say("is required: the secret field to open")
    if given.get("field") and (told := _NO_FIELD.get(verb)):
        problems["field"] = say(told)
    return problems


async def question_of(request: Req, visit: Visitor, asked: Asked) -> Question | ActQuestion:
    """The question about who and what the asker may know of; raises NotFound for all else."""
    reader, asker = visit.reader, visit.person
    who = await whom(reader, asker, visit.client, asked.user, asked.key)
    if (act := _ACTS.get(asked.verb)) is not None:
        return ActQuestion(who, act)
    definition = await _type(visit, asked.type)
    record = None
    if asked.record is not None:
        query = desk_of(request).query
        record = await reach.found(query, reader, asker, definition, asked.record)
    return Question(
        who=who,
        definition=definition,
        verb=VERBS[asked.verb],
        record=record,
        field=_field(asked, definition, asker),
    )


async def _type(visit: Visitor, name: str) -> Definition:
    tenant = visit.person.tenant
    return custom_fields.known(await tailored_types(visit.reader, tenant, visit.registry), name)


def _field(asked: Asked, definition: Definition, asker: Caller) -> Field | None:
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
            "verb": (
                {"type": "string", "enum": [*VERBS, *_ACTS]},
                "What they would do: the first six with records of a `type`, the others without.",
            ),
            "type": (_TEXT, "The name of a record type, like `lead`."),
            "user_id": (_ID, "Who; you yourself where it is left out."),
            "key_id": (_ID, "With which API key of theirs; without one where it is left out."),
            "record_id": (_ID, "With which record; with any of the type where it is left out."),
            "field": (_TEXT, "With which field of it."),
        },
    ),
)
