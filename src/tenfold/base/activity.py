"""What was done with somebody: calls, meetings, e-mails."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import OWN, TEAM, Record, can, field, index, relation
from tenfold.engine.types import AnyRef, LongText, Ref


class ActivityKind(StrEnum):
    """What kind of thing was done."""

    CALL = "call"
    MEETING = "meeting"
    EMAIL = "email"
    SMS = "sms"
    NOTE = "note"
    VISIT = "visit"
    EVENT = "event"
    OTHER = "other"


class Direction(StrEnum):
    """Who began it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ActivityOutcome(StrEnum):
    """How it went."""

    CONNECTED = "connected"
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    HELD = "held"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


class Activity(Record, plural="activities", icon="activity", correspondence=True):
    """A call, meeting, message or visit: what was said, with whom, about what."""

    subject: str = field(search="A", title=True)
    kind: ActivityKind = field(filter=True, aliases=["type"])
    at: datetime = field(sort=True, filter=True, help="When it happened or will.")
    minutes: int | None = field(min=0, max=10_000, label="Duration", help="In minutes.")
    direction: Direction | None = field()
    outcome: ActivityOutcome | None = field()
    about: AnyRef | None = relation(help="The record it belongs to, of any type.")
    contact: Ref | None = relation("contact", back="activities", on_delete="clear")
    company: Ref | None = relation("company", back="activities", on_delete="clear")
    location: str | None = field()
    body: LongText | None = field(search="D", help="What was said.")

    indexes = [index("about", "-at"), index("contact", "-at"), index("owner", "-at")]
    access = {"member": can(read=TEAM, create=True, update=OWN, delete=OWN)}
