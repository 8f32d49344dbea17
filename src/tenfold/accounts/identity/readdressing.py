"""Changing one's own e-mail address: by a link to the new one, told to the one before.

Until the link is opened nothing changes. Whether the new address has an account already is told in
the letter to it alone: the request leaves a job, whatever the address.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tenfold.accounts.client import Client
from tenfold.accounts.events import note
from tenfold.accounts.identity import challenges, devices, letters, links
from tenfold.accounts.identity.account import by_email, by_id, checked_email, memberships, taken
from tenfold.accounts.identity.own import Act, Own
from tenfold.accounts.identity.sessions import end_all
from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Database, Transaction
from tenfold.db.keys import Keyring
from tenfold.jobs import Handler, Job, enqueue, job
from tenfold.kernel import clock
from tenfold.kernel.errors import Forbidden, Invalid
from tenfold.kernel.ids import NIL
from tenfold.kernel.language import manner, say, speaking
from tenfold.kernel.settings import Settings
from tenfold.mail.letters import post

EMAIL_JOB = "identity.email"
_CHANGE = "UPDATE tenfold.users SET email = $2, email_verified_at = $3 WHERE id = $1"
_DIRECTORY = """SELECT t.name FROM tenfold.members m JOIN tenfold.tenants t ON t.id = m.tenant_id
WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.active AND m.known_at IS NOT NULL
    AND m.external_id IS NOT NULL"""
_LEAVE = "SELECT tenfold.leave_unknown($1)"


class Readdressed(msgspec.Struct, kw_only=True):
    """Somebody wants another address: whose account, from which address to which, from where, and
    in which language they asked."""

    user: UUID
    before: str
    email: str
    address: str
    language: str = ""


class Readdressing:
    """Changes of one's own address."""

    def __init__(self, own: Own, database: Database, keyring: Keyring) -> None:
        self._own, self._database, self._keyring = own, database, keyring

    async def ask(self, claims: Claims, email: str, client: Client) -> str:
        """Have a link mailed to another address; answers the address in its one form."""
        await self._need_no_directory(claims)
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            wanted = checked_email(email)
            before = act.account.user.email
            if wanted == before:
                raise Invalid({"email": say("is your address already")})
            asked = Readdressed(
                user=act.account.id,
                before=before,
                email=wanted,
                address=client.address,
                language=manner().language,
            )
            await enqueue(act.tx.connection, EMAIL_JOB, asked, tenant=NIL)
        return wanted

    async def use(self, claims: Claims, secret: str, client: Client) -> str:
        """Take the address that the link was mailed to; answers it.

        It takes who is signed in to the account: else a mistyped address gave it to a stranger.
        """
        await self._need_no_directory(claims)
        async with self._own.at_work(claims, client) as act:
            found = await act.use_link("email", secret)
            await self._change(act, found.detail.email)
            return found.detail.email

    async def _change(self, act: Act, email: str) -> None:
        user = act.account.user
        try:
            await act.tx.execute(_CHANGE, user.id, email, clock.now())
        except asyncpg.UniqueViolationError:
            raise taken() from None
        await end_all(act.tx, user.id, "email", but=act.claims.session)
        await devices.forget(act.tx, user.id)
        await challenges.forget(act.tx, user.id)
        await links.forget(act.tx, user.id)
        unknown = [row[0] for row in await act.tx.rows(_LEAVE, user.id)]
        for tenant in unknown:
            why = "another address before the first sign-in"
            gone = (act.tx, "member_deactivated", act.client)
            await note(*gone, tenant=tenant, email=user.email, reason=why)
        await act.tx.forget_people([one.tenant for one in act.account.memberships])
        told = {"before": {"email": user.email}, "after": {"email": email}}
        await act.note_everywhere("email_changed", **told)
        letter = letters.email_changed(user, email, act.client)
        await letters.post_to(act.tx, self._keyring, letter, act.account)

    async def _need_no_directory(self, claims: Claims) -> None:
        """Raise Forbidden where a directory knows them by their address, and would lose them."""
        async with self._database.read(NIL) as reader:
            mine = await memberships(reader, claims.user)
        for one in mine:
            async with self._database.read(one.tenant) as reader:
                name = await reader.value(_DIRECTORY, one.tenant, claims.user)
            if name is not None:
                raise Forbidden(
                    say(
                        "A directory of %(name)s knows you by your address, so that it stays as "
                        "it is while you belong there.",
                        name=name,
                    )
                )


def handlers(settings: Settings, keyring: Keyring) -> list[Handler[Any]]:
    """The declared job."""

    @job(EMAIL_JOB, Readdressed, attempts=5)
    async def email(one: Job[Readdressed]) -> None:
        with speaking(one.payload.language):
            async with one.transaction() as tx:
                await _send(tx, keyring, settings.address, one.payload)

    return [email]


async def _send(tx: Transaction, keyring: Keyring, site: str, asked: Readdressed) -> None:
    """Write to the new address and to the one so far."""
    user = await by_id(tx, asked.user)
    if user is None or not user.active or user.email != asked.before:
        return
    if not await links.few(tx, user.id, "email"):
        return
    client, detail = Client(address=asked.address), links.Detail(email=asked.email)
    # Also where nobody gets it: each is a letter to somebody, and there are few in an hour.
    secret = await links.make(tx, "email", user.id, user.email, detail)
    if await by_email(tx, asked.email) is not None:
        letter = letters.has_account(user, asked.email, client, site)
    else:
        minutes = links.LIFE["email"] // timedelta(minutes=1)
        link = f"{site}/change-email/{secret}"
        letter = letters.new_email(user, asked.email, link, minutes, client)
    await post(tx, keyring, letter)
    await post(tx, keyring, letters.email_asked(user, asked.email, client, site), user=user.id)
