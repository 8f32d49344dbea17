"""Sign-in: register, sign in, second factors, passkeys, refresh, sign out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from tenfold.accounts.client import Client
from tenfold.accounts.events import note, note_everywhere
from tenfold.accounts.identity import (
    brute_force,
    challenges,
    devices,
    letters,
    links,
    lockout,
    passkeys,
)
from tenfold.accounts.identity.account import (
    Account,
    Membership,
    User,
    account_in,
    by_email,
    by_id,
    checked_email,
    chosen,
    memberships,
    plain_email,
)
from tenfold.accounts.identity.entrance import Asked, Entrance, Signed, Waiting
from tenfold.accounts.identity.factors import Answer, enrolled
from tenfold.accounts.identity.founding import found_organisation
from tenfold.accounts.identity.letting_in import LettingIn, with_password
from tenfold.accounts.identity.passkeys import Site
from tenfold.accounts.identity.passwords import Passwords
from tenfold.accounts.identity.proving import ACCOUNT_KEY, Proving, locked
from tenfold.accounts.identity.sessions import MFA, Session, Sessions
from tenfold.accounts.identity.telling import tell_of_lock
from tenfold.accounts.identity.tokens import Claims, Tokens
from tenfold.db.database import Database, Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid, Locked, NotFound, TenfoldError, Unauthenticated
from tenfold.kernel.ids import NIL, new_id
from tenfold.kernel.language import say
from tenfold.kernel.settings import Settings

_STILL = """SELECT 1 FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.active AND u.active"""
_REHASH = "UPDATE tenfold.users SET password_hash = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Registration:
    """A new person and their organisation, and the time zone of their browser, if it told."""

    email: str
    password: str
    first_name: str
    last_name: str
    organization: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody signs in with; `device` is the cookie of a browser that is known."""

    email: str
    password: str
    organization: UUID | None = None
    answer: Answer | None = None
    device: str = ""


async def _anybody(_user: UUID, _tenant: UUID) -> None:
    """No limit."""


class SignIn:
    """The one place that lets people in."""

    def __init__(
        self, settings: Settings, database: Database, tokens: Tokens, keyring: Keyring
    ) -> None:
        self._settings, self._database, self._keyring = settings, database, keyring
        self._account_keys = keyring.derived(ACCOUNT_KEY)
        self.passwords = Passwords(settings.breached_passwords)
        self.sessions = Sessions(
            keyring.derived("refresh tokens"),
            settings.refresh_token_days,
            settings.refresh_grace_seconds,
            settings.session_days,
        )
        self.entrance = Entrance(self.sessions, tokens, keyring, settings.address)
        self.proving = Proving(keyring, settings.address)
        self.links = LettingIn(database, keyring, self.entrance, self.passwords, settings.address)

    # -- with a password

    async def register(self, new: Registration, client: Client, device: str = "") -> Signed:
        """A new organisation and its owner, signed in; Conflict where the address is taken."""
        email = checked_email(new.email)
        words = (email, new.first_name, new.last_name, new.organization)
        if problem := await self.passwords.weakness(new.password, words):
            raise Invalid({"password": problem})
        hashed = await self.passwords.hash(new.password)
        person = User(new_id(), email, new.first_name, new.last_name, hashed, True, None)
        tenant = new_id()
        context = Context(tenant=tenant, actor=person.id, request=client.request)
        async with self._database.transaction(context) as tx:
            named = (new.organization, new.zone)
            account = await found_organisation(tx, self._settings, person, *named)
            await links.verification(tx, self._keyring, account, self._settings.address)
            return await self.entrance.enter(
                tx, account, ["pwd"], client, device, event="registered"
            )

    async def login(self, given: Credentials, client: Client) -> Signed | Asked:
        """Sign in with a password; Unauthenticated whatever is wrong, Locked after five.

        From a device that the person has used before, failures from elsewhere do not count.
        """
        address = plain_email(given.email)
        async with self._database.read(NIL) as reader:
            user = await by_email(reader, address)
            # Asked for unknown accounts as for known ones.
            device = await devices.known(reader, user.id if user else NIL, given.device)
            key = lockout.account_of(self._account_keys()[0], address, device)
            standing = await lockout.standing(reader, key)
            member = await memberships(reader, user.id if user else NIL)
        if standing.locked(clock.now()):
            await self._tried_while_locked(user, client)
            raise locked(standing)
        stored = user.password_hash if user else None
        right = await self.passwords.matches(stored, given.password)
        if user is None or not right or not user.active or not member:
            raise await self._refused(key, address, user, client)
        account = Account(user, await self._chosen(user, member, given, client), member)
        rehashed = await self._rehashed(user, given.password)
        async with self._database.transaction(_in(account, client)) as tx:
            standing = await lockout.succeeded(tx, key, clock.now())
            if standing.locked(clock.now()):
                await note_everywhere(tx, "locked_account_attempt", client, user and user.id)
                refusal: TenfoldError = locked(standing)
            else:
                if rehashed:
                    await tx.execute(_REHASH, user.id, rehashed)
                    account = with_password(account, rehashed)
                found = await self._with_password(tx, account, given, client)
                if not isinstance(found, TenfoldError):
                    return found
                refusal = found
        raise refusal

    async def _chosen(
        self, user: User, member: tuple[Membership, ...], given: Credentials, client: Client
    ) -> Membership:
        """The organisation that was asked for; raises NotFound, which is noted: they know the
        password."""
        try:
            return chosen(member, given.organization)
        except NotFound:
            async with self._database.transaction(_unknown(client)) as tx:
                await note_everywhere(tx, "login_failed", client, user.id, step="organization")
            raise

    async def _with_password(
        self, tx: Transaction, account: Account, given: Credentials, client: Client
    ) -> Signed | Asked | TenfoldError:
        """Let in whose password was right, with the second factor where they gave it at once."""
        methods = ["pwd"]
        if given.answer is not None and (await enrolled(tx, account.id)).any:
            proven = await self.proving.prove(tx, account, given.answer, None, client)
            if isinstance(proven, TenfoldError):
                return proven
            methods += [*proven, MFA]
        return await self.entrance.admit(tx, account, methods, client, given.device)

    async def _rehashed(self, user: User, password: str) -> str:
        """A hash of today's parameters, where theirs has older ones; else nothing."""
        stored = user.password_hash or ""
        return await self.passwords.hash(password) if self.passwords.outdated(stored) else ""

    async def _tried_while_locked(self, user: User | None, client: Client) -> None:
        async with self._database.transaction(_unknown(client)) as tx:
            await note_everywhere(tx, "locked_account_attempt", client, user and user.id)

    async def _refused(
        self,
        key: bytes,
        address: str,
        user: User | None,
        client: Client,
    ) -> Unauthenticated | Locked:
        """Count a failure; the answer to it."""
        moment = clock.now()
        async with self._database.transaction(_unknown(client)) as tx:
            before, after = await lockout.failed(tx, key, moment)
            if before.locked(moment):
                await note_everywhere(tx, "locked_account_attempt", client, user and user.id)
                return locked(before)
            account = key.hex()[:16]
            await note_everywhere(tx, "login_failed", client, user and user.id, account=account)
            await brute_force.look(tx, self._keyring, client, self._settings.alert_mail)
            if after.locked(moment):
                await note_everywhere(tx, "account_locked", client, user and user.id)
                await tell_of_lock(tx, address, client, lockout.minutes_left(after, moment))
        return Unauthenticated(
            say("The e-mail address or the password is wrong."), code="INVALID_CREDENTIALS"
        )

    # -- with a second factor, or with a passkey alone

    async def waiting(self, token: str) -> Asked:
        """The question of a sign-in that waits for its second factor, asked once more."""
        async with self._database.read(NIL) as reader:
            found = await challenges.waiting(reader, "second_factor", token)
            user = await by_id(reader, found.user) if found and found.user else None
            if found is None or user is None:
                raise _begin_again()
            ceremony = msgspec.json.decode(found.detail, type=Waiting).ceremony
            options = ceremony and await passkeys.question_again(reader, ceremony, user.id)
            locked = await self.proving.locked(reader, user.id)
            return Asked(token, await enrolled(reader, user.id), options, user.email, locked)

    async def second_factor(self, token: str, answer: Answer, client: Client) -> Signed:
        """Go on with a sign-in that waits for its second factor."""
        async with self._database.read(NIL) as reader:
            found = await challenges.waiting(reader, "second_factor", token)
            waiting = msgspec.json.decode(found.detail, type=Waiting) if found else None
            account = (
                await account_in(reader, found.user, waiting.tenant)
                if found and found.user and waiting
                else None
            )
        if account is None:
            raise _begin_again()
        async with self._database.transaction(_in(account, client)) as tx:
            held = await challenges.hold(tx, "second_factor", token)
            if held is None:
                raise _begin_again()
            waiting = msgspec.json.decode(held.detail, type=Waiting)
            proven = await self.proving.prove(tx, account, answer, waiting.ceremony, client)
            if not isinstance(proven, TenfoldError):
                await challenges.done(tx, token)
                methods = [*waiting.methods, *proven, MFA]
                return await self.entrance.enter(tx, account, methods, client, waiting.device)
            await challenges.tried(tx, token)
        raise proven

    async def ask_passkey(self, client: Client) -> tuple[str, dict[str, Any]]:
        """The question to any passkey of this site, and the secret to answer it with."""
        async with self._database.transaction(_unknown(client)) as tx:
            options, ceremony = await passkeys.question(tx, Site.of(client.origin), None)
            return await challenges.begin(tx, "passkey_sign_in", None, ceremony), options

    async def with_passkey(
        self,
        token: str,
        answer: Mapping[str, Any],
        client: Client,
        organization: UUID | None = None,
        device: str = "",
    ) -> Signed:
        """Sign in with a passkey alone; it makes sure of the person, so it is two factors."""
        wrong = Unauthenticated(say("This passkey is not known here."), code="INVALID_CREDENTIALS")
        async with self._database.read(NIL) as reader:
            user = await passkeys.owner(reader, answer)
            found = await by_id(reader, user) if user else None
            member = await memberships(reader, user) if user else ()
        if found is None or not found.active or not member:
            raise wrong
        account = Account(found, chosen(member, organization), member)
        async with self._database.transaction(_in(account, client)) as tx:
            ceremony = await passkeys.begun(tx, "passkey_sign_in", token, None)
            if ceremony is None:
                raise _begin_again()
            shown = await passkeys.answered(tx, ceremony, answer)
            if shown is not None and shown.user == account.id and shown.verified:
                return await self.entrance.enter(tx, account, ["swk", MFA], client, device)
            await note_everywhere(tx, "login_failed", client, account.id)
        raise wrong

    # -- what goes on from there

    async def refresh(
        self, token: str, client: Client, allow: Callable[[UUID, UUID], Awaitable[None]] = _anybody
    ) -> tuple[str, str, UUID]:
        """A new access token, the next refresh token, and whose; a used one ends the session.

        `allow` may refuse a person who asks too often, before anything has changed.
        """
        async with self._database.read(NIL) as reader:
            session = await self.sessions.find(reader, token)
        if session is None:
            raise over()
        await allow(session.user, session.tenant)
        async with self._database.transaction(_of(session, client)) as tx:
            outcome, successor = await self.sessions.rotate(tx, session, token, client)
            if outcome == "reused":
                await self._reused(tx, session, client)
            elif successor and not await tx.value(_STILL, session.tenant, session.user):
                await self.sessions.end(tx, session.id, "left")
                successor = ""
        if not successor:
            raise over()
        return self.entrance.sign(session), successor, session.user

    async def _reused(self, tx: Transaction, session: Session, client: Client) -> None:
        """Say to everybody whom it concerns that a session was in two places, and is ended."""
        tx.touch("members")
        await note_everywhere(tx, "token_reuse", client, session.user)
        account = await account_in(tx, session.user, session.tenant)
        if account is not None:
            letter = letters.token_reused(account.user, client, self._settings.address)
            await letters.post_to(tx, self._keyring, letter, account)

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
                if await self.sessions.end(tx, session.id, "logout"):
                    tx.touch("members")
                    await note(tx, "logout", client, tenant=session.tenant, user=session.user)


def over() -> Unauthenticated:
    """The answer where a sign-in does not hold any more."""
    return Unauthenticated(say("Your sign-in has ended; sign in again."))


def _begin_again() -> Unauthenticated:
    return Unauthenticated(
        say("This sign-in is unknown here, or was not finished in time; begin again.")
    )


def _in(account: Account, client: Client) -> Context:
    return Context(tenant=account.tenant, actor=account.id, request=client.request)


def _of(session: Session, client: Client) -> Context:
    return Context(
        tenant=session.tenant, actor=session.user, request=client.request, session=session.id
    )


def _unknown(client: Client) -> Context:
    return Context(tenant=NIL, actor=None, request=client.request)
