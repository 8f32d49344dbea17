"""What every answer tells browsers, the cookies it sets, and what browsers report (rows "XSS" and
"Session fixation")."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Running, Serve
from tests.factories import Owner
from tests.security.conftest import At

from tenfold.cli.edge import set_limit, show_reports
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import Settings
from tenfold.web.api import csp_reports
from tenfold.web.pages.assets import assets

pytestmark = pytest.mark.anyio
PUBLIC = "https://crm.example.com"
_LIMITS_SET = """SELECT detail FROM tenfold.security_events
WHERE tenant_id = $1 AND event_type = 'policy_changed' ORDER BY created_at, id"""
EVERYWHERE = [
    "/",
    "/login",
    "/nothing",
    "/docs",
    "/docs/leads",
    "/openapi.json",
    "/metrics",
    "/v1/health",
    "/v1/leads",
    "/v1/nothing",
    "/static/none.css",
    assets().addresses[0],
]


def policy(answer: httpx.Response) -> dict[str, str]:
    """The content security policy by directive."""
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: rest for name, _, rest in (part.partition(" ") for part in parts)}


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_every_answer_keeps_browsers_safe(app: Running, at: At, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = await at(app).request(method, path, headers={"accept": "text/html"})
        found = policy(answer)
        assert found["default-src"] == "'none'"
        sources = ("script-src", "style-src", "connect-src", "font-src", "form-action")
        assert {found[name] for name in sources} == {"'self'"}
        assert (found["img-src"], found["frame-ancestors"]) == ("'self' data:", "'self'")
        assert {found["object-src"], found["base-uri"], found["script-src-attr"]} == {"'none'"}
        assert found["report-uri"] == "/v1/csp-reports"
        assert not [rest for rest in found.values() if "unsafe" in rest or "*" in rest]
        expected = {
            "x-content-type-options": "nosniff",
            "x-frame-options": "SAMEORIGIN",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }
        assert {name: answer.headers[name] for name in expected} == expected
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "publickey" not in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers  # nobody reaches it by https


@pytest.mark.parametrize(
    ("below", "told"), [(False, "max-age=63072000"), (True, "max-age=63072000; includeSubDomains")]
)
async def test_by_https_browsers_are_told_to_stay_there(
    serve: Serve, settings: Settings, at: At, below: bool, told: str
) -> None:
    secure = msgspec.structs.replace(settings, public_url=PUBLIC, hsts_subdomains=below)
    async with serve(secure) as running:
        for path in EVERYWHERE:
            answer = await at(running, base=PUBLIC).get(path)
            assert answer.headers["strict-transport-security"] == told
            assert policy(answer)["report-to"] == "csp"
            assert answer.headers["reporting-endpoints"] == 'csp="/v1/csp-reports"'


# -- cookies


@pytest.mark.parametrize("public", ["", PUBLIC])
async def test_every_cookie_is_tied_to_this_host_where_https_allows_it(
    serve: Serve, settings: Settings, at: At, public: str
) -> None:
    base = public or "http://tenfold.test"
    async with serve(msgspec.structs.replace(settings, public_url=public)) as running:
        client = at(running, base=base)
        set_: list[str] = []

        async def ask(method: str, path: str, **more: Any) -> httpx.Response:
            answer = await client.request(method, path, **more)
            set_.extend(answer.headers.get_list("set-cookie"))
            return answer

        person = {"email": f"{new_id().hex}@example.com", "password": "plum harbour lantern 42"}
        names = {"firstName": "Ada", "lastName": "Byron", "organization": "Looms"}
        await ask("POST", "/v1/auth/register", json={**person, **names})
        await ask("POST", "/v1/auth/login", json=person)
        await ask("POST", "/v1/auth/refresh")
        await ask("POST", "/v1/auth/sign-in-link", json={"email": person["email"]})
        await ask("POST", "/login", data=person)
        page = await ask("GET", "/leads/new")
        token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
        for form in ({"theme": "dark"}, {"density": "compact"}, {"rail": "folded"}):
            await ask("POST", "/appearance", data={"csrf": token, "next": "/", **form})
        lead = {"csrf": token, "first_name": "A", "last_name": "B"}
        await ask("POST", "/leads/new", data=lead)  # says so on the next page
        await ask("GET", "/leads")
        await ask("POST", "/logout", data={"csrf": token})
        await ask("GET", "/leads", headers={"accept": "text/html"})
        await ask("POST", "/v1/auth/logout")
    start = "__Host-" if public else ""
    seen = {one.partition("=")[0].removeprefix(start) for one in set_}
    assert seen >= {
        "session",
        "refreshToken",
        "theme",
        "density",
        "rail",
        "flash",
        "device",
        "browser",
    }
    for one in set_:
        name, *attributes = [part.strip().lower() for part in one.split(";")]
        assert name.startswith(start.lower())
        assert name.startswith("__host-") == bool(public)
        assert {"path=/", "samesite=lax"} <= set(attributes), one
        assert ("secure" in attributes) == bool(public), one
        assert not [a for a in attributes if a.startswith("domain")], one
        assert "httponly" in attributes, one


async def test_by_https_a_cookie_without_the_prefix_signs_nobody_in(
    serve: Serve, settings: Settings, at: At, admin: Any
) -> None:
    async with serve(msgspec.structs.replace(settings, public_url=PUBLIC)) as running:
        token = running.desk.tokens.sign(admin.id, admin.tenant, admin.session)
        for name, status in (("__Host-session", 200), ("session", 303)):
            answer = await at(running, base=PUBLIC).get("/", headers={"cookie": f"{name}={token}"})
            assert answer.status_code == status


# -- reports


def old(document: Any, directive: Any, blocked: Any) -> tuple[str, Any]:
    """A report as Firefox and Safari send it."""
    body = {"document-uri": document, "effective-directive": directive, "blocked-uri": blocked}
    return "application/csp-report", {"csp-report": {**body, "original-policy": "x" * 900}}


def new(document: Any, directive: Any, blocked: Any) -> tuple[str, Any]:
    """The same as Chromium sends it."""
    body = {"documentURL": document, "effectiveDirective": directive, "blockedURL": blocked}
    return "application/reports+json", [
        {"type": "csp-violation", "age": 1, "url": document, "user_agent": "x", "body": body},
        {"type": "deprecation", "body": {"id": "x"}},
    ]


async def send(client: httpx.AsyncClient, kind: str, body: Any) -> int:
    """The status of the answer to a report."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    answer = await client.post(
        "/v1/csp-reports", content=content, headers={"content-type": kind, "origin": "null"}
    )
    return answer.status_code


@pytest.fixture
async def clean(owner: Owner) -> None:
    """No report is kept yet."""
    await owner.execute("DELETE FROM tenfold.csp_reports")


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("form", [old, new])
async def test_reports_are_counted_without_what_is_private(app: Running, at: At, form: Any) -> None:
    client, record = at(app), new_id()
    page = f"http://tenfold.test/leads/{record}/edit?q=secret&token=abc#x"
    sent = [
        (page, "script-src-elem", "https://user:pw@evil.example:8443/x.js?id=1"),
        (page, "script-src-elem", "https://evil.example:8443/x.js?id=2"),
        (page, "style-src-attr", "inline"),
        (page, "img-src", "data:image/png;base64,AAAA"),
        (page, "font-src", "chrome-extension://abc/font.woff"),
    ]
    assert [await send(client, *form(*one)) for one in sent] == [204] * 5
    kept = await csp_reports.kept(app.desk.database)
    assert {(one.report, one.times) for one in kept} == {
        (("/leads/{id}/edit", "script-src-elem", "https://evil.example:8443/x.js"), 2),
        (("/leads/{id}/edit", "style-src-attr", "inline"), 1),
        (("/leads/{id}/edit", "img-src", "data:"), 1),
        (("/leads/{id}/edit", "font-src", "chrome-extension://abc/font.woff"), 1),
    }


@pytest.mark.usefixtures("clean")
async def test_what_is_no_report_is_refused_or_not_kept(app: Running, at: At) -> None:
    client, kind = at(app), "application/csp-report"
    assert await send(client, "text/plain", {}) == 415
    assert await send(client, kind, b"{") == 400
    assert await send(client, kind, b"\xff") == 400
    assert await send(client, kind, b"[" * 60_000) == 400
    assert await send(client, kind, b"x" * 70_000) == 413
    for body in ([], {}, 7, None, [[[]]], {"csp-report": 7}, [{"type": "csp-violation"}]):
        assert await send(client, kind, body) == 204
    assert await csp_reports.kept(app.desk.database) == []


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(_ANY, _ANY, _ANY)
def test_whatever_is_reported_is_short_and_plain(
    document: Any, directive: Any, blocked: Any
) -> None:
    for _, body in (old(document, directive, blocked), new(document, directive, blocked)):
        for report in csp_reports._reports(body):
            assert all(len(part) <= 200 for part in report)
            assert all(part.isascii() and part.isprintable() for part in report)
            assert "?" not in report.document


@pytest.mark.usefixtures("clean")
async def test_no_more_are_kept_than_there_may_be(
    app: Running, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csp_reports, "MOST", 30)
    client = at(app)
    many = [new(f"/page/{n}", "script-src", "eval")[1][0] for n in range(60)]
    for start in (0, 30):
        assert await send(client, "application/reports+json", many[start : start + 30]) == 204
    assert len(await csp_reports.kept(app.desk.database)) == 30
    first = new("/page/0", "script-src", "eval")
    assert await send(client, *first) == 204
    kept = await csp_reports.kept(app.desk.database)
    assert (kept[0].report.document, kept[0].times) == ("/page/0", 2)


@pytest.mark.usefixtures("clean")
async def test_the_operator_sees_them_and_lets_them_go(app: Running, settings: Settings) -> None:
    said: list[str] = []
    report = csp_reports.Report("/leads", "script-src", "inline")
    await csp_reports.keep(app.desk.database, {report: 3})
    assert await show_reports(settings, said.append, forget=True) == 0
    assert said[0].endswith("     3 times  script-src  inline  on /leads")
    await show_reports(settings, said.append, forget=False)
    assert said[1:] == ["No browser reported anything."]


async def test_the_operator_sets_the_limit_of_an_organisation(
    serve: Serve, few: Settings, at: At, admin: Any, make_organisation: Any, owner: Owner
) -> None:
    said: list[str] = []
    async with serve(few) as running:
        client = at(running)

        async def policy_now() -> str | None:
            for _ in range(2):  # the first tells the process
                answer = await client.get("/v1/leads", headers=admin.headers)
            return answer.headers.get("ratelimit-policy")

        assert await policy_now() == '"person";q=4;w=60'
        for per_minute, told in ((500, '"person";q=500;w=60'), (0, None), (None, None)):
            await set_limit(few, str(admin.tenant), per_minute, said.append)
            if per_minute is not None:
                assert await policy_now() == told
        assert (await policy_now()) == '"person";q=4;w=60'
    assert [one.partition(" may make ")[2] for one in said] == [
        "500 requests a minute.",
        "as many requests as they like.",
        "as many requests as others.",
    ]
    noted = [json.loads(row[0]) for row in await owner.fetch(_LIMITS_SET, admin.tenant)]
    rates = [(one["before"]["rate_per_minute"], one["after"]["rate_per_minute"]) for one in noted]
    assert rates == [(None, 500), (500, 0), (0, None)], "the organisation can see who did it"
    name = f"Twins {new_id().hex}"
    for _ in range(2):
        await make_organisation(name)
    with pytest.raises(Invalid, match="Several"):
        await set_limit(few, name, 1, said.append)
    with pytest.raises(NotFound):
        await set_limit(few, "Nobody & Sons", 1, said.append)
    with pytest.raises(Invalid):
        await set_limit(few, name, -1, said.append)
