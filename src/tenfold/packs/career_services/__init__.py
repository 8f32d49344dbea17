"""University career services: students, employers, postings, applications, advising, outcomes."""

from tenfold.packs.career_services.advising_appointment import AdvisingAppointment
from tenfold.packs.career_services.application import Application
from tenfold.packs.career_services.employer import Employer
from tenfold.packs.career_services.job_posting import JobPosting
from tenfold.packs.career_services.outcome import Outcome
from tenfold.packs.career_services.reminder import Reminder
from tenfold.packs.career_services.student import Student
from tenfold.packs.career_services.student_note import StudentNote

RECORDS = (
    Student,
    Employer,
    JobPosting,
    Application,
    AdvisingAppointment,
    StudentNote,
    Reminder,
    Outcome,
)
