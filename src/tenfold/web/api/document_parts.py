"""The document by its tags: a viewer takes long over the whole, and a moment over one type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A tag of the document: its address below /docs, and what it is about."""

    address: str
    name: str
    about: str
    group: str


def parts(document: Schema) -> list[Part]:
    """All tags, with the pack that brings each; the group of what every pack shares is empty."""
    groups = {tag: group["name"] for group in document["x-tagGroups"] for tag in group["tags"]}
    return [
        Part(_address(name), name, tag.get("description", ""), groups.get(name, ""))
        for tag in document["tags"]
        for name in (tag["name"],)
    ]


def cut(document: Schema, part: Part) -> Schema:
    """A document of one tag: its operations, with only the components that they refer to.

    Records embedded in others are named, not laid open: nearly every type leads to every other.
    """
    paths = {path: kept for path, item in document["paths"].items() if (kept := _of(item, part))}
    found: dict[str, Schema] = {}
    wanted = list(_references(paths))
    while wanted:
        _, _, kind, name = wanted.pop().split("/")
        if name not in found.setdefault(kind, {}):
            found[kind][name] = one = _closed(document["components"][kind][name])
            wanted += _references(one)
    whole = document["components"]
    found["securitySchemes"] = whole["securitySchemes"]
    kept = {
        kind: {name: found[kind][name] for name in whole[kind] if name in found[kind]}
        for kind in whole
        if kind in found
    }
    tags = [tag for tag in document["tags"] if tag["name"] == part.name]
    without = {key: value for key, value in document.items() if key != "x-tagGroups"}
    return {**without, "tags": tags, "paths": paths, "components": kept}


def _address(tag: str) -> str:
    return tag.lower().replace(" ", "-")


def _of(item: Schema, part: Part) -> Schema:
    """The operations of an address that are the part's; nothing where none is."""
    kept = {m: o for m, o in item.items() if m == "parameters" or part.name in o["tags"]}
    return kept if kept.keys() - {"parameters"} else {}


def _closed(component: Schema) -> Schema:
    """The component with what it embeds named only."""
    if "properties" not in component:
        return component
    properties = {
        name: _named(about) if "x-embed" in about else about
        for name, about in component["properties"].items()
    }
    return {**component, "properties": properties}


def _named(about: Schema) -> Schema:
    kept = {key: value for key, value in about.items() if key not in ("$ref", "anyOf")}
    return {"type": ["object", "null"], **kept}


def _references(value: object) -> Iterator[str]:
    match value:
        case {"$ref": str(to)}:
            yield to
        case dict():
            for one in value.values():  # pyright: ignore[reportUnknownVariableType]
                yield from _references(one)  # pyright: ignore[reportUnknownArgumentType]
        case list():
            for one in value:  # pyright: ignore[reportUnknownVariableType]
                yield from _references(one)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            pass
