"""What pages must never do: run a stranger's script, take a stranger's form, say too much."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from tests.conftest import Running
from tests.factories import Organisation
from tests.pages.conftest import Make, Visit, Visitor

pytestmark = pytest.mark.anyio
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


async def pages(visitor: Visitor, lead: dict[str, Any]) -> list[str]:
    """The text of every kind of page."""
    path = f"/leads/{lead['id']}"
    texts: list[str] = []
    for address in (
        "/",
        "/leads",
        "/leads/new",
        path,
        f"{path}/edit",
        "/menu",
        "/search?q=a",
        "/x/y",
    ):
        await visitor.get(address)
        texts.append(visitor.answer.text)
    return texts


async def test_no_page_has_script_or_style_inside(
    visitor: Visitor, anybody: Visitor, lead: dict[str, Any]
) -> None:
    await anybody.get("/login")
    for text in [*await pages(visitor, lead), anybody.answer.text]:
        assert not re.search(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|hx-on", text)
        for script in re.findall(r"<script[^>]*>.*?</script>", text, re.DOTALL):
            assert re.fullmatch(
                r'<script src="/static/[^"]+" (?:defer|type="module")></script>', script
            )


async def test_pages_send_a_policy_that_forbids_inline_code(visitor: Visitor) -> None:
    await visitor.get("/")
    headers = visitor.answer.headers
    assert "default-src 'none'; script-src 'self';" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["content-type"] == "text/html; charset=utf-8"


async def test_what_people_typed_is_never_markup(visitor: Visitor, make: Make) -> None:
    lead = await make(
        "leads", first_name=EVIL, last_name="X", notes=f"</textarea>{EVIL}", areas=[EVIL[:90]]
    )
    path = f"/leads/{lead['id']}"
    for address in ("/leads", path, f"{path}/edit", "/", f"/search?q={EVIL}", f"/leads?q={EVIL}"):
        await visitor.get(address)
        assert visitor.answer.status_code == 200
        assert "<script>alert" not in visitor.answer.text
        assert "<img src=x" not in visitor.answer.text
        assert not [e for e in visitor.page.walk() if e.has("onerror")]


async def test_typed_mistakes_are_never_markup(visitor: Visitor) -> None:
    await visitor.get("/leads/new")
    form = visitor.page.one("form", id="record-form")
    await visitor.send(form, first_name=EVIL, email=EVIL, contact_id=EVIL)
    assert visitor.answer.status_code == 400
    assert "<script>alert" not in visitor.answer.text


async def test_a_web_address_of_a_script_is_no_link(visitor: Visitor, make: Make) -> None:
    company = await make("companies", name="Acme", website="https://example.com/x")
    await visitor.get(f"/companies/{company['id']}")
    links = [a for a in visitor.page.all("a") if a.get("target") == "_blank"]
    assert [a["href"] for a in links] == ["https://example.com/x"]
    assert "noopener" in links[0]["rel"]


@pytest.mark.parametrize("token", ["", "nonsense", "AAAA" * 9, "ä"])
async def test_a_form_without_its_token_changes_nothing(
    visitor: Visitor, lead: dict[str, Any], token: str
) -> None:
    path = f"/leads/{lead['id']}"
    for action, pairs in (
        ("/leads/new", [("first_name", "A"), ("last_name", "B")]),
        (f"{path}/edit", [("last_name", "Stolen")]),
        (f"{path}/delete", []),
        (f"{path}/moves", [("to", "lost")]),
        ("/logout", []),
        ("/appearance", [("theme", "dark")]),
    ):
        await visitor.post(action, [*pairs, ("csrf", token)])
        assert visitor.answer.status_code == 403, action
    await visitor.get(path)
    assert "Zoë Ünal" in visitor.page.text


async def test_another_sessions_token_is_refused(
    visitor: Visitor, visit: Visit, organisation: Organisation, lead: dict[str, Any]
) -> None:
    other = visit(await organisation.person("owner", name="other"))
    await other.get("/leads")
    token = next(v for n, v in other.form("/logout").fields() if n == "csrf")
    await visitor.post(f"/leads/{lead['id']}/delete", [("csrf", token)])
    assert visitor.answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"referer": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_from_another_site_is_refused(
    visitor: Visitor, lead: dict[str, Any], headers: dict[str, str]
) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    pairs = visitor.form(f"{path}/delete").fields()
    await visitor.post(f"{path}/delete", pairs, headers=headers)
    assert visitor.answer.status_code == 403
    await visitor.post("/login", [("email", "a@example.com"), ("password", "x")], headers=headers)
    assert visitor.answer.status_code == 403


async def test_who_comes_from_no_address_is_asked_to_sign_in(anybody: Visitor) -> None:
    headers = {"hx-current-url": "http://[", "accept": "text/html"}
    answer = await anybody.http.post("/leads/new", data={"first_name": "A"}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_our_own_origin_is_fine(visitor: Visitor, lead: dict[str, Any]) -> None:
    path = f"/leads/{lead['id']}"
    await visitor.get(path)
    pairs = visitor.form(f"{path}/delete").fields()
    ours = {"origin": "http://tenfold.test", "sec-fetch-site": "same-origin"}
    await visitor.post(f"{path}/delete", pairs, headers=ours)
    assert visitor.path == "/leads"


async def test_only_forms_are_taken(visitor: Visitor) -> None:
    await visitor.http.get("/")
    answer = await visitor.http.post("/leads/new", json={"first_name": "A"})
    assert answer.status_code == 400
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
    for body in (b"\xff\xfe", b"a=%ff", b"&".join(b"a=b" for _ in range(3_000))):
        answer = await visitor.http.post("/leads/new", content=body, headers=headers)
        assert answer.status_code == 400


async def test_a_forged_flash_is_not_shown(visitor: Visitor) -> None:
    for text in ("AAAA", "!!", "x" * 900):
        visitor.http.cookies.set("flash", text, domain="tenfold.test")
        await visitor.get("/leads")
        assert visitor.answer.status_code == 200
        assert visitor.toast == ""


async def test_refusals_are_pages_for_people_and_json_for_programs(
    visitor: Visitor, client: httpx.AsyncClient
) -> None:
    for address in ("/nothing", "/leads/nothing", "/nothing/at/all/here", "/static/none.css"):
        await visitor.get(address)
        assert visitor.answer.status_code == 404, address
        assert visitor.page.one("h1").text == "There is nothing here"
    answer = await client.get("/v1/nothing/at/all/here", headers={"accept": "text/html"})
    assert answer.json()["success"] is False


async def test_a_mistake_of_ours_is_told_without_its_details(
    app: Running, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("tenfold.web.pages.home.agenda", broken)
    with structlog.testing.capture_logs() as said:
        await visitor.get("/")
    assert visitor.answer.status_code == 500
    assert "secret" not in visitor.answer.text
    assert "noted" in visitor.page.text
    # One line of JSON where it is logged, so that no text can look like a line of ours.
    assert [(one["event"], str(one["exc_info"])) for one in said] == [
        ("request failed", "the secret of the house")
    ]


async def test_a_wrong_query_is_a_page(visitor: Visitor) -> None:
    await visitor.get("/leads?" + "&".join(f"a{n}=1" for n in range(200)))
    assert visitor.answer.status_code == 400
    assert visitor.page.one("h1").text == "That address can't be read"


@pytest.mark.parametrize("path", ["/V1/leads", "/v1/nothing", "/V1"])
async def test_a_wrong_address_of_the_api_is_refused_as_the_api_does(
    visitor: Visitor, path: str
) -> None:
    answer = await visitor.http.get(path, headers={"accept": "text/html"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["success"] is False


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/admin/sessions?q=a%00b", 400),
        ("/leads/pick?field=owner_id&q=%00", 400),
        ("/leads?columns=budget%00", 400),
        (f"/admin/sessions?after=0001-01-01T00:00:00%2B14:00_{UUID(int=7)}", 200),
        ("{lead}?before=0001-01-01T00:00:00%2B14:00~x~1", 200),
        ("{lead}/shares/pick?grantee=%00", 400),
    ],
)  # fmt: skip
async def test_hand_made_addresses_are_no_mistakes_of_ours(
    visitor: Visitor, lead: dict[str, Any], address: str, status: int
) -> None:
    await visitor.get(address.replace("{lead}", f"/leads/{lead['id']}"))
    assert visitor.answer.status_code == status


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("moves", {"to": "contacted", "reason": "be\x00cause"}),
        ("edit", {"version": "²", "first_name": "Ada"}),
        ("edit", {"version": "9" * 5_000, "first_name": "Ada"}),
        ("fields/next_touch/day", {"day": "9999-12-31", "version": "1"}),
        ("fields/email", {"email": "a\x00b@example.com", "version": "1"}),
    ],
)
async def test_hand_made_forms_are_no_mistakes_of_ours(
    visitor: Visitor, lead: dict[str, Any], path: str, typed: dict[str, str]
) -> None:
    await visitor.get(f"/leads/{lead['id']}")
    csrf = visitor.page.all("input", name="csrf")[0]["value"]
    await visitor.post(f"/leads/{lead['id']}/{path}", [("csrf", csrf), *typed.items()])
    assert visitor.answer.status_code < 500
