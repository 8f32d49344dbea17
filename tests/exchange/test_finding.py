"""Relations of a file are found by what their records are called, however many are called alike."""

from __future__ import annotations

import pytest
from tests.factories import Organisation, Owner

from tenfold.accounts.people import load
from tenfold.engine.types import Locale
from tenfold.exchange.finding import Finder
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
CROWD = 20_001
_COMPANIES = """INSERT INTO tenfold.companies (tenant_id, id, name, name_key)
SELECT $1, gen_random_uuid(), $2, lower($2) FROM generate_series(1, $3)"""
_CONTACTS = """INSERT INTO tenfold.contacts
(tenant_id, id, source, do_not_call, email_opt_out, sms_consent,
    first_name, first_name_key, last_name, last_name_key)
SELECT $1, gen_random_uuid(), 'manual', false, false, false, $2, lower($2), $3, lower($3)
FROM generate_series(1, $4)"""


@pytest.mark.parametrize("to", ["company", "contact"])
async def test_a_crowd_of_one_name_hides_no_other(
    desk: Desk, owner: Owner, organisation: Organisation, to: str
) -> None:
    who = await organisation.person("owner")
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")  # no change log
        for first, last, many in (("Ana", "Crowd", CROWD), ("Zoe", "Single", 1)):
            if to == "company":
                await owner.execute(_COMPANIES, organisation.id, f"{first} {last}", many)
            else:
                await owner.execute(_CONTACTS, organisation.id, first, last, many)
    async with desk.database.read(organisation.id) as reader:
        person = await load(reader, organisation.id, who.id)
        texts = ["Ana Crowd", "Zoe Single", "Ana Single"]
        found = await Finder(desk.query, Locale()).find(reader, person, to, texts)
    assert str(found["Ana Crowd"]).startswith("20001 ")
    assert not isinstance(found["Zoe Single"], str), found["Zoe Single"]
    assert str(found["Ana Single"]).startswith(f"There is no {to} 'Ana Single'")
