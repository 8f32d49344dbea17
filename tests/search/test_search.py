"""Search over all types and over one: word, prefix, stem, no accents, within one's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from tests.conftest import MakeOrganisation
from tests.factories import Organisation, Somebody

from tenfold.engine.access import Person
from tenfold.engine.ask import Ask
from tenfold.engine.query import Shapes
from tenfold.engine.search import RANKED, Search

if TYPE_CHECKING:
    from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio

PEOPLE = [
    ("María", "García", "maria@acme.example", "Looks for houses with gardens"),
    ("Marc", "Ødegård", "marc@acme.example", None),
    ("Wei", "Chen", "wei@other.example", None),
    ("Jörg", "Müller", "jm@other.example", None),
    ("Uta", "Mueller", "um@other.example", None),
]


async def filled(client: httpx.AsyncClient, who: Somebody) -> None:
    rows = [{"first_name": a, "last_name": b, "email": c, "notes": d} for a, b, c, d in PEOPLE]
    answer = await client.post("/v1/leads/bulk", json={"records": rows}, headers=who.headers)
    assert answer.status_code == 201, answer.text


async def found(client: httpx.AsyncClient, who: Somebody, words: str) -> list[str]:
    answer = await client.get("/v1/leads/search", params={"q": words}, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return [r["last_name"] for r in answer.json()["data"]]


@pytest.mark.parametrize("words", ["Müllers", "müller", "muller", "mueller", "muellers", "joerg"])
async def test_umlauts_are_found_in_long_texts_however_they_are_typed(
    client: httpx.AsyncClient, organisation: Organisation, words: str
) -> None:
    owner = await organisation.person("owner")
    notes = {"Chen": "Met Jörg and the Müllers today", "Wu": "Met Meyer today"}
    for name, text in notes.items():
        body = {"first_name": "Wei", "last_name": name, "notes": text}
        await client.post("/v1/leads", json=body, headers=owner.headers)
    assert await found(client, owner, words) == ["Chen"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("maria", ["García"]),
        ("GARCIA", ["García"]),
        ("mar gar", ["García"]),
        ("odegard", ["Ødegård"]),
        ("house", ["García"]),
        ("acme", ["García", "Ødegård"]),
        ("maria@acme.example", ["García"]),
        ("m", ["García", "Mueller", "Müller", "Ødegård"]),
        ("ch", ["Chen"]),
        ("mueller", ["Mueller", "Müller"]),
        ("Müller", ["Mueller", "Müller"]),
        ("muller", ["Müller"]),
        ("joerg muell", ["Müller"]),
        ("oedegaard", ["Ødegård"]),
        ("maria chen", []),
        ("nobody", []),
    ],
)
async def test_words_prefixes_stems_and_accents(
    client: httpx.AsyncClient, organisation: Organisation, words: str, names: list[str]
) -> None:
    owner = await organisation.person("owner")
    await filled(client, owner)
    assert sorted(await found(client, owner, words)) == sorted(names)


async def test_everything_is_searched_and_grouped_by_type(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner = await organisation.person("owner")
    await filled(client, owner)
    await client.post("/v1/companies", json={"name": "García & Sons"}, headers=owner.headers)
    answer = await client.get("/v1/search?q=garcia", headers=owner.headers)
    groups: dict[str, Any] = {g["type"]: g for g in answer.json()["data"]}
    assert set(groups) == {"lead", "company"}
    assert groups["company"]["hits"][0]["title"] == "García & Sons"
    assert groups["company"]["path"] == "/v1/companies"
    only = await client.get("/v1/search?q=garcia&type=company", headers=owner.headers)
    assert [g["type"] for g in only.json()["data"]] == ["company"]


async def test_namesakes_are_told_apart(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner = await organisation.person("owner")
    told = [{"email": "a@one.example"}, {"email": "a@two.example"}, {"phone": "+15125550142"}, {}]
    for more in told:
        body = {"first_name": "Ann", "last_name": "Lee", **more}
        await client.post("/v1/leads", json=body, headers=owner.headers)
    await client.post("/v1/contacts", json={"email": "ann@c.example"}, headers=owner.headers)
    answer = await client.get("/v1/search?q=ann", headers=owner.headers)
    groups = {g["type"]: {hit["hint"] for hit in g["hits"]} for g in answer.json()["data"]}
    assert groups["lead"] == {"a@one.example", "a@two.example", "+15125550142", None}
    assert groups["contact"] == {None}, "it is called by its mail already"


async def test_records_of_ones_own_types_are_found_among_all(
    client: httpx.AsyncClient, organisation: Organisation, stranger: Organisation
) -> None:
    owner, outsider = await organisation.person("owner"), await stranger.person("owner")
    await client.post("/v1/types", json={"name": "vehicles"}, headers=owner.headers)
    made = await client.post("/v1/custom/vehicles", json={"name": "Zebra"}, headers=owner.headers)
    for query in ("q=zebra", "q=zeb&type=custom_vehicles", "q=ze&type=lead,custom_vehicles"):
        answer = await client.get(f"/v1/search?{query}", headers=owner.headers)
        (group,) = answer.json()["data"]
        assert group["path"] == "/v1/custom/vehicles"
        assert [hit["id"] for hit in group["hits"]] == [made.json()["data"]["id"]]
    answer = await client.get("/v1/search?q=zebra", headers=outsider.headers)
    assert answer.json()["data"] == []
    wrong = await client.get("/v1/search?q=a&type=custom_vehicles", headers=outsider.headers)
    assert wrong.status_code == 400


async def test_what_changed_is_found_anew_and_what_is_deleted_is_not(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner = await organisation.person("owner")
    await filled(client, owner)
    answer = await client.get("/v1/leads/search?q=chen", headers=owner.headers)
    one = f"/v1/leads/{answer.json()['data'][0]['id']}"
    await client.patch(one, json={"last_name": "Zhang"}, headers=owner.headers)
    assert await found(client, owner, "chen") == []
    assert await found(client, owner, "zhang") == ["Zhang"]
    await client.delete(one, headers=owner.headers)
    assert await found(client, owner, "zhang") == []


async def test_scope_comes_before_rank_and_other_organisations_never(
    client: httpx.AsyncClient, organisation: Organisation, stranger: Organisation
) -> None:
    owner = await organisation.person("owner")
    agent = await organisation.person("member", ["agent"])
    outsider = await stranger.person("owner")
    await filled(client, owner)
    mine = {"first_name": "Maria", "last_name": "Mine"}
    await client.post("/v1/leads", json=mine, headers=agent.headers)
    assert await found(client, agent, "maria") == ["Mine"]
    assert await found(client, agent, "m") == ["Mine"]
    assert await found(client, outsider, "maria") == []
    everywhere = await client.get("/v1/search?q=maria", headers=outsider.headers)
    assert everywhere.json()["data"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "q"), ("q=", "q"), ("q=!!", "q"), ("q=a&limit=0", "limit"), ("q=a&limit=x", "limit")],
)
async def test_bad_questions_are_refused_by_name(
    client: httpx.AsyncClient, organisation: Organisation, query: str, field: str
) -> None:
    owner = await organisation.person("owner")
    for path in ("/v1/search", "/v1/leads/search"):
        answer = await client.get(f"{path}?{query}", headers=owner.headers)
        assert answer.status_code == 400
        assert field in answer.json()["error"]["fields"]


@pytest.mark.parametrize(
    "words", ["a' | b", "a:*", "\\", "'''", "& | !", "(a", "ＡＢＣ", "😀 x", "%00x"]
)
async def test_operators_and_odd_characters_are_only_words(
    client: httpx.AsyncClient, organisation: Organisation, words: str
) -> None:
    owner = await organisation.person("owner")
    answer = await client.get("/v1/leads/search", params={"q": words}, headers=owner.headers)
    assert answer.status_code in (200, 400)


async def test_aggregates_count_and_sum_by_group_and_currency(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner = await organisation.person("owner")
    rows = [
        {"first_name": "a", "last_name": "b", "budget": 100, "status": "new"},
        {"first_name": "a", "last_name": "b", "budget": 50.5, "status": "new"},
        {"first_name": "a", "last_name": "b", "budget": 7, "budget_currency": "EUR"},
        {"first_name": "a", "last_name": "b", "status": "hot"},
    ]
    await client.post("/v1/leads/bulk", json={"records": rows}, headers=owner.headers)
    answer = await client.get("/v1/leads/aggregate?group=status&sum=budget", headers=owner.headers)
    got = {(r["status"], r["budget_currency"]): r for r in answer.json()["data"]}
    assert (got["new", "USD"]["count"], got["new", "USD"]["sum_budget"]) == (2, 150.5)
    assert got["new", "EUR"]["sum_budget"] == 7
    assert got["hot", None]["count"] == 1
    total = await client.get("/v1/leads/aggregate?status=new", headers=owner.headers)
    assert total.json()["data"] == [{"count": 3}]
    assert total.json()["meta"] == {"has_more": False}
    for query in ("group=notes", "sum=status", "group=nothing", "sum=budget,budget,x"):
        wrong = await client.get(f"/v1/leads/aggregate?{query}", headers=owner.headers)
        assert wrong.status_code == 400


async def test_aggregates_by_a_custom_field_are_each_organisations_own(
    client: httpx.AsyncClient, make_organisation: MakeOrganisation
) -> None:
    for kind, size in (("text", "10"), ("integer", 10), ("tags", ["10"])):
        owner = await (await make_organisation()).person("owner")
        own = {"type": "lead", "name": "size", "kind": kind}
        assert (await client.post("/v1/custom-fields", json=own, headers=owner.headers)).is_success
        lead = {"first_name": "a", "last_name": "b", "custom": {"size": size}}
        assert (await client.post("/v1/leads", json=lead, headers=owner.headers)).is_success
        asked = "/v1/leads/aggregate?custom.size=10"
        answer = await client.get(asked, headers=owner.headers)
        assert (answer.status_code, answer.json()["data"]) == (200, [{"count": 1}]), kind


async def test_groups_beyond_the_thousandth_are_told_of(
    client: httpx.AsyncClient,
    organisation: Organisation,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = await organisation.person("owner")
    monkeypatch.setattr("tenfold.engine.aggregate.ROWS", 2)
    monkeypatch.setattr(desk.query, "shapes", Shapes())
    for name, groups, more in (("a", 1, False), ("b", 2, False), ("c", 2, True)):
        lead = {"first_name": name, "last_name": "x"}
        await client.post("/v1/leads", json=lead, headers=owner.headers)
        path = "/v1/leads/aggregate?group=first_name"
        answer = (await client.get(path, headers=owner.headers)).json()
        assert (len(answer["data"]), answer["meta"]) == (groups, {"has_more": more})


async def test_the_bin_is_searched_by_words(
    client: httpx.AsyncClient, organisation: Organisation, desk: Desk
) -> None:
    owner = await organisation.person("owner")
    await filled(client, owner)
    rows = (await client.get("/v1/leads?email=wei@other.example", headers=owner.headers)).json()
    await client.delete(f"/v1/leads/{rows['data'][0]['id']}", headers=owner.headers)
    person = Person(user=owner.id, tenant=owner.tenant, role="owner")
    leads, search = desk.registry.by_name["lead"], Search(desk.query)

    async def names(words: str, *, deleted: bool) -> list[str]:
        async with desk.database.read(owner.tenant) as reader:
            within = Ask(deleted=deleted)
            found = await search.records(reader, person, leads, words, 10, within)
        return [row["last_name"] for row in msgspec.json.decode(found)]

    for words in ("chen", "wei chen", "ch"):
        assert await names(words, deleted=True) == ["Chen"], words
        assert await names(words, deleted=False) == [], words
    assert await names("maria", deleted=True) == []


async def test_a_secret_is_revealed_only_to_who_may_and_leaves_a_trace(
    client: httpx.AsyncClient, organisation: Organisation
) -> None:
    owner, agent = await organisation.person("owner"), await organisation.person("manager")
    body = {"address": "1 Main Street", "list_price": 1, "lockbox_code": "4711-canary"}
    answer = await client.post("/v1/listings", json=body, headers=owner.headers)
    assert answer.status_code == 201, answer.text
    assert "4711-canary" not in answer.text
    path = f"/v1/listings/{answer.json()['data']['id']}/reveals"
    asked = {"field": "lockbox_code"}
    shown = await client.post(path, json=asked, headers=owner.headers)
    assert (shown.status_code, shown.json()["data"]["value"]) == (201, "4711-canary")
    assert shown.headers["cache-control"] == "no-store"
    assert (await client.post(path, json=asked, headers=agent.headers)).status_code == 403
    event = await organisation.owner.fetchval(
        "SELECT detail FROM tenfold.security_events "
        "WHERE tenant_id = $1 AND event_type = 'secret_revealed'",
        organisation.id,
    )
    assert '"lockbox_code"' in event
    assert (
        await client.post(path, json={"field": "address"}, headers=owner.headers)
    ).status_code == 400


@pytest.mark.parametrize("kind", ["types", "private"])
async def test_what_a_person_can_see_is_found_among_much_that_they_can_not(
    client: httpx.AsyncClient, organisation: Organisation, kind: str
) -> None:
    """Those share an index: an organisation's own types, and the notes that others keep private."""
    admin, manager = [await organisation.person(role) for role in ("owner", "manager")]
    path, crowd = "/v1/notes", "/v1/notes"
    rows: list[dict[str, Any]] = [{"body": "Alpha", "privacy": "private"}] * (RANKED + 1)
    single: dict[str, Any] = {"body": "Alpha"}
    if kind == "types":
        path, crowd = "/v1/custom/boats", "/v1/custom/vehicles"
        rows, single = [{"name": "Alpha"}] * (RANKED + 1), {"name": "Alpha"}
        for name in ("boats", "vehicles"):
            await client.post("/v1/types", json={"name": name}, headers=admin.headers)
    for where, some in ((crowd, rows), (path, [single])):
        body = {"records": some}
        answer = await client.post(f"{where}/bulk", json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text
    answer = await client.get(f"{path}/search?q=alpha", headers=manager.headers)
    assert len(answer.json()["data"]) == 1
