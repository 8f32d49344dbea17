"""Invitations: a person is asked by mail to join, with the roles that they will have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from tenfold.accounts.client import Client
from tenfold.accounts.events import note
from tenfold.accounts.identity.account import User, by_email, checked_email
from tenfold.accounts.identity.secrets_kept import digest, new_secret
from tenfold.accounts.organisation import members, policy
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.accounts.organisation.members import OrganisationRole, Roles
from tenfold.db.database import Database, Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Conflict, Forbidden, NotFound, TooMany
from tenfold.kernel.ids import NIL, new_id
from tenfold.kernel.language import say
from tenfold.mail.letters import Letter, post

LIFE = timedelta(days=7)
MOST_OPEN = 500
MOST_A_DAY = 200
LETTERS_AN_HOUR = 5
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_COLUMNS = """SELECT id, email, role, roles, team_id, invited_by, created_at, expires_at,
    CASE WHEN accepted_at IS NOT NULL THEN 'accepted' WHEN revoked_at IS NOT NULL THEN 'revoked'
         WHEN expires_at <= $2 THEN 'expired' ELSE 'open' END AS state
FROM tenfold.invitations WHERE tenant_id = $1"""
_PAGE = (
    _COLUMNS
    + """ AND ($3::uuid IS NULL OR id < $3) AND ($5::boolean IS NULL OR $5 = (
    accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2))
ORDER BY id DESC LIMIT $4"""
)
_ONE = _COLUMNS + " AND id = $3"
_HOLD = _ONE + " FOR UPDATE"
_OPEN = """SELECT count(*) FROM tenfold.invitations WHERE tenant_id = $1
AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2"""
_OF_DAY = """SELECT created_at FROM tenfold.invitations
WHERE tenant_id = $1 AND created_at > $2 ORDER BY created_at DESC OFFSET $3 LIMIT 1"""
# From all organisations.
_OF_HOUR = """SELECT created_at FROM tenfold.mails
WHERE recipient = $1 AND kind = 'invitation' AND created_at > $2
ORDER BY created_at DESC OFFSET $3 LIMIT 1"""
_UNCONFIRMED = """SELECT 1 FROM tenfold.users
WHERE id = $1 AND kind = 'person' AND email_verified_at IS NULL"""
# A new invitation takes the place of an open one to the same address.
_REVOKE_EARLIER = """UPDATE tenfold.invitations SET revoked_at = $3
WHERE tenant_id = $1 AND email = $2 AND accepted_at IS NULL AND revoked_at IS NULL"""
_ADD = """INSERT INTO tenfold.invitations (tenant_id, id, email, role, roles, team_id, token_hash,
invited_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
_REVOKE = """UPDATE tenfold.invitations SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2
AND accepted_at IS NULL AND revoked_at IS NULL"""
_ACCEPT = """UPDATE tenfold.invitations SET accepted_at = $3, accepted_by = $4
WHERE tenant_id = $1 AND id = $2"""
_FIND = "SELECT tenant_id, id FROM tenfold.invitation($1)"
_MEMBER = """SELECT 1 FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND u.email = $2"""
_NAMES = """SELECT t.name, u.first_name, u.last_name FROM tenfold.tenants t, tenfold.users u
WHERE t.id = $1 AND u.id = $2"""
_JOIN = """INSERT INTO tenfold.members (tenant_id, user_id, role, roles, team_id, known_at)
VALUES ($1, $2, $3, $4, (SELECT id FROM tenfold.teams WHERE tenant_id = $1 AND id = $5), now())
ON CONFLICT (tenant_id, user_id) DO NOTHING RETURNING user_id"""
_NEW_USER = """INSERT INTO tenfold.users (id, email, first_name, last_name, password_hash,
email_verified_at) VALUES ($1, $2, $3, $4, $5, $6)"""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, and what became of it."""

    id: UUID
    email: str
    role: OrganisationRole
    roles: list[str]
    team_id: UUID | None
    invited_by: UUID
    created_at: datetime
    expires_at: datetime
    state: Literal["open", "accepted", "revoked", "expired"]


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to invite, and the roles that they will have."""

    email: Annotated[str, Meta(max_length=320)]
    role: OrganisationRole = "member"
    roles: Roles = []
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """An invitation as whoever has its link sees it."""

    tenant: UUID
    id: UUID
    email: str
    organisation: str
    by: str
    has_account: bool


async def page(
    reader: Reader, tenant: UUID, only_open: bool | None, after: UUID | None, limit: int
) -> list[Invitation]:
    """Invitations, the newest first, one more than `limit` where there are more."""
    rows = await reader.rows(_PAGE, tenant, clock.now(), after, limit + 1, only_open)
    return [Invitation(**dict(row.items())) for row in rows]


async def one(reader: Reader, tenant: UUID, identity: UUID) -> Invitation:
    """An invitation; raises NotFound."""
    row = await reader.row(_ONE, tenant, clock.now(), identity)
    if row is None:
        raise NotFound(f"There is no invitation with the id {identity}.")
    return Invitation(**dict(row.items()))


async def invite(
    act: Administrator, keyring: Keyring, new: NewInvitation, address: str
) -> Invitation:
    """Invite a person; an open invitation of theirs is replaced.

    Raises Forbidden for who has not confirmed their own address, and TooMany after many letters:
    else whoever registers writes to anybody in our name.
    """
    act.need("invite")
    email, moment = checked_email(new.email), clock.now()
    await need_confirmed(act.tx, act.person.user)
    chosen = sorted(set(new.roles))
    await members.check_place(act, new.role, chosen, new.team_id)
    if await act.tx.value(_MEMBER, act.tenant, email):
        raise Conflict(
            say("This person is a member already; change them instead."),
            code="DUPLICATE",
            fields={"email": say("is a member already")},
        )
    if await act.tx.value(_OPEN, act.tenant, moment) >= MOST_OPEN:
        raise Conflict(
            say("%(most_open)s invitations are open; revoke some first.", most_open=MOST_OPEN),
            code="TOO_MANY",
        )
    await _need_few(act, email, moment)
    await act.tx.execute(_REVOKE_EARLIER, act.tenant, email, moment)
    identity, secret, by = new_id(), new_secret(), act.person.user
    place = (new.role, chosen, new.team_id)
    await act.tx.execute(
        _ADD, act.tenant, identity, email, *place, digest(secret), by, moment, moment + LIFE
    )
    (names,) = await act.tx.rows(_NAMES, act.tenant, by)
    letter = _letter(email, names[0], f"{names[1]} {names[2]}", f"{address}/join/{secret}")
    await post(act.tx, keyring, letter, tenant=act.tenant)
    await note(
        act.tx,
        "member_invited",
        act.client,
        tenant=act.tenant,
        email=email,
        role=new.role,
        roles=chosen,
    )
    return await one(act.tx, act.tenant, identity)


async def need_confirmed(reader: Reader, user: UUID) -> None:
    """Raise Forbidden for a person who has not confirmed their own address."""
    if await reader.value(_UNCONFIRMED, user):
        raise Forbidden(
            say("Confirm your own e-mail address first: we have mailed you a link."),
            code="EMAIL_NOT_VERIFIED",
        )


async def _need_few(act: Administrator, email: str, moment: datetime) -> None:
    """Raise TooMany where the organisation, or the address, has had enough for now."""
    day = (act.tenant, moment - _DAY, MOST_A_DAY - 1)
    if (sent := await act.tx.value(_OF_DAY, *day)) is not None:
        raise _later(
            say("%(most_a_day)s invitations a day are enough", most_a_day=MOST_A_DAY),
            sent + _DAY - moment,
        )
    hour = (email, moment - _HOUR, LETTERS_AN_HOUR - 1)
    if (sent := await act.tx.value(_OF_HOUR, *hour)) is not None:
        problem = f"{email} got {LETTERS_AN_HOUR} invitations within an hour, which is enough"
        raise _later(problem, sent + _HOUR - moment)


def _later(problem: str, wait: timedelta) -> TooMany:
    seconds = max(1, math.ceil(wait.total_seconds()))
    return TooMany(
        say("%(problem)s. Try again in %(seconds)s s.", problem=problem, seconds=seconds),
        retry_after=seconds,
    )


async def revoke(act: Administrator, identity: UUID) -> Invitation:
    """Take an invitation back."""
    old = await one(act.tx, act.tenant, identity)
    if old.state == "accepted":
        raise Conflict(
            say("It was accepted already; deactivate the member instead."), code="CONFLICT"
        )
    await act.tx.execute(_REVOKE, act.tenant, identity, clock.now())
    await note(act.tx, "invitation_revoked", act.client, tenant=act.tenant, email=old.email)
    return await one(act.tx, act.tenant, identity)


async def look(database: Database, secret: str) -> Open:
    """The open invitation of a link; raises NotFound, whatever became of it."""
    async with database.read(NIL) as reader:
        found = await reader.row(_FIND, digest(secret))
    if found is None:
        raise _over()
    async with database.read(found[0]) as reader:
        row = await reader.row(_ONE, found[0], clock.now(), found[1])
        if row is None or row["state"] != "open":
            raise _over()
        (names,) = await reader.rows(_NAMES, found[0], row["invited_by"])
        user = await by_email(reader, row["email"])
    by = f"{names[1]} {names[2]}".strip()
    return Open(found[0], found[1], row["email"], names[0], by, user is not None)


def context(invitation: Open, user: UUID, client: Client) -> Context:
    """The context in which an invitation is accepted."""
    return Context(tenant=invitation.tenant, actor=user, request=client.request)


async def join(tx: Transaction, invitation: Open, user: User, client: Client) -> None:
    """Make the invited person a member; raises NotFound where the invitation is over by now.

    Whoever accepts has the address (its link was mailed there), or is signed in with it.
    """
    row = await tx.row(_HOLD, invitation.tenant, clock.now(), invitation.id)
    if row is None or row["state"] != "open" or row["email"] != user.email:
        raise _over()
    place = (row["role"], row["roles"], row["team_id"])
    await tx.execute(_ACCEPT, invitation.tenant, invitation.id, clock.now(), user.id)
    if await tx.value(_JOIN, invitation.tenant, user.id, *place) is not None:
        await policy.ask_member(tx, invitation.tenant, user.id)
    tx.touch("members")
    await note(
        tx,
        "invitation_accepted",
        client,
        tenant=invitation.tenant,
        user=user.id,
        role=row["role"],
        roles=row["roles"],
    )


async def new_account(
    tx: Transaction, invitation: Open, names: tuple[str, str], password_hash: str | None
) -> User:
    """The account of somebody who has none; their address is proven by the link."""
    user = User(new_id(), invitation.email, names[0], names[1], password_hash, True, clock.now())
    await tx.execute(
        _NEW_USER,
        user.id,
        user.email,
        user.first_name,
        user.last_name,
        password_hash,
        user.email_verified_at,
    )
    return user


def _letter(email: str, organisation: str, by: str, link: str) -> Letter:
    paragraphs = (
        say("Hello,"),
        say(
            "%(name)s invites you to join %(organisation)s at Tenfold. Open this link within "
            "%(n)s days:",
            name=by.strip() or say("Somebody"),
            organisation=organisation,
            n=LIFE.days,
        ),
        link,
        say("If you do not know what this is about, ignore it."),
        "Tenfold",
    )
    text = "\n\n".join(paragraphs)
    subject = say("Join %(organisation)s at Tenfold", organisation=organisation)
    return Letter("invitation", email, subject, text + "\n")


def _over() -> NotFound:
    return NotFound(
        say("This invitation was used, taken back, or is too old; ask for a new one."),
    )
