"""The table of a type: columns, filters, sort, paging, search, empty states."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.guards import Counter
from tests.pages.conftest import Make, Visit, Visitor

pytestmark = pytest.mark.anyio


def titles(visitor: Visitor) -> list[str]:
    """The names in the table, in order."""
    rows = [r for r in visitor.page.all("tr") if r.get("id").startswith("r-")]
    return [r.all("a", class_="record")[0].all("span", class_="text")[0].text for r in rows]


def said(visitor: Visitor) -> list[str]:
    """The conditions of the list, as its sentence says them."""
    return [one.all(class_="says")[0].text for one in visitor.page.all("span", class_="filter")]


def taken_off(visitor: Visitor, place: int = 0) -> str:
    """The list without one of its conditions."""
    return visitor.page.all("span", class_="filter")[place].one("a", class_="off")["href"]


def column(visitor: Visitor, label: str) -> Any:
    """A column's head."""
    return next(th for th in visitor.page.all("th") if th.text == label)


@pytest.fixture
async def many(client: httpx.AsyncClient, admin: Somebody) -> None:
    """One hundred and twenty leads with budgets that rise."""
    rows = [
        {"first_name": f"N{n:03}", "last_name": "Lead", "budget": n * 1_000 + 0.5, "status": status}
        for n in range(120)
        for status in ["hot" if n % 2 else "new"]
    ]
    answer = await client.post("/v1/leads/bulk", json={"records": rows}, headers=admin.headers)
    assert answer.status_code == 201


async def test_every_type_has_a_table(visitor: Visitor) -> None:
    home = await visitor.get("/")
    links = {a["href"] for a in home.all("a", class_="place") if a["href"] != "/"}
    assert {"/leads", "/contacts", "/students", "/drops", "/escrows"} <= links
    for link in sorted(links):
        await visitor.get(link)
        assert visitor.answer.status_code == 200, link


async def test_values_are_shown_as_people_read_them(visitor: Visitor, make: Make) -> None:
    await make(
        "leads",
        first_name="Zoë",
        last_name="Ünal",
        phone="(415) 555-0101",
        email="zoe@example.com",
        budget=1_000_000,
        status="hot",
    )
    await visitor.get("/leads")
    assert titles(visitor) == ["Zoë Ünal"]
    row = visitor.page.one("tbody")
    assert {a["href"] for a in row.all("a")} >= {"tel:+14155550101", "mailto:zoe@example.com"}
    assert "$1,000,000" in row.text
    assert "(415) 555-0101" in row.text
    assert [c.text for c in row.all("span", class_="violet")] == ["Hot"]
    assert "null" not in row.text.lower()


async def test_filters_become_chips_that_come_off(visitor: Visitor, many: None) -> None:
    await visitor.get("/leads?status=hot&budget[gte]=100000&sort=budget")
    assert titles(visitor)[0] == "N101 Lead"
    assert len(titles(visitor)) == 10
    assert "10 leads" in visitor.page.text
    assert said(visitor) == ["Status is Hot", "Budget is at least $100,000"]
    await visitor.get(taken_off(visitor))
    assert len(titles(visitor)) == 20
    assert said(visitor) == ["Budget is at least $100,000"]


async def test_a_filter_is_added_by_a_form(visitor: Visitor, many: None) -> None:
    await visitor.get("/leads?sort=-budget")
    form = next(f for f in visitor.page.all("form", class_="filter-form"))
    await visitor.send(form, add_field="budget", add_operator="gte", add_value="$118,000")
    assert visitor.answer.url.params["budget[gte]"] == "118000"
    assert visitor.answer.url.params["sort"] == "-budget"
    assert titles(visitor) == ["N119 Lead", "N118 Lead"]


async def test_a_choice_is_filtered_by_what_people_read(visitor: Visitor, many: None) -> None:
    await visitor.get("/leads?choose=1&add_field=status")
    form = visitor.page.one("form", class_="filter-form")
    assert "Under contract" in form.one("fieldset", class_="ticks").text
    # Without JavaScript Enter is the first button: it adds the filter, it chooses no field again.
    assert form.all("button")[0].get("name") == ""
    await visitor.send(form, add_operator="eq", add_value="Hot")
    assert visitor.answer.url.params["status"] == "hot"


async def test_a_relation_is_filtered_by_name(visitor: Visitor, make: Make) -> None:
    company = await make("companies", name="Acme")
    await make("contacts", first_name="Ann", last_name="Lee", company_id=company["id"])
    await make("contacts", first_name="Bob", last_name="Roe")
    await visitor.get("/contacts")
    form = visitor.page.one("form", class_="filter-form")
    await visitor.send(form, add_field="company_id", add_operator="eq", add_value="acme")
    assert titles(visitor) == ["Ann Lee"]
    assert "Company is Acme" in visitor.page.text


async def test_a_filter_that_can_not_be_used_is_said_and_finds_nothing(
    visitor: Visitor, lead: dict[str, Any]
) -> None:
    await visitor.get("/leads?status=nonsense")
    assert visitor.answer.status_code == 200
    assert "could not be used" in visitor.page.one(role="alert").text
    assert titles(visitor) == []


async def test_headers_sort_and_turn(visitor: Visitor, many: None) -> None:
    await visitor.get("/leads")
    await visitor.get(column(visitor, "Budget").one("a")["href"])
    assert titles(visitor)[0] == "N119 Lead"
    assert column(visitor, "Budget")["aria-sort"] == "descending"
    await visitor.get(column(visitor, "Budget").one("a")["href"])
    assert titles(visitor)[0] == "N000 Lead"
    assert column(visitor, "Budget")["aria-sort"] == "ascending"


async def test_pages_lead_on_and_back(visitor: Visitor, many: None) -> None:
    await visitor.get("/leads?sort=budget")
    first = titles(visitor)
    assert len(first) == 30
    assert not visitor.page.all("a", rel="prev")
    seen = list(first)
    for text in ("31\u201360", "61\u201390", "91\u2013120"):
        await visitor.get(visitor.page.one("a", rel="next")["href"])
        assert text in visitor.page.text
        assert "120 leads" in visitor.page.text
        seen += titles(visitor)
    assert not visitor.page.all("a", rel="next")
    assert seen == [f"N{n:03} Lead" for n in range(120)]
    for text in ("61\u201390", "31\u201360", "120 leads"):
        await visitor.get(visitor.page.one("a", rel="prev")["href"])
        assert text in visitor.page.text
    assert titles(visitor) == first


async def test_search_finds_by_the_beginning_of_words(visitor: Visitor, many: None) -> None:
    await visitor.get("/leads")
    await visitor.send(visitor.page.one("form", class_="search"), q="n11")
    assert sorted(titles(visitor)) == [f"N{n} Lead" for n in range(110, 120)]
    await visitor.send(visitor.page.one("form", class_="search"), q="nobody")
    assert "Nothing matches" in visitor.page.text
    assert "No leads with “nobody”" in visitor.page.text


async def test_search_stays_within_the_filters_and_keeps_them(visitor: Visitor, many: None) -> None:
    await visitor.get("/leads?status=hot&sort=-budget")
    await visitor.send(visitor.page.one("form", class_="search"), q="n11")
    assert sorted(titles(visitor)) == [f"N{n} Lead" for n in range(111, 120, 2)]
    assert "5 leads" in visitor.page.one(class_="count").text
    given = dict(visitor.answer.url.params)
    assert given == {"status": "hot", "sort": "-budget", "q": "n11"}
    await visitor.send(visitor.page.one("form", class_="search"), q="n1")
    assert len(titles(visitor)) == 10
    await visitor.get(taken_off(visitor))
    assert len(titles(visitor)) == 20
    await visitor.get("/leads?status=hot&q=n110")
    assert "No leads with “n110” and these filters." in visitor.page.text
    ways = {a.text: a["href"] for a in visitor.page.all("a", class_="button")}
    assert ways["Clear the search"] == "/leads?status=hot"
    assert ways["Clear filters"] == "/leads?q=n110"


async def test_an_empty_organisation_is_shown_where_to_begin(visitor: Visitor, make: Make) -> None:
    await visitor.get("/")
    assert visitor.page.one("section", class_="lately").one("a")["href"] == "/imports/new"
    await make("leads", first_name="A", last_name="B")
    await visitor.get("/")
    assert "Begin here" not in visitor.page.text


async def test_empty_list_says_what_to_do(visitor: Visitor) -> None:
    await visitor.get("/leads")
    empty = visitor.page.one(class_="empty")
    assert "No leads yet" in empty.text
    assert [a["href"] for a in empty.all("a")] == ["/leads/new", "/imports/new?type=leads"]


async def test_htmx_gets_the_list_alone(visitor: Visitor, lead: dict[str, Any]) -> None:
    await visitor.get("/leads", headers={"hx-request": "true", "hx-target": "section#list"})
    assert visitor.answer.text.startswith('<section id="list"')
    assert "<html" not in visitor.answer.text
    assert "HX-Request" in visitor.answer.headers["vary"]


async def test_a_list_needs_few_statements(visitor: Visitor, many: None, queries: Counter) -> None:
    await visitor.get("/leads?sort=-budget")
    queries.clear()
    await visitor.get("/leads?status=hot&budget[gte]=1&sort=-budget")
    assert len(queries) <= 5


async def test_hidden_fields_and_others_records_stay_hidden(
    visit: Visit, organisation: Organisation, make: Make
) -> None:
    await make("leads", first_name="Not", last_name="Theirs")
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    visitor = visit(agent)
    await visitor.get("/leads")
    assert titles(visitor) == []
    assert "No leads that you may see" in visitor.page.one(class_="empty").text


async def test_a_type_that_one_may_not_read_is_refused_and_not_in_the_rail(
    visit: Visit, organisation: Organisation
) -> None:
    visitor = visit(await organisation.person("member"))
    await visitor.get("/")
    assert "/leads" not in {a["href"] for a in visitor.page.all("a", class_="place")}
    await visitor.get("/leads")
    assert visitor.answer.status_code == 403
    assert "You may not do this" in visitor.page.text


async def test_another_organisations_records_are_not_here(
    visit: Visit, stranger: Organisation, lead: dict[str, Any]
) -> None:
    visitor = visit(await stranger.person("owner"))
    await visitor.get(f"/leads/{lead['id']}")
    assert visitor.answer.status_code == 404
    assert "Ünal" not in visitor.answer.text
    await visitor.get(f"/leads/{lead['id']}/edit")
    assert visitor.answer.status_code == 404


async def test_the_navigation_follows_the_packs_of_the_organisation(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody
) -> None:
    async def shown(*packs: str) -> set[str]:
        change = {"packs": packs}
        answer = await client.patch("/v1/organization", json=change, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        await visitor.get("/")
        places = {a["href"] for a in visitor.page.all("a", class_="place")}
        return places & {"/leads", "/students", "/drops", "/contacts"}

    assert await shown("drops") == {"/drops", "/contacts"}
    assert await shown() == {"/leads", "/students", "/drops", "/contacts"}


async def test_an_organisations_own_type_has_its_table(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody
) -> None:
    kind = {"name": "vehicles", "label": "Vehicle", "label_plural": "Vehicles"}
    answer = await client.post("/v1/types", json=kind, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    await visitor.get("/")
    assert "/custom/vehicles" in {a["href"] for a in visitor.page.all("a", class_="place")}
    await visitor.get("/custom/vehicles/new")
    await visitor.send(visitor.page.one("form", id="record-form"), name="The red van")
    assert visitor.path.startswith("/custom/vehicles/")
    await visitor.get("/custom/vehicles")
    assert titles(visitor) == ["The red van"]
    await visitor.get("/")
    assert "The red van" in visitor.page.one("section", class_="lately").text
    for words in ("red", "th"):
        await visitor.get(f"/search?q={words}")
        assert "The red van" in visitor.page.one(id="hits").text
