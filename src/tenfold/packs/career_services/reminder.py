"""What is to be said to whom when something did or did not happen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field, index, moment, pipeline, relation
from tenfold.engine.types import LongText, Ref


class ReminderStatus(StrEnum):
    """What became of a reminder."""

    SCHEDULED = "scheduled"
    SNOOZED = "snoozed"
    SENT = "sent"
    STOPPED = "stopped"
    FAILED = "failed"


class Trigger(StrEnum):
    """What sets a reminder off."""

    APPOINTMENT_COMPLETED = "appointment_completed"
    APPLICATION_STUCK = "application_stuck"
    OFFER_DEADLINE = "offer_deadline"
    NO_CONTACT = "no_contact"
    GRADUATING_WITHOUT_OUTCOME = "graduating_without_outcome"
    MANUAL = "manual"


class Channel(StrEnum):
    """How a reminder arrives."""

    EMAIL = "email"
    SMS = "sms"
    IN_APP = "in_app"


class StopCondition(StrEnum):
    """What makes a reminder needless."""

    REPLIED = "replied"
    BOOKED = "booked"
    STATUS_CHANGED = "status_changed"
    OUTCOME_KNOWN = "outcome_known"
    NEVER = "never"


_S = ReminderStatus
_MOVES = {
    _S.SCHEDULED: {_S.SNOOZED, _S.SENT, _S.STOPPED, _S.FAILED},
    _S.SNOOZED: {_S.SCHEDULED, _S.SENT, _S.STOPPED, _S.FAILED},
    _S.FAILED: {_S.SCHEDULED, _S.STOPPED},
    _S.SENT: set[_S](),
    _S.STOPPED: set[_S](),
}


class Reminder(Record, plural="reminders", icon="bell"):
    """A message that goes out after a delay, unless what it asks for has happened."""

    subject: str = field(search="A", title=True)
    student: Ref = relation("student", back="reminders")
    trigger: Trigger = field(default=Trigger.MANUAL, filter=True)
    status: ReminderStatus = pipeline(default=ReminderStatus.SCHEDULED, moves=_MOVES)
    delay_days: int = field(default=3, min=0, max=3650, label="Delay", help="In days.")
    channel: Channel = field(default=Channel.EMAIL, filter=True)
    stop_when: StopCondition = field(default=StopCondition.REPLIED)
    due_at: datetime = field(sort=True, filter=True)
    snoozed_until: datetime | None = field()
    sent_at: datetime | None = field(sort=True)
    message: LongText | None = field()
    appointment: Ref | None = relation("advising_appointment", back="reminders", on_delete="clear")
    application: Ref | None = relation("application", back="reminders", on_delete="clear")

    indexes = [
        index("due_at", where="status IN ('scheduled', 'snoozed')", name="reminders_due"),
        index("owner", "due_at"),
    ]
    agenda = [moment("due_at", "task", open={"status": ["scheduled", "snoozed"]})]
    access = {
        "counselor": can(read=ALL, create=True, update=ALL, delete=ALL),
        "front_desk": can(read=ALL),
    }
