"""What an address asks of a list: its conditions, order, form and columns, or a saved view's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from tenfold.engine import ask as asking
from tenfold.engine.access import Access
from tenfold.engine.ask import Ask
from tenfold.engine.definition import TIMES, Definition, Field
from tenfold.engine.lanes import laned
from tenfold.kernel.errors import Invalid, UnknownField
from tenfold.kernel.ids import NIL, parse_id
from tenfold.kernel.language import say
from tenfold.web.pages.filters import address, filterable
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.keeping import View
from tenfold.web.pages.lists import conditions
from tenfold.web.pages.lists.conditions import LAYOUT, PLACE, Branch, Pair, Pairs

TABLE, BOARD, CALENDAR = "table", "board", "calendar"


@dataclass(frozen=True)
class Question:
    """A list as it was asked for; `pairs` are all its parameters but the place in it.

    `tree` are its conditions as people said them, `asked` what the engine is asked. Where
    conditions can't be used it is `refused`: it finds nothing, rather than what they keep out.
    """

    guest: Guest
    definition: Definition
    access: Access
    pairs: Pairs
    place: dict[str, str]
    tree: Branch
    asked: Ask
    view: View | None
    problem: str
    refused: bool = False

    @property
    def path(self) -> str:
        """Where the list is."""
        return f"/{self.definition.path}"

    def given(self, name: str) -> str:
        """A parameter, empty where it is not given."""
        return next((value for key, value in reversed(self.pairs) if key == name), "")

    @cached_property
    def form(self) -> str:
        """Table, board or calendar: what was asked for, where the type can be shown so."""
        form = self.given("as")
        if self.asked.words or self.asked.deleted or self.refused:
            return TABLE
        able = {BOARD: bool(groups(self)), CALENDAR: bool(days(self))}
        return form if able.get(form) else TABLE

    @cached_property
    def group(self) -> Field | None:
        """The field by whose values the list is in groups or lanes."""
        if self.form == CALENDAR:
            return None
        found = groups(self)
        chosen = next((f for f in found if f.json_path == self.given("group")), None)
        if self.form == BOARD and chosen is None:
            # The stages of a type, or else the first choice, rather than who owns what.
            choices = [f for f in found if f.type.kind in ("stage", "choice")] or found
            return next((f for f in found if f.name == "status"), choices[0])
        return chosen

    @cached_property
    def day(self) -> Field | None:
        """The field by which a calendar lays the list out."""
        found = days(self)
        chosen = (f for f in found if f.json_path == self.given("group"))
        return next(chosen, found[0] if found else None)

    @property
    def columns(self) -> str:
        """The columns as an address spells them: the list's own, else those the person keeps."""
        kept = "" if self.view else self.guest.arranged.kept.lists.get(self.definition.path, "")
        return self.given("columns") or kept

    @cached_property
    def changed(self) -> bool:
        """Whether this is no longer what the saved view holds."""
        return self.view is not None and _meant(self.pairs) != _meant(parse_qsl(self.view.query))

    @property
    def savable(self) -> bool:
        """Whether there is anything to save: a list that is not just the type's own."""
        return bool(_meant(self.pairs))

    @property
    def query(self) -> str:
        """What a view of it keeps: its parameters, and the columns that one sees it with."""
        rest = [p for p in self.pairs if p[0] not in ("saved", "q", "columns")]
        return address("", [*rest, ("columns", self.columns)]).removeprefix("?")

    def link(self, **changes: str) -> str:
        """The list's address with other parameters, from its first page; empty takes one off."""
        kept = [p for p in self.pairs if p[0] not in changes]
        return self.address([*kept, *changes.items()])

    def with_tree(self, tree: Branch) -> str:
        """The list's address with other conditions."""
        return self.address(conditions.with_tree(self.pairs, tree))

    def address(self, pairs: Iterable[Pair]) -> str:
        """The list with these parameters alone."""
        return list_address(self.definition, pairs)

    def check(self, tree: Branch) -> None:
        """Raise Invalid where the engine would not take these conditions."""
        _asked(self.guest, self.definition, self.access, self.pairs, tree, {})


def list_address(definition: Definition, pairs: Iterable[Pair]) -> str:
    """Where a list with these parameters is.

    A saved view of which nothing is left names its order: its bare name would be all of it again.
    """
    kept = [p for p in pairs if p[1] != ""]
    if any(name == "saved" for name, _ in kept) and not _meant(kept):
        kept.append(("sort", definition.default_sort))
    return address(f"/{definition.path}", kept)


def question(
    guest: Guest, definition: Definition, access: Access, pairs: Iterable[Pair]
) -> Question:
    """What an address asks; what can't be used of it is said.

    An order that can't be used is left out; conditions that can't leave nothing.
    """
    given = [p for p in pairs if p[1] != ""]
    place = {name: value for name, value in given if name in PLACE}
    rest = [p for p in given if p[0] not in PLACE]
    nowhere: dict[str, str] = {}
    view = guest.arranged.view(parse_id(dict(rest).get("saved", "")))
    problem = ""
    if view is None and any(name == "saved" for name, _ in rest):
        problem = say("This view is gone, or is not shared with you. Here is the whole list.")
        rest = [p for p in rest if p[0] != "saved"]
    if view is not None and not _meant(rest):
        rest = [*parse_qsl(view.query), *rest]
    tree, refused = conditions.tree_of(rest), False
    try:
        asked = _asked(guest, definition, access, rest, tree, place)
    except Invalid as error:
        problem = _mistake(definition, access, error)
        rest = [p for p in rest if p[0] != "sort"]
        try:
            asked = _asked(guest, definition, access, rest, tree, nowhere)
        except Invalid:
            rest = [p for p in rest if p[0] in LAYOUT]
            tree, refused = Branch(any=False, parts=()), True
            none = [("id", str(NIL))]
            asked = asking.parse(none, definition, access, guest.locale)
        place = nowhere
    return Question(guest, definition, access, rest, place, tree, asked, view, problem, refused)


def _mistake(definition: Definition, access: Access, error: Invalid) -> str:
    """What can't be used, by the field's label, and why; of a field that one may not see not even
    that it is there."""
    if isinstance(error, UnknownField):
        return say("This list is narrowed by a field that is gone, or that you may not see.")
    name, why = next(iter(error.fields.items()))
    known = {one.json_path: one.label for one in filterable(definition) if access.sees(one)}
    label = known.get(name.partition("[")[0], name[:100])
    mistake = say("%(name)s: %(value)s", name=label, value=why.rstrip("."))
    return say("This could not be used: %(mistake)s.", mistake=mistake)


def groups(question: Question) -> list[Field]:
    """The fields that the list can be in groups of."""
    definition = question.definition
    fields = (*definition.fields.values(), *definition.custom_fields.values())
    return [f for f in fields if question.access.sees(f) and laned(f) and f.name not in _UNGROUPED]


def days(question: Question) -> list[Field]:
    """The fields by which the list can be laid out on days, those of meetings first."""
    fields = question.definition.fields
    found = [
        f
        for f in fields.values()
        if f.type.kind in TIMES
        and question.access.sees(f)
        and (f.filter or f.sort)
        and f.type.operators
    ]
    return sorted(found, key=lambda f: (f.system, f.name != "starts_at"))


_UNGROUPED = frozenset({"team", "created_by"})


def _asked(
    guest: Guest,
    definition: Definition,
    access: Access,
    rest: Pairs,
    tree: Branch,
    place: dict[str, str],
) -> Ask:
    today = guest.now.astimezone(guest.zone).date()
    said = conditions.resolved(tree, definition, guest.claims.user, today, guest.zone)
    pairs = [p for p in conditions.with_tree(rest, said) if p[0] not in LAYOUT]
    cursor = place.get("cursor", "")
    asked = asking.parse(pairs, definition, access, guest.locale)
    if not cursor:
        return asked
    return asking.parse([*pairs, ("cursor", cursor)], definition, access, guest.locale)


def _meant(pairs: Sequence[Pair]) -> list[Pair]:
    """The parameters that make a list what it is, in an order that says nothing."""
    return sorted(p for p in pairs if p[0] not in ("saved", "q") and p[1] and p[0] not in PLACE)
