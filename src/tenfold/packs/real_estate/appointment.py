"""Showings and other meetings, and open houses."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import (
    ALL,
    OWN,
    TEAM,
    Record,
    can,
    field,
    index,
    moment,
    pipeline,
    relation,
)
from tenfold.engine.types import LongText, Money, Ref, TimeZone, Url, User


class AppointmentKind(StrEnum):
    """What a meeting is for (RESO ShowingRequestType, and ours)."""

    FIRST_SHOWING = "first_showing"
    SECOND_SHOWING = "second_showing"
    INSPECTION = "inspection"
    WALK_THROUGH = "walk_through"
    BROKER_PREVIEW = "broker_preview"
    BROKER_PRICE_OPINION = "broker_price_opinion"
    LISTING_PRESENTATION = "listing_presentation"
    BUYER_CONSULTATION = "buyer_consultation"
    CMA_REVIEW = "cma_review"
    APPRAISAL = "appraisal"
    HOME_INSPECTION = "home_inspection"
    SIGNING = "signing"
    FINAL_WALK_THROUGH = "final_walk_through"
    CLOSING = "closing"


class AppointmentStatus(StrEnum):
    """Whether a meeting takes place (RESO ShowingAppointmentStatus, and ours)."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


class Method(StrEnum):
    """How people meet (RESO ShowingMethod)."""

    IN_PERSON = "in_person"
    VIRTUAL = "virtual"
    OTHER = "other"


_S = AppointmentStatus
_MOVES = {
    _S.PENDING: {_S.CONFIRMED, _S.DENIED, _S.CANCELLED},
    _S.CONFIRMED: {_S.PENDING, _S.CANCELLED, _S.COMPLETED, _S.NO_SHOW},
    _S.DENIED: set[_S](),
    _S.CANCELLED: {_S.PENDING},
    _S.COMPLETED: set[_S](),
    _S.NO_SHOW: {_S.PENDING},
}


class Appointment(
    Record,
    plural="appointments",
    icon="calendar",
    guide="Book a showing; it stands in the calendar and on your home page.",
):
    """A showing or another meeting with a client, with what came of it."""

    title: str = field(search="A", title=True)
    kind: AppointmentKind = field(
        default=AppointmentKind.FIRST_SHOWING, filter=True, reso="ShowingRequestType"
    )
    status: AppointmentStatus = pipeline(
        default=AppointmentStatus.PENDING, moves=_MOVES, reso="ShowingAppointmentStatus"
    )
    starts_at: datetime = field(sort=True, filter=True, reso="ShowingStartTime")
    ends_at: datetime = field(after="starts_at", reso="ShowingEndTime")
    time_zone: TimeZone | None = field(help="Where it takes place.")
    method: Method = field(default=Method.IN_PERSON, reso="ShowingMethod")
    location: str | None = field(search="C")
    meeting_link: Url | None = field(help="Where a virtual meeting takes place.")
    assignee: User | None = field(
        filter=True, help="Who goes there.", handed_over="status IN ('pending', 'confirmed')"
    )
    client: Ref | None = relation("client", back="appointments", on_delete="clear")
    lead: Ref | None = relation("lead", back="appointments", on_delete="clear")
    listing: Ref | None = relation("listing", back="appointments", on_delete="clear")
    escrow: Ref | None = relation("escrow", back="appointments", on_delete="clear")
    buyer_agreement: Ref | None = relation(
        "buyer_agreement",
        back="appointments",
        on_delete="clear",
        help="The written agreement that a showing to a buyer needs.",
    )
    feedback_interest: int | None = field(min=1, max=5, section="Feedback", label="Interest")
    feedback_price: Money | None = field(min=0, section="Feedback", label="Price opinion")
    feedback: LongText | None = field(search="D", section="Feedback")
    notes: LongText | None = field(search="D")

    indexes = [
        index("owner", "starts_at"),
        index("assignee", "starts_at"),
        index("listing", "starts_at"),
    ]
    agenda = [
        moment(
            "starts_at", "meeting", open={"status": ["pending", "confirmed"]}, people=["assignee"]
        )
    ]
    access = {
        "agent": can(read=TEAM, create=True, update=OWN, delete=OWN),
        "team_lead": can(read=TEAM, create=True, update=TEAM, delete=TEAM),
        "coordinator": can(read=ALL, create=True, update=ALL, delete=ALL),
        "broker": can(read=ALL, create=True, update=ALL, delete=ALL),
    }


class OpenHouseStatus(StrEnum):
    """Whether an open house takes place (RESO OpenHouseStatus)."""

    ACTIVE = "active"
    CANCELED = "canceled"
    ENDED = "ended"


class OpenHouseKind(StrEnum):
    """Whom an open house is for (RESO OpenHouseType)."""

    PUBLIC = "public"
    BROKER = "broker"
    OFFICE = "office"
    LIVESTREAM_PUBLIC = "livestream_public"
    LIVESTREAM_BROKER = "livestream_broker"


_O = OpenHouseStatus


class OpenHouse(Record, plural="open_houses", icon="calendar-days"):
    """Hours in which a listing may be visited without an appointment (RESO OpenHouse)."""

    title: str = field(search="A", title=True)
    listing: Ref = relation("listing", back="open_houses")
    starts_at: datetime = field(sort=True, filter=True, reso="OpenHouseStartTime")
    ends_at: datetime = field(after="starts_at", reso="OpenHouseEndTime")
    kind: OpenHouseKind = field(default=OpenHouseKind.PUBLIC, filter=True, reso="OpenHouseType")
    status: OpenHouseStatus = pipeline(
        default=OpenHouseStatus.ACTIVE,
        reso="OpenHouseStatus",
        moves={
            _O.ACTIVE: {_O.CANCELED, _O.ENDED},
            _O.CANCELED: {_O.ACTIVE},
            _O.ENDED: set[_O](),
        },
    )
    host: Ref | None = relation(
        "agent", back="open_houses", on_delete="clear", reso="ShowingAgentKey"
    )
    visitor_count: int | None = field(min=0, max=100_000, label="Visitors")
    remarks: LongText | None = field(search="D", reso="OpenHouseRemarks")

    agenda = [moment("starts_at", "meeting", open={"status": ["active"]})]
    access = {
        "agent": can(read=ALL, create=True, update=OWN, delete=OWN),
        "team_lead": can(read=ALL, create=True, update=TEAM, delete=TEAM),
        "coordinator": can(read=ALL, create=True, update=ALL, delete=ALL),
        "broker": can(read=ALL, create=True, update=ALL, delete=ALL),
    }
