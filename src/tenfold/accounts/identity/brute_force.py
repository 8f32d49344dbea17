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
# A failure is written to each organisation of its person, and is one all the same.
_FAILED = """SELECT count(*) FROM (SELECT DISTINCT created_at, user_id FROM tenfold.security_events
WHERE {from_there} AND created_at > $2 AND event_type = 'login_failed' LIMIT $3) f"""
_TOLD = """SELECT 1 FROM tenfold.security_events
WHERE {from_there} AND created_at > $2 AND event_type = 'brute_force' LIMIT 1"""
# The first is found by its index; of the second, the events of an hour are looked at by their type.
_ADDRESS = "ip_address = $1"
_NETWORK = "CASE WHEN ip_address LIKE '%:%' THEN ip_address::inet <<= $1::text::inet ELSE false END"


async def look(tx: Transaction, keyring: Keyring, client: Client, alert: str) -> None:
    """Write an event, and to whoever runs the installation, once an hour for a place."""
    since = clock.now() - WITHIN
    place = client.network
    there = _NETWORK if "/" in place else _ADDRESS
    failed, told = (sql.format(from_there=there) for sql in (_FAILED, _TOLD))
    if not place or await tx.value(failed, place, since, FAILURES + 1) <= FAILURES:
        return
    if await tx.value(told, place, since):
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
