"""Signing in with a provider: the way there, the way back, and where it leads.

An identity that is known lets its person in. One that is not is never linked to an account because
of an e-mail address: who has an account with it signs in as always and is then asked
(`linking.py`), and who has none may register. An address counts only where the provider says that
it has verified it.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import msgspec
import structlog

from tenfold.accounts.client import Client
from tenfold.accounts.events import note_everywhere
from tenfold.accounts.identity import brute_force, challenges, identities
from tenfold.accounts.identity.account import (
    Account,
    User,
    by_email,
    by_id,
    checked_email,
    memberships,
)
from tenfold.accounts.identity.entrance import Asked, Entrance, Signed
from tenfold.accounts.identity.founding import found_organisation
from tenfold.accounts.identity.providers import Providers
from tenfold.accounts.identity.sessions import FEDERATED, MFA
from tenfold.accounts.identity.shown import Back, Begun, Provider, Shown
from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Database
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Forbidden, Unauthenticated, Unavailable
from tenfold.kernel.ids import NIL, new_id
from tenfold.kernel.language import say
from tenfold.kernel.settings import Settings
from tenfold.outside.targets import OutsideError

LIFE = timedelta(minutes=10)
"""How long one may be at the provider, and how long an offer stands."""
_BEGUN, _OFFER = "sign-in at a provider", "offer of an identity"
_log = structlog.get_logger()
T = TypeVar("T")


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a provider knows and we do not: to be linked after sign-in, or registered."""

    shown: Shown
    until: float
    known: bool
    """Whether somebody here has their address."""
    after: str = "/"
    """Where they were going."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What a person adds to what their provider tells, to register; and their browser's zone."""

    organization: str
    first_name: str
    last_name: str
    zone: str = ""


class WithProvider:
    """Lets people in by what their providers say."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        keyring: Keyring,
        entrance: Entrance,
        providers: Providers,
    ) -> None:
        self._settings, self._database, self._keyring = settings, database, keyring
        self._entrance, self.providers = entrance, providers

    # -- there and back

    async def begin(self, key: str, after: str, link: Claims | None = None) -> tuple[str, str]:
        """Where to send the browser, and what it keeps meanwhile."""
        provider = self.providers.named(key)
        begun = Begun(
            provider=key,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            until=_until(),
            after=after,
            link=(str(link.user), str(link.tenant), str(link.session)) if link else None,
        )
        address = await self._in_time(provider, provider.address(begun))
        return address, self._sealed(begun, _BEGUN)

    async def back(self, key: str, back: Back, kept: str, client: Client) -> tuple[Begun, Shown]:
        """Who came back, and what for; good once, and only in the browser that began it."""
        provider = self.providers.named(key)
        begun = self._opened(kept, Begun, _BEGUN)
        same = begun is not None and hmac.compare_digest(
            begun.state.encode(), back.state.encode("utf-8", "replace")
        )
        if (
            begun is None
            or not same
            or begun.provider != key
            or not await self._once(begun, client)
        ):
            raise Unauthenticated(say("This sign-in was not begun in this browser, or is too old."))
        if back.error or not back.code:
            raise Unauthenticated(f"{provider.label} did not let you in ({back.error[:100]}).")
        try:
            return begun, await self._in_time(provider, provider.shown(begun, back))
        except Unauthenticated as error:
            await self._refused(provider, error, client)
            text = f"{provider.label} could not tell us who you are. {error.message}"
            raise Unauthenticated(text) from None

    async def _once(self, begun: Begun, client: Client) -> bool:
        async with self._database.transaction(_nobody(client)) as tx:
            return await challenges.once(tx, "provider", begun.state)

    async def _refused(self, provider: Provider, error: Unauthenticated, client: Client) -> None:
        _log.warning("a provider's answer is refused", provider=provider.key, error=str(error))
        async with self._database.transaction(_nobody(client)) as tx:
            about = {"provider": provider.key, "reason": str(error)[:200]}
            await note_everywhere(tx, "login_failed", client, None, **about)
            await brute_force.look(tx, self._keyring, client, self._settings.alert_mail)

    async def _in_time(self, provider: Provider, work: Awaitable[T]) -> T:
        """What a provider answers, all its calls together within the time that there is."""
        try:
            async with asyncio.timeout(self._settings.provider_seconds):
                return await work
        except (OutsideError, TimeoutError) as error:
            _log.warning("a provider does not answer", provider=provider.key, error=str(error))
            raise Unavailable(
                say(
                    "%(label)s does not answer just now. Try again shortly, or sign in another "
                    "way.",
                    label=provider.label,
                )
            ) from None

    # -- who came back

    async def enter(
        self, shown: Shown, after: str, client: Client, device: str
    ) -> Signed | Asked | Offer:
        """Let somebody in whose identity is known here; else the offer to make it known."""
        async with self._database.read(NIL) as reader:
            known = await identities.find(reader, shown.issuer, shown.subject)
            user = await by_id(reader, known.user) if known else None
            member = await memberships(reader, known.user) if known else ()
        if known is None:
            return await self._offer(shown, after)
        if user is None or not user.active or not member:
            raise Unauthenticated(say("This account is not in use any more."))
        account = Account(user, member[0], member)
        context = Context(account.tenant, account.id, request=client.request)
        async with self._database.transaction(context) as tx:
            if await identities.hold(tx, shown.issuer, shown.subject) != known:
                raise Unauthenticated(say("Your account changed just now; sign in again."))
            await identities.used(tx, known.id, shown)
            return await self._entrance.admit(tx, account, methods(shown), client, device)

    async def _offer(self, shown: Shown, after: str) -> Offer:
        if not (shown.email and shown.verified):
            label = self.providers.named(shown.provider).label
            raise Forbidden(
                say(
                    "%(label)s has not confirmed that your e-mail address is yours. Confirm it "
                    "there, or sign in here and link %(label)s to your account.",
                    label=label,
                ),
                code="EMAIL_NOT_VERIFIED",
            )
        async with self._database.read(NIL) as reader:
            known = await by_email(reader, shown.email) is not None
        return Offer(shown=shown, until=_until(), known=known, after=after)

    def kept(self, offer: Offer) -> str:
        """An offer in the form in which a browser keeps it."""
        return self._sealed(offer, _OFFER)

    def offered(self, kept: str) -> Offer:
        """The offer that a browser kept; raises Unauthenticated where it is too old."""
        found = self._opened(kept, Offer, _OFFER)
        if found is None:
            raise Unauthenticated(say("This was not finished in time; begin again."))
        return found

    async def register(self, kept: str, new: Newcomer, client: Client, device: str) -> Signed:
        """A new organisation and its owner, who signs in with the provider they came from.

        Who was invited joins instead (`joining.py`).
        """
        shown = self.offered(kept).shown
        email, verified = checked_email(shown.email), clock.now()
        person = User(new_id(), email, new.first_name, new.last_name, None, True, verified)
        context = Context(new_id(), person.id, request=client.request)
        async with self._database.transaction(context) as tx:
            named = (new.organization, new.zone)
            account = await found_organisation(tx, self._settings, person, *named)
            await identities.link_new(tx, person.id, shown, client)
            return await self._entrance.enter(
                tx, account, methods(shown), client, device, event="registered"
            )

    # -- what browsers keep

    def _sealed(self, value: Begun | Offer, purpose: str) -> str:
        return self._keyring.sealed_text(msgspec.json.encode(value).decode(), purpose)

    def _opened(self, text: str, kind: type[K], purpose: str) -> K | None:
        made = self._keyring.opened_text(text, purpose)
        found = msgspec.json.decode(made, type=kind) if made else None
        return found if found and found.until > clock.now().timestamp() else None


K = TypeVar("K", Begun, Offer)


def methods(shown: Shown) -> list[str]:
    """How somebody proved who they are, by the names of sessions."""
    return [FEDERATED, MFA] if shown.mfa else [FEDERATED]


def _until() -> float:
    return (clock.now() + LIFE).timestamp()


def _nobody(client: Client) -> Context:
    return Context(tenant=NIL, actor=None, request=client.request)
