"""Access tokens: JWT (RFC 7519) signed with Ed25519, checked once and kept until they expire."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OKPKey
from joserfc.jwt import JWTClaimsRegistry

from tenfold.kernel import clock
from tenfold.kernel.errors import Unauthenticated
from tenfold.kernel.ids import new_id, parse_id

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


class Tokens:
    """Signs and verifies access tokens with one key of the installation."""

    def __init__(self, seed: bytes, seconds: int, issuer: str, kept: int = 50_000) -> None:
        self._key = _key(seed)
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
        header = {"alg": ALGORITHM, "kid": self._key.kid or ""}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

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
        wrong = Unauthenticated("The access token is not valid; sign in again.")
        rules = JWTClaimsRegistry(
            now=int(clock.now().timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": _AUDIENCE},
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
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


def _expired() -> Unauthenticated:
    return Unauthenticated("Your sign-in has expired; refresh it or sign in again.")


def _key(seed: bytes) -> OKPKey:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = OKPKey.import_key(pem)
    key.ensure_kid()
    return key
