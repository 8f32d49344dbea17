"""Writes messages down, each once for what gave rise to it, and has them sent when it is time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr, parseaddr
from uuid import UUID

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine.tenants import Tenant
from tenfold.jobs import enqueue
from tenfold.kernel.channels import Channel
from tenfold.kernel.codec import spelled
from tenfold.kernel.ids import new_ids
from tenfold.kernel.language import say, speaking
from tenfold.kernel.settings import Settings
from tenfold.messages import manner, suppressions
from tenfold.messages.keys import Known
from tenfold.messages.manner import Manner
from tenfold.messages.recipients import Recipient
from tenfold.messages.words import Said

SEND_JOB = "message.send"
UNSUBSCRIBE = "unsubscribe"
"""What the seal of an address is for by which somebody gets no more mailings."""
_COLUMNS = """key, channel, state, reason, type, record_id, address, name, user_id, by_id, owner_id,
    template_id, mailing, depth, language, sender, reply_to, subject, text, html, due_at"""
_ADD = f"""INSERT INTO tenfold.messages (tenant_id, id, {_COLUMNS})
SELECT $1, m.id, {_COLUMNS} FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::uuid[], $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::uuid[],
    $14::uuid[], $15::boolean[], $16::smallint[], $17::text[], $18::text[], $19::text[],
    $20::text[], $21::text[], $22::text[], $23::timestamptz[]) AS m (id, {_COLUMNS})
ON CONFLICT (tenant_id, key) DO NOTHING RETURNING id"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that is ready; `key` is the same for the same event."""

    key: str
    channel: Channel
    to: Recipient
    said: Said
    mailing: bool = False
    type: str = ""
    record: UUID | None = None
    by: UUID | None = None
    by_name: str = ""
    reply_to: str = ""
    owner: UUID | None = None
    template: UUID | None = None
    depth: int = 0
    quiet: bool = True
    """Whether it waits while people are left alone."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a draft: its id, or None where it was written before."""

    id: UUID | None
    state: str
    reason: str


class Sending(msgspec.Struct, frozen=True):
    """The payload of a job: which message to send."""

    id: UUID


class Poster:
    """Writes messages of an installation down."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._settings, self._keyring = settings, keyring

    def foot(self, tenant: Tenant, how: Manner, to: Recipient, *, mailing: bool) -> tuple[str, ...]:
        """The last lines of a mail: of a mailing, who sends it and how to get no more."""
        if not mailing:
            return ()
        with speaking(to.language.partition("-")[0]):
            named = how.sender_name or tenant.name
            address = " · ".join(how.postal_address.split("\n"))
            return (
                f"{named} · {address}" if address else named,
                say("To get no more of these: %(link)s", link=self.unsubscribing(tenant.id, to)),
            )

    def unsubscribing(self, tenant: UUID, to: Recipient) -> str:
        """Where somebody says that they want no more mailings."""
        sealed = self._keyring.seal(f"{tenant} {to.address}".encode(), UNSUBSCRIBE)
        return f"{self._settings.address}/unsubscribe/{spelled(sealed)}"

    async def post(
        self, tx: Transaction, tenant: Tenant, drafts: Sequence[Draft], now: datetime
    ) -> list[Posted]:
        """Write these down, and have those sent that may be; what was written before is left."""
        if not drafts:
            return []
        how = await manner.manner(tx, tenant.id)
        left = await _left_alone(tx, drafts)
        ids = new_ids(len(drafts))
        posted: list[Posted] = []
        for identity, one in zip(ids, drafts, strict=True):
            reason = _withheld(one, left.get((one.channel, one.to.address), ""))
            posted.append(Posted(identity, "withheld" if reason else "waiting", reason))
        due = [
            how.due(now, one.to.zone or tenant.zone) if one.quiet and not one.to.user else now
            for one in drafts
        ]
        rows = await tx.rows(
            _ADD,
            tenant.id,
            ids,
            [one.key for one in drafts],
            [one.channel for one in drafts],
            [one.state for one in posted],
            [one.reason or None for one in posted],
            [one.type for one in drafts],
            [one.record for one in drafts],
            [one.to.address for one in drafts],
            [one.to.name for one in drafts],
            [one.to.user for one in drafts],
            [one.by for one in drafts],
            [one.owner for one in drafts],
            [one.template for one in drafts],
            [one.mailing for one in drafts],
            [one.depth for one in drafts],
            [one.said.language for one in drafts],
            [self._sender(tenant, how, one) for one in drafts],
            [
                self._reply_to(tenant, how, identity, one)
                for identity, one in zip(ids, drafts, strict=True)
            ],
            [one.said.subject for one in drafts],
            [one.said.text for one in drafts],
            [one.said.html for one in drafts],
            due,
        )
        written = {row["id"] for row in rows}
        for one, at in zip(posted, due, strict=True):
            if one.id is not None and one.id in written and one.state == "waiting":
                await send_later(tx, one.id, at, now)
        return [one if one.id in written else Posted(None, one.state, one.reason) for one in posted]

    async def withheld(self, reader: Reader, tenant: Tenant, draft: Draft) -> str:
        """Why a draft would not be sent; empty where it would."""
        to = draft.to.address
        left = await suppressions.among(reader, tenant.id, draft.channel, [to])
        return _withheld(draft, left.get(to, ""))

    def _sender(self, tenant: Tenant, how: Manner, one: Draft) -> str:
        """The installation's address with the name of who writes."""
        if one.channel == "sms":
            return ""
        name = how.sender_name or tenant.name
        if one.by_name:
            name = f"{one.by_name} · {name}"
        return formataddr((" ".join(name.split()), parseaddr(self._settings.mail_from)[1]))

    def _reply_to(self, tenant: Tenant, how: Manner, identity: UUID, one: Draft) -> str:
        if one.channel == "sms":
            return ""
        if self._settings.reply_domain and one.record is not None:
            return f"reply-{Known(tenant.id, identity).key}@{self._settings.reply_domain}"
        return one.reply_to or how.reply_to


async def send_later(tx: Transaction, identity: UUID, due: datetime, now: datetime) -> None:
    """Have a job send a message when its time has come."""
    delay = max(due - now, now - now)
    tenant = tx.context.tenant
    await enqueue(tx.connection, SEND_JOB, Sending(identity), tenant=tenant, delay=delay)


async def _left_alone(
    tx: Transaction, drafts: Sequence[Draft]
) -> Mapping[tuple[Channel, str], str]:
    found: dict[tuple[Channel, str], str] = {}
    channels: set[Channel] = {one.channel for one in drafts}
    for channel in channels:
        addresses = {one.to.address for one in drafts if one.channel == channel}
        held = await suppressions.among(tx, tx.context.tenant, channel, addresses)
        found |= {(channel, address): reason for address, reason in held.items()}
    return found


_LEFT_ALONE = {
    "unsubscribed": "they unsubscribed",
    "bounced": "a mail to this address came back",
    "complained": "they called a mail of ours spam",
    "by_hand": "somebody here said to leave them alone",
}


def _withheld(one: Draft, left: str) -> str:
    """Why a message may not be sent; empty where it may."""
    needs_leave = one.mailing or one.channel == "sms"
    if not one.to.address:
        return "there is no address" if one.channel == "email" else "there is no number"
    if left in suppressions.ALWAYS or (left and needs_leave):
        return _LEFT_ALONE[left]
    if needs_leave and not one.to.leave:
        return "they did not agree to it"
    if one.to.nobody:
        return "it is the address of an example"
    return ""


__all__ = ["SEND_JOB", "UNSUBSCRIBE", "Draft", "Posted", "Poster", "Sending", "send_later"]
