"""Sends letters by SMTP where a server is set; where none is, they stay in the outbox."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from tenfold.db.database import Database
from tenfold.db.keys import Keyring
from tenfold.jobs import GiveUp, Handler, Job, job
from tenfold.kernel.settings import Settings
from tenfold.mail.letters import SEND_JOB, Letter, Sending, opened

SECONDS = 20.0
_READ = "SELECT kind, recipient, subject, sealed, sent_at FROM tenfold.mails WHERE id = $1"
_SENT = "UPDATE tenfold.mails SET sent_at = now(), sealed = NULL, error = NULL WHERE id = $1"
_FAILED = "UPDATE tenfold.mails SET error = $2 WHERE id = $1"


def handlers(
    now: Callable[[], Settings], keyring: Keyring, database: Database
) -> list[Handler[Any]]:
    """The declared job; the server's password may be another one for each letter."""

    @job(SEND_JOB, Sending, attempts=8, timeout=60)
    async def send(one: Job[Sending]) -> None:
        identity, settings = one.payload.id, now()
        async with database.system() as reader:
            row = await reader.row(_READ, identity)
        if row is None or row["sent_at"] is not None or not settings.mail_url:
            return
        text = opened(keyring, identity, row["sealed"])
        # In no transaction, as a mail server may take its time; a crash after it sends it again.
        refused = await _refused(
            settings, Letter(row["kind"], row["recipient"], row["subject"], text)
        )
        async with one.transaction() as tx:
            if refused:
                await tx.execute(_FAILED, identity, refused[:500])
            else:
                await tx.execute(_SENT, identity)

    return [send]


async def _refused(settings: Settings, letter: Letter) -> str:
    """Why the server will never take the letter; empty where it did. Raises for another try."""
    try:
        await deliver(settings, letter)
    except aiosmtplib.SMTPRecipientsRefused as error:
        refusal = error.recipients[0]
    except aiosmtplib.SMTPResponseException as error:
        refusal = error
    else:
        return ""
    if 400 <= refusal.code < 500:  # it asks to be tried again later
        raise refusal
    return f"{refusal.code} {refusal.message}"


async def deliver(settings: Settings, letter: Letter) -> None:
    """Hand a letter to the server of `mail_url`; raises what aiosmtplib does, or GiveUp."""
    where = urlsplit(settings.mail_url)
    if where.hostname is None:
        raise GiveUp("TENFOLD_MAIL_URL names no server")
    await aiosmtplib.send(
        message(settings.mail_from, letter),
        hostname=where.hostname,
        port=where.port or (465 if where.scheme == "smtps" else 587),
        username=unquote(where.username) if where.username else None,
        password=unquote(where.password) if where.password else None,
        use_tls=where.scheme == "smtps",
        start_tls=_tls(where.scheme, where.hostname),
        timeout=SECONDS,
    )


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


def message(sender: str, letter: Letter) -> EmailMessage:
    """The letter as a message (RFC 5322)."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = letter.recipient
    made["Subject"] = " ".join(letter.subject.split())
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or "localhost")
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text)
    return made
