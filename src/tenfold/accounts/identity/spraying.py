"""Notices an organisation many of whose people somebody tries to sign in as, from wherever.

A job looks, so that no sign-in takes longer for it, and tells whoever administers the organisation.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.accounts.client import Client
from tenfold.accounts.events import note
from tenfold.accounts.identity import letters
from tenfold.accounts.identity.account import by_id
from tenfold.db.database import Database, Transaction
from tenfold.db.keys import Keyring
from tenfold.jobs import Handler, Job, Schedule, job
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.settings import Settings
from tenfold.mail.letters import Letter, post

PEOPLE, WITHIN = 5, timedelta(hours=1)
SPRAYED_JOB = "identity.sprayed"
_MOST_TOLD = 100
# Who got in since only mistyped; with a `step` it was somebody who had been let in, or nearly.
_TRIED = """SELECT e.tenant_id, count(DISTINCT e.user_id) AS people,
    array_agg(DISTINCT e.ip_address) FILTER (WHERE e.ip_address IS NOT NULL) AS addresses
FROM tenfold.security_events e
WHERE e.event_type = 'login_failed' AND e.created_at > $1 AND e.user_id IS NOT NULL
    AND ($3::uuid IS NULL AND e.tenant_id IS NOT NULL OR e.tenant_id = $3)
    AND NOT e.detail ? 'step'
    AND NOT EXISTS (SELECT 1 FROM tenfold.security_events s WHERE s.user_id = e.user_id
        AND s.created_at > e.created_at AND s.event_type IN ('login_success', 'mfa_asked'))
    AND NOT EXISTS (SELECT 1 FROM tenfold.security_events t WHERE t.tenant_id = e.tenant_id
        AND t.created_at > $1 AND t.event_type = 'brute_force')
GROUP BY e.tenant_id HAVING count(DISTINCT e.user_id) > $2 LIMIT 1000"""
_HOLD = "SELECT name FROM tenfold.tenants WHERE id = $1 FOR NO KEY UPDATE"
_ADMINISTER = """SELECT m.user_id FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.role IN ('owner', 'admin') AND m.active AND u.active
    AND u.kind = 'person' ORDER BY m.role DESC, m.created_at LIMIT $2"""


def handlers(settings: Settings, keyring: Keyring, database: Database) -> list[Handler[Any]]:
    """The declared job."""

    @job(SPRAYED_JOB, dict[str, str], attempts=3)
    async def sprayed(_job: Job[dict[str, str]]) -> None:
        since = clock.now() - WITHIN
        async with database.system() as reader:
            found = await reader.rows(_TRIED, since, PEOPLE, None)
        for row in found:
            async with database.transaction(Context(row["tenant_id"], None)) as tx:
                await _tell(tx, settings, keyring, row["tenant_id"], since)

    return [sprayed]


def schedules() -> list[Schedule]:
    """When it looks, in UTC."""
    return [Schedule("sprayed", "*/5 * * * *", SPRAYED_JOB, {})]


async def _tell(
    tx: Transaction, settings: Settings, keyring: Keyring, tenant: UUID, since: datetime
) -> None:
    """Write an event and the letters, unless somebody has since."""
    name = await tx.value(_HOLD, tenant)
    row = await tx.row(_TRIED, since, PEOPLE, tenant)
    if name is None or row is None:
        return
    addresses = sorted(row["addresses"] or [])
    told: dict[str, Any] = {
        "people": row["people"],
        "addresses": len(addresses),
        "from": addresses[:5],
    }
    await note(tx, "brute_force", Client(), tenant=tenant, **told)
    for administrator in await tx.rows(_ADMINISTER, tenant, _MOST_TOLD):
        user = await by_id(tx, administrator[0])
        if user is not None:
            letter = letters.people_tried(user, name, *_seen(row, addresses), settings.address)
            await post(tx, keyring, letter, tenant=tenant, user=user.id)
    if settings.alert_mail:
        await post(tx, keyring, _to_operator(settings.alert_mail, name, *_seen(row, addresses)))


def _seen(row: asyncpg.Record, addresses: list[str]) -> tuple[int, str]:
    """How many people, and from where."""
    some = ", ".join(addresses[:5])
    more = f" and {len(addresses) - 5:,} more" if len(addresses) > 5 else ""
    return row["people"], f"{some}{more}" or "unknown addresses"


def _to_operator(alert: str, organisation: str, people: int, places: str) -> Letter:
    text = (
        f"Sign-ins of {people:,} people of {organisation} failed within an hour, and they did not "
        f"get in since. They came from {places}.\n\n"
        "The organisation's owners and admins were told. Accounts lock by themselves after five "
        "failures each; `tenfold security-events --type login_failed` lists what was tried.\n\n"
        "Tenfold\n"
    )
    return Letter("brute_force", alert, "Many people of one organisation are tried", text)
