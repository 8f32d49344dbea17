"""Somebody of whom it is explained what they may do: a member, or a program with its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from tenfold.accounts import people
from tenfold.accounts.client import Client
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.organisation import api_keys, members
from tenfold.accounts.organisation.administrator import need_administrator, need_factor
from tenfold.accounts.organisation.api_keys import ApiKey
from tenfold.accounts.organisation.members import Member
from tenfold.accounts.people import Caller
from tenfold.db.database import Reader
from tenfold.engine.scopes import Scopes
from tenfold.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from tenfold.kernel.language import mark, say

_REVOKED = mark("The API key %(key)s was revoked at %(when)s.")
_ASKS = {
    "everybody": mark("The organisation asks everybody for a second factor"),
    "administrators": mark("The organisation asks administrators for a second factor"),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check says: whether it lets them, why in a sentence, and the facts behind it."""

    check: str
    passed: bool
    reason: str
    detail: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Whom:
    """A member, or a program of theirs, as they ask.

    `caller` is None for somebody who does not belong to the organisation any more. Who is `present`
    asks about themselves, as they have signed in; of all others we suppose that they have just
    done so, from the address of `client` where that is known.
    """

    reader: Reader
    member: Member
    caller: Caller | None
    client: Client | None
    present: bool
    key: ApiKey | None = None
    over: bool = False
    """Whether the key was revoked or has expired."""

    @property
    def them(self) -> Caller:
        """The caller, who is there."""
        assert self.caller is not None
        return self.caller

    @property
    def program(self) -> bool:
        """Whether no person asks, who could prove who they are."""
        return self.key is not None or self.member.kind == "service"


async def whom(
    reader: Reader, asker: Caller, client: Client, user: UUID | None, key: UUID | None
) -> Whom:
    """Who is asked about, as far as the asker may know of them; raises NotFound for all else.

    Of others administrators ask. An API key asks about itself.
    """
    own = asker.scopes.key if asker.scopes is not None else None
    if key is None and own is not None and user in (None, asker.user):
        key = own
    if key is not None:
        return await _with_key(reader, asker, client, user, key)
    if user is None or user == asker.user:
        member = await members.one(reader, asker.tenant, asker.user)
        return Whom(reader, member, asker, client, present=True)
    need_administrator(asker, client)
    member = await members.one(reader, asker.tenant, user)
    return Whom(reader, member, await _expected(reader, asker.tenant, user), None, present=False)


async def _with_key(
    reader: Reader, asker: Caller, client: Client, user: UUID | None, identity: UUID
) -> Whom:
    key = await api_keys.one(reader, asker.tenant, identity)
    present = asker.scopes is not None and asker.scopes.key == identity
    if not present and (key.user_id != asker.user or asker.scopes is not None):
        if not asker.administers:
            raise NotFound(say("There is no API key with the id %(id)s.", id=identity))
        need_administrator(asker, client)
    if user not in (None, key.user_id):
        raise Invalid({"key_id": say("is not a key of this person or service account")})
    member = await members.one(reader, asker.tenant, key.user_id)
    caller = await _expected(reader, asker.tenant, key.user_id)
    over = False
    if caller is not None:
        claims = Claims(key.user_id, asker.tenant, identity, float("inf"), "key")
        try:
            caller = await people.caller(reader, claims)
        except Unauthenticated:
            over, scopes = True, Scopes(identity, frozenset(key.scopes))
            caller = replace(caller, scopes=scopes, _made={})
    return Whom(reader, member, caller, client if present else None, present, key, over)


async def _expected(reader: Reader, tenant: UUID, user: UUID) -> Caller | None:
    try:
        return await people.expected(reader, tenant, user)
    except Unauthenticated:
        return None


# -- what holds for whatever they do


async def belongs(who: Whom) -> Finding:
    """Whether they belong to the organisation at all."""
    one, active = who.member, who.caller is not None
    name = f"{one.first_name} {one.last_name}".strip() or one.email
    reason = say("%(name)s does not belong to the organisation any more.", name=name)
    if active:
        reason = say(
            "%(name)s is a member of the organisation with the role %(role)s.",
            name=name,
            role=one.role,
        )
    return Finding(check="member", passed=active, reason=reason, detail={"role": one.role})


async def good_key(who: Whom) -> Finding | None:
    """Whether the key that they act with is still good."""
    key = who.key
    if key is None:
        if not who.program:
            return None
        reason = say("It acts with an API key, which may do no more than its scopes say: name one.")
        return Finding(check="key", passed=True, reason=reason)
    named, end = f"{key.name} ({key.prefix})", _moment(key.revoked_at or key.expires_at)
    text = mark("The API key %(key)s is good until %(when)s.")
    if who.over:
        revoked = key.revoked_at is not None
        text = _REVOKED if revoked else mark("The API key %(key)s expired at %(when)s.")
    reason = say(text, key=named, when=end)
    names = ("prefix", "scopes", "expires_at", "revoked_at")
    detail = {name: getattr(key, name) for name in names}
    return Finding(check="key", passed=not who.over, reason=reason, detail=detail)


async def second_factor(who: Whom, *, administers: bool = False) -> Finding | None:
    """Whether they have the second factor that is asked of them, and have used it."""
    caller, standing = who.them, who.them.standing
    refused = not lets(caller.need_unblocked)
    if administers:
        refused = refused or not lets(need_factor, caller)
    if standing.due is None and not refused:
        return None
    whose = "everybody" if standing.everybody else "administrators"
    due = _moment(standing.due) if standing.due is not None else ""
    if standing.enrolled:
        unused = mark("%(asks)s, and they have not used theirs to sign in.")
        text = unused if refused else mark("%(asks)s, and they have one.")
    elif refused:
        text = mark("%(asks)s; they have none, and the time to set one up ended at %(when)s.")
    elif standing.overdue:
        text = mark("%(asks)s; they have none, and may administer nothing until they set one up.")
    else:
        text = mark("%(asks)s; they have none, and may go without until %(when)s.")
    reason = say(text, asks=say(_ASKS[whose]), when=due)
    detail = {"due": standing.due, "enrolled": standing.enrolled, "of": whose}
    return Finding(check="second_factor", passed=not refused, reason=reason, detail=detail)


def lets(need: Callable[..., None], *args: Any, **named: Any) -> bool:
    """Whether a gate lets somebody in."""
    try:
        need(*args, **named)
    except Forbidden:
        return False
    return True


def _moment(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
