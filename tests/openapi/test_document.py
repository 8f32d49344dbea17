"""The published document: valid, whole, the same every time, and true about each kind of field."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.children import unmeasured
from tests.conftest import Running
from tests.openapi import kinds

import tenfold
from tenfold.engine.definition import Definition
from tenfold.engine.project.openapi import Doubled
from tenfold.engine.project.openapi import document as made
from tenfold.engine.project.openapi_shared import CODES
from tenfold.engine.registry import Registry
from tenfold.engine.types import Many
from tenfold.kernel import errors
from tenfold.web.api.document_endpoints import parts
from tenfold.web.api.endpoint import Endpoint

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
METHODS = ("get", "post", "patch", "put", "delete")
SOURCE = Path(tenfold.__file__).parent


@pytest.fixture(scope="module")
def things() -> dict[str, Any]:
    """The document of the types with every kind of field."""
    return made(kinds.registry(), "http://tenfold.test")


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): item[method]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def properties(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document["components"]["schemas"][name]["properties"]


# -- as a whole


def test_is_valid_openapi(things: dict[str, Any]) -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(things).iter_errors()] == []


async def test_the_shipped_document_is_valid(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "fine.json").write_text(json.dumps(document))
    assert _mistakes(tmp_path / "fine.json") == []


def _mistakes(path: Path) -> list[str]:
    """What the validator says, in a process that coverage does not make slow."""
    code = (
        "import json, sys; from openapi_spec_validator import OpenAPIV31SpecValidator as V;"
        "print(json.dumps([str(e)[:500] for e in V(json.load(open(sys.argv[1]))).iter_errors()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=unmeasured(),
        check=True,
        capture_output=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def test_the_validator_sees_a_mistake(things: dict[str, Any], tmp_path: Path) -> None:
    broken = {**things, "paths": {"/x": {"get": {"responses": {"200": {}}}}}}
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    assert _mistakes(tmp_path / "broken.json")


async def test_each_operation_has_its_own_name(document: dict[str, Any]) -> None:
    names = Counter(one["operationId"] for one in operations(document).values())
    assert [name for name, times in names.items() if times > 1] == []
    assert all(re.fullmatch("[a-z][a-z0-9_]+", name) for name in names)
    assert {"list_leads", "create_lead", "read_lead", "change_lead", "move_lead", "login"} <= set(
        names
    )


async def test_every_operation_says_what_it_may_answer(document: dict[str, Any]) -> None:
    for (method, path), one in operations(document).items():
        place = f"{method} {path}"
        assert one["summary"], place
        assert one["tags"], place
        assert "500" in one["responses"], place
        if one.get("security") != []:
            assert {"401", "403", "429", "503"} <= set(one["responses"]), place
        if "requestBody" in one:
            assert {"400", "413"} <= set(one["responses"]), place
    known = {tag["name"] for tag in document["tags"]}
    assert {t for one in operations(document).values() for t in one["tags"]} <= known


async def test_it_names_what_the_application_serves_and_nothing_else(
    app: Running, document: dict[str, Any]
) -> None:
    served = _served(app)
    shown = {_address(method, path) for method, path in operations(document)}
    assert served - shown == set(), "served, but not in the document"
    assert shown - served == set(), "in the document, but not served"


async def test_a_route_that_is_not_described_is_seen(
    app: Running, document: dict[str, Any]
) -> None:
    shown = {_address(method, path) for method, path in operations(document)}
    assert _served(app) - (shown - {_address("get", "/v1/leads")}) == {_address("get", "/v1/leads")}


def _served(app: Running) -> set[str]:
    """The addresses of the API that the application serves, with every type in its place."""
    found: set[str] = set()
    types = [(d, d.plural) for d in app.desk.registry]
    for route in app.app.app.routes:  # pyright: ignore[reportAttributeAccessIssue]
        path: str = route.path_format
        if not path.startswith("/v1/") and path not in ("/metrics", "/openapi.json"):
            continue
        for method in route.methods - {"OPTIONS", "HEAD"}:
            if path.endswith("{relation}"):
                found.update(
                    _address(method, path.replace("{plural}", plural).replace("{relation}", name))
                    for definition, plural in types
                    for name, field in definition.fields.items()
                    if isinstance(field.type, Many)
                )
                continue
            if "{plural}" not in path:
                found.add(_address(method, path))
                continue
            found.update(
                _address(method, path.replace("{plural}", plural))
                for definition, plural in types
                if _fits(definition, path)
            )
            # Types that organisations make have neither stages nor secrets.
            if not path.endswith(("/moves", "/reveals")):
                found.add(_address(method, path.replace("{plural}", "custom/{}")))
    return found


def _fits(definition: Definition, path: str) -> bool:
    if path.endswith("/moves"):
        return definition.status is not None
    kinds_ = {field.type.kind for field in definition.fields.values()}
    return "secret" in kinds_ or not path.endswith("/reveals")


def _address(method: str, path: str) -> str:
    return f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"


def test_is_the_same_every_time() -> None:
    code = (
        "import hashlib, tenfold.app as a; from tenfold.web.api import document as d;"
        "print(hashlib.sha256(d.publish(a.registry(), 'http://x', a.ENDPOINTS).body).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(SOURCE.parent)},
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_refuses_two_parts_of_one_name(things: dict[str, Any]) -> None:
    with pytest.raises(Doubled, match="'Gadget' is in the document twice"):
        made(kinds.registry(), "http://x", extra_schemas={"Gadget": {"type": "string"}})
    twice = {"/v1/x": {"get": things["paths"]["/v1/gadgets"]["get"]}}
    with pytest.raises(Doubled, match="list_gadgets"):
        made(kinds.registry(), "http://x", extra_paths=twice)


# -- how it is served


async def test_is_served_compressed_and_with_an_etag(client: httpx.AsyncClient) -> None:
    first = await client.get("/openapi.json", headers={"accept-encoding": "identity"})
    packed = await client.get("/openapi.json", headers={"accept-encoding": "gzip"})
    assert first.json() == packed.json()
    assert packed.headers["content-encoding"] == "gzip"
    assert first.json()["openapi"] == "3.1.0"
    again = await client.get("/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_names_the_public_address(app: Running, document: dict[str, Any]) -> None:
    assert document["servers"] == [{"url": app.desk.settings.address}]


# -- error codes


def test_every_code_that_is_raised_is_described() -> None:
    assert _raised() - set(CODES) == set()


def test_every_code_has_the_status_of_its_error() -> None:
    wrong = {
        kind.code: (kind.status, CODES[kind.code][0])
        for kind in _kinds_of_errors()
        if kind.code in CODES and CODES[kind.code][0] != kind.status
    }
    assert wrong == {}


def _kinds_of_errors() -> list[type[errors.TenfoldError]]:
    named = [v for v in vars(errors).values() if isinstance(v, type)]
    return [kind for kind in named if issubclass(kind, errors.TenfoldError)]


def _raised() -> set[str]:
    """The codes that the source gives to errors by name, and those that error kinds carry."""
    found = {kind.code for kind in _kinds_of_errors()}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                    found.add(code)
                case _:
                    pass
    return {code for code in found if code}


# -- each kind of field, by hand


def test_a_field_that_may_be_empty_may_be_null(things: dict[str, Any]) -> None:
    read = properties(things, "Gadget")
    assert read["name"]["type"] == "string"
    assert read["text"]["type"] == ["string", "null"]
    assert read["number"] == {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": 9,
        "description": "Number.",
    }
    assert read["colour"]["anyOf"] == [
        {"$ref": "#/components/schemas/GadgetColour"},
        {"type": "null"},
    ]
    assert read["maker_id"] == {
        "type": ["string", "null"],
        "format": "uuid",
        "description": "Maker.",
        "x-relation": "maker",
    }


def test_choices_are_enums_of_their_own(things: dict[str, Any]) -> None:
    assert things["components"]["schemas"]["GadgetColour"]["enum"] == ["red", "green"]
    items = properties(things, "Gadget")["colours"]["items"]
    assert items == {"$ref": "#/components/schemas/GadgetColours"}


def test_a_new_record_needs_what_is_required_and_no_more(things: dict[str, Any]) -> None:
    create = things["components"]["schemas"]["GadgetCreate"]
    assert create["required"] == ["name"]
    assert create["additionalProperties"] is False
    assert create["properties"]["name"] | {"description": ""} == {
        "type": "string",
        "maxLength": 500,
        "minLength": 1,
        "description": "",
        "x-reso-name": "ListingId",
    }
    assert create["properties"]["status"]["default"] == "open"
    assert "required" not in things["components"]["schemas"]["GadgetChange"]


def test_what_is_computed_can_only_be_read(things: dict[str, Any]) -> None:
    computed = {"id", "version", "created_at", "updated_at", "deleted_at", "twice", "shout"}
    read, written = properties(things, "Gadget"), properties(things, "GadgetCreate")
    assert {name for name in computed if read[name].get("readOnly")} == computed
    assert computed & set(written) == set()
    assert properties(things, "Maker")["worth"]["type"] == ["integer", "null"]


def test_an_amount_stands_beside_its_currency(things: dict[str, Any]) -> None:
    read = properties(things, "Gadget")
    assert read["price"]["type"] == ["number", "null"]
    assert read["fee_currency"] == {"$ref": "#/components/schemas/Currency"}
    assert "price_currency" in properties(things, "GadgetCreate")


def test_an_address_is_read_in_parts_and_written_as_text_too(things: dict[str, Any]) -> None:
    assert properties(things, "Gadget")["place"]["type"] == ["object", "null"]
    written = properties(things, "GadgetCreate")["place"]["anyOf"]
    assert [one["type"] for one in written] == ["object", "string", "null"]


def test_moves_are_described_with_the_stages_that_may_follow(things: dict[str, Any]) -> None:
    assert "from `done` to nothing" in properties(things, "GadgetMove")["to"]["description"]
    assert "/v1/makers/{record_id}/moves" not in things["paths"]
    assert "/v1/makers/{record_id}/reveals" not in things["paths"]
    assert properties(things, "GadgetReveal")["field"] == {
        "$ref": "#/components/schemas/GadgetSecretField"
    }


def test_filters_are_those_of_the_field(things: dict[str, Any]) -> None:
    parameters = things["components"]["parameters"]
    listed = things["paths"]["/v1/gadgets"]["get"]["parameters"]
    names = [parameters[p["$ref"].rpartition("/")[2]]["name"] for p in listed]
    assert [n for n in names if n.startswith("price")] == [
        *("price", "price[ne]", "price[in]", "price[gt]"),
        *("price[gte]", "price[lt]", "price[lte]", "price[null]"),
        *("price_currency", "price_currency[in]"),
    ]
    assert [n for n in names if n.startswith("code")] == ["code[null]"]
    assert [n for n in names if n.startswith("shout")] == []
    assert parameters["Gadget_number_gte"]["schema"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 9,
    }
    sort = re.compile(parameters["Gadget_sort"]["schema"]["pattern"])
    assert sort.match("-price,name,custom.size")
    assert not sort.match("price,name,day,number")
    assert not sort.match("tags")
    assert not sort.match("price_currency")


def test_embeds_are_described_where_there_are_any(things: dict[str, Any]) -> None:
    assert properties(things, "Gadget")["maker"]["anyOf"][0] == {
        "$ref": "#/components/schemas/Maker"
    }
    assert properties(things, "Maker")["gadgets"]["anyOf"][0] == {
        "$ref": "#/components/schemas/GadgetInside"
    }
    pattern = re.compile(things["components"]["parameters"]["Gadget_embed"]["schema"]["pattern"])
    assert pattern.match("maker.gadgets")
    assert not pattern.match("helper")


def test_a_type_without_relations_has_no_embed_parameter() -> None:
    lonely = Registry({"things": [kinds.Lonely]})
    parameters = made(lonely, "http://x")["components"]["parameters"]
    assert "Lonely_sort" in parameters
    assert "Lonely_embed" not in parameters


# -- other endpoints than records'


def test_endpoints_are_named_after_their_address() -> None:
    table = [
        Endpoint("GET", "/v1/policies", "List", response=list[int]),
        Endpoint("GET", "/v1/policies/{id}", "Read", response=dict[str, int]),
        Endpoint("POST", "/v1/policies", "Make", dict[str, int], dict[str, int], 201, (422,)),
        Endpoint("PUT", "/v1/policies/{id}/address", "Set", dict[str, int]),
        Endpoint("DELETE", "/v1/policies/{id}", "Delete"),
        Endpoint("POST", "/v1/auth/logout", "Sign out", public=True),
    ]
    made_ = parts(kinds.registry(), table)
    names = {
        one["operationId"]
        for path, item in made_.paths.items()
        for one in item.values()
        if path.startswith(("/v1/policies", "/v1/auth"))
    }
    assert names == {
        *("list_policies", "read_policy", "create_policy"),
        *("put_policy_address", "delete_policy", "logout"),
    }
    create = made_.paths["/v1/policies"]["post"]
    assert {"400", "409", "413", "422"} <= set(create["responses"])
    assert create["parameters"] == [{"$ref": "#/components/parameters/IdempotencyKey"}]


def test_an_unknown_code_does_not_stop_the_application() -> None:
    table = [replace(Endpoint("GET", "/v1/x", "Read"), errors=("NEW_CODE", "NOT_FOUND"))]
    made_ = parts(kinds.registry(), table)
    assert "404" in made_.paths["/v1/x"]["get"]["responses"]


async def test_what_a_role_grants_is_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("NewRole", "RoleChange"):
        grant = schemas[name]["properties"]["grants"]["additionalProperties"]
        assert grant["$ref"] == "#/components/schemas/GrantSpec"
    assert {"read", "hide", "read_only"} <= set(schemas["GrantSpec"]["properties"])
