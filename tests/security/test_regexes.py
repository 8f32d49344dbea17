"""No pattern of ours takes more than the length of a text to say no.

A repeat in a repeat (`(a+)+`) lets one text be read in exponentially many ways; each pattern that
the code is made of is looked at as the engine parses it.
"""

from __future__ import annotations

import ast
import re
import re._constants as codes  # pyright: ignore[reportMissingModuleSource]
import re._parser as parser  # pyright: ignore[reportMissingModuleSource]
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "tenfold"
_CALLS = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
)
_ENDLESS = 64
"""A repeat of at most so many is bounded, whatever is in it."""


def patterns() -> Iterator[tuple[str, str]]:
    """Where a pattern is, and what it says."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            of = node.func.value
            if not (isinstance(of, ast.Name) and of.id == "re" and node.func.attr in _CALLS):
                continue
            where = f"{path.relative_to(SOURCE)}:{node.lineno}"
            if isinstance(node.args[0], ast.Constant):
                yield where, str(node.args[0].value)


def explodes(pattern: str) -> bool:
    """Whether a text of nothing special can be read in many ways."""
    return _nested(parser.parse(pattern, re.VERBOSE if "\n" in pattern else 0), repeated=False)


def _nested(parsed: Any, *, repeated: bool) -> bool:
    for code, value in parsed:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _, most, inner = value
            endless = most is codes.MAXREPEAT or most > _ENDLESS
            if endless and repeated and not _fenced(parsed):
                return True
            if _nested(inner, repeated=repeated or endless):
                return True
        else:
            for inner in _inside(value):
                if _nested(inner, repeated=repeated):
                    return True
    return False


def _fenced(parsed: Any) -> bool:
    """Whether something that must be there parts one turn of the outer repeat from the next."""
    return any(code in (codes.LITERAL, codes.NOT_LITERAL, codes.IN) for code, _ in parsed)


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, parser.SubPattern):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _inside(one)


def test_no_pattern_explodes() -> None:
    found = list(patterns())
    assert len(found) > 50
    assert [where for where, text in found if explodes(text)] == []


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(?:\w*)*x", r"^(?:(?:a|b)+)+$"])
def test_a_pattern_that_explodes_is_seen(pattern: str) -> None:
    assert explodes(pattern)


@pytest.mark.parametrize("pattern", [r"a+b+", r"(?:-[a-z]+)*", r"(ab){1,3}", r"[^,]*(?:,[^,]*)*"])
def test_what_is_read_in_one_way_is_fine(pattern: str) -> None:
    assert not explodes(pattern)
