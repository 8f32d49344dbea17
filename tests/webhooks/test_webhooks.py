"""Webhooks by HTTP, to receivers of ours: signed, once each, again until they got there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.automation.test_automations import lead
from tests.exchange.imports import Person
from tests.factories import Organisation
from tests.following import Following, sooner
from tests.outside.servers import Asked, Host, answer, hosting, listening, moved
from tests.server import Base

from tenfold import jobs
from tenfold.app import parts, sender_of
from tenfold.db.database import Database
from tenfold.kernel.settings import Settings
from tenfold.webhooks import sending
from tenfold.webhooks.noticing import Noticer

pytestmark = pytest.mark.anyio


class Hooks(Following):
    """The webhooks of an organisation."""

    rooms: Sequence[str] = ("webhook",)
    settings: Settings

    def handlers(self) -> list[jobs.Handler[Any]]:
        made = parts(self.settings)
        return [*sender_of(made, self.desk.database).handlers(), *mail()]

    async def make(self, host: Host, **body: Any) -> dict[str, Any]:
        where = {"url": f"http://127.0.0.1:{host.port}/hook"}
        return await self.who.post("/v1/webhooks", {**where, **body}, 201)

    async def deliveries(self, webhook: dict[str, Any], **params: str) -> list[dict[str, Any]]:
        return await self.who.get(f"/v1/webhooks/{webhook['id']}/deliveries", **params)


def mail() -> list[jobs.Handler[Any]]:
    """Letters stay where they are."""
    return []


@pytest.fixture(scope="module")
def nearby(settings: Settings) -> Settings:
    """Settings under which this machine may be called."""
    return msgspec.structs.replace(settings, outside_networks="127.0.0.1/32")


@pytest.fixture
async def tail(base: Base) -> AsyncIterator[Database]:
    """A pool of the role that reads the log."""
    database = await Database.connect(base.as_role(base.roles.tail), smallest=1, largest=2)
    yield database
    await database.close()


@pytest.fixture
async def hooks(
    serve: Callable[..., Any], nearby: Settings, tail: Database, organisation: Organisation
) -> AsyncIterator[Hooks]:
    """The webhooks of an organisation, and a worker."""
    async with serve(nearby) as running:
        desk = running.desk
        who = Person(running.client, await organisation.person("owner"))
        made = Hooks(desk, tail, who, Noticer(desk.database, desk.query, desk.tenants))
        made.settings = nearby
        await made.begin()
        async with made.working():
            yield made


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A receiver that takes everything."""
    async with hosting(lambda _: answer(b"ok")) as made:
        yield made


def headers(asked: Asked) -> dict[str, str]:
    return {name.lower(): value for name, value in asked.headers.items()}


async def test_what_changes_is_sent_signed(hooks: Hooks, host: Host) -> None:
    made = await hooks.make(host, events=["lead.created", "lead.updated", "lead.deleted"])
    one = await lead(hooks.who, budget="900000")
    await hooks.who.patch(f"/v1/leads/{one['id']}", {"status": "hot"})
    await hooks.who.client.delete(f"/v1/leads/{one['id']}", headers=hooks.who.who.headers)
    await hooks.who.post("/v1/contacts", {"first_name": "Not", "last_name": "Asked"}, 201)
    await hooks.settle()
    assert len(host.asked) == 3
    told = [Webhook(made["secret"]).verify(asked.body, headers(asked)) for asked in host.asked]
    told.sort(key=lambda row: row["data"]["version"])
    assert [row["type"] for row in told] == ["lead.created", "lead.updated", "lead.deleted"]
    assert [row["data"]["changed"] for row in told] == [[], ["status"], []]
    assert {row["data"]["id"] for row in told} == {one["id"]}
    assert told[0]["timestamp"].startswith("20")
    listed = await hooks.deliveries(made)
    assert [one["state"] for one in listed] == ["delivered"] * 3
    assert {one["message_id"] for one in listed} == {
        one.headers["webhook-id"] for one in host.asked
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(host.asked[0].body + b" ", headers(host.asked[0]))


async def test_the_record_is_as_the_api_has_it(hooks: Hooks, host: Host) -> None:
    await hooks.make(host)
    one = await lead(hooks.who, budget="900000.50")
    await hooks.settle()
    (asked,) = host.asked
    sent = msgspec.json.decode(asked.body)["data"]["record"]
    assert sent == await hooks.who.get(f"/v1/leads/{one['id']}")


async def test_a_receiver_that_was_down_gets_everything_once_it_is_up(
    hooks: Hooks, owner: asyncpg.Connection
) -> None:
    up: list[bool] = []
    reply = lambda _: answer() if up else answer(status="503 Down")  # noqa: E731
    async with hosting(reply) as host:
        made = await hooks.make(host, events=["lead.created"])
        ids = {(await lead(hooks.who))["id"] for _ in range(3)}
        await hooks.settle()
        states = {one["state"] for one in await hooks.deliveries(made)}
        assert states == {"pending"}
        assert (await hooks.who.get(f"/v1/webhooks/{made['id']}"))["failing_since"] is not None
        up.append(True)
        host.asked.clear()
        for _ in range(3):
            await rested(owner, hooks.tenant)
            await hooks.settle()
        assert {msgspec.json.decode(one.body)["data"]["id"] for one in host.asked} == ids
        assert len(host.asked) == 3
        states = {one["state"] for one in await hooks.deliveries(made)}
        assert states == {"delivered"}
        assert (await hooks.who.get(f"/v1/webhooks/{made['id']}"))["failing_since"] is None


async def rested(owner: asyncpg.Connection, tenant: UUID) -> None:
    """Let a day pass."""
    sql = "UPDATE tenfold.webhooks SET rest_until = now() WHERE tenant_id = $1"
    await owner.execute(sql, tenant)
    await sooner(owner, tenant, "1 day")


async def test_what_is_never_taken_becomes_a_dead_letter_and_is_sent_anew(
    hooks: Hooks, owner: asyncpg.Connection
) -> None:
    up: list[bool] = []
    reply = lambda _: answer() if up else answer(b"no room", status="500 Broken")  # noqa: E731
    async with hosting(reply) as host:
        made = await hooks.make(host, events=["lead.created"])
        await lead(hooks.who)
        for _ in range(len(sending.WAITS) + 1):
            await hooks.settle()
            await rested(owner, hooks.tenant)
        (dead,) = await hooks.deliveries(made, state="failed")
        assert (dead["attempts"], dead["status"], dead["answer"]) == (8, 500, "no room")
        assert dead["error"] == "answered 500"
        assert len({one.headers["webhook-id"] for one in host.asked}) == 1
        assert len({one.body for one in host.asked}) == 1
        up.append(True)
        again = f"/v1/webhooks/{made['id']}/replay"
        since = {"since": made["created_at"]}
        assert await hooks.who.post(again, since) == {"count": 1}
        await hooks.settle()
        (sent,) = await hooks.deliveries(made)
        assert (sent["state"], sent["status"], sent["payload"]) == (
            "delivered",
            200,
            dead["payload"],
        )
        assert await hooks.who.post(again, since) == {"count": 0}


async def test_gone_switches_it_off_and_tells_who_made_it(
    hooks: Hooks, owner: asyncpg.Connection
) -> None:
    async with hosting(lambda _: answer(status="410 Gone")) as host:
        made = await hooks.make(host, events=["lead.created"])
        await lead(hooks.who)
        await lead(hooks.who)
        await hooks.settle()
        now = await hooks.who.get(f"/v1/webhooks/{made['id']}")
        assert now["enabled"] is False
        assert "410 Gone" in now["switched_off"]
        told = await owner.fetch(
            "SELECT recipient FROM tenfold.mails WHERE tenant_id = $1 AND kind = 'webhook_off'",
            hooks.tenant,
        )
        assert [row["recipient"] for row in told] == [hooks.who.who.email]
        asked = len(host.asked)
        await lead(hooks.who)
        await hooks.settle()
        assert len(host.asked) == asked
        one, *_ = await hooks.deliveries(made)
        refused = await hooks.who.client.post(
            f"/v1/webhook-deliveries/{one['id']}/replay", headers=hooks.who.who.headers
        )
        assert refused.status_code == 409


async def test_five_silent_days_switch_it_off(hooks: Hooks, owner: asyncpg.Connection) -> None:
    async with hosting(lambda _: answer(status="500 Broken")) as host:
        made = await hooks.make(host, events=["lead.created"])
        await lead(hooks.who)
        await hooks.settle()
        await owner.execute(
            "UPDATE tenfold.webhooks SET failing_since = now() - interval '5 days 1 minute' "
            "WHERE tenant_id = $1",
            hooks.tenant,
        )
        await rested(owner, hooks.tenant)
        await hooks.settle()
        now = await hooks.who.get(f"/v1/webhooks/{made['id']}")
        assert (now["enabled"], now["switched_off"]) == (
            False,
            "Nothing got through for five days.",
        )
        back = await hooks.who.patch(f"/v1/webhooks/{made['id']}", {"enabled": True})
        assert (back["enabled"], back["switched_off"], back["failing_since"]) == (True, None, None)


async def test_a_new_secret_signs_beside_the_one_before(hooks: Hooks, host: Host) -> None:
    made = await hooks.make(host, events=["lead.created"])
    new = await hooks.who.post(f"/v1/webhooks/{made['id']}/secret", {"hours": 1})
    assert new["secret"] != made["secret"]
    await lead(hooks.who)
    await hooks.settle()
    (asked,) = host.asked
    for secret in (made["secret"], new["secret"]):
        Webhook(secret).verify(asked.body, headers(asked))
    await hooks.who.post(f"/v1/webhooks/{made['id']}/secret", {"hours": 0})
    host.asked.clear()
    await lead(hooks.who)
    await hooks.settle()
    (asked,) = host.asked
    with pytest.raises(WebhookVerificationError):
        Webhook(new["secret"]).verify(asked.body, headers(asked))


async def test_redirects_hangs_and_closed_ports_are_told(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TERMS", terms(seconds=0.5))

    async def hang(reader: Any, writer: Any) -> None:
        await reader.read()

    async with hosting(lambda _: moved("http://127.0.0.1:1/")) as other, listening(hang) as port:
        places = {
            "redirects": f"http://127.0.0.1:{other.port}/",
            "did not answer": f"http://127.0.0.1:{port}/",
            "": "http://127.0.0.1:9/",
        }
        made = {
            told: await hooks.who.post(
                "/v1/webhooks", {"url": url, "events": ["lead.created"]}, 201
            )
            for told, url in places.items()
        }
        await lead(hooks.who)
        await hooks.settle()
        for told, webhook in made.items():
            (one,) = await hooks.deliveries(webhook)
            assert one["state"] == "pending"
            assert one["attempts"] == 1
            assert told in one["error"]
            assert one["error"]


def terms(seconds: float) -> Any:
    return sending.Terms(most=64 << 10, seconds=seconds, hops=0)


async def test_a_receiver_may_ask_for_peace(hooks: Hooks, owner: asyncpg.Connection) -> None:
    busy = lambda _: answer(status="429 Busy", retry_after="3600")  # noqa: E731
    async with hosting(busy) as host:
        made = await hooks.make(host, events=["lead.created"])
        await lead(hooks.who)
        await hooks.settle()
        await lead(hooks.who)
        await hooks.settle()
        assert len(host.asked) == 1
        second, first = await hooks.deliveries(made)
        assert (first["attempts"], second["attempts"]) == (1, 0)
        wait = await owner.fetchval(
            "SELECT rest_until - now() FROM tenfold.webhooks WHERE tenant_id = $1", hooks.tenant
        )
        assert timedelta(minutes=58) < wait <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({"url": "http://10.0.0.1/"}, "url", "no server on the internet"),
        ({"url": "ftp://example.com"}, "url", "http"),
        ({"events": ["leed.created"]}, "events[0]", "did you mean lead.created?"),
        ({"description": "x" * 501}, "description", "500"),
        ({"url": None}, "url", ""),
    ],
)
async def test_what_can_not_be_is_told_at_its_place(
    hooks: Hooks, body: dict[str, Any], field: str, told: str
) -> None:
    right = {"url": "http://127.0.0.1:9/"}
    refused = await hooks.who.client.post(
        "/v1/webhooks", json={**right, **body}, headers=hooks.who.who.headers
    )
    assert refused.status_code in (400, 422), refused.text
    assert told in refused.json()["error"]["fields"][field]
    assert await hooks.who.get("/v1/webhooks") == []


async def test_the_same_changes_given_again_are_sent_once(hooks: Hooks, host: Host) -> None:
    await hooks.make(host)
    await lead(hooks.who)
    await hooks.settle()
    await hooks.rewind()
    await hooks.settle()
    assert len(host.asked) == 1


async def test_only_administrators_see_and_change_them(
    hooks: Hooks, host: Host, organisation: Organisation
) -> None:
    made = await hooks.make(host)
    member = await organisation.person("member", ("agent",))
    for path in ("/v1/webhooks", f"/v1/webhooks/{made['id']}"):
        assert (await hooks.who.client.get(path, headers=member.headers)).status_code == 403
    body = {"url": "http://127.0.0.1:9/"}
    refused = await hooks.who.client.post("/v1/webhooks", json=body, headers=member.headers)
    assert refused.status_code == 403
    assert "secret" not in (await hooks.who.get("/v1/webhooks"))[0] or (
        (await hooks.who.get("/v1/webhooks"))[0]["secret"] is None
    )


async def test_an_automation_sends_to_a_webhook(hooks: Hooks, host: Host) -> None:
    made = await hooks.make(host, events=[])
    machine = hooks.desk.automations
    watcher = machine.watcher(hooks.desk.database)
    follows = Following(hooks.desk, hooks.dispatcher.database, hooks.who, watcher)
    follows.rooms = ("automation", "webhook")
    follows.handlers = lambda: machine.handlers(hooks.desk.database)
    await follows.begin()
    step = {"do": "webhook", "webhook_id": made["id"], "data": {"greeting": "Hi {{ first_name }}"}}
    body = {"name": "Tell", "type": "lead", "when": {"on": "created"}, "steps": [step]}
    await hooks.who.post("/v1/automations", {**body, "enabled": True}, 201)
    one = await lead(hooks.who)
    async with follows.working():
        await follows.settle()
    (asked,) = host.asked
    told = Webhook(made["secret"]).verify(asked.body, headers(asked))
    assert told["type"] == "automation"
    assert told["data"]["data"] == {"greeting": "Hi Ada"}
    assert told["data"]["record"]["id"] == told["data"]["id"] == one["id"]
    unknown = {**step, "webhook_id": one["id"]}
    refused = await hooks.who.client.post(
        "/v1/automations", json={**body, "steps": [unknown]}, headers=hooks.who.who.headers
    )
    assert refused.json()["error"]["fields"] == {
        "steps[0].webhook_id": "is no webhook that there is"
    }
