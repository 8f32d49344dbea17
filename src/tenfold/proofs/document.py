"""The published document, read as a stranger reads it: its operations, and values that fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "patch", "put", "delete")
Schema = Mapping[str, Any]
Place = tuple[str | int, ...]
"""Where in a body a value is: `("records", 0, "owner_id")`."""
_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    name: str
    method: str
    path: str
    about: Schema
    parameters: tuple[Schema, ...]

    @property
    def title(self) -> str:
        """What a table calls it: `GET /v1/teams/{team_id}`."""
        return f"{self.method} {self.path}"

    @property
    def signed(self) -> bool:
        """Whether it asks who calls."""
        return self.about.get("security") != []


@dataclass(frozen=True, slots=True)
class Id:
    """A place in a body or a parameter that takes an id, and what of (empty: its name tells)."""

    place: Place
    relation: str

    @property
    def name(self) -> str:
        """The last name of the place."""
        return next(str(part) for part in reversed(self.place) if isinstance(part, str))


class Document:
    """The document with what is asked of it."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        self.operations = tuple(self._operations())
        self._named = {one.name: one for one in self.operations}

    def named(self, name: str) -> Operation:
        """The operation of a name."""
        return self._named[name]

    def at(self, title: str) -> Operation | None:
        """The operation of a method and an address, like `POST /v1/teams`."""
        return next((one for one in self.operations if one.title == title), None)

    def _operations(self) -> Iterator[Operation]:
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                about = item[method]
                given = [*item.get("parameters", []), *about.get("parameters", [])]
                found = tuple(self.resolved(one) for one in given)
                yield Operation(about["operationId"], method.upper(), path, about, found)

    def resolved(self, one: Schema) -> Schema:
        """What a reference stands for."""
        if "$ref" not in one:
            return one
        found: Any = self.document
        for part in one["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return {**found, **{k: v for k, v in one.items() if k != "$ref"}}

    def body(self, operation: Operation) -> Schema | None:
        """The schema of the JSON that an operation takes, or None."""
        content = operation.about.get("requestBody", {}).get("content", {})
        found = content.get("application/json")
        return self.resolved(found["schema"]) if found else None

    def ids(self, schema: Schema, place: Place = ()) -> Iterator[Id]:
        """Where a value of this schema has ids."""
        one = self.resolved(schema)
        relation = one.get("x-relation", "")
        if relation or one.get("format") == "uuid":
            yield Id(place, relation)
            return
        if len(place) > _DEPTH:
            return
        for name, about in one.get("properties", {}).items():
            yield from self.ids(about, (*place, name))
        if "items" in one:
            yield from self.ids(one["items"], (*place, 0))
        for about in (*one.get("anyOf", ()), *one.get("oneOf", ()), *one.get("allOf", ())):
            yield from self.ids(about, place)


class Examples:
    """Values that fit schemas; texts hold a word to know them by, and differ each time."""

    def __init__(self, document: Document, word: str = "text") -> None:
        self._document, self.word = document, word
        self._number = 0

    def of(self, schema: Schema) -> Any:
        """A value of a schema."""
        one = self._document.resolved(schema)
        for known in ("examples", "enum"):
            if one.get(known):
                return one[known][0]
        if "const" in one:
            return one["const"]
        if "anyOf" in one:
            return self.of(one["anyOf"][0])
        kinds = one.get("type", "object")
        kind = kinds if isinstance(kinds, str) else next(k for k in kinds if k != "null")
        self._number += 1
        match kind:
            case "string":
                return self._text(one)
            case "integer" | "number":
                return min(max(1, one.get("minimum", 1)), one.get("maximum", 1))
            case "boolean":
                return True
            case "array":
                return [self.of(one["items"])]
            case _:
                return {k: self.of(v) for k, v in one.get("properties", {}).items()}

    def least(self, schema: Schema) -> Any:
        """A value with no more than what is required, at every depth."""
        one = self._document.resolved(schema)
        if "properties" in one and not one.get("examples"):
            needed = one.get("required", ())
            return {name: self.least(one["properties"][name]) for name in needed}
        if "items" in one and one.get("type") == "array":
            return [self.least(one["items"])]
        return self.of(one)

    def _text(self, one: Schema) -> str:
        n = self._number
        known = {
            "email": f"{self.word}{n}@example.com",
            "uri": f"https://example.com/{self.word}/{n}",
            "date": "2026-11-21",
            "date-time": "2026-11-21T09:30:00Z",
        }
        return known.get(one.get("format", ""), f"{self.word} {n}")[: one.get("maxLength", 500)]
