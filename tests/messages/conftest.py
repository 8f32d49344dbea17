"""Messages with a worker of this process, and no carrier but the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import msgspec
import pytest
from tests.automation.conftest import Machine
from tests.conftest import Running
from tests.exchange.imports import Person
from tests.factories import Organisation
from tests.server import Base

from tenfold import jobs
from tenfold.app import messages_of, parts
from tenfold.db.database import Database
from tenfold.kernel.settings import Settings
from tenfold.mail.letters import Kept, kept
from tenfold.messages import addresses
from tenfold.outside.calls import Outside
from tenfold.outside.places import networks


class Post(Machine):
    """The messages of an organisation, and its automations."""

    rooms: Sequence[str] = ("message", "automation")
    settings: Settings

    def handlers(self) -> list[jobs.Handler[Any]]:
        outside = Outside(networks("127.0.0.1/32"))
        made = messages_of(parts(self.settings))
        sender = made.sender(lambda: self.settings, self.desk.database, outside)
        return [*super().handlers(), *sender.handlers()]

    async def write(self, record: str, status: int = 201, **body: Any) -> dict[str, Any]:
        """A message about a record."""
        return await self.who.post(f"/v1/{record}/messages", body, status)

    async def refused_for(self, record: str, **body: Any) -> dict[str, str]:
        """What is said of each field of a message that can't be."""
        answer = await self.who.client.post(
            f"/v1/{record}/messages", json=body, headers=self.who.who.headers
        )
        assert answer.status_code == 400, answer.text
        return answer.json()["error"]["fields"]

    async def about(self, record: str) -> list[dict[str, Any]]:
        """The messages about a record, the newest first."""
        return await self.who.get(f"/v1/{record}/messages")

    async def outbox(self, to: str) -> list[Kept]:
        """What waits in the outbox for an address."""
        async with self.desk.database.system() as reader:
            return [*await kept(reader, self.desk.keyring, to)]

    async def bring(self, carrier: str, *more: str, **sent: Any) -> httpx.Response:
        """What a carrier tells us."""
        path = addresses.path_of(self.desk.keyring, carrier)
        return await self.who.client.post("/".join((path, *more)), **sent)


@pytest.fixture
async def tail(base: Base) -> AsyncIterator[Database]:
    """A pool of the role that reads the log."""
    database = await Database.connect(base.as_role(base.roles.tail), smallest=1, largest=2)
    yield database
    await database.close()


@pytest.fixture
def written(settings: Settings) -> Settings:
    """How the installation writes."""
    return msgspec.structs.replace(
        settings, mail_from="CRM <crm@engines.dev>", reply_domain="reply.engines.dev"
    )


@pytest.fixture
async def post(
    serve: Callable[[Settings], AbstractAsyncContextManager[Running]],
    written: Settings,
    tail: Database,
    organisation: Organisation,
) -> AsyncIterator[Post]:
    """The messages of an organisation, with a worker beside them."""
    async with serve(written) as running:
        who = Person(running.client, await organisation.person("owner"))
        made = Post(running.desk, tail, who)
        made.settings = written
        await made.begin()
        # Else what automations write would wait at night.
        await who.patch("/v1/message-settings", {"quiet_from": "00:00", "quiet_until": "00:00"})
        async with made.working():
            yield made
