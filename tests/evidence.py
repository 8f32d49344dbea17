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
_SKIPS = frozenset({"skip", "skipif", "xfail", "importorskip"})


def missing(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """Those of the tests named that do not exist."""
    return [name for name in names if not exists(name, root)]


def left_out(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """Those of the tests named that would not run, or may fail and pass all the same."""
    return [name for name in names if _passed_over(root / name.partition("::")[0], name)]


def _passed_over(path: Path, name: str) -> bool:
    wanted = name.rpartition("::")[2].partition("[")[0]
    tree = ast.parse(path.read_text())
    parts = [one for one in tree.body if isinstance(one, ast.Assign)]
    parts += [
        one
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name == wanted
    ]
    found = (one for part in parts for one in ast.walk(part) if isinstance(one, ast.Attribute))
    return any(one.attr in _SKIPS and _of_pytest(one) for one in found)


def _of_pytest(one: ast.expr) -> bool:
    while isinstance(one, ast.Attribute):
        one = one.value
    return isinstance(one, ast.Name) and one.id == "pytest"


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
