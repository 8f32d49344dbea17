"""A brokerage with two offices: agents, leads, clients, listings, escrows, appointments."""

from __future__ import annotations

from datetime import datetime, timedelta

from tenfold.demo import homes, words
from tenfold.demo.dice import Dice
from tenfold.demo.homes import at_five, names
from tenfold.demo.maker import Body, Made, Maker
from tenfold.engine.access import Person

_SHOWINGS = {
    "first_showing": 6,
    "second_showing": 3,
    "buyer_consultation": 2,
    "listing_presentation": 2,
    "home_inspection": 1,
    "final_walk_through": 1,
}


async def make(maker: Maker) -> None:
    """Everything of the brokerage."""
    sellers = _sellers(maker)
    await maker.make("agent", _agents(maker, sellers))
    await maker.make("lead", [_lead(maker, sellers) for _ in range(270)])
    await maker.make("client", [_client(maker, sellers) for _ in range(190)])
    await homes.make(maker)
    agreements = [c for c in maker["client"] if c["kind"] == "buyer"][:90]
    await maker.make("buyer_agreement", [_agreement(maker, one) for one in agreements])
    await maker.make("appointment", [_appointment(maker) for _ in range(240)])
    await maker.make("open_house", [_open_house(maker) for _ in range(45)])


def _sellers(maker: Maker) -> list[Person]:
    """Who has clients: the agents and team leads of both offices."""
    return maker.staff.of_team("North office", "South office")


def _agents(maker: Maker, sellers: list[Person]) -> list[Body]:
    """Our own people, and those of other brokerages whom one meets."""
    dice = maker.dice
    bodies: list[Body] = []
    for number in range(14):
        own = sellers[number] if number < len(sellers) else None
        name = dice.name()
        shown = maker.staff.name(own) if own else name.full
        bodies.append(
            {
                "name": shown,
                "title": dice.pick(("Realtor", "Senior broker", "Broker associate")),
                "role": dice.pick(("listing_agent", "buyer_agent", "team_lead")),
                "email": f"{shown.lower().replace(' ', '.')}@example.com" if own else name.email,
                "phone": dice.phone("916"),
                "office": "Tenfold Demo Homes" if own else f"{dice.company()[0]} Realty",
                "license_number": f"DEMO{dice.number(100_000, 999_999):08d}",
                "license_expires": dice.day(-20, 900),
                **({"account_id": str(own.user)} if own else {}),
                "owner_id": str((own or maker.staff.of_role("broker")[0]).user),
                "created_at": dice.past(700, 300),
            }
        )
    return bodies


def _lead(maker: Maker, sellers: list[Person]) -> Body:
    dice = maker.dice
    name, created = dice.name(), dice.past(240, 1)
    budget = dice.number(12, 80) * 25_000
    stage = dice.weigh(
        {"new": 6, "contacted": 6, "qualified": 4, "nurture": 5, "hot": 3, "closed": 2, "lost": 3}
    )
    return {
        "first_name": name.first,
        "last_name": name.last,
        "email": name.email,
        "phone": dice.phone(),
        "status": stage,
        **dice.maybe(0.8, budget=budget, price_min=budget * 0.8, price_max=budget),
        "timeline": dice.weigh(
            {"immediate": 2, "1_3_months": 4, "3_6_months": 4, "6_12_months": 3, "exploring": 4}
        ),
        "preapproved": dice.chance(0.4),
        "engagement_count": 0 if stage == "new" else dice.number(1, 18),
        "source": dice.weigh(
            {"website": 6, "portal": 5, "referral": 4, "open_house": 3, "social_media": 2}
        ),
        "areas": dice.some(words.NEIGHBOURHOODS, 1, 3),
        "bedrooms_min": dice.number(1, 4),
        **dice.maybe(0.6, living=dice.pick(("owns", "rents", "with_family"))),
        **dice.maybe(0.2, must_sell_first=True),
        **dice.maybe(0.4, sms_consent=True),
        **dice.maybe(0.6, email_opt_in=True),
        **({} if stage == "new" else _touched(dice, created)),
        **dice.maybe(0.4, notes="Wants a garden and a short way to the train."),
        "owner_id": str(dice.pick(sellers).user),
        "created_at": created,
    }


def _touched(dice: Dice, created: datetime) -> Body:
    last = created + (dice.now - created) * dice.near(0.5, 0.9)
    return {
        "first_response_seconds": dice.weigh({120: 3, 600: 4, 3_600: 3, 90_000: 1}),
        "last_touch": last.isoformat(),
        "next_touch": dice.moment(-3, 21).isoformat(),
    }


def _client(maker: Maker, sellers: list[Person]) -> Body:
    dice = maker.dice
    name, place = dice.name(), dice.place()
    budget = dice.number(12, 60) * 25_000
    return {
        "first_name": name.first,
        "last_name": name.last,
        "email": name.email,
        "phone": dice.phone(place.area_code),
        "kind": dice.weigh({"buyer": 8, "seller": 8, "landlord": 1, "tenant": 1}),
        "status": dice.weigh({"active": 8, "inactive": 2}),
        "address": place.address,
        "source": dice.pick(("Referral", "Open house", "Website", "Past client")),
        **dice.maybe(0.3, referred_by=dice.name().full),
        **dice.maybe(0.6, budget_min=budget * 0.8, budget_max=budget),
        "areas": dice.some(words.NEIGHBOURHOODS, 1, 3),
        "bedrooms_min": dice.number(1, 4),
        **dice.maybe(0.3, anniversary=dice.day(-30 * 365, -365)),
        **dice.maybe(0.3, tags=dice.some(("vip", "past client", "investor"), 1, 2)),
        "owner_id": str(dice.pick(sellers).user),
        "created_at": dice.past(500, 70),
    }


def _agreement(maker: Maker, client: Made) -> Body:
    dice = maker.dice
    start = dice.date(-150, -2)
    return {
        "title": f"Buyer agreement with {names(client)}",
        "client_id": str(client.id),
        "kind": dice.weigh({"exclusive": 6, "non_exclusive": 2, "touring": 1}),
        "status": dice.weigh({"signed": 7, "sent": 2, "draft": 1}),
        "starts_on": str(start),
        "ends_on": str(start + timedelta(days=dice.pick((90, 180)))),
        "signed_on": str(start),
        "compensation_rate": dice.pick((2, 2.25, 2.5)),
        "owner_id": client["owner_id"],
        "created_at": at_five(str(start)),
    }


def _appointment(maker: Maker) -> Body:
    dice = maker.dice
    client = dice.pick(maker["client"])
    kind = dice.weigh(_SHOWINGS)
    listing = dice.pick([o for o in maker["listing"] if o["status"] != "coming_soon"])
    begins = dice.moment(-40, 25)
    shown = kind not in ("buyer_consultation", "listing_presentation")
    over = begins < dice.now
    status = dice.weigh({"completed": 8, "no_show": 1, "cancelled": 1}) if over else "confirmed"
    if not over and dice.chance(0.3):
        status = "pending"
    place = listing["address"]["street"] if shown else "Our office"
    feedback: Body = {}
    if status == "completed" and shown:
        feedback = {"feedback_interest": dice.number(1, 5), "feedback": "Liked the light."}
    return {
        "title": f"{kind.replace('_', ' ').capitalize()} with {names(client)}",
        "kind": kind,
        "status": status,
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(minutes=dice.pick((30, 45, 60)))).isoformat(),
        "time_zone": "America/Los_Angeles",
        "location": place,
        "assignee_id": client["owner_id"],
        "client_id": str(client.id),
        **({"listing_id": str(listing.id)} if shown else {}),
        **feedback,
        "owner_id": client["owner_id"],
        "created_at": min(begins, dice.now) - timedelta(days=dice.number(1, 7)),
    }


def _open_house(maker: Maker) -> Body:
    dice = maker.dice
    listing = dice.pick([o for o in maker["listing"] if o["status"] == "active"])
    begins = dice.moment(-25, 20)
    over = begins < dice.now
    return {
        "title": f"Open house, {listing['address']['street']}",
        "listing_id": str(listing.id),
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=2)).isoformat(),
        "status": "ended" if over else "active",
        "host_id": listing["agent_id"],
        **({"visitor_count": dice.number(2, 34)} if over else {}),
        "owner_id": listing["owner_id"],
        "created_at": min(begins, dice.now) - timedelta(days=dice.number(3, 9)),
    }
