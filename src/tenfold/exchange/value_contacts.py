"""E-mail addresses, telephone numbers, web and postal addresses out of texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError

from tenfold.engine.types.contact import NotAPhone, normal_email, normal_phone
from tenfold.exchange.value_texts import Reading, Refusal, several, shown
from tenfold.kernel.language import plain, say

# Marks of writing direction and blanks of no width come along when people copy from a page.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BETWEEN = re.compile(r"\s*[;,|/\n]\s*|\s+(?:or|and|oder|und)\s+")
_IN_ANGLES = re.compile(r"<([^<>]+)>?$")
# `Tel:` before a number, `(home)` after it, and the `.0` that a spreadsheet adds.
_BESIDE = re.compile(
    r"^tel:|\([^()0-9]+\)|(?<=[0-9]{7})\.0$|\s+(?:cell|mobile|home|work|office|direct|main)$",
    re.IGNORECASE,
)
_NATIONAL = 9
"""With so many digits and no `+` a number is one of some country."""
_APART = re.compile(r"[\s<>;,|/]+")
_BLANKS = re.compile(r"[^\S\n]+")
_PARTS = {
    "street": ("street", "street1", "address1", "addressline1", "line1", "streetaddress"),
    "street2": ("street2", "address2", "addressline2", "line2", "extended"),
    "city": ("city", "town", "locality"),
    "state": ("state", "region", "province", "stateorprovince", "statecode"),
    "postal_code": ("postalcode", "zip", "zipcode", "postcode"),
    "country": ("country", "countryregion", "countrycode"),
}
_PART_OF = {name: part for part, names in _PARTS.items() for name in names}


class NoMailbox(Refusal):
    """What Exchange calls somebody of the same company in place of an address."""


def email(text: str) -> str:
    """An e-mail address in lower case; of several the first. `Ann <a@b.org>` and `mailto:` too."""
    first = (several(text) or [text])[0]
    body = _INVISIBLE.sub("", first).strip(" \t\n;,")
    if body.endswith(")"):
        body = body.partition("(")[0].rstrip()
    if "<" in body and (named := _IN_ANGLES.search(body)):
        body = named[1]
    body = body[7:] if body.lower().startswith("mailto:") else body
    if body.lower().startswith("/o="):
        raise NoMailbox(
            say(
                "%(value)s is Exchange's own name for somebody, no e-mail address.",
                value=shown(text),
            )
        )
    try:
        return normal_email(body)
    except EmailNotValidError as error:
        if not plain():  # the library speaks English only
            raise Refusal(say("%(value)s is not an e-mail address.", value=shown(text))) from None
        why = str(error).rstrip(".")
        raise Refusal(
            say("%(value)s is not an e-mail address: %(why)s.", value=shown(text), why=why)
        ) from None


def phone(text: str, how: Reading) -> str:
    """A telephone number in E.164, with `;ext=` where it has an extension; of several the first."""
    first = (several(text) or [text])[0]
    body = _INVISIBLE.sub("", first).strip()
    body = _BESIDE.sub("", body).strip()
    try:
        return normal_phone(body, how.region)
    except NotAPhone as error:
        national = not body.startswith("+") and sum(map(str.isdigit, body)) >= _NATIONAL
        why = f"{shown(text)} {error}."
        asks = say("Is the file from another region than %(region)s?", region=how.region)
        raise Refusal(f"{why} {asks}" if national else why) from None


def parted(kind: str, text: str) -> list[str]:
    """The e-mails or telephone numbers in a cell that holds several; empty where it does not."""
    if kind == "email":
        found = [part for part in _APART.split(text) if "@" in part[1:-1]]
    else:
        line = _BLANKS.sub(" ", text).strip()  # a search among many blanks takes their square
        found = [part for part in _BETWEEN.split(line) if any(c.isdigit() for c in part)]
    return found if len(found) > 1 else []


def url(text: str) -> str:
    """A web address; `www.example.com` becomes one with https."""
    body = _INVISIBLE.sub("", (several(text) or [text])[0]).strip()
    if "://" not in body and re.match(r"[\w\-]+(\.[\w\-]+)+([/:?#]|$)", body):
        body = f"https://{body}"
    try:
        parts = urlsplit(body)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fine = False
    if not fine or len(body) > 2_000 or any(char.isspace() for char in body):
        raise Refusal(
            say("%(value)s is not a web address; https://example.com is one.", value=shown(text))
        )
    return body


def postal_code(text: str, how: Reading) -> str:
    """A postal code; in the US without a `z` before it and with the zero that Excel took."""
    body = text.strip().removeprefix("'")
    if how.region == "US":
        found = re.fullmatch(r"[zZ]?([0-9]{3,5})(-[0-9]{4})?(?:\.0)?", body)
        if found and len(found[1]) >= 4:
            return found[1].zfill(5) + (found[2] or "")
    if len(body) > 20 or not re.search(r"\w", body):
        raise Refusal(
            say("%(value)s is not a postal code; 95838 and SW1A 1AA are.", value=shown(text))
        )
    return body


def address(value: str | Mapping[str, Any], how: Reading) -> dict[str, str]:
    """A postal address in our parts, from a text (its street) or from parts by other names."""
    if isinstance(value, str):
        return {"street": " ".join(value.split())}
    parts: dict[str, str] = {}
    for name, content in value.items():
        part = _PART_OF.get(re.sub(r"[\W_]", "", str(name)).lower())
        if part and content and part not in parts:
            text = str(content).strip()
            parts[part] = postal_code(text, how) if part == "postal_code" else text
    if not parts:
        raise Refusal(
            say("The address has no part that is known: street, city, state, zip, country.")
        )
    return parts
