"""Meetings of students with their advisers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field, index, moment, pipeline, relation
from tenfold.engine.types import LongText, Ref, Url, User


class AdvisingKind(StrEnum):
    """What a student comes for."""

    CAREER_EXPLORATION = "career_exploration"
    MAJOR_CAREER_FIT = "major_career_fit"
    RESUME_REVIEW = "resume_review"
    COVER_LETTER = "cover_letter"
    LINKEDIN_PORTFOLIO = "linkedin_portfolio"
    MOCK_INTERVIEW = "mock_interview"
    JOB_SEARCH = "job_search"
    GRAD_SCHOOL_PLANNING = "grad_school_planning"
    PERSONAL_STATEMENT = "personal_statement"
    SALARY_NEGOTIATION = "salary_negotiation"
    OFFER_EVALUATION = "offer_evaluation"
    INTERNATIONAL_STUDENT = "international_student"
    ALUMNI = "alumni"
    DROP_IN = "drop_in"
    ASSESSMENT_DEBRIEF = "assessment_debrief"
    EMPLOYER_MEETING = "employer_meeting"


class AdvisingStatus(StrEnum):
    """Where a meeting stands."""

    REQUESTED = "requested"
    SCHEDULED = "scheduled"
    CHECKED_IN = "checked_in"
    STARTED = "started"
    COMPLETED = "completed"
    CANCELLED_BY_STUDENT = "cancelled_by_student"
    CANCELLED_BY_STAFF = "cancelled_by_staff"
    NO_SHOW = "no_show"
    DECLINED = "declined"


class Medium(StrEnum):
    """How people meet."""

    IN_PERSON = "in_person"
    VIDEO = "video"
    PHONE = "phone"


class Competency(StrEnum):
    """The eight career readiness competencies of NACE."""

    CAREER_AND_SELF_DEVELOPMENT = "career_and_self_development"
    COMMUNICATION = "communication"
    CRITICAL_THINKING = "critical_thinking"
    EQUITY_AND_INCLUSION = "equity_and_inclusion"
    LEADERSHIP = "leadership"
    PROFESSIONALISM = "professionalism"
    TEAMWORK = "teamwork"
    TECHNOLOGY = "technology"


_S = AdvisingStatus
_CANCELLED = {_S.CANCELLED_BY_STUDENT, _S.CANCELLED_BY_STAFF}
_MOVES = {
    _S.REQUESTED: {_S.SCHEDULED, _S.DECLINED, *_CANCELLED},
    _S.SCHEDULED: {_S.CHECKED_IN, _S.STARTED, _S.COMPLETED, _S.NO_SHOW, *_CANCELLED},
    _S.CHECKED_IN: {_S.STARTED, _S.COMPLETED, *_CANCELLED},
    _S.STARTED: {_S.COMPLETED},
    _S.COMPLETED: set[_S](),
    _S.CANCELLED_BY_STUDENT: {_S.REQUESTED, _S.SCHEDULED},
    _S.CANCELLED_BY_STAFF: {_S.REQUESTED, _S.SCHEDULED},
    _S.NO_SHOW: {_S.SCHEDULED},
    _S.DECLINED: {_S.REQUESTED},
}


class AdvisingAppointment(
    Record,
    plural="advising_appointments",
    icon="calendar-clock",
    guide="Book an advising appointment with a student.",
):
    """A meeting of a student with an adviser, from the request to what was learned."""

    title: str = field(search="A", title=True)
    student: Ref = relation("student", back="advising_appointments")
    counselor: User | None = field(
        filter=True,
        help="Whom the student meets.",
        handed_over="status IN ('requested', 'scheduled')",
    )
    kind: AdvisingKind = field(filter=True, label="Type")
    status: AdvisingStatus = pipeline(default=AdvisingStatus.REQUESTED, moves=_MOVES)
    medium: Medium = field(default=Medium.IN_PERSON)
    starts_at: datetime = field(sort=True, filter=True)
    ends_at: datetime | None = field(after="starts_at")
    location: str | None = field()
    meeting_link: Url | None = field()
    checked_in_at: datetime | None = field()
    questions: LongText | None = field(help="What the student answered before the meeting.")
    summary: LongText | None = field(
        search="D", private=True, help="What the student may read afterwards."
    )
    competencies: set[Competency] | None = field(help="What was worked on (NACE).")
    learning_outcomes: LongText | None = field()
    follow_up_at: datetime | None = field(sort=True)
    rating: int | None = field(min=1, max=5, help="What the student said of it.")

    indexes = [
        index("counselor", "starts_at"),
        index("counselor", "follow_up_at"),
        index("student", "-starts_at"),
    ]
    agenda = [
        moment(
            "starts_at",
            "meeting",
            open={"status": ["requested", "scheduled", "checked_in", "started"]},
            people=["counselor"],
        ),
        moment("follow_up_at", "task", open={"status": ["completed"]}, people=["counselor"]),
    ]
    access = {
        "counselor": can(read=ALL, create=True, update=ALL, delete=ALL),
        "front_desk": can(
            read=ALL, create=True, update=ALL, hide={"summary", "learning_outcomes", "questions"}
        ),
    }
