"""Accepting an invitation: with a new account, or with the one that the address has."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from tenfold.accounts.client import Client
from tenfold.accounts.identity import identities
from tenfold.accounts.identity.account import (
    Account,
    User,
    account_in,
    by_id,
    memberships,
    not_blank,
    taken,
)
from tenfold.accounts.identity.entrance import Entrance, Signed
from tenfold.accounts.identity.letting_in import judged
from tenfold.accounts.identity.own import Own
from tenfold.accounts.identity.passwords import Passwords
from tenfold.accounts.identity.shown import Shown
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.identity.with_provider import methods
from tenfold.accounts.organisation import invitations
from tenfold.accounts.organisation.invitations import Open
from tenfold.db.database import Database
from tenfold.kernel.errors import Conflict, Forbidden
from tenfold.kernel.ids import NIL
from tenfold.kernel.language import say


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody without an account says of themselves."""

    first_name: str
    last_name: str
    password: str


class Joining:
    """Uses invitations."""

    def __init__(
        self, database: Database, entrance: Entrance, passwords: Passwords, own: Own
    ) -> None:
        self._database, self._entrance = database, entrance
        self._passwords, self._own = passwords, own

    async def look(self, secret: str) -> Open:
        """The invitation of a link; raises NotFound where it is over."""
        return await invitations.look(self._database, secret)

    async def as_newcomer(
        self, secret: str, new: Newcomer, client: Client, device: str = ""
    ) -> Signed:
        """Make an account with the invited address, join, and be signed in."""
        invitation = await self.look(secret)
        if invitation.has_account:
            raise Conflict(
                say("%(email)s has an account; sign in with it to join.", email=invitation.email),
                code="EMAIL_TAKEN",
            )
        first, last = not_blank(firstName=new.first_name, lastName=new.last_name)
        unmade = User(NIL, invitation.email, first, last, None, True, None)
        hashed = await judged(self._passwords, new.password, unmade)
        context = invitations.context(invitation, NIL, client)
        async with self._database.transaction(context) as tx:
            try:
                user = await invitations.new_account(tx, invitation, (first, last), hashed)
            except asyncpg.UniqueViolationError:
                raise taken() from None
            await invitations.join(tx, invitation, user, client)
            member = await memberships(tx, user.id)
            account = Account(user, member[0], member)
            return await self._entrance.enter(tx, account, ["pwd"], client, device)

    async def with_provider(
        self, secret: str, shown: Shown, names: tuple[str, str], client: Client, device: str
    ) -> Signed:
        """The same for who comes from a provider, without a password."""
        invitation = await self.look(secret)
        if shown.email != invitation.email:
            raise Forbidden(
                say(
                    "The invitation is for %(email)s, and you are %(email_)s.",
                    email=invitation.email,
                    email_=shown.email,
                )
            )
        context = invitations.context(invitation, NIL, client)
        async with self._database.transaction(context) as tx:
            try:
                user = await invitations.new_account(tx, invitation, names, None)
            except asyncpg.UniqueViolationError:
                raise taken() from None
            await invitations.join(tx, invitation, user, client)
            await identities.link_new(tx, user.id, shown, client)
            member = await memberships(tx, user.id)
            account = Account(user, member[0], member)
            return await self._entrance.enter(tx, account, methods(shown), client, device)

    async def as_member(self, claims: Claims, secret: str, client: Client) -> Signed:
        """Join with the account that one is signed in to; goes on in the new organisation."""
        invitation = await self.look(secret)
        async with self._database.read(NIL) as reader:
            user = await by_id(reader, claims.user)
        if user is None or user.email != invitation.email:
            raise Forbidden(
                say(
                    "The invitation is for %(email)s; sign in with that address to join.",
                    email=invitation.email,
                )
            )
        context = invitations.context(invitation, user.id, client)
        async with self._database.transaction(context) as tx:
            await self._own.need_session(tx, claims)
            if not user.active:
                raise Forbidden(say("Your account is not active."))
            if await account_in(tx, user.id, invitation.tenant) is None:
                await invitations.join(tx, invitation, user, client)
        return await self._own.switch(claims, invitation.tenant, client)
