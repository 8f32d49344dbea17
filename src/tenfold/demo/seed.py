"""Makes the demo organisation, once, through the same write path that everybody uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from tenfold.db.database import Database
from tenfold.demo import career_services, day, drops, history, real_estate, sales
from tenfold.demo.dice import Dice
from tenfold.demo.maker import Maker
from tenfold.demo.staff import EMAIL, EMPLOYEES, NAME, PASSWORD, TENANT, hire, identity
from tenfold.engine import batches
from tenfold.engine.records import Records
from tenfold.engine.registry import Registry
from tenfold.kernel.clock import now
from tenfold.kernel.context import Context
from tenfold.kernel.ids import new_id

SEED = 10
_THERE = "SELECT 1 FROM tenfold.tenants WHERE id = $1"


async def seed(
    database: Database,
    registry: Registry,
    records: Records,
    say: Callable[[str], None] = lambda _: None,
    *,
    number: int = SEED,
    at: datetime | None = None,
) -> list[str]:
    """Make the demo organisation where it is missing; answers how to sign in, a line each.

    The same `number` and day give the same data. All of it comes in one transaction, so that
    there is never half a demo.
    """
    async with database.read(TENANT) as reader:
        if await reader.value(_THERE, TENANT):
            return sign_in()
    say(f"Making the organisation {NAME} with data in every pack…")
    hashed = await _hashed(PASSWORD)
    dice = Dice(number, at or now(), [one.address for one in EMPLOYEES])
    # One batch, so that all of it can be taken back in one step.
    batch = new_id()
    context = Context(tenant=TENANT, actor=identity(EMAIL)).in_batch(batch)
    async with database.transaction(context) as tx:
        staff = await hire(tx, hashed)
        if staff is None:
            return sign_in()
        maker = Maker(tx, registry, records, staff, dice)
        for part in _PARTS:
            await part(maker)
        summary = {"written": sum(map(len, maker.made.values()))}
        await batches.begin(tx, batch, batches.SAMPLE, ",".join(maker.made), summary)
    await history.make(database, registry, records, maker)
    say(f"Made {sum(map(len, maker.made.values())):,} records.")
    return sign_in()


_PARTS: tuple[Callable[[Maker], Awaitable[None]], ...] = (
    sales.make,
    real_estate.make,
    career_services.make,
    drops.make,
    sales.make_work,
    day.make,
)


def sign_in() -> list[str]:
    """How to sign in: the owner, and one person of each kind, a line each."""
    shown = {"owner": EMAIL}
    for one in EMPLOYEES:
        for role in one.roles:
            shown.setdefault(role.replace("_", " "), one.address)
    width = max(map(len, shown.values()))
    accounts = [f"  {email:<{width}}  {role}" for role, email in shown.items()]
    return [f"Sign in to {NAME} with the password {PASSWORD} as", *accounts]


async def _hashed(password: str) -> str:
    from tenfold.accounts.identity.passwords import Passwords  # noqa: PLC0415 - only the first run needs it

    passwords = Passwords()
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()
