"""What people say of themselves: their name, and how pages speak to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import phonenumbers

from tenfold.accounts.identity.account import User, not_blank
from tenfold.kernel.clock import zones
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import LANGUAGES, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Changes of it; what is None stays as it is.

    Where `language`, `region` or `timezone` are empty, pages follow the browser or the
    organisation.
    """

    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    region: str | None = None
    timezone: str | None = None

    def of(self, user: User) -> User:
        """The person with these changes; raises Invalid naming what can't be."""
        given = {"firstName": self.first_name, "lastName": self.last_name}
        named = {name: text for name, text in given.items() if text is not None}
        said = dict(zip(named, not_blank(**named), strict=True))
        language = _chosen(self.language, user.language).lower()
        region = _chosen(self.region, user.region).upper()
        timezone = _chosen(self.timezone, user.timezone)
        problems: dict[str, str] = {}
        if language and language not in LANGUAGES:
            problems["language"] = say("must be one of %(names)s", names=", ".join(LANGUAGES))
        if region and region not in phonenumbers.SUPPORTED_REGIONS:
            problems["region"] = say("must be a country by its ISO 3166 code, like US")
        if timezone and timezone not in zones():
            problems["timezone"] = say("must be a time zone by its IANA name, like America/Chicago")
        if problems:
            raise Invalid(problems)
        return replace(
            user,
            first_name=said.get("firstName", user.first_name),
            last_name=said.get("lastName", user.last_name),
            language=language or None,
            region=region or None,
            timezone=timezone or None,
        )


def _chosen(wanted: str | None, before: str | None) -> str:
    return (before or "") if wanted is None else wanted.strip()
