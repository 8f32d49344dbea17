"""What an automation says: when, if, then. Packs declare it and people write it, in one form."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec


class _Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A part of an automation: what it does not know is refused, what says nothing is left out."""


# -- when


class Created(_Part, frozen=True, kw_only=True, tag_field="on", tag="created"):
    """A record was made."""


class Changed(_Part, frozen=True, kw_only=True, tag_field="on", tag="changed"):
    """One of these fields of a record changed; none named: any."""

    fields: tuple[str, ...] = ()


class Moved(_Part, frozen=True, kw_only=True, tag_field="on", tag="moved"):
    """A record moved to one of these stages, from one of those; none named: any."""

    to: tuple[str, ...] = ()
    left: tuple[str, ...] = msgspec.field(default=(), name="from")


class Met(_Part, frozen=True, kw_only=True, tag_field="on", tag="met"):
    """The conditions hold for a record for which they did not before."""


class Reached(_Part, frozen=True, kw_only=True, tag_field="on", tag="time"):
    """A time relative to a date or moment of the record: `-3 days`, `24 hours`.

    `at` is the time of day where the organisation is, 09:00 for dates where none is given.
    """

    field: str
    offset: str = ""
    at: str = ""


class Scheduled(_Part, frozen=True, kw_only=True, tag_field="on", tag="schedule"):
    """The times of a cron line, for each record that meets the conditions, or once without type."""

    cron: str
    zone: str = ""


class Hooked(_Part, frozen=True, kw_only=True, tag_field="on", tag="hook"):
    """Something was sent to the automation's own address; it is read as `payload`."""


class Called(_Part, frozen=True, kw_only=True, tag_field="on", tag="call"):
    """Another automation or a person starts it for a record."""


When = Created | Changed | Moved | Met | Reached | Scheduled | Hooked | Called


# -- then


class _Step(_Part, frozen=True, kw_only=True):
    """A step; it is left out for records that don't meet `only_if`."""

    only_if: dict[str, Any] | None = None


class Set(_Step, frozen=True, kw_only=True, tag_field="do", tag="set"):
    """Set fields of the record, named as in its JSON; texts may have `{{ places }}`."""

    values: dict[str, Any]


class Create(_Step, frozen=True, kw_only=True, tag_field="do", tag="create"):
    """Make a record of a type; what points to the record's own type points to it."""

    type: str
    values: dict[str, Any]


class Wait(_Step, frozen=True, kw_only=True, tag_field="do", tag="wait"):
    """Go on after a while, or at a date or moment of the record, at a time of day."""

    span: str = msgspec.field(default="", name="for")
    until: str = ""
    at: str = ""


class Call(_Step, frozen=True, kw_only=True, tag_field="do", tag="call"):
    """Start another automation for the same record."""

    automation_id: UUID


class Send(_Step, frozen=True, kw_only=True, tag_field="do", tag="webhook"):
    """Send the record, and what else is to be told, to a webhook of the organisation."""

    webhook_id: UUID
    data: dict[str, Any] = {}


class Mail(_Step, frozen=True, kw_only=True, tag_field="do", tag="email"):
    """Write a mail, by a template or in words of its own, to whom the record names.

    `to` is a relation or a person of the record, like `student` or `owner`; empty: the person that
    the record is.
    """

    to: str = ""
    template_id: UUID | None = None
    subject: str = ""
    text: str = ""
    html: str = ""


class Text(_Step, frozen=True, kw_only=True, tag_field="do", tag="sms"):
    """Write a text message, by a template or in words of its own, to whom the record names."""

    to: str = ""
    template_id: UUID | None = None
    text: str = ""


class Notify(_Step, frozen=True, kw_only=True, tag_field="do", tag="notify"):
    """Tell people of the record who work here, like its `owner` or `assignee`, in the product."""

    text: str
    to: tuple[str, ...] = ("owner",)


Step = Set | Create | Wait | Call | Send | Mail | Text | Notify


class Automation(_Part, frozen=True, kw_only=True):
    """When something happens to records of a type, if the conditions hold, then take the steps.

    `where` are conditions as a list's `where` has them. What an import or an undo changes sets it
    off only with `on_import`.
    """

    name: str
    when: When
    steps: tuple[Step, ...]
    type: str = ""
    where: dict[str, Any] | None = None
    help: str = ""
    on_import: bool = False


def event(one: Automation) -> str:
    """What sets it off, in a word: `created`, `time` …"""
    return str(one.when.__struct_config__.tag)


def kind(step: Step) -> str:
    """What a step does, in a word: `set`, `create` …"""
    return str(step.__struct_config__.tag)


__all__ = [
    "Automation",
    "Call",
    "Called",
    "Changed",
    "Create",
    "Created",
    "Hooked",
    "Mail",
    "Met",
    "Moved",
    "Notify",
    "Reached",
    "Scheduled",
    "Send",
    "Set",
    "Step",
    "Text",
    "Wait",
    "When",
    "event",
    "kind",
]
