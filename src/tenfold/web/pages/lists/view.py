"""A list as its template shows it: what surrounds the table, the board or the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from tenfold.engine import ask as asking
from tenfold.engine.definition import Field
from tenfold.kernel.language import say, within
from tenfold.web.pages import cells
from tenfold.web.pages.columns import chosen_columns, columns_of, showable, sort_name
from tenfold.web.pages.filters import Builder, Pairs, address
from tenfold.web.pages.lists import conditions
from tenfold.web.pages.lists.question import BOARD, CALENDAR, TABLE, Question, days, groups
from tenfold.web.pages.lists.said import Said


@dataclass(frozen=True, slots=True)
class Way:
    """One choice of a menu: where it leads, and whether it is the present one."""

    label: str
    href: str
    icon: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order: the list with it turned, and without it."""

    label: str
    falling: bool
    turn: str
    without: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One field of the menu of columns."""

    name: str
    label: str
    shown: bool
    steps: int


@dataclass(frozen=True, slots=True)
class ViewLine:
    """One saved view of the menu."""

    id: str
    label: str
    href: str
    here: bool
    pinned: bool
    note: str


@dataclass(frozen=True, slots=True)
class Views:
    """The menu of views: the present one's name, all of them, and what can be done with it."""

    name: str
    whole: str
    lines: tuple[ViewLine, ...]
    here: ViewLine | None
    mine: bool
    everyone: bool
    changed: bool
    savable: bool
    query: str
    version: int
    back: str


@dataclass(frozen=True, slots=True)
class Around:
    """All that surrounds a list's body."""

    path: str
    type: str
    label: str
    label_one: str
    icon: str
    doc: str
    form: str
    forms: tuple[Way, ...]
    views: Views
    words: str
    kept: Pairs
    sentence: tuple[Said, ...]
    builder: Builder | None
    choosing: bool
    sorts: tuple[SortKey, ...]
    sortable: tuple[Way, ...]
    groups: tuple[Way, ...]
    fields: tuple[Shown, ...]
    clear: str
    unsearched: str
    count: str
    problem: str
    refused: bool
    sees_all: bool
    may_create: bool
    may_change: bool
    may_delete: bool
    deleted: bool
    bin: str
    shared: str
    export: str
    export_excel: str


def around(
    question: Question,
    *,
    sentence: tuple[Said, ...],
    builder: Builder | None,
    choosing: bool,
    count: str,
    problem: str = "",
) -> Around:
    """What surrounds a list."""
    definition, access, path = question.definition, question.access, question.path
    asked, pairs = question.asked, question.pairs
    shared = definition.name in question.guest.person.shared and asked.among is None
    return Around(
        path=path,
        type=definition.path,
        label=definition.label_plural,
        label_one=definition.label,
        icon=definition.icon,
        doc=definition.doc,
        form=question.form,
        forms=_forms(question),
        views=_views(question),
        words=asked.words,
        kept=[p for p in pairs if p[0] != "q"],
        sentence=sentence,
        builder=builder,
        choosing=choosing,
        sorts=_sorts(question),
        sortable=_sortable(question),
        groups=_groups(question),
        fields=_fields(question),
        clear=question.address(
            p
            for p in pairs
            if not conditions.is_condition(p[0]) and p[0] not in (asking.SHARED, asking.WHERE)
        ),
        unsearched=question.link(q=""),
        count=count,
        problem=problem or question.problem,
        refused=question.refused,
        sees_all=access.read == "all",
        may_create=access.create,
        may_change=access.update != "none" and not asked.deleted,
        may_delete=access.delete != "none" and not asked.deleted,
        deleted=asked.deleted,
        bin=path if asked.deleted else f"{path}?deleted=true",
        shared=address(path, [*pairs, (asking.SHARED, "me")]) if shared else "",
        export=address(f"{path}/export", pairs),
        export_excel=address(f"{path}/export", [*pairs, ("format", "xlsx")]),
    )


def inside(question: Question) -> str:
    """What a link to one of the records carries along: the list that it is in."""
    kept = question.pairs
    if question.view is not None and not question.changed:
        kept = [("saved", str(question.view.id)), *(p for p in kept if p[0] == "q")]
    if not kept:
        kept = [("sort", question.definition.default_sort)]
    return urlencode({"in": address("", kept).removeprefix("?")})


def _forms(question: Question) -> tuple[Way, ...]:
    """The forms that the list can have; who leaves a calendar leaves its days, too."""
    found = [(TABLE, say("Table"), "table", question.link(**{"as": "", "on": "", "span": ""}))]
    if groups(question):
        link = question.link(**{"as": BOARD, "on": "", "span": ""})
        found.append((BOARD, say("Board"), "columns-3", link))
    if days(question):
        found.append((CALENDAR, say("Calendar"), "calendar", question.link(**{"as": CALENDAR})))
    return tuple(Way(label, link, sign, form == question.form) for form, label, sign, link in found)


def _views(question: Question) -> Views:
    arranged, view = question.guest.arranged, question.view
    lines = tuple(
        ViewLine(
            str(v.id),
            v.name,
            v.address,
            v is view,
            str(v.id) in arranged.kept.pins,
            "" if v.mine else "shared",
        )
        for v in arranged.of(question.definition.path)
    )
    whole = say("All %(types)s", types=within(question.definition.label_plural))
    return Views(
        name=view.name if view else whole,
        whole=whole,
        lines=lines,
        here=next((one for one in lines if one.here), None),
        mine=view is not None and view.mine,
        everyone=view is not None and view.everyone,
        changed=question.changed,
        savable=question.savable,
        query=question.query,
        version=view.version if view else 0,
        back=address(question.path, question.pairs),
    )


def _sorts(question: Question) -> tuple[SortKey, ...]:
    given = question.given("sort")
    if not given:
        return ()
    keys = [(s.field, s.descending) for s in question.asked.sorts]

    def spelled(pairs: Sequence[tuple[Field, bool]]) -> str:
        named = ",".join(f"{'-' if down else ''}{one.json_path}" for one, down in pairs)
        return question.link(sort=named)

    return tuple(
        SortKey(
            one.label,
            down,
            spelled([*keys[:n], (one, not down), *keys[n + 1 :]]),
            spelled([*keys[:n], *keys[n + 1 :]]),
        )
        for n, (one, down) in enumerate(keys)
    )


def _sortable(question: Question) -> tuple[Way, ...]:
    """The list ordered by one field more, for each that it can still be ordered by."""
    given = question.given("sort")
    keys = [k for k in given.split(",") if k]
    if len(keys) >= asking.SORTS:
        return ()
    named = {k.lstrip("-") for k in keys}
    fields = [
        f
        for f in question.definition.fields.values()
        if question.access.sees(f) and sort_name(f) and f.json_name not in named
    ]
    return tuple(
        Way(f.label, question.link(sort=",".join([*keys, f"{_first(f)}{f.json_name}"])))
        for f in fields
    )


def _first(one: Field) -> str:
    """Texts begin with A, amounts and dates with the largest: what one mostly wants."""
    return "" if one.type.kind in ("text", "email") else "-"


def _groups(question: Question) -> tuple[Way, ...]:
    if question.form == CALENDAR:
        chosen = question.day
        found = [
            Way(f.label, question.link(group=f.json_path), here=f is chosen) for f in days(question)
        ]
        return tuple(found) if len(found) > 1 else ()
    chosen = question.group
    found = [
        Way(f.label, question.link(group=f.json_path), here=f is chosen) for f in groups(question)
    ]
    none = [] if question.form == BOARD else [Way(say("No groups"), question.link(group=""))]
    return (*none, *found) if found else ()


def _fields(question: Question) -> tuple[Shown, ...]:
    """Every field that can be a column, those that are in their order first."""
    definition, access, text = question.definition, question.access, question.columns
    shown = chosen_columns(definition, access, text) or columns_of(definition, access)
    names = [c.name for c in shown]
    rest = [f for f in showable(definition, access) if f.json_path not in names]
    return (
        *(Shown(c.name, c.label, shown=True, steps=c.steps) for c in shown),
        *(Shown(f.json_path, f.label, shown=False, steps=0) for f in rest),
    )


def record_cell(question: Question, record: cells.Record, inside: str) -> cells.Cell:
    """A record of the list by name, its link knowing the list that it is in."""
    title = cells.record_cell(question.definition, record, question.guest.desk.registry)
    more = f"deleted=true&{inside}" if question.asked.deleted else inside
    return replace(title, href=f"{title.href}?{more}")
