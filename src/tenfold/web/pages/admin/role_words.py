"""What a role may do, in sentences, and what changed about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenfold.accounts.organisation.roles import GrantSpec
from tenfold.engine.definition import Definition, Field, Scope
from tenfold.kernel.language import mark, say, say_n
from tenfold.web.pages.words import capital

# Each is a whole text, as other languages bend the verb, the owner and the type's gender.
_READS: Mapping[Scope, str] = {
    "own": mark("reads their own"),
    "team": mark("reads those of their team"),
    "open": mark("reads all but private ones"),
    "all": mark("reads all"),
}
_CHANGES: Mapping[Scope, str] = {
    "own": mark("changes their own"),
    "team": mark("changes those of their team"),
    "open": mark("changes all but private ones"),
    "all": mark("changes all"),
}
_DELETES: Mapping[Scope, str] = {
    "own": mark("deletes their own"),
    "team": mark("deletes those of their team"),
    "open": mark("deletes all but private ones"),
    "all": mark("deletes all"),
}


def sentence(definition: Definition, grant: GrantSpec) -> str:
    """What a role may do with a type: `Reads all, adds new ones and changes their own.`"""
    parts = [
        _READS.get(grant.read, ""),
        mark("adds new ones") if grant.create else "",
        _CHANGES.get(grant.update, ""),
        _DELETES.get(grant.delete, ""),
    ]
    does = listed([say(part) for part in parts if part] or [say("may do nothing with them")])
    more = [
        (mark("Does not see %(fields)s."), grant.hide),
        (
            mark("Can't set %(fields)s."),
            [name for name in grant.read_only if name not in grant.hide],
        ),
        (mark("Opens %(fields)s."), grant.reveal),
    ]
    told = [say(start, fields=listed(_labels(definition, names))) for start, names in more if names]
    kept = _keeping(definition, grant)
    if grant.create and kept:
        told.append(say("Can't add any: each needs %(fields)s.", fields=listed(kept)))
    return " ".join([f"{capital(does)}.", *told])


def _keeping(definition: Definition, grant: GrantSpec) -> list[str]:
    """The fields that every record needs and the role alone may not set."""
    closed = {*grant.hide, *grant.read_only}
    needed = [f for f in fields_of(definition) if f.required and f.writable and not f.custom]
    return [f.label for f in needed if f.json_path in closed]


def listed(parts: Sequence[str]) -> str:
    """Words in a row: `a, b and c`."""
    *first, last = parts
    return say("%(most)s and %(last)s", most=", ".join(first), last=last) if first else last


def changes(
    types: Mapping[str, Definition],
    old: Mapping[str, GrantSpec],
    new: Mapping[str, GrantSpec],
    most: int = 2,
) -> str:
    """What is otherwise now, the first types in words and the others counted; empty for nothing."""
    none = GrantSpec()
    names = [n for n in types if old.get(n, none) != new.get(n, none)]
    told = [f"{types[n].label_plural}: {sentence(types[n], new.get(n, none))}" for n in names]
    if len(told) <= most:
        return " ".join(told)
    more = len(told) - most
    others = say_n("%(n)s more type changed.", "%(n)s more types changed.", more, n=more)
    return " ".join([*told[:most], others])


def fields_of(definition: Definition) -> list[Field]:
    """The fields that a role can hide or keep from being set."""
    every = [*definition.fields.values(), *definition.custom_fields.values()]
    return [one for one in every if one.name not in ("id", "version")]


def _labels(definition: Definition, names: Sequence[str]) -> list[str]:
    labels = {one.json_path: one.label for one in fields_of(definition)}
    return [labels.get(name, name) for name in names]
