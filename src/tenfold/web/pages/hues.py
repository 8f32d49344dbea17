"""Which hue says what: stages by what they mean, people by their id."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from uuid import UUID

from tenfold.engine.types import Stage

# Grey new, blue in progress, amber waits, green won or done, red lost or overdue, violet special.
_WORDS = {
    "grey": "new draft open prospect planned scheduled not_started todo created lead unknown "
    "exploring coming_soon submitted applied upcoming inactive incomplete saved sealed",
    "blue": "active",
    "amber": "pending waiting on_hold nurture paused review under_review in_review delayed held "
    "snoozed offer offered negotiation awaiting expiring no_show hold refund_pending flagged",
    "green": "won done closed completed complete sold hired accepted approved paid resolved "
    "published live confirmed succeeded success delivered placed leased closed_won attended kept "
    "ended settled signed graduated owned sold_out",
    "red": "lost cancelled canceled rejected declined failed overdue expired withdrawn refused "
    "refunded terminated closed_lost blocked invalid bounced error delete deleted denied "
    "offer_declined reneged cancelled_by_student cancelled_by_staff stopped",
    "violet": "hot vip special priority featured exclusive under_contract escalated urgent",
}
_HUES = {word: hue for hue, words in _WORDS.items() for word in words.split()}
_PRESSING = {"high": "amber", "urgent": "red"}
_PEOPLE = 12


def of(stage: Stage, value: str) -> str:
    """The hue of a stage: as the organisation chose it, else by its word."""
    own = stage.own.get(value)
    return (own.hue if own else "") or of_stage(value, stage.options)


def of_stage(value: str, options: Sequence[str]) -> str:
    """The hue of a stage: by its word, else grey for the first and blue for the others."""
    found = _HUES.get(value)
    if found:
        return found
    return "grey" if options and options[0] == value else "blue"


def of_choice(value: str) -> str:
    """The hue of a choice: only what is pressing stands out."""
    return _PRESSING.get(value, "plain")


def of_id(identity: UUID | str) -> str:
    """The hue of a person or record, always the same for one id."""
    return f"p{int(str(identity)[-4:], 16) % _PEOPLE}"


def initials(name: str) -> str:
    """One or two letters for an avatar."""
    words = [w for w in name.split() if w[:1].isalpha()]
    if not words:
        return "·"
    letters = [words[0][0], words[-1][0]][: len(words)]
    # Arabic letters would join to a word that nobody wrote.
    joined = any(unicodedata.bidirectional(letter) == "AL" for letter in letters)
    return ("\u200c" if joined else "").join(letters).upper()
