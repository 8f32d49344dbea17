"""E-mail addresses, telephone numbers, web addresses and postal addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec
import phonenumbers
import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

from tenfold.engine.types.base import EQUAL, TEXT, Column, Columns, FieldType, Locale, Refused, Schema, text_of

ADDRESS_PARTS = ("street", "street2", "city", "state", "postal_code", "country")


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
            found = validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise Refused(f"must be an e-mail address: {str(error).rstrip('.')}") from None
        return (found.normalized.lower(),)

    def filter_value(self, text: str, at: Locale) -> object:
        return text_of(text).strip().lower()

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
        text = text_of(value).strip()
        try:
            number = phonenumbers.parse(text, at.region)
        except phonenumbers.NumberParseException:
            raise Refused("must be a telephone number like +1 415 555 0101") from None
        if not phonenumbers.is_possible_number(number):
            raise Refused("is not a possible telephone number; give it like +1 415 555 0101")
        form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return (f"{form};ext={number.extension}" if number.extension else form,)

    def filter_value(self, text: str, at: Locale) -> object:
        # A + that the client did not escape arrives as a blank.
        text = f"+{text.strip()}" if text.startswith(" ") else text
        try:
            return self.parse(text, at)[0]
        except Refused:
            return text.strip()

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
            raise Refused("must be a web address that begins with http:// or https://")
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
            raise Refused(f"must be text or an object with {', '.join(ADDRESS_PARTS)}")
        given: dict[str, object] = value
        unknown = [part for part in given if part not in ADDRESS_PARTS]
        if unknown:
            raise Refused(f"has no part {unknown[0]!r}; it has {', '.join(ADDRESS_PARTS)}")
        parts: dict[str, str] = {}
        for part in ADDRESS_PARTS:
            if given.get(part) is not None:
                text = " ".join(text_of(given[part]).split())
                if len(text) > 200:
                    raise Refused(f"{part} must have at most 200 characters")
                if text:
                    parts[part] = text
        if not parts:
            raise Refused("must have at least one part")
        return (msgspec.json.encode(parts).decode(), one_line(parts))

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


