"""A brokerage with two offices: agents, leads, clients, listings, escrows, appointments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tenfold.demo import words
from tenfold.demo.dice import Dice
from tenfold.demo.maker import Body, Made, Maker
from tenfold.engine.access import Person

_LISTED = {
    "active": 68,
    "pending": 30,
    "active_under_contract": 16,
    "closed": 62,
    "coming_soon": 8,
    "expired": 9,
    "withdrawn": 8,
    "canceled": 6,
    "hold": 4,
}
_SOLD = ("pending", "active_under_contract", "closed")
# What is done in an escrow, in order, with the share of the time at which it usually is.
_MILESTONES = (
    ("escrow_opened", 0.05),
    ("emd_in", 0.1),
    ("disclosures", 0.25),
    ("inspections", 0.4),
    ("appraisal", 0.55),
    ("loan_approval", 0.7),
    ("contingencies_removed", 0.85),
    ("docs_signed", 0.95),
    ("funded", 1.0),
)
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
    statuses = [status for status, many in _LISTED.items() for _ in range(many)]
    await maker.make("listing", [_listing(maker, status) for status in statuses])
    await maker.make("escrow", _escrows(maker))
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


# -- listings


def _listing(maker: Maker, status: str) -> Body:
    dice = maker.dice
    place = dice.place()
    seller = dice.pick([c for c in maker["client"] if c["kind"] in ("seller", "landlord")])
    beds = dice.weigh({1: 1, 2: 4, 3: 7, 4: 5, 5: 1})
    area = int(dice.near(420 * beds + 380, 0.2))
    price = int(dice.near(area * place.per_sqft, 0.15)) // 5_000 * 5_000 + dice.pick((0, 4_900))
    dates = _listing_dates(dice, status)
    return {
        "address": place.address,
        "status": status,
        "list_price": price,
        "original_list_price": int(price * dice.pick((1.0, 1.0, 1.03, 1.05))),
        **({"close_price": int(dice.near(price, 0.05))} if status == "closed" else {}),
        "listing_id": f"TD{dice.number(10_000_000, 99_999_999)}",
        "property_sub_type": dice.weigh(
            {"single_family_residence": 7, "condominium": 3, "townhouse": 2, "duplex": 1}
        ),
        "agent_id": str(_agent_of(maker, seller["owner_id"])),
        "seller_id": str(seller.id),
        "bedrooms_total": beds,
        "bathrooms_total": dice.pick((1, 1.5, 2, 2.5, 3)),
        "living_area": area,
        "lot_size_square_feet": int(dice.near(area * 3, 0.4)),
        "year_built": dice.number(1908, dice.today.year - 1),
        "stories": dice.pick((1, 1, 2, 2, 3)),
        "garage_spaces": dice.number(0, 3),
        "pool": dice.chance(0.15),
        "heating": dice.some(("Central", "Forced air", "Heat pump"), 1, 1),
        "cooling": dice.some(("Central air", "Ceiling fans", "Whole house fan"), 0, 2),
        **dice.maybe(0.3, association_fee=dice.number(5, 60) * 10),
        "county": "Sacramento" if place.area_code == "916" else None,
        "subdivision": dice.pick(words.NEIGHBOURHOODS),
        "latitude": place.latitude,
        "longitude": place.longitude,
        "listing_agreement": "exclusive_right_to_sell",
        "occupant": dice.pick(("owner", "owner", "tenant", "vacant")),
        "showing_requirements": dice.some(("appointment_only", "lockbox", "occupied"), 1, 2),
        "lock_box_type": "combo",
        "lockbox_code": f"{dice.number(0, 9999):04d}",
        "public_remarks": _remarks(dice, beds),
        **dates,
        "owner_id": seller["owner_id"],
        "created_at": _at(dates["listing_contract_date"]),
    }


def _listing_dates(dice: Dice, status: str) -> Body:
    if status == "coming_soon":
        return {"listing_contract_date": dice.day(-6, -1), "expiration_date": dice.day(150, 180)}
    listed = dice.date(-330, -75) if status == "closed" else dice.date(-95, -20)
    dates: Body = {
        "listing_contract_date": (listed - timedelta(days=dice.number(1, 6))).isoformat(),
        "on_market_date": listed.isoformat(),
        "expiration_date": (listed + timedelta(days=180)).isoformat(),
    }
    if status == "closed":
        under = listed + timedelta(days=dice.number(5, 30))
        closing = min(under + timedelta(days=dice.number(28, 44)), dice.today - timedelta(days=1))
        dates |= {"purchase_contract_date": str(under), "close_date": str(closing)}
    elif status in _SOLD:
        dates["purchase_contract_date"] = dice.day(-18, -2)
    ended = {"withdrawn": "withdrawn_date", "canceled": "cancellation_date"}.get(status)
    if status == "expired":
        dates |= {"expiration_date": dice.day(-15, -1), "off_market_date": dice.day(-15, -1)}
    elif ended:
        dates[ended] = dice.day(-15, -1)
    return dates


def _remarks(dice: Dice, beds: int) -> str:
    first = dice.pick(("Sunny", "Quiet", "Well kept", "Freshly painted", "Light-filled"))
    second = dice.pick(
        ("a garden that asks for little", "oak floors", "a kitchen made for company")
    )
    third = dice.pick(("Close to schools and the river path.", "Ten minutes to downtown."))
    return f"{first} home with {beds} bedrooms, {second} and room to grow. {third}"


def _agent_of(maker: Maker, owner: str) -> str:
    return str(next(a.id for a in maker["agent"] if a["account_id"] == owner))


# -- escrows


def _escrows(maker: Maker) -> list[Body]:
    """One for each listing under contract or sold, and some that fell through."""
    dice = maker.dice
    bodies = [_escrow(maker, one) for one in maker["listing"] if one["status"] in _SOLD]
    lost = dice.some([o for o in maker["listing"] if o["status"] == "active"], 14, 14)
    return bodies + [_fallen_through(maker, one) for one in lost]


def _escrow(maker: Maker, listing: Made) -> Body:
    dice = maker.dice
    accepted = date.fromisoformat(listing["purchase_contract_date"])
    closed = listing["status"] == "closed"
    closing = accepted + timedelta(days=dice.number(28, 40))
    if closed:
        closing = date.fromisoformat(listing["close_date"])
    price = listing["close_price"] or int(dice.near(listing["list_price"], 0.04))
    side, client = _represented(maker, listing)
    loan = dice.chance(0.8)
    status = dice.weigh({"active": 7, "pending": 2, "on_hold": 1})
    address = listing["address"]
    return {
        "property_address": f"{address['street']}, {address['city']}",
        "escrow_number": f"DEMO-{dice.number(10_000, 99_999)}",
        "status": "closed" if closed else status,
        "milestone": "recorded" if closed else _milestone(dice, accepted, closing),
        "side": side,
        "purchase_price": price,
        "listing_id": str(listing.id),
        "client_id": str(client.id),
        "acceptance_date": str(accepted),
        "opened_date": str(accepted + timedelta(days=1)),
        "close_date": str(closing),
        **({"actual_close_date": str(closing), "recorded_date": str(closing)} if closed else {}),
        "inspection_deadline": str(accepted + timedelta(days=17)),
        "appraisal_deadline": str(accepted + timedelta(days=17)),
        "loan_deadline": str(accepted + timedelta(days=21)),
        "disclosures_due": str(accepted + timedelta(days=7)),
        "emd_amount": round(price * 0.03),
        "emd_due": str(accepted + timedelta(days=3)),
        "financing": dice.weigh({"conventional": 6, "fha": 2, "va": 1}) if loan else "cash",
        **(
            {"loan_amount": round(price * 0.8), "down_payment": price - round(price * 0.8)}
            if loan
            else {}
        ),
        **({"lender": f"{dice.company()[0]} Lending"} if loan else {}),
        "commission_rate": 2.5,
        "buyer_names": _names(client) if side == "buying" else dice.name().full,
        "seller_names": _names(client) if side == "listing" else dice.name().full,
        "escrow_officer": dice.name().full,
        "title_company": f"{dice.pick(words.COMPANY_FIRST)} Title",
        "listing_agent_id": listing["agent_id"],
        "owner_id": listing["owner_id"],
        "created_at": _at(str(accepted)),
    }


def _represented(maker: Maker, listing: Made) -> tuple[str, Made]:
    """Whom we work for in a sale: the listing's seller, or a buyer of the same agent."""
    buyers = [
        c
        for c in maker["client"]
        if c["owner_id"] == listing["owner_id"] and c["kind"] in ("buyer", "tenant")
    ]
    if buyers and maker.dice.chance(0.4):
        return "buying", maker.dice.pick(buyers)
    return "listing", next(c for c in maker["client"] if str(c.id) == listing["seller_id"])


def _milestone(dice: Dice, accepted: date, closing: date) -> str:
    share = (dice.today - accepted).days / max((closing - accepted).days, 1)
    return [name for name, at in _MILESTONES if at <= max(share, 0.05)][-1]


def _fallen_through(maker: Maker, listing: Made) -> Body:
    dice = maker.dice
    accepted = date.fromisoformat(listing["on_market_date"]) + timedelta(days=4)
    address = listing["address"]
    return {
        "property_address": f"{address['street']}, {address['city']}",
        "escrow_number": f"DEMO-{dice.number(10_000, 99_999)}",
        "status": "cancelled",
        "milestone": dice.pick(("inspections", "appraisal", "loan_approval")),
        "side": "listing",
        "purchase_price": int(dice.near(listing["list_price"], 0.04)),
        "listing_id": str(listing.id),
        "client_id": listing["seller_id"],
        "acceptance_date": str(accepted),
        "close_date": str(accepted + timedelta(days=32)),
        "cancellation_reason": dice.pick(("inspection", "financing", "appraisal_gap")),
        "listing_agent_id": listing["agent_id"],
        "owner_id": listing["owner_id"],
        "created_at": _at(str(accepted)),
    }


# -- agreements and meetings


def _agreement(maker: Maker, client: Made) -> Body:
    dice = maker.dice
    start = dice.date(-150, -2)
    return {
        "title": f"Buyer agreement with {_names(client)}",
        "client_id": str(client.id),
        "kind": dice.weigh({"exclusive": 6, "non_exclusive": 2, "touring": 1}),
        "status": dice.weigh({"signed": 7, "sent": 2, "draft": 1}),
        "starts_on": str(start),
        "ends_on": str(start + timedelta(days=dice.pick((90, 180)))),
        "signed_on": str(start),
        "compensation_rate": dice.pick((2, 2.25, 2.5)),
        "owner_id": client["owner_id"],
        "created_at": _at(str(start)),
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
        "title": f"{kind.replace('_', ' ').capitalize()} with {_names(client)}",
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


def _names(client: Made) -> str:
    return f"{client['first_name']} {client['last_name']}"


def _at(day: Any) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(17), UTC)
