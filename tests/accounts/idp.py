"""A provider of ours that can be told to lie: codes, PKCE, keys and ID tokens, by joserfc.

What a good provider does is tried against one that we did not write (`real_provider`).
"""

from __future__ import annotations

import hmac
import json
import secrets
import subprocess
import sys
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from socket import socket
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.registry import HeaderParameter
from tests.children import unmeasured
from tests.outside.servers import Asked, answer, hosting

CLIENT, SECRET = "tenfold-here", "the client's secret"
Change = Callable[[dict[str, Any]], None]


def query(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


@dataclass
class Person:
    """Somebody at the provider."""

    subject: str = field(default_factory=lambda: secrets.token_hex(8))
    email: str = field(default_factory=lambda: f"{secrets.token_hex(6)}@example.com")
    verified: object = True
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, Any]:
        """What the provider says of them."""
        named = {"given_name": "Grace", "family_name": "Hopper"}
        mail = {"email": self.email, "email_verified": self.verified}
        return {"sub": self.subject, **named, **mail, **self.claims}


@dataclass
class Idp:
    """An OpenID provider, honest until its `change_…` say otherwise."""

    issuer: str = ""
    secret: str = SECRET
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    keys: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    change_claims: Change = lambda _claims: None
    change_header: Change = lambda _header: None
    change_tokens: Change = lambda _tokens: None
    forge: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    down: bool = False
    codes: dict[str, tuple[Person, dict[str, str]]] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)

    def agree(self, address: str, person: Person) -> dict[str, str]:
        """What the browser comes back with once somebody has signed in at the address."""
        asked = query(address)
        assert asked["response_type"] == "code"
        code = secrets.token_urlsafe(16)
        self.codes[code] = (person, asked)
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        """A token of this issuer's, signed with its key."""
        moment = int(time.time())
        told = {"iss": self.issuer, "iat": moment, "exp": moment + 600, **claims}
        named = {"alg": "ES256", "kid": self.key.kid, **header}
        self.change_claims(told)
        self.change_header(named)
        return self.forge(named, told) if self.forge else sign(named, told, self.key)

    def reply(self, asked: Asked) -> bytes:
        """The answer to a request."""
        path = urlsplit(asked.path).path
        self.paths.append(path)
        if self.down:
            return answer(b"no", "503 Service Unavailable")
        if path == "/.well-known/openid-configuration":
            return as_json(self.described)
        if path == "/keys":
            return as_json({"keys": self.keys or [self.key.as_dict(private=False)]})
        if path == "/token":
            return self._tokens(asked)
        if path == "/userinfo":
            bearer = asked.headers["authorization"].removeprefix("Bearer ")
            return as_json(self.people[bearer].told)
        return answer(b"", "404 Not Found")

    @property
    def described(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def _tokens(self, asked: Asked) -> bytes:
        sent = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        basic = b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        if asked.headers["authorization"] != f"Basic {basic}":
            return as_json({"error": "invalid_client"}, "401 Unauthorized")
        person, begun = self.codes.pop(sent.get("code", ""), (None, {}))
        challenge = create_s256_code_challenge(sent.get("code_verifier", ""))
        if (
            person is None
            or begun["redirect_uri"] != sent["redirect_uri"]
            or begun.get("code_challenge_method") != "S256"
            or begun.get("code_challenge") != challenge
        ):
            return as_json({"error": "invalid_grant"}, "400 Bad Request")
        access = secrets.token_urlsafe(16)
        self.people[access] = person
        claims = {**person.told, "aud": begun["client_id"], "nonce": begun["nonce"]}
        tokens: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "id_token": self.token(claims),
        }
        self.change_tokens(tokens)
        return as_json(tokens)


@asynccontextmanager
async def own_provider() -> AsyncIterator[Idp]:
    """A provider of ours on this machine."""
    idp = Idp()
    async with hosting(idp.reply) as host:
        idp.issuer = f"http://127.0.0.1:{host.port}"
        yield idp


@contextmanager
def real_provider() -> Iterator[str]:
    """`oidc-provider-mock` in a process of its own; its issuer's name."""
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    run = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    with subprocess.Popen(
        run, env=unmeasured(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _until_it_answers(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _until_it_answers(issuer: str) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the provider did not start")


def as_json(value: object, status: str = "200 OK") -> bytes:
    """An answer in JSON."""
    return answer(json.dumps(value).encode(), status, content_type="application/json")


def sign(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    """A token by any algorithm, with any header."""
    if header["alg"] == "none":
        return f"{part(header)}.{part(claims)}."
    named = ["HS256", "ES256", "RS256", "Ed25519"]
    mine = {"mine": HeaderParameter("One that nobody knows", "int")}
    registry = JWSRegistry(mine, algorithms=named, strict_check_header=False)
    return jwt.encode(header, claims, key, registry=registry)


def by_hand(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    """A token by HS256 that no library would make."""
    text = f"{part({**header, 'alg': 'HS256'})}.{part(claims)}"
    return f"{text}.{letters(hmac.digest(key, text.encode(), 'sha256'))}"


def part(value: object) -> str:
    """A part of a token."""
    return letters(json.dumps(value).encode())


def letters(raw: bytes) -> str:
    """Bytes as tokens write them."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def by_public_key(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    """A token signed by HS256 as if the issuer's public key were a shared secret."""
    shared = OctKey.import_key(json.dumps(key.as_dict(private=False)))
    return sign({**header, "alg": "HS256"}, claims, shared)


def other_key(kid: str = "one") -> Any:
    """A key of somebody else's, under any name."""
    return RSAKey.generate_key(2048, {"kid": kid})
