"""Drops: packs of collectible cards with published odds and limited supply."""

from tenfold.packs.drops.card import Card, CardSet
from tenfold.packs.drops.drop import Drop, PackType
from tenfold.packs.drops.purchase import Purchase
from tenfold.packs.drops.user_card import UserCard

RECORDS = (CardSet, Card, PackType, Drop, Purchase, UserCard)
