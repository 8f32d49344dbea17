"""Choices and tags out of texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache

from tenfold.exchange.value_texts import SEVERAL, Reading, Refusal, Special, shown
from tenfold.kernel.language import say
from tenfold.kernel.text import fold

_PARTING = re.compile(rf"{SEVERAL}|[;,|\n]")
# What other programs say for the same thing, in the plain form of `_same`; used where it exists.
_MEANT: dict[str, tuple[str, ...]] = {
    "available": ("active",),
    "forsale": ("active",),
    "contracted": ("activeundercontract", "undercontract", "pending"),
    "underagreement": ("activeundercontract", "undercontract", "pending"),
    "contingent": ("activeundercontract", "pending"),
    "premarket": ("comingsoon",),
    "sold": ("closed",),
    "recentlysold": ("closed",),
    "offmarket": ("withdrawn",),
    "temporarilyoffmarket": ("hold",),
    "condo": ("condominium",),
    "townhome": ("townhouse",),
    "singlefamily": ("singlefamilyresidence",),
    "singlefamilyhome": ("singlefamilyresidence",),
    "detached": ("singlefamilyresidence",),
    "mfdhome": ("manufacturedhome",),
    "singlefamilyresidential": ("singlefamilyresidence",),
    "singlefamilydetached": ("singlefamilyresidence",),
    "house": ("singlefamilyresidence",),
    "detachedhouse": ("singlefamilyresidence",),
    "condocoop": ("condominium",),
    "condoapt": ("condominium",),
    "condoapartment": ("condominium",),
    "coop": ("stockcooperative",),
    "rowhouse": ("townhouse",),
    "attrowtownhouse": ("townhouse",),
    "multifamilyhome": ("multifamily",),
    "multifamily24unit": ("multifamily",),
    "multifamily5unit": ("multifamily",),
    "vacantland": ("unimprovedland", "land"),
    "lotsland": ("unimprovedland", "land"),
    "mobilemanufacturedhome": ("manufacturedhome",),
    # HubSpot's and Salesforce's own stages of a deal.
    "appointmentscheduled": ("qualification",),
    "prospecting": ("qualification",),
    "qualifiedtobuy": ("qualification",),
    "needsanalysis": ("discovery",),
    "iddecisionmakers": ("discovery",),
    "presentationscheduled": ("proposal",),
    "valueproposition": ("proposal",),
    "perceptionanalysis": ("proposal",),
    "proposalpricequote": ("proposal",),
    "decisionmakerboughtin": ("negotiation",),
    "contractsent": ("negotiation",),
    "negotiationreview": ("negotiation",),
    "contactmade": ("qualification",),
    "demoscheduled": ("discovery",),
    "proposalmade": ("proposal",),
    "negotiationsstarted": ("negotiation",),
    "closedwon": ("won",),
    "closedlost": ("lost",),
    # Their stages and states of a person.
    "salesqualifiedlead": ("qualified",),
    "marketingqualifiedlead": ("qualified",),
    "evangelist": ("advocate",),
    "open": ("new",),
    "opennotcontacted": ("new",),
    "attemptedtocontact": ("contacted",),
    "connected": ("contacted",),
    "inprogress": ("contacted",),
    "workingcontacted": ("contacted",),
    "opendeal": ("qualified",),
    "badtiming": ("nurture",),
    "unqualified": ("lost",),
    "closednotconverted": ("lost",),
    "closedconverted": ("closed",),
    # Where somebody came from.
    "web": ("website",),
    "online": ("website",),
    "organicsearch": ("website",),
    "directtraffic": ("website",),
    "partnerreferral": ("referral",),
    "employeereferral": ("referral",),
    "wordofmouth": ("referral",),
    "tradeshow": ("event",),
    "conference": ("event",),
    # Degrees, as Handshake and Symplicity name them.
    "associatesdegree": ("associate",),
    "bachelorsdegree": ("bachelor",),
    "mastersdegree": ("master",),
    "mastersofbusinessadministration": ("master",),
    "acceleratedmasters": ("master",),
    "doctorate": ("doctoral",),
    "phd": ("doctoral",),
    "certificateprogram": ("certificate",),
    "uscitizen": ("citizen",),
    # What another company is, in Salesforce.
    "customerdirect": ("customer",),
    "customerchannel": ("customer",),
    "channelpartnerreseller": ("partner",),
    "installationpartner": ("partner",),
    "technologypartner": ("partner",),
    "reseller": ("partner",),
    "cancelled": ("canceled",),
    "canceled": ("cancelled",),
}
_EVERYBODY = frozenset({"mycontacts"})


def choice(text: str, how: Reading) -> str | Special:
    """The option that a text names by value or label, whatever its case, blanks and signs.

    What somebody said of this text comes first.
    """
    found = option(text, how)
    if found is not None:
        return found
    near = nearest(text, how.options) if how.hints else ""
    why = say(
        "%(value)s is none of the choices: %(choices)s.",
        value=shown(text),
        choices=listed(how.options),
    )
    raise Refusal(f"{why} {say('Did you mean %(near)s?', near=repr(near))}" if near else why)


def nearest(text: str, options: Mapping[str, str]) -> str:
    """The option that a text may have meant, as people know it; costly beside `option`."""
    known = _known(tuple(options.items()))
    close = get_close_matches(_same(text), list(known), 1, 0.75)
    return (options[known[close[0]]] or known[close[0]]) if close else ""


def listed(options: Mapping[str, str]) -> str:
    """The options as people know them."""
    return ", ".join(label or value for value, label in list(options.items())[:20])


def choices(texts: list[str], how: Reading) -> list[str]:
    """Several options without doubles, and without those that somebody said mean nothing."""
    found = dict.fromkeys(choice(word, how) for text in texts for word in each_of(text, how))
    return [one for one in found if not isinstance(one, Special)]


def each_of(text: str, how: Reading) -> list[str]:
    """The text where it is an option as a whole, or else what ; , | and line ends part in it."""
    if option(text, how) is not None:
        return [text]
    pieces = [piece.strip() for piece in _PARTING.split(text) if piece.strip()]
    return pieces if len(pieces) > 1 else [text]


def option(text: str, how: Reading) -> str | Special | None:
    """The option that a text stands for, if any."""
    known = _known(tuple(how.options.items()))
    if (found := how.values.get(fold(text)) or known.get(fold(text))) is not None:
        return found
    # Programs write one and many alike: Bachelors, Buyers.
    plain = _same(text)
    words = (plain, *_MEANT.get(plain, ()), plain.removesuffix("s"))
    return next((known[word] for word in words if word in known), None)


@lru_cache(maxsize=256)
def _known(options: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """The option of each value and label as it is, and in the plain form where that is but one's.

    `A+` and `A-` are both `a` in the plain form.
    """
    exact = {fold(name): value for value, label in options for name in (label, value) if name}
    plain: dict[str, set[str]] = {}
    for name, value in exact.items():
        plain.setdefault(_same(name), set()).add(value)
    return {name: one for name, (one, *more) in plain.items() if not more} | exact


def tags(texts: list[str], *, parted: bool = False) -> list[str]:
    """Free words without doubles; Google's own label for everybody is left out.

    Texts that are `parted` already stand for one word each.
    """
    found: dict[str, str] = {}
    for text in texts:
        for piece in [text] if parted else _PARTING.split(text):
            # Google marks its own labels with a star: `* myContacts ::: Buyers`.
            # Mailchimp writes its own in quotation marks: `"Donor","VIP"`.
            tag = " ".join(piece.strip(' "').removeprefix("*").split())
            if tag and _same(tag) not in _EVERYBODY:
                found.setdefault(fold(tag), tag)
    return list(found.values())


def _same(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text)) or fold(text)
