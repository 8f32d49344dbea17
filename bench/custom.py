"""The 20 custom fields that every organisation defines for leads and for students; 5 are filled."""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS = ("email", "phone", "text", "visit")


@dataclass(frozen=True, slots=True)
class Custom:
    """A custom field; `made` is the SQL of its value as its JSON keeps it, empty where unfilled."""

    name: str
    kind: str
    options: tuple[str, ...] = ()
    made: str = ""


FIELDS = (
    Custom("referral_code", "text", made="to_jsonb('R-' || i % 5000)"),
    Custom("household_size", "integer", made="to_jsonb(1 + i % 7)"),
    Custom("newsletter", "boolean", made="to_jsonb(i % 3 = 0)"),
    Custom("first_visit", "date", made="to_jsonb(date '2024-01-01' + (i % 700)::int)"),
    Custom("favourite_channel", "choice", CHANNELS, "to_jsonb(channels[1 + i % 4])"),
    Custom("building", "text"),
    Custom("nickname", "text"),
    Custom("background", "long_text"),
    Custom("visits", "integer"),
    Custom("commission_rate", "decimal"),
    Custom("monthly_rent", "money"),
    Custom("has_pets", "boolean"),
    Custom("lease_end", "date"),
    Custom("last_survey", "datetime"),
    Custom("persona", "choice", ("first-timer", "investor", "returning")),
    Custom("amenities", "choices", ("garden", "garage", "lift", "pool")),
    Custom("profile", "url"),
    Custom("second_email", "email"),
    Custom("second_phone", "phone"),
    Custom("marks", "tags"),
)
FILLED = tuple(one for one in FIELDS if one.made)

# What a client sends for the five.
VALUES = {
    "referral_code": "R-17",
    "household_size": 4,
    "newsletter": True,
    "first_visit": "2025-03-01",
    "favourite_channel": "visit",
}
