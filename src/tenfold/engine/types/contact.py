"""E-mail addresses, telephone numbers, web addresses and postal addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

import msgspec
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.types.base import (
    EQUAL,
    TEXT,
    Column,
    Columns,
    FieldType,
    Locale,
    Refused,
    Schema,
    text_of,
)
from tenfold.kernel.language import mark, plain, say

ADDRESS_PARTS = ("street", "street2", "city", "state", "postal_code", "country")
# The common forms, told by a pattern; all others go the libraries' long way to the same answer.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*", re.ASCII)
_LONGEST = 1_000
_PLAIN_DOMAIN = re.compile(r"[A-Za-z0-9.-]+", re.ASCII)
_AMERICAN = re.compile(r"\+1([2-9][0-9]{9})", re.ASCII)
_AMERICAN_LOCAL = re.compile(r"\(?([2-9][0-9]{2})\)?[-. ]?([0-9]{3})[-. ]?([0-9]{4})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(FieldType):
    """An e-mail address, kept in lower case so that one person is one address."""

    kind: ClassVar[str] = "email"
    operators: ClassVar[tuple[str, ...]] = (*EQUAL, "prefix")

    def columns(self) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        text = text_of(value).strip()
        try:
            return (normal_email(text),)
        except EmailNotValidError as error:
            reason = str(error).rstrip(".")
            said = reason.removeprefix("An email address ").removeprefix("The email address ")
            if said == reason:
                said = say("must be an e-mail address: %(said)s", said=reason)
            raise Refused(said if plain() else say("must be an e-mail address")) from None

    def filter_value(self, text: str, at: Locale) -> object:
        return text_of(text).strip().lower()

    def beginning(self, text: str, at: Locale) -> str:
        return text.strip().lower()

    def schema(self) -> Schema:
        return {"type": "string", "format": "email", "maxLength": 254}

    def sample(self, n: int) -> object:
        return f"person{n}@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone(FieldType):
    """A telephone number in E.164; numbers without a country are read in the tenant's region."""

    kind: ClassVar[str] = "phone"
    operators: ClassVar[tuple[str, ...]] = (*EQUAL, "prefix")

    def columns(self) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        try:
            return (normal_phone(text_of(value), at.region),)
        except NotAPhone as error:
            raise Refused(str(error)) from None

    def filter_value(self, text: str, at: Locale) -> object:
        text = _with_plus(text)
        try:
            return self.parse(text, at)[0]
        except Refused:
            return text.strip()

    def beginning(self, text: str, at: Locale) -> str:
        return phone_beginning(_with_plus(text), at.region)

    def schema(self) -> Schema:
        return {"type": "string", "description": "Stored as E.164.", "maxLength": 40}

    def sample(self, n: int) -> object:
        return f"+1415555{n % 10_000:04d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Url(FieldType):
    """A web address (http or https)."""

    kind: ClassVar[str] = "url"
    operators: ClassVar[tuple[str, ...]] = (*EQUAL, "prefix")

    def columns(self) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        text = text_of(value).strip()
        try:
            parts = urlsplit(text)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            fine = False
        if not fine or len(text) > 2_000 or any(c.isspace() for c in text):
            raise Refused(say("must be a web address that begins with http:// or https://"))
        return (text,)

    def filter_value(self, text: str, at: Locale) -> object:
        return text_of(text)

    def schema(self) -> Schema:
        return {"type": "string", "format": "uri", "maxLength": 2_000}

    def sample(self, n: int) -> object:
        return f"https://example.com/{n}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(FieldType):
    """A postal address in parts, with its one-line form as a sortable column."""

    kind: ClassVar[str] = "address"
    operators: ClassVar[tuple[str, ...]] = ("eq", "prefix", "null")

    def columns(self) -> tuple[Column, ...]:
        return (Column("", JSONB()), Column("_line", TEXT, derived=True))

    def parse(self, value: object, at: Locale) -> tuple[object, ...]:
        if isinstance(value, str):
            value = {"street": value}
        if not isinstance(value, dict):
            raise Refused(
                say("must be text or an object with %(names)s", names=", ".join(ADDRESS_PARTS))
            )
        given = cast("Mapping[str, object]", value)
        unknown = [part for part in given if part not in ADDRESS_PARTS]
        if unknown:
            raise Refused(
                say(
                    "has no part %(said)s; it has %(names)s",
                    said=repr(unknown[0]),
                    names=", ".join(ADDRESS_PARTS),
                )
            )
        parts: dict[str, str] = {}
        for part in ADDRESS_PARTS:
            if given.get(part) is not None:
                text = " ".join(text_of(given[part]).split())
                if len(text) > 200:
                    raise Refused(say("%(part)s must have at most 200 characters", part=part))
                if text:
                    parts[part] = text
        if not parts:
            raise Refused(say("must have at least one part"))
        # What an index holds must stay below 2,704 bytes, four of them for a letter at worst.
        return (msgspec.json.encode(parts).decode(), one_line(parts)[:600])

    def compared(self, field: str, columns: Columns) -> ColumnElement[Any]:
        return columns[field + "_line"]

    def filter_value(self, text: str, at: Locale) -> object:
        return text_of(text)

    def schema(self) -> Schema:
        part: Schema = {"type": "string", "maxLength": 200}
        parts = {"type": "object", "properties": dict.fromkeys(ADDRESS_PARTS, part)}
        return {"anyOf": [{**parts, "additionalProperties": False}, {"type": "string"}]}

    def sample(self, n: int) -> object:
        return {"street": f"{n} Main Street", "city": "Sacramento", "state": "CA", "country": "US"}


def one_line(parts: dict[str, str]) -> str:
    """The address as one line."""
    region = " ".join(parts[p] for p in ("state", "postal_code") if p in parts)
    names = [parts.get("street"), parts.get("street2"), parts.get("city"), region]
    return ", ".join(text for text in [*names, parts.get("country")] if text)


def normal_email(text: str) -> str:
    """The address in lower case and normal form; raises EmailNotValidError."""
    local, at, domain = text.rpartition("@")
    if at and len(text) <= 254 and len(local) <= 64 and _PLAIN_LOCAL.fullmatch(local):
        known = _normal_domain(domain) if _PLAIN_DOMAIN.fullmatch(domain) else None
        if known is not None and len(local) + len(known) < 254:
            return f"{local}@{known}".lower()
    if len(text) > _LONGEST:  # brought into normal form in the square of its length
        raise EmailNotValidError(say("The email address is too long."))
    found = validate_email(text, check_deliverability=False, test_environment=True)
    return found.normalized.lower()


@lru_cache(maxsize=16_384)
def _normal_domain(domain: str) -> str | None:
    """A domain's normal form, None where an address in it is refused; asked once for many."""
    try:
        found = validate_email(f"x@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.domain


class NotAPhone(ValueError):
    """Why a text is no telephone number that can be dialled from anywhere, and what would be."""


_LIKE = mark("+1 415 555 0101 is one")


def normal_phone(text: str, region: str) -> str:
    """A telephone number in E.164, with `;ext=` where it has an extension; raises NotAPhone."""
    text = text.strip()
    if plain := _plain_phone(text, region):
        return plain
    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        raise NotAPhone(say("is not a telephone number; %(like)s", like=say(_LIKE))) from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        raise NotAPhone(say("lacks its area code; %(like)s", like=say(_LIKE)))
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise NotAPhone(say("is not a possible telephone number; %(like)s", like=say(_LIKE)))
    plus = phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN
    if number.country_code_source != plus and not _in_the_plan(number):
        raise NotAPhone(
            say(
                "is not a number of the region %(region)s; give it with its country, like +49 "
                "30 1234567",
                region=region,
            )
        )
    form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{form};ext={number.extension}" if number.extension else form


def _with_plus(text: str) -> str:
    """A filter's text: a + that the client did not escape arrives as a blank."""
    return f"+{text.strip()}" if text.startswith(" ") else text


def phone_beginning(text: str, region: str) -> str:
    """The first digits of a number in E.164: as given after a +, else as the region dials them."""
    digits = phonenumbers.normalize_digits_only(text)
    if not digits:
        return text.strip()
    if text.strip().startswith("+"):
        return f"+{digits}"
    trunk = phonenumbers.ndd_prefix_for_region(region, True) or ""
    # Numbers abroad begin with an 8 of their own; the trunk's stands by itself: 8 (812) …
    told = trunk[:1] in ("0", "1") or not text.strip()[len(trunk) :][:1].isdigit()
    own = digits.removeprefix(trunk) if told else digits
    return f"+{phonenumbers.country_code_for_region(region) or ''}{own}"


def _in_the_plan(number: phonenumbers.PhoneNumber) -> bool:
    """Whether the country has numbers of this form; none in the US begins with 0, for example.

    Whether the number itself is in use is not asked: what is refused is never one to come.
    """
    code = number.country_code or 0
    region = phonenumbers.region_code_for_country_code(code)
    plan = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    pattern = plan.general_desc.national_number_pattern if plan and plan.general_desc else None
    significant = phonenumbers.national_significant_number(number)
    return pattern is None or re.fullmatch(pattern, significant) is not None


def _plain_phone(text: str, region: str) -> str | None:
    """The E.164 form of a number of the North American plan in its usual spellings, or None."""
    if _AMERICAN.fullmatch(text):
        return text
    if region == "US" and (found := _AMERICAN_LOCAL.fullmatch(text)):
        return f"+1{found[1]}{found[2]}{found[3]}"
    return None
