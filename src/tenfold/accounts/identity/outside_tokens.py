"""Access tokens of outside issuers, good beside our own, for people who are linked to theirs.

A token is checked once a minute at most, by keys that are kept (`issuers.py`), and the person it
stands for is looked up with it. Between, it is only recognised: nothing is fetched, and whether its
identity is still linked is asked like whether a session goes on (`people.py`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from tenfold.accounts.identity import identities
from tenfold.accounts.identity.account import by_id, memberships
from tenfold.accounts.identity.issuers import Issuer
from tenfold.accounts.identity.second_factor import told_second_factor
from tenfold.accounts.identity.sessions import FEDERATED, MFA
from tenfold.accounts.identity.shown import Shown, address
from tenfold.accounts.identity.tokens import Claims
from tenfold.db.database import Database
from tenfold.kernel import clock
from tenfold.kernel.errors import Unauthenticated, Unavailable
from tenfold.kernel.ids import NIL, parse_id
from tenfold.kernel.providers import IssuerSetting, read_issuers
from tenfold.kernel.settings import Settings
from tenfold.outside.calls import Outside
from tenfold.outside.targets import OutsideError

LEEWAY = 60
"""Seconds by which an issuer's clock may differ from ours."""
REMEMBERED_SECONDS = 60.0
_LONGEST = 16_384
_LATEST = 1 << 40
"""Seconds that no clock shows; who wants to may sign tokens that are good for longer."""


class _Names(msgspec.Struct, frozen=True):
    """Who a token says it is of, before that is believed."""

    iss: str = ""


@dataclass(frozen=True, slots=True)
class _Remembered:
    claims: Claims
    until: float


class OutsideTokens:
    """Recognises tokens of the issuers that are set."""

    def __init__(
        self, settings: Settings, outside: Outside, database: Database, kept: int = 10_000
    ) -> None:
        self._outside, self._database, self._most = outside, database, kept
        self.renew(settings)

    def renew(self, settings: Settings) -> None:
        """Take over other settings."""
        self._seconds = settings.provider_seconds
        self._issuers = {one.issuer: one for one in read_issuers(settings.outside_issuers)}
        self._keys = {
            one.issuer: Issuer(
                self._outside, one.issuer, self._seconds, one.jwks_uri, one.shared_secret
            )
            for one in self._issuers.values()
        }
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether there are such issuers."""
        return bool(self._issuers)

    async def claims(self, token: str) -> Claims | None:
        """Whom a token stands for; None where it is of none of these issuers.

        Raises Unauthenticated where it is no good, or nobody here is linked to it.
        """
        moment = clock.now().timestamp()
        found = self._remembered.get(token)
        if found is not None and moment < min(found.until, found.claims.expires):
            return found.claims
        setting = self._setting(token)
        if setting is None:
            return None
        claims = await self._mapped(setting, await self._checked(setting, token))
        self._remembered[token] = _Remembered(claims, moment + REMEMBERED_SECONDS)
        self._remembered.move_to_end(token)
        if len(self._remembered) > self._most:
            self._remembered.popitem(last=False)
        return claims

    async def shown(self, token: str) -> Shown:
        """Whose a token is at its issuer, to link it; raises Unauthenticated."""
        setting = self._setting(token)
        if setting is None:
            raise Unauthenticated("The token is not of an issuer that is known here.")
        found = await self._checked(setting, token)
        email, verified = address(found)
        return Shown(
            provider=identities.OUTSIDE,
            issuer=setting.issuer,
            subject=found["sub"],
            email=email,
            verified=verified,
        )

    def _setting(self, token: str) -> IssuerSetting | None:
        """The issuer that a token names; nothing of it is believed yet."""
        if len(token) > _LONGEST or token.count(".") != 2:
            return None
        try:
            payload = jws.extract_compact(token.encode()).payload
            named = msgspec.json.decode(payload, type=_Names).iss
        except (JoseError, ValueError, RecursionError):
            return None
        return self._issuers.get(named)

    async def _checked(self, setting: IssuerSetting, token: str) -> Mapping[str, Any]:
        """The claims of a token that its issuer has signed for us, and that is good now."""
        try:
            async with asyncio.timeout(self._seconds):
                signed = await self._keys[setting.issuer].signed(token)
        except (OutsideError, TimeoutError):
            raise Unavailable(
                f"The keys of {setting.issuer} can't be had just now; try again shortly."
            ) from None
        rules = JWTClaimsRegistry(
            now=int(clock.now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": setting.issuer},
            aud={"essential": True, "value": setting.audience},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            rules.validate(signed.claims)
        except (JoseError, ValueError, TypeError, OverflowError):
            raise Unauthenticated("The access token is not valid, or has expired.") from None
        if len(signed.claims["sub"]) > 255:
            raise Unauthenticated("The access token is not valid.")
        return signed.claims

    async def _mapped(self, setting: IssuerSetting, found: Mapping[str, Any]) -> Claims:
        """The person here who is linked to a token's subject, in the organisation it is for."""
        async with self._database.read(NIL) as reader:
            known = await identities.find(reader, setting.issuer, found["sub"])
            if known is None:
                raise Unauthenticated(
                    "This token is good, but linked to no account here. Sign in here and send it "
                    "to POST /v1/auth/identities/outside once.",
                    code="NOT_LINKED",
                )
            user = await by_id(reader, known.user)
            tenants = [one.tenant for one in await memberships(reader, known.user)]
        tenant = _organisation(setting, found, tenants)
        if user is None or not user.active or tenant is None:
            raise Unauthenticated("The account of this token is not in use here.")
        trusted = setting.trust_mfa and told_second_factor(found)
        methods = (FEDERATED, MFA) if trusted else (FEDERATED,)
        expires = float(min(found["exp"], _LATEST)) + LEEWAY
        return Claims(known.user, tenant, known.id, expires, "outside", methods)


def _organisation(
    setting: IssuerSetting, found: Mapping[str, Any], tenants: list[UUID]
) -> UUID | None:
    """Where somebody works by this token: as it says, as is set, or where they belong first."""
    wanted = setting.organization
    if setting.organization_claim and setting.organization_claim in found:
        wanted = parse_id(str(found[setting.organization_claim])) or NIL
    if wanted is None:
        return tenants[0] if tenants else None
    return wanted if wanted in tenants else None
