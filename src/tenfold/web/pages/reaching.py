"""What somebody may do with the record that a page shows; the engine asks again when it is done."""

from __future__ import annotations

from tenfold.engine import reach
from tenfold.engine.definition import PRIVATE, Definition, Field
from tenfold.engine.reach import Whose
from tenfold.kernel.errors import NotFound
from tenfold.kernel.ids import NIL, parse_id
from tenfold.kernel.language import say
from tenfold.web.pages.cells import Record
from tenfold.web.pages.frame import Guest


def may_change(guest: Guest, definition: Definition, record: Record) -> bool:
    """Whether they may change it, also where it is shared with them."""
    access = guest.person.access(definition)
    return reach.changeable(access, guest.person, _whose(definition, record)) is not None


def may_delete(guest: Guest, definition: Definition, record: Record) -> bool:
    """Whether they may delete it."""
    access, one = guest.person.access(definition), _whose(definition, record)
    return reach.within(access.delete, access, guest.person, one) is not None


def decides(guest: Guest, definition: Definition, record: Record) -> bool:
    """Whether they say whose it is and who may see it."""
    access, one = guest.person.access(definition), _whose(definition, record)
    return reach.within(access.update, access, guest.person, one) is not None


def field_named(guest: Guest, definition: Definition, name: str) -> Field:
    """A field by its name, with or without what JSON or forms add to it.

    Raises NotFound alike for one that is hidden from them and for none.
    """
    bare = name.removeprefix("custom.")
    own = definition.custom_fields.get(bare)
    shipped = definition.by_json.get(name) or definition.fields.get(name)
    found = own if bare != name else shipped or own
    if found is None or not guest.person.access(definition).sees(found):
        raise NotFound(say("There is no such field."))
    return found


def _whose(definition: Definition, record: Record) -> Whose:
    """Whose it is, as far as the record tells its reader."""
    return Whose(
        id=parse_id(str(record.get("id"))) or NIL,
        owner=parse_id(str(record.get("owner_id"))),
        team=parse_id(str(record.get("team_id"))),
        private=bool(definition.private) and record.get(definition.private) == PRIVATE,
    )
