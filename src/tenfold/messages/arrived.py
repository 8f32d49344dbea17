"""What a carrier brings, read: how messages went, and what people wrote back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import getaddresses, parseaddr
from hashlib import sha256
from html import unescape
from typing import cast

import nh3
from mailparser_reply import EmailReplyParser

from tenfold.kernel.channels import Channel
from tenfold.messages.keys import Known, known
from tenfold.messages.settling import Became, Event

TEXT = 100_000
_QUIET = frozenset({"bulk", "junk", "auto_reply", "list"})
# The languages of what programs write before they quote.
_REPLIES = EmailReplyParser(languages=["en", "de", "es", "fr", "it", "nl"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A mail or text message that somebody sent to us."""

    channel: Channel
    key: str
    """The same where it is brought again."""
    address: str
    name: str = ""
    subject: str = ""
    text: str = ""
    answers: Known | None = None
    """The message of ours that it answers."""
    automatic: bool = False
    """Whether a machine wrote it: somebody is away."""
    attachments: int = 0


@dataclass(frozen=True, slots=True)
class Arrived:
    """What one request of a carrier holds."""

    events: Sequence[Event] = ()
    incoming: Sequence[Incoming] = field(default_factory=tuple[Incoming, ...])


def mail(raw: bytes) -> Arrived:
    """A mail as it came: an answer, a report that one came back (RFC 3464), or a complaint
    (RFC 5965)."""
    made = message_from_bytes(raw, policy=policy.default)
    report = str(made.get_param("report-type") or "").lower()
    if made.get_content_type() == "multipart/report" and report == "delivery-status":
        return Arrived(events=[*_came_back(made)])
    if made.get_content_type() == "multipart/report" and report == "feedback-report":
        found = known(made.as_string())  # it names the mail that it is about
        return Arrived(events=[Event(found, "complained")] if found else ())
    return Arrived(incoming=[_answer(made)])


def _came_back(made: EmailMessage) -> Iterator[Event]:
    """What a report says of the mail that it is about, which comes with it, or its head."""
    found = known(made.as_string())  # it names the mail that it is about
    status, told = "", ""
    for part in made.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for each in cast("list[EmailMessage]", part.get_payload()):
            if str(each.get("action", "")).lower() == "failed":
                status = str(each.get("status", "5.0.0"))
                told = str(each.get("diagnostic-code", "")) or status
    if found is None or not status:
        return
    became: Became = "bounced" if status.startswith("5.") else "failed"
    yield Event(found, became, told)


def _answer(made: EmailMessage) -> Incoming:
    to = getaddresses(
        [str(v) for n in ("to", "cc", "delivered-to", "x-original-to") for v in made.get_all(n, [])]
    )
    before = " ".join(str(made.get(name, "")) for name in ("in-reply-to", "references"))
    name, address = parseaddr(str(made.get("from", "")))
    body = made.get_body(("plain", "html"))
    text = "" if body is None else _content(body)
    return Incoming(
        channel="email",
        key=f"mail {_message_id(str(made.get('message-id', '')), text)}",
        address=address.lower()[:320],
        name=name[:200],
        subject=str(made.get("subject", ""))[:500],
        text=newest(text)[:TEXT],
        answers=answered([one[1] for one in to], before),
        automatic=_automatic(made),
        attachments=sum(1 for _ in made.iter_attachments()),
    )


def answered(recipients: Sequence[str], before: str) -> Known | None:
    """The message that a mail answers: by the address it was sent to, else by its references."""
    for address in recipients:
        local = address.partition("@")[0]
        if local.startswith("reply-") and (found := known(local)):
            return found
    return known(before)


def newest(text: str) -> str:
    """What somebody wrote, without what they quote; all of it where that is all."""
    return (_REPLIES.parse_reply(text=text) or text).strip()


def plain(html: str) -> str:
    """The words of HTML."""
    parted = re.sub(r"(?i)<(br|/p|/div|/tr|/h[1-6]|/li)\b[^>]*>", "\n", html)
    text = unescape(nh3.clean(parted, tags=set()))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip()


def _content(body: MIMEPart) -> str:
    try:
        text = str(body.get_content())
    except (LookupError, UnicodeError):  # a character set that there is not
        text = bytes(body.get_payload(decode=True) or b"").decode("utf-8", "replace")
    text = text.replace("\0", "")
    return plain(text) if body.get_content_subtype() == "html" else text


def _message_id(given: str, text: str) -> str:
    return " ".join(given.split())[:400] or f"none {sha256(text.encode()).hexdigest()}"


def _automatic(made: EmailMessage) -> bool:
    """Whether nobody wrote it by hand (RFC 3834)."""
    said = str(made.get("auto-submitted", "no")).partition(";")[0].strip().lower()
    by = str(made.get("precedence", "")).strip().lower()
    return said != "no" or by in _QUIET or made.get("x-autoreply") is not None


__all__ = ["Arrived", "Incoming", "answered", "mail", "newest", "plain"]
