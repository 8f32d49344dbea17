"""The published document (OpenAPI 3.1): a pure function of the definitions, the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import tenfold
from tenfold.engine.definition import Definition
from tenfold.engine.project import openapi_filters as lists
from tenfold.engine.project import openapi_finding as finding
from tenfold.engine.project.openapi_records import addressed, operations
from tenfold.engine.project.openapi_schemas import schemas
from tenfold.engine.project.openapi_shared import HEADERS, PARAMETERS, responses, shared_schemas
from tenfold.engine.registry import Registry
from tenfold.engine.types.base import Schema

ABOUT = """\
Records of every type are read and written the same way.

- **Answers** are `{"success": true, "data": …}`; lists add `meta`. A refusal is always
  `{"success": false, "error": {"code", "message", "fields"}}`; its `code` stays the same, its
  message is for people.
- **Sign in** with `POST /v1/auth/login` and send the token as `Authorization: Bearer …`.
- **Lists** give 50 records and at most 100; follow `meta.next_cursor`. Filter by
  `?field=value` and `?field[operator]=value`, sort by `?sort=-created_at,name`.
- **Writes** take `Idempotency-Key` (one effect, however often it is sent) and `If-Match` (refused
  with 412 when somebody changed the record since). PATCH and PUT change only the fields given.
- **Relations** to one record are written as `<name>_id`; those to many are addresses of their own,
  like `/v1/clients/{id}/favorites`: POST adds `{"ids": […]}`, DELETE takes them away.
- **Money** is a number in major units with its currency beside it (`price`, `price_currency`).
  Without one it has the record's own, else your organisation's; a currency alone is refused.
  Filters compare amounts of one currency: your organisation's, or that of `price_currency=EUR`
  beside them.
- Moments are UTC, ids UUIDs.
- A record of another organisation, or one you may not see, is 404 like one that never was.
"""


class Doubled(ValueError):
    """Two parts of the document have the same name."""


def document(
    registry: Registry,
    address: str,
    extra_paths: Mapping[str, Schema] | None = None,
    extra_schemas: Mapping[str, Schema] | None = None,
    extra_tags: Iterable[Schema] = (),
) -> Schema:
    """The whole document; the extra parts are what other endpoints than records' bring."""
    paths: dict[str, Schema] = {}
    components: dict[str, Schema] = {}
    parameters: dict[str, Schema] = dict(PARAMETERS)
    _add(components, shared_schemas())
    types = addressed(registry)
    for definition, place in types:
        _add(components, schemas(definition, registry))
        _add(parameters, lists.plain(definition, registry))
        _add(parameters, lists.filters(definition))
        _add(paths, operations(definition, place, registry))
    _add(components, finding.search_schemas(registry))
    _add(paths, finding.search_everything(registry))
    _add(components, extra_schemas or {})
    for path, item in (extra_paths or {}).items():
        paths[path] = {**paths.get(path, {}), **item}
    made: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "Tenfold",
            "version": tenfold.__version__,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "security": [{"bearer": []}],
        "tags": [*(_tag(d) for d, _ in types), finding.SEARCH_TAG, *extra_tags],
        "x-tagGroups": [
            {"name": pack, "tags": [d.label_plural for d in definitions]}
            for pack, definitions in registry.packs.items()
        ],
        "paths": paths,
        "components": {
            "schemas": components,
            "parameters": parameters,
            "headers": dict(HEADERS),
            "responses": responses(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of POST /v1/auth/login.",
                }
            },
        },
    }
    _unique(paths)
    return made


def _tag(definition: Definition) -> Schema:
    return {"name": definition.label_plural, "description": definition.doc}


def _add(into: dict[str, Schema], more: Mapping[str, Schema]) -> None:
    for name, part in more.items():
        if name in into and into[name] != part:
            raise Doubled(f"{name!r} is in the document twice; rename one of the two.")
        into[name] = part


def _unique(paths: Mapping[str, Schema]) -> None:
    seen: dict[str, str] = {}
    for path, item in paths.items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            name = operation["operationId"]
            if name in seen:
                raise Doubled(f"{method} {path} and {seen[name]} are both {name!r}.")
            seen[name] = f"{method} {path}"
