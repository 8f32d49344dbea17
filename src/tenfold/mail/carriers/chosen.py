"""Which carrier an installation's settings name; none where its outbox keeps what is written."""

from __future__ import annotations

from tenfold.kernel.settings import Settings
from tenfold.mail.carriers.carrier import Carrier
from tenfold.mail.carriers.postmark import Postmark
from tenfold.mail.carriers.resend import Resend
from tenfold.mail.carriers.sendgrid import SendGrid
from tenfold.mail.carriers.smtp import Smtp
from tenfold.mail.carriers.twilio import Twilio
from tenfold.outside.calls import Outside

_SERVICES = {"resend": Resend, "sendgrid": SendGrid, "postmark": Postmark}


def mail_carrier(settings: Settings, outside: Outside) -> Carrier | None:
    """Who carries mail."""
    url = settings.mail_url
    if not url:
        return None
    service = _SERVICES.get(_scheme(url))
    return Smtp(url) if service is None else service(url, outside)


def text_carrier(settings: Settings, outside: Outside, told: str) -> Carrier | None:
    """Who carries text messages; `told` is where it says how they went."""
    return Twilio(settings.sms_url, outside, told) if settings.sms_url else None


def _scheme(url: str) -> str:
    return url.partition("://")[0].removesuffix("+http")
