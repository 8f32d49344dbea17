"""What an installation must not have, do or say beside what it is for."""

from __future__ import annotations

import json
import logging
import re
import socket
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from tests.conftest import Running, Serve
from tests.factories import Somebody
from tests.openapi.conftest import Served
from tests.security.conftest import At, somewhere
from tests.security.test_browser_policy import EVERYWHERE

from tenfold.cli.logs import formatter
from tenfold.engine.types import Locale, Refused, RichText, Url
from tenfold.kernel.settings import Settings
from tenfold.mail.carriers import Parcel
from tenfold.mail.carriers.smtp import message

pytestmark = pytest.mark.anyio
STATIC = Path(__file__).parents[2] / "src" / "tenfold" / "web" / "static"


# -- what is served


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.env",
        "/static/",
        "/static",
        "/static/css/",
        "/static/vendor/",
        "/static/../app.py",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/..%2f..%2fkernel/settings.py",
        "/docs/../keys/master.key",
        "/src/tenfold/app.py",
        "/keys/master.key",
        "/imports",
        "/debug",
        "/admin",
        "/server-status",
    ],
)
async def test_nothing_is_served_that_was_not_meant_to_be(app: Running, at: At, path: str) -> None:
    answer = await at(app).get(path, headers={"accept": "text/html"})
    assert answer.status_code in (303, 404), path
    assert answer.headers.get("location", "/login").startswith("/login")
    for said in ("Index of", "[core]", "import ", "Traceback", "litestar", "granian"):
        assert said not in answer.text


def test_trace_is_not_answered_with_the_request(running: Served) -> None:
    url = httpx.URL(running.address)
    asked = b"TRACE /v1/health HTTP/1.1\r\nHost: localhost\r\nCookie: session=s3cret\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        connection.sendall(asked + b"Connection: close\r\n\r\n")
        heard = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert re.match(rb"HTTP/1\.1 40[05] ", heard), heard[:80]
    assert b"s3cret" not in heard


async def test_every_body_says_what_it_is(app: Running, at: At, admin: Somebody) -> None:
    seen: set[str] = set()
    for path in [*EVERYWHERE, "/v1/leads/export", "/v1/leads?x=1", "/v1/auth/me"]:
        for headers in ({}, {"accept": "text/html"}, admin.headers):
            answer = await at(app).get(path, headers=headers)
            if not answer.content:
                continue
            kind, _, more = answer.headers["content-type"].partition(";")
            assert not kind.startswith("text/") or "charset=utf-8" in more.lower(), path
            if kind == "application/json":
                answer.json()
            seen.add(kind)
    assert {"application/json", "text/html", "text/csv", "text/plain"} <= seen


async def test_a_mistake_of_ours_is_told_programs_without_its_details(
    app: Running, at: At, admin: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("SELECT secret FROM the_house")

    monkeypatch.setattr("tenfold.accounts.organisation.teams.page", broken)
    answer = await at(app).get("/v1/teams", headers=admin.headers)
    assert answer.status_code == 500
    assert set(answer.json()["error"]) == {"code", "message", "fields"}
    for said in ("SELECT", "the_house", "RuntimeError", "Traceback", ".py"):
        assert said not in answer.text
    assert answer.headers["x-request-id"]


async def test_a_program_that_asks_by_http_is_told_and_not_sent_on(
    serve: Serve, settings: Settings, at: At
) -> None:
    proxy, public = somewhere(), "https://crm.example.com"
    behind = replace(settings, public_url=public, trusted_proxies=proxy)
    async with serve(behind) as running:
        client = at(running, proxy, "http://crm.example.com")
        plain = {"x-forwarded-proto": "http", "authorization": "Bearer s3cret"}
        for method, path in (("GET", "/v1/leads"), ("POST", "/v1/auth/login")):
            answer = await client.request(method, path, headers=plain)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "HTTPS_REQUIRED")
            assert "location" not in answer.headers
            assert public in answer.json()["error"]["message"]
        page = await client.get("/leads", headers={"x-forwarded-proto": "http"})
        assert (page.status_code, page.headers["location"]) == (308, f"{public}/leads")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=1&limit=100", "limit"),
        ("sort=first_name&sort=-created_at", "sort"),
        ("deleted=false&deleted=true", "deleted"),
        ("q=a&q=b", "q"),
    ],
)
async def test_a_parameter_that_comes_twice_is_refused(
    app: Running, at: At, admin: Somebody, query: str, told: str
) -> None:
    answer = await at(app).get(f"/v1/leads?{query}", headers=admin.headers)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [told])


async def test_a_condition_that_comes_twice_only_narrows(
    app: Running, at: At, admin: Somebody
) -> None:
    client = at(app)
    for name in ("Ann", "Bob"):
        body = {"first_name": name, "last_name": "Lee"}
        assert (await client.post("/v1/leads", json=body, headers=admin.headers)).is_success
    for query, found in (("first_name=Ann", 1), ("first_name=Ann&first_name=Bob", 0)):
        answer = await client.get(f"/v1/leads?{query}", headers=admin.headers)
        assert len(answer.json()["data"]) == found


async def test_what_belongs_into_the_body_is_not_taken_from_elsewhere(
    app: Running, at: At, admin: Somebody
) -> None:
    client, body = at(app), {"last_name": "Lee"}
    for more in ({"cookies": {"first_name": "Ann"}}, {"headers": {"first_name": "Ann"}}):
        headers = {**admin.headers, **more.pop("headers", {})}
        client.cookies.update(more.get("cookies", {}))
        made = await client.post("/v1/leads", json=body, headers=headers)
        assert "first_name" in made.json()["error"]["fields"]
    whole = {"first_name": "Ann", "last_name": "Lee"}
    asked = await client.post("/v1/leads?first_name=Bob", json=whole, headers=admin.headers)
    login = await client.post("/v1/auth/login?email=a@example.com&password=x", json={})
    for answer, names in ((asked, ["first_name"]), (login, ["email", "password"])):
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "UNKNOWN_FIELD")
        assert list(error["fields"]) == names


# -- scripts of ours


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda one: one.name)
def test_scripts_of_ours_make_no_code_of_texts(script: Path) -> None:
    text = script.read_text()
    for word in (
        r"\beval\(|new Function|setTimeout\(\s*[\"'`]",
        r"\.(inner|outer)HTML|insertAdjacentHTML|document\.write",
        r"postMessage|onmessage|[\"']message[\"']",
        r"localStorage|indexedDB|document\.cookie(?! = `\${name}=\${zone};)",
        r"__proto__|\.prototype\[|Object\.assign\(",
        r"https?://",
    ):
        assert not re.search(word, text), word
    kept = re.findall(r"sessionStorage\.\w+\(([^,)]+)", text)
    assert set(kept) <= {'"docs-token"', "key(form"}, (
        "a token of the session, and what one types into a form"
    )


# -- what people typed


TYPED = "{{7*7}}${7*7}#{7*7}<%=7*7%>{0.__class__.__mro__}%s%(x)s{% raw %}"


async def test_what_people_typed_is_no_template(app: Running, at: At, admin: Somebody) -> None:
    client = at(app)
    body = {"first_name": TYPED, "last_name": "B", "notes": TYPED}
    made = await client.post("/v1/leads", json=body, headers=admin.headers)
    assert made.json()["data"]["first_name"] == TYPED
    client.cookies.set("session", admin.token, domain="tenfold.test")
    for path in ("/leads", f"/leads/{made.json()['data']['id']}"):
        page = (await client.get(path, headers={"accept": "text/html"})).text
        assert "{{7*7}}${7*7}#{7*7}" in page
        assert not re.search(r"\{\{49|\$49|class 'str'|<class", page)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "\tjavascript:alert(1)",
        "https:alert(1)",
    ],
)
def test_an_address_that_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="web address"):
        Url().parse(address, Locale())


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        '<a href="javascript:alert(1)">x</a>',
        "<a href=' &#106;avascript:alert(1)'>x</a>",
        "<iframe src=https://evil.example></iframe>",
        "<style>@import 'https://evil.example'</style>",
        "<math><mtext><table><mglyph><style></style><img src onerror=alert(1)></table></math>",
        "<form action=https://evil.example><input name=x></form>",
        "<b style=position:fixed onclick=alert(1)>x</b>",
        "<object data=x></object><embed src=x><base href=//evil.example>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_rich_text_keeps_no_code(evil: str) -> None:
    (kept,) = RichText().parse(f"<p>before</p>{evil}<p><b>after</b></p>", Locale())
    text = str(kept).lower()
    assert text.startswith("<p>before</p>")
    assert text.endswith("<p><b>after</b></p>")
    tags = "script|svg|math|iframe|style|form|input|object|embed|base|noscript"
    assert not re.search(rf"<({tags})\b", text)
    assert not re.search(r"<[^>]*\s(on\w+|style|formaction)\s*=", text)
    assert not re.search(r"(href|src)\s*=\s*[\"']?\s*(javascript|data|vbscript):", text)


@pytest.mark.parametrize("evil", ["a\r\nBcc: all@example.com", "a\nX: y", "a\rX: y"])
def test_a_letter_has_no_headers_of_others(evil: str) -> None:
    made = message(_parcel("ann@example.com", f"Hello {evil}"))
    raw = made.as_bytes()
    head = raw.partition(b"\n\n")[0]
    assert not re.search(rb"^(Bcc|X):", head, re.MULTILINE | re.IGNORECASE)
    with pytest.raises(ValueError, match=r"linefeed|carriage"):
        message(_parcel(f"ann@example.com{evil}", "Hello")).as_bytes()


def _parcel(to: str, subject: str) -> Parcel:
    return Parcel(key="x", sender="crm@example.com", recipient=to, subject=subject, text="Text.")


# -- files


def files(folder: Path) -> set[Path]:
    """All files below a folder."""
    return {one for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize(
    "name",
    [
        "../../../x.csv",
        "/etc/passwd",
        "..\\..\\x.csv",
        "a\x00.csv",
        "CON",
        "%2e%2e%2fx",
        "x" * 5_000,
    ],
)
async def test_an_upload_is_kept_under_a_name_of_ours(
    app: Running, at: At, admin: Somebody, name: str
) -> None:
    home = Path(app.desk.settings.home)
    body = {"type": "leads", "filename": name, "content": "First Name,Last Name\nAda,Byron\n"}
    before = files(home)
    answer = await at(app).post("/v1/imports", json=body, headers=admin.headers)
    assert answer.status_code in (202, 400), answer.text
    kept = files(home) - before
    assert {one.parent.parent.name for one in kept} <= {str(admin.tenant)}
    assert {one.name for one in kept} <= {"0.upload", "1.upload"}
    assert (answer.status_code == 202) == bool(kept)


async def test_an_export_has_a_name_of_ours(app: Running, at: At, admin: Somebody) -> None:
    for query in ("", "?filename=x.html", "?format=json", '?format=csv%0d%0aX-Evil:1"'):
        answer = await at(app).get(f"/v1/leads/export{query}", headers=admin.headers)
        assert "x-evil" not in answer.headers
        if answer.status_code == 200:
            said = answer.headers["content-disposition"]
            assert re.fullmatch(r'attachment; filename="leads[a-z0-9-]*\.(csv|json)"', said), said
        else:
            assert (answer.status_code, "filename" in query or "evil" in query.lower()) == (
                400,
                True,
            )


# -- what is logged


@pytest.mark.parametrize(
    "text",
    ['a\n{"level":"info","event":"x"}', "a\r\nb", "\x1b[2Ja", "a\u2028b\u0085c", '"}\n{"'],
)
def test_a_line_of_the_log_is_one_object(text: str) -> None:
    line = formatter().format(logging.LogRecord(text, 30, "x", 1, "said %s", (text,), None))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["event"] == f"said {text}"
    assert not re.search(r"[\x00-\x1f]", line)
