"""What a database consists of, thing by thing, so that two of them can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tenfold.db import migrate
from tenfold.db.roles import Roles
from tenfold.engine.project import revision
from tenfold.engine.registry import Registry

_ALL = Path(__file__).with_name("catalogue.sql").read_text()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a schema: what its `parts` make, and the table or function it `belongs` to."""

    kind: str
    name: str
    belongs: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {' '.join(part for part in self.parts if part)}"


Catalogue = Mapping[tuple[str, str], Item]


async def read(url: str, roles: Roles) -> Catalogue:
    """Everything in the schemas of a database, by kind and name; roles appear as `:app` …"""
    connection = await asyncpg.connect(url, server_settings={"search_path": ""})
    try:
        rows = await connection.fetch(_ALL)
    finally:
        await connection.close()
    named = [tuple(_named(part, roles) for part in row["parts"]) for row in rows]
    found = [
        Item(row["kind"], _named(row["name"], roles), _named(row["belongs"], roles), parts)
        for row, parts in zip(rows, named, strict=True)
    ]
    return {(one.kind, one.name): one for one in found}


def _named(text: str, roles: Roles) -> str:
    for word in migrate.PLACEHOLDERS:
        text = re.sub(rf"\b{getattr(roles, word)}\b", f":{word}", text)
    return text


async def make_straight(url: str, roles: Roles, types: Registry) -> None:
    """Make everything from the declarations in an empty database, without a migration."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET ROLE {roles.owner}")
        async with connection.transaction():
            await connection.execute(migrate.filled(revision.first(types)[0], roles))
    finally:
        await connection.close()
