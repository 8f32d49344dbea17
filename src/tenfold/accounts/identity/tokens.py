"""Access tokens: JWT (RFC 7519) signed with Ed25519, checked once and kept until they expire."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, JoseError
from joserfc.jwk import OKPKey
from joserfc.jwt import JWTClaimsRegistry

from tenfold.kernel import clock
from tenfold.kernel.errors import Unauthenticated
from tenfold.kernel.ids import new_id, parse_id
from tenfold.kernel.language import say
from tenfold.kernel.turning import Keys, live

ALGORITHM = "Ed25519"
_AUDIENCE = "tenfold"
_LEEWAY = 60
"""Seconds by which the clocks of our own processes may differ; an expiry is kept to the second."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who signed a request: the person, their organisation, the session, and until when.

    `kind` says what `session` is the id of: a sign-in of ours, an API key, or an identity whose
    tokens another issuer makes.
    """

    user: UUID
    tenant: UUID
    session: UUID
    expires: float
    kind: Literal["session", "key", "outside"] = "session"
    methods: tuple[str, ...] = ()
    """How an outside issuer says that they proved who they are; of a session, its row tells."""

    @property
    def whose(self) -> UUID:
        """Whose requests an Idempotency-Key tells apart: a person's, or an API key's own."""
        return self.session if self.kind == "key" else self.user


class Tokens:
    """Signs access tokens with the installation's key, and verifies those of its last one too."""

    def __init__(self, seeds: bytes | Keys, seconds: int, issuer: str, kept: int = 50_000) -> None:
        self._seeds = live(seeds)
        self._made: dict[bytes, OKPKey] = {}
        self._seconds, self._issuer = seconds, issuer
        self._verified: OrderedDict[str, Claims] = OrderedDict()
        self._kept = kept

    def __contains__(self, token: str) -> bool:
        """Whether a token was verified before."""
        return token in self._verified

    def sign(self, user: UUID, tenant: UUID, session: UUID) -> str:
        """A token for one session of a person in an organisation."""
        moment = int(clock.now().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": _AUDIENCE,
            "sub": str(user),
            "tid": str(tenant),
            "sid": str(session),
            "jti": str(new_id()),
            "iat": moment,
            "exp": moment + self._seconds,
        }
        key = self._keys()[0]
        header = {"alg": ALGORITHM, "kid": key.kid or ""}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def verify(self, token: str) -> Claims:
        """What the token says; raises Unauthenticated where it is forged, expired or not ours."""
        moment = clock.now().timestamp()
        found = self._verified.get(token)
        if found is None:
            found = self._check(token)
            self._verified[token] = found
            if len(self._verified) > self._kept:
                self._verified.popitem(last=False)
        if found.expires <= moment:
            self._verified.pop(token, None)
            raise _expired()
        return found

    def _check(self, token: str) -> Claims:
        wrong = Unauthenticated(say("The access token is not valid; sign in again."))
        rules = JWTClaimsRegistry(
            now=int(clock.now().timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": _AUDIENCE},
        )
        try:
            claims = self._signed_by_us(token)
            rules.validate(claims)
        except ExpiredTokenError:
            raise _expired() from None
        except (JoseError, ValueError, TypeError, UnicodeError):
            raise wrong from None
        user, tenant, session = (parse_id(str(claims.get(n, ""))) for n in ("sub", "tid", "sid"))
        expires = claims.get("exp")
        if not (user and tenant and session and isinstance(expires, int)):
            raise wrong
        return Claims(user, tenant, session, float(expires))

    def _signed_by_us(self, token: str) -> dict[str, Any]:
        """What a token of one of our keys says; raises JoseError."""
        keys = self._keys()
        for key in keys[:-1]:
            with suppress(BadSignatureError):
                return jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        return jwt.decode(token, keys[-1], algorithms=[ALGORITHM]).claims

    def _keys(self) -> list[OKPKey]:
        """The keys as they are now; the first signs."""
        seeds = self._seeds()
        for seed in seeds:
            if seed not in self._made:
                self._made[seed] = _key(seed)
        return [self._made[seed] for seed in seeds]


def _expired() -> Unauthenticated:
    return Unauthenticated(say("Your sign-in has expired; refresh it or sign in again."))


def _key(seed: bytes) -> OKPKey:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = OKPKey.import_key(pem)
    key.ensure_kid()
    return key
