"""A list's conditions as a sentence whose parts can be changed, and the form that changes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tenfold.engine.ask import SHARED
from tenfold.engine.definition import Field
from tenfold.engine.filtering import Filter
from tenfold.engine.types import Ref, Refused, User
from tenfold.kernel.errors import Invalid
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say
from tenfold.web.pages import filters
from tenfold.web.pages.cells import Reader
from tenfold.web.pages.filters import Builder, address
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.lists import conditions
from tenfold.web.pages.lists.conditions import Branch, Leaf, Path
from tenfold.web.pages.lists.question import Question
from tenfold.web.pages.pick import resolve


@dataclass(frozen=True, slots=True)
class Said:
    """A condition, or a group of them with the word between its parts.

    `turn` is the list with the other word, `without` the list without this part, `edit` the form
    that says it otherwise, `either` the one that adds an alternative to it.
    """

    text: str = ""
    label: str = ""
    without: str = ""
    edit: str = ""
    either: str = ""
    joiner: str = ""
    turn: str = ""
    parts: tuple[Said, ...] = ()


def sentence(question: Question, reader: Reader) -> tuple[Said, ...]:
    """What the list is narrowed to: the parts of the whole, the word between them with each."""
    if not question.tree.parts:
        whole: tuple[Said, ...] = ()
    else:
        asked = iter(question.asked.conditions)
        said = _said(question, question.tree, (), asked, reader)
        whole = said.parts or (said,)
    if question.asked.among is not None:
        whole = (
            *whole,
            Said(say("Shared with me"), "", question.link(**{SHARED: ""}), joiner="and"),
        )
    return whole


def _said(
    question: Question, part: Leaf | Branch, path: Path, asked: Iterator[Filter], reader: Reader
) -> Said:
    tree = question.tree
    if isinstance(part, Branch):
        inner = [
            _said(question, one, (*path, place), asked, reader)
            for place, one in enumerate(part.parts)
        ]
        word = "or" if part.any else "and"
        turn = question.with_tree(conditions.turned(tree, path)) if len(inner) > 1 else ""
        joined = tuple(replace(one, joiner=word, turn=turn) for one in inner)
        return Said(without=question.with_tree(conditions.without(tree, path)), parts=joined)
    one = next(asked)
    name = one.field.json_path
    form = [*question.pairs, ("add_field", name), ("choose", "1")]
    spelled = ".".join(map(str, path))
    room = conditions.fits(conditions.beside(tree, path, [part]))
    either = address(question.path, [*form, ("add_to", spelled)]) if room else ""
    return Said(
        text=filters.in_words(part, one, reader),
        label=one.field.label,
        without=question.with_tree(conditions.without(tree, path)),
        edit=address(question.path, [*form, ("edit", spelled or "0")]),
        either=either,
    )


def form_of(
    question: Question, given: dict[str, str], values: list[str], mistake: str, reader: Reader
) -> Builder | None:
    """The form that adds a condition, or says one of the sentence otherwise.

    After a mistake it holds what was typed.
    """
    hidden = [*question.pairs]
    hidden += [(name, given[name]) for name in ("add_to", "edit") if given.get(name)]
    chosen, operator = given.get("add_field", ""), given.get("add_operator", "")
    edited = _edited(question, given)
    if edited is not None and not mistake:
        leaf, one = edited
        if one.field.json_path == chosen:
            operator, values = filters.form_values(leaf, one, reader)
    return filters.builder(
        question.definition,
        question.access,
        question.path,
        chosen=chosen,
        operator=operator,
        values=values,
        hidden=hidden,
        mistake=mistake,
    )


def _edited(question: Question, given: dict[str, str]) -> tuple[Leaf, Filter] | None:
    """The condition that the form says otherwise, as it is spelled and as it is asked."""
    path = conditions.path_of(given.get("edit", ""))
    if not given.get("edit") or path is None:
        return None
    leaf = conditions.at(question.tree, path)
    pairs = zip(question.tree.leaves(), question.asked.conditions, strict=False)
    return next(((one, asked) for one, asked in pairs if one is leaf), None)


async def with_form(question: Question, given: dict[str, str], values: list[str]) -> str:
    """The address of the list with what the form says; raises Invalid where it can't be used."""
    field, operator = given.get("add_field", ""), given.get("add_operator", "eq")
    one = next((f for f in filters.filterable(question.definition) if f.json_path == field), None)
    if one is not None and isinstance(one.type, Ref | User):
        values = [await _id_of(question.guest, one, v.strip()) for v in values if v.strip()]
    access, zone = question.access, question.guest.zone
    leaves = filters.conditions_of(question.definition, access, field, operator, values, zone)
    edit, to = (conditions.path_of(given.get(name, "")) for name in ("edit", "add_to"))
    tree = question.tree
    if given.get("edit") and edit is not None and conditions.at(tree, edit) is not None:
        tree = conditions.instead(tree, edit, leaves) if leaves else conditions.without(tree, edit)
    elif leaves:
        if to is not None and conditions.at(tree, to) is not None and given.get("add_to"):
            tree = conditions.beside(tree, to, leaves)
        else:
            tree = conditions.narrowed(tree, leaves)
    question.check(tree)
    return question.with_tree(tree)


async def _id_of(guest: Guest, one: Field, text: str) -> str:
    """The id of the record or person that a box's text means, if only by how it begins; raises
    Invalid."""
    if text == conditions.ME or parse_id(text) is not None:
        return text
    what = (guest.desk.query, guest.reader, guest.person, one)
    try:
        _, found = await resolve(*what, text, begins=True)
    except Refused as refusal:
        raise Invalid({one.json_path: str(refusal)}) from refusal
    return str(found)
