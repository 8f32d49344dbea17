"""`tenfold user` and `tenfold search`: people and records from the terminal."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Literal

import msgspec

from tenfold.accounts import members
from tenfold.accounts.client import Client
from tenfold.accounts.passwords import Passwords, weakness
from tenfold.accounts.sign_in import checked_email
from tenfold.cli.seat import Seat, seat
from tenfold.engine.search import Search
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Forbidden, Invalid, NotFound
from tenfold.kernel.settings import Settings

Say = Callable[[str], None]
Role = Literal["owner", "admin", "manager", "member", "read-only"]
_CLIENT = Client(agent="tenfold command line")
_PASSWORD = "UPDATE tenfold.users SET password_hash = $2 WHERE id = $1"  # noqa: S105
_END = """UPDATE tenfold.refresh_tokens SET revoked_at = now()
WHERE user_id = $1 AND revoked_at IS NULL"""


async def search_records(settings: Settings, words: str, email: str, say: Say) -> int:
    """Print the best hits of every type that the person may see; 1 where there is none."""
    async with (
        seat(settings, email) as at,
        at.database.read(at.person.tenant) as reader,
    ):
        search = Search(at.made.query)
        found = await search.everywhere(reader, at.person, list(at.made.registry), words, 10)
    for group in found:
        say(group.definition.label_plural)
        for hit in msgspec.json.decode(group.json):
            say(f"  {hit['title']}  {group.definition.path}/{hit['id']}")
    if not found:
        say(f"Nothing was found for {words!r}.")
    return 0 if found else 1


async def list_people(settings: Settings, email: str, say: Say) -> int:
    """Print the people of the organisation."""
    async with (
        seat(settings, email) as at,
        at.database.read(at.person.tenant) as reader,
    ):
        shown = await members.page(reader, at.person.tenant, members.Which(), None, 1_000)
        say(at.organisation)
        for one in shown:
            roles = ", ".join([one.role, *one.roles])
            state = "" if one.active else "  (left)"
            say(f"  {one.email}  {one.first_name} {one.last_name}  {roles}{state}")
    return 0


async def add_person(
    settings: Settings, administrator: str, new: members.NewMember, say: Say
) -> int:
    """Add a person as the administrator; prints the first password where none was given."""
    password = new.password or secrets.token_urlsafe(12)
    async with seat(settings, administrator) as at:
        if not at.person.administers:
            raise Forbidden(f"{administrator} is neither owner nor admin of {at.organisation}.")
        hashed = await _hashed(password, checked_email(new.email))
        new = msgspec.structs.replace(new, password=password)
        context = Context(at.person.tenant, at.person.user)
        async with at.database.transaction(context) as tx:
            act = members.Act(tx, at.person, at.made.registry, _CLIENT)
            await members.add(act, new, hashed)
    say(f"{new.email} belongs to {at.organisation} now.")
    say(f"If the account is new, its password is {password}")
    return 0


async def set_password(settings: Settings, email: str, password: str, say: Say) -> int:
    """Give a person a new password and end their sessions: the way back in for the locked out."""
    word = password or secrets.token_urlsafe(12)
    hashed = await _hashed(word, email)
    async with seat(settings, email) as at:
        await _replace_password(at, hashed)
    say(f"The password of {email} is now {word}" if not password else "The password is changed.")
    say("All sessions of this person have ended.")
    return 0


async def _replace_password(at: Seat, hashed: str) -> None:
    context = Context(at.person.tenant, at.person.user)
    async with at.database.transaction(context) as tx:
        if await tx.execute(_PASSWORD, at.person.user, hashed) != "UPDATE 1":
            raise NotFound("There is no such account.")
        await tx.execute(_END, at.person.user)
        tx.touch("members")


async def _hashed(password: str, email: str) -> str:
    if problem := weakness(password, (email,)):
        raise Invalid({"password": problem})
    hasher = Passwords()
    try:
        return await hasher.hash(password)
    finally:
        hasher.close()
