"""The listings of a brokerage and their escrows, with dates that fit together."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tenfold.demo import words
from tenfold.demo.dice import Dice
from tenfold.demo.maker import Body, Made, Maker

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


async def make(maker: Maker) -> None:
    """Listings in every status, and an escrow for each that is or was under contract."""
    statuses = [status for status, many in _LISTED.items() for _ in range(many)]
    await maker.make("listing", [_listing(maker, status) for status in statuses])
    await maker.make("escrow", _escrows(maker))


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
        **({"close_price": _round(dice.near(price, 0.05))} if status == "closed" else {}),
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
        "created_at": at_five(dates["listing_contract_date"]),
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
    price = listing["close_price"] or _round(dice.near(listing["list_price"], 0.04))
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
        "buyer_names": names(client) if side == "buying" else dice.name().full,
        "seller_names": names(client) if side == "listing" else dice.name().full,
        "escrow_officer": dice.name().full,
        "title_company": f"{dice.pick(words.COMPANY_FIRST)} Title",
        "listing_agent_id": listing["agent_id"],
        "owner_id": listing["owner_id"],
        "created_at": at_five(str(accepted)),
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
        "purchase_price": _round(dice.near(listing["list_price"], 0.04)),
        "listing_id": str(listing.id),
        "client_id": listing["seller_id"],
        "acceptance_date": str(accepted),
        "close_date": str(accepted + timedelta(days=32)),
        "cancellation_reason": dice.pick(("inspection", "financing", "appraisal_gap")),
        "listing_agent_id": listing["agent_id"],
        "owner_id": listing["owner_id"],
        "created_at": at_five(str(accepted)),
    }


def _round(price: float) -> int:
    return int(price) // 500 * 500


def names(client: Made) -> str:
    """What a client is called."""
    return f"{client['first_name']} {client['last_name']}"


def at_five(day: Any) -> datetime:
    """A moment of a day."""
    return datetime.combine(date.fromisoformat(day), time(17), UTC)
