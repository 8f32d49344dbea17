"""What the master key seals in the database, and how that goes over to a new master key.

Whatever seals with `Keyring.seal` for good has its line in SEALED: its table, the column, the
row's key, and what it is sealed for. What a row was sealed with says whether it is done, so that a
change which died is simply begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from tenfold.db.database import Database, Transaction
from tenfold.db.keys import DATA_KEY, LASTING_KEY, Keyring, Unsealable
from tenfold.kernel.context import Context
from tenfold.kernel.ids import NIL

PIECE = 500
_TENANTS = "SELECT id FROM tenfold.tenants ORDER BY id"
# Those that don't open stay in front, in the order of the key; the others go as they are done.
_NEXT = """SELECT {key}, {column} FROM tenfold.{table}
WHERE length({column}) > 5 AND substring({column} FROM 2 FOR 4) <> $1{own}
ORDER BY {key} OFFSET {skip} LIMIT {piece}"""
_CHANGE = "UPDATE tenfold.{table} SET {column} = $1 WHERE {column} = $2 AND ({key}) = ({places})"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One column of sealed values; `purpose` is filled with the row's key.

    Of those behind row security the key begins with the tenant.
    """

    table: str
    column: str
    key: tuple[str, ...]
    purpose: str
    by_tenant: bool = False

    def place(self, *key: object) -> str:
        """What the value of one row is sealed for."""
        return self.purpose.format(*key)


DATA_KEYS = Sealed("data_keys", "wrapped", ("tenant_id", "number"), DATA_KEY, by_tenant=True)
SIGNING_KEYS = Sealed("signing_keys", "sealed", ("id",), LASTING_KEY)
TOTP = Sealed("totp", "sealed", ("user_id",), "totp {}")
MAILS = Sealed("mails", "sealed", ("id",), "mail {}")
MAILS_HTML = Sealed("mails", "sealed_html", ("id",), "mail html {}")
WEBHOOKS = Sealed("webhooks", "sealed", ("tenant_id", "id"), "webhook {1}", by_tenant=True)
WEBHOOKS_BEFORE = Sealed(
    "webhooks", "sealed_before", ("tenant_id", "id"), "webhook before {1}", by_tenant=True
)
SEALED = (DATA_KEYS, SIGNING_KEYS, TOTP, MAILS, MAILS_HTML, WEBHOOKS, WEBHOOKS_BEFORE)


@dataclass(slots=True)
class Rewrapped:
    """What was sealed anew, and what does not open with any master key, by table."""

    done: int = 0
    closed: dict[str, int] | None = None

    def leave(self, table: str, count: int) -> None:
        """Count what stays as it is."""
        if count:
            self.closed = {**(self.closed or {}), table: count}


async def rewrap(
    database: Database,
    keyring: Keyring,
    say: Callable[[str], None] = lambda _: None,
    sealed: Sequence[Sealed] = SEALED,
) -> Rewrapped:
    """Seal everything with the master key that is the first now; what is so already is left."""
    found = Rewrapped()
    async with database.system() as reader:
        tenants: list[UUID] = [row[0] for row in await reader.rows(_TENANTS)]
    for one in sealed:
        before, closed = found.done, 0
        for tenant in tenants if one.by_tenant else [NIL]:
            closed += await _table(database, keyring, one, tenant, found)
        found.leave(one.table, closed)
        say(f"{one.table}: {found.done - before:,} sealed anew, {closed:,} do not open")
    return found


async def _table(
    database: Database, keyring: Keyring, one: Sealed, tenant: UUID, found: Rewrapped
) -> int:
    """All of a table, or of a tenant in it; answers how many don't open."""
    closed = 0
    while True:
        async with database.transaction(Context(tenant, None)) as tx:
            rows = await _next(tx, keyring, one, tenant, closed)
            for row in rows:
                if await _anew(tx, keyring, one, row):
                    found.done += 1
                else:
                    closed += 1
        if len(rows) < PIECE:
            return closed


async def _next(
    tx: Transaction, keyring: Keyring, one: Sealed, tenant: UUID, skip: int
) -> list[asyncpg.Record]:
    sql = _NEXT.format(
        key=", ".join(one.key),
        column=one.column,
        table=one.table,
        own=" AND tenant_id = $2" if one.by_tenant else "",
        skip=skip,
        piece=PIECE,
    )
    newest = keyring.numbers[0].to_bytes(4, "big")
    return await tx.rows(sql, newest, *([tenant] if one.by_tenant else []))


async def _anew(tx: Transaction, keyring: Keyring, one: Sealed, row: asyncpg.Record) -> bool:
    """Seal a row's value anew, unless somebody has changed it meanwhile; False if it won't open."""
    *key, old = row
    place = one.place(*key)
    try:
        new = keyring.seal(keyring.unseal(old, place), place)
    except Unsealable:
        return False
    places = ", ".join(f"${3 + n}" for n in range(len(key)))
    names = {"table": one.table, "column": one.column, "key": ", ".join(one.key)}
    await tx.execute(_CHANGE.format(places=places, **names), new, old, *key)
    return True
