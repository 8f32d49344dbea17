"""Card sets with their packs, drops that sold and that are to come, and what collectors hold."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from tenfold.demo import words
from tenfold.demo.dice import Dice
from tenfold.demo.maker import Body, Made, Maker

_SETS = (("Harbour Lights", "HARB1"), ("Night Garden", "NITE1"), ("The Clockmakers", "CLOK1"))
_PER_SET = 56
# How many cards of a set are of each rarity, and what a copy brings when it is given back.
_RARITIES = {
    "common": (28, 5),
    "uncommon": (14, 12),
    "rare": (8, 40),
    "epic": (4, 150),
    "legendary": (2, 600),
}
_RUNS = {"rare": 5_000, "epic": 1_000, "legendary": 100}
# In millionths; they add up to a million.
_ODDS = {
    "common": 700_000,
    "uncommon": 220_000,
    "rare": 65_000,
    "epic": 13_500,
    "legendary": 1_500,
}


async def make(maker: Maker) -> None:
    """Everything of the card studio."""
    await maker.make("card_set", [_set(maker, name, code) for name, code in _SETS])
    cards = [card for one in maker["card_set"] for card in _cards(maker, one)]
    await maker.make("card", cards)
    await maker.make("pack_type", [p for one in maker["card_set"] for p in _packs(one)])
    await maker.make("drop", _drops(maker))
    await maker.make("purchase", _purchases(maker, 120))
    await maker.change("drop", _supplies(maker))
    await maker.make("user_card", _copies(maker))


def _manager(maker: Maker) -> str:
    return str(maker.staff.of_role("drop_manager")[0].user)


def _set(maker: Maker, name: str, code: str) -> Body:
    dice = maker.dice
    return {
        "name": name,
        "code": code,
        "released_on": dice.day(-300, -40),
        "artist": dice.name().full,
        "description": f"{_PER_SET} cards about {name.lower()}.",
        "owner_id": _manager(maker),
        "created_at": dice.past(330, 310),
    }


def _cards(maker: Maker, card_set: Made) -> list[Body]:
    """The cards of a set, no two of one name."""
    dice = maker.dice
    names = [f"{a} {n}" for a in words.CARD_ADJECTIVES for n in words.CARD_NOUNS]
    chosen = dice.some(names, _PER_SET, _PER_SET)
    rarities = [rarity for rarity, (many, _) in _RARITIES.items() for _ in range(many)]
    return [
        {
            "name": name,
            "card_set_id": str(card_set.id),
            "number": number,
            "rarity": rarity,
            **({"print_run": _RUNS[rarity]} if rarity in _RUNS else {}),
            "refund_credits": _RARITIES[rarity][1],
            "artist": card_set["artist"],
            "year": str(dice.today.year),
            "medium": dice.pick(("Gouache", "Ink and wash", "Linocut", "Oil")),
            "traits": {"element": dice.pick(("tide", "ember", "stone", "wind"))},
            "owner_id": card_set["owner_id"],
            "created_at": card_set["created_at"] + timedelta(days=1),
        }
        for number, (name, rarity) in enumerate(zip(chosen, rarities, strict=True), 1)
    ]


def _packs(card_set: Made) -> list[Body]:
    made: list[Body] = []
    for size, price, many in (("Starter", 100, 3), ("Collector", 160, 5)):
        made.append(
            {
                "name": f"{card_set['name']} {size} pack",
                "card_set_id": str(card_set.id),
                "price": price,
                "cards_per_pack": many,
                "odds": _ODDS,
                "pity_after": 40,
                "odds_hash": _digest(_ODDS),
                "owner_id": card_set["owner_id"],
                "created_at": card_set["created_at"] + timedelta(days=2),
            }
        )
    return made


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


# -- drops and what was bought in them


_PLANS = (
    ("settled", -120),
    ("settled", -75),
    ("sold_out", -30),
    ("ended", -14),
    ("live", -1),
    ("scheduled", 6),
    ("scheduled", 20),
    ("draft", 45),
)
_OPEN = ("settled", "sold_out", "ended", "live")


def _drops(maker: Maker) -> list[Body]:
    """Drops of the past, of today and of the next weeks."""
    dice = maker.dice
    made: list[Body] = []
    for number, (status, days) in enumerate(_PLANS):
        pack = maker["pack_type"][number % len(maker["pack_type"])]
        starts = dice.moment(days, days)
        seed = f"{dice.number(0, 2**63):064x}"
        made.append(
            {
                "name": f"{pack['name']}, wave {number + 1}",
                "pack_type_id": str(pack.id),
                "status": status,
                "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(days=3)).isoformat(),
                "supply": 2_000,
                "remaining": 2_000,
                "per_person": 20,
                "refund_hours": 24,
                "seed_hash": hashlib.sha256(bytes.fromhex(seed)).hexdigest(),
                **({"seed": seed} if status == "settled" else {}),
                "owner_id": pack["owner_id"],
                "created_at": min(starts, dice.now) - timedelta(days=9),
            }
        )
    return made


def _purchases(maker: Maker, most: int) -> list[Body]:
    dice = maker.dice
    collectors = maker.staff.of_role("collector")
    sold = [drop for drop in maker["drop"] if drop["status"] in _OPEN]
    packs = {str(pack.id): pack for pack in maker["pack_type"]}
    made: list[Body] = []
    for number in range(most):
        drop = dice.pick(sold)
        status = dice.weigh({"opened": 14, "allocated": 3, "refunded": 1, "expired": 1})
        quantity = dice.weigh({1: 7, 2: 2, 3: 1})
        at = min(_moment(drop["starts_at"], dice), dice.now - timedelta(minutes=5))
        paid = status != "expired"
        made.append(
            {
                "reference": f"DEMO-{number + 1:06d}",
                "drop_id": str(drop.id),
                "status": status,
                "quantity": quantity,
                "credits": quantity * packs[drop["pack_type_id"]]["price"],
                **({"paid_at": at.isoformat()} if paid else {}),
                **({"opened_at": at.isoformat()} if status == "opened" else {}),
                **({"refunded_at": at.isoformat()} if status == "refunded" else {}),
                "client_seed": f"{dice.number(0, 2**63):016x}",
                "owner_id": str(dice.pick(collectors).user),
                "created_at": at,
            }
        )
    return made


def _supplies(maker: Maker) -> dict[UUID, Body]:
    """What is left of each drop: what was not bought; of a sold-out one, nothing."""
    changes: dict[UUID, Body] = {}
    for drop in maker["drop"]:
        sold = sum(
            p["quantity"]
            for p in maker["purchase"]
            if p["drop_id"] == str(drop.id) and p["status"] in ("allocated", "opened")
        )
        supply = sold if drop["status"] == "sold_out" else drop["supply"]
        changes[drop.id] = {"supply": max(supply, 1), "remaining": supply - sold}
    return changes


def _moment(text: str, dice: Dice) -> Any:
    return msgspec.convert(text, type=type(dice.now)) + timedelta(minutes=dice.number(0, 900))


def _copies(maker: Maker) -> list[Body]:
    """The cards of every opened pack, drawn by the published odds, numbered one by one."""
    dice = maker.dice
    packs = {str(pack.id): pack for pack in maker["pack_type"]}
    drops = {str(drop.id): packs[drop["pack_type_id"]] for drop in maker["drop"]}
    serials: dict[str, int] = {}
    made: list[Body] = []
    for purchase in maker["purchase"]:
        if purchase["status"] != "opened":
            continue
        pack = drops[purchase["drop_id"]]
        cards = [c for c in maker["card"] if c["card_set_id"] == pack["card_set_id"]]
        many = pack["cards_per_pack"] * purchase["quantity"]
        made += [_copy(dice, purchase, _drawn(dice, cards), serials) for _ in range(many)]
    return made


def _drawn(dice: Dice, cards: list[Made]) -> Made:
    rarity = dice.weigh(_ODDS)
    return dice.pick([card for card in cards if card["rarity"] == rarity])


def _copy(dice: Dice, purchase: Made, card: Made, serials: dict[str, int]) -> Body:
    serial = serials[str(card.id)] = serials.get(str(card.id), 0) + 1
    refunded = dice.chance(0.08)
    at = purchase["created_at"]
    return {
        "name": f"{card['name']} #{serial}",
        "card_id": str(card.id),
        "purchase_id": str(purchase.id),
        "drop_id": purchase["drop_id"],
        "serial": serial,
        "status": "refunded" if refunded else dice.weigh({"owned": 8, "revealed": 2, "locked": 1}),
        "is_refunded": refunded,
        **({"refunded_at": (at + timedelta(hours=2)).isoformat()} if refunded else {}),
        **({"refund_credits": card["refund_credits"]} if refunded else {}),
        "acquired_at": at.isoformat(),
        "refundable_until": (at + timedelta(hours=24)).isoformat(),
        "owner_id": purchase["owner_id"],
        "created_at": at,
    }
