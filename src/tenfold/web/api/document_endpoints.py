"""The endpoints that are not records' own, as parts of the published document."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any

import msgspec

from tenfold.engine.definition import Definition
from tenfold.engine.project import openapi_shared as shared
from tenfold.engine.project.openapi_records import addressed
from tenfold.engine.registry import Registry
from tenfold.messages.addresses import PATH as CARRIERS
from tenfold.web.api.endpoint import Endpoint

Schema = dict[str, Any]
_OF_TYPE = "/v1/{plural}"
_ALWAYS = (400, 429, 500, 503)
_SIGNED = (401, 403)


@dataclass(frozen=True, slots=True)
class Parts:
    """What endpoints add to the document."""

    paths: Mapping[str, Schema]
    schemas: Mapping[str, Schema]
    tags: tuple[Schema, ...]


def parts(registry: Registry, endpoints: Iterable[Endpoint]) -> Parts:
    """Paths, schemas and tags of all endpoints; those of `/v1/{plural}` once for each type."""
    every = list(endpoints)
    schemas = _Schemas(every)
    paths: dict[str, Schema] = {path: dict(item) for path, item in _PLAIN.items()}
    tags = {_SYSTEM: "How the installation does."}
    for endpoint, definition in _expanded(registry, every):
        tag = definition.label_plural if definition else _tag(endpoint.path)
        if definition is None:
            tags.setdefault(tag, "")
        item = paths.setdefault(endpoint.path, {})
        if definition is not None:
            # As the records' own operations at the same address say it.
            item["parameters"] = list(_path_parameters(endpoint.path))
        item[endpoint.method.lower()] = _operation(endpoint, definition, schemas, tag)
    listed = [{"name": n, **({"description": d} if d else {})} for n, d in tags.items()]
    return Parts(paths, schemas.components, tuple(listed))


def operation_id(endpoint: Endpoint, definition: Definition | None = None) -> str:
    """`GET /v1/teams/{id}` is `read_team`, `POST /v1/auth/login` is `login`."""
    path = endpoint.path
    if definition is not None:
        rest = path.partition("{record_id}")[2]
        words = [definition.name, *_words(rest)]
    else:
        words = _words(path.removeprefix("/v1"))
    if words[0] == "auth" and endpoint.method == "POST":
        return "_".join(words[1:])
    if words[0] == "auth":
        words = words[1:]
    *before, last = words
    if endpoint.method == "POST" and last in _DEEDS:
        return "_".join([last, *map(_singular, before)])
    many = typing.get_origin(endpoint.response) is list or endpoint.response is list
    verb = _VERBS[endpoint.method]
    if endpoint.method == "GET" and many:
        verb = "list"
    ends = last if verb == "list" else _singular(last)
    return "_".join([verb, *map(_singular, before), ends])


_VERBS = {"GET": "read", "POST": "create", "PATCH": "change", "PUT": "put", "DELETE": "delete"}


# Addresses that end in what is done: `POST /v1/imports/{id}/undo` is `undo_import`.
_DEEDS = frozenset({"undo", "stop", "preview", "hand_over", "rotate"})


def _words(path: str) -> list[str]:
    found = [part for part in path.split("/") if part and not part.startswith("{")]
    return [part.replace("-", "_").replace(".", "_") for part in found]


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _tag(path: str) -> str:
    words = _words(path.removeprefix("/v1"))
    known = {"auth": "Sign-in", "health": _SYSTEM}
    return known.get(words[0], words[0].replace("_", " ").capitalize())


def _expanded(
    registry: Registry, endpoints: Iterable[Endpoint]
) -> Iterator[tuple[Endpoint, Definition | None]]:
    for endpoint in endpoints:
        if not endpoint.path.startswith(_OF_TYPE):
            yield endpoint, None
            continue
        rest = endpoint.path.removeprefix(_OF_TYPE).replace("{id}", "{record_id}")
        for definition, address in addressed(registry):
            # Only what has stages moves.
            if definition.status is not None or not rest.endswith("/moves"):
                yield replace(endpoint, path=f"{address}{rest}"), definition


class _Schemas:
    """The schemas of all structs that the endpoints take and answer."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.types = list(
            {t: None for e in endpoints for t in (e.request, *_alternatives(e.response)) if t}
        )
        found, components = msgspec.json.schema_components(
            self.types, schema_hook=_anything, ref_template="#/components/schemas/{name}"
        )
        self.found = found
        self.components = {name: _closed(one) for name, one in components.items()}

    def of(self, kind: type | UnionType | None) -> Schema:
        """The schema of a type, or of one of several; an empty object where there is none."""
        found = [self.found[self.types.index(one)] for one in _alternatives(kind)]
        if len(found) > 1:
            return {"oneOf": found}
        return found[0] if found else shared.closed({})


def _alternatives(kind: type | UnionType | None) -> tuple[type, ...]:
    if isinstance(kind, UnionType):
        return typing.get_args(kind)
    return () if kind is None else (kind,)


def _anything(kind: type) -> Schema:
    """The schema of `object`: any JSON value."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError(kind)


def _closed(one: Schema) -> Schema:
    made = {k: v for k, v in one.items() if k != "title"}
    if "properties" in made and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made


def _operation(
    endpoint: Endpoint, definition: Definition | None, schemas: _Schemas, tag: str
) -> Schema:
    refused = {*_ALWAYS, *shared.statuses_of(endpoint.errors)}
    if not endpoint.public:
        refused |= set(_SIGNED)
    if "{" in endpoint.path:
        refused.add(404)
    paged = "cursor" in endpoint.query
    meta = shared.schema("PageMeta") if paged else None
    body = shared.enveloped(schemas.of(endpoint.response), meta)
    good = (endpoint.status, *endpoint.also)
    headers = ["Location"] if {201, 202} & set(good) else []
    if 422 in refused:
        headers.append("Idempotency-Replayed")
    found = shared.answer(f"{endpoint.summary}.", body, *headers)
    there = shared.answer("Go on at the address in Location.", None, "Location")
    made: Schema = {
        "operationId": operation_id(endpoint, definition),
        "summary": endpoint.summary,
        "tags": [tag],
        "responses": {str(status): there if status == 303 else found for status in good},
    }
    if endpoint.public:
        made["security"] = []
    if endpoint.request is not None:
        refused |= {400, 413, 415}
        content = {shared.JSON: {"schema": schemas.of(endpoint.request)}}
        if endpoint.path in _FORMS:
            content["multipart/form-data"] = {"schema": _FORM}
        made["requestBody"] = {"required": True, "content": content}
    # 422 is the answer to an Idempotency-Key that was used before.
    keyed = [shared.ref("parameters", "IdempotencyKey")] if 422 in refused else []
    if keyed:
        refused |= {400, 409}
    named = () if definition is not None else _path_parameters(endpoint.path)
    if parameters := [*named, *_query(endpoint), *keyed]:
        made["parameters"] = parameters
    made["responses"] |= shared.refusals(refused)
    return made


def _path_parameters(path: str) -> Iterator[Schema]:
    for part in path.split("/"):
        if part in _KNOWN:
            yield shared.ref("parameters", _KNOWN[part])
        elif part.startswith("{"):
            name = part.strip("{}")
            kind: Schema = {"type": "string"}
            if name == "id" or name.endswith("_id"):
                kind["format"] = "uuid"
            yield {"name": name, "in": "path", "required": True, "schema": kind}


def _query(endpoint: Endpoint) -> Iterator[Schema]:
    for name, (kind, text) in endpoint.query.items():
        yield {"name": name, "in": "query", "description": text, "schema": kind}


_KNOWN = {"{record_id}": "RecordId", "{type}": "CustomType"}
# Addresses that also take files as a form, each option by its name beside them.
_FORMS = frozenset({"/v1/imports", "/v1/imports/preview"})
_FORM: Schema = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "The file; more may follow."},
        "type": {"type": "string", "description": "The record type that its rows are."},
        "options": {
            "type": "string",
            "description": "The options of an ImportRequest as a JSON object; or each by its name.",
        },
    },
    "required": ["file"],
}
_SYSTEM = "Installation"
_PLAIN: Mapping[str, Schema] = {
    "/v1/imports/{import_id}/refused": {
        "get": {
            "operationId": "read_import_refusals",
            "summary": "The rows that were refused, with the reason of each, as CSV",
            "tags": ["Imports"],
            "parameters": list(_path_parameters("/v1/imports/{import_id}/refused")),
            "responses": {
                "200": {
                    **shared.answer("The rows, as a file.", None),
                    "content": {"text/csv": {"schema": {"type": "string"}}},
                },
                **shared.refusals((*_ALWAYS, *_SIGNED, 404)),
            },
        }
    },
    "/v1/audit-log": {
        "get": {
            "operationId": "export_audit_log",
            "summary": "Who changed what and when, with the seals that prove it, a line each",
            "tags": ["Security events"],
            "responses": {
                "200": {
                    **shared.answer("The entries and their seals, as a file.", None),
                    "content": {
                        "application/octet-stream": {
                            "schema": {"type": "string", "format": "binary"}
                        }
                    },
                },
                **shared.refusals((*_ALWAYS, *_SIGNED)),
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "read_metrics",
            "summary": "This process's figures for Prometheus",
            "tags": [_SYSTEM],
            "security": [],
            "responses": {
                "200": {
                    "description": "The figures in the Prometheus text format.",
                    "content": {"text/plain": {"schema": {"type": "string"}}},
                },
                **shared.refusals((400, 429, 500)),
            },
        }
    },
    "/v1/csp-reports": {
        "post": {
            "operationId": "report_csp_violation",
            "summary": "Take what a browser reports of a page that broke our policy",
            # What browsers send is no JSON by its type, and no client's business.
            "description": "As `application/csp-report` or `application/reports+json`.",
            "tags": [_SYSTEM],
            "security": [],
            "responses": {
                "204": shared.answer("It was counted.", None),
                **shared.refusals((*_ALWAYS, 413, 415)),
            },
        }
    },
    **{
        f"{CARRIERS}/{{carrier}}/{{secret}}{more}": {
            "post": {
                "operationId": name,
                "summary": summary,
                "description": "Sent by the carrier, in the form that it publishes.",
                "tags": [_SYSTEM],
                "security": [],
                "parameters": [
                    {"name": one, "in": "path", "required": True, "schema": {"type": "string"}}
                    for one in ("carrier", "secret", *also)
                ],
                "responses": {
                    "200": shared.answer("It was taken, as Twilio wants it said.", None),
                    "204": shared.answer("It was taken.", None),
                    **shared.refusals((*_ALWAYS, 403, 404, 413)),
                },
            }
        }
        for more, also, name, summary in (
            ("", (), "take_from_carrier", "Take what a carrier tells or brings"),
            ("/{message}", ("message",), "take_of_message", "Take what became of one message"),
        )
    },
    "/openapi.json": {
        "get": {
            "operationId": "read_document",
            "summary": "This document",
            "tags": [_SYSTEM],
            "security": [],
            "parameters": [shared.ref("parameters", "IfNoneMatch")],
            "responses": {
                "200": shared.answer("The document.", {"type": "object"}, "ETag"),
                "304": shared.answer("What you have is still current.", None, "ETag"),
                **shared.refusals((400, 429, 500)),
            },
        }
    },
}
