"""Links that are mailed: to sign in, set a new password, prove or change an address. Good once.

Who asks for one is answered alike whether there is such an account or not, and at the same speed:
the request only leaves a job, which looks the account up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from tenfold.accounts.client import Client
from tenfold.accounts.events import note_everywhere
from tenfold.accounts.identity import letters
from tenfold.accounts.identity.account import (
    Account,
    by_email,
    by_id,
    memberships,
    one_by_one,
)
from tenfold.accounts.identity.secrets_kept import digest, new_secret
from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.jobs import Handler, Job, enqueue, job
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.ids import NIL
from tenfold.kernel.language import speaking
from tenfold.kernel.settings import Settings
from tenfold.mail.letters import Letter

LINK_JOB = "identity.link"
MOST_AN_HOUR = 5
LIFE = {
    "sign_in": timedelta(minutes=15),
    "reset": timedelta(minutes=30),
    "verify": timedelta(days=3),
    "email": timedelta(minutes=30),
}
Kind = Literal["sign_in", "reset", "verify", "email"]

_ADD = """INSERT INTO tenfold.links (token_hash, kind, user_id, email, detail, created_at,
expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"""
_LATELY = """SELECT count(*) FROM tenfold.links
WHERE user_id = $1 AND kind = $2 AND created_at > $3"""
_READ = """SELECT l.user_id, l.detail, l.created_at FROM tenfold.links l
JOIN tenfold.users u ON u.id = l.user_id AND u.email = l.email
WHERE l.token_hash = $1 AND l.kind = $2 AND l.used_at IS NULL AND l.expires_at > $3"""
_HOLD = _READ + " FOR UPDATE OF l"
_USED = "UPDATE tenfold.links SET used_at = $2 WHERE token_hash = $1"
_FORGET = """UPDATE tenfold.links SET used_at = $2
WHERE user_id = $1 AND kind IN ('sign_in', 'reset', 'email') AND used_at IS NULL"""
_OTHERS = """UPDATE tenfold.links SET used_at = $3
WHERE user_id = $1 AND kind = $2 AND used_at IS NULL"""


class Asking(msgspec.Struct, kw_only=True):
    """Somebody asked for a link: to which address, from where, in which browser and language."""

    kind: Kind
    email: str
    address: str = ""
    browser: str = ""
    after: str = ""
    language: str = ""


class Detail(msgspec.Struct, kw_only=True):
    """What a link remembers: the browser it was asked for in, and where to go from it.

    `email` is the address that one wants, where the link changes it.
    """

    browser: str = ""
    after: str = ""
    address: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is still good."""

    user: UUID
    detail: Detail


async def ask(tx: Transaction, asking: Asking) -> None:
    """Leave the wish for a link; whether the address has an account is not looked at."""
    await enqueue(tx.connection, LINK_JOB, asking, tenant=NIL)


def handlers(settings: Settings, keyring: Keyring) -> list[Handler[Any]]:
    """The declared job."""

    @job(LINK_JOB, Asking, attempts=5)
    async def link(one: Job[Asking]) -> None:
        with speaking(one.payload.language):
            async with one.transaction() as tx:
                await _send(tx, keyring, settings.address, one.payload)

    return [link]


async def _send(tx: Transaction, keyring: Keyring, site: str, asking: Asking) -> None:
    user = await by_email(tx, asking.email)
    member = await memberships(tx, user.id) if user else ()
    if user is None or not user.active or not member:
        return
    if not await few(tx, user.id, asking.kind):
        return
    account = Account(user, member[0], member)
    client = Client(address=asking.address)
    detail = Detail(browser=asking.browser, after=asking.after, address=asking.address)
    secret = await make(tx, asking.kind, user.id, user.email, detail)
    minutes = LIFE[asking.kind] // timedelta(minutes=1)
    letter: Letter
    if asking.kind == "sign_in":
        letter = letters.sign_in_link(user, f"{site}/sign-in/{secret}", minutes, client)
        await note_everywhere(tx, "sign_in_link_requested", client, user.id)
    else:
        letter = letters.password_reset(user, f"{site}/reset/{secret}", minutes, client)
        await note_everywhere(tx, "password_reset_requested", client, user.id)
    await letters.post_to(tx, keyring, letter, account)


async def verification(tx: Transaction, keyring: Keyring, account: Account, site: str) -> bool:
    """Mail the link that proves the person's address; False where enough were sent just now."""
    if not await few(tx, account.id, "verify"):
        return False
    secret = await make(tx, "verify", account.id, account.user.email, Detail())
    hours = LIFE["verify"] // timedelta(hours=1)
    letter = letters.verify_email(account.user, f"{site}/verify/{secret}", hours)
    await letters.post_to(tx, keyring, letter, account)
    return True


async def make(tx: Transaction, kind: Kind, user: UUID, email: str, detail: Detail) -> str:
    """A new link; answers its secret, which is stored as its hash only."""
    secret, moment = new_secret(), clock.now()
    text = msgspec.json.encode(detail).decode()
    until = moment + LIFE[kind]
    await tx.execute(_ADD, digest(secret), kind, user, email, text, moment, until)
    return secret


async def look(reader: Reader, kind: Kind, secret: str) -> Link | None:
    """The link of a secret while it is good; looking does not use it."""
    return _link(await reader.row(_READ, digest(secret), kind, clock.now()))


async def use(tx: Transaction, kind: Kind, secret: str) -> Link | None:
    """The same, and it is never good again, nor are others of its kind for this person."""
    found = _link(await tx.row(_HOLD, digest(secret), kind, clock.now()))
    if found is not None:
        await tx.execute(_USED, digest(secret), clock.now())
        await tx.execute(_OTHERS, found.user, kind, clock.now())
    return found


async def forget(tx: Transaction, user: UUID) -> None:
    """Let none of a person's links let anybody in that were mailed before."""
    await tx.execute(_FORGET, user, clock.now())


async def account_of(reader: Reader, link: Link) -> Account | None:
    """Whom a link lets in."""
    user, member = await by_id(reader, link.user), await memberships(reader, link.user)
    if user is None or not user.active or not member:
        return None
    return Account(user, member[0], member)


def context(link: Link, account: Account, client: Client) -> Context:
    """The context in which a link is used."""
    return Context(tenant=account.tenant, actor=link.user, request=client.request)


async def few(tx: Transaction, user: UUID, kind: Kind) -> bool:
    """Whether another letter of a kind may be sent; asked by one at a time."""
    await one_by_one(tx, user)
    hour = clock.now() - timedelta(hours=1)
    return await tx.value(_LATELY, user, kind, hour) < MOST_AN_HOUR


def _link(row: Any) -> Link | None:
    if row is None:
        return None
    return Link(row["user_id"], msgspec.json.decode(row["detail"], type=Detail))
