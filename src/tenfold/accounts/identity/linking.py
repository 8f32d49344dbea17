"""One's own identities at providers: linked, listed, unlinked.

Linking opens a door to the account, so it asks for somebody who has proved lately who they are,
and for an account whose address was confirmed: else who registers with another's address could
wait behind a door of theirs until its owner moves in.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from tenfold.accounts.client import Client
from tenfold.accounts.identity import identities
from tenfold.accounts.identity.own import Act, Own
from tenfold.accounts.identity.shown import Begun, Shown
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.identity.with_provider import WithProvider
from tenfold.db.database import Reader
from tenfold.kernel import clock
from tenfold.kernel.errors import Forbidden, NotFound
from tenfold.kernel.language import mark, say

_CONFIRMED = """UPDATE tenfold.users SET email_verified_at = $2
WHERE id = $1 AND email_verified_at IS NULL"""


class Linked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An identity of one's own at a provider, or at an issuer whose tokens are good here."""

    id: UUID
    provider: str
    label: str
    email: str | None
    signs_in: bool
    """Whether one signs in with it here."""
    created_at: datetime
    used_at: datetime | None


class Linking:
    """Changes of one's own identities."""

    def __init__(self, own: Own, provided: WithProvider) -> None:
        self._own, self._provided, self._providers = own, provided, provided.providers

    async def begin(self, claims: Claims, key: str, after: str, client: Client) -> tuple[str, str]:
        """Where to send the browser to link another identity, and what it keeps meanwhile."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
        self._providers.named(key)
        return await self._provided.begin(key, after, claims)

    async def finish(self, begun: Begun, shown: Shown, client: Client) -> str:
        """Link who came back to the account from which it was begun; answers what it is called."""
        assert begun.link is not None
        user, tenant, session = (UUID(one) for one in begun.link)
        await self.link(Claims(user, tenant, session, begun.until), shown, client)
        return self._providers.label(shown.issuer)

    async def take(self, claims: Claims, kept: str, client: Client) -> str:
        """Link what one came from to the account that one has signed in to, which has its address.

        Answers what it is called.
        """
        shown = self._provided.offered(kept).shown
        async with self._own.at_work(claims, client) as act:
            if act.account.user.email != shown.email:
                label = self._providers.label(shown.issuer)
                raise Forbidden(
                    say(
                        "%(label)s knows you as %(email)s, and this account is that of "
                        "%(email_)s. Link it from your settings instead.",
                        label=label,
                        email=shown.email,
                        email_=act.account.user.email,
                    )
                )
            await self._link(act, shown)
        return self._providers.label(shown.issuer)

    async def link(self, claims: Claims, shown: Shown, client: Client) -> None:
        """Let an identity be one's own; Conflict where it is another's."""
        async with self._own.at_work(claims, client) as act:
            await self._link(act, shown)

    async def _link(self, act: Act, shown: Shown) -> None:
        act.need_sure()
        user = act.account.user
        same = shown.verified and shown.email == user.email
        if user.email_verified_at is None and not same:
            raise Forbidden(
                say("Confirm your e-mail address first: we have mailed you a link."),
                code="EMAIL_NOT_VERIFIED",
            )
        if not await identities.link(act.tx, user.id, shown):
            return
        if same:
            await act.tx.execute(_CONFIRMED, user.id, clock.now())
        label = self._providers.label(shown.issuer)
        await act.note_everywhere("identity_linked", provider=shown.provider)
        named = f" ({shown.email})" if shown.email else ""
        await self._own.told(
            act, mark("%(name)s was linked to your account."), name=f"{label}{named}"
        )

    async def unlink(self, claims: Claims, identity: UUID, client: Client) -> None:
        """Take an identity away; what it signed ends with it. Conflict where nothing is left."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            gone = await identities.remove(act.tx, act.account.id, identity)
            if gone is None:
                raise NotFound(f"You have no identity with the id {identity}.")
            await self._own.need_way_in(act)
            await act.tx.forget_people([m.tenant for m in act.account.memberships])
            await act.note_everywhere("identity_unlinked", provider=gone.provider)
            label = self._providers.label(gone.issuer)
            await self._own.told(act, mark("%(name)s was unlinked from your account."), name=label)

    async def mine(self, reader: Reader, claims: Claims) -> list[Linked]:
        """One's identities."""
        return [
            Linked(
                id=one.id,
                provider=one.provider,
                label=self._providers.label(one.issuer),
                email=one.email,
                signs_in=one.issuer in self._providers.issuers,
                created_at=one.created_at,
                used_at=one.used_at,
            )
            for one in await identities.of_person(reader, claims.user)
        ]
