"""How long a text or a list may be, as a refusal says it."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from tenfold.kernel.errors import Invalid
from tenfold.kernel.structs import convert


class _Asked(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=3)] = "a"
    ids: Annotated[list[int], msgspec.Meta(min_length=1, max_length=1)] | None = None
    word: Annotated[str, msgspec.Meta(min_length=2)] = "ab"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"name": ""}, "must have at least 1 character"),
        ({"name": "abcd"}, "must have at most 3 characters"),
        ({"word": "a"}, "must have at least 2 characters"),
        ({"ids": []}, "must have at least 1 entry"),
        ({"ids": [1, 2]}, "must have at most 1 entry"),
    ],
)
def test_one_character_is_no_characters(body: dict[str, object], told: str) -> None:
    with pytest.raises(Invalid) as refused:
        convert(body, _Asked)
    assert list(refused.value.fields.values()) == [told]
