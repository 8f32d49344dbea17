"""A mail server, by SMTP."""

from __future__ import annotations

import ipaddress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import aiosmtplib

from tenfold.mail.carriers.carrier import Busy, Parcel, Refused

SECONDS = 20.0


class Smtp:
    """Hands mail to the server of `smtp://user:password@host:587`."""

    name = "smtp"

    def __init__(self, url: str) -> None:
        self._where = urlsplit(url)

    async def carry(self, parcel: Parcel) -> str:
        """Hand one over; a refusal of the recipient is a bounce."""
        try:
            await self._send(message(parcel))
        except aiosmtplib.SMTPRecipientsRefused as error:
            _raise(error.recipients[0], bounced=True)
        except aiosmtplib.SMTPResponseException as error:
            _raise(error)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Busy(f"the mail server can't be spoken to: {error}"[:500]) from None
        return ""

    async def _send(self, made: EmailMessage) -> None:
        where = self._where
        await aiosmtplib.send(
            made,
            hostname=where.hostname,
            port=where.port or (465 if where.scheme == "smtps" else 587),
            username=unquote(where.username) if where.username else None,
            password=unquote(where.password) if where.password else None,
            use_tls=where.scheme == "smtps",
            start_tls=_tls(where.scheme, where.hostname or ""),
            timeout=SECONDS,
        )


def _raise(error: aiosmtplib.SMTPResponseException, *, bounced: bool = False) -> None:
    """Raise what a server's answer means: 4xx may be tried again, 5xx never."""
    told = f"{error.code} {error.message}"[:500]
    if 400 <= error.code < 500:
        raise Busy(told)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        raise Busy(f"the mail server does not take our password: {told}", 600.0)
    raise Refused(told, "bounced" if bounced else "failed")


def _tls(scheme: str, host: str) -> bool | None:
    """Whether to demand STARTTLS: else who sits in between could strip it and read the letters.

    None takes it where it is offered, which does on this machine, and where a setting says so.
    """
    if scheme == "smtps":
        return False
    return None if scheme == "smtp+plain" or _here(host) else True


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def message(parcel: Parcel) -> EmailMessage:
    """The parcel as a message (RFC 5322)."""
    made = EmailMessage()
    domain = parcel.sender.rpartition("@")[2].strip("> ") or "localhost"
    made["From"] = parcel.sender
    made["To"] = parcel.recipient
    made["Subject"] = " ".join(parcel.subject.split())
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = parcel.message_id or make_msgid(domain=domain)
    if parcel.reply_to:
        made["Reply-To"] = parcel.reply_to
    for name, value in parcel.headers.items():
        made[name] = value
    made.set_content(parcel.text)
    if parcel.html:
        made.add_alternative(parcel.html, subtype="html")
    return made
