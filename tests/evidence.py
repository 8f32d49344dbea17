"""Tables that say which test proves what: each test that they name must exist.

A test is named as pytest names it: `tests/accounts/test_links.py::test_a_link_signs_in_once`,
or with one of its cases behind it in brackets.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


def missing(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """Those of the tests named that do not exist."""
    return [name for name in names if not exists(name, root)]


def exists(name: str, root: Path = ROOT) -> bool:
    """Whether there is a test of this name."""
    path, _, rest = name.partition("::")
    test = rest.partition("[")[0]
    return bool(test) and (root / path).is_file() and test in _tests(root / path)


@cache
def _tests(path: Path) -> frozenset[str]:
    """The tests of a file, those of a class as `Class::test`."""
    return frozenset(_named(ast.parse(path.read_text()).body))


def _named(body: Iterable[ast.stmt], within: str = "") -> Iterator[str]:
    for one in body:
        if isinstance(one, ast.ClassDef):
            yield from _named(one.body, f"{one.name}::")
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name.startswith("test"):
            yield f"{within}{one.name}"
