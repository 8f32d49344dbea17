"""Keys from the command line: an organisation's new one, the end of it, another master key."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from tests.conftest import Running, Serve, settings_for
from tests.engine.sealed_listings import KEYS, code, made, over, working
from tests.exchange.imports import Person
from tests.factories import Organisation, Owner, organisation
from tests.server import Server

from tenfold.accounts.identity import recovery
from tenfold.accounts.identity.factors import Answer, Factors
from tenfold.app import registry
from tenfold.cli import keys
from tenfold.db import master, sealed
from tenfold.db.keys import Keyring, Unsealable, number_in
from tenfold.db.sealed import SEALED, TOTP
from tenfold.engine.project.tables import sealed_columns
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

# What is no secret, or is the answer to a request or what tells it apart.
NOT_SEALED = {
    *(("audit_seals", name) for name in ("digests", "salts", "before", "hash", "stamp")),
    ("idempotency_keys", "request"),
    ("idempotency_keys", "body"),
    ("passkeys", "credential_id"),
    ("passkeys", "public_key"),
}
PASSWORD = "correct horse battery staple"


@pytest.fixture
async def place(server: Server, tmp_path: Path) -> AsyncIterator[tuple[Settings, Owner]]:
    """An installation of its own, whose master key may change."""
    async with server.database("keys") as base:
        owner = await asyncpg.connect(base.admin_url)
        yield settings_for(base, tmp_path / "home"), owner
        await owner.close()


@pytest.fixture
async def running(place: tuple[Settings, Owner], serve: Serve) -> AsyncIterator[Running]:
    """A process of it that goes on all the time."""
    async with serve(place[0]) as one:
        yield one


@pytest.fixture
async def home(running: Running, place: tuple[Settings, Owner]) -> Organisation:
    return await organisation(place[1], running.desk.tokens, "Elm & Sons")


@pytest.fixture
async def me(running: Running, home: Organisation) -> Person:
    return Person(running.client, await home.person("owner"))


@pytest.fixture
def said() -> list[str]:
    return []


# -- an organisation's keys


async def test_one_organisation_or_all_get_a_new_key(
    place: tuple[Settings, Owner], running: Running, home: Organisation, me: Person, said: list[str]
) -> None:
    settings, owner = place
    others = await organisation(owner, running.desk.tokens, "Oak")
    there = Person(running.client, await others.person("owner"))
    ids, theirs = await made(me, 3), await made(there, 3)
    assert await keys.rotate(settings, "elm & sons", said.append) == 0
    assert "Elm & Sons: a new key." in said
    assert await keys.rotate(settings, str(home.id), said.append) == 0
    assert "Elm & Sons: the last change is gone on with." in said
    await organisation(owner, running.desk.tokens, "Empty")
    async with working(running.desk):
        await over(me)
        assert await keys.rotate(settings, "", said.append) == 0
        await over(there)
    assert any(line.startswith("Empty: Nothing is sealed here yet") for line in said)
    assert await code(me, ids[2]) == await code(there, theirs[2]) == "code 2"
    assert [k["number"] for k in (await there.get(KEYS))["keys"]] == [2, 1]
    with pytest.raises(NotFound, match="no organisation 'Ash'"):
        await keys.rotate(settings, "Ash", said.append)
    await organisation(owner, running.desk.tokens, "Oak")
    with pytest.raises(Invalid, match="name of several"):
        await keys.rotate(settings, "Oak", said.append)


@pytest.mark.parametrize(("typed", "code_", "left"), [("Elm & Sons\n", 0, 0), ("elm\n", 1, 1)])
async def test_keys_are_erased_once_the_name_is_typed(
    place: tuple[Settings, Owner],
    home: Organisation,
    me: Person,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    code_: int,
    left: int,
) -> None:
    settings, owner = place
    await made(me, 3)
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    done = await keys.erase(
        settings, str(home.id), settings.database_url, said.append, sure=False, retired=False
    )
    assert (done, "Type the organisation's name to go on:" in said) == (code_, True)
    sql = "SELECT count(*) FROM tenfold.data_keys WHERE tenant_id = $1 AND wrapped <> ''"
    assert await owner.fetchval(sql, home.id) == left
    noted = "SELECT count(*) FROM tenfold.security_events WHERE event_type = 'keys_erased'"
    assert await owner.fetchval(noted) == 1 - left


async def test_nothing_of_an_erased_key_stays_in_the_file_of_its_table(
    place: tuple[Settings, Owner], home: Organisation, me: Person, said: list[str]
) -> None:
    settings, owner = place
    await made(me, 3)
    sql = "SELECT wrapped FROM tenfold.data_keys WHERE tenant_id = $1"
    wrapped = await owner.fetchval(sql, home.id)
    read = "SELECT pg_read_binary_file(pg_relation_filepath('tenfold.data_keys'))"
    await owner.execute("CHECKPOINT")
    assert wrapped in await owner.fetchval(read)
    await keys.erase(
        settings, "Elm & Sons", settings.database_url, said.append, sure=True, retired=False
    )
    await owner.execute("CHECKPOINT")
    assert wrapped not in await owner.fetchval(read)
    assert said[0] == "1 key was erased: what they sealed is lost for good."


async def test_what_an_open_transaction_keeps_of_an_erased_key_is_told(
    place: tuple[Settings, Owner],
    home: Organisation,
    me: Person,
    said: list[str],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "_PATIENCE", 0)
    settings, _ = place
    await made(me, 3)
    elsewhere = await asyncpg.connect(server.url)
    try:
        async with elsewhere.transaction():
            await elsewhere.execute("SELECT pg_current_xact_id()")
            await keys.erase(
                settings, "Elm & Sons", settings.database_url, said.append, sure=True, retired=False
            )
    finally:
        await elsewhere.close()
    assert said[0] == (
        "The table's file still holds traces (a transaction has been open for 0 seconds); "
        "run as its owner: VACUUM (FULL) tenfold.data_keys"
    )


# -- the master key


async def test_everything_goes_over_to_a_new_master_key_while_people_work(
    place: tuple[Settings, Owner],
    running: Running,
    serve: Serve,
    home: Organisation,
    me: Person,
    said: list[str],
) -> None:
    settings, owner = place
    ids = await made(me, 5)
    user = me.who.id
    desk = running.desk
    totp = desk.keyring.seal(b"the key of one-time passwords", TOTP.place(user))
    await owner.execute("INSERT INTO tenfold.totp (user_id, sealed) VALUES ($1, $2)", user, totp)
    page = await running.client.get("/v1/listings?limit=2", headers=me.who.headers)
    cursor = page.json()["meta"]["next_cursor"]
    async with desk.database.transaction(Context(home.id, user)) as tx:
        codes = await recovery.make(tx, await Factors(desk.keyring).recovery_key(tx), user)
    unseen = {"authorization": f"Bearer {desk.tokens.sign(user, home.id, me.who.session)}"}
    (old,) = master.texts(settings.folder)
    before = Keyring.of(settings.folder, old)

    assert await keys.rotate_master(settings, said.append, finish=False) == 0

    new, kept = master.texts(settings.folder)
    assert kept == old
    alone = Keyring.of(settings.folder, new)
    sql = "SELECT sealed FROM tenfold.totp WHERE user_id = $1"
    found = await owner.fetchval(sql, user)
    assert alone.unseal(found, TOTP.place(user)) == b"the key of one-time passwords"
    for one in SEALED:
        names = ", ".join(one.key)
        rows = await owner.fetch(f"SELECT {names}, {one.column} FROM tenfold.{one.table}")
        for *key, held in rows:
            assert alone.unseal(held, one.place(*key)), f"{one.table} was left behind"
            with pytest.raises(Unsealable):
                before.unseal(held, one.place(*key))
    # The process that was there before goes on, with what it signed and what others sign.
    assert await code(me, ids[2]) == "code 2"
    await me.patch(f"/v1/listings/{ids[2]}", {"lockbox_code": "fresh"})
    assert len(await me.get("/v1/listings", limit="2", cursor=cursor)) == 2
    async with serve(settings) as second:
        there = Person(second.client, me.who)
        assert await code(there, ids[2]) == "fresh"
        token = second.desk.tokens.sign(user, home.id, me.who.session)
        theirs = {"authorization": f"Bearer {token}"}
        answer = await running.client.get("/v1/listings", headers=theirs)
        assert answer.status_code == 200, "a token of the new key is refused by the old process"

        assert await keys.rotate_master(settings, said.append, finish=True) == 0
        assert master.texts(settings.folder) == (new,)
        answer = await running.client.get("/v1/listings", headers=unseen)
        assert answer.status_code == 401, "the old key's tokens are still good"
        answer = await running.client.get("/v1/listings", headers=theirs)
        assert answer.status_code == 200
        async with desk.database.transaction(Context(home.id, user)) as tx:
            proven = await Factors(desk.keyring).right(
                tx, user, Answer(recovery_code=codes[3]), None
            )
        assert proven == ("rec",), "the codes that people keep at home are void"
    assert any("--finish" in line for line in said)
    noted = "SELECT count(*) FROM tenfold.security_events WHERE event_type = 'keys_rotated'"
    assert await owner.fetchval(noted) == 2


async def test_whatever_is_sealed_is_known_to_a_change_of_the_master_key(
    place: tuple[Settings, Owner],
) -> None:
    """A new column of sealed values needs its line in SEALED; those of records are their own."""
    rows = await place[1].fetch(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'tenfold' AND data_type = 'bytea' AND column_name !~ '_hash$'"
    )
    records = {
        (one.table, name) for one in registry().stored.values() for name in sealed_columns(one)
    }
    assert {tuple(row) for row in rows} - records - NOT_SEALED == {
        (one.table, one.column) for one in SEALED
    }


async def test_master_keys_from_outside_are_changed_outside(
    place: tuple[Settings, Owner], running: Running, said: list[str]
) -> None:
    """The command tells what to do, and seals anew once both keys are given."""
    settings = place[0]
    (old,) = master.texts(settings.folder)
    one = msgspec.structs.replace(settings, master_key=old)
    assert await keys.rotate_master(one, said.append, finish=False) == 1
    assert "Put a new key" in said[-1]
    both = msgspec.structs.replace(settings, master_key=f"{'ab' * 32},{old}")
    assert await keys.rotate_master(both, said.append, finish=True) == 0
    assert "Take the old one out of TENFOLD_MASTER_KEY" in said[-1]
    assert master.texts(settings.folder) == (old,), "the home's file is none of theirs"


async def test_sessions_go_on_over_a_new_master_key(
    place: tuple[Settings, Owner], running: Running, said: list[str]
) -> None:
    """A client that lost the answer to a refresh asks again after the change, as it may."""
    await running.client.post(
        "/v1/auth/register",
        json={
            "email": f"{uuid4().hex}@example.com",
            "password": PASSWORD,
            "firstName": "Ada",
            "lastName": "Lovelace",
            "organization": "Elm",
        },
    )
    old = {"cookie": f"refreshToken={running.client.cookies.get('refreshToken')}"}
    running.client.cookies.clear()
    first = await running.client.post("/v1/auth/refresh", headers=old)
    assert first.status_code == 200, first.text
    running.client.cookies.clear()
    assert await keys.rotate_master(place[0], said.append, finish=False) == 0
    again = await running.client.post("/v1/auth/refresh", headers=old)
    assert again.status_code == 200, again.text
    assert again.cookies["refreshToken"] == first.cookies["refreshToken"]


async def test_a_change_of_the_master_key_that_died_is_gone_on_with(
    place: tuple[Settings, Owner],
    running: Running,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, owner = place
    tenants = []
    for n in range(4):
        some = await organisation(owner, running.desk.tokens, f"Number {n}")
        tenants.append(Person(running.client, await some.person("owner")))
        await made(tenants[-1], 2)
    original, seen = sealed._anew, list[int]()

    async def dies(*args: Any) -> bool:
        seen.append(1)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return await original(*args)

    with monkeypatch.context() as patch:
        patch.setattr(sealed, "_anew", dies)
        with pytest.raises(KeyboardInterrupt):
            await keys.rotate_master(settings, said.append, finish=False)
    numbers = "SELECT wrapped FROM tenfold.data_keys"
    assert len({number_in(row[0]) for row in await owner.fetch(numbers)}) == 2
    both = master.texts(settings.folder)
    for person in tenants:
        ids = await made(person, 3)
        assert await code(person, ids[2]) == "code 2"
    assert await keys.rotate_master(settings, said.append, finish=False) == 0
    assert master.texts(settings.folder) == both, "a third master key"
    assert len({number_in(row[0]) for row in await owner.fetch(numbers)}) == 1


async def test_the_old_master_key_stays_while_something_needs_it(
    place: tuple[Settings, Owner], running: Running, said: list[str]
) -> None:
    """What does not open is told, and neither lost nor in the way of the rest."""
    settings, owner = place
    sql = "INSERT INTO tenfold.totp (user_id, sealed) VALUES ($1, $2)"
    for n in range(sealed.PIECE + 2):
        await owner.execute(sql, UUID(int=n + 1), b"\x01" + bytes([n % 200 + 1] * 40))
    good = running.desk.keyring.seal(b"x", TOTP.place(UUID(int=2**100)))
    await owner.execute(sql, UUID(int=2**100), good)
    assert await keys.rotate_master(settings, said.append, finish=False) == 1
    assert f"{sealed.PIECE + 2} in totp" in said[-1]
    assert await keys.rotate_master(settings, said.append, finish=True) == 1
    assert len(master.texts(settings.folder)) == 2
    held = await owner.fetchval(
        "SELECT sealed FROM tenfold.totp WHERE user_id = $1", UUID(int=2**100)
    )
    assert number_in(held) == running.desk.keyring.numbers[0]


async def test_only_one_change_of_the_master_key_at_a_time(
    place: tuple[Settings, Owner], running: Running, said: list[str]
) -> None:
    settings = place[0]
    with keys._alone(settings.folder), pytest.raises(Conflict, match="is at work"):
        await keys.rotate_master(settings, said.append, finish=False)
    assert await keys.rotate_master(settings, said.append, finish=True) == 0
    assert said == ["There is one master key alone: nothing to finish."]
    assert len(master.texts(settings.folder)) == 1
