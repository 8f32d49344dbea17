"""What each carrier's requests mean, by what it publishes of them; raises Invalid for others."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from hashlib import sha1
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from standardwebhooks import Webhook, WebhookVerificationError

from tenfold.kernel.errors import Forbidden, Invalid
from tenfold.kernel.settings import Settings
from tenfold.mail.carriers.service import Service
from tenfold.messages import arrived
from tenfold.messages.arrived import Arrived, Incoming
from tenfold.messages.keys import known
from tenfold.messages.settling import Became, Event


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a carrier: `form` where it is one, and the public address that it came to."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    form: Sequence[tuple[str, str]] = ()
    message: str = ""
    """The key of the message that its address names."""

    @property
    def fields(self) -> Mapping[str, str]:
        """The form's fields, the last of each."""
        return dict(self.form)


def read(carrier: str, request: Request, settings: Settings) -> Arrived:
    """What a request brings; raises Invalid, or Forbidden where its signature does not hold."""
    return _READ[carrier](request, settings)


def _mail(request: Request, _settings: Settings) -> Arrived:
    return arrived.mail(request.body)


# -- Resend: https://resend.com/docs/dashboard/webhooks/event-types

_RESEND: Mapping[str, Became] = {
    "email.delivered": "delivered",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.failed": "failed",
}


def _resend(request: Request, settings: Settings) -> Arrived:
    if settings.mail_events_key:
        names = ("id", "timestamp", "signature")
        headers = {f"webhook-{n}": request.headers.get(f"svix-{n}", "") for n in names}
        try:
            Webhook(settings.mail_events_key).verify(request.body.decode(), headers)
        except (WebhookVerificationError, UnicodeDecodeError):
            raise Forbidden(_UNSIGNED) from None
    told = _object(request.body)
    data: Any = told.get("data", {})
    became = _RESEND.get(str(told.get("type", "")))
    of = known(str(data.get("tags", "")))
    if became is None or of is None:
        return Arrived()
    bounce = data.get("bounce", {})
    if became == "bounced" and bounce.get("type", "Permanent") != "Permanent":
        became = "failed"
    reason = str(bounce.get("message", "") or data.get("failed", {}).get("reason", ""))
    return Arrived(events=[Event(of, became, reason)])


# -- SendGrid: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event

_SENDGRID: Mapping[str, Became] = {
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "failed",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}


def _sendgrid(request: Request, settings: Settings) -> Arrived:
    if request.form:
        return _sendgrid_mail(request)
    if settings.mail_events_key:
        _check_ecdsa(request, settings.mail_events_key)
    return Arrived(events=[*_sendgrid_events(_list(request.body))])


def _check_ecdsa(request: Request, key: str) -> None:
    stamp = request.headers.get("x-twilio-email-event-webhook-timestamp", "")
    given = request.headers.get("x-twilio-email-event-webhook-signature", "")
    try:
        public = load_der_public_key(b64decode(key))
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(b64decode(given), stamp.encode() + request.body, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError, AssertionError):
        raise Forbidden(_UNSIGNED) from None


def _sendgrid_events(told: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    for one in told:
        became, of = _SENDGRID.get(str(one.get("event", ""))), known(str(one.get("message", "")))
        if became is None or of is None:
            continue
        if became == "bounced" and one.get("type") == "blocked":
            became = "failed"  # refused for now, not for the address
        yield Event(of, became, str(one.get("reason", "")))


def _sendgrid_mail(request: Request) -> Arrived:
    """Inbound Parse, as it came or taken apart."""
    fields = request.fields
    if "email" in fields:
        return arrived.mail(fields["email"].encode("utf-8", "surrogateescape"))
    head = fields.get("headers", "")
    text = fields.get("text") or arrived.plain(fields.get("html", ""))
    return arrived.mail(f"{_only(head)}\r\n{text}".encode())


def _only(head: str) -> str:
    """The head of a mail without what says how its body was written."""
    lines = head.replace("\r\n ", " ").replace("\r\n\t", " ").replace("\r\n", "\n").split("\n")
    kept = [line for line in lines if line and not line.lower().startswith("content-")]
    return "".join(f"{line}\r\n" for line in kept) + "Content-Type: text/plain; charset=utf-8\r\n"


# -- Postmark: https://postmarkapp.com/developer/webhooks/webhooks-overview

_HARD = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated", "Unconfirmed"})


def _postmark(request: Request, _settings: Settings) -> Arrived:
    told = _object(request.body)
    kind = told.get("RecordType")
    if kind is None and "FromFull" in told:
        return Arrived(incoming=[_postmark_mail(told)])
    of = known(str(told.get("Metadata", "")))
    if of is None:
        return Arrived()
    reason = str(told.get("Description") or told.get("Details") or "")
    match kind:
        case "Delivery":
            return Arrived(events=[Event(of, "delivered")])
        case "Bounce":
            became: Became = "bounced" if told.get("Type") in _HARD else "failed"
            return Arrived(events=[Event(of, became, reason)])
        case "SpamComplaint":
            return Arrived(events=[Event(of, "complained", reason)])
        case "SubscriptionChange" if told.get("SuppressSending"):
            return Arrived(events=[Event(of, "unsubscribed")])
        case _:
            return Arrived()


def _postmark_mail(told: Mapping[str, Any]) -> Incoming:
    heads = {str(one.get("Name", "")).lower(): str(one.get("Value", "")) for one in told["Headers"]}
    to = [str(one.get("Email", "")) for n in ("ToFull", "CcFull") for one in told.get(n, [])]
    to.append(str(told.get("OriginalRecipient", "")))
    name, address = str(told["FromFull"].get("Name", "")), str(told["FromFull"].get("Email", ""))
    text = str(told.get("TextBody") or "") or arrived.plain(str(told.get("HtmlBody") or ""))
    before = f"{heads.get('in-reply-to', '')} {heads.get('references', '')}"
    automatic = heads.get("auto-submitted", "no").partition(";")[0].strip().lower() != "no"
    return Incoming(
        channel="email",
        key=f"mail {heads.get('message-id') or told.get('MessageID', '')}"[:400],
        address=address.lower()[:320],
        name=name[:200],
        subject=str(told.get("Subject", ""))[:500],
        text=arrived.newest(text)[: arrived.TEXT],
        answers=arrived.answered(to, before),
        automatic=automatic,
        attachments=len(told.get("Attachments", [])),
    )


# -- Twilio: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status

_TWILIO: Mapping[str, Became] = {
    "delivered": "delivered",
    "undelivered": "failed",
    "failed": "failed",
}
_DEAD = frozenset({"30003", "30005", "30006", "21211", "21614"})
"""Error codes of numbers that nothing reaches."""


def _twilio(request: Request, settings: Settings) -> Arrived:
    token = Service.of(settings.sms_url).password if settings.sms_url else ""
    given = request.headers.get("x-twilio-signature", "").encode()
    signed = twilio_signature(token, request).encode()
    if not token or not hmac.compare_digest(signed, given):
        raise Forbidden(_UNSIGNED)
    fields = request.fields
    if request.message:
        of, became = known(request.message), _TWILIO.get(fields.get("MessageStatus", ""))
        if of is None or became is None:
            return Arrived()
        code = fields.get("ErrorCode", "")
        if code in _DEAD:
            became = "bounced"
        return Arrived(events=[Event(of, became, f"Twilio {code}" if code else "")])
    if "MessageSid" not in fields or "From" not in fields:
        raise Invalid({"MessageSid": "is required"})
    return Arrived(
        incoming=[
            Incoming(
                channel="sms",
                key=f"sms {fields['MessageSid']}"[:400],
                address=parseaddr(fields["From"])[1] or fields["From"],
                text=fields.get("Body", "")[: arrived.TEXT].replace("\0", ""),
                attachments=int(fields.get("NumMedia", "0") or 0),
            )
        ]
    )


def twilio_signature(token: str, request: Request) -> str:
    """What Twilio signs: the address, then each field of the form in order, with its value."""
    whole = request.url + "".join(f"{n}{v}" for n, v in sorted({*request.form}))
    # SHA-1 is their choice; it is keyed, so that collisions help nobody.
    return b64encode(hmac.digest(token.encode(), whole.encode(), sha1)).decode()


_UNSIGNED = "This is not signed by whom it says it is from."
_READ = {
    "mail": _mail,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "postmark": _postmark,
    "twilio": _twilio,
}


def _object(body: bytes) -> dict[str, Any]:
    return _json(body, dict[str, Any])


def _list(body: bytes) -> list[dict[str, Any]]:
    return _json(body, list[dict[str, Any]])


def _json(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise Invalid({"body": "is not what this carrier sends"}) from None
