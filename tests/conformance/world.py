"""What a check works in: an application, its database, an organisation and a strange one."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from tests import factories
from tests.conformance import samples
from tests.conftest import Running
from tests.factories import Organisation, Somebody
from tests.server import Base

from tenfold.engine.definition import Definition, Field
from tenfold.engine.registry import Registry

_numbers = itertools.count(1)


@dataclass(slots=True, repr=False)
class World:
    """The place of one check; `here` is the organisation it works in, `there` a strange one."""

    app: Running
    base: Base
    owner: factories.Owner
    here: Organisation
    there: Organisation
    tailored: dict[str, Definition] = field(default_factory=dict)
    """Types as the organisations have them, where they added something."""
    _related: dict[tuple[UUID, str], str] = field(default_factory=dict)

    @property
    def registry(self) -> Registry:
        """The record types that the application serves."""
        return self.app.desk.registry

    async def call(
        self, who: Somebody, method: str, path: str, json: Any = None, **more: Any
    ) -> httpx.Response:
        """Send a request as somebody."""
        headers = {**who.headers, **more.pop("headers", {})}
        if json is not None:
            more["json"] = json
        return await self.app.client.request(method, path, headers=headers, **more)

    async def fine(
        self, who: Somebody, method: str, path: str, json: Any = None, **more: Any
    ) -> Any:
        """Send a request that must succeed; answers its `data`."""
        answer = await self.call(who, method, path, json, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        document = answer.json()
        assert document["success"] is True
        return document["data"]

    async def listed(self, who: Somebody, definition: Definition, query: str = "") -> list[Any]:
        """The rows of a list, which must not be longer than a page."""
        answer = await self.call(who, "GET", f"/v1/{definition.path}?limit=100&{query}")
        assert answer.status_code == 200, f"?{query}: {answer.status_code} {answer.text[:500]}"
        assert not answer.json()["meta"]["has_more"]
        return answer.json()["data"]

    # -- records

    async def body(
        self, who: Somebody, definition: Definition, *, full: bool = False
    ) -> dict[str, Any]:
        """Values for a new record: the required ones, or all that can be set."""
        n = next(_numbers)
        made: dict[str, Any] = {}
        for one in samples.writable(definition):
            if full or one.required:
                samples.put(made, one, await self.value(who, one, n))
        return made

    async def value(self, who: Somebody, one: Field, n: int, *, fresh: bool = False) -> Any:
        """A valid value of a field; records that it needs are made."""
        kind: Any = one.type
        match kind.kind:
            case "ref":
                return await self.related(who, kind.to, fresh=fresh)
            case "any_ref":
                name = (kind.among or tuple(self.registry.by_name))[0]
                return {"type": name, "id": await self.related(who, name, fresh=fresh)}
            case "user":
                return str(who.id)
            case "file":
                return str(uuid4())
            case _:
                return kind.sample(n)

    async def related(self, who: Somebody, name: str, *, fresh: bool = False) -> str:
        """The id of a record of a type in the person's organisation, made where there is none."""
        key = (who.tenant, name)
        if fresh or key not in self._related:
            made = await self.make(who, self.tailored.get(name) or self.registry.by_name[name])
            self._related[key] = made["id"]
        return self._related[key]

    async def make(
        self, who: Somebody, definition: Definition, *, full: bool = False, **values: Any
    ) -> dict[str, Any]:
        """A new record of sample values, as the API answers it."""
        body = await self.body(who, definition, full=full) | values
        return await self.fine(who, "POST", f"/v1/{definition.path}", body)

    async def stored(self, definition: Definition, identity: str) -> asyncpg.Record:
        """A record's row as it lies in the database, past row security."""
        row = await self.owner.fetchrow(
            f"SELECT * FROM tenfold.{definition.table} WHERE id = $1", UUID(identity)
        )
        assert row is not None
        return row

    async def versions(self, topics: Sequence[str]) -> list[int]:
        """The versions of topics in this organisation."""
        return await self.owner.fetchval(
            "SELECT tenfold.versions($1, $2)", self.here.id, list(topics)
        )

    @asynccontextmanager
    async def as_app(self, tenant: UUID | None = None) -> AsyncIterator[asyncpg.Connection]:
        """A connection as the application's role: without a tenant, or set to one."""
        connection = await asyncpg.connect(self.base.app_url)
        try:
            if tenant is not None:
                await connection.execute(f"SET app.tenant_id = '{tenant}'")
            yield connection
        finally:
            await connection.close()


async def world(app: Running, base: Base, owner: factories.Owner) -> World:
    """A new world: two new organisations in the application's database."""
    here = await factories.organisation(owner, app.desk.tokens)
    there = await factories.organisation(owner, app.desk.tokens, "Strangers")
    return World(app, base, owner, here, there)
