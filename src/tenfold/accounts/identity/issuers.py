"""Issuers of tokens: what they say of themselves, their public keys, whether they signed a token.

What was fetched is kept, renewed in the background when it is old, and goes on while the issuer is
away. A key that is not known is asked for at most once a minute, whatever tokens say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlsplit

import msgspec
import structlog
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

from tenfold.kernel.errors import Unauthenticated
from tenfold.outside.calls import Answer, Outside
from tenfold.outside.targets import OutsideError, Terms

PUBLIC_KEYS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
    *("Ed25519", "EdDSA"),
)
"""Algorithms of public keys; which of them is right, the key says, and never the token."""
SHARED = ("HS256",)
METADATA_SECONDS, KEYS_SECONDS = 3_600.0, 600.0
ANEW_SECONDS = 60.0
"""How often what is kept may be asked for again, because a key is not among it."""
_FAILED_SECONDS = 5.0
"""How long one that did not answer is left alone while nothing of it is kept."""
_MOST_BYTES = 1 << 18
_log = structlog.get_logger()
T = TypeVar("T")


class Kept(Generic[T]):
    """Something of another server, kept for a while, and for longer while that is away."""

    def __init__(self, ask: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._ask, self._seconds = ask, seconds
        self._found: T | None = None
        self._failed: OutsideError | None = None
        self._old_at = self._not_before = 0.0
        self._asking = asyncio.Lock()
        self._renewing: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """As it is kept; asked for where there is none. Old ones are renewed meanwhile."""
        if self._found is None:
            return await self.anew()
        if monotonic() >= self._old_at and monotonic() >= self._not_before:
            self._not_before = monotonic() + ANEW_SECONDS
            self._renewing = asyncio.create_task(self._renew())
            self._renewing.add_done_callback(_told)
        return self._found

    async def anew(self) -> T:
        """Asked for again, if that was not done lately; raises OutsideError where there is none."""
        async with self._asking:
            if monotonic() < self._not_before:
                if self._found is None:
                    raise self._failed or OutsideError("does not answer")
                return self._found
            known = self._found is not None
            self._not_before = monotonic() + (ANEW_SECONDS if known else _FAILED_SECONDS)
            try:
                return await self._renew()
            except OutsideError as error:
                self._failed = error
                if self._found is None:
                    raise
                return self._found

    async def _renew(self) -> T:
        self._found = await self._ask()
        self._old_at = monotonic() + self._seconds
        self._not_before = monotonic() + ANEW_SECONDS
        return self._found


class Metadata(msgspec.Struct, frozen=True):
    """What an issuer says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    jwks_uri: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Issuer:
    """One issuer, by its name; its keys are where its discovery document says, or at `keys_at`.

    One with a `shared_secret` signs by HS256 and has no public keys.
    """

    def __init__(
        self,
        outside: Outside,
        name: str,
        seconds: float,
        keys_at: str = "",
        shared_secret: str = "",
    ) -> None:
        self.name, self._outside, self._keys_at = name, outside, keys_at
        self.terms = terms_of(name, seconds)
        self.metadata = Kept(self._discovered, METADATA_SECONDS)
        self._keys = Kept(self._published, KEYS_SECONDS)
        self._shared = OctKey.import_key(shared_secret) if shared_secret else None

    async def signed(self, token: str) -> jwt.Token:
        """A token that this issuer has signed; raises Unauthenticated, or OutsideError."""
        if self._shared is not None:
            return opened(token, self._shared, SHARED)
        keys = await self._keys.get()
        try:
            return opened(token, keys, PUBLIC_KEYS)
        except UnknownKey:
            return opened(token, await self._keys.anew(), PUBLIC_KEYS)

    async def _discovered(self) -> Metadata:
        url = f"{self.name.rstrip('/')}/.well-known/openid-configuration"
        found = await self.ask(url, Metadata)
        if found.issuer != self.name:
            _log.warning("an issuer has another name", issuer=self.name, says=found.issuer[:200])
            raise OutsideError("answers as another issuer than the one that is set")
        return found

    async def _published(self) -> KeySet:
        at = self._keys_at or (await self.metadata.get()).jwks_uri
        found = await self.ask(at, dict[str, Any])
        listed = cast("object", found.get("keys"))
        all_of_them = cast("list[object]", listed) if isinstance(listed, list) else []
        keys = [key for one in all_of_them if (key := _public(one)) is not None]
        if not keys:
            raise OutsideError("publishes no keys that can be used")
        return KeySet(keys)

    async def ask(self, url: str, kind: type[T], **headers: str) -> T:
        """The JSON that lies at one of the issuer's addresses."""
        answer = await self._outside.fetch(url, headers=headers, terms=self.terms)
        return read(answer, kind)


class UnknownKey(Unauthenticated):
    """The token names a key that is not among the issuer's."""


def opened(token: str, key: KeySet | Key, algorithms: tuple[str, ...]) -> jwt.Token:
    """A token that one of the keys has signed; raises Unauthenticated.

    A key is only looked up by its id among those that are known: what a token says of addresses
    (jku, x5u) or brings along (jwk) is not used. A key of one kind never serves another algorithm.
    """
    registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
    try:
        return jwt.decode(token, key, registry=registry)
    except InvalidKeyIdError:
        raise UnknownKey("The token is not valid.") from None
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        raise Unauthenticated("The token is not valid.") from None


def read(answer: Answer, kind: type[T]) -> T:
    """The JSON of an answer; raises OutsideError where it is none, or a refusal."""
    if answer.status != 200:
        raise OutsideError(f"answered with the status {answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.DecodeError:
        raise OutsideError("answered with something else than was asked for") from None


def terms_of(address: str, seconds: float) -> Terms:
    """How a provider is spoken to: briefly, without redirects, at the port that was set for it."""
    port = urlsplit(address).port
    ports = Terms().ports | frozenset[int]([port] if port else [])
    return Terms(most=_MOST_BYTES, seconds=seconds, connect_seconds=seconds, hops=0, ports=ports)


def _public(one: object) -> Key | None:
    """A published key that signs, if it can be used; never a shared one."""
    data = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
    if data.get("use", "sig") != "sig":
        return None
    try:
        key = import_key(data)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None


def _told(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("an issuer does not answer; what is kept of it goes on", error=str(error))
