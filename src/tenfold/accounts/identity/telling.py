"""Tells somebody that their account was locked, by a job that looks the account up.

The request that locked it does the same whether there is such an account or not, in the same time.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.accounts.client import Client
from tenfold.accounts.identity import letters
from tenfold.accounts.identity.account import Account, by_email, memberships
from tenfold.db.database import Transaction
from tenfold.db.keys import Keyring
from tenfold.jobs import Handler, Job, enqueue, job
from tenfold.kernel.ids import NIL
from tenfold.kernel.settings import Settings

LOCKED_JOB = "identity.locked"


class Lock(msgspec.Struct, kw_only=True):
    """An account was locked: under which address, from where, for how long."""

    email: str
    address: str
    minutes: int


async def tell_of_lock(tx: Transaction, email: str, client: Client, minutes: int) -> None:
    """Leave the job; whether the address has an account is not looked at."""
    lock = Lock(email=email, address=client.address, minutes=minutes)
    await enqueue(tx.connection, LOCKED_JOB, lock, tenant=NIL)


def handlers(settings: Settings, keyring: Keyring) -> list[Handler[Any]]:
    """The declared job."""

    @job(LOCKED_JOB, Lock, attempts=5)
    async def locked(one: Job[Lock]) -> None:
        lock = one.payload
        async with one.transaction() as tx:
            user = await by_email(tx, lock.email)
            member = await memberships(tx, user.id) if user else ()
            if user is None or not member:
                return
            client = Client(address=lock.address)
            letter = letters.account_locked(user, client, lock.minutes, settings.address)
            await letters.post_to(tx, keyring, letter, Account(user, member[0], member))

    return [locked]
