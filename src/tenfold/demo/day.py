"""A day of the demo organisation's owner, so that their home page is not empty."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenfold.accounts import personal
from tenfold.demo.maker import Body, Made, Maker

# What is to be done, about which type of record, and how many hours from nine o'clock of today.
_CHORES = (
    ("Call {name} back", "lead", -42, "high"),
    ("Send {name} the disclosures", "escrow", -17, "urgent"),
    ("Look over the listing of {name}", "listing", 1, "normal"),
    ("Prepare the review with {name}", "company", 3, "normal"),
    ("Ask {name} for feedback", "client", 6, "low"),
    ("Check the offer for {name}", "deal", 25, "high"),
    ("Write to {name}", "employer", 51, "normal"),
)
_MEETINGS = (
    ("Listing presentation", "listing_presentation", 2),
    ("Buyer consultation", "buyer_consultation", 5),
    ("First showing", "first_showing", 26),
)
_LEADS = (
    ("Ingrid", "Solheim", "referral", "immediate", 940_000),
    ("Mateo", "Ferreira", "open_house", "1_3_months", 715_000),
    ("Leilani", "Kahale", "website", "3_6_months", 1_120_000),
)
# Lists that people come back to: name, path, what stands behind the `?`.
_VIEWS = (
    (
        "Hot and promising",
        "leads",
        'where={"any":[{"status":"hot"},{"score[gte]":"80"}]}&sort=-score',
    ),
    ("Leads by stage", "leads", "as=board"),
    ("Closing soon", "escrows", "close_date[gte]=today&close_date[lt]=%2B31d&sort=close_date"),
    ("My open tasks", "tasks", "done=false&assignee_id=me&sort=due_at"),
    ("Showings this week", "appointments", "as=calendar&span=week"),
    ("Applications in progress", "applications", "as=board"),
)
_PINNED = 3


async def make(maker: Maker) -> None:
    """Tasks and appointments of yesterday, today and tomorrow, and leads that wait."""
    owner = str(maker.staff.owner.user)
    await maker.make("task", [_task(maker, owner, n) for n in range(len(_CHORES))])
    await maker.make("appointment", [_meeting(maker, owner, n) for n in range(len(_MEETINGS))])
    await maker.make("lead", [_lead(maker, owner, n) for n in range(len(_LEADS))])
    views = await maker.make("saved_view", [_view(maker, owner, n) for n in range(len(_VIEWS))])
    for one in views[:_PINNED]:
        await personal.keep(maker.tx, "pin", str(one.id))


def _nine(maker: Maker, hours: int) -> datetime:
    morning = maker.dice.now.replace(hour=17, minute=0, second=0, microsecond=0)  # in California
    return morning + timedelta(hours=hours)


def _task(maker: Maker, owner: str, place: int) -> Body:
    words, kind, hours, priority = _CHORES[place]
    about = maker[kind][place]
    return {
        "title": words.format(name=_name(about)),
        "due_at": _nine(maker, hours).isoformat(),
        "priority": priority,
        "assignee_id": owner,
        "about": {"type": kind, "id": str(about.id)},
        "owner_id": owner,
        "created_at": maker.dice.now - timedelta(days=3, hours=place),
    }


def _meeting(maker: Maker, owner: str, place: int) -> Body:
    words, kind, hours = _MEETINGS[place]
    client = maker["client"][place]
    begins = _nine(maker, hours)
    return {
        "title": f"{words} with {_name(client)}",
        "kind": kind,
        "status": "confirmed",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(minutes=45)).isoformat(),
        "time_zone": "America/Los_Angeles",
        "location": "Our office",
        "assignee_id": owner,
        "client_id": str(client.id),
        "owner_id": owner,
        "created_at": maker.dice.now - timedelta(days=2, hours=place),
    }


def _lead(maker: Maker, owner: str, place: int) -> Body:
    first, last, source, timeline, budget = _LEADS[place]
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}@example.com".lower(),
        "source": source,
        "timeline": timeline,
        "budget": budget,
        "owner_id": owner,
        "created_at": maker.dice.now - timedelta(hours=2 + 5 * place),
    }


def _view(maker: Maker, owner: str, place: int) -> Body:
    name, path, parameters = _VIEWS[place]
    return {
        "name": name,
        "path": path,
        "parameters": parameters,
        "privacy": "everyone",
        "owner_id": owner,
        "created_at": maker.dice.now - timedelta(days=9, hours=place),
    }


def _name(one: Made) -> str:
    """What people call a record."""
    full = f"{one['first_name'] or ''} {one['last_name'] or ''}".strip()
    return str(one["name"] or one["property_address"] or full or one["address"]["street"])
