"""The words that an organisation groups by, with their colours."""

from __future__ import annotations

from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field


class Colour(StrEnum):
    """A tag's colour, as the design names it."""

    GREY = "grey"
    BLUE = "blue"
    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    PINK = "pink"
    PURPLE = "purple"


class Tag(Record, plural="tags", icon="tag"):
    """A word to group records by; a record's `tags` field holds the names."""

    name: str = field(search="A", title=True, sort=True, unique=True, max_length=100)
    colour: Colour = field(default=Colour.GREY)
    description: str | None = field()

    access = {"member": can(read=ALL, create=True, update=ALL, delete=ALL)}
