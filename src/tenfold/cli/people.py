"""`tenfold user` and `tenfold search`: people and records from the terminal."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from uuid import UUID

import msgspec

from tenfold.accounts.events import note_everywhere
from tenfold.accounts.identity import devices, lockout
from tenfold.accounts.identity.account import checked_email
from tenfold.accounts.identity.factors import clear_factors
from tenfold.accounts.identity.passwords import Passwords, weakness
from tenfold.accounts.identity.proving import ACCOUNT_KEY
from tenfold.accounts.identity.sessions import end_all
from tenfold.accounts.organisation import members
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.app import Parts
from tenfold.cli.seat import TERMINAL, opened, seat
from tenfold.cli.who import Who
from tenfold.db.database import Database
from tenfold.engine.own_types import types_of
from tenfold.engine.search import Search
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Forbidden, Invalid, NotFound
from tenfold.kernel.ids import NIL
from tenfold.kernel.settings import Settings

Say = Callable[[str], None]
_PAGE = 500
_HITS = 10
"""How many hits of a type are shown."""
_USER = "SELECT id FROM tenfold.users WHERE email = $1 AND kind = 'person'"
_TENANTS = "SELECT tenant_id FROM tenfold.memberships($1)"
_PASSWORD = "UPDATE tenfold.users SET password_hash = $2 WHERE id = $1"  # noqa: S105


async def search_records(settings: Settings, words: str, who: Who, say: Say) -> int:
    """Print the best hits of every type that the person may see."""
    async with (
        seat(settings, who) as at,
        at.database.read(at.person.tenant) as reader,
    ):
        search = Search(at.made.query)
        types = await types_of(reader, at.person.tenant, at.made.registry)
        found = await search.everywhere(reader, at.person, list(types.values()), words, _HITS + 1)
    for group in found:
        say(group.definition.label_plural)
        hits = msgspec.json.decode(group.json)
        for hit in hits[:_HITS]:
            hint = f" ({hit['hint']})" if hit["hint"] else ""
            say(f"  {hit['title']}{hint}  {group.definition.path}/{hit['id']}")
        if len(hits) > _HITS:
            say("  … and more; one more word finds fewer.")
    if not found:
        say(f"Nothing was found for {words!r}.")
    return 0


async def list_people(settings: Settings, who: Who, say: Say) -> int:
    """Print the people of the organisation."""
    async with (
        seat(settings, who) as at,
        at.database.read(at.person.tenant) as reader,
    ):
        say(at.organisation)
        people: list[members.Member] = []
        after: UUID | None = None
        while shown := await members.page(reader, at.person.tenant, members.Which(), after, _PAGE):
            people += shown
            after = shown[-1].id
        for one in sorted(people, key=lambda one: one.email):
            roles = ", ".join([one.role, *one.roles])
            state = "" if one.active else "  (left)"
            say(f"  {one.email}  {one.first_name} {one.last_name}  {roles}{state}")
    return 0


async def add_person(settings: Settings, by: Who, new: members.NewMember, say: Say) -> int:
    """Add a person as the administrator; prints the first password where the account is new."""
    async with seat(settings, by) as at:
        if not at.person.administers:
            raise Forbidden(f"{by.email} is neither owner nor admin of {at.organisation}.")
        email = checked_email(new.email)
        async with at.database.system() as reader:
            known = await reader.value(_USER, email) is not None
        password = "" if known else secrets.token_urlsafe(12)
        hashed = await _hashed(password, email) if password else ""
        new = msgspec.structs.replace(new, email=email, password=password or None)
        context = Context(at.person.tenant, at.person.user)
        async with at.database.transaction(context) as tx:
            act = Administrator(tx, at.person, at.made.registry, TERMINAL)
            await members.add(act, new, hashed)
    say(f"{email} belongs to {at.organisation} now.")
    if password:
        say(f"The first password is {password}")
    else:
        say("They sign in with the password of the account that they have already.")
    return 0


async def set_password(settings: Settings, email: str, given: str, say: Say) -> int:
    """Give a person a new password, end their sessions everywhere and open a locked account."""
    word = given or secrets.token_urlsafe(12)
    email = checked_email(email)
    hashed = await _hashed(word, email)
    async with opened(settings) as (made, database):
        await _replace_password(made, database, email, hashed)
    say("The password is changed." if given else f"The password of {email} is now {word}")
    say("All sessions of this person have ended.")
    return 0


async def _replace_password(made: Parts, database: Database, email: str, hashed: str) -> None:
    async with database.system() as reader:
        user: UUID | None = await reader.value(_USER, email)
        if user is None:
            raise NotFound(f"There is no account with the address {email}.")
        tenants = [row[0] for row in await reader.rows(_TENANTS, user)]
    account = lockout.account_of(made.keyring.derive(ACCOUNT_KEY), email)
    async with database.transaction(Context(NIL, None)) as tx:
        await tx.execute(_PASSWORD, user, hashed)
        await lockout.forget(tx, account)
        await end_all(tx, user, "password")
        await devices.forget(tx, user)
        await note_everywhere(tx, "password_changed", TERMINAL, user)
        await tx.forget_people(tenants)


async def remove_factors(settings: Settings, email: str, say: Say) -> int:
    """Take all second factors of a person away and end their sessions everywhere."""
    email = checked_email(email)
    async with opened(settings) as (made, database):
        async with database.system() as reader:
            user: UUID | None = await reader.value(_USER, email)
            if user is None:
                raise NotFound(f"There is no account with the address {email}.")
            tenants = [row[0] for row in await reader.rows(_TENANTS, user)]
        key = lockout.account_of(made.keyring.derive(ACCOUNT_KEY), f"second factor {user}")
        async with database.transaction(Context(NIL, None)) as tx:
            await clear_factors(tx, user)
            await lockout.forget(tx, key)
            await end_all(tx, user, "second_factor")
            await note_everywhere(tx, "mfa_disabled", TERMINAL, user, factor="all")
            await tx.forget_people(tenants)
    say(f"{email} has no second factor any more, and is signed out everywhere.")
    return 0


async def _hashed(password: str, email: str) -> str:
    if problem := weakness(password, (email,)):
        raise Invalid({"password": problem})
    hasher = Passwords()
    try:
        return await hasher.hash(password)
    finally:
        hasher.close()
