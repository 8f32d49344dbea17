"""Amounts and decimals of 17 and more digits: exact wherever they come in and go out, or refused.

Bodies are sent and read as text, for Python's own JSON would round them before anybody else does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.exchange.imports import Person, working

from tenfold.engine.types import Json, Locale
from tenfold.exchange import cells
from tenfold.exchange.prepared import Prepared
from tenfold.exchange.rows import Row
from tenfold.kernel import digits
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
AMOUNT, OTHER = "12345678901234567.89", "12345678901234567.81"
SHARE = "1234567890123.456789"


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation, desk: Desk) -> AsyncIterator[Person]:
    async with working(desk):
        yield Person(client, await organisation.person("owner"))


@pytest.fixture(autouse=True)
async def custom(person: Person) -> None:
    """An amount and a number of the organisation's own."""
    for field in (
        {"name": "fee", "kind": "money"},
        {"name": "share", "kind": "decimal", "places": 6},
    ):
        await person.post("/v1/custom-fields", {"type": "lead", **field}, 201)


async def sent(person: Person, method: str, path: str, body: str = "") -> httpx.Response:
    headers = {**person.who.headers, "content-type": "application/json"}
    return await person.client.request(method, path, content=body, headers=headers)


def lead(amount: str = AMOUNT, share: str = SHARE) -> str:
    own = f'{{"fee": {amount}, "share": {share}}}'
    return f'{{"first_name": "A", "last_name": "B", "budget": {amount}, "custom": {own}}}'


def told(text: str, amount: str = AMOUNT, share: str = SHARE) -> bool:
    bare = text.replace(" ", "")
    return all(
        part in bare
        for part in (
            f'"budget":{amount}',
            f'"fee":{amount}',
            f'"share":{share}',
        )
    )


async def test_what_is_sent_as_json_is_answered_listed_exported_and_logged(person):
    made = await sent(person, "POST", "/v1/leads", lead())
    assert made.status_code == 201, made.text
    identity = made.json()["data"]["id"]
    assert told(made.text)
    changed = await sent(person, "PATCH", f"/v1/leads/{identity}", lead(OTHER))
    assert told(changed.text, OTHER)
    assert told((await sent(person, "PATCH", f"/v1/leads/{identity}", lead())).text)
    for path in (f"/v1/leads/{identity}", "/v1/leads", "/v1/leads/export?format=json"):
        assert told((await sent(person, "GET", path)).text), path
    history = (await sent(person, "GET", f"/v1/leads/{identity}/timeline")).text.replace(" ", "")
    for amount in (AMOUNT, OTHER):
        assert history.count(f'"new":{amount}') >= 2
        assert history.count(f'"old":{amount}') >= 2
    for name in ("budget", "custom.fee"):
        found = await sent(person, "GET", f"/v1/leads?{name}={AMOUNT}")
        assert len(found.json()["data"]) == 1, name
        near = await sent(person, "GET", f"/v1/leads?{name}=12345678901234567.88")
        assert near.json()["data"] == [], name


async def test_a_file_brings_them_in_and_out(person):
    file = f"Id,First Name,Last Name,Budget,fee,share\n1,A,B,{AMOUNT},{AMOUNT},{SHARE}\n"
    view = await person.imported(file, "leads")
    assert view["counts"]["created"] == 1, view
    answer = await sent(person, "GET", "/v1/leads/export")
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert (row["budget"], row["custom.fee"], row["custom.share"]) == (AMOUNT, AMOUNT, SHARE)


def test_a_document_keeps_its_numbers():
    text = f'{{"a":[{AMOUNT},0.5,1e-7,{"7" * 30}]}}'
    (stored,) = Json().parse(digits.decode(text), Locale())
    assert digits.decode(stored) == digits.decode(text)
    made = Prepared(Row(1, {}))
    cells._json("data")(text, made, [])
    assert made.body == {"data": digits.decode(text)}


async def test_an_undo_puts_them_back(person):
    made = await sent(person, "POST", "/v1/leads", lead())
    identity = made.json()["data"]["id"]
    change = lead(OTHER, "0.5").replace("{", f'{{"id": "{identity}", ', 1)
    bulk = await sent(person, "PATCH", "/v1/leads/bulk", f'{{"records": [{change}]}}')
    assert told((await sent(person, "GET", f"/v1/leads/{identity}")).text, OTHER, "0.5")
    undo = await person.post(f"/v1/batches/{bulk.json()['meta']['batch_id']}/undo")
    assert undo["result"]["details"] == []
    assert told((await sent(person, "GET", f"/v1/leads/{identity}")).text)


async def test_pages_show_them_and_send_them_back(person):
    made = await sent(person, "POST", "/v1/leads", lead())
    path = f"/leads/{made.json()['data']['id']}"
    seen = {"accept": "text/html", "cookie": f"session={person.who.token}"}
    for at in ("/leads", path, f"{path}/edit"):
        page = await person.client.get(at, headers=seen)
        assert "12,345,678,901,234,567.89" in page.text, at


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("99999999999999999.99", "is too large"),
        ("1.0000000000000000000000000000000000000000001", "must have at most 2 decimal places"),
        (f"1.{'0' * 99}1", "must have at most 2 decimal places"),
    ],
)
async def test_what_can_not_be_kept_whole_is_refused(person, amount, why):
    answer = await sent(person, "POST", "/v1/leads", lead(amount))
    fields = answer.json()["error"]["fields"]
    assert fields["budget"].startswith(why)
    assert fields["custom.fee"].startswith(why)


@pytest.mark.parametrize("number", ["1e400", "-1e999999999999999999999", f"0.{'1' * 2_000}"])
async def test_a_number_beyond_all_use_is_no_mistake_of_ours(person, number):
    answer = await sent(person, "POST", "/v1/leads", lead("1", number))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID_JSON"
