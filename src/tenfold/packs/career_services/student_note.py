"""What advisers write down about students, and who may read it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import OPEN, OWN, Record, can, field, index, relation
from tenfold.engine.types import Ref, RichText
from tenfold.packs.career_services.advising_appointment import Competency


class NoteKind(StrEnum):
    """What a note is about."""

    ADVISING = "advising"
    FOLLOW_UP = "follow_up"
    CONCERN = "concern"
    EMPLOYER_FEEDBACK = "employer_feedback"
    OTHER = "other"


class NotePrivacy(StrEnum):
    """Who may read a note: the student too, all advisers, or its author (FERPA)."""

    SHARED = "shared"
    STAFF = "staff"
    PRIVATE = "private"


class StudentNote(Record, plural="student_notes", icon="notebook-pen", private="privacy"):
    """A note about a student; who wrote it, owners and admins see a private one."""

    title: str = field(search="B", title=True)
    student: Ref = relation("student", back="student_notes")
    at: datetime = field(sort=True, filter=True, label="Date")
    kind: NoteKind = field(default=NoteKind.ADVISING, filter=True)
    privacy: NotePrivacy = field(default=NotePrivacy.STAFF, filter=True)
    body: RichText = field(search="C")
    competencies: set[Competency] | None = field()
    appointment: Ref | None = relation(
        "advising_appointment", back="student_notes", on_delete="clear"
    )

    indexes = [index("student", "-at"), index("owner", "-at")]
    access = {"counselor": can(read=OPEN, create=True, update=OWN, delete=OWN)}
