"""Doubles of the services, each after what its vendor publishes: they check what they are sent.

A double refuses what the service would; told to by `moods`, it is also busy, broken or slow.
"""

from __future__ import annotations

import re
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import msgspec
from tests.outside.servers import Asked, answer, hosting

KEY = "re_123"


@dataclass
class Double:
    """A service: what it took, and how it behaves next."""

    port: int = 0
    taken: list[dict[str, Any]] = field(default_factory=list)
    moods: list[str] = field(default_factory=list)
    """For each request to come: busy, broken, hang up, slow."""
    by_key: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)

    def reply(self, asked: Asked) -> bytes:
        """The answer to one request."""
        match self.moods.pop(0) if self.moods else "":
            case "busy":
                return said({"message": "Too many requests"}, 429, retry_after="1")
            case "broken":
                return said({"message": "Internal server error"}, 500)
            case "hang up":
                return b""
            case "slow":
                time.sleep(0.2)
            case _:
                pass
        return self.take(asked)

    def take(self, asked: Asked) -> bytes:
        raise NotImplementedError


def said(body: object, status: int = 200, **headers: str) -> bytes:
    """An answer in JSON."""
    reasons = {200: "OK", 201: "Created", 202: "Accepted"}
    return answer(
        msgspec.json.encode(body),
        f"{status} {reasons.get(status, 'No')}",
        content_type="application/json",
        **headers,
    )


@asynccontextmanager
async def served(double: Double) -> AsyncIterator[Double]:
    """The double on a port of this machine."""
    async with hosting(double.reply) as host:
        double.port = host.port
        yield double


def _address(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", parseaddr(text)[1])


class Resend(Double):
    """https://resend.com/docs/api-reference/emails/send-email."""

    fields = frozenset(
        """from to subject bcc cc scheduled_at reply_to html text react headers topic_id attachments
        tags template""".split()  # noqa: SIM905
    )

    def take(self, asked: Asked) -> bytes:
        if (asked.method, asked.path) != ("POST", "/emails"):
            return self._no(404, "not_found", "The requested endpoint does not exist.")
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return self._no(401, "missing_api_key", "Missing API Key")
        body = msgspec.json.decode(asked.body)
        if told := self._wrong(body):
            return self._no(422, "validation_error", told)
        key = asked.headers.get("idempotency-key", "")
        if len(key) > 256:
            return self._no(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
        if key in self.by_key:
            before, given = self.by_key[key]
            if before != asked.body:
                return self._no(409, "invalid_idempotent_request", "Same key, another payload.")
            return given
        self.taken.append(body)
        given = said({"id": str(uuid4())})
        if key:
            self.by_key[key] = (asked.body, given)
        return given

    def _wrong(self, body: Mapping[str, Any]) -> str:
        if unknown := body.keys() - self.fields:
            return f"Unknown field {min(unknown)}"
        if not _address(body.get("from")):
            return "Invalid `from` field."
        to = body.get("to")
        if not all(_address(one) for one in (to if isinstance(to, list) else [to])):
            return "Invalid `to` field."
        if not body.get("subject") or not (body.get("html") or body.get("text")):
            return "Missing `html` or `text` field."
        for tag in body.get("tags", []):
            if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", tag[n]) for n in ("name", "value")):
                return "Tags should only contain ASCII letters, numbers, underscores, or dashes."
        return ""

    @staticmethod
    def _no(status: int, name: str, message: str) -> bytes:
        return said({"statusCode": status, "name": name, "message": message}, status)


class SendGrid(Double):
    """https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send."""

    reserved = frozenset(
        """x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding to from
        subject reply-to cc bcc""".split()  # noqa: SIM905
    )

    def take(self, asked: Asked) -> bytes:
        if (asked.method, asked.path) != ("POST", "/v3/mail/send"):
            return self._no(404, "not found", None)
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return self._no(401, "The provided authorization grant is invalid", None)
        body = msgspec.json.decode(asked.body)
        if wrong := self._wrong(body):
            return self._no(400, wrong[1], wrong[0])
        self.taken.append(body)
        return answer(status="202 Accepted", x_message_id=uuid4().hex[:22])

    def _wrong(self, body: Mapping[str, Any]) -> tuple[str, str] | None:
        people = body.get("personalizations") or []
        if not 1 <= len(people) <= 1_000:
            return "personalizations", "The personalizations field is required."
        for one in people:
            if not one.get("to") or not all(_address(to.get("email")) for to in one["to"]):
                return "personalizations.0.to.0.email", "Does not contain a valid address."
            if not all(isinstance(v, str) for v in one.get("custom_args", {}).values()):
                return "custom_args", "Must be strings."
        if not _address(body.get("from", {}).get("email")):
            return "from.email", "The from email does not contain a valid address."
        if not body.get("subject"):
            return "subject", "The subject is required."
        kinds = [one.get("type") for one in body.get("content", [])]
        if not kinds or not all(one.get("value") for one in body["content"]):
            return "content", "The content value must be a string at least one character in length."
        if "text/plain" in kinds and kinds[0] != "text/plain":
            return "content", "text/plain must come first."
        if found := {name.lower() for name in body.get("headers", {})} & self.reserved:
            return f"headers.{min(found)}", "Reserved header."
        return None

    @staticmethod
    def _no(status: int, message: str, name: str | None) -> bytes:
        return said({"errors": [{"message": message, "field": name, "help": None}]}, status)


class Postmark(Double):
    """https://postmarkapp.com/developer/api/email-api."""

    inactive = "gone@people.dev"

    def take(self, asked: Asked) -> bytes:
        if (asked.method, asked.path) != ("POST", "/email"):
            return said({"ErrorCode": 404, "Message": "No such endpoint"}, 404)
        if asked.headers.get("x-postmark-server-token") != KEY:
            return self._no(401, 10, "Bad or missing server or user API token.")
        if asked.headers.get("accept") != "application/json":
            return self._no(406, 0, "Accept must be application/json")
        body = msgspec.json.decode(asked.body)
        if not _address(body.get("From")) or not _address(body.get("To")):
            return self._no(422, 300, "Invalid email request")
        if parseaddr(body["To"])[1] == self.inactive:
            return self._no(422, 406, "You tried to send to recipients marked as inactive.")
        if not (body.get("TextBody") or body.get("HtmlBody")):
            return self._no(422, 300, "Provide either email TextBody or HtmlBody or both.")
        data = body.get("Metadata", {})
        if len(data) > 10 or any(len(n) > 20 or len(v) > 80 for n, v in data.items()):
            return self._no(422, 300, "Metadata is too long.")
        self.taken.append(body)
        at = "2026-11-24T01:00:00.0000000-05:00"
        given = {"To": body["To"], "SubmittedAt": at, "MessageID": str(uuid4())}
        return said({**given, "ErrorCode": 0, "Message": "OK"})

    @staticmethod
    def _no(status: int, code: int, message: str) -> bytes:
        return said({"ErrorCode": code, "Message": message}, status)


class Twilio(Double):
    """https://www.twilio.com/docs/messaging/api/message-resource."""

    account, token = "AC" + "0" * 32, "secret-token"
    stopped = "+14155552671"

    def take(self, asked: Asked) -> bytes:
        path = f"/2010-04-01/Accounts/{self.account}/Messages.json"
        if (asked.method, urlsplit(asked.path).path) != ("POST", path):
            return self._no(404, 20404, "The requested resource was not found")
        given = asked.headers.get("authorization", "").removeprefix("Basic ")
        if b64decode(given).decode() != f"{self.account}:{self.token}":
            return self._no(401, 20003, "Authenticate")
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
            return self._no(400, 21211, "The 'To' number is not a valid phone number.")
        if form["To"] == self.stopped:
            return self._no(400, 21610, "Attempt to send to unsubscribed recipient")
        if not (form.get("From") or form.get("MessagingServiceSid")):
            return self._no(400, 21603, "A 'From' phone number is required.")
        if not form.get("Body"):
            return self._no(400, 21602, "Message body is required.")
        if len(form["Body"]) > 1_600:
            return self._no(400, 21617, "The concatenated message body exceeds 1600 characters")
        self.taken.append(form)
        sid = f"SM{uuid4().hex}"
        made = {"sid": sid, "status": "queued", "to": form["To"], "from": form.get("From")}
        more = {"body": form["Body"], "account_sid": self.account, "error_code": None}
        return said({**made, **more, "uri": f"{path[:-5]}/{sid}.json", "num_segments": "1"}, 201)

    @staticmethod
    def _no(status: int, code: int, message: str) -> bytes:
        told = {"code": code, "message": message, "status": status}
        return said({**told, "more_info": f"https://www.twilio.com/docs/errors/{code}"}, status)


DOUBLES: Mapping[str, Callable[[], Double]] = {
    "resend": Resend,
    "sendgrid": SendGrid,
    "postmark": Postmark,
    "twilio": Twilio,
}


def url_of(name: str, double: Double) -> str:
    """The setting that leads to a double."""
    if isinstance(double, Twilio):
        who = f"{double.account}:{double.token}"
        return f"twilio+http://{who}@127.0.0.1:{double.port}?from=+14155550006"
    return f"{name}+http://{KEY}@127.0.0.1:{double.port}"
