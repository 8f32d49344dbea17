"""`tenfold api-key`: keys of programs, made and ended on the host."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec

from tenfold.accounts import people
from tenfold.accounts.organisation import api_keys, organisation, service_accounts
from tenfold.accounts.organisation.api_keys import ApiKey, KeyAct, NewApiKey
from tenfold.cli.seat import TERMINAL, seat
from tenfold.cli.who import Who
from tenfold.db.database import Reader
from tenfold.kernel import clock
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.settings import Settings

Say = Callable[[str], None]
_PAGE = 500


async def make_key(settings: Settings, who: Who, new: NewApiKey, service: str, say: Say) -> int:
    """Make a key for the person, or for a service account of their organisation; prints it."""
    async with _acting(settings, who) as act:
        owner = await _service(act.tx, act.tenant, service) if service else None
        made = await api_keys.create(act, msgspec.structs.replace(new, user_id=owner))
    say(made.key)
    return 0


async def list_keys(settings: Settings, who: Who, say: Say) -> int:
    """Print the keys of the person, and where they administer those of everybody."""
    async with seat(settings, who) as at, at.database.read(at.person.tenant) as reader:
        user = None if at.person.administers else at.person.user
        keys = await _all(reader, at.person.tenant, user)
    for one in keys:
        used = f"used {one.used_at:%Y-%m-%d %H:%M}" if one.used_at else "never used"
        say(f"  {one.prefix}  {one.name}  {' '.join(one.scopes)}  {_state(one)}  {used}")
    return 0


async def revoke_key(settings: Settings, who: Who, prefix: str, say: Say) -> int:
    """End the key that begins so."""
    async with _acting(settings, who) as act:
        found = [k for k in await _all(act.tx, act.tenant, None) if k.prefix == prefix[:11]]
        if not found:
            raise NotFound(f"There is no API key that begins with {prefix[:11]}.")
        for one in found:
            await api_keys.revoke(act, one.id)
    say(f"{prefix[:11]} is revoked.")
    return 0


@asynccontextmanager
async def _acting(settings: Settings, who: Who) -> AsyncGenerator[KeyAct]:
    async with seat(settings, who) as at:
        person = people.on_host(at.person)
        async with at.database.transaction(Context(person.tenant, person.user)) as tx:
            await organisation.hold(tx)
            address = at.made.settings.address
            yield KeyAct(tx, person, at.made.registry, TERMINAL, at.made.keyring, address)


async def _all(reader: Reader, tenant: UUID, user: UUID | None) -> list[ApiKey]:
    keys: list[ApiKey] = []
    after: UUID | None = None
    while shown := await api_keys.page(reader, tenant, user, after, _PAGE):
        keys += shown
        after = shown[-1].id
    return keys


async def _service(reader: Reader, tenant: UUID, name: str) -> UUID:
    found = await service_accounts.page(reader, tenant, True, None, service_accounts.MOST)
    fitting = [one.id for one in found if name.casefold() in (one.name.casefold(), str(one.id))]
    if len(fitting) > 1:
        ids = ", ".join(str(one) for one in fitting)
        raise Invalid({"service": f"several are called {name!r}; give one's id: {ids}"})
    if fitting:
        return fitting[0]
    raise NotFound(f"There is no service account {name!r}; make it at /v1/service-accounts.")


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at <= clock.now() else f"until {key.expires_at:%Y-%m-%d}"
