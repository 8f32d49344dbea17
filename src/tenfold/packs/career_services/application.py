"""A student's way to one job, stage by stage."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from tenfold.engine.declare import (
    ALL,
    Record,
    can,
    computed,
    field,
    index,
    moment,
    pipeline,
    relation,
)
from tenfold.engine.types import File, LongText, Money, Ref


class ApplicationStatus(StrEnum):
    """How far an application has come."""

    SAVED = "saved"
    APPLIED = "applied"
    UNDER_REVIEW = "under_review"
    PHONE_SCREEN = "phone_screen"
    INTERVIEW = "interview"
    FINAL_ROUND = "final_round"
    OFFER = "offer"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    OFFER_DECLINED = "offer_declined"
    RENEGED = "reneged"


class ApplicationSource(StrEnum):
    """Where the student applied."""

    PLATFORM = "platform"
    EXTERNAL = "external"
    FAIR = "fair"
    REFERRAL = "referral"


class Schedule(StrEnum):
    """The place in an on-campus interview schedule (Handshake's words)."""

    SUBMITTED = "submitted"
    PRIMARY = "primary"
    ALTERNATE = "alternate"


_S = ApplicationStatus
_GOING = (_S.APPLIED, _S.UNDER_REVIEW, _S.PHONE_SCREEN, _S.INTERVIEW, _S.FINAL_ROUND)
# A later stage may follow any earlier one, since employers skip some; ended ones stay ended.
_MOVES = {
    _S.SAVED: {_S.APPLIED, _S.WITHDRAWN},
    **{stage: {*_GOING, _S.OFFER, _S.DECLINED, _S.WITHDRAWN} - {stage} for stage in _GOING},
    _S.OFFER: {_S.ACCEPTED, _S.OFFER_DECLINED, _S.DECLINED, _S.WITHDRAWN},
    _S.ACCEPTED: {_S.RENEGED},
    _S.DECLINED: {_S.UNDER_REVIEW},
    _S.WITHDRAWN: {_S.APPLIED},
    _S.OFFER_DECLINED: set[_S](),
    _S.RENEGED: set[_S](),
}
# Handshake knows four states; ours map to them for exports.
_HANDSHAKE = """CASE WHEN {t}.status IN ('saved', 'applied') THEN 'pending'
    WHEN {t}.status IN ('accepted', 'reneged') THEN 'hired'
    WHEN {t}.status IN ('declined', 'withdrawn', 'offer_declined') THEN 'declined'
    ELSE 'reviewed' END"""


class Application(Record, plural="applications", icon="clipboard-list", belongs_to="student"):
    """A student's application for a posting, from saved to hired or not."""

    student: Ref = relation("student", back="applications")
    job_posting: Ref = relation("job_posting", back="applications")
    employer: Ref | None = relation("employer", back="applications", on_delete="clear")
    title: str | None = field(
        search="A", title=True, help="The job's title, kept also when the posting is gone."
    )
    status: ApplicationStatus = pipeline(default=ApplicationStatus.APPLIED, moves=_MOVES)
    handshake_status: str = computed(_HANDSHAKE, help="Pending, reviewed, hired or declined.")
    source: ApplicationSource = field(default=ApplicationSource.PLATFORM, filter=True)
    applied_at: datetime | None = field(sort=True, filter=True)
    stage_since: datetime | None = field(sort=True, help="Since when it is at this stage.")
    schedule: Schedule | None = field(label="Interview schedule")
    next_step: str | None = field()
    next_step_on: date | None = field(sort=True)
    resume: File | None = field(section="Documents")
    cover_letter: LongText | None = field(section="Documents")
    offer_salary: Money | None = field(min=0, section="Offer")
    offer_bonus: Money | None = field(min=0, section="Offer")
    offer_deadline: date | None = field(sort=True, section="Offer")
    decline_reason: str | None = field()

    indexes = [index("student", "status"), index("job_posting", "status"), index("owner", "status")]
    agenda = [
        moment("offer_deadline", "deadline", open={"status": ["offer"]}),
        moment(
            "next_step_on",
            "deadline",
            open={"status": ["saved", "applied", "under_review", "interview", "final_round"]},
        ),
    ]
    access = {
        "counselor": can(read=ALL, create=True, update=ALL, delete=ALL),
        "recruiter_relations": can(read=ALL),
        "front_desk": can(read=ALL, hide={"offer_salary", "offer_bonus"}),
    }
