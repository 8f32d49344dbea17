"""The operations of a record type in the published document, as web/api/records.py serves them."""

from __future__ import annotations

from dataclasses import replace

from tenfold.engine.definition import Definition, Field
from tenfold.engine.project.openapi_filters import embeddable, filter_refs
from tenfold.engine.project.openapi_finding import aggregate, export, search
from tenfold.engine.project.openapi_operation import READS, WRITES, Build, operation
from tenfold.engine.project.openapi_schemas import name_of, secrets
from tenfold.engine.project.openapi_shared import answer, ref, refusals, schema
from tenfold.engine.registry import CUSTOM, Registry
from tenfold.engine.types import Many
from tenfold.engine.types.base import Schema


def addressed(registry: Registry) -> list[tuple[Definition, str]]:
    """Every type with its address; last, for all of them, those that organisations make."""
    shipped = [(d, f"/v1/{d.path}") for d in registry]
    custom = registry.named(f"{CUSTOM}records")
    if custom is None:
        return shipped
    own = replace(
        custom,
        name="custom_record",
        plural="custom_records",
        declared_label="Custom record",
        declared_plural="Custom records",
        declared_doc="A record of a type that your organisation made; its fields are those in "
        "`custom`.",
    )
    return [*shipped, (own, "/v1/custom/{type}")]


def operations(definition: Definition, address: str, registry: Registry) -> dict[str, Schema]:
    """The path items of a record type."""
    made: dict[str, Schema] = {}
    for method, path, build in _ALL:
        if path.endswith("/moves") and definition.status is None:
            continue
        if path.endswith("/reveals") and not secrets(definition):
            continue
        item = made.setdefault(f"{address}{path}", {})
        item[method] = {**build(definition, registry), "tags": [definition.label_plural]}
        if definition.tenant_made:
            item[method]["responses"] |= refusals((404,))
    for field in definition.relations.values():
        if isinstance(field.type, Many):
            other = registry.by_name[field.type.to]
            made[f"{address}/{{record_id}}/{field.name}"] = _related(definition, field, other)
    for path, item in made.items():
        named = [("{type}", "CustomType"), ("{record_id}", "RecordId")]
        if found := [ref("parameters", name) for part, name in named if part in path]:
            item["parameters"] = found
    return made


def _own(definition: Definition, *names: str) -> list[Schema]:
    return [ref("parameters", f"{name_of(definition)}_{name}") for name in names]


def _shared(*names: str) -> list[Schema]:
    return [ref("parameters", name) for name in names]


def _embed(definition: Definition, registry: Registry) -> list[Schema]:
    return _own(definition, "embed") if embeddable(definition, registry) else []


def _one(definition: Definition, text: str, status: int = 200, *headers: str) -> Schema:
    body = schema(f"{name_of(definition)}Answer")
    return {str(status): answer(text, body, "ETag", *headers)}


def _unchanged() -> Schema:
    return {"304": answer("What you have is still current.", None, "ETag")}


def _list(definition: Definition, registry: Registry) -> Schema:
    many = definition.label_plural.lower()
    parameters = [
        *_shared("Limit", "Cursor", "Page"),
        *_own(definition, "sort", "fields"),
        *_embed(definition, registry),
        *_shared("Count", "Deleted", "Shared", "Where", "IfNoneMatch"),
        *filter_refs(definition),
    ]
    page = answer(f"A page of {many}.", schema(f"{name_of(definition)}List"), "ETag")
    return operation(
        f"list_{definition.plural}",
        f"List {many}",
        {"200": page, **_unchanged()},
        READS,
        parameters=parameters,
        about="Filters by custom fields are written `custom.name` and `custom.name[operator]`.",
    )


def _create(definition: Definition, _: Registry) -> Schema:
    one = definition.label.lower()
    replayed = ("Location", "Idempotency-Replayed")
    return operation(
        f"create_{definition.name}",
        f"Make a {one}",
        _one(definition, f"The new {one}.", 201, *replayed),
        WRITES,
        parameters=_shared("IdempotencyKey"),
        body=schema(f"{name_of(definition)}Create"),
    )


def _read(definition: Definition, registry: Registry) -> Schema:
    one = definition.label.lower()
    return operation(
        f"read_{definition.name}",
        f"Read a {one}",
        {**_one(definition, f"The {one}."), **_unchanged()},
        (*READS, 404),
        parameters=[
            *_own(definition, "fields"),
            *_embed(definition, registry),
            *_shared("Deleted", "IfNoneMatch"),
        ],
    )


def _changes(verb: str, note: str) -> Build:
    def build(definition: Definition, _: Registry) -> Schema:
        one = definition.label.lower()
        return operation(
            f"{verb}_{definition.name}",
            f"Change a {one}",
            _one(definition, f"The {one} as it is now.", 200, "Idempotency-Replayed"),
            (*WRITES, 404, 412),
            parameters=_shared("IfMatch", "IdempotencyKey"),
            body=schema(f"{name_of(definition)}Change"),
            about=note,
        )

    return build


def _delete(definition: Definition, _: Registry) -> Schema:
    one = definition.label.lower()
    return operation(
        f"delete_{definition.name}",
        f"Delete a {one}",
        _one(definition, f"The {one} as it was.", 200, "Idempotency-Replayed"),
        (*WRITES, 404, 412),
        parameters=_shared("IfMatch", "IdempotencyKey"),
        about="It can be restored.",
    )


def _restore(definition: Definition, _: Registry) -> Schema:
    one = definition.label.lower()
    return operation(
        f"restore_{definition.name}",
        f"Bring back a deleted {one}",
        _one(definition, f"The {one}.", 200, "Idempotency-Replayed"),
        (*WRITES, 404),
        parameters=_shared("IdempotencyKey"),
    )


def _move(definition: Definition, _: Registry) -> Schema:
    one = definition.label.lower()
    return operation(
        f"move_{definition.name}",
        f"Move a {one} to another stage",
        _one(definition, f"The {one} as it is now.", 201, "Location", "Idempotency-Replayed"),
        (*WRITES, 404, 412),
        parameters=_shared("IfMatch", "IdempotencyKey"),
        body=schema(f"{name_of(definition)}Move"),
    )


def _reveal(definition: Definition, _: Registry) -> Schema:
    content = schema(f"{name_of(definition)}RevealAnswer")
    return operation(
        f"reveal_{definition.name}",
        f"Open a secret field of a {definition.label.lower()}",
        {"201": answer("The value, never to be kept in a cache.", content)},
        (*READS, 404, 409, 410),
        body=schema(f"{name_of(definition)}Reveal"),
        about="Who opened it, and when, is kept as a security event.",
    )


def _related(definition: Definition, field: Field, other: Definition) -> Schema:
    """The operations of a relation to many."""
    one, many = definition.label.lower(), field.label.lower()
    page = answer(f"A page of the {many}.", schema(f"{name_of(other)}List"))
    done = answer("What was changed.", schema("PairedAnswer"), "ETag", "Idempotency-Replayed")
    keyed = _shared("IfMatch", "IdempotencyKey")
    place, body, refused = f"{definition.name}_{field.name}", schema("Ids"), (*WRITES, 404, 412)
    made = {
        "get": operation(
            f"list_{place}",
            f"List the {many} of a {one}",
            {"200": page},
            (*READS, 404),
            parameters=_shared("Limit", "Cursor"),
            about=f"{field.help} In the order in which they were added.".strip(),
        ),
        "post": operation(
            f"add_{place}",
            f"Add to the {many} of a {one}",
            {"200": done},
            refused,
            parameters=keyed,
            body=body,
        ),
        "delete": operation(
            f"remove_{place}",
            f"Take from the {many} of a {one}",
            {"200": done},
            refused,
            parameters=keyed,
            body=body,
        ),
    }
    hints = {"tags": [definition.label_plural], "x-relation": other.name}
    return {method: {**made[method], **hints} for method in made}


def _batch_read(definition: Definition, _: Registry) -> Schema:
    many = definition.label_plural.lower()
    found = answer(f"Those of the {many} that you may see.", schema(f"{name_of(definition)}Batch"))
    return operation(
        f"batch_read_{definition.plural}",
        f"Read several {many} by their ids",
        {"200": found},
        READS,
        body=schema("Ids"),
        about="In the order of the ids; what you can't see is left out.",
    )


def _bulk(verb: str, summary: str, status: int, body: str) -> Build:
    def build(definition: Definition, _: Registry) -> Schema:
        many, name = definition.label_plural.lower(), name_of(definition)
        content = schema(f"{name}BulkAnswer")
        headers = ("Idempotency-Replayed",)
        return operation(
            f"{verb}_{definition.plural}",
            summary.format(many),
            {
                str(status): answer("All rows are written.", content, *headers),
                "207": answer("Some rows were refused; see `meta.errors`.", content, *headers),
            },
            (*WRITES, *(() if verb == "bulk_create" else (404, 412))),
            parameters=_shared("IdempotencyKey"),
            body=schema(body if body == "BulkDelete" else f"{name}{body}"),
        )

    return build


_SAME = "PATCH and PUT do the same: only the fields given are changed, null empties."
_ALL: tuple[tuple[str, str, Build], ...] = (
    ("get", "", _list),
    ("post", "", _create),
    ("post", "/batch-read", _batch_read),
    ("post", "/bulk", _bulk("bulk_create", "Make up to 10,000 {}", 201, "BulkCreate")),
    ("patch", "/bulk", _bulk("bulk_change", "Change up to 10,000 {}", 200, "BulkChange")),
    ("delete", "/bulk", _bulk("bulk_delete", "Delete up to 10,000 {}", 200, "BulkDelete")),
    ("post", "/upsert", _bulk("upsert", "Make or change {} by a unique field", 200, "Upsert")),
    ("get", "/search", search),
    ("get", "/aggregate", aggregate),
    ("get", "/export", export),
    ("get", "/{record_id}", _read),
    ("patch", "/{record_id}", _changes("change", _SAME)),
    ("put", "/{record_id}", _changes("put", _SAME)),
    ("delete", "/{record_id}", _delete),
    ("post", "/{record_id}/restore", _restore),
    ("post", "/{record_id}/moves", _move),
    ("post", "/{record_id}/reveals", _reveal),
)
