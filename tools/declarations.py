"""The page of the declaration language: what a class and its specifiers take, and the icons."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from assets import ICONS
from tenfold.engine import compile as compiler
from tenfold.engine import declare
from tenfold.engine.types import links

_OPTION = re.compile(r"^(\w+): (.*(?:\n    .*)*)", re.MULTILINE)
_CONSTANT = re.compile(r"^(\w+): Scope = .*\n\"\"\"(.*?)\"\"\"", re.MULTILINE)
_POPPED = re.compile(r"""options\.pop\("(\w+)", (.+?)\)[,\n]""")
_HEAD = """# Declarations

What a pack writes with `tenfold.engine.declare`; [Add a pack](../how-to/add-a-pack.md) shows it at
work. All mistakes are reported at once when a process starts, each with its file, field and fix.
"""


def page() -> str:
    """Classes, specifiers, what relations do on deletion, scopes and icons."""
    source = inspect.getsource(declare)
    lines = [_HEAD, *_class()]
    lines += _function(declare.field, "name: annotation = field(…)")
    lines += ["The annotation is one of the [field types](field-types.md).", ""]
    lines += _function(declare.relation, "name: Ref = relation(…)")
    lines += _table("on_delete", ((f'`"{n}"`', what) for n, what in links.ON_DELETE.items()))
    lines += ["A required relation can't be cleared: that is refused as a mistake.", ""]
    lines += _function(declare.pipeline, "status: AnEnum = pipeline(…)")
    lines += _function(declare.generated, "name: annotation = generated(…)")
    lines += _function(declare.computed, "name: annotation = computed(…)")
    lines += _function(declare.rollup, "name: annotation = rollup(…)")
    lines += _function(declare.index, "indexes = [index(…), …]")
    lines += _function(declare.moment, "agenda = [moment(…), …]")
    lines += _function(declare.by, "contacted = [by(…), …]")
    lines += _function(declare.can, 'access = {"role": can(…), …}')
    lines += _table("scope", ((f"`{name}`", what) for name, what in _CONSTANT.findall(source)))
    lines += ["## Icons", "", "What `icon` may name (they are Lucide's):", ""]
    lines += [", ".join(f"`{name}`" for name in sorted(ICONS)) + "."]
    return "\n".join(lines) + "\n"


def _class() -> list[str]:
    """The keywords of a class, with the defaults that the compiler takes."""
    taken = dict(_POPPED.findall(inspect.getsource(compiler)))
    made = {"label_of(self.name)": "made from the name", "label_of(plural)": "made from `plural`"}
    defaults = {n: made.get(text, f"`{text}`") for n, text in taken.items()}
    defaults["plural"] = "the name with an s"
    return _section(declare.Record, "class Name(Record, …)", defaults)


def _function(one: Callable[..., Any], title: str) -> list[str]:
    defaults: dict[str, str] = {}
    for name, parameter in inspect.signature(one).parameters.items():
        given = parameter.default
        needed = given is inspect.Parameter.empty
        unset = given is None or type(given) is object
        defaults[name] = "needed" if needed else "" if unset else f"`{given!r}`"
    return _section(one, title, defaults)


def _section(one: Any, title: str, defaults: Mapping[str, str]) -> list[str]:
    """A docstring and its options as a table; every option must have its words there."""
    text = inspect.cleandoc(one.__doc__ or "")
    words = {name: " ".join(what.split()) for name, what in _OPTION.findall(text)}
    if words.keys() != defaults.keys():
        names = ", ".join(sorted(words.keys() ^ defaults.keys()))
        raise SystemExit(
            f"The docstring of declare.{one.__name__} and its options differ: {names}."
        )
    said = _OPTION.sub("", text).strip()
    lines = [f"## `{title}`", "", said, "", "| option | default | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {defaults[name]} | {words[name]} |" for name in words]
    return [*lines, ""]


def _table(head: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"| {head} | |", "| --- | --- |"]
    return [*lines, *(f"| {name} | {what} |" for name, what in rows), ""]
