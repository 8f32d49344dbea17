"""What the services have in common: a call with a key, and answers that say yes, never or later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from tenfold.mail.carriers.carrier import Busy, Refused
from tenfold.outside.calls import Answer, Outside
from tenfold.outside.targets import OutsideError, Terms

TERMS = Terms(most=1 << 20, seconds=20.0, hops=0)
_LONGEST = 3_600.0


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is, and as whom we speak to it, of a setting like `resend://KEY@host`."""

    base: str
    user: str
    password: str
    options: Mapping[str, str]

    @classmethod
    def of(cls, url: str) -> Service:
        """The same, read; `+http` in the scheme is for doubles in one's own network."""
        where = urlsplit(url)
        scheme = "http" if where.scheme.endswith("+http") else "https"
        host = where.netloc.rpartition("@")[2]
        options = {name: values[-1] for name, values in parse_qs(where.query).items()}
        user, password = unquote(where.username or ""), unquote(where.password or "")
        return cls(f"{scheme}://{host}", user, password, options)


async def call(
    outside: Outside, url: str, headers: Mapping[str, str], content: bytes
) -> tuple[Answer, dict[str, Any]]:
    """POST, and what came back as JSON; raises Busy where it may be tried again."""
    try:
        answer = await outside.fetch(
            url, method="POST", headers=headers, content=content, terms=TERMS
        )
    except OutsideError as error:
        raise Busy(f"the service {error.reason}") from None
    said = _object(answer.body)
    if answer.status == 429 or answer.status >= 500:
        raise Busy(f"the service answered {answer.status}", _after(answer))
    if answer.status in (401, 403):
        # The operator's mistake, not this message's: it goes out once the key is right.
        raise Busy(f"the service does not take our key ({answer.status})", _LONGEST / 6)
    return answer, said


def refused(answer: Answer, said: str) -> Refused:
    """A refusal of the message itself."""
    return Refused(f"{answer.status} {said}".strip()[:500])


def _after(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "").strip()
    return min(float(text), _LONGEST) if text.isdigit() else None


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return {}
