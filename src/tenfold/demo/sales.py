"""Companies, contacts and deals, and what is done about records of every type."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from tenfold.demo import words
from tenfold.demo.dice import Dice
from tenfold.demo.maker import Body, Made, Maker
from tenfold.engine.access import Person

_TAGS = {
    "vip": "purple",
    "newsletter": "blue",
    "trade fair": "orange",
    "renewal": "green",
    "at risk": "red",
    "partner": "pink",
    "investor": "yellow",
    "past client": "grey",
}
_STAGES = {
    "qualification": (14, 10),
    "discovery": (16, 25),
    "proposal": (16, 50),
    "negotiation": (12, 75),
    "won": (24, 100),
    "lost": (18, 0),
}
_PRODUCTS = ("Annual plan", "Pilot", "Renewal", "Expansion", "Support contract", "Training")


async def make(maker: Maker) -> None:
    """Tags, companies, contacts, deals and quotas."""
    dice = maker.dice
    await maker.make("tag", [_tag(dice, name) for name in _TAGS])
    await maker.make("company", _companies(maker, 130))
    await maker.make("contact", [_contact(maker) for _ in range(320)])
    await maker.make("deal", [_deal(maker) for _ in range(170)])
    await maker.make("quota", _quotas(maker))


def _tag(dice: Dice, name: str) -> Body:
    return {"name": name, "colour": _TAGS[name], "created_at": dice.past(400, 200)}


def _companies(maker: Maker, most: int) -> list[Body]:
    """Companies with different names."""
    bodies: dict[str, Body] = {}
    while len(bodies) < most:
        body = _company(maker)
        bodies.setdefault(body["name"], body)
    return list(bodies.values())


def _company(maker: Maker) -> Body:
    dice = maker.dice
    name, industry, domain = dice.company()
    place = dice.place()
    return {
        "name": name,
        "domain": domain,
        "website": f"https://{domain}",
        "kind": dice.weigh({"prospect": 5, "customer": 4, "partner": 1, "vendor": 1}),
        "industry": industry,
        "size": dice.weigh({"2_10": 3, "11_50": 5, "51_200": 4, "201_1000": 2}),
        "phone": dice.phone(place.area_code),
        "address": place.address,
        "country": "United States",
        **dice.maybe(0.6, annual_revenue=dice.number(4, 900) * 100_000),
        **dice.maybe(0.4, tags=dice.some(list(_TAGS), 1, 2)),
        "description": f"{industry} in and around {place.city}.",
        "owner_id": str(dice.pick(maker.staff.of_team("Sales")).user),
        "created_at": dice.past(540, 5),
    }


def _contact(maker: Maker) -> Body:
    dice = maker.dice
    name, place = dice.name(), dice.place()
    company = dice.pick(maker["company"]) if dice.chance(0.8) else None
    teams = maker.staff.of_team("Sales", "North office", "South office", "Career centre")
    return {
        "first_name": name.first,
        "last_name": name.last,
        "email": name.email,
        "phone": dice.phone(place.area_code),
        **dice.maybe(0.4, mobile_phone=dice.phone(place.area_code)),
        **({"company_id": str(company.id), "company_name": company["name"]} if company else {}),
        "job_title": dice.pick(words.JOB_TITLES),
        "source": dice.weigh(
            {"manual": 6, "import": 5, "hubspot": 4, "google": 4, "salesforce": 3, "website": 3}
        ),
        "privacy": "everyone",  # what was synced was shared since
        "lifecycle_stage": dice.weigh({"lead": 4, "qualified": 3, "opportunity": 3, "customer": 4}),
        "address": place.address,
        **dice.maybe(0.3, birthday=dice.day(-70 * 365, -20 * 365)),
        **dice.maybe(0.1, do_not_call=True),
        **dice.maybe(0.4, sms_consent=True, consent_at=dice.past(300).isoformat()),
        **dice.maybe(0.7, last_contacted_at=dice.past(120).isoformat()),
        **dice.maybe(0.5, tags=dice.some(list(_TAGS), 1, 3)),
        **dice.maybe(0.3, notes=f"Met at the {place.city} trade fair; prefers a call after ten."),
        "owner_id": str(dice.pick(teams).user),
        "created_at": dice.past(540, 2),
    }


def _deal(maker: Maker) -> Body:
    dice = maker.dice
    stage = dice.weigh({stage: weight for stage, (weight, _) in _STAGES.items()})
    contact = dice.pick([c for c in maker["contact"] if c["company_id"]])
    closed = stage in ("won", "lost")
    return {
        "name": f"{contact['company_name']}: {dice.pick(_PRODUCTS).lower()}",
        "status": stage,
        "amount": dice.number(8, 480) * 250,
        "probability": _STAGES[stage][1],
        "close_date": dice.day(-240, -1) if closed else dice.day(-10, 120),
        "company_id": contact["company_id"],
        "contact_id": str(contact.id),
        "source": dice.weigh({"inbound": 5, "outbound": 3, "referral": 3, "event": 1}),
        "forecast_category": "commit" if stage == "negotiation" else "pipeline",
        **dice.maybe(0.6, next_step=dice.pick(("Send the offer", "Call back", "Book a demo"))),
        **(
            {"lost_reason": dice.pick(("price", "timing", "competitor"))} if stage == "lost" else {}
        ),
        "owner_id": str(dice.pick(maker.staff.of_team("Sales")).user),
        "created_at": dice.past(300, 3),
    }


def _quotas(maker: Maker) -> list[Body]:
    """This quarter and the one before, for each of the sales people."""
    today = maker.dice.today
    start = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    earlier = (start - timedelta(days=1)).replace(day=1)
    earlier = earlier.replace(month=earlier.month - 2)
    people = maker.staff.of_team("Sales")
    return [_quota(maker.dice, first, person) for first in (earlier, start) for person in people]


def _quota(dice: Dice, first: date, person: Person) -> Body:
    after = (first + timedelta(days=95)).replace(day=1)
    return {
        "name": f"{first.year} Q{(first.month - 1) // 3 + 1}",
        "person_id": str(person.user),
        "starts_on": first.isoformat(),
        "ends_on": (after - timedelta(days=1)).isoformat(),
        "amount": dice.number(8, 20) * 10_000,
        "owner_id": str(person.user),
        "created_at": dice.past(190, 180),
    }


# -- what is done about records


_SUBJECTS = {
    "call": ("Introduction", "Call back", "Questions about the offer", "Checked in"),
    "meeting": ("Kick-off", "Review", "Coffee", "Site visit"),
    "email": ("Sent the documents", "Answered questions", "Thanks and next steps"),
    "sms": ("Confirmed the time", "Running late"),
    "visit": ("Visited on site", "Walk-through"),
}
_CHORES = (
    "Call {name} back",
    "Send {name} the papers",
    "Prepare for {name}",
    "Ask {name} for feedback",
    "Check the figures for {name}",
)
_ABOUT = ("contact", "deal", "lead", "client", "listing", "escrow", "student", "employer")


async def make_work(maker: Maker) -> None:
    """Activities, tasks and notes about records of all packs."""
    await maker.make("activity", [_activity(maker) for _ in range(400)])
    await maker.make("task", [_task(maker) for _ in range(240)])
    await maker.make("note", [_note(maker) for _ in range(160)])


def _subject(maker: Maker) -> tuple[dict[str, Any], str, str]:
    """A record to do something about: its reference, what people call it, and its owner."""
    dice = maker.dice
    kind = dice.pick(_ABOUT)
    made: Made = dice.pick(maker[kind])
    name = made["name"] or made["property_address"] or made["first_name"]
    if name is None:
        name = made["address"]["street"]
    return {"type": kind, "id": str(made.id)}, str(name), str(made["owner_id"])


def _activity(maker: Maker) -> Body:
    dice = maker.dice
    about, name, owner = _subject(maker)
    kind = dice.weigh({"call": 5, "email": 5, "meeting": 3, "sms": 2, "visit": 1})
    at = dice.past(120)
    outcome = dice.weigh({"connected": 5, "left_message": 2, "no_answer": 2})
    return {
        "subject": f"{dice.pick(_SUBJECTS[kind])}: {name}",
        "kind": kind,
        "at": at.isoformat(),
        **({"minutes": dice.number(1, 12) * 5} if kind in ("call", "meeting", "visit") else {}),
        "direction": dice.pick(("inbound", "outbound")),
        **({"outcome": outcome} if kind == "call" else {}),
        "about": about,
        **({"contact_id": about["id"]} if about["type"] == "contact" else {}),
        **dice.maybe(0.5, body="Went through the open points and agreed on the next step."),
        "owner_id": owner,
        "created_at": at,
    }


def _task(maker: Maker) -> Body:
    dice = maker.dice
    about, name, owner = _subject(maker)
    due = dice.moment(-20, 20)
    done = due < dice.now and dice.chance(0.8)
    return {
        "title": dice.pick(_CHORES).format(name=name),
        "due_at": due.isoformat(),
        "done": done,
        **({"done_at": due.isoformat()} if done else {}),
        "priority": dice.weigh({"low": 2, "normal": 6, "high": 3, "urgent": 1}),
        "assignee_id": owner,
        "about": about,
        "owner_id": owner,
        "created_at": _before(dice, due),
    }


def _before(dice: Dice, moment: datetime) -> datetime:
    lately = dice.now - timedelta(minutes=dice.number(60, 4_000))
    return min(moment - timedelta(days=dice.number(1, 10)), lately)


def _note(maker: Maker) -> Body:
    dice = maker.dice
    about, name, owner = _subject(maker)
    said = dice.pick(
        ("asked for the papers by Friday", "prefers e-mail", "will decide with the family")
    )
    return {
        "title": dice.pick(("After the call", "Background", "To remember")),
        "body": f"<p><strong>{name}</strong> {said}.</p>",
        "about": about,
        "privacy": dice.weigh({"everyone": 5, "private": 1}),
        **dice.maybe(0.1, pinned=True),
        "owner_id": owner,
        "created_at": dice.past(90),
    }
