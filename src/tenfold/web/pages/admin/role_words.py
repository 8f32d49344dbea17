"""What a role may do, in sentences, and what changed about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenfold.accounts.organisation.roles import GrantSpec
from tenfold.engine.definition import Definition, Field, Scope
from tenfold.kernel.language import mark, say, say_n, within
from tenfold.web.pages.words import capital

_MANY: Mapping[Scope, str] = {
    "own": mark("their own %(many)s"),
    "team": mark("%(many)s of their team"),
    "open": mark("all %(many)s but private ones"),
    "all": mark("all %(many)s"),
}
_THOSE: Mapping[Scope, str] = {
    "none": mark("none"),
    "own": mark("their own"),
    "team": mark("those of their team"),
    "open": mark("all but private ones"),
    "all": mark("all"),
}


def sentence(definition: Definition, grant: GrantSpec) -> str:
    """What a role may do with a type: `Reads all leads, makes new ones, changes their own.`"""
    many = within(definition.label_plural)
    parts: list[str] = []
    if grant.read != "none":
        parts.append(say("reads %(what)s", what=say(_MANY[grant.read], many=many)))
    if grant.create:
        parts.append(say("makes new ones") if parts else say("makes %(what)s", what=many))
    further: list[tuple[str, Scope]] = [
        (mark("changes %(what)s"), grant.update),
        (mark("deletes %(what)s"), grant.delete),
    ]
    for verb, scope in further:
        if scope != "none":
            what = say(_THOSE[scope]) if parts else say(_MANY[scope], many=many)
            parts.append(say(verb, what=what))
    text = f"{listed(parts)}." if parts else say("nothing with %(what)s.", what=many)
    more = [
        (mark("Does not see %(fields)s."), grant.hide),
        (
            mark("Can't set %(fields)s."),
            [name for name in grant.read_only if name not in grant.hide],
        ),
        (mark("Opens %(fields)s."), grant.reveal),
    ]
    told = [say(start, fields=listed(_labels(definition, names))) for start, names in more if names]
    return " ".join([capital(text), *told])


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


def name_of(one: Field) -> str:
    """A field's name as grants have it."""
    return f"custom.{one.name}" if one.custom else one.json_name


def _labels(definition: Definition, names: Sequence[str]) -> list[str]:
    labels = {name_of(one): one.label for one in fields_of(definition)}
    return [labels.get(name, name) for name in names]
