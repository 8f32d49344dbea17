"""Jobs and internships that employers offer to students."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field, index, pipeline, relation, rollup
from tenfold.engine.types import Decimal, LongText, Money, Ref, Tags, Url
from tenfold.packs.career_services.student import SchoolYear


class PostingStatus(StrEnum):
    """Where a posting stands on its way to students."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    CLOSED = "closed"


class JobKind(StrEnum):
    """What kind of work it is."""

    FULL_TIME = "full_time"
    PART_TIME = "part_time"
    INTERNSHIP = "internship"
    CO_OP = "co_op"
    ON_CAMPUS = "on_campus"
    WORK_STUDY = "work_study"
    FELLOWSHIP = "fellowship"
    VOLUNTEER = "volunteer"
    GRADUATE_ASSISTANT = "graduate_assistant"
    EXPERIENTIAL = "experiential"


class PayUnit(StrEnum):
    """What the pay is for."""

    HOUR = "hour"
    MONTH = "month"
    YEAR = "year"
    STIPEND = "stipend"
    UNPAID = "unpaid"


class Workplace(StrEnum):
    """Where the work is done."""

    ONSITE = "onsite"
    HYBRID = "hybrid"
    REMOTE = "remote"


class Document(StrEnum):
    """What an application must bring."""

    RESUME = "resume"
    COVER_LETTER = "cover_letter"
    TRANSCRIPT = "transcript"
    PORTFOLIO = "portfolio"
    WRITING_SAMPLE = "writing_sample"
    REFERENCES = "references"


_S = PostingStatus
_MOVES = {
    _S.PENDING: {_S.IN_PROGRESS, _S.APPROVED, _S.DECLINED},
    _S.IN_PROGRESS: {_S.PENDING, _S.APPROVED, _S.DECLINED},
    _S.APPROVED: {_S.EXPIRED, _S.CLOSED, _S.DECLINED},
    _S.DECLINED: {_S.PENDING},
    _S.EXPIRED: {_S.APPROVED, _S.CLOSED},
    _S.CLOSED: {_S.APPROVED},
}


class JobPosting(
    Record, plural="job_postings", icon="briefcase", guide="Post the first job, and approve it."
):
    """A job or internship that an employer offers, and who may apply."""

    title: str = field(search="A", sort=True, title=True)
    employer: Ref = relation("employer", back="job_postings")
    status: PostingStatus = pipeline(default=PostingStatus.PENDING, moves=_MOVES)
    kind: JobKind = field(filter=True, label="Type")
    workplace: Workplace = field(default=Workplace.ONSITE, filter=True)
    location: str | None = field(search="B")
    pay_min: Money | None = field(min=0, section="Pay")
    pay_max: Money | None = field(min=0, sort=True, section="Pay")
    pay_unit: PayUnit | None = field(section="Pay")
    for_credit: bool = field(default=False, section="Pay", help="Counts towards a degree.")
    opens_on: date | None = field(sort=True, section="Dates")
    expires_on: date | None = field(sort=True, section="Dates", after="opens_on")
    openings: int | None = field(min=1, max=10_000, help="How many are hired.")
    gpa_min: Decimal | None = field(
        min=0, max=5, places=3, section="Who may apply", label="Least GPA"
    )
    majors: Tags | None = field(section="Who may apply")
    school_years: set[SchoolYear] | None = field(section="Who may apply")
    sponsors_visa: bool = field(default=False, section="Who may apply")
    documents: set[Document] | None = field(section="Application")
    external_link: Url | None = field(section="Application", help="Where one applies elsewhere.")
    decline_reason: str | None = field(help="Why it was declined.")
    description: LongText | None = field(search="C")
    application_count: int = rollup("applications", label="Applications")

    indexes = [index("status", "expires_on")]
    access = {
        "counselor": can(read=ALL),
        "recruiter_relations": can(read=ALL, create=True, update=ALL, delete=ALL),
        "front_desk": can(read=ALL),
    }
