"""Under which names it answers, and that no other gets into a link (row "Host header")."""

from __future__ import annotations

import socket

import msgspec
import pytest
from tests.accounts.letters import work_off, written
from tests.conftest import Running, Serve
from tests.security.conftest import At, somewhere

from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import SettingError, Settings, from_environment
from tenfold.web.hosts import Hosts

pytestmark = pytest.mark.anyio
PUBLIC = "https://crm.example.com"
STRANGE = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example@localhost",
    "localhost@evil.example",
    "localhost, evil.example",
    "localhost/evil",
    "localhost:80:80",
    "localhost:evil",
    "[::1",
    "[evil.example]",
    "",
    " ",
    "локальный",
]


@pytest.mark.parametrize("host", STRANGE)
async def test_an_unknown_host_is_refused(app: Running, at: At, host: str) -> None:
    headers = {"host": host.encode()}
    for path in ("/v1/leads", "/login", "/openapi.json", "/static/none.css"):
        answer = await at(app).get(path, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "UNKNOWN_HOST"
        assert "set-cookie" not in answer.headers


async def test_probes_may_know_an_address_alone(app: Running, at: At) -> None:
    for host in ("10.7.0.3:8000", "evil.example", "pod-7"):
        assert (await at(app).get("/v1/health", headers={"host": host})).status_code == 200


async def test_two_hosts_are_none(app: Running, at: At) -> None:
    headers = [("host", "evil.example"), ("host", "tenfold.test")]
    answer = await at(app).get("/login", headers=headers)
    assert answer.json()["error"]["code"] == "UNKNOWN_HOST"


async def test_the_refusal_is_no_page_of_theirs(app: Running, at: At) -> None:
    evil = {"host": "evil.example", "accept": "text/html"}
    answer = await at(app).get("/login", headers=evil)
    assert (answer.status_code, "evil.example" in answer.text) == (400, True)
    assert "//evil.example" not in answer.text


@pytest.mark.parametrize(
    ("settings", "known", "unknown"),
    [
        (
            Settings(),
            ["127.0.0.1:8000", "localhost", "LOCALHOST.:1", "a.localhost", "[::1]:80", "10.1.2.3"],
            ["crm.example.com", "localhosts"],
        ),
        (
            Settings(),
            [socket.gethostname(), f"{socket.gethostname()}.local:8000"],
            [f"{socket.gethostname()}.evil.example", "other.local"],
        ),
        (Settings(host="crm.local"), ["crm.local", "[2001:db8::1]"], ["crm"]),
        (
            Settings(public_url=PUBLIC),
            ["crm.example.com", "CRM.example.com:443", "crm.example.com."],
            ["localhost", "127.0.0.1", "example.com", "a.crm.example.com", "[::1]"],
        ),
        (
            Settings(public_url=PUBLIC, hosts="crm, 10.0.0.5,Intern.Example"),
            ["crm:8000", "10.0.0.5", "intern.example", "crm.example.com"],
            ["10.0.0.6"],
        ),
    ],
)
def test_which_hosts_are_ours(settings: Settings, known: list[str], unknown: list[str]) -> None:
    hosts = Hosts(settings)
    assert [h for h in known if not hosts.know(h)] == []
    assert [h for h in unknown if hosts.know(h)] == []


@pytest.mark.parametrize("wrong", ["https://crm.example.com", "crm:8000", "*.example.com", "a b"])
def test_what_is_no_host_name_is_refused(wrong: str) -> None:
    with pytest.raises(SettingError, match="TENFOLD_HOSTS"):
        from_environment({"TENFOLD_HOSTS": wrong})


async def test_a_strangers_forwarded_host_is_nothing(app: Running, at: At) -> None:
    for name in ("x-forwarded-host", "x-host", "forwarded", "x-original-host"):
        evil = {name: "host=evil.example" if name == "forwarded" else "evil.example"}
        answer = await at(app).get("/leads", headers={**evil, "accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/leads")
        assert "evil.example" not in str(answer.headers)


async def test_a_proxys_forwarded_host_is_checked_like_any(
    serve: Serve, settings: Settings, at: At
) -> None:
    proxy = somewhere()
    behind = msgspec.structs.replace(settings, trusted_proxies=proxy, hosts="crm.example.com")
    async with serve(behind) as running:
        client = at(running, proxy, "http://inside")
        for host, status in (("crm.example.com", 200), ("evil.example", 400)):
            answer = await client.get("/login", headers={"x-forwarded-host": host})
            assert answer.status_code == status


async def test_the_document_and_redirects_name_the_configured_address(
    serve: Serve, settings: Settings, at: At
) -> None:
    proxy = somewhere()
    behind = msgspec.structs.replace(
        settings, public_url=PUBLIC, hosts="other.example.com", trusted_proxies=proxy
    )
    async with serve(behind) as running:
        client = at(running, proxy, "http://other.example.com")
        https = {"x-forwarded-proto": "https"}
        document = (await client.get("/openapi.json", headers=https)).json()
        assert [one["url"] for one in document["servers"]] == [PUBLIC]
        moved = await client.get("/login", headers={"x-forwarded-proto": "http"})
    assert (moved.status_code, moved.headers["location"]) == (308, f"{PUBLIC}/login")


async def test_a_letter_leads_to_the_configured_address(
    serve: Serve, settings: Settings, at: At
) -> None:
    proxy, email = somewhere(), f"{new_id().hex}@example.com"
    behind = msgspec.structs.replace(
        settings, public_url=PUBLIC, hosts="other.example.com", trusted_proxies=proxy
    )
    said = {
        "x-forwarded-proto": "https",
        "x-forwarded-host": "other.example.com",
        "x-original-host": "evil.example",
        "forwarded": "host=evil.example",
        "origin": "https://other.example.com",
        "referer": "https://other.example.com/login",
    }
    async with serve(behind) as running:
        client = at(running, proxy, "http://other.example.com")
        names = {"firstName": "Ada", "lastName": "Byron", "organization": "Looms"}
        person = {"email": email, "password": "plum harbour lantern 42", **names}
        for path, body in (("register", person), ("password-reset", {"email": email})):
            answer = await client.post(f"/v1/auth/{path}", json=body, headers=said)
            assert answer.status_code in (201, 202), answer.text
        await work_off(running)
        letters = [one.letter.text for one in await written(running, email)]
    assert len(letters) == 2
    assert all(f"{PUBLIC}/" in text for text in letters)
    assert not [text for text in letters if "other.example" in text or "evil" in text]


# -- http becomes https


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/leads?status=new&q=a%20b", "/leads?status=new&q=a%20b"),
        ("/leads/%C3%BC?x=%2F", "/leads/%C3%BC?x=%2F"),
        ("//evil.example/x", "/evil.example/x"),
        ("/%5C%5Cevil.example", "/%5C%5Cevil.example"),
        ("/%0d%0aset-cookie:x", "/%0D%0Aset-cookie:x"),
    ],
)
async def test_http_is_sent_to_https_at_the_public_address(
    serve: Serve, settings: Settings, at: At, path: str, there: str
) -> None:
    proxy = somewhere()
    behind = msgspec.structs.replace(settings, public_url=PUBLIC, trusted_proxies=proxy)
    async with serve(behind) as running:
        plain, tls = {"x-forwarded-proto": "http"}, {"x-forwarded-proto": "https"}
        client = at(running, proxy, "http://crm.example.com")
        # Past the proxy, too, and whatever somebody says of themselves who is none of ours.
        direct = at(running, base="http://crm.example.com")
        for asks, headers in ((client, plain), (direct, {}), (direct, plain)):
            for method in ("GET", "HEAD"):
                answer = await asks.request(
                    method, f"http://crm.example.com{path}", headers=headers
                )
                assert answer.status_code == 308
                assert answer.headers["location"] == f"{PUBLIC}{there}"
        assert (await client.get("/login", headers=tls)).status_code == 200
        assert (await client.get("/v1/health", headers=plain)).status_code == 200


async def test_a_proxy_that_does_not_say_by_what_is_not_sent_in_a_circle(
    serve: Serve, settings: Settings, at: At
) -> None:
    proxy = somewhere()
    behind = msgspec.structs.replace(settings, public_url=PUBLIC, trusted_proxies=proxy)
    async with serve(behind) as running:
        answer = await at(running, proxy, "http://crm.example.com").get("/login")
        assert answer.status_code == 400
        assert "X-Forwarded-Proto" in answer.text


_SIGNED = {"authorization": "Bearer s3cret"}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/leads", {}),
        ("GET", "/v1/leads", _SIGNED),
        ("POST", "/v1/auth/login", {}),
        ("POST", "/v1/csp-reports", {}),
        ("GET", "/scim/v2/Users", _SIGNED),
        ("POST", "/login", {}),
        ("DELETE", "/login", {}),
        ("GET", "/leads", _SIGNED),
    ],
)
@pytest.mark.parametrize("way", ["proxy", "past"])
async def test_nothing_that_could_be_a_secret_is_taken_by_http(
    serve: Serve, settings: Settings, at: At, method: str, path: str, headers: dict[str, str],
    way: str,
) -> None:  # fmt: skip
    proxy = somewhere()
    behind = msgspec.structs.replace(settings, public_url=PUBLIC, trusted_proxies=proxy)
    async with serve(behind) as running:
        client = at(running, proxy if way == "proxy" else "", "http://crm.example.com")
        answer = await client.request(method, path, headers=headers)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert answer.json()["error"]["code"] == "HTTPS_REQUIRED"
        assert PUBLIC in answer.json()["error"]["message"]


async def test_probes_ask_by_http(serve: Serve, settings: Settings, at: At) -> None:
    behind = msgspec.structs.replace(settings, public_url=PUBLIC, hosts="127.0.0.1")
    async with serve(behind) as running:
        client = at(running, "127.0.0.1", "http://127.0.0.1")
        for path in ("/v1/health", "/metrics"):
            assert (await client.get(path)).status_code == 200, path


@pytest.mark.parametrize("said", [{"x-forwarded-proto": "https"}, {"x-forwarded-for": "1.2.3.4"}])
async def test_a_forgotten_proxy_is_told_what_to_set(
    serve: Serve, settings: Settings, at: At, said: dict[str, str]
) -> None:
    behind = msgspec.structs.replace(settings, public_url=PUBLIC)
    async with serve(behind) as running:
        client = at(running, base="http://crm.example.com")
        for path in ("/login", "/v1/leads"):
            answer = await client.get(path, headers=said)
            assert answer.status_code == 400, "else it would be sent to https for ever"
            assert "TENFOLD_TRUSTED_PROXIES" in answer.text
