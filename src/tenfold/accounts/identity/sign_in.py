"""Sign-in: register, sign in, refresh, sign out, and who somebody is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tenfold.accounts.client import Client
from tenfold.accounts.events import note
from tenfold.accounts.identity import lockout
from tenfold.accounts.identity.passwords import Passwords
from tenfold.accounts.identity.sessions import Session, Sessions
from tenfold.accounts.identity.tokens import Claims, Tokens
from tenfold.db.database import Database, Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine.types import Email, Locale, Refused
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Conflict, Invalid, Locked, NotFound, Unauthenticated
from tenfold.kernel.ids import NIL, new_id
from tenfold.kernel.settings import Settings

ACCOUNT_KEY = "sign-in accounts"
"""The name of the key from which lockouts know accounts."""
_USER = """SELECT id, email, first_name, last_name, password_hash, active
FROM tenfold.users WHERE email = $1"""
_USER_BY_ID = """SELECT id, email, first_name, last_name, password_hash, active
FROM tenfold.users WHERE id = $1"""
_MEMBERSHIPS = "SELECT tenant_id, name, role FROM tenfold.memberships($1)"
_STILL = """SELECT 1 FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.active AND u.active"""
_NEW_TENANT = """INSERT INTO tenfold.tenants (id, name, region, currency)
VALUES ($1, $2, $3, $4)"""
_NEW_USER = """INSERT INTO tenfold.users (id, email, first_name, last_name, password_hash)
VALUES ($1, $2, $3, $4, $5)"""
# From now on the organisation may know their name; see members.known_at.
_KNOWN = """UPDATE tenfold.members SET known_at = now()
WHERE tenant_id = $1 AND user_id = $2 AND known_at IS NULL"""
_NEW_OWNER = "INSERT INTO tenfold.members (tenant_id, user_id, role) VALUES ($1, $2, 'owner')"
_REHASH = "UPDATE tenfold.users SET password_hash = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Membership:
    """One organisation of a person, and their role in it."""

    tenant: UUID
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Account:
    """A person as sign-in shows them: in one organisation, with all that they belong to."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    current: Membership
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """What a sign-in gives: the person, an access token, and the refresh token for the cookie."""

    account: Account
    token: str
    refresh: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A new person and their organisation."""

    email: str
    password: str
    first_name: str
    last_name: str
    organization: str


def _anybody(_user: UUID) -> None:
    """No limit."""


class SignIn:
    """The one place that checks passwords and hands out tokens."""

    def __init__(
        self, settings: Settings, database: Database, tokens: Tokens, keyring: Keyring
    ) -> None:
        self._settings, self._database, self._tokens = settings, database, tokens
        self._account_keys = keyring.derived(ACCOUNT_KEY)
        self.passwords = Passwords()
        self.sessions = Sessions(
            keyring.derived("refresh tokens"),
            settings.refresh_token_days,
            settings.refresh_grace_seconds,
        )

    async def register(self, new: Registration, client: Client) -> Signed:
        """A new organisation and its owner, signed in; Conflict where the address is taken."""
        email = checked_email(new.email)
        words = (email, new.first_name, new.last_name, new.organization)
        if problem := await self.passwords.weakness(new.password, words):
            raise Invalid({"password": problem})
        hashed = await self.passwords.hash(new.password)
        tenant, user = new_id(), new_id()
        context = Context(tenant=tenant, actor=user, request=client.request)
        region, currency = self._settings.default_region, self._settings.default_currency
        async with self._database.transaction(context) as tx:
            try:
                await tx.execute(_NEW_USER, user, email, new.first_name, new.last_name, hashed)
            except asyncpg.UniqueViolationError:
                raise taken() from None
            await tx.execute(_NEW_TENANT, tenant, new.organization, region, currency)
            await tx.execute(_NEW_OWNER, tenant, user)
            await note(tx, "registered", client, tenant=tenant, user=user)
            current = Membership(tenant, new.organization, "owner")
            account = Account(user, email, new.first_name, new.last_name, current, (current,))
            return await self._start(tx, account, client)

    async def login(
        self, email: str, password: str, organization: UUID | None, client: Client
    ) -> Signed:
        """Sign in with a password; Unauthenticated whatever is wrong, Locked after five."""
        address = plain_email(email)
        key = lockout.account_of(self._account_keys()[0], address)
        async with self._database.read(NIL) as reader:
            standing = await lockout.standing(reader, key)
            row = await reader.row(_USER, address)
            member = await _memberships(reader, row["id"] if row else NIL)
        if standing.locked(clock.now()):
            await self._tried_while_locked(row, member, client)
            raise _locked(standing)
        right = await self.passwords.matches(row["password_hash"] if row else None, password)
        if row is None or not right or not row["active"] or not member:
            raise await self._refused(key, row, member, client)
        current = _chosen(member, organization)
        account = Account(
            row["id"], row["email"], row["first_name"], row["last_name"], current, member
        )
        context = Context(tenant=current.tenant, actor=account.id, request=client.request)
        rehashed = await self._rehashed(row["password_hash"], password)
        async with self._database.transaction(context) as tx:
            standing = await lockout.succeeded(tx, key, clock.now())
            if not standing.locked(clock.now()):
                if rehashed:
                    await tx.execute(_REHASH, account.id, rehashed)
                await note(tx, "login_success", client, tenant=current.tenant, user=account.id)
                return await self._start(tx, account, client)
            await note(tx, "locked_account_attempt", client, **_whom(row, member))
        raise _locked(standing)

    async def refresh(
        self, token: str, client: Client, allow: Callable[[UUID], object] = _anybody
    ) -> tuple[str, str, UUID]:
        """A new access token, the next refresh token, and whose; a used one ends the session.

        `allow` may refuse a person who asks too often, before anything has changed.
        """
        async with self._database.read(NIL) as reader:
            session = await self.sessions.find(reader, token)
        if session is None:
            raise _over()
        allow(session.user)
        async with self._database.transaction(_of(session, client)) as tx:
            outcome, successor = await self.sessions.rotate(tx, session, token, client)
            if outcome == "reused":
                tx.touch("members")
                await note(
                    tx,
                    "token_reuse",
                    client,
                    tenant=session.tenant,
                    user=session.user,
                    session_id=session.id,
                )
            elif successor and not await tx.value(_STILL, session.tenant, session.user):
                await self.sessions.end(tx, session.id)
                successor = ""
        if not successor:
            raise _over()
        return self._sign(session), successor, session.user

    async def logout(self, token: str, claims: Claims | None, client: Client) -> None:
        """End the session of the refresh token, and that of the access token."""
        found: list[Session] = []
        if token:
            async with self._database.read(NIL) as reader:
                found += [s for s in [await self.sessions.find(reader, token)] if s]
        if claims is not None and claims.session not in [s.id for s in found]:
            found.append(Session(claims.session, claims.user, claims.tenant))
        for session in found:
            async with self._database.transaction(_of(session, client)) as tx:
                if await self.sessions.end(tx, session.id):
                    tx.touch("members")
                    await note(tx, "logout", client, tenant=session.tenant, user=session.user)

    async def account(self, reader: Reader, claims: Claims) -> Account:
        """Who an access token speaks for."""
        row = await reader.row(_USER_BY_ID, claims.user)
        member = await _memberships(reader, claims.user)
        current = next((m for m in member if m.tenant == claims.tenant), None)
        if row is None or current is None:
            raise _over()
        return Account(
            row["id"], row["email"], row["first_name"], row["last_name"], current, member
        )

    async def _start(self, tx: Transaction, account: Account, client: Client) -> Signed:
        tenant = account.current.tenant
        if await tx.execute(_KNOWN, tenant, account.id) != "UPDATE 0":
            tx.touch("members")
        session, refresh = await self.sessions.start(tx, account.id, tenant, client)
        return Signed(account, self._sign(session), refresh)

    def _sign(self, session: Session) -> str:
        return self._tokens.sign(session.user, session.tenant, session.id)

    async def _rehashed(self, stored: str, password: str) -> str:
        return await self.passwords.hash(password) if self.passwords.outdated(stored) else ""

    async def _tried_while_locked(
        self, row: Any, member: tuple[Membership, ...], client: Client
    ) -> None:
        async with self._database.transaction(_unknown(client)) as tx:
            await note(tx, "locked_account_attempt", client, **_whom(row, member))

    async def _refused(
        self, key: bytes, row: Any, member: tuple[Membership, ...], client: Client
    ) -> Unauthenticated | Locked:
        """Count a failure; the answer to it."""
        moment = clock.now()
        async with self._database.transaction(_unknown(client)) as tx:
            before, after = await lockout.failed(tx, key, moment)
            if before.locked(moment):
                await note(tx, "locked_account_attempt", client, **_whom(row, member))
                return _locked(before)
            await note(tx, "login_failed", client, account=key.hex()[:16], **_whom(row, member))
            if after.locked(moment):
                await note(tx, "account_locked", client, **_whom(row, member))
        return Unauthenticated(
            "The e-mail address or the password is wrong.", code="INVALID_CREDENTIALS"
        )


def checked_email(text: str) -> str:
    """An e-mail address in the one form that accounts are known by; raises Invalid."""
    try:
        (found,) = Email().parse(text, Locale())
    except Refused as refusal:
        raise Invalid({"email": str(refusal)}) from None
    return str(found)


def plain_email(text: str) -> str:
    """The same form where the text is an address; otherwise one that no account has."""
    try:
        return checked_email(text)
    except Invalid:
        return text.strip().lower().replace("\x00", "")[:320]


def taken() -> Conflict:
    """The answer to an address that has an account."""
    return Conflict(
        "There is an account with this e-mail address already; sign in instead.",
        code="EMAIL_TAKEN",
        fields={"email": "has an account already"},
    )


async def _memberships(reader: Reader, user: UUID) -> tuple[Membership, ...]:
    return tuple(Membership(*row) for row in await reader.rows(_MEMBERSHIPS, user))


def _chosen(member: tuple[Membership, ...], wanted: UUID | None) -> Membership:
    if wanted is None:
        return member[0]
    for one in member:
        if one.tenant == wanted:
            return one
    raise NotFound(f"You are in no organization with the id {wanted}.")


def _of(session: Session, client: Client) -> Context:
    return Context(
        tenant=session.tenant, actor=session.user, request=client.request, session=session.id
    )


def _unknown(client: Client) -> Context:
    return Context(tenant=NIL, actor=None, request=client.request)


def _whom(row: Any, member: tuple[Membership, ...]) -> dict[str, Any]:
    """Whom an event is about; nobody, where there is no such account."""
    return {
        "user": row["id"] if row is not None else None,
        "tenant": member[0].tenant if member else None,
    }


def _over() -> Unauthenticated:
    return Unauthenticated("Your sign-in has ended; sign in again.")


def _locked(standing: lockout.Standing) -> Locked:
    left = (standing.locked_until or clock.now()) - clock.now()
    seconds = max(1, -(-left // timedelta(seconds=1)))
    minutes = -(-seconds // 60)
    return Locked(
        f"This account is locked after {lockout.FAILURES} failed sign-ins. "
        f"Try again in {minutes} minutes.",
        retry_after=seconds,
    )
