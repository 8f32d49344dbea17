"""A client that knows nothing but the published document: operations by name, bodies by schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs

METHODS = ("get", "post", "patch", "put", "delete")
Schema = Mapping[str, Any]
_DOCUMENT = "urn:tenfold:document"


class Undeclared(AssertionError):
    """The API answered something that its document does not say."""


class Published:
    """The document, with what checks values against its schemas: each is taken in once."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        schemas = {"components": {"schemas": document["components"]["schemas"]}}
        self._registry = jsonschema_rs.Registry([(_DOCUMENT, _within(schemas))])
        self._checks: dict[str, jsonschema_rs.Validator] = {}

    def mistake(self, schema: Schema, value: object) -> str:
        """The first thing about a value that a schema does not allow; empty where it is fine."""
        key = str(schema)
        if key not in self._checks:
            self._checks[key] = jsonschema_rs.Draft202012Validator(
                _within(schema), validate_formats=True, registry=self._registry
            )
        for error in self._checks[key].iter_errors(value):
            return f"{error.message} at {list(error.instance_path)}"
        return ""


def _within(schema: Schema) -> Schema:
    """A schema whose references name the document."""
    return json.loads(json.dumps(schema).replace('"#/components/', f'"{_DOCUMENT}#/components/'))


class Stranger:
    """Calls operations by their operationId and holds every answer against its schema."""

    def __init__(
        self, published: Published, http: httpx.AsyncClient, headers: Mapping[str, str]
    ) -> None:
        self._published, self.http, self.headers = published, http, dict(headers)
        self.document = document = published.document
        self.called: set[str] = set()
        self._number = 0
        self._operations = {
            item[method]["operationId"]: (method, path, item[method], item.get("parameters", []))
            for path, item in document["paths"].items()
            for method in METHODS
            if method in item
        }

    def operations(self, tag: str) -> set[str]:
        """The names of the operations of a tag."""
        return {name for name, (_, _, one, _) in self._operations.items() if tag in one["tags"]}

    def addresses(self) -> list[tuple[str, str]]:
        """Every operation with its address."""
        return [(name, path) for name, (_, path, _, _) in self._operations.items()]

    def named(self, method: str, path: str) -> str:
        """The name of the operation of an address."""
        return self.document["paths"][path][method]["operationId"]

    def takes_body(self, name: str) -> bool:
        """Whether an operation takes a body."""
        return "requestBody" in self._operations[name][2]

    def relation(self, name: str) -> str:
        """The type that a relation to many leads to."""
        return self._operations[f"add_{name}"][2]["x-relation"]

    def has(self, name: str) -> bool:
        """Whether there is an operation of this name."""
        return name in self._operations

    async def call(
        self,
        name: str,
        body: object = None,
        /,
        *,
        status: int | None = None,
        **parameters: object,
    ) -> Any:
        """Perform an operation; answers its JSON, or its text where it is none."""
        method, path, one, shared = self._operations[name]
        headers, query = dict(self.headers), dict[str, Any]()
        for parameter in map(self.resolved, [*shared, *one.get("parameters", [])]):
            if parameter["name"] not in parameters:
                assert not parameter.get("required"), f"{name} needs {parameter['name']}"
                continue
            given = parameters.pop(parameter["name"])
            match parameter["in"]:
                case "path":
                    path = path.replace(f"{{{parameter['name']}}}", quote(str(given), safe=""))
                case "query":
                    query[parameter["name"]] = given
                case _:
                    headers[parameter["name"]] = str(given)
        assert not parameters, f"{name} does not take {sorted(parameters)}"
        content = {} if body is None else {"json": body}
        answer = await self.http.request(method, path, params=query, headers=headers, **content)
        self.called.add(name)
        return self._held(name, one, answer, status)

    def _held(self, name: str, one: Schema, answer: httpx.Response, status: int | None) -> Any:
        """The answer, once it is what the document says."""
        place = f"{name} → {answer.status_code} {answer.text[:600]}"
        if str(answer.status_code) not in one["responses"]:
            raise Undeclared(f"{place}: the status is not declared")
        declared = self.resolved(one["responses"][str(answer.status_code)])
        if status is not None:
            assert answer.status_code == status, place
        else:
            assert answer.is_success, place
        for header, about in declared.get("headers", {}).items():
            if self.resolved(about).get("required") and header not in answer.headers:
                raise Undeclared(f"{place}: the header {header} is missing")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        content = declared.get("content", {})
        if kind not in content:
            raise Undeclared(f"{place}: {kind!r} is not declared")
        if kind != "application/json":
            return answer.text
        value = answer.json()
        if mistake := self._published.mistake(content[kind]["schema"], value):
            raise Undeclared(f"{place}: {mistake}")
        if not answer.is_success and value["error"]["code"] not in declared["x-codes"]:
            raise Undeclared(f"{place}: the code is not declared for this status")
        return value

    # -- bodies

    def resolved(self, one: Schema) -> Schema:
        """What a reference stands for."""
        if "$ref" not in one:
            return one
        found: Any = self.document
        for part in one["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return {**found, **{k: v for k, v in one.items() if k != "$ref"}}

    def body_of(self, name: str) -> Schema:
        """The schema of the JSON that an operation takes."""
        one = self._operations[name][2]
        return self.resolved(one["requestBody"]["content"]["application/json"]["schema"])

    async def made(self, name: str, *, only_required: bool = False) -> dict[str, Any]:
        """A body for an operation, with records to relate to made first where one is needed."""
        schema = self.body_of(name)
        required = schema.get("required", [])
        body: dict[str, Any] = {}
        for field, about in schema["properties"].items():
            if field not in required and (only_required or "x-relation" in about):
                continue
            if "x-relation" in about:
                body[field] = await self._related(about["x-relation"])
            else:
                body[field] = self.example(about)
        return body

    async def _related(self, to: str) -> str:
        if to == "member":
            return (await self.call("list_members"))["data"][0]["id"]
        made = await self.call(f"create_{to}", await self.made(f"create_{to}", only_required=True))
        return made["data"]["id"]

    def example(self, about: Schema) -> Any:
        """A value of a schema; texts differ each time, for what must be unique."""
        one = self.resolved(about)
        for known in ("examples", "enum"):
            if one.get(known):
                return one[known][0]
        if "anyOf" in one:
            return self.example(one["anyOf"][0])
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
                return [self.example(one["items"])]
            case _:
                return {k: self.example(v) for k, v in one.get("properties", {}).items()}

    def _text(self, one: Schema) -> str:
        n = self._number
        known = {
            "email": f"person{n}@example.com",
            "uri": f"https://example.com/{n}",
            "date": "2026-11-21",
            "date-time": "2026-11-21T09:30:00Z",
        }
        return known.get(one.get("format", ""), f"Text {n}")[: one.get("maxLength", 500)]
