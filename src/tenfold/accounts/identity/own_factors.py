"""What people change about their second factors: one-time passwords, recovery codes, passkeys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.identity import challenges, passkeys, recovery, totp
from tenfold.accounts.identity.entrance import Signed
from tenfold.accounts.identity.factors import Factors, enrolled
from tenfold.accounts.identity.own import Act, Own, too_late
from tenfold.accounts.identity.passkeys import Site
from tenfold.accounts.identity.sessions import MFA, end_unproven, forget_mfa
from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Reader
from tenfold.db.keys import Keyring
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.language import mark, say

_PASSKEY_ADDED = mark("The passkey “%(name)s” was added to your account.")
_PASSKEY_REMOVED = mark("The passkey “%(name)s” was removed from your account.")


class OwnFactors:
    """Changes of one's own second factors."""

    def __init__(self, own: Own, keyring: Keyring) -> None:
        self._own, self._keyring = own, keyring

    # -- one-time passwords

    async def begin_totp(self, claims: Claims, client: Client) -> tuple[str, str]:
        """A new key for an authenticator app, and its `otpauth` address; Conflict if one is on."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            key = await totp.begin(act.tx, self._keyring, act.account.id)
            if not key:
                raise Conflict(say("An authenticator app is set up already."), code="DUPLICATE")
            return key, totp.address(key, act.account.user.email, "Tenfold")

    async def begun_totp(self, claims: Claims, client: Client) -> tuple[str, str]:
        """The key that waits for its first code, and its address; NotFound where none does."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            key = await totp.begun(act.tx, self._keyring, act.account.id)
            if not key:
                raise NotFound(say("No authenticator app is being set up."))
            return key, totp.address(key, act.account.user.email, "Tenfold")

    async def confirm_totp(
        self, claims: Claims, code: str, client: Client
    ) -> tuple[Signed, list[str]]:
        """Put the app in force with a code of it; the session rises, recovery codes are made."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            if not await totp.confirm(act.tx, self._keyring, act.account.id, code):
                raise Invalid({"code": say("is not what the app shows now")})
            await act.note_everywhere("mfa_enabled", factor="totp")
            codes = await self._added(act)
            await self._own.told(act, mark("An authenticator app was added to your account."))
            return await self._own.rise(act, ("otp", MFA)), codes

    async def remove_totp(self, claims: Claims, client: Client) -> None:
        """Take the authenticator app away."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            if not await totp.remove(act.tx, act.account.id):
                raise NotFound(say("No authenticator app is set up."))
            await act.note_everywhere("mfa_disabled", factor="totp")
            await self._after_removal(act)
            await self._own.told(act, mark("The authenticator app was removed from your account."))

    async def new_codes(self, claims: Claims, client: Client) -> list[str]:
        """New recovery codes in place of the earlier ones."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            if not (await enrolled(act.tx, act.account.id)).any:
                raise Conflict(say("Set up a second factor first."), code="NO_SECOND_FACTOR")
            codes = await self._codes(act)
            await act.note_everywhere("recovery_codes_made")
            await self._own.told(
                act, mark("New recovery codes were made; the earlier ones are void.")
            )
            return codes

    # -- passkeys

    async def begin_passkey(self, claims: Claims, client: Client) -> tuple[str, dict[str, Any]]:
        """What the browser is to make a passkey from, and the secret to bring it back with."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            site = Site.of(client.origin)
            options, ceremony = await passkeys.creation(act.tx, site, act.account.user)
            return await challenges.begin(act.tx, "passkey_new", act.account.id, ceremony), options

    async def add_passkey(
        self, claims: Claims, token: str, answer: Mapping[str, Any], name: str, client: Client
    ) -> tuple[Signed, list[str]]:
        """Keep the passkey that the browser made; the session rises."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            ceremony = await passkeys.begun(act.tx, "passkey_new", token, act.account.id)
            if ceremony is None:
                raise too_late()
            made = await passkeys.add(act.tx, act.account.id, ceremony, answer, name)
            await act.note_everywhere("passkey_added", passkey=made)
            codes = await self._added(act)
            await self._own.told(act, _PASSKEY_ADDED, name=name)
            return await self._own.rise(act, ("swk", MFA)), codes

    async def rename_passkey(
        self, claims: Claims, identity: UUID, name: str, client: Client
    ) -> None:
        """Call a passkey something else."""
        async with self._own.at_work(claims, client) as act:
            if not await passkeys.rename(act.tx, act.account.id, identity, name):
                raise NotFound(f"You have no passkey with the id {identity}.")

    async def remove_passkey(self, claims: Claims, identity: UUID, client: Client) -> None:
        """Take a passkey away; Conflict where nothing else would let its owner in."""
        async with self._own.at_work(claims, client) as act:
            act.need_sure()
            name = await passkeys.remove(act.tx, act.account.id, identity)
            if name is None:
                raise NotFound(f"You have no passkey with the id {identity}.")
            await self._own.need_way_in(act)
            await act.note_everywhere("passkey_removed", passkey=identity)
            await self._after_removal(act)
            await self._own.told(act, _PASSKEY_REMOVED, name=name)

    async def passkeys(self, reader: Reader, claims: Claims) -> list[passkeys.Passkey]:
        """One's passkeys."""
        return await passkeys.of_person(reader, claims.user)

    # -- what these share

    async def _codes(self, act: Act) -> list[str]:
        key = await Factors(self._keyring).recovery_key(act.tx)
        return await recovery.make(act.tx, key, act.account.id)

    async def _added(self, act: Act) -> list[str]:
        """Sessions without the second factor end; recovery codes for whoever has none yet."""
        act.tx.touch("members")
        ended = await end_unproven(act.tx, act.account.id, but=act.claims.session)
        await act.tx.forget_people(ended)
        if (await enrolled(act.tx, act.account.id)).recovery_codes:
            return []
        await act.note_everywhere("recovery_codes_made")
        return await self._codes(act)

    async def _after_removal(self, act: Act) -> None:
        """Without a second factor recovery codes open nothing; administrators are asked anew."""
        await act.tx.forget_people([m.tenant for m in act.account.memberships])
        if not (await enrolled(act.tx, act.account.id)).any:
            await recovery.clear(act.tx, act.account.id)
            await forget_mfa(act.tx, act.account.id)
