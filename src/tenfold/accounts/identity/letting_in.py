"""What mailed links do: sign in, set a new password, prove an address."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.events import note_everywhere
from tenfold.accounts.identity import challenges, devices, letters, links, lockout
from tenfold.accounts.identity.account import Account, User
from tenfold.accounts.identity.entrance import Asked, Entrance, Signed
from tenfold.accounts.identity.links import Link
from tenfold.accounts.identity.passwords import Passwords
from tenfold.accounts.identity.proving import ACCOUNT_KEY
from tenfold.accounts.identity.secrets_kept import digest
from tenfold.accounts.identity.sessions import end_all
from tenfold.accounts.identity.unproven import strip
from tenfold.db.database import Database, Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import NIL
from tenfold.kernel.language import say

VERIFIED = """UPDATE tenfold.users SET email_verified_at = coalesce(email_verified_at, $2)
WHERE id = $1"""
_CHANGE = """UPDATE tenfold.users SET password_hash = $2, password_changed_at = $3
WHERE id = $1"""


@dataclass(frozen=True, slots=True)
class Looked:
    """A link that is still good: to whom it was sent, and where to go from it."""

    email: str
    after: str
    elsewhere: bool
    """Whether it came back in another browser than the one that asked for it."""


class LettingIn:
    """Uses links."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        entrance: Entrance,
        passwords: Passwords,
        address: str,
    ) -> None:
        self._database, self._keyring, self._entrance = database, keyring, entrance
        self._passwords, self._address = passwords, address
        self._account_keys = keyring.derived(ACCOUNT_KEY)

    async def look(self, kind: links.Kind, secret: str, browser: str = "") -> Looked:
        """What a link is for, which does not use it up; raises NotFound where it is not good."""
        async with self._database.read(NIL) as reader:
            found, account = await self._good(reader, kind, secret)
        elsewhere = kind == "sign_in" and not _same(found, browser)
        email = found.detail.email or account.user.email
        return Looked(email, found.detail.after, elsewhere)

    async def sign_in(
        self, secret: str, email: str, browser: str, client: Client, device: str
    ) -> Signed | Asked:
        """Sign in by a link; who opens it in another browser must know for whom it is."""
        async with self._database.read(NIL) as reader:
            found, account = await self._good(reader, "sign_in", secret)
        if not _same(found, browser) and email.strip().lower() != account.user.email:
            text = "is not the one that the link was sent to"
            raise Invalid(
                {"email": text if email.strip() else say("is required in another browser")}
            )
        async with self._database.transaction(links.context(found, account, client)) as tx:
            if await links.use(tx, "sign_in", secret) is None:
                raise used()
            proven = await _proved(tx, account, device)
            return await self._entrance.admit(tx, proven, ["email"], client, device)

    async def reset(
        self, secret: str, password: str, client: Client, device: str = ""
    ) -> Signed | Asked:
        """Set a new password, end all sessions, open a locked account, and let its owner in."""
        async with self._database.read(NIL) as reader:
            _, account = await self._good(reader, "reset", secret)
        hashed = await judged(self._passwords, password, account.user)
        async with self._database.read(NIL) as reader:
            found, account = await self._good(reader, "reset", secret)
        async with self._database.transaction(links.context(found, account, client)) as tx:
            if await links.use(tx, "reset", secret) is None:
                raise used()
            proven = await _proved(tx, account, device)
            await replace_password(tx, account, hashed, "password_reset", client)
            await lockout.forget(
                tx, lockout.account_of(self._account_keys()[0], account.user.email)
            )
            letter = letters.password_changed(account.user, client, self._address)
            await letters.post_to(tx, self._keyring, letter, account)
            fresh = with_password(proven, hashed)
            return await self._entrance.admit(tx, fresh, ["pwd"], client)

    async def ask(self, asking: links.Asking, client: Client) -> None:
        """Leave the wish for a link."""
        context = Context(tenant=NIL, actor=None, request=client.request)
        async with self._database.transaction(context) as tx:
            await links.ask(tx, asking)

    async def _good(self, reader: Reader, kind: links.Kind, secret: str) -> tuple[Link, Account]:
        found = await links.look(reader, kind, secret)
        account = await links.account_of(reader, found) if found else None
        if found is None or account is None:
            raise used()
        return found, account


async def judged(passwords: Passwords, password: str, user: User) -> str:
    """The hash of a new password; raises Invalid where it is too easy to guess."""
    words = (user.email, user.first_name, user.last_name)
    if problem := await passwords.weakness(password, words):
        raise Invalid({"password": problem})
    return await passwords.hash(password)


async def replace_password(
    tx: Transaction,
    account: Account,
    hashed: str,
    event: Literal["password_reset", "password_changed"],
    client: Client,
    but: UUID | None = None,
) -> None:
    """Store a new password; every session ends, `but` one, and devices are strangers again."""
    await tx.execute(_CHANGE, account.id, hashed, clock.now())
    ended = await end_all(tx, account.id, "password", but=but)
    await devices.forget(tx, account.id)
    await challenges.forget(tx, account.id)
    await links.forget(tx, account.id)
    await tx.forget_people(ended)
    await note_everywhere(tx, event, client, account.id)


def with_password(account: Account, hashed: str) -> Account:
    """The same account with another password."""
    return replace(account, user=replace(account.user, password_hash=hashed))


async def _proved(tx: Transaction, account: Account, device: str) -> Account:
    """The account of whoever opened a letter to its address; the address is theirs from now on.

    What was set up before may be of somebody who only typed the address: unless this is their
    browser it lets nobody in any more.
    """
    await tx.execute(VERIFIED, account.id, clock.now())
    proven = _verified(account)
    if account.user.email_verified_at is not None:
        return proven
    if await devices.known(tx, account.id, device) is not None:
        return proven
    await strip(tx, account.id)
    await tx.forget_people([m.tenant for m in account.memberships])
    return replace(proven, user=replace(proven.user, password_hash=None))


def _verified(account: Account) -> Account:
    when = account.user.email_verified_at or clock.now()
    return replace(account, user=replace(account.user, email_verified_at=when))


def mark(browser: str) -> str:
    """What a link remembers of the browser's secret."""
    return digest(browser).hex() if browser else ""


def _same(link: Link, browser: str) -> bool:
    return bool(browser) and hmac.compare_digest(link.detail.browser, mark(browser))


def used() -> NotFound:
    return NotFound(say("This link was used already, or is too old; ask for a new one."))
