"""Pages in a person's language, and figures and dates as their region writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from tests.factories import Somebody
from tests.pages.conftest import Make, Visitor

from tenfold.kernel import language as languages
from tenfold.kernel.language import hush, manner, say, say_n, speak, within
from tenfold.web.pages import words
from tenfold.web.pages.forms import number
from tenfold.web.pages.speaking import asked_for

pytestmark = pytest.mark.anyio
GERMAN = {"language": "de", "region": "DE", "timezone": "Europe/Berlin"}


@pytest.fixture
async def german(client: httpx.AsyncClient, admin: Somebody) -> None:
    """The person has chosen German, Germany and Berlin."""
    answer = await client.patch("/v1/auth/me", json=GERMAN, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    assert {name: answer.json()["data"][name] for name in GERMAN} == GERMAN


async def test_a_german_reads_a_list_in_german(visitor: Visitor, make: Make, german: None) -> None:
    await make("leads", first_name="Zoë", last_name="Ünal", budget=1_250_000.5, status="hot")
    page = await visitor.get("/leads")
    assert page.one("html").get("lang") == "de"
    assert page.one("h1").text == "Interessenten"
    assert "Angelegt" in [th.text for th in page.all("th")]
    row = page.one("tbody")
    assert [c.text for c in row.all("span", class_="violet")] == ["Heiß"]
    assert "1.250.000,50 $" in row.text
    assert "gerade eben" in row.text


async def test_a_number_is_read_as_the_region_writes_it(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, lead: dict[str, Any], german: None
) -> None:
    edit = f"/leads/{lead['id']}/edit"
    page = await visitor.get(edit)
    shown = next(i for i in page.all("input") if i.get("name") == "budget")
    assert shown.get("value") == "1.000.000"
    await visitor.send(visitor.form(edit), budget="1.250,50")
    answer = await client.get(f"/v1/leads/{lead['id']}", headers=admin.headers)
    assert answer.json()["data"]["budget"] == 1250.5
    await visitor.get(edit)
    shown = next(i for i in visitor.page.all("input") if i.get("name") == "budget")
    assert shown.get("value") == "1.250,5"


async def test_the_api_stays_in_english(
    client: httpx.AsyncClient, admin: Somebody, visitor: Visitor, german: None
) -> None:
    await visitor.get("/leads")
    headers = admin.headers | {"accept-language": "de"}
    types = (await client.get("/v1/types", headers=headers)).json()["data"]
    assert "Lead" in [one["label"] for one in types]
    answer = await client.post("/v1/leads", json={"status": "cold feet"}, headers=headers)
    assert "must be one of" in answer.text or "is required" in answer.text


async def test_what_an_organisation_wrote_stays_as_it_wrote_it(
    client: httpx.AsyncClient, admin: Somebody, visitor: Visitor, lead: dict[str, Any], german: None
) -> None:
    field = {"type": "lead", "name": "heat", "kind": "choice", "options": ["Hot"], "label": "Phone"}
    answer = await client.post("/v1/custom-fields", json=field, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    page = await visitor.get(f"/leads/{lead['id']}/edit")
    assert "Phone" in [label.text for label in page.all("label")]
    options = [o.text for s in page.all("select") for o in s.all("option")]
    assert "Hot" in options
    assert "Telefon" in [label.text for label in page.all("label")]


async def test_a_stranger_is_spoken_to_as_their_browser_asks(anybody: Visitor) -> None:
    page = await anybody.get("/login", headers={"accept-language": "es-MX,es;q=0.9,en;q=0.5"})
    assert page.one("html").get("lang") == "es"
    assert "Accept-Language" in anybody.answer.headers["vary"]
    page = await anybody.get("/login", headers={"accept-language": "fr"})
    assert page.one("html").get("lang") == "en"


async def test_a_page_that_knows_nobody_speaks_as_the_person_chose(
    visitor: Visitor, german: None
) -> None:
    await visitor.get("/")
    for nowhere in ("/no/such/page", "/admin/people/nobody", "/leads/nothing"):
        page = await visitor.get(nowhere)
        assert (visitor.answer.status_code, page.one("h1").text) == (404, "Hier ist nichts")
    visitor.http.cookies.delete("session")
    assert (await visitor.get("/login")).one("html").get("lang") == "de"
    visitor.http.cookies.set("language", "tlh")
    assert (await visitor.get("/login")).one("html").get("lang") == "en"


async def test_one_chooses_in_the_settings(visitor: Visitor) -> None:
    await visitor.get("/settings/language")
    form = visitor.form("/settings/language")
    page = await visitor.send(form, language="de", region="AT", timezone="Europe/Vienna")
    assert page.one("html").get("lang") == "de"
    assert "Sprache und Region" in page.one("h1").text
    chosen = {
        one["name"]: option["value"]
        for one in page.all("select")
        for option in one.all("option")
        if option.has("selected")
    }
    assert chosen == {"language": "de", "region": "AT", "timezone": "Europe/Vienna"}
    form = visitor.form("/settings/language")
    page = await visitor.send(form, language="", region="", timezone="")
    assert page.one("html").get("lang") == "en"


async def test_what_is_not_known_is_refused_beside_its_field(
    client: httpx.AsyncClient, admin: Somebody, visitor: Visitor
) -> None:
    wrong = {"language": "tlh", "region": "XX", "timezone": "Mars"}
    answer = await client.patch("/v1/auth/me", json=wrong, headers=admin.headers)
    assert answer.status_code == 400
    assert set(answer.json()["error"]["fields"]) == set(wrong)
    await visitor.get("/settings/language")
    page = await visitor.send(visitor.form("/settings/language"), region="XX")
    assert visitor.answer.status_code == 400
    assert any("ISO 3166" in p.text for p in page.all("p", class_="mistake"))


# -- without pages


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR,fr;q=0.9,es;q=0.4,en;q=0.3", "es"),
        ("en;q=0.2, DE;q=0.7", "de"),
        ("de;q=0, es;q=nothing", "en"),
        ("*;q=0.5", "en"),
    ],
)
def test_languages_that_a_browser_likes(accepted: str, language: str) -> None:
    assert asked_for(accepted) == language


def test_a_language_that_is_new_is_spoken_to_who_asked_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert asked_for("fr") == "en"
    monkeypatch.setitem(languages.LANGUAGES, "fr", "Français")
    assert asked_for("fr") == "fr"


@pytest.fixture
def plain() -> Any:
    """What a test spoke is forgotten after it."""
    yield
    hush()


@pytest.mark.parametrize(
    ("language", "region", "typed", "meant"),
    [
        ("de", "DE", "1.250,50", 1250.5),
        ("de", "DE", "1.250,50 €", 1250.5),
        ("de", "DE", "1.250", 1250),
        ("de", "DE", "1250.50", 1250.5),
        ("de", "DE", "1,250.50", 1250.5),
        ("de", "DE", "\u22121.250", -1250),
        ("de", "DE", "viel", "viel"),
        ("de", "CH", "1’250.50", 1250.5),
        ("de", "CH", "1'250.50", 1250.5),
        ("en", "DE", "1.250,50", 1250.5),
        ("de", "US", "1,250.50", 1250.5),
        ("es", "MX", "1,250.50", 1250.5),
        ("en", "FR", "1\u202f250,50", 1250.5),
        ("en", "IN", "12,34,567", 1_234_567),
        ("en", "US", "1.250,50", "1.250,50"),
    ],
)
def test_typed_numbers(plain: None, language: str, region: str, typed: str, meant: object) -> None:
    speak(language, region)
    assert number(typed) == meant


@pytest.mark.parametrize(
    ("language", "region", "said"),
    [
        ("en", "US", ("$1,250.50", "1,234,567", "Nov 5, 2026", "2:05\u00a0PM", "5%")),
        ("en", "GB", ("$1,250.50", "1,234,567", "5 Nov 2026", "14:05", "5%")),
        ("de", "DE", ("1.250,50\u00a0$", "1.234.567", "5. Nov. 2026", "14:05", "5\u00a0%")),
        (
            "de",
            "AT",
            ("$\u00a01.250,50", "1.234.567", "5. Nov. 2026", "14:05", "5\u00a0%"),
        ),
        ("de", "US", ("$1,250.50", "1,234,567", "5. Nov. 2026", "2:05\u00a0PM", "5%")),
        ("es", "ES", ("1.250,50\u00a0$", "1.234.567", "5 nov 2026", "14:05", "5\u00a0%")),
        ("en", "DE", ("1.250,50\u00a0$", "1.234.567", "5 Nov 2026", "14:05", "5\u00a0%")),
        ("en", "IN", ("$1,250.50", "12,34,567", "5 Nov 2026", "2:05\u00a0pm", "5%")),
    ],
)
def test_values_as_regions_write_them(
    plain: None, language: str, region: str, said: tuple[str, ...]
) -> None:
    speak(language, region)
    assert said == (
        words.money(1250.5, "USD"),
        words.number(1_234_567),
        words.written(date(2026, 11, 5)),
        words.clock(datetime(2026, 11, 5, 14, 5, tzinfo=UTC)),
        words.percent("5"),
    )


@pytest.mark.parametrize(
    ("region", "typed", "day"),
    [
        ("DE", "5.11.2026", "2026-11-05"),
        ("US", "11/5/2026", "2026-11-05"),
        ("GB", "5/11/2026", "2026-11-05"),
        ("DE", "2026-11-05", "2026-11-05"),
        ("DE", "morgen", "morgen"),
        ("DE", "45.11.2026", "45.11.2026"),
    ],
)
def test_typed_days(plain: None, region: str, typed: str, day: str) -> None:
    speak("en", region)
    assert words.typed_day(typed) == day


def test_nothing_is_said_but_english_where_nobody_chose(plain: None) -> None:
    assert manner().language == "en"
    assert say("50% off") == "50% off"
    assert say("in %(n)s days", n=3) == "in 3 days"
    assert say_n("%(n)s lead", "%(n)s leads", 1, n=1) == "1 lead"
    assert within("Lead") == "lead"
    speak("de")
    assert say("in %(n)s days", n=3) == "in 3 Tagen"
    assert say("nobody ever translated this") == "nobody ever translated this"
    assert within("Interessent") == "Interessent", "German nouns keep their capital"
    speak("xx")
    assert manner().language == "en"
