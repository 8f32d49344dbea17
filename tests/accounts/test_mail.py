"""Mail: sealed while it waits, sent by SMTP where a server is set, kept where none is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy

import msgspec
import pytest
from tests.accounts.letters import written
from tests.conftest import Running
from tests.factories import Owner
from tests.jobs.tools import until, working

from tenfold.kernel.context import Context
from tenfold.kernel.ids import NIL, new_id
from tenfold.mail import sending
from tenfold.mail.carriers import Busy
from tenfold.mail.carriers.smtp import Smtp
from tenfold.mail.letters import Letter, post
from tenfold.outside.calls import Outside

pytestmark = pytest.mark.anyio


@dataclass
class MailServer:
    """Speaks as much SMTP (RFC 5321) as a letter needs; `refuses` answers RCPT with a code."""

    port: int = 0
    refuses: list[int] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        writer.write(b"220 mail.test\r\n")
        while line := await reader.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                self.received.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 taken\r\n")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            elif word == b"RCPT" and self.refuses:
                writer.write(b"%d not now\r\n" % self.refuses.pop(0))
            else:
                writer.write(b"250 fine\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server on this machine."""
    made = MailServer()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def send(running: Running, letter: Letter, url: str) -> None:
    """Write a letter and do its job with a mail server's address."""
    desk = running.desk
    async with desk.database.transaction(Context(NIL, None)) as tx:
        identity = await post(tx, desk.keyring, letter)
    now = [desk.settings]  # which names no server
    handlers = sending.handlers(lambda: now[-1], desk.keyring, desk.database, Outside())
    # As when the address is a secret that has changed since the worker began.
    now.append(msgspec.structs.replace(desk.settings, mail_url=url, mail_from="CRM <crm@x.test>"))

    async def settled() -> bool:
        async with desk.database.system() as reader:
            sql = "SELECT state FROM jobs.job WHERE payload ->> 'id' = $1"
            return await reader.value(sql, str(identity)) in ("completed", "failed")

    async with working(desk.database, *handlers):
        await until(settled)


def letter_to(address: str) -> Letter:
    return Letter("test", address, "Grüße\r\nBcc: all@x.test", "Hello,\n\nwith ümlauts\n.\nend\n")


async def test_a_letter_is_sent_once_and_its_words_are_gone_then(
    app: Running, mail_server: MailServer
) -> None:
    address = f"{new_id().hex}@example.com"
    await send(app, letter_to(address), f"smtp://127.0.0.1:{mail_server.port}")
    (raw,) = [one for one in mail_server.received if address.encode() in one]
    sent = message_from_bytes(raw.removesuffix(b"\r\n.\r\n"), policy=policy.default)
    assert (sent["to"], sent["from"]) == (address, "CRM <crm@x.test>")
    assert sent["subject"] == "Grüße Bcc: all@x.test", "no header slips in"
    assert sent["bcc"] is None
    assert "with ümlauts" in sent.get_content()
    (kept,) = await written(app, address)
    assert kept.sent_at is not None
    assert kept.letter.text == ""


async def test_a_server_that_is_busy_is_asked_again(app: Running, mail_server: MailServer) -> None:
    mail_server.refuses = [451]
    address = f"{new_id().hex}@example.com"
    await send(app, letter_to(address), f"smtp://127.0.0.1:{mail_server.port}")
    assert len(mail_server.received) == 1


async def test_a_refused_address_is_noted_and_not_tried_again(
    app: Running, mail_server: MailServer
) -> None:
    mail_server.refuses = [550, 550, 550]
    address = f"{new_id().hex}@example.com"
    await send(app, letter_to(address), f"smtp://127.0.0.1:{mail_server.port}")
    (kept,) = await written(app, address)
    assert kept.sent_at is None
    assert "550" in (kept.error or "")
    assert mail_server.refuses == [550, 550]


async def test_no_letter_goes_in_the_clear_but_on_this_machine_or_where_it_is_said(
    app: Running, mail_server: MailServer
) -> None:
    """The server offers no STARTTLS; 0.0.0.0 leads to it by an address that is no loopback."""
    letter = letter_to(f"{new_id().hex}@example.com")
    there = f"0.0.0.0:{mail_server.port}"
    parcel = sending.parcel(app.desk.settings, new_id(), letter)
    with pytest.raises(Busy, match="STARTTLS"):
        await Smtp(f"smtp://{there}").carry(parcel)
    assert mail_server.received == []
    await Smtp(f"smtp+plain://{there}").carry(parcel)
    assert len(mail_server.received) == 1


async def test_without_a_mail_server_it_is_kept_sealed(app: Running, owner: Owner) -> None:
    address = f"{new_id().hex}@example.com"
    await send(app, letter_to(address), "")
    (kept,) = await written(app, address)
    assert kept.letter.text.startswith("Hello,")
    sealed = await owner.fetchval("SELECT sealed FROM tenfold.mails WHERE recipient = $1", address)
    assert b"Hello" not in sealed
