"""Tables that say which test proves what: each test that they name must exist, and must run.

A test is named as pytest names it: `tests/accounts/test_links.py::test_a_link_signs_in_once`,
or with one of its cases behind it in brackets. Files are parsed, never run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SKIPPING = {
    f"{place}.{how}"
    for place, hows in (
        ("pytest", ("skip", "xfail", "importorskip")),
        ("pytest.mark", ("skip", "skipif", "xfail")),
        ("unittest", ("skip", "skipIf", "skipUnless", "expectedFailure")),
    )
    for how in hows
}


def missing(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """Those of the tests named that do not exist."""
    return [name for name in names if not exists(name, root)]


def left_out(names: Iterable[str], root: Path = ROOT) -> list[str]:
    """Those of the tests named, which exist, that may be skipped or may fail and pass."""
    return [name for name in names if may_be_skipped(name, root)]


def exists(name: str, root: Path = ROOT) -> bool:
    """Whether there is a test of this name."""
    path, _, rest = name.partition("::")
    test = rest.partition("[")[0]
    return bool(test) and (root / path).is_file() and test in _tests(root / path)


def may_be_skipped(name: str, root: Path = ROOT) -> bool:
    """Whether a test that exists, or a fixture that it uses, may skip or is expected to fail."""
    path, _, rest = name.partition("::")
    file = root / path
    around = [_file(one) for one in [file, *_conftests(file, root)]]
    words = around[0].skipping
    *classes, test = _tests(file)[rest.partition("[")[0]]
    holders = [around[0].tree, *classes]
    if any(_mentions(one, words) for holder in holders for one in _marks(holder)):
        return True
    if _mentions(test, words) or any(_mentions(d, words) for c in classes for d in _decorators(c)):
        return True
    return any(_mentions(made, one.skipping) for made, one in _used(test, around))


# -- what a file holds


class _File:
    """A parsed file, and the names in it by which something is skipped."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text())
        self.fixtures = {
            one.name: one
            for one in self.tree.body
            if isinstance(one, _Function)
            and any("fixture" in ast.unparse(d) for d in _decorators(one))
        }
        self.skipping = set(_SKIPPING)
        for one in self.tree.body:
            if isinstance(one, ast.ImportFrom) and one.module in ("pytest", "unittest"):
                known = {f"{one.module}.{a.name}": a.asname or a.name for a in one.names}
                self.skipping |= {short for long, short in known.items() if long in _SKIPPING}
            if isinstance(one, ast.Assign) and _mentions(one.value, self.skipping):
                self.skipping |= {t.id for t in one.targets if isinstance(t, ast.Name)}


@cache
def _file(path: Path) -> _File:
    return _File(path)


@cache
def _tests(path: Path) -> dict[str, tuple[ast.AST, ...]]:
    """The tests of a file, those of a class as `Class::test`; each with the classes around it."""
    return dict(_named(_file(path).tree.body))


def _named(
    body: Iterable[ast.stmt], within: str = "", around: tuple[ast.AST, ...] = ()
) -> Iterator[tuple[str, tuple[ast.AST, ...]]]:
    for one in body:
        if isinstance(one, ast.ClassDef):
            yield from _named(one.body, f"{within}{one.name}::", (*around, one))
        if isinstance(one, _Function) and one.name.startswith("test"):
            yield f"{within}{one.name}", (*around, one)


def _conftests(file: Path, root: Path) -> list[Path]:
    """The conftest files that serve a file, the nearest first."""
    folders = [one for one in file.parents if one == root or root in one.parents]
    return [one / "conftest.py" for one in folders if (one / "conftest.py").is_file()]


# -- what skips


def _mentions(node: ast.AST, words: set[str]) -> bool:
    """Whether something within says one of these words."""
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute))
    return any(ast.unparse(name) in words for name in names)


def _marks(holder: ast.AST) -> Iterator[ast.AST]:
    """What a file or a class says of all its tests: `pytestmark`, or a call while it is read."""
    for one in getattr(holder, "body", ()):
        if isinstance(one, ast.Expr | ast.If | ast.Try):
            yield one
        if isinstance(one, ast.Assign) and "pytestmark" in map(ast.unparse, one.targets):
            yield one


def _decorators(node: ast.AST) -> list[ast.expr]:
    return getattr(node, "decorator_list", [])


def _used(test: ast.AST, around: list[_File]) -> Iterator[tuple[ast.AST, _File]]:
    """The fixtures that a test uses, those that they use, and those that all tests use."""
    waiting = [_asked(test)]
    waiting += [{n} for f in around for n, made in f.fixtures.items() if _autouse(made)]
    waiting += [_strings(mark) for mark in _marks(around[0].tree)]
    seen: set[str] = set()
    while waiting:
        for name in waiting.pop() - seen:
            seen.add(name)
            for file in around:
                if name in file.fixtures:
                    made = file.fixtures[name]
                    yield made, file
                    waiting.append(_asked(made))


def _asked(function: ast.AST) -> set[str]:
    assert isinstance(function, _Function)
    given = {one.arg for one in [*function.args.args, *function.args.kwonlyargs]}
    return given.union(*map(_strings, _decorators(function)))


def _strings(node: ast.AST) -> set[str]:
    """The words of `usefixtures("these", "ones")`."""
    if "usefixtures" not in ast.unparse(node):
        return set()
    found = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant))
    return {one for one in found if isinstance(one, str)}


def _autouse(fixture: ast.AST) -> bool:
    return any("autouse=True" in ast.unparse(one) for one in _decorators(fixture))
