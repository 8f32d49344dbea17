"""What a role may do, in sentences, and what changed about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenfold.accounts.organisation.roles import GrantSpec
from tenfold.engine.definition import Definition, Field, Scope

_MANY: Mapping[Scope, str] = {
    "own": "their own {many}",
    "team": "{many} of their team",
    "open": "all {many} but private ones",
    "all": "all {many}",
}
_THOSE: Mapping[Scope, str] = {
    "none": "none",
    "own": "their own",
    "team": "those of their team",
    "open": "all but private ones",
    "all": "all",
}


def sentence(definition: Definition, grant: GrantSpec) -> str:
    """What a role may do with a type: `Reads all leads, makes new ones, changes their own.`"""
    many = definition.label_plural.lower()
    parts: list[str] = []
    if grant.read != "none":
        parts.append(f"reads {_MANY[grant.read].format(many=many)}")
    if grant.create:
        parts.append("makes new ones" if parts else f"makes {many}")
    further: list[tuple[str, Scope]] = [("changes", grant.update), ("deletes", grant.delete)]
    for verb, scope in further:
        if scope != "none":
            what = _THOSE[scope] if parts else _MANY[scope].format(many=many)
            parts.append(f"{verb} {what}")
    text = f"{listed(parts)}." if parts else f"nothing with {many}."
    more = [
        ("Does not see", grant.hide),
        ("Can't set", [name for name in grant.read_only if name not in grant.hide]),
        ("Opens", grant.reveal),
    ]
    told = [f"{start} {listed(_labels(definition, names))}." for start, names in more if names]
    return " ".join([text[:1].upper() + text[1:], *told])


def listed(parts: Sequence[str]) -> str:
    """Words in a row: `a, b and c`."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


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
    return f"{' '.join(told[:most])} {len(told) - most} more types changed."


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
