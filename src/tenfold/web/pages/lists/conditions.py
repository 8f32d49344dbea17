"""The conditions in a list's address as a tree that people change part by part."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from tenfold.engine.ask import PLAIN, SHARED, WHERE
from tenfold.engine.definition import TIMES, Definition
from tenfold.engine.filtering import NESTED, decoded, text_of
from tenfold.web.pages.cells import kind_of

Pair = tuple[str, str]
Pairs = Sequence[Pair]
Path = tuple[int, ...]

PLACE = frozenset({"cursor", "page", "back", "n", "lane", "figures", "choose", "edit", "add_to"})
"""What is of one request alone: the place in the list, a part of it, the form that is open."""
LAYOUT = frozenset({"as", "group", "columns", "on", "span", "saved"})
"""How the list is laid out, and the saved view that it is."""
ME, TODAY = "me", "today"
_DAYS = re.compile(r"^([+-])(\d{1,4})d$")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition as the address spells it: `score[gte]` and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Branch:
    """Conditions of which any or all must hold."""

    any: bool
    parts: tuple[Leaf | Branch, ...]

    def leaves(self) -> Iterator[Leaf]:
        """The conditions within, in order."""
        for part in self.parts:
            if isinstance(part, Branch):
                yield from part.leaves()
            else:
                yield part


def is_condition(name: str) -> bool:
    """Whether a parameter of a list narrows it by a field, or by groups of them."""
    return name not in PLAIN and name != SHARED and name not in PLACE and name not in LAYOUT


def tree_of(pairs: Iterable[Pair]) -> Branch:
    """The conditions of a list: all of the plain ones, and of those in `where`."""
    parts: list[Leaf | Branch] = []
    nested: list[Leaf | Branch] = []
    for name, text in pairs:
        if name == WHERE:
            nested += _nested(text) or [Leaf(WHERE, text)]
        elif is_condition(name):
            parts.append(Leaf(name, text))
    if not parts and len(nested) == 1 and isinstance(nested[0], Branch):
        return nested[0]
    # As an address spells them: what is plain comes before the groups.
    whole = sorted((*parts, *nested), key=lambda part: isinstance(part, Branch))
    return Branch(any=False, parts=tuple(whole))


def pairs_of(tree: Branch) -> list[Pair]:
    """The parameters that spell a tree, plain ones where they do."""
    whole = _grouped(tree)
    if whole is tree:
        return [(WHERE, _spelled(tree))]
    plain = [(p.name, p.text) for p in tree.parts if isinstance(p, Leaf)]
    return plain if whole is None else [*plain, (WHERE, _spelled(whole))]


def _grouped(tree: Branch) -> Branch | None:
    """What of a tree `where` spells: the whole, its groups together, or nothing."""
    if tree.any and len(tree.parts) > 1:
        return tree
    groups = [p for p in tree.parts if isinstance(p, Branch)]
    if len(groups) > 1:
        return Branch(any=False, parts=tuple(groups))
    return groups[0] if groups else None


def with_tree(pairs: Iterable[Pair], tree: Branch) -> list[Pair]:
    """A list's parameters with other conditions, from its first page."""
    kept = [p for p in pairs if not is_condition(p[0]) and p[0] not in PLACE]
    return [*pairs_of(tree), *kept]


def changed(
    tree: Branch, path: Path, change: Callable[[Leaf | Branch], Leaf | Branch | None]
) -> Branch:
    """The tree with one part changed, or taken out (None); groups that are left empty go too."""
    made = _changed(tree, path, change)
    if isinstance(made, Branch):
        return made
    return Branch(any=False, parts=() if made is None else (made,))


def without(tree: Branch, path: Path) -> Branch:
    """The tree without one part."""
    return changed(tree, path, lambda _: None)


def turned(tree: Branch, path: Path) -> Branch:
    """The tree where one group wants any of its parts instead of all, or the other way round."""
    return changed(tree, path, lambda p: replace(p, any=not p.any) if isinstance(p, Branch) else p)


def instead(tree: Branch, path: Path, leaves: Sequence[Leaf]) -> Branch:
    """The tree with a condition said otherwise."""
    return changed(tree, path, lambda _: _together(leaves))


def beside(tree: Branch, path: Path, leaves: Sequence[Leaf]) -> Branch:
    """The tree with conditions more: in the group at the path, or in a new group of alternatives
    with the condition that stands there."""
    new = _together(leaves)

    def grown(part: Leaf | Branch) -> Leaf | Branch:
        if isinstance(part, Branch):
            more = new.parts if isinstance(new, Branch) and not part.any else (new,)
            return replace(part, parts=(*part.parts, *more))
        return Branch(any=True, parts=(part, new))

    return changed(tree, path, grown)


def narrowed(tree: Branch, leaves: Sequence[Leaf]) -> Branch:
    """The tree with conditions that must hold besides, also where any of its own is enough."""
    if tree.any and len(tree.parts) > 1:
        tree = Branch(any=False, parts=(tree,))
    return beside(tree, (), leaves)


def fits(tree: Branch) -> bool:
    """Whether its groups lie in one another no deeper than the engine takes them."""

    def deep(part: Leaf | Branch) -> int:
        return 1 + max(map(deep, part.parts)) if isinstance(part, Branch) else 0

    whole = _grouped(tree)
    return whole is None or deep(whole) <= NESTED


def path_of(text: str) -> Path | None:
    """A path as an address spells it: `0.2`; empty for the whole tree."""
    if not text:
        return ()
    parts = text.split(".")
    if len(parts) > 4 or not all(p.isascii() and p.isdigit() and len(p) < 3 for p in parts):
        return None
    return tuple(map(int, parts))


def at(tree: Branch, path: Path) -> Leaf | Branch | None:
    """The part at a path."""
    here: Leaf | Branch = tree
    for place in path:
        if not isinstance(here, Branch) or place >= len(here.parts):
            return None
        here = here.parts[place]
    return here


def resolved(
    tree: Branch, definition: Definition, user: UUID, today: date, zone: ZoneInfo
) -> Branch:
    """The tree with what depends on who looks and when: `me`, `today`, `-7d`."""

    def one(part: Leaf | Branch) -> Leaf | Branch:
        if isinstance(part, Branch):
            return replace(part, parts=tuple(map(one, part.parts)))
        kind = kind_at(definition, part.name)
        if part.text == ME and kind == "user":
            return replace(part, text=str(user))
        day = day_of(part.text, today) if kind in TIMES else None
        if day is None:
            return part
        # A moment's day begins at midnight where the person is.
        moment = datetime(day.year, day.month, day.day, tzinfo=zone)
        return replace(part, text=(day if kind == "date" else moment).isoformat())

    return cast("Branch", one(tree))


def kind_at(definition: Definition, name: str) -> str:
    """The kind of the field that a condition names; empty for none."""
    field = name.partition("[")[0]
    own = definition.custom_fields.get(field.removeprefix("custom."))
    found = own if field.startswith("custom.") else definition.by_json.get(field)
    return kind_of(found) if found else ""


def day_of(text: str, today: date) -> date | None:
    """The day that `today`, `-7d` or `+30d` means; None for any other text."""
    days = days_of(text)
    return None if days is None else today + timedelta(days=days)


def days_of(text: str) -> int | None:
    """How many days from today such a text means."""
    if text == TODAY:
        return 0
    found = _DAYS.match(text)
    return int(f"{found[1]}{found[2]}") if found else None


def _together(leaves: Sequence[Leaf]) -> Leaf | Branch:
    return leaves[0] if len(leaves) == 1 else Branch(any=False, parts=tuple(leaves))


def _changed(
    part: Leaf | Branch, path: Path, change: Callable[[Leaf | Branch], Leaf | Branch | None]
) -> Leaf | Branch | None:
    if not path:
        return change(part)
    if not isinstance(part, Branch) or path[0] >= len(part.parts):
        return part
    inner = _changed(part.parts[path[0]], path[1:], change)
    before, after = part.parts[: path[0]], part.parts[path[0] + 1 :]
    parts = (*before, *((inner,) if inner is not None else ()), *after)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else replace(part, parts=parts)


def _nested(text: str) -> list[Leaf | Branch]:
    """What `where` spells; nothing where it can't be read: the engine will say why."""
    try:
        found = _part(decoded(text), 0)
    except ValueError:
        return []
    return list(found.parts) if isinstance(found, Branch) and not found.any else [found]


def _part(given: object, depth: int) -> Leaf | Branch:
    if not isinstance(given, dict) or not given or depth > NESTED:
        raise ValueError("no condition")
    item = cast("dict[str, Any]", given)
    for joiner in ("any", "all"):
        inside: object = item.get(joiner)
        if isinstance(inside, list) and inside:
            parts = tuple(_part(one, depth + 1) for one in cast("list[object]", inside))
            return Branch(any=joiner == "any", parts=parts)
    return _together([Leaf(name, text_of(value)) for name, value in item.items()])


def _spelled(tree: Leaf | Branch) -> str:
    return json.dumps(_said(tree), ensure_ascii=False, separators=(",", ":"))


def _said(part: Leaf | Branch) -> dict[str, Any]:
    if isinstance(part, Leaf):
        return {part.name: part.text}
    leaves = [p for p in part.parts if isinstance(p, Leaf)]
    names = {leaf.name for leaf in leaves}
    if not part.any and len(leaves) == len(part.parts) == len(names):
        return {leaf.name: leaf.text for leaf in leaves}
    return {"any" if part.any else "all": [_said(p) for p in part.parts]}
