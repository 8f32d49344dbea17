"""Passkeys (WebAuthn level 3): the only factor or the second one; the keys stay with the person.

A passkey belongs to the site's name: the public address's, or `localhost` where none is set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, generate_challenge
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tenfold.accounts.identity import challenges
from tenfold.accounts.identity.account import User
from tenfold.db.database import Reader, Transaction
from tenfold.kernel import clock
from tenfold.kernel.errors import Conflict, Invalid
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import say

MOST = 20
_OF = """SELECT id, name, created_at, used_at, backed_up, transports, credential_id
FROM tenfold.passkeys WHERE user_id = $1 ORDER BY created_at, id"""
_BY_CREDENTIAL = """SELECT id, user_id, public_key, sign_count FROM tenfold.passkeys
WHERE credential_id = $1 FOR UPDATE"""
_OWNER = "SELECT user_id FROM tenfold.passkeys WHERE credential_id = $1"
_ADD = """INSERT INTO tenfold.passkeys (id, user_id, credential_id, public_key, sign_count,
transports, backed_up, name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (credential_id) DO NOTHING RETURNING id"""
_USED = """UPDATE tenfold.passkeys SET sign_count = $2, backed_up = $3, used_at = $4
WHERE id = $1"""
_RENAME = "UPDATE tenfold.passkeys SET name = $3 WHERE id = $1 AND user_id = $2 RETURNING id"
_REMOVE = "DELETE FROM tenfold.passkeys WHERE id = $1 AND user_id = $2 RETURNING name"


@dataclass(frozen=True, slots=True)
class Site:
    """The place that passkeys are made for: its name, and the addresses that pages come from."""

    name: str
    origin: str

    @classmethod
    def of(cls, address: str) -> Site:
        """That of a public address."""
        return cls(urlsplit(address).hostname or "", address)


class Passkey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A passkey as its owner sees it; `backed_up` ones are in a cloud keychain."""

    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None
    backed_up: bool


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered between the question to a passkey and its answer."""

    challenge: str
    site: str
    origin: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Whose passkey answered, and whether it made sure of the person (by PIN or finger)."""

    id: UUID
    user: UUID
    verified: bool


async def of_person(reader: Reader, user: UUID) -> list[Passkey]:
    """A person's passkeys, the first one first."""
    rows = await reader.rows(_OF, user)
    return [
        Passkey(id=r[0], name=r[1], created_at=r[2], used_at=r[3], backed_up=r[4]) for r in rows
    ]


async def creation(reader: Reader, site: Site, user: User) -> tuple[dict[str, Any], Ceremony]:
    """What the browser is to make a passkey from; Conflict where a person has too many."""
    rows = await reader.rows(_OF, user.id)
    if len(rows) >= MOST:
        raise Conflict(
            say("You have %(most)s passkeys; remove one first.", most=MOST), code="TOO_MANY"
        )
    name = f"{user.first_name} {user.last_name}".strip()
    made = generate_registration_options(
        rp_id=site.name,
        rp_name="Tenfold",
        user_name=user.email,
        user_id=user.id.bytes,
        user_display_name=name or user.email,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[_descriptor(row[6], row[5]) for row in rows],
    )
    return json.loads(options_to_json(made)), _ceremony(site, made.challenge)


async def add(
    tx: Transaction, user: UUID, ceremony: Ceremony, answer: Mapping[str, Any], name: str
) -> UUID:
    """Keep the passkey that the browser made; raises Invalid where its answer is not right."""
    try:
        made = verify_registration_response(
            credential=dict(answer),
            expected_challenge=base64url_to_bytes(ceremony.challenge),
            expected_rp_id=ceremony.site,
            expected_origin=ceremony.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid({"credential": say("is not what this site asked the passkey for")}) from error
    found = await tx.value(
        _ADD,
        new_id(),
        user,
        made.credential_id,
        made.credential_public_key,
        made.sign_count,
        _transports(answer),
        made.credential_backed_up,
        " ".join(name.split()) or "Passkey",
    )
    if found is None:
        raise Conflict(say("This passkey is known already."), code="DUPLICATE")
    return found


async def question(
    reader: Reader, site: Site, user: UUID | None
) -> tuple[dict[str, Any], Ceremony]:
    """What the browser is to ask: a passkey of this person's, or of anybody to sign in alone."""
    ceremony = _ceremony(site, generate_challenge())
    return await question_again(reader, ceremony, user), ceremony


async def question_again(reader: Reader, ceremony: Ceremony, user: UUID | None) -> dict[str, Any]:
    """The same question once more, for a page that is loaded anew."""
    rows = await reader.rows(_OF, user) if user is not None else []
    needed = UserVerificationRequirement.PREFERRED if rows else UserVerificationRequirement.REQUIRED
    made = generate_authentication_options(
        rp_id=ceremony.site,
        challenge=base64url_to_bytes(ceremony.challenge),
        allow_credentials=[_descriptor(row[6], row[5]) for row in rows],
        user_verification=needed,
    )
    return json.loads(options_to_json(made))


async def begun(
    tx: Transaction, kind: challenges.Kind, secret: str, user: UUID | None
) -> Ceremony | None:
    """The ceremony that `user` began (None: nobody known), which is used up by this.

    None where it is unknown, another's, or was not finished in time.
    """
    held = await challenges.hold(tx, kind, secret)
    if held is None or held.user != user:
        return None
    await challenges.done(tx, secret)
    return msgspec.json.decode(held.detail, type=Ceremony)


async def answered(tx: Transaction, ceremony: Ceremony, answer: Mapping[str, Any]) -> Shown | None:
    """Whose passkey gave this answer; None where it is none of ours or not right."""
    try:
        credential = base64url_to_bytes(str(answer.get("rawId", "")))
    except ValueError:
        return None
    row = await tx.row(_BY_CREDENTIAL, credential)
    if row is None:
        return None
    try:
        shown = verify_authentication_response(
            credential=dict(answer),
            expected_challenge=base64url_to_bytes(ceremony.challenge),
            expected_rp_id=ceremony.site,
            expected_origin=ceremony.origin,
            credential_public_key=row["public_key"],
            credential_current_sign_count=row["sign_count"],
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    backed_up, count = shown.credential_backed_up, shown.new_sign_count
    await tx.execute(_USED, row["id"], count, backed_up, clock.now())
    return Shown(row["id"], row["user_id"], shown.user_verified)


async def owner(reader: Reader, answer: Mapping[str, Any]) -> UUID | None:
    """Whose passkey says that it answers; not proven yet."""
    try:
        credential = base64url_to_bytes(str(answer.get("rawId", "")))
    except ValueError:
        return None
    return await reader.value(_OWNER, credential)


async def rename(tx: Transaction, user: UUID, identity: UUID, name: str) -> bool:
    """Call a passkey something else; whether it is theirs."""
    return await tx.value(_RENAME, identity, user, " ".join(name.split())) is not None


async def remove(tx: Transaction, user: UUID, identity: UUID) -> str | None:
    """Take a passkey away; its name, or None where it is not theirs."""
    return await tx.value(_REMOVE, identity, user)


def _ceremony(site: Site, challenge: bytes) -> Ceremony:
    return Ceremony(challenge=bytes_to_base64url(challenge), site=site.name, origin=site.origin)


def _descriptor(credential: bytes, transports: Sequence[str]) -> PublicKeyCredentialDescriptor:
    known = {one.value for one in AuthenticatorTransport}
    ways = [AuthenticatorTransport(one) for one in transports if one in known]
    return PublicKeyCredentialDescriptor(id=credential, transports=ways or None)


def _transports(answer: Mapping[str, Any]) -> list[str]:
    """How the browser reaches the passkey, as far as it says."""
    try:
        given = msgspec.convert(answer, _Answer).response.transports
    except msgspec.ValidationError:
        return []
    known = {one.value for one in AuthenticatorTransport}
    return [one for one in given if one in known]


class _Response(msgspec.Struct):
    transports: list[str] = []


class _Answer(msgspec.Struct):
    response: _Response
