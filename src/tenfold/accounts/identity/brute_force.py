"""Notices an address from which many sign-ins fail, whichever accounts they are for."""

from __future__ import annotations

from datetime import timedelta

from tenfold.accounts.client import Client
from tenfold.accounts.events import note
from tenfold.db.database import Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.mail.letters import Letter, post

FAILURES, WITHIN = 10, timedelta(hours=1)
_FAILED = """SELECT count(*) FROM (SELECT 1 FROM tenfold.security_events
WHERE ip_address = $1 AND created_at > $2 AND event_type = 'login_failed' LIMIT $3) f"""
_TOLD = """SELECT 1 FROM tenfold.security_events
WHERE ip_address = $1 AND created_at > $2 AND event_type = 'brute_force' LIMIT 1"""


async def look(tx: Transaction, keyring: Keyring, client: Client, alert: str) -> None:
    """Write an event, and to whoever runs the installation, once an hour for an address."""
    since = clock.now() - WITHIN
    address = client.address[:64]
    if not address or await tx.value(_FAILED, address, since, FAILURES + 1) <= FAILURES:
        return
    if await tx.value(_TOLD, address, since):
        return
    await note(tx, "brute_force", client, failures=FAILURES + 1)
    if alert:
        await post(tx, keyring, _letter(alert, client))


def _letter(alert: str, client: Client) -> Letter:
    text = (
        f"More than {FAILURES} sign-ins from the address {client.address} failed within an hour.\n"
        f"The program called itself {client.agent[:200] or 'nothing'}.\n\n"
        "Accounts lock by themselves after five failures each; if it goes on, have your firewall "
        "or proxy refuse the address.\n\nTenfold\n"
    )
    return Letter("brute_force", alert, "Many failed sign-ins from one address", text)
