"""What somebody wrote down about a record."""

from __future__ import annotations

from enum import StrEnum

from tenfold.engine.declare import OPEN, OWN, Record, can, field, index, relation
from tenfold.engine.types import AnyRef, RichText


class NotePrivacy(StrEnum):
    """Who may read a note."""

    EVERYONE = "everyone"
    PRIVATE = "private"


class Note(Record, plural="notes", icon="notebook-pen", private="privacy"):
    """A note about a record of any type; who wrote it, owners and admins see a private one."""

    title: str | None = field(search="B", title=True)
    body: RichText = field(search="C", help="What was noted, with simple formatting.")
    about: AnyRef | None = relation(help="The record it belongs to, of any type.")
    privacy: NotePrivacy = field(
        default=NotePrivacy.EVERYONE,
        filter=True,
        help="Private: its author, owners and administrators see it.",
    )
    pinned: bool = field(default=False, help="Shown first.")

    indexes = [index("about", "-created_at")]
    access = {"member": can(read=OPEN, create=True, update=OWN, delete=OWN)}
