"""From a posted form to the body of a write: what was typed, as the API takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.engine.definition import Field
from tenfold.engine.query import Query
from tenfold.engine.types import AnyRef, Refused
from tenfold.engine.types.contact import ADDRESS_PARTS
from tenfold.kernel import digits
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import say
from tenfold.web.pages import words
from tenfold.web.pages.pick import resolve
from tenfold.web.pages.session import Form

_EXACT = 15


@dataclass(slots=True)
class Body:
    """The values of a write, and the mistakes that a form alone can make."""

    values: dict[str, object] = field(default_factory=dict[str, object])
    problems: dict[str, str] = field(default_factory=dict[str, str])


async def body_of(
    form: Form, fields: Sequence[Field], query: Query, reader: Reader, person: Person
) -> Body:
    """The values that a form gives for these fields; a field that it lacks stays as it is."""
    body = Body()
    custom: dict[str, object] = {}
    for one in fields:
        if not _given(form, one):
            continue
        value: object
        try:
            if one.type.kind in ("ref", "user", "any_ref"):
                if _unseen(form, one):
                    continue
                value = await _target(form, one, query, reader, person)
            else:
                value = _value(form, one)
        except Refused as refusal:
            body.problems[one.json_path] = str(refusal)
            continue
        if one.type.kind == "secret" and value == "":
            continue
        own = custom if one.custom else body.values
        own[one.json_name] = value
        if one.type.kind == "money" and value not in ("", None):
            currency = form.get(f"{one.json_path}_currency").strip().upper()
            if currency:
                own[f"{one.name}_currency"] = currency
    if custom:
        body.values["custom"] = custom
    return body


def _given(form: Form, one: Field) -> bool:
    name = one.json_path
    return name in form or f"{name}.{ADDRESS_PARTS[0]}" in form


def _value(form: Form, one: Field) -> object:
    name = one.json_path
    text = form.get(name)
    match one.type.kind:
        case "boolean":
            return {"true": True, "false": False}.get(text)
        case "integer" | "decimal" | "money":
            return number(text)
        case "choices":
            return form.all(name) or None
        case "tags":
            return words.typed_texts(text) or None
        case "date":
            return words.typed_day(text)
        case "datetime":
            return _moment(text, form.get(f"{name}.was"), words.zone_of(form.get(f"{name}.zone")))
        case "address":
            given = {part: form.get(f"{name}.{part}").strip() for part in ADDRESS_PARTS}
            return {part: value for part, value in given.items() if value} or None
        case "json":
            return _json(text)
        case _:
            return text


def _moment(text: str, was: str, zone: ZoneInfo) -> object:
    """A moment that was typed; as long as its box is untouched what it was, to the second."""
    before = words.moment_of(was)
    if before is not None and text == words.local_input(before, zone):
        return was
    return words.from_local(text, zone) if text else None


def number(text: str) -> object:
    """A number as people type it: thousands separated, a currency's sign before it."""
    bare = words.ungrouped(text)
    if not bare:
        return None
    try:
        # A float holds 15 digits exactly; more of them travel as text.
        return int(bare) if "." not in bare else float(bare) if len(bare) <= _EXACT else bare
    except ValueError:
        return text


def _json(text: str) -> object:
    if not text.strip():
        return None
    try:
        return digits.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise Refused(say('must be JSON, like {"key": "value"}')) from None


def _unseen(form: Form, one: Field) -> bool:
    """Whether a relation's box is empty since its reader may not see what it leads to."""
    name = one.json_path
    stored, _, title = form.get(f"{name}.was").partition("|")
    return bool(stored) and not title and not form.get(name).strip()


async def _target(form: Form, one: Field, query: Query, reader: Reader, person: Person) -> object:
    """What a relation's box means; as long as its text is untouched, what it meant before."""
    name = one.json_path
    text = form.get(name).strip()
    if not text:
        return None
    stored, _, title = form.get(f"{name}.was").partition("|")
    kind, _, identity = stored.rpartition(":")
    kept = parse_id(identity)
    if kept is not None and text == title.strip():
        return _pointer(one, kind, kept)
    found_kind, found = await resolve(query, reader, person, one, text)
    return _pointer(one, found_kind, found)


def _pointer(one: Field, kind: str, identity: UUID) -> object:
    if isinstance(one.type, AnyRef):
        return {"type": kind, "id": str(identity)}
    return str(identity)
