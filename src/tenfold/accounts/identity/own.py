"""What people change about how they sign in: password, name, address, sessions.

Each needs somebody who has proved lately who they are (`sure`), so that a session left open on a
stranger's table does not give the account away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.events import AccountEvent, Event, note, note_everywhere
from tenfold.accounts.identity import (
    challenges,
    identities,
    letters,
    links,
    passkeys,
)
from tenfold.accounts.identity.account import (
    Account,
    User,
    account_in,
    by_id,
    one_by_one,
)
from tenfold.accounts.identity.entrance import Entrance, Signed
from tenfold.accounts.identity.factors import Answer, Enrolled, enrolled
from tenfold.accounts.identity.letting_in import VERIFIED, judged, replace_password, used
from tenfold.accounts.identity.passkeys import Ceremony, Site
from tenfold.accounts.identity.passwords import Passwords
from tenfold.accounts.identity.profile import Profile
from tenfold.accounts.identity.providers import Providers
from tenfold.accounts.identity.proving import Proving
from tenfold.accounts.identity.sessions import (
    MFA,
    Open,
    Proof,
    end_all,
    going,
    held,
)
from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Database, Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    MissingFields,
    NotFound,
    TenfoldError,
    Unauthenticated,
)
from tenfold.kernel.ids import NIL
from tenfold.kernel.language import mark, say

SURE = timedelta(minutes=10)
"""How long after proving who they are somebody may do what is dangerous."""
_CHANGE = """UPDATE tenfold.users SET first_name = $2, last_name = $3, language = $4, region = $5,
timezone = $6 WHERE id = $1"""
_NO_PASSWORD = "UPDATE tenfold.users SET password_hash = NULL WHERE id = $1"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody at work on their own account, in a transaction of the organisation they are in."""

    tx: Transaction
    account: Account
    claims: Claims
    client: Client
    proof: Proof
    sure: bool

    def need_sure(self) -> None:
        """Raise Forbidden unless they have proved lately who they are."""
        if not self.sure:
            raise step_up_first()

    async def use_link(self, kind: links.Kind, secret: str) -> links.Link:
        """Use a link that was mailed to them; raises where it is used up, or another's."""
        found = await links.use(self.tx, kind, secret)
        if found is None:
            raise used()
        if found.user != self.account.id:
            raise Forbidden(
                say("This link is for another account than the one you are signed in to.")
            )
        return found

    async def note(self, event: Event, tenant: UUID | None = None, **detail: object) -> None:
        """Write an event about them in an organisation, the one they are in."""
        place, user = tenant or self.account.tenant, self.account.id
        await note(self.tx, event, self.client, tenant=place, user=user, **detail)

    async def note_everywhere(self, event: AccountEvent, **detail: object) -> None:
        """Write an event about their account in all of their organisations."""
        await note_everywhere(self.tx, event, self.client, self.account.id, **detail)


class Own:
    """Changes of one's own account."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        entrance: Entrance,
        proving: Proving,
        passwords: Passwords,
        address: str,
        providers: Providers,
    ) -> None:
        self._database, self._keyring, self._entrance = database, keyring, entrance
        self._proving, self._passwords, self._address = proving, passwords, address
        self._providers = providers

    # -- proving it anew

    async def ask_sure(self, claims: Claims, client: Client) -> tuple[str, Enrolled, Any]:
        """What somebody may prove themselves with: the question to a passkey, and its secret."""
        async with self.at_work(claims, client) as act:
            factors = await enrolled(act.tx, act.account.id)
            if not factors.passkeys:
                return "", factors, None
            site = Site.of(client.origin)
            options, ceremony = await passkeys.question(act.tx, site, act.account.id)
            secret = await challenges.begin(act.tx, "passkey_sure", act.account.id, ceremony)
            return secret, factors, options

    async def step_up(
        self, claims: Claims, password: str, answer: Answer | None, token: str, client: Client
    ) -> Signed:
        """Prove anew who one is: with a second factor, or the password where there is none.

        The session rises: it goes on under another id, and the one before is ended.
        """
        known = await self._password_is(claims, password) if password else False
        refusal: TenfoldError
        async with self.at_work(claims, client) as act:
            factors = await enrolled(act.tx, act.account.id)
            if factors.any and not password and answer in (None, Answer()):
                raise nothing_answered()
            if factors.any:
                proven = await self._prove(act, answer or Answer(), token)
                if not isinstance(proven, TenfoldError):
                    return await self.rise(act, (*proven, MFA), "step_up")
                refusal = proven
            elif not password:
                told = say("is required: you have no second factor to prove yourself with")
                raise MissingFields({"password": told})
            else:
                wrong = await self._proving.password(act.tx, act.account, client, right=known)
                if wrong is None:
                    return await self.rise(act, ("pwd",), "step_up")
                refusal = wrong
        raise refusal

    async def _prove(self, act: Act, answer: Answer, token: str) -> tuple[str, ...] | TenfoldError:
        ceremony: Ceremony | None = None
        if answer.passkey is not None:
            ceremony = await passkeys.begun(act.tx, "passkey_sure", token, act.account.id)
            if ceremony is None:
                return too_late()
        return await self._proving.prove(act.tx, act.account, answer, ceremony, act.client)

    async def rise(self, act: Act, methods: tuple[str, ...], event: Event | None = None) -> Signed:
        """The session under another id; it is sure anew where something was proved."""
        await self._entrance.sessions.end(act.tx, act.claims.session, "rise")
        act.tx.touch("members")
        if event:
            await act.note(event)
        both = tuple(dict.fromkeys((*act.proof.methods, *methods)))
        proof = replace(act.proof, methods=both)
        if methods:
            proof = replace(proof, sure_at=clock.now())
        return await self._entrance.start(act.tx, act.account, act.client, proof)

    # -- password

    async def change_password(
        self, claims: Claims, current: str, new: str, client: Client
    ) -> Signed:
        """Another password; needs the one before, and ends all other sessions."""
        known = await self._password_is(claims, current)
        async with self._database.read(NIL) as reader:
            user = await by_id(reader, claims.user)
        assert user is not None
        hashed = await _named(judged(self._passwords, new, user), "newPassword")
        refusal: TenfoldError
        async with self.at_work(claims, client) as act:
            # Who has no password sets a first one; a second factor is worth more than a password.
            if user.password_hash is None or (await enrolled(act.tx, act.account.id)).any:
                act.need_sure()
            if user.password_hash is None:
                return await self._changed(act, hashed)
            wrong = await self._proving.password(act.tx, act.account, client, right=known)
            if wrong is None:
                return await self._changed(act, hashed)
            refusal = wrong
        if refusal.status == 423:
            raise refusal
        raise Invalid({"currentPassword": say("is not your password")})

    async def _changed(self, act: Act, hashed: str) -> Signed:
        account, session = act.account, act.claims.session
        await replace_password(act.tx, account, hashed, "password_changed", act.client, but=session)
        await self._tell(act, letters.password_changed(account.user, act.client, self._address))
        return await self.rise(act, ())

    async def remove_password(self, claims: Claims, client: Client) -> None:
        """Sign in with passkeys and providers alone from now on."""
        async with self.at_work(claims, client) as act:
            act.need_sure()
            await act.tx.execute(_NO_PASSWORD, act.account.id)
            await self.need_way_in(act, password=False)
            await act.note_everywhere("password_changed", removed=True)
            await self.told(act, mark("Your password was removed."))

    async def _password_is(self, claims: Claims, password: str) -> bool:
        async with self._database.read(NIL) as reader:
            user = await by_id(reader, claims.user)
        return await self._passwords.matches(user.password_hash if user else None, password)

    # -- name

    async def change(self, claims: Claims, wanted: Profile, client: Client) -> Account:
        """Take another name, or be spoken to otherwise, in all organisations."""
        async with self.at_work(claims, client) as act:
            user = wanted.of(act.account.user)
            told = (user.first_name, user.last_name, user.language, user.region, user.timezone)
            await act.tx.execute(_CHANGE, user.id, *told)
            await act.tx.forget_people([m.tenant for m in act.account.memberships])
            return replace(act.account, user=user)

    # -- sessions

    async def sessions(self, reader: Reader, claims: Claims) -> list[Open]:
        """One's sessions that go on, in all organisations."""
        return await going(reader, claims.user)

    async def end_session(self, claims: Claims, identity: UUID, client: Client) -> None:
        """End one of one's sessions."""
        async with self.at_work(claims, client) as act:
            mine = {one.id: one for one in await going(act.tx, act.account.id)}
            if identity not in mine:
                raise NotFound(f"You have no session with the id {identity}.")
            await self._entrance.sessions.end(act.tx, identity, "revoked")
            await act.tx.forget_people([mine[identity].tenant])
            await act.note("session_revoked", mine[identity].tenant, session_id=identity)

    async def end_others(self, claims: Claims, client: Client) -> int:
        """End all sessions but this one; how many there were."""
        async with self.at_work(claims, client) as act:
            ended = await end_all(act.tx, act.account.id, "revoked", but=claims.session)
            await act.tx.forget_people(ended)
            for tenant, count in Counter(ended).items():
                await act.note("session_revoked", tenant, sessions=count)
            return len(ended)

    async def switch(self, claims: Claims, tenant: UUID, client: Client) -> Signed:
        """Go on in another of one's organisations; the session in this one ends."""
        async with self.at_work(claims, client, tenant) as act:
            await act.note("organization_switched")
            await self._entrance.sessions.end(act.tx, claims.session, "rise")
            await act.tx.forget_people([claims.tenant])
            return await self._entrance.start(act.tx, act.account, client, act.proof)

    async def verify_again(self, claims: Claims, client: Client) -> bool:
        """Mail the link again that proves one's address; False where enough were sent."""
        async with self.at_work(claims, client) as act:
            if act.account.user.email_verified_at is not None:
                raise Conflict(say("Your address is confirmed already."), code="DUPLICATE")
            return await links.verification(act.tx, self._keyring, act.account, self._address)

    async def verify(self, claims: Claims, secret: str, client: Client) -> None:
        """Prove by a mailed link that one's address is one's own.

        It takes who is signed in: else who registers with another's address need only wait until
        its owner opens the letter.
        """
        async with self.at_work(claims, client) as act:
            await act.use_link("verify", secret)
            await act.tx.execute(VERIFIED, act.account.id, clock.now())
            await act.note_everywhere("email_verified")

    # -- what all of these share

    @asynccontextmanager
    async def at_work(
        self, claims: Claims, client: Client, tenant: UUID | None = None
    ) -> AsyncGenerator[Act]:
        """Somebody at work on their account; raises Unauthenticated where the session is over."""
        if claims.kind != "session":
            raise people_alone()
        place = tenant or claims.tenant
        context = Context(place, claims.user, request=client.request, session=claims.session)
        async with self._database.transaction(context) as tx:
            proof = await self.need_session(tx, claims)
            account = await account_in(tx, claims.user, place)
            if account is None and tenant is not None:
                raise NotFound(f"You are in no organisation with the id {tenant}.")
            if account is None:
                raise _ended()
            factors = await enrolled(tx, claims.user)
            sure = is_sure(proof.sure_at, proof.methods, enrolled=factors.any)
            yield Act(tx, account, claims, client, proof, sure)

    async def need_session(self, tx: Transaction, claims: Claims) -> Proof:
        """What was proved in the session, held until the end; Unauthenticated where it is over."""
        proof = await held(tx, claims.session, claims.user)
        if proof is None:
            raise _ended()
        return proof

    async def need_way_in(self, act: Act, *, password: bool = True) -> None:
        """Raise Conflict unless they can still sign in, after something of theirs was removed."""
        if password and act.account.user.password_hash is not None:
            return
        await one_by_one(act.tx, act.account.id)
        if (await enrolled(act.tx, act.account.id)).passkeys:
            return
        if not await identities.lets_in(act.tx, act.account.id, self._providers.issuers):
            raise Conflict(
                say(
                    "Nothing else would let you into your account; set a password or add a passkey "
                    "first."
                ),
                code="LAST_WAY_IN",
            )

    async def told(self, act: Act, what: str, **values: str) -> None:
        """Write to them that how they sign in has changed: `what` is a marked sentence."""
        letter = letters.factors_changed(
            act.account.user, what, act.client, self._address, **values
        )
        await self._tell(act, letter)

    async def _tell(self, act: Act, letter: letters.Letter) -> None:
        await letters.post_to(act.tx, self._keyring, letter, act.account)


async def _named(judging: Any, name: str) -> str:
    """The same with the field's name of this request."""
    try:
        return await judging
    except Invalid as error:
        raise Invalid({name: error.fields["password"]}) from None


def nothing_answered() -> MissingFields:
    """Nothing was answered to the question for a second factor, so that nothing was guessed."""
    told = say("is required, or recoveryCode or passkey in its place")
    return MissingFields({"code": told}, say("Missing: code. It %(told)s.", told=told))


def step_up_first() -> Forbidden:
    """The answer to what needs somebody who has proved lately who they are."""
    return Forbidden(
        say("Confirm that it is you first: this needs your password or second factor once more."),
        code="STEP_UP_REQUIRED",
    )


def is_sure(sure_at: datetime | None, methods: Collection[str], *, enrolled: bool) -> bool:
    """Whether somebody proved lately who they are, with their second factor where they have one."""
    lately = sure_at is not None and clock.now() - sure_at <= SURE
    return lately and (MFA in methods or not enrolled)


def people_alone() -> Forbidden:
    """The answer to keys and to tokens of others, which have no account to look after."""
    return Forbidden("Only a person who is signed in may do this, not a key or a program.")


def _ended() -> Unauthenticated:
    return Unauthenticated(say("Your sign-in has ended; sign in again."))


def too_late() -> Unauthenticated:
    """The answer to a ceremony that is unknown, or came to its end too late."""
    return Unauthenticated(say("This is unknown here, or was not finished in time; begin again."))


__all__ = ["SURE", "Act", "Own", "User", "is_sure", "nothing_answered", "step_up_first"]
