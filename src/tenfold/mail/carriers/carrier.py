"""What is handed to a carrier, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tenfold.kernel.channels import Channel

Why = Literal["bounced", "unsubscribed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One mail or text message, ready to go.

    `key` is the same each time that it is handed over, so that who knows it takes it once; it comes
    back with what the carrier tells of the message later.
    """

    key: str
    recipient: str
    text: str
    channel: Channel = "email"
    sender: str = ""
    """As a header has it: `Ada <ada@example.com>`."""
    subject: str = ""
    html: str = ""
    reply_to: str = ""
    message_id: str = ""
    """RFC 5322 Message-ID, in angle brackets."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    mailing: bool = False
    """Whether many get it, so that it goes by the carrier's way for mailings."""


class Refused(Exception):
    """A carrier will never take this: the address is dead, or the message is not fit to be sent."""

    def __init__(self, reason: str, why: Why = "failed") -> None:
        super().__init__(reason)
        self.reason = reason
        self.why: Why = why


class Busy(Exception):
    """A carrier can't take it now; `after` says in how many seconds, where it does."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.after = reason, after


class Carrier(Protocol):
    """Takes messages of one channel to where they are to go."""

    @property
    def name(self) -> str:
        """What people know it by: `smtp`, `resend` …"""
        ...

    async def carry(self, parcel: Parcel) -> str:
        """Hand one over; its id there, or nothing. Raises Refused or Busy."""
        ...
