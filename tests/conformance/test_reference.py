"""What docs/reference/field-types.md says a field takes and answers is what the API does."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from tests.conformance.world import World
from tools.field_types import EXAMPLES, ID

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
WITH_ALL = ("specimen", "drawer")


def has(one: Definition, example: str) -> bool:
    """Whether a type has all fields of an example, the one of this kind among them."""
    given, answered = EXAMPLES[example]
    own = {f.type.kind for f in one.own_fields() if f.json_name in answered}
    return {*given, *answered} <= {*one.by_json, "price_currency"} and example in own


@pytest.mark.parametrize("example", EXAMPLES)
async def test_an_example_is_what_happens(place: World, example: str) -> None:
    one = next(k for k in map(place.registry.by_name.get, WITH_ALL) if has(k, example))
    who = await place.here.person("owner")
    _, answered = EXAMPLES[example]
    field = next(f for f in one.own_fields() if f.json_name in answered)
    identity = str(uuid4())
    if example in ("ref", "any_ref", "user"):
        value = await place.value(who, field, 1)
        identity = value["id"] if isinstance(value, dict) else value
    given, answered = json.loads(json.dumps(EXAMPLES[example]).replace(ID, identity))
    body = await place.body(who, one) | given
    made = await place.fine(who, "POST", f"/v1/{one.path}", body)
    assert {name: made[name] for name in answered} == answered
