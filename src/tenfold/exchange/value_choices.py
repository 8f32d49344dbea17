"""Choices and tags out of texts."""

from __future__ import annotations

import re
from difflib import get_close_matches

from tenfold.exchange.value_texts import SEVERAL, Reading, Refusal, shown
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


def choice(text: str, how: Reading) -> str:
    """The option that a text names by value or label, whatever its case, blanks and signs."""
    known = {_same(name): value for value, label in how.options.items() for name in (label, value)}
    found = known.get(_same(text))
    if found is None:
        found = next((v for word in _MEANT.get(_same(text), ()) if (v := known.get(word))), None)
    if found is None:
        # Programs write one and many alike: Bachelors, Buyers.
        found = known.get(_same(text).removesuffix("s"))
    if found is not None:
        return found
    close = get_close_matches(_same(text), list(known), 1, 0.75)
    hint = f" Did you mean {how.options[known[close[0]]] or known[close[0]]!r}?" if close else ""
    listed = ", ".join(label or value for value, label in list(how.options.items())[:20])
    raise Refusal(f"{shown(text)} is none of the choices: {listed}.{hint}")


def choices(texts: list[str], how: Reading) -> list[str]:
    """Several options; a text that is none as a whole is parted at ; , | and line ends."""
    found: list[str] = []
    for text in texts:
        try:
            found.append(choice(text, how))
        except Refusal:
            pieces = [piece for piece in _PARTING.split(text) if piece.strip()]
            if len(pieces) < 2:
                raise
            found += [choice(piece, how) for piece in pieces]
    return list(dict.fromkeys(found))


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
