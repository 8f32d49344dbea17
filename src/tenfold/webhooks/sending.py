"""Delivers messages, each until it got there, was refused for good, or was tried for two days.

A message may arrive twice, always with the same `webhook-id` and to the letter the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import asyncpg
from standardwebhooks import Webhook

from tenfold.accounts.client import Client
from tenfold.accounts.events import note
from tenfold.db.database import Database, Transaction
from tenfold.db.keys import Keyring, Unsealable
from tenfold.db.sealed import WEBHOOKS, WEBHOOKS_BEFORE
from tenfold.jobs import Handler, Job, enqueue, job, spread
from tenfold.mail.letters import Letter, post
from tenfold.outside.calls import Answer, Outside
from tenfold.outside.targets import OutsideError, Terms
from tenfold.webhooks.messages import SEND_JOB, Sending

SECONDS = 20.0
"""How long a receiver may take."""
WAITS: Sequence[timedelta] = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14)),
)
"""How long it waits after each attempt that failed; after the last it is a dead letter."""
PATIENCE = timedelta(days=5)
"""After so long without one success a webhook is switched off."""
LONGEST = timedelta(hours=24)
"""How long a receiver may ask to be left in peace."""
REST = timedelta(seconds=5)
"""How long others wait for a receiver that just failed, while one finds out if it is up."""
_SHOWN = 500
TERMS = Terms(most=64 << 10, seconds=SECONDS, hops=0)
"""What a call to a receiver may do: no redirect is followed."""

_TAKE = """SELECT d.id, d.attempts, d.state, d.webhook_id, m.id AS message_id, m.payload, w.url,
    w.enabled AND w.deleted_at IS NULL AS enabled, w.sealed, w.rest_until, now() AS now,
    CASE WHEN w.before_until > now() THEN w.sealed_before END AS sealed_before
FROM tenfold.webhook_deliveries d
JOIN tenfold.webhook_messages m ON m.tenant_id = d.tenant_id AND m.id = d.message_id
JOIN tenfold.webhooks w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
WHERE d.tenant_id = $1 AND d.id = $2"""
_TRIED = """UPDATE tenfold.webhook_deliveries SET state = $3, attempts = attempts + $4, due_at = $5,
    tried_at = now(), status = $6, error = $7, answer = $8,
    delivered_at = CASE WHEN $3 = 'delivered' THEN now() END
WHERE tenant_id = $1 AND id = $2"""
_WELL = """UPDATE tenfold.webhooks SET failing_since = NULL, rest_until = NULL
WHERE tenant_id = $1 AND id = $2 AND failing_since IS NOT NULL"""
_ILL = """UPDATE tenfold.webhooks SET failing_since = coalesce(failing_since, now()),
    rest_until = greatest(rest_until, $3) WHERE tenant_id = $1 AND id = $2
RETURNING failing_since < now() - $4::interval AS over"""
_OFF = """UPDATE tenfold.webhooks SET enabled = false, switched_off = $3, changed_at = now()
WHERE tenant_id = $1 AND id = $2 AND enabled RETURNING made_by"""
_TO = "SELECT email FROM tenfold.users WHERE id = $1 AND active"
_GONE = "The receiver answered 410 Gone: it wants nothing more."
_SILENT = "Nothing got through for five days."
SWITCHED_OFF = "The webhook is switched off."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went: a status, or why there was none."""

    status: int | None = None
    error: str = ""
    answer: str = ""
    after: timedelta | None = None
    """For how long the receiver asks to be left in peace."""

    @property
    def delivered(self) -> bool:
        """Whether it got there."""
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Delivers messages."""

    def __init__(
        self, database: Database, keyring: Keyring, outside: Outside, address: str
    ) -> None:
        self._database, self._keyring, self._outside = database, keyring, outside
        self._address = address.rstrip("/")

    def handlers(self) -> list[Handler[Any]]:
        """The job of one delivery."""

        @job(SEND_JOB, Sending, attempts=10, timeout=3 * SECONDS)
        async def send(work: Job[Sending]) -> None:
            await self.send(work)

        return [send]

    async def send(self, work: Job[Sending]) -> None:
        """Try one delivery, and write down how it went."""
        identity = work.payload.id
        async with self._database.read(work.tenant) as reader:
            row = await reader.row(_TAKE, work.tenant, identity)
        if row is None or row["state"] != "pending":
            return
        if not row["enabled"]:
            async with work.transaction() as tx:
                await self._write(tx, row, "failed", Outcome(error=SWITCHED_OFF), counted=0)
            return
        if row["rest_until"] is not None and row["rest_until"] > row["now"]:
            rest = row["rest_until"] - row["now"]
            async with work.transaction() as tx:
                await _again(tx, identity, _spread(rest, 0.5))
            return
        # In no transaction, as a receiver may take its time; a crash after it sends it again.
        outcome = await self._attempt(work.tenant, row)
        async with work.transaction() as tx:
            await self._settle(tx, row, outcome)

    async def _attempt(self, tenant: UUID, row: asyncpg.Record) -> Outcome:
        """Send it once."""
        try:
            headers = self._headers(row)
        except Unsealable:
            return Outcome(error="The secret can't be opened any more; make a new one.")
        try:
            answer = await self._outside.fetch(
                row["url"],
                method="POST",
                headers=headers,
                content=row["payload"].encode(),
                terms=TERMS,
                asker=tenant,
            )
        except OutsideError as error:
            return Outcome(error=error.reason)
        body = answer.body[: 4 * _SHOWN].decode(errors="replace")[:_SHOWN].replace("\0", "")
        told = f"answered {answer.status}" if not 200 <= answer.status < 300 else ""
        if 300 <= answer.status < 400:
            told = f"redirects ({answer.status}), which webhooks don't follow; change its address"
        return Outcome(answer.status, told, body, _asked(answer, row["now"]))

    def _headers(self, row: asyncpg.Record) -> dict[str, str]:
        """Those of Standard Webhooks: while the secret changes, both sign."""
        identity, now = f"msg_{row['message_id'].hex}", row["now"].replace(microsecond=0)
        secrets = [self._keyring.unseal(row["sealed"], WEBHOOKS.place(None, row["webhook_id"]))]
        if row["sealed_before"] is not None:
            place = WEBHOOKS_BEFORE.place(None, row["webhook_id"])
            secrets.append(self._keyring.unseal(row["sealed_before"], place))
        signed = [Webhook(one.decode()).sign(identity, now, row["payload"]) for one in secrets]
        return {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signed),
        }

    async def _settle(self, tx: Transaction, row: asyncpg.Record, outcome: Outcome) -> None:
        """What follows from an attempt: done, another one, or the end."""
        tenant, webhook = tx.context.tenant, row["webhook_id"]
        if outcome.delivered:
            await self._write(tx, row, "delivered", outcome)
            await tx.execute(_WELL, tenant, webhook)
            return
        if outcome.status == 410:
            await self._write(tx, row, "failed", outcome)
            await self._switch_off(tx, row, _GONE)
            return
        rest = row["now"] + (outcome.after or REST)
        over = await tx.value(_ILL, tenant, webhook, rest, PATIENCE)
        if over:
            await self._write(tx, row, "failed", outcome)
            await self._switch_off(tx, row, _SILENT)
            return
        if row["attempts"] >= len(WAITS):
            await self._write(tx, row, "failed", outcome)
            return
        attempts: int = row["attempts"]
        wait = _spread(max(WAITS[attempts], outcome.after or timedelta()), 0.1)
        await self._write(tx, row, "pending", outcome, due=row["now"] + wait)
        await _again(tx, row["id"], wait)

    async def _write(
        self,
        tx: Transaction,
        row: asyncpg.Record,
        state: str,
        outcome: Outcome,
        *,
        due: datetime | None = None,
        counted: int = 1,
    ) -> None:
        told = (outcome.status, outcome.error or None, outcome.answer or None)
        what = (tx.context.tenant, row["id"], state, counted, due or row["now"])
        await tx.execute(_TRIED, *what, *told)

    async def _switch_off(self, tx: Transaction, row: asyncpg.Record, why: str) -> None:
        """Switch a webhook off, once, and tell whoever made it."""
        tenant, webhook = tx.context.tenant, row["webhook_id"]
        made_by = await tx.value(_OFF, tenant, webhook, why)
        if made_by is None:
            return
        about: dict[str, Any] = {"did": "switched off", "webhook": str(webhook), "why": why}
        await note(
            tx, "webhook_changed", Client(address=""), tenant=tenant, url=row["url"], **about
        )
        to = await tx.value(_TO, made_by)
        if to:
            link = f"{self._address}/admin/webhooks/{webhook}"
            text = (
                f"The webhook that sends to {row['url']} was switched off.\n\n{why}\n\n"
                f"Switch it on again when its receiver is ready, and send anew what it missed:\n"
                f"{link}\n"
            )
            letter = Letter("webhook_off", to, "A webhook was switched off", text)
            await post(tx, self._keyring, letter, tenant=tenant, user=made_by)


def _asked(answer: Answer, now: datetime) -> timedelta | None:
    """For how long an answer asks to wait (RFC 9110, Retry-After): seconds, or until a date."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        wait = timedelta(seconds=int(text)) if text.isdigit() else parsedate_to_datetime(text) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST)


def _spread(wait: timedelta, share: float) -> timedelta:
    return timedelta(seconds=spread(wait.total_seconds(), share))


async def _again(tx: Transaction, identity: UUID, wait: timedelta) -> None:
    tenant = tx.context.tenant
    await enqueue(tx.connection, SEND_JOB, Sending(identity), tenant=tenant, delay=wait)
