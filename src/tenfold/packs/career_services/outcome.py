"""What graduates do first: the survey that schools report by the standards of NACE."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, computed, field, index, relation
from tenfold.engine.types import LongText, Money, Ref
from tenfold.packs.career_services.student import EducationLevel


class OutcomeCategory(StrEnum):
    """What a graduate does (the categories of NACE's first-destination survey)."""

    EMPLOYED_FULL_TIME = "employed_full_time"
    EMPLOYED_PART_TIME = "employed_part_time"
    SERVICE = "service"
    MILITARY = "military"
    CONTINUING_EDUCATION = "continuing_education"
    SEEKING_EMPLOYMENT = "seeking_employment"
    SEEKING_EDUCATION = "seeking_education"
    NOT_SEEKING = "not_seeking"
    NO_INFORMATION = "no_information"


class EmploymentKind(StrEnum):
    """How an employed graduate is employed."""

    ORGANISATION = "organisation"
    TEMPORARY = "temporary"
    FREELANCER = "freelancer"
    ENTREPRENEUR = "entrepreneur"
    FELLOWSHIP = "fellowship"
    FACULTY = "faculty"


class ObtainedThrough(StrEnum):
    """What led to it."""

    CAREER_SERVICES = "career_services"
    INTERNSHIP = "internship"
    FACULTY = "faculty"
    FAIR = "fair"
    NETWORK = "network"
    ONLINE = "online"
    OTHER = "other"


class InformationSource(StrEnum):
    """Who said so."""

    SURVEY = "survey"
    LINKEDIN = "linkedin"
    EMPLOYER = "employer"
    FACULTY = "faculty"
    PARENT = "parent"
    CLEARINGHOUSE = "clearinghouse"


_KNOWN = "{t}.category <> 'no_information'"
_PLACED = """{t}.category IN ('employed_full_time', 'employed_part_time', 'service', 'military',
    'continuing_education')"""


class Outcome(Record, plural="outcomes", icon="flag", belongs_to="student"):
    """A graduate's first destination: work, service, study or still looking."""

    student: Ref = relation("student", back="outcomes")
    title: str | None = field(search="A", title=True, help="Like Analyst at Example Bank.")
    class_year: int = field(
        min=1900, max=2200, sort=True, filter=True, help="Graduates of 1 July to 30 June."
    )
    category: OutcomeCategory = field(default=OutcomeCategory.NO_INFORMATION, filter=True)
    known: bool = computed(_KNOWN, help="Counts for the knowledge rate.")
    placed: bool = computed(_PLACED, help="Counts for the career outcomes rate.")
    degree_level: EducationLevel | None = field(filter=True)
    major: str | None = field(filter=True)
    college: str | None = field(filter=True)
    cip_code: str | None = field(max_length=20, label="CIP code", help="Like 11.0701.")
    employment_kind: EmploymentKind | None = field(section="Work")
    employer: Ref | None = relation("employer", back="outcomes", on_delete="clear", section="Work")
    employer_name: str | None = field(search="B", section="Work")
    job_title: str | None = field(search="B", section="Work")
    city: str | None = field(max_length=200, section="Work")
    state: str | None = field(max_length=200, section="Work")
    country: str | None = field(max_length=100, section="Work")
    salary: Money | None = field(min=0, sort=True, section="Work", help="The base for a year.")
    first_year_bonus: Money | None = field(min=0, section="Work", help="Only what is guaranteed.")
    starts_on: date | None = field(section="Work")
    related_to_major: bool | None = field(section="Work")
    obtained_through: ObtainedThrough | None = field(section="Work")
    institution: str | None = field(search="B", section="Study")
    programme: str | None = field(section="Study")
    information_source: InformationSource | None = field(filter=True, section="Survey")
    verified_on: date | None = field(section="Survey")
    comments: LongText | None = field(section="Survey")

    indexes = [index("class_year", "category")]
    access = {
        "counselor": can(read=ALL, create=True, update=ALL),
        "recruiter_relations": can(read=ALL, hide={"salary", "first_year_bonus"}),
    }
