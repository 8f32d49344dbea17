"""A passkey in software: answers the questions of WebAuthn as a browser with a phone would."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass(slots=True)
class Authenticator:
    """One passkey, made for the site that first asks for one."""

    origin: str
    verifies: bool = True
    """Whether it makes sure of the person by a PIN or a finger."""
    count: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user: bytes = b""

    def create(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """What `navigator.credentials.create` answers."""
        self.user = _bytes(options["user"]["id"])
        client = self._client("webauthn.create", options["challenge"], changes)
        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential
        data = self._data(options["rp"]["id"], ATTESTED) + attested + cbor2.dumps(cose)
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"attestationObject": _text(made), "transports": ["internal"]}
        return self._answer(client, response)

    def get(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """What `navigator.credentials.get` answers."""
        client = self._client("webauthn.get", options["challenge"], changes)
        self.count += 1
        data = self._data(options["rpId"], 0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(self.user),
        }
        return self._answer(client, response)

    def _client(self, kind: str, challenge: str, changes: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, **changes}
        return json.dumps(told).encode()

    def _data(self, site: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(site.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _answer(self, client: bytes, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": _text(self.credential),
            "rawId": _text(self.credential),
            "type": "public-key",
            "response": {"clientDataJSON": _text(client), **response},
            "clientExtensionResults": {},
        }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
