"""Checks second factors: counts what is wrong, locks after five, and tells of recovery codes."""

from __future__ import annotations

from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.events import note_everywhere
from tenfold.accounts.identity import letters, lockout
from tenfold.accounts.identity.account import Account
from tenfold.accounts.identity.factors import Answer, Factors, enrolled
from tenfold.accounts.identity.passkeys import Ceremony
from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.kernel.errors import Locked, TenfoldError, Unauthenticated
from tenfold.kernel.language import mark, say

ACCOUNT_KEY = "sign-in accounts"
"""The name of the key from which lockouts know accounts."""


class Proving:
    """The one place that judges an answer to the question for a second factor."""

    def __init__(self, keyring: Keyring, address: str) -> None:
        self._keyring, self._address = keyring, address
        self._account_keys = keyring.derived(ACCOUNT_KEY)
        self.factors = Factors(keyring)

    async def locked(self, reader: Reader, user: UUID) -> Locked | None:
        """The refusal of codes while somebody's are locked."""
        found = await lockout.standing(reader, self._key(user))
        return locked(found) if found.locked(clock.now()) else None

    async def prove(
        self,
        tx: Transaction,
        account: Account,
        answer: Answer,
        ceremony: Ceremony | None,
        client: Client,
    ) -> tuple[str, ...] | TenfoldError:
        """The methods that the answer proves, or the refusal to raise once this is committed.

        Wrong codes lock codes, for as long as wrong passwords would lock passwords; passkeys,
        which nobody can guess, go on.
        """
        moment = clock.now()
        key = self._key(account.id)
        await lockout.alone(tx, key)  # or five more are tried with each request sent at once
        standing = await lockout.standing(tx, key)
        if standing.locked(moment) and answer.passkey is None:
            await note_everywhere(tx, "locked_account_attempt", client, account.id, factor="code")
            return locked(standing)
        methods = await self.factors.right(tx, account.id, answer, ceremony)
        if not methods:
            _, after = await lockout.failed(tx, key, moment)
            await note_everywhere(tx, "mfa_failed", client, account.id)
            if after.locked(moment):
                await note_everywhere(tx, "account_locked", client, account.id, factor="code")
            return Unauthenticated(
                say("This is not the right code; try again."), code="INVALID_CODE"
            )
        if not standing.locked(moment):
            await lockout.succeeded(tx, key, moment)
        if "rec" in methods:
            await self._recovered(tx, account, client)
        return methods

    async def password(
        self, tx: Transaction, account: Account, client: Client, *, right: bool
    ) -> TenfoldError | None:
        """The refusal of a password given anew by somebody signed in; five wrong ones lock."""
        moment = clock.now()
        key = lockout.account_of(self._account_keys()[0], f"password of {account.id}")
        standing = await lockout.standing(tx, key)
        if standing.locked(moment):
            await note_everywhere(
                tx, "locked_account_attempt", client, account.id, factor="password"
            )
            return locked(standing)
        if right:
            await lockout.succeeded(tx, key, moment)
            return None
        _, after = await lockout.failed(tx, key, moment)
        await note_everywhere(tx, "login_failed", client, account.id, step="step_up")
        if after.locked(moment):
            await note_everywhere(tx, "account_locked", client, account.id, factor="password")
        return Unauthenticated(say("The password is wrong."), code="INVALID_CREDENTIALS")

    def _key(self, user: UUID) -> bytes:
        return lockout.account_of(self._account_keys()[0], f"second factor {user}")

    async def _recovered(self, tx: Transaction, account: Account, client: Client) -> None:
        left = (await enrolled(tx, account.id)).recovery_codes
        await note_everywhere(tx, "recovery_code_used", client, account.id, left=left)
        what = mark("A recovery code was used to sign in; %(n)s are left.")
        letter = letters.factors_changed(account.user, what, client, self._address, n=str(left))
        await letters.post_to(tx, self._keyring, letter, account)


def locked(standing: lockout.Standing) -> Locked:
    """The answer while an account is locked."""
    seconds = lockout.seconds_left(standing, clock.now())
    return Locked(
        say(
            "This account is locked after %(failures)s failed sign-ins. Try again in %(x)s "
            "minutes.",
            failures=lockout.FAILURES,
            x=-(-seconds // 60),
        ),
        retry_after=seconds,
    )
