"""Notices an organisation many of whose people somebody tries to sign in as, from wherever.

A job looks, so that no sign-in takes longer for it, and tells whoever administers the organisation.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

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
_TRIED = "SELECT tenant_id, tried, addresses FROM tenfold.sprayed($1, $2, $3)"
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
        "people": row["tried"],
        "addresses": len(addresses),
        "from": addresses[:5],
    }
    await note(tx, "brute_force", Client(), tenant=tenant, **told)
    for administrator in await tx.rows(_ADMINISTER, tenant, _MOST_TOLD):
        user = await by_id(tx, administrator[0])
        if user is not None:
            letter = letters.people_tried(user, name, row["tried"], addresses, settings.address)
            await post(tx, keyring, letter, tenant=tenant, user=user.id)
    if settings.alert_mail:
        await post(tx, keyring, _to_operator(settings.alert_mail, name, row["tried"], addresses))


def _to_operator(alert: str, organisation: str, people: int, addresses: list[str]) -> Letter:
    text = (
        f"Sign-ins of {people:,} people of {organisation} failed within an hour, and they did not "
        f"get in since. They came from {letters.places(addresses)}.\n\n"
        "The organisation's owners and admins were told. Accounts lock by themselves after five "
        "failures each; `tenfold security-events --type login_failed` lists what was tried.\n\n"
        "Tenfold\n"
    )
    return Letter("brute_force", alert, "Many people of one organisation are tried", text)
