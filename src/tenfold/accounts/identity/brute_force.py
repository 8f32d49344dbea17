"""Notices a place from which many sign-ins fail, whichever accounts they are for.

A place is what limits count: an address, or the /64 of IPv6, of which one person has plenty.
"""

from __future__ import annotations

from datetime import timedelta

from tenfold.accounts.client import Client
from tenfold.accounts.events import note
from tenfold.db.database import Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.mail.letters import Letter, post

FAILURES, WITHIN = 10, timedelta(hours=1)
_FROM = "SELECT failures, told FROM tenfold.failed_from($1, $2, $3)"


async def look(tx: Transaction, keyring: Keyring, client: Client, alert: str) -> None:
    """Write an event, and to whoever runs the installation, once an hour for a place."""
    if not client.network:
        return
    row = await tx.row(_FROM, client.network, clock.now() - WITHIN, FAILURES + 1)
    assert row is not None
    if row["failures"] <= FAILURES or row["told"]:
        return
    await note(tx, "brute_force", client, failures=FAILURES + 1)
    if alert:
        await post(tx, keyring, _letter(alert, client))


def _letter(alert: str, client: Client) -> Letter:
    text = (
        f"More than {FAILURES} sign-ins from {client.network} failed within an hour.\n"
        f"The program called itself {client.agent[:200] or 'nothing'}.\n\n"
        "Accounts lock by themselves after five failures each; if it goes on, have your firewall "
        "or proxy refuse the address.\n\nTenfold\n"
    )
    return Letter("brute_force", alert, "Many failed sign-ins from one address", text)
