"""A person's account, and the organisations that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenfold.db.database import Reader, Transaction
from tenfold.engine.types import Email, Locale, Refused
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.language import say

_COLUMNS = """SELECT id, email, first_name, last_name, password_hash, active, email_verified_at,
    language, region, timezone FROM tenfold.users"""
_BY_EMAIL = _COLUMNS + " WHERE email = $1 AND kind = 'person'"
_BY_ID = _COLUMNS + " WHERE id = $1 AND kind = 'person'"
_ONE_BY_ONE = "SELECT 1 FROM tenfold.users WHERE id = $1 FOR NO KEY UPDATE"
_MEMBERSHIPS = "SELECT tenant_id, name, role FROM tenfold.memberships($1)"


@dataclass(frozen=True, slots=True)
class Membership:
    """One organisation of a person, and their role in it."""

    tenant: UUID
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class User:
    """An account as it is stored."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    password_hash: str | None
    active: bool
    email_verified_at: datetime | None
    language: str | None = None
    region: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A person as sign-in shows them: in one organisation, with all that they belong to."""

    user: User
    current: Membership
    memberships: tuple[Membership, ...]

    @property
    def id(self) -> UUID:
        """The person."""
        return self.user.id

    @property
    def tenant(self) -> UUID:
        """The organisation that they are in."""
        return self.current.tenant


async def by_email(reader: Reader, address: str) -> User | None:
    """The account of an address in its checked form, if there is one."""
    row = await reader.row(_BY_EMAIL, address)
    return User(*row) if row is not None else None


async def by_id(reader: Reader, identity: UUID) -> User | None:
    """The account of a person."""
    row = await reader.row(_BY_ID, identity)
    return User(*row) if row is not None else None


async def memberships(reader: Reader, user: UUID) -> tuple[Membership, ...]:
    """The organisations of a person, the one they joined first before the others."""
    return tuple(Membership(*row) for row in await reader.rows(_MEMBERSHIPS, user))


async def account_in(reader: Reader, user: UUID, tenant: UUID) -> Account | None:
    """A person in one of their organisations; None where they are not in it any more."""
    found, member = await by_id(reader, user), await memberships(reader, user)
    current = next((m for m in member if m.tenant == tenant), None)
    if found is None or not found.active or current is None:
        return None
    return Account(found, current, member)


async def one_by_one(tx: Transaction, user: UUID) -> None:
    """Let nobody else change this account until the transaction ends."""
    await tx.execute(_ONE_BY_ONE, user)


def chosen(member: Sequence[Membership], wanted: UUID | None) -> Membership:
    """The organisation that was asked for, or the first; raises NotFound."""
    if wanted is None:
        return member[0]
    for one in member:
        if one.tenant == wanted:
            return one
    raise NotFound(say("You are in no organisation with the id %(wanted)s.", wanted=wanted))


def checked_email(text: str) -> str:
    """An e-mail address in the one form that accounts are known by; raises Invalid."""
    try:
        (found,) = Email().parse(text, Locale())
    except Refused as refusal:
        raise Invalid({"email": str(refusal)}) from None
    return str(found)


def plain_email(text: str) -> str:
    """The same form where the text is an address; otherwise one that no account has."""
    try:
        return checked_email(text)
    except Invalid:
        return text.strip().lower().replace("\x00", "")[:320]


def not_blank(**given: str) -> list[str]:
    """The texts as they are stored, blanks joined; raises Invalid naming those without a word."""
    texts = {name: " ".join(text.split()) for name, text in given.items()}
    if blank := [name for name, text in texts.items() if not text]:
        raise Invalid(dict.fromkeys(blank, say("must not be blank")))
    return list(texts.values())


def taken() -> Conflict:
    """The answer to an address that has an account."""
    return Conflict(
        say("There is an account with this e-mail address already; sign in instead."),
        code="EMAIL_TAKEN",
        fields={"email": say("has an account already")},
    )
