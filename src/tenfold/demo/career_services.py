"""A university's career centre: students, employers, postings, applications, advising, outcomes."""

from __future__ import annotations

from datetime import date, timedelta

from tenfold.demo import words
from tenfold.demo.dice import Dice
from tenfold.demo.maker import Body, Made, Maker
from tenfold.engine.access import Person

_YEARS = {"freshman": 3, "sophomore": 2, "junior": 1, "senior": 0, "masters": 1, "alumni": -1}
_WAY = {
    "saved": 4,
    "applied": 12,
    "under_review": 8,
    "phone_screen": 5,
    "interview": 6,
    "final_round": 2,
    "offer": 3,
    "accepted": 4,
    "declined": 7,
    "withdrawn": 2,
    "offer_declined": 1,
}
_ADVISING = {
    "resume_review": 6,
    "career_exploration": 4,
    "mock_interview": 3,
    "job_search": 4,
    "grad_school_planning": 2,
    "offer_evaluation": 1,
    "drop_in": 3,
}
_DESTINATIONS = {
    "employed_full_time": 52,
    "employed_part_time": 6,
    "continuing_education": 18,
    "service": 3,
    "military": 2,
    "seeking_employment": 8,
    "not_seeking": 2,
    "no_information": 9,
}
_WORK = ("employed_full_time", "employed_part_time")
_REMINDERS = {
    "appointment_completed": "How did it go after our meeting?",
    "application_stuck": "Your application has not moved",
    "offer_deadline": "Your offer needs an answer",
    "no_contact": "We have not seen you for a while",
    "graduating_without_outcome": "What comes after graduation?",
}


async def make(maker: Maker) -> None:
    """Everything of the career centre."""
    counselors = maker.staff.of_role("counselor")
    await maker.make("student", [_student(maker, n, counselors) for n in range(400)])
    await maker.make("employer", _employers(maker))
    await maker.make("job_posting", [_posting(maker) for _ in range(170)])
    await maker.make("application", _applications(maker, 400))
    await maker.make("advising_appointment", [_meeting(maker) for _ in range(280)])
    await maker.make("student_note", [_note(maker) for _ in range(190)])
    await maker.make("reminder", [_reminder(maker) for _ in range(130)])
    graduates = [s for s in maker["student"] if s["school_year"] == "alumni"]
    await maker.make("outcome", [_outcome(maker, one) for one in graduates])


def _student(maker: Maker, number: int, counselors: list[Person]) -> Body:
    dice = maker.dice
    name, (major, college, _) = dice.name(), dice.pick(words.MAJORS)
    year = dice.weigh(
        {"freshman": 2, "sophomore": 3, "junior": 4, "senior": 5, "masters": 2, "alumni": 8}
    )
    leaves = _graduation(dice, _YEARS[year])
    counselor = str(dice.pick(counselors).user)
    return {
        "first_name": name.first,
        "last_name": name.last,
        **dice.maybe(0.1, preferred_name=name.first[:3]),
        "username": f"demo{number + 1:05d}",
        "email": name.email,
        "phone": dice.phone(),
        "status": "alumni" if year == "alumni" else "active",
        "school_year": year,
        "education_level": "master" if year == "masters" else "bachelor",
        "college": college,
        "major": major,
        **dice.maybe(0.3, minors=[dice.pick(words.MAJORS)[0]]),
        "gpa": round(2.2 + dice.number(0, 180) / 100, 2),
        "starts_on": str(leaves.replace(year=leaves.year - 4, month=8, day=24)),
        "graduates_on": str(leaves),
        "currently_attending": year != "alumni",
        "campus": "Main",
        "counselor_id": counselor,
        "career_interests": dice.some([trade for _, trade in words.TRADES], 1, 3),
        "locations": dice.some([city[0] for city in words.CITIES], 1, 3),
        "skills": dice.some(words.SKILLS, 2, 5),
        **dice.maybe(0.3, labels=dice.some(("athlete", "transfer", "honors"), 1, 2)),
        "work_authorization": dice.weigh({"citizen": 8, "student_visa": 2}),
        "first_generation": dice.chance(0.3),
        "pell_eligible": dice.chance(0.3),
        "veteran": dice.chance(0.04),
        "owner_id": counselor,
        "created_at": dice.past(700, 20),
    }


def _graduation(dice: Dice, years: int) -> date:
    """The end of May so many years from now; for alumni one of the last three."""
    this = dice.today.replace(month=5, day=29)
    year = this.year + years + (1 if dice.today > this else 0)
    return this.replace(year=year - (dice.number(0, 2) if years < 0 else 0))


def _employers(maker: Maker) -> list[Body]:
    dice = maker.dice
    bodies: dict[str, Body] = {}
    managers = maker.staff.of_role("recruiter_relations")
    while len(bodies) < 110:
        name, industry, domain = dice.company()
        status = dice.weigh({"approved": 16, "pending": 2, "flagged": 1, "declined": 1})
        place = dice.place()
        manager = str(dice.pick(managers).user)
        bodies.setdefault(
            name,
            {
                "name": name,
                "status": status,
                "relationship": dice.weigh(
                    {"prospect": 3, "contacted": 3, "engaged": 4, "recruiting": 5, "partner": 2}
                ),
                "kind": dice.weigh(
                    {"for_profit": 7, "non_profit": 2, "government": 1, "startup": 2}
                ),
                "industry": industry,
                "size": dice.weigh({"11_50": 3, "51_250": 4, "251_1000": 3, "1001_10000": 2}),
                "domain": domain,
                "website": f"https://{domain}/careers",
                "phone": dice.phone(place.area_code),
                "headquarters": place.address,
                **dice.maybe(0.2, partner_tier=dice.pick(("bronze", "silver", "gold"))),
                "account_manager_id": manager,
                "recruits_on_campus": dice.chance(0.4),
                "sponsors_visas": dice.chance(0.3),
                "last_engaged_on": dice.day(-260, -3),
                "alumni_count": dice.number(0, 40),
                **({"flag_reason": "Asks students for money."} if status == "flagged" else {}),
                "owner_id": manager,
                "created_at": dice.past(700, 150),
            },
        )
    return list(bodies.values())


def _posting(maker: Maker) -> Body:
    dice = maker.dice
    employer = dice.pick([e for e in maker["employer"] if e["status"] == "approved"])
    title, kind = dice.pick(words.JOBS)
    status = dice.weigh({"approved": 12, "pending": 2, "in_progress": 1, "expired": 4, "closed": 3})
    opened = dice.date(-120, -30 if status == "expired" else -5)
    return {
        "title": title,
        "employer_id": str(employer.id),
        "status": status,
        "kind": kind,
        "workplace": dice.weigh({"onsite": 5, "hybrid": 4, "remote": 2}),
        "location": dice.pick(words.CITIES)[0] + ", CA",
        **_pay(dice, kind),
        "for_credit": kind == "internship" and dice.chance(0.3),
        "opens_on": str(opened),
        "expires_on": dice.day(-30, -1) if status == "expired" else dice.day(5, 70),
        "openings": dice.number(1, 6),
        **dice.maybe(0.4, gpa_min=dice.pick((2.5, 3.0, 3.3))),
        "majors": [major for major, _, _ in dice.some(words.MAJORS, 1, 3)],
        "school_years": dice.some(("sophomore", "junior", "senior", "masters"), 1, 3),
        "documents": dice.some(("resume", "cover_letter", "transcript"), 1, 3),
        "description": f"{employer['name']} looks for a {title.lower()} who learns quickly.",
        "owner_id": employer["owner_id"],
        "created_at": dice.past(150, 125),
    }


def _pay(dice: Dice, kind: str) -> Body:
    if kind == "volunteer":
        return {"pay_unit": "unpaid"}
    if kind == "full_time":
        least = dice.number(48, 95) * 1_000
        return {"pay_min": least, "pay_max": least + 12_000, "pay_unit": "year"}
    least = dice.number(17, 34)
    return {"pay_min": least, "pay_max": least + 5, "pay_unit": "hour"}


def _applications(maker: Maker, most: int) -> list[Body]:
    """Applications of students for open postings, no student twice for the same one."""
    dice = maker.dice
    open_ = [p for p in maker["job_posting"] if p["status"] in ("approved", "expired", "closed")]
    students = [s for s in maker["student"] if s["school_year"] != "freshman"]
    pairs: dict[tuple[int, int], Body] = {}
    while len(pairs) < most:
        one, other = dice.number(0, len(students) - 1), dice.number(0, len(open_) - 1)
        if (one, other) not in pairs:
            pairs[one, other] = _application(dice, students[one], open_[other])
    return list(pairs.values())


def _application(dice: Dice, student: Made, posting: Made) -> Body:
    status = dice.weigh(_WAY)
    applied = dice.past(110, 2)
    offered = status in ("offer", "accepted", "offer_declined")
    return {
        "student_id": str(student.id),
        "job_posting_id": str(posting.id),
        "employer_id": posting["employer_id"],
        "title": posting["title"],
        "status": status,
        "source": dice.weigh({"platform": 7, "external": 2, "fair": 1}),
        **({} if status == "saved" else {"applied_at": applied.isoformat()}),
        "stage_since": (applied + (dice.now - applied) * 0.6).isoformat(),
        **dice.maybe(0.4, next_step="Send a thank-you note", next_step_on=dice.day(-2, 14)),
        **({"offer_salary": dice.number(50, 98) * 1_000} if offered else {}),
        **({"offer_deadline": dice.day(1, 21)} if status == "offer" else {}),
        "owner_id": student["owner_id"],
        "created_at": applied,
    }


def _meeting(maker: Maker) -> Body:
    dice = maker.dice
    student = dice.pick(maker["student"])
    kind = dice.weigh(_ADVISING)
    begins = dice.moment(-90, 20)
    over = begins < dice.now
    status = "scheduled"
    if over:
        status = dice.weigh({"completed": 14, "no_show": 2, "cancelled_by_student": 2})
    elif dice.chance(0.2):
        status = "requested"
    done: Body = {}
    if status == "completed":
        done = {
            "summary": "Went through the papers and agreed on two changes.",
            "competencies": dice.some(("communication", "professionalism", "technology"), 1, 2),
            "rating": dice.weigh({5: 6, 4: 3, 3: 1}),
        }
    return {
        "title": f"{kind.replace('_', ' ').capitalize()}: {_name(student)}",
        "student_id": str(student.id),
        "counselor_id": student["counselor_id"],
        "kind": kind,
        "status": status,
        "medium": dice.weigh({"in_person": 5, "video": 4, "phone": 1}),
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(minutes=30)).isoformat(),
        "location": f"Room {dice.number(101, 109)}",
        **done,
        **dice.maybe(0.3, follow_up_at=dice.moment(1, 30).isoformat()),
        "owner_id": student["owner_id"],
        "created_at": min(begins, dice.now) - timedelta(days=dice.number(1, 14)),
    }


def _note(maker: Maker) -> Body:
    dice = maker.dice
    met = dice.pick([a for a in maker["advising_appointment"] if a["status"] == "completed"])
    said = dice.pick(("is unsure about the major", "has two offers", "wants to stay in the region"))
    return {
        "title": dice.pick(("Advising note", "After the meeting", "Follow-up")),
        "student_id": met["student_id"],
        "at": met["starts_at"],
        "kind": dice.weigh({"advising": 6, "follow_up": 3, "concern": 1}),
        "privacy": dice.weigh({"staff": 6, "shared": 3, "private": 2}),
        "body": f"<p>The student {said}.</p>",
        "appointment_id": str(met.id),
        "owner_id": met["owner_id"],
        "created_at": met["created_at"],
    }


def _reminder(maker: Maker) -> Body:
    dice = maker.dice
    student = dice.pick(maker["student"])
    trigger = dice.pick(list(_REMINDERS))
    due = dice.moment(-40, 30)
    over = due < dice.now
    return {
        "subject": _REMINDERS[trigger],
        "student_id": str(student.id),
        "trigger": trigger,
        "status": dice.weigh({"sent": 6, "stopped": 2}) if over else "scheduled",
        "delay_days": dice.pick((2, 3, 7, 14)),
        "channel": dice.weigh({"email": 6, "sms": 1, "in_app": 2}),
        "due_at": due.isoformat(),
        **({"sent_at": due.isoformat()} if over else {}),
        "message": f"Dear {student['first_name']}, we would like to hear from you.",
        "owner_id": student["owner_id"],
        "created_at": min(due, dice.now) - timedelta(days=dice.number(2, 14)),
    }


def _outcome(maker: Maker, student: Made) -> Body:
    dice = maker.dice
    category = dice.weigh(_DESTINATIONS)
    leaves = date.fromisoformat(student["graduates_on"])
    major, college, code = next(m for m in words.MAJORS if m[0] == student["major"])
    body: Body = {
        "student_id": str(student.id),
        "class_year": leaves.year,
        "category": category,
        "title": category.replace("_", " ").capitalize(),
        "degree_level": student["education_level"],
        "major": major,
        "college": college,
        "cip_code": code,
        "owner_id": student["owner_id"],
        "created_at": dice.past(200, 10),
    }
    if category in _WORK:
        body |= _work(maker, category)
    elif category == "continuing_education":
        school = f"{dice.pick(words.CITIES)[0]} Graduate School"
        body |= {"title": f"{major} at {school}", "institution": school, "programme": major}
    if category != "no_information":
        body |= {
            "information_source": dice.weigh({"survey": 6, "linkedin": 3, "employer": 1}),
            "verified_on": dice.day(-150, -5),
        }
    return body


def _work(maker: Maker, category: str) -> Body:
    dice = maker.dice
    employer, (job, _) = dice.pick(maker["employer"]), dice.pick(words.JOBS)
    return {
        "title": f"{job} at {employer['name']}",
        "employment_kind": dice.weigh({"organisation": 9, "temporary": 1, "freelancer": 1}),
        "employer_id": str(employer.id),
        "employer_name": employer["name"],
        "job_title": job,
        "city": dice.pick(words.CITIES)[0],
        "state": "CA",
        "country": "US",
        **({"salary": dice.number(46, 104) * 1_000} if category == "employed_full_time" else {}),
        "related_to_major": dice.chance(0.75),
        "obtained_through": dice.weigh({"career_services": 4, "internship": 3, "network": 2}),
    }


def _name(student: Made) -> str:
    return f"{student['first_name']} {student['last_name']}"
