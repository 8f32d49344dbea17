"""The demo organisation: there, believable, whole, the same each time, and made only once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import msgspec
import pytest

from tenfold import app as composition
from tenfold.accounts.identity.passwords import Passwords
from tenfold.accounts.people import load
from tenfold.db.database import Database
from tenfold.demo import seed
from tenfold.demo.dice import Dice
from tenfold.demo.staff import EMAIL, EMPLOYEES, PASSWORD, TENANT
from tenfold.engine import ask
from tenfold.engine.definition import Definition
from tenfold.engine.types import AnyRef, Locale, Ref, User

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
PACKS = dict(composition.PACKS)  # taken before the conformance suite adds types of its own
LEAST = 100
FEW = {"tag", "quota", "agent", "card_set", "pack_type", "drop", "open_house", "buyer_agreement"}


@dataclass
class Demo:
    """A database with a demo in it."""

    database: Database
    parts: composition.Parts
    owner: asyncpg.Connection
    lines: list[str]
    said: list[str] = field(default_factory=list)

    async def rows(self, definition: Definition) -> list[asyncpg.Record]:
        return await self.owner.fetch(f"SELECT * FROM tenfold.{definition.plural}")


@pytest.fixture(scope="module")
async def demo(server, settings) -> AsyncIterator[Demo]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composition, "PACKS", PACKS)
        async with _demo(server, settings) as made:
            yield made


@asynccontextmanager
async def _demo(server, settings) -> AsyncIterator[Demo]:
    async with server.database("demo") as base:
        made = composition.parts(
            msgspec.structs.replace(settings, app_database_url=base.app_url, log_level="ERROR")
        )
        database = await made.database(seconds=60)
        owner = await asyncpg.connect(base.admin_url)
        said: list[str] = []
        lines = await seed(database, made.registry, made.records, said.append)
        yield Demo(database, made, owner, lines, said)
        await owner.close()
        await database.close()


async def test_every_type_has_enough_to_look_at(demo):
    for definition in (d for d in demo.parts.registry if d.listed):
        count = len(await demo.rows(definition))
        least = 3 if definition.name in FEW else LEAST
        assert least <= count <= 700, f"{count} {definition.plural}"


async def test_a_second_run_does_nothing(demo):
    async def state() -> object:
        return await demo.owner.fetchrow("SELECT count(*), max(seq) FROM tenfold.change_log")

    before, said = await state(), len(demo.said)
    again = await seed(demo.database, demo.parts.registry, demo.parts.records, demo.said.append)
    assert again == demo.lines
    assert await state() == before
    assert len(demo.said) == said


async def test_two_runs_at_once_make_one_organisation(server, demo):
    async with server.database("demo_twice") as base:
        made = composition.parts(
            msgspec.structs.replace(demo.parts.settings, app_database_url=base.app_url)
        )
        database = await made.database(seconds=60)
        runs = [seed(database, made.registry, made.records) for _ in range(2)]
        first, second = await asyncio.gather(*runs)
        assert first == second == demo.lines
        owner = await asyncpg.connect(base.admin_url)
        leads = await owner.fetchval("SELECT count(*) FROM tenfold.leads")
        await owner.close()
        await database.close()
    assert leads == len(await demo.rows(demo.parts.registry.by_name["lead"]))


async def test_one_can_sign_in_as_the_lines_say(demo):
    text = "\n".join(demo.lines)
    stored = await demo.owner.fetchval(
        "SELECT password_hash FROM tenfold.users WHERE email = $1", EMAIL
    )
    passwords = Passwords()
    assert await passwords.matches(stored, PASSWORD)
    passwords.close()
    assert EMAIL in text
    assert PASSWORD in text
    for address in re.findall(r"\S+@\S+?(?= )", text):
        assert await demo.owner.fetchval(
            "SELECT count(*) FROM tenfold.users WHERE email = $1", address
        ), address


async def test_every_role_of_the_packs_has_somebody(demo):
    roles = {role for one in EMPLOYEES for role in one.roles}
    declared = {role for d in demo.parts.registry for role in d.access} - {"member"}
    assert roles == declared
    kept = await demo.owner.fetch("SELECT role, roles FROM tenfold.members")
    assert {r["role"] for r in kept} == {"owner", "admin", "manager", "member", "read-only"}
    assert len(kept) == len(EMPLOYEES)


async def test_every_relation_leads_somewhere(demo):
    registry = demo.parts.registry
    ids = {d.name: {r["id"] for r in await demo.rows(d)} for d in registry}
    people = {r["id"] for r in await demo.owner.fetch("SELECT id FROM tenfold.users")}
    teams = {r["id"] for r in await demo.owner.fetch("SELECT id FROM tenfold.teams")}
    for definition in registry:
        rows = await demo.rows(definition)
        for one in definition.fields.values():
            if not isinstance(one.type, Ref | AnyRef | User):
                continue
            for row in rows:
                if (to := row[f"{one.name}_id"]) is None:
                    continue
                known = people | teams if isinstance(one.type, User) else None
                if isinstance(one.type, Ref):
                    known = ids[one.type.to]
                elif isinstance(one.type, AnyRef):
                    known = ids[row[f"{one.name}_type"]]
                assert known is not None
                assert to in known, f"{definition.name}.{one.name}"


async def test_records_belong_to_each_other(demo):
    """Escrows are of their listing's agent, students' applications of open postings."""
    odd = await demo.owner.fetch(
        "SELECT e.id FROM tenfold.escrows e JOIN tenfold.listings l ON l.id = e.listing_id "
        "JOIN tenfold.clients c ON c.id = e.client_id "
        "WHERE e.owner_id <> l.owner_id OR c.owner_id <> e.owner_id "
        "OR (e.side = 'listing' AND e.client_id <> l.seller_id) "
        "OR e.close_date <= e.acceptance_date "
        "OR (e.status = 'closed') <> (l.status = 'closed')"
    )
    assert odd == []
    odd = await demo.owner.fetch(
        "SELECT a.id FROM tenfold.applications a JOIN tenfold.job_postings p "
        "ON p.id = a.job_posting_id WHERE a.employer_id <> p.employer_id "
        "OR p.status NOT IN ('approved', 'expired', 'closed')"
    )
    assert odd == []
    pairs = await demo.owner.fetch("SELECT student_id, job_posting_id FROM tenfold.applications")
    assert max(Counter(map(tuple, pairs)).values()) == 1


async def test_drops_add_up(demo):
    odd = await demo.owner.fetch(
        "SELECT d.name FROM tenfold.drops d WHERE d.supply - d.remaining <> coalesce((SELECT "
        "sum(p.quantity) FROM tenfold.purchases p WHERE p.drop_id = d.id "
        "AND p.status IN ('allocated', 'opened')), 0)"
    )
    assert odd == []
    odd = await demo.owner.fetch(
        "SELECT p.reference FROM tenfold.purchases p JOIN tenfold.drops d ON d.id = p.drop_id "
        "JOIN tenfold.pack_types t ON t.id = d.pack_type_id "
        "WHERE p.credits <> p.quantity * t.price OR (p.status = 'opened' AND "
        "(SELECT count(*) FROM tenfold.user_cards u WHERE u.purchase_id = p.id "
        "AND u.owner_id = p.owner_id) <> p.quantity * t.cards_per_pack)"
    )
    assert odd == []
    for (odds,) in await demo.owner.fetch("SELECT odds FROM tenfold.pack_types"):
        assert sum(msgspec.json.decode(odds).values()) == 1_000_000


async def test_nobody_can_be_reached_by_what_is_made_up(demo):
    """Only addresses and numbers that are reserved for examples and fiction."""
    for definition in demo.parts.registry:
        for row in await demo.rows(definition):
            for one in definition.fields.values():
                value = row.get(one.name)
                if one.type.kind == "email" and value:
                    assert re.search(r"@example\.(com|org|net)$", value), value
                if one.type.kind == "phone" and value:
                    assert re.fullmatch(r"\+1[2-9]\d{2}55501\d{2}", value), value
                if one.type.kind == "url" and value:
                    assert re.match(r"https://[a-z-]+\.example\.com", value), value
    for (address,) in await demo.owner.fetch("SELECT email FROM tenfold.users"):
        assert address.endswith("@example.com")


async def test_records_were_made_over_time_by_several_people(demo):
    now = datetime.now(UTC)
    for name in ("lead", "contact", "deal", "listing", "student", "application", "activity"):
        rows = await demo.rows(demo.parts.registry.by_name[name])
        moments = sorted(row["created_at"] for row in rows)
        assert moments[-1] <= now
        assert moments[-1] - moments[0] > timedelta(days=60), name
        assert len({moment.date() for moment in moments}) > 20, name
        assert len({row["owner_id"] for row in rows}) >= 3, name
    actors = await demo.owner.fetch("SELECT DISTINCT actor_id FROM tenfold.change_log")
    assert len(actors) > 4


async def test_every_type_reads_with_all_its_relations(demo):
    """As the owner through the engine, a page of each type with everything embedded."""
    registry, query = demo.parts.registry, demo.parts.query
    async with demo.database.read(TENANT) as reader:
        owner = await demo.owner.fetchval("SELECT id FROM tenfold.users WHERE email = $1", EMAIL)
        person = await load(reader, TENANT, owner)
        for definition in registry:
            names = [*definition.relations, *registry.backs.get(definition.name, {})]
            for some in [names[i : i + 5] for i in range(0, len(names), 5)] or [[]]:
                pairs = [("limit", "100"), ("embed", ",".join(some))]
                access = person.access(definition)
                asked = ask.parse(pairs, definition, access, Locale())
                page = await query.page(reader, person, definition, asked)
                rows = msgspec.json.decode(page.data)
                assert rows
                assert all(set(some) <= set(row) for row in rows)
                for one in definition.relations.values():
                    if one.name in some and isinstance(one.type, Ref):
                        for row in rows:
                            given = row[one.json_name]
                            assert (row[one.name] or {}).get("id") == given


async def test_lists_are_newest_first(demo):
    registry, query = demo.parts.registry, demo.parts.query
    async with demo.database.read(TENANT) as reader:
        owner = await demo.owner.fetchval("SELECT id FROM tenfold.users WHERE email = $1", EMAIL)
        person = await load(reader, TENANT, owner)
        lead = registry.by_name["lead"]
        asked = ask.parse([], lead, person.access(lead), Locale())
        rows = msgspec.json.decode((await query.page(reader, person, lead, asked)).data)
    assert all(a["created_at"] >= b["created_at"] for a, b in pairwise(rows))


def _rolled(number: int) -> list[object]:
    dice = Dice(number, datetime(2026, 11, 21, 10, tzinfo=UTC))
    return [(dice.name(), dice.place(), dice.company(), dice.past(90)) for _ in range(50)]


async def test_the_same_seed_gives_the_same_data():
    assert _rolled(1) == _rolled(1)
    assert _rolled(1) != _rolled(2)


async def test_no_two_people_share_an_address():
    dice = Dice(3, datetime(2026, 11, 21, tzinfo=UTC))
    addresses = [dice.name().email for _ in range(3_000)]
    assert len({a.partition("@")[0] for a in addresses}) == 3_000
    assert all(a.isascii() for a in addresses)


@pytest.mark.parametrize("day", ["2028-02-29", "2026-12-31"])
async def test_every_day_of_the_year_will_do(server, demo, day):
    """Month ends, new year and the 29th of February make no trouble."""
    async with server.database(f"demo_{day.replace('-', '_')}") as base:
        made = composition.parts(
            msgspec.structs.replace(demo.parts.settings, app_database_url=base.app_url)
        )
        database = await made.database(seconds=60)
        at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        assert await seed(database, made.registry, made.records, at=at) == demo.lines
        await database.close()
