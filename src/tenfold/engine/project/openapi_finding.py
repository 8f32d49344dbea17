"""Search and aggregates in the published document."""

from __future__ import annotations

from tenfold.engine.aggregate import FIGURES, FUNCTIONS, GROUPED, GROUPS, ROWS, SUMMED
from tenfold.engine.definition import Definition
from tenfold.engine.project.openapi_filters import filter_refs
from tenfold.engine.project.openapi_operation import READS, operation
from tenfold.engine.project.openapi_schemas import name_of
from tenfold.engine.project.openapi_shared import JSON, answer, closed, enveloped, ref, schema
from tenfold.engine.registry import Registry
from tenfold.engine.types.base import Schema

_WORDS = {"sum": "Sums", "avg": "Averages", "min": "The least", "max": "The most"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OWN = r"custom_[a-z][a-z0-9_]*"
SEARCH_TAG: Schema = {"name": "Search", "description": "Every type at once, by words."}


def search(definition: Definition, _: Registry) -> Schema:
    """The best hits of one type."""
    many = definition.label_plural.lower()
    found = answer(f"The {many} found, best first.", schema(f"{name_of(definition)}Batch"))
    return operation(
        f"search_{definition.plural}",
        f"Search {many} by words",
        {"200": found},
        READS,
        parameters=[ref("parameters", "Words"), ref("parameters", "Limit")],
        about="Every word must be found, as it is or as the beginning of one.",
    )


def aggregate(definition: Definition, _: Registry) -> Schema:
    """Counts and figures by group."""
    many = definition.label_plural.lower()
    found = answer("The groups, largest first.", schema(f"{name_of(definition)}Aggregate"))
    return operation(
        f"aggregate_{definition.plural}",
        f"Count and sum up {many} by group",
        {"200": found},
        READS,
        parameters=[
            *_asked(definition),
            ref("parameters", "Shared"),
            ref("parameters", "Where"),
            *filter_refs(definition),
        ],
        about=f"At most {FIGURES} figures at once; amounts are kept apart by currency. The largest "
        f"{ROWS:,} groups are answered; `meta.has_more` says whether there are others.",
    )


def export(definition: Definition, _: Registry) -> Schema:
    """A list whole, as a file."""
    many = definition.label_plural.lower()
    name = name_of(definition)
    files: Schema = {
        "text/csv": {"schema": {"type": "string"}},
        JSON: {"schema": {"type": "array", "items": schema(name)}},
        _XLSX: {"schema": {"type": "string", "format": "binary"}},
    }
    disposition: Schema = {"description": "The file's name.", "schema": {"type": "string"}}
    found = answer("All of them, as they are read while the file is sent.", None)
    found["headers"] = {**found["headers"], "Content-Disposition": disposition}
    choices = [("format", {"type": "string", "enum": ["csv", "json", "xlsx"], "default": "csv"})]
    choices += [("bom", {"type": "boolean", "default": False})]
    texts = {"format": "The kind of file.", "bom": "A byte order mark first, for old Excel."}
    own = [{"name": n, "in": "query", "description": texts[n], "schema": k} for n, k in choices]
    return operation(
        f"export_{definition.plural}",
        f"Export {many} as a file",
        {"200": {**found, "content": files}},
        READS,
        parameters=[
            *own,
            ref("parameters", f"{name}_sort"),
            ref("parameters", f"{name}_fields"),
            ref("parameters", "Deleted"),
            ref("parameters", "Shared"),
            ref("parameters", "Where"),
            *filter_refs(definition),
        ],
    )


def search_everything(registry: Registry) -> dict[str, Schema]:
    """The path of the search over all types."""
    names = "|".join([*registry.by_name, _OWN])
    types: Schema = {
        "name": "type",
        "in": "query",
        "description": "Only these types, separated by commas.",
        "schema": {"type": "string", "pattern": f"^({names})(,({names}))*$"},
    }
    made = operation(
        "search",
        "Search all types by words",
        {"200": answer("The best hits of each type.", schema("SearchAnswer"))},
        READS,
        parameters=[ref("parameters", "Words"), ref("parameters", "LimitEach"), types],
    )
    return {"/v1/search": {"get": {**made, "tags": [SEARCH_TAG["name"]]}}}


def search_schemas(registry: Registry) -> dict[str, Schema]:
    """The schemas of the search over all types."""
    identity: Schema = {"type": "string", "format": "uuid"}
    text: Schema = {"type": "string"}
    kind: Schema = {
        "type": "string",
        "pattern": f"^({'|'.join([*registry.by_name, _OWN])})$",
        "description": "The name of a record type; one that your organisation made is `custom_…`.",
    }
    hint: Schema = {
        "type": ["string", "null"],
        "description": "What tells it from others of its title: its e-mail, telephone or address.",
    }
    rank: Schema = {"type": "number", "description": "Higher is better, within its type."}
    hits: Schema = {"type": "array", "items": schema("Hit")}
    return {
        "Hit": closed({"type": kind, "id": identity, "title": text, "hint": hint, "rank": rank}),
        "Hits": closed({"type": kind, "label": text, "path": text, "hits": hits}),
        "SearchAnswer": enveloped({"type": "array", "items": schema("Hits")}),
    }


def _asked(definition: Definition) -> list[Schema]:
    fields = definition.fields.values()
    groups = "|".join(f.json_name for f in fields if f.type.kind in GROUPED)
    summed = "|".join(f.json_name for f in fields if f.type.kind in SUMMED)
    made = [_names("group", f"Up to {GROUPS} fields to group by.", groups, GROUPS)]
    if summed:
        made += [_names(n, f"{_WORDS[n]} of these fields.", summed, FIGURES) for n in FUNCTIONS]
    return made


def _names(name: str, about: str, choice: str, most: int) -> Schema:
    pattern = f"^({choice})(,({choice})){{0,{most - 1}}}$"
    return {
        "name": name,
        "in": "query",
        "description": f"{about} Separated by commas.",
        "schema": {"type": "string", "pattern": pattern},
    }
