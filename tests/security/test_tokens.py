"""Forged, stale and foreign access tokens: 401 everywhere, whatever their header says."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.conftest import MakeOrganisation, Running
from tests.factories import Somebody

from tenfold.kernel import clock
from tenfold.proofs.document import Document
from tenfold.proofs.isolation.caller import Caller
from tenfold.proofs.isolation.things import Things, words

pytestmark = pytest.mark.anyio
Json = dict[str, Any]


def _packed(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _read(part: str) -> Json:
    return msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Forger:
    """Knows one good token, and our key: what is refused is refused for one reason alone."""

    def __init__(self, token: str, key: Ed25519PrivateKey) -> None:
        self.token, self._key = token, key
        head, body, self.signature = token.split(".")
        self.head, self.body = _read(head), _read(body)

    def made(
        self,
        claims: Mapping[str, Any] | None = None,
        head: Mapping[str, Any] | None = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """A token with some claims or headers otherwise, signed by us or by `sign`."""
        parts = ({**self.head, **(head or {})}, {**self.body, **(claims or {})})
        text = ".".join(
            _packed(msgspec.json.encode({k: v for k, v in part.items() if v is not None}))
            for part in parts
        )
        return f"{text}.{_packed((sign or self._key.sign)(text.encode()))}"

    def by_hmac(self, kind: str, **head: Any) -> str:
        """Signed with our public key as if it were a shared secret."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        secret = {"raw": raw, "pem": pem, "x": _packed(raw).encode(), "empty": b""}[kind]

        def signed(text: bytes) -> bytes:
            return hmac.new(secret, text, hashlib.sha256).digest()

        return self.made(head={"alg": "HS256", **head}, sign=signed)

    def by_another(self, **head: Any) -> str:
        """Signed with a key of one's own, to which the header leads."""
        own = Ed25519PrivateKey.generate()
        x = _packed(own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "mine"}
        return self.made(head={k: jwk if v == "JWK" else v for k, v in head.items()}, sign=own.sign)


def _now() -> int:
    return int(clock.now().timestamp())


FORGERIES: Mapping[str, Callable[[Forger], str]] = {
    "alg none": lambda f: f.made(head={"alg": "none"}, sign=lambda _: b""),
    "alg None": lambda f: f.made(head={"alg": "NoNe"}, sign=lambda _: b""),
    "alg none, signed": lambda f: f.made(head={"alg": "none"}),
    "no alg": lambda f: f.made(head={"alg": None}),
    "HS256 with the public key": lambda f: f.by_hmac("raw"),
    "HS256 with its PEM": lambda f: f.by_hmac("pem"),
    "HS256 with its JWK": lambda f: f.by_hmac("x"),
    "HS256 with nothing": lambda f: f.by_hmac("empty"),
    "HS256 without kid": lambda f: f.by_hmac("raw", kid=None),
    "ES256": lambda f: f.made(head={"alg": "ES256"}),
    "another's key": lambda f: f.by_another(),
    "kid of a path": lambda f: f.by_another(kid="../../../../dev/null"),
    "kid of an address": lambda f: f.by_another(kid="https://evil.example/key.json"),
    "kid with SQL": lambda f: f.by_another(kid="' UNION SELECT 'x'--"),
    "jku": lambda f: f.by_another(jku="https://evil.example/jwks.json"),
    "x5u": lambda f: f.by_another(x5u="https://evil.example/cert.pem"),
    "jwk": lambda f: f.by_another(jwk="JWK", kid="mine"),
    "an unknown critical header": lambda f: f.made(head={"crit": ["x"], "x": 1}),
    "an unsigned change": lambda f: f.made({"tid": str(uuid4())}, sign=lambda _: b"x" * 64),
    "an old signature": lambda f: (
        f"{f.made({'sub': str(uuid4())}).rpartition('.')[0]}.{f.signature}"
    ),
    "no signature": lambda f: f"{f.token.rpartition('.')[0]}.",
    "expired": lambda f: f.made({"iat": _now() - 4_000, "exp": _now() - 1}),
    "no expiry": lambda f: f.made({"exp": None}),
    "an expiry of words": lambda f: f.made({"exp": "never"}),
    "not yet": lambda f: f.made({"nbf": _now() + 600}),
    "another audience": lambda f: f.made({"aud": "another"}),
    "an id token": lambda f: f.made({"aud": "a-client", "nonce": "n", "tid": None}),
    "no audience": lambda f: f.made({"aud": None}),
    "another issuer": lambda f: f.made({"iss": "https://evil.example"}),
    "no issuer": lambda f: f.made({"iss": None}),
    "another organisation": lambda f: f.made({"tid": str(uuid4())}),
    "another person": lambda f: f.made({"sub": str(uuid4())}),
    "another session": lambda f: f.made({"sid": str(uuid4())}),
    "an organisation that is none": lambda f: f.made({"tid": "' OR 1=1--"}),
}


@pytest.fixture
async def me(make_organisation: MakeOrganisation) -> Somebody:
    """Who is signed in."""
    return await (await make_organisation()).person("owner")


@pytest.fixture
def forger(me: Somebody, app: Running) -> Forger:
    """Forges tokens of `me`."""
    key = app.desk.tokens._keys()[0].private_key
    assert isinstance(key, Ed25519PrivateKey)
    return Forger(me.token, key)


async def _asked(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get("/v1/auth/me", headers={"authorization": f"Bearer {token}"})


async def test_what_the_forger_signs_well_is_good(
    client: httpx.AsyncClient, forger: Forger
) -> None:
    """Else every forgery would be refused for the forger's own mistake."""
    assert (await _asked(client, forger.token)).status_code == 200
    assert (await _asked(client, forger.made({"jti": str(uuid4())}))).status_code == 200


@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_token_that_is_not_right_opens_nothing(
    client: httpx.AsyncClient, forger: Forger, kind: str
) -> None:
    for _ in range(2):  # what was refused is not remembered as good either
        answer = await _asked(client, FORGERIES[kind](forger))
        assert answer.status_code == 401, kind
        assert answer.json()["error"]["code"] == "INVALID_TOKEN"


async def test_a_token_of_another_organisation_opens_nothing_there(
    client: httpx.AsyncClient, forger: Forger, make_organisation: MakeOrganisation
) -> None:
    """Even were our key lost: the session is of one organisation."""
    other = await (await make_organisation()).person("owner")
    answer = await _asked(client, forger.made({"tid": str(other.tenant)}))
    assert answer.status_code == 401


async def test_no_operation_takes_a_forged_token(
    client: httpx.AsyncClient, forger: Forger, me: Somebody
) -> None:
    """Each operation of the document is asked with one of the forgeries, in turn."""
    document = Document((await client.get("/openapi.json")).json())
    things = Things(Caller(document, client, me.headers), str(me.tenant))
    kinds, opened = list(FORGERIES.values()), list[str]()
    # The secret of an invitation is looked at before who accepts it.
    signed = [o for o in document.operations if o.signed and o.name != "invitation_accept"]
    for number, one in enumerate(signed):
        token = kinds[number % len(kinds)](forger)
        who = Caller(document, client, {"authorization": f"Bearer {token}"})
        names = {about["name"]: str(uuid4()) for about in one.parameters if about["in"] == "path"}
        names |= {**words(one), "type": "things"}
        answer = await who.ask(one, names, await things.body(one))
        if answer.status != 401:
            opened.append(f"{one.title}: {answer.status} {answer.text[:100]}")
    assert opened == []
    assert len(signed) > 300
