"""What every way of signing in ends with: a session, or the question for a second factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from tenfold.accounts.client import Client
from tenfold.accounts.events import Event, note, note_everywhere
from tenfold.accounts.identity import challenges, devices, letters, passkeys
from tenfold.accounts.identity.account import Account
from tenfold.accounts.identity.factors import Enrolled, enrolled
from tenfold.accounts.identity.passkeys import Ceremony, Site
from tenfold.accounts.identity.sessions import MFA, Proof, Session, Sessions
from tenfold.accounts.identity.tokens import Tokens
from tenfold.db.database import Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel.errors import Locked, Unauthenticated
from tenfold.kernel.language import say

# From now on the organisation may know their name; see members.known_at.
_KNOWN = """UPDATE tenfold.members SET known_at = now()
WHERE tenant_id = $1 AND user_id = $2 AND known_at IS NULL"""
# Held until the session is there: who sets a new password ends it, or comes before it.
_STILL = """SELECT 1 FROM tenfold.users
WHERE id = $1 AND active AND password_hash IS NOT DISTINCT FROM $2 FOR SHARE"""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a sign-in gives: the person, an access token, the refresh token for its cookie.

    `device` is for the cookie that knows the browser, empty where it has one.
    """

    account: Account
    token: str
    refresh: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A sign-in that waits for a second factor: the secret to go on with, and what may be given."""

    token: str
    enrolled: Enrolled
    passkey: dict[str, Any] | None = None
    """The question to the browser, where a passkey may answer it."""
    email: str = ""
    """Whom it is asked of."""
    locked: Locked | None = None
    """Why no code is taken now, after too many wrong ones."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a sign-in while it waits for its second factor."""

    tenant: UUID
    methods: list[str]
    device: str = ""
    ceremony: Ceremony | None = None


class Entrance:
    """Starts sessions, for whichever way of signing in has proved who it is."""

    def __init__(self, sessions: Sessions, tokens: Tokens, keyring: Keyring, address: str) -> None:
        self.sessions, self._tokens, self._keyring = sessions, tokens, keyring
        self._address = address

    async def admit(
        self,
        tx: Transaction,
        account: Account,
        methods: Sequence[str],
        client: Client,
        device: str = "",
    ) -> Signed | Asked:
        """Let somebody in, or ask for the second factor that they have and did not give.

        The transaction is of the organisation that they enter.
        """
        factors = await enrolled(tx, account.id)
        if factors.any and MFA not in methods:
            return await self._ask(tx, account, factors, methods, client, device)
        return await self.enter(tx, account, methods, client, device)

    async def _ask(
        self,
        tx: Transaction,
        account: Account,
        factors: Enrolled,
        methods: Sequence[str],
        client: Client,
        device: str,
    ) -> Asked:
        options: dict[str, Any] | None = None
        ceremony: Ceremony | None = None
        if factors.passkeys:
            site = Site.of(client.origin)
            options, ceremony = await passkeys.question(tx, site, account.id)
        waiting = Waiting(
            tenant=account.tenant, methods=list(methods), device=device, ceremony=ceremony
        )
        token = await challenges.begin(tx, "second_factor", account.id, waiting)
        tenant, user = account.tenant, account.id
        await note(tx, "mfa_asked", client, tenant=tenant, user=user, methods=list(methods))
        return Asked(token, factors, options, account.user.email)

    async def enter(
        self,
        tx: Transaction,
        account: Account,
        methods: Sequence[str],
        client: Client,
        device: str = "",
        event: Event = "login_success",
    ) -> Signed:
        """Start the session of somebody who has proved enough; tells them of a new device."""
        if await tx.value(_STILL, account.id, account.user.password_hash) is None:
            raise Unauthenticated(say("Your account changed just now; sign in again."))
        if await tx.execute(_KNOWN, account.tenant, account.id) != "UPDATE 0":
            tx.touch("members")
        browser = await devices.remember(tx, account.id, device, client)
        tenant, user = account.tenant, account.id
        await note(tx, event, client, tenant=tenant, user=user, methods=list(methods))
        if browser.new:
            await note_everywhere(tx, "new_device", client, user)
            letter = letters.new_device(account.user, client, self._address)
            await letters.post_to(tx, self._keyring, letter, account)
        proof = Proof(tuple(methods), browser.id)
        signed = await self.start(tx, account, client, proof)
        return Signed(account, signed.token, signed.refresh, browser.token)

    async def start(
        self, tx: Transaction, account: Account, client: Client, proof: Proof
    ) -> Signed:
        """A session and its tokens, and nothing else."""
        session, refresh = await self.sessions.start(tx, account.id, account.tenant, client, proof)
        return Signed(account, self.sign(session), refresh)

    def sign(self, session: Session) -> str:
        """An access token of a session."""
        return self._tokens.sign(session.user, session.tenant, session.id)
