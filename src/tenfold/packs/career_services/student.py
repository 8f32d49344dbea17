"""Students and alumni whom the career centre advises."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tenfold.engine.declare import ALL, Record, can, field, index, pipeline, relation, rollup
from tenfold.engine.types import Decimal, Email, File, LongText, Phone, Ref, Tags, Url, User


class StudentStatus(StrEnum):
    """Whether a student is enrolled."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    GRADUATED = "graduated"
    ALUMNI = "alumni"
    WITHDRAWN = "withdrawn"


class SchoolYear(StrEnum):
    """How far a student has come (the ten names that Handshake uses)."""

    FRESHMAN = "freshman"
    SOPHOMORE = "sophomore"
    JUNIOR = "junior"
    SENIOR = "senior"
    MASTERS = "masters"
    MASTERS_OF_BUSINESS_ADMINISTRATION = "masters_of_business_administration"
    ACCELERATED_MASTERS = "accelerated_masters"
    DOCTORATE = "doctorate"
    POSTDOCTORAL_STUDIES = "postdoctoral_studies"
    ALUMNI = "alumni"


class EducationLevel(StrEnum):
    """The degree that a student works for."""

    CERTIFICATE = "certificate"
    ASSOCIATE = "associate"
    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTORAL = "doctoral"


class WorkAuthorization(StrEnum):
    """What a student may do for pay in the country of study."""

    CITIZEN = "citizen"
    PERMANENT_RESIDENT = "permanent_resident"
    STUDENT_VISA = "student_visa"
    WORK_VISA = "work_visa"
    OTHER = "other"


class Visibility(StrEnum):
    """Who may see a student's profile."""

    PRIVATE = "private"
    SCHOOL = "school"
    EMPLOYERS = "employers"


# What the law or a student's trust keeps from those who don't advise.
RESTRICTED = {
    "work_authorization",
    "veteran",
    "first_generation",
    "pell_eligible",
    "accommodations",
    "hold_reason",
}


class Student(
    Record,
    plural="students",
    icon="graduation-cap",
    cache=3600,
    guide="Bring in the students from your student system's file.",
):
    """A student or alumnus: studies, interests, wishes, and who advises them."""

    first_name: str = field(search="A", sort=True, title=True, aliases=["given name"])
    last_name: str = field(search="A", sort=True, title=True, aliases=["surname", "family name"])
    preferred_name: str | None = field(search="A", help="What they like to be called.")
    middle_name: str | None = field(max_length=200)
    pronouns: str | None = field(max_length=50)
    username: str | None = field(
        search="B",
        filter=True,
        unique=True,
        max_length=200,
        aliases=["student id", "school id"],
        help="The school's unchanging id; imports find a student by it.",
    )
    auth_identifier: str | None = field(max_length=200, help="Their name at the school's sign-in.")
    card_id: str | None = field(filter=True, max_length=100, help="The card's number at the kiosk.")
    email: Email | None = field(search="B", filter=True, aliases=["email address"])
    phone: Phone | None = field(search="C", filter=True)
    status: StudentStatus = pipeline(default=StudentStatus.ACTIVE)
    school_year: SchoolYear | None = field(filter=True, aliases=["school year name"])

    education_level: EducationLevel | None = field(
        section="Studies", aliases=["primary education education level name", "degree"]
    )
    college: str | None = field(
        filter=True, section="Studies", aliases=["primary education college name"]
    )
    department: str | None = field(section="Studies")
    major: str | None = field(
        search="C",
        filter=True,
        section="Studies",
        aliases=["primary major name", "primary education primary major name"],
    )
    other_majors: Tags | None = field(section="Studies")
    minors: Tags | None = field(section="Studies", aliases=["minor names"])
    gpa: Decimal | None = field(
        min=0, max=5, places=3, section="Studies", label="GPA", aliases=["cumulative gpa"]
    )
    starts_on: date | None = field(section="Studies", aliases=["start date"])
    graduates_on: date | None = field(
        sort=True,
        filter=True,
        section="Studies",
        aliases=["graduation date", "end date"],
        after="starts_on",
    )
    currently_attending: bool = field(default=True, section="Studies")
    campus: str | None = field(max_length=200, section="Studies", aliases=["campus name"])

    counselor: User | None = field(filter=True, help="Who advises them.", handed_over="true")
    career_interests: Tags | None = field(section="Wishes")
    industries: Tags | None = field(section="Wishes")
    locations: Tags | None = field(section="Wishes")
    skills: Tags | None = field(section="Wishes")
    resume: File | None = field(section="Documents")
    linkedin_url: Url | None = field(section="Documents", label="LinkedIn")
    labels: Tags | None = field(aliases=["system label names"], help="Words to group by.")
    visibility: Visibility = field(default=Visibility.SCHOOL, section="Privacy")
    ferpa_block: bool = field(
        default=False, section="Privacy", label="FERPA block", help="Nothing may be given out."
    )
    on_hold: bool = field(default=False, section="Privacy", help="May not book or apply.")
    hold_reason: str | None = field(section="Privacy")
    work_authorization: WorkAuthorization | None = field(section="Restricted")
    veteran: bool | None = field(section="Restricted")
    first_generation: bool | None = field(section="Restricted")
    pell_eligible: bool | None = field(section="Restricted", label="Pell eligible")
    accommodations: LongText | None = field(
        search="D", private=True, section="Restricted", help="What a disability calls for."
    )
    contact: Ref | None = relation("contact", back="students", on_delete="clear")
    application_count: int = rollup("applications", label="Applications")
    appointment_count: int = rollup("advising_appointments", label="Appointments")

    indexes = [index("counselor", "last_name")]
    access = {
        "counselor": can(read=ALL, create=True, update=ALL),
        "recruiter_relations": can(read=ALL, hide=RESTRICTED),
        "front_desk": can(read=ALL, create=True, update=ALL, hide=RESTRICTED),
    }
