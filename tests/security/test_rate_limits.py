"""Who may ask how often, and that nobody gets around it (RELIABILITY, row "Rate bypass")."""

from __future__ import annotations

from typing import Any

import http_sf
import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Running, Serve
from tests.factories import Organisation, Owner, Somebody
from tests.security.conftest import At, network, somewhere

from tenfold.kernel.ids import NIL, new_id
from tenfold.kernel.settings import Settings
from tenfold.web.api import document
from tenfold.web.limits import Allowance, Limit
from tenfold.web.limits.limit import headers as limit_headers
from tenfold.web.pages.assets import assets

pytestmark = pytest.mark.anyio


async def codes(*asked: Any) -> list[int]:
    """The statuses of answers, asked one after the other."""
    return [(await one).status_code for one in asked]


def state(answer: httpx.Response) -> dict[str, Any]:
    """What the answer says of limits, by their names."""
    found = {}
    for name in ("ratelimit-policy", "ratelimit"):
        for item in http_sf.parse(answer.headers[name].encode(), tltype="list"):
            found.setdefault(item[0], {}).update(item[1])
    return found


# -- people


async def test_a_persons_requests_are_counted_over_all_processes(
    serve: Serve, few: Settings, at: At, admin: Somebody
) -> None:
    async with serve(few) as one, serve(few) as other:
        clients = [at(one), at(other)]
        answers = [await clients[n % 2].get("/v1/leads", headers=admin.headers) for n in range(5)]
    assert [a.status_code for a in answers] == [200, 200, 200, 200, 429]
    said = [state(a)["person"] for a in answers]
    assert [s["r"] for s in said] == [3, 2, 1, 0, 0]
    assert all((s["q"], s["w"]) == (4, 60) for s in said)
    assert 1 <= int(answers[4].headers["retry-after"]) <= 15
    assert answers[4].json()["error"]["code"] == "RATE_LIMITED"


async def test_many_sessions_of_one_person_share_the_limit(
    strict: Running, at: At, app: Running, organisation: Organisation, owner: Owner
) -> None:
    person = await organisation.person("owner")
    tokens = [person.token]
    for _ in range(4):
        session = new_id()
        await owner.execute(
            "INSERT INTO tenfold.sessions (id, user_id, tenant_id, expires_at) "
            "VALUES ($1, $2, $3, now() + interval '7 days')",
            session, person.id, person.tenant,
        )  # fmt: skip
        tokens.append(app.desk.tokens.sign(person.id, person.tenant, session))
    asked = [
        at(strict).get("/v1/leads", headers={"authorization": f"Bearer {token}"})
        for token in tokens
    ]
    assert await codes(*asked) == [200, 200, 200, 200, 429]


async def test_a_browsers_session_and_a_token_count_for_the_same_person(
    strict: Running, at: At, admin: Somebody
) -> None:
    browser = at(strict)
    browser.cookies.set("session", admin.token, domain="tenfold.test")
    assert await codes(*(browser.get("/menu") for _ in range(3))) == [200] * 3
    asked = [at(strict).get("/v1/leads", headers=admin.headers) for _ in range(2)]
    assert await codes(*asked) == [200, 429]
    page = await browser.get("/menu", headers={"accept": "text/html"})
    assert page.status_code == 429
    assert "A little slower, please" in page.text
    assert int(page.headers["retry-after"]) > 0


async def test_searching_as_one_types_has_a_limit_of_its_own(
    strict: Running, at: At, admin: Somebody
) -> None:
    partial = {"hx-request": "true", "hx-request-type": "partial"}
    browser = at(strict)
    browser.cookies.set("session", admin.token, domain="tenfold.test")
    typed = [
        browser.get("/search?q=a", headers=partial),
        browser.get("/leads?q=a", headers=partial),
        browser.get("/leads/pick?field=contact&q=a"),
        browser.get("/v1/search?q=a", headers=admin.headers),
        browser.get("/v1/leads/search?q=a", headers=admin.headers),
        browser.get("/v1/leads/search/?q=a", headers=admin.headers),
        browser.get("/v1/search?q=b", headers=admin.headers),
    ]
    assert await codes(*typed) == [200] * 6 + [429]
    others = [browser.get("/v1/leads", headers=admin.headers) for _ in range(5)]
    assert await codes(*others) == [200] * 4 + [429]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/leads?q=search"),
        ("GET", "/v1/LEADS/SEARCH"),
        ("POST", "/v1/leads/search"),
        ("GET", "/v1/leads/x/search"),
        ("GET", "/v1/leads%2fsearch/x"),
        ("GET", "/leads?q=a"),
    ],
)
async def test_what_is_no_search_does_not_pass_for_one(
    strict: Running, at: At, admin: Somebody, method: str, path: str
) -> None:
    answer = await at(strict).request(method, path, headers=admin.headers)
    assert list(state(answer)) == ["person"]


async def test_an_organisation_may_have_a_limit_of_its_own(
    strict: Running, at: At, admin: Somebody, stranger: Organisation, owner: Owner
) -> None:
    rate = "UPDATE tenfold.tenants SET rate_per_minute = $2 WHERE id = $1"
    other = await stranger.person("owner", name="unlimited")
    client = at(strict)

    async def most(who: Somebody) -> int | None:
        answer = await client.get("/v1/leads", headers=who.headers)
        return state(answer)["person"]["q"] if "ratelimit" in answer.headers else None

    await owner.execute(rate, admin.tenant, 1_000)
    await client.get("/v1/leads", headers=admin.headers)
    assert (await most(admin), await most(other)) == (1_000, 4)
    for per_minute, shown in ((2_000, 2_000), (0, None), (None, 4)):
        await owner.execute(rate, admin.tenant, per_minute)
        await _members_changed(strict, admin)
        await client.get("/v1/leads", headers=admin.headers)
        assert await most(admin) == shown


async def _members_changed(running: Running, somebody: Somebody) -> None:
    from tenfold.kernel.context import Context  # noqa: PLC0415

    async with running.desk.database.transaction(Context(somebody.tenant, None)) as tx:
        tx.touch("members")


# -- addresses


ANONYMOUS = [
    ("GET", "/v1/leads"),
    ("POST", "/v1/leads"),
    ("GET", "/v1/nothing/at/all"),
    ("GET", "/login"),
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/docs/leads"),
    ("GET", "/openapi.json"),
    ("GET", "/metrics"),
    ("GET", "/no/such/page"),
    ("GET", "/static/none.css"),
    ("HEAD", "/login"),
    ("OPTIONS", "/v1/leads"),
    ("DELETE", "/v1/health"),
    ("GET", "/v1/auth/me"),
    ("POST", "/v1/auth/logout"),
    ("POST", "/v1/auth/refresh"),
    ("POST", "/v1/csp-reports"),
]
"""What anybody may ask for, and what is refused to strangers."""


@pytest.mark.parametrize(("method", "path"), ANONYMOUS)
async def test_all_that_strangers_ask_is_counted(
    strict: Running, at: At, method: str, path: str
) -> None:
    client = at(strict)
    answers = [await client.request(method, path) for _ in range(6)]
    counted = [state(a)["address"]["r"] for a in answers]
    assert counted == [4, 3, 2, 1, 0, 0]
    assert [a.status_code == 429 for a in answers] == [False] * 5 + [True]
    assert 1 <= int(answers[5].headers["retry-after"]) <= 180


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic bm9ib2R5"},
        {"authorization": ""},
        {"cookie": "session=nonsense"},
        {"cookie": "refreshToken=nonsense"},
        {"cookie": "session=nonsense; refreshToken=nonsense"},
        {"cookie": "__Host-refreshToken=nonsense; theme=dark"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/leads", "/leads", "/docs", "/login", "/nothing"])
async def test_a_credential_that_is_none_makes_nobody_known(
    strict: Running, at: At, path: str, headers: dict[str, str]
) -> None:
    client = at(strict)
    answers = [await client.get(path, headers=headers) for _ in range(7)]
    assert [a.status_code == 429 for a in answers] == [False] * 5 + [True] * 2
    assert {a.content[:1] for a in answers[5:]} <= {b"{", b"<"}


@pytest.mark.parametrize("cookie", ["", "theme=dark", "refreshToken=x", "session=x"])
async def test_what_is_refused_was_not_done(
    strict: Running, at: At, owner: Owner, cookie: str
) -> None:
    client, page = at(strict), f"/{new_id().hex[:20]}"
    report = {"csp-report": {"document-uri": f"http://x{page}", "blocked-uri": "inline"}}
    sent = {"content-type": "application/csp-report", **({"cookie": cookie} if cookie else {})}
    body = msgspec.json.encode(report)
    asked = [client.post("/v1/csp-reports", content=body, headers=sent) for _ in range(8)]
    assert await codes(*asked) == [204] * 5 + [429] * 3
    kept = "SELECT n FROM tenfold.csp_reports WHERE document = $1"
    assert await owner.fetchval(kept, page) == 5


async def test_health_and_the_pages_files_are_not_counted(strict: Running, at: At) -> None:
    free = ["/v1/health", *assets().addresses[:2], *document.ASSETS]
    client = at(strict)
    for path in free:
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers
    asked = [client.get("/login") for _ in range(6)]
    assert await codes(*asked) == [200] * 5 + [429]
    assert await codes(*(client.get(path) for path in free)) == [200] * len(free)


SPOOFS = [
    {"x-forwarded-for": "198.51.100.{n}"},
    {"x-forwarded-for": "198.51.100.{n}, 127.0.0.1"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"forwarded": "for=198.51.100.{n}"},
    {"x-real-ip": "198.51.100.{n}"},
    {"x-client-ip": "198.51.100.{n}", "true-client-ip": "198.51.100.{n}"},
    {"cf-connecting-ip": "198.51.100.{n}", "x-cluster-client-ip": "198.51.100.{n}"},
    {"user-agent": "browser {n}"},
    {"x-request-id": "request-{n}-{n}"},
]


@pytest.mark.parametrize("spoof", SPOOFS, ids=lambda s: next(iter(s)))
async def test_headers_that_name_another_address_change_no_count(
    strict: Running, at: At, spoof: dict[str, str]
) -> None:
    client = at(strict)
    asked = [
        client.get("/login", headers={k: v.format(n=n) for k, v in spoof.items()}) for n in range(6)
    ]
    assert await codes(*asked) == [200] * 5 + [429]


async def test_spellings_and_methods_change_no_count(strict: Running, at: At) -> None:
    spelt = [
        ("GET", "/login"),
        ("GET", "/login/"),
        ("GET", "/LOGIN"),
        ("GET", "/%6cogin"),
        ("GET", "//login"),
        ("HEAD", "/login%2f"),
        ("OPTIONS", "/login;x=1"),
        ("PATCH", "/login?x=1"),
        ("MADEUP", "/login/../login"),
    ]
    client = at(strict)
    answers = [await client.request(method, path) for method, path in spelt]
    assert [a.status_code == 429 for a in answers] == [False] * 5 + [True] * 4


@pytest.mark.parametrize(
    "path", ["/v1/auth/login", "/v1/auth/login/", "/v1/auth%2flogin", "/v1/%61uth/login"]
)
async def test_tries_to_sign_in_are_counted_apart(strict: Running, at: At, path: str) -> None:
    client, form = at(strict), {"email": f"{new_id().hex}@example.com", "password": "x" * 8}
    answers = [await client.post("/v1/auth/login", json=form) for _ in range(3)]
    answers.append(await client.post(path, json=form))
    with_query = await client.post(f"{path}?x=1", json=form)
    assert with_query.status_code != 401, "it is a try, and was not counted"
    answers.append(await client.post("/login", data=form))
    answers.append(await client.get("/login"))
    assert [a.status_code for a in answers] == [401, 401, 401, 429, 429, 429]
    assert state(answers[0]) == {
        "address": {"q": 5, "w": 900, "r": 4, "t": 180},
        "sign-in": {"q": 3, "w": 60, "r": 2, "t": 20},
    }
    assert state(answers[3])["sign-in"]["r"] == 0
    assert list(state(answers[5])) == ["address"]


async def test_whatever_strangers_may_try_uses_up_the_same_tries(strict: Running, at: At) -> None:
    client = at(strict)
    document = (await client.get("/openapi.json")).json()
    kinds = document["components"]["schemas"]
    tried: list[str] = []
    for path, item in document["paths"].items():
        one = item.get("post", {})
        if not path.startswith("/v1/auth/") or one.get("security") != []:
            continue
        if path in ("/v1/auth/refresh", "/v1/auth/logout"):  # by the cookie, which one has or not
            continue
        body = None
        if "requestBody" in one:
            kind = one["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            body = sample(kinds[kind.rpartition("/")[2]], kinds)
        fresh = at(strict)
        await fresh.post("/v1/auth/login", json={"email": "x", "password": "x"})
        statuses = [(await fresh.post(path, json=body)).status_code for _ in range(3)]
        assert 429 not in statuses[:2], (path, statuses)
        assert statuses[2] == 429, (path, statuses)
        tried.append(path)
    assert {"/v1/auth/login", "/v1/auth/register", "/v1/auth/password-reset"} <= set(tried)


def sample(schema: dict[str, Any], kinds: dict[str, Any]) -> Any:
    """A value that a schema allows."""
    if "$ref" in schema:
        return sample(kinds[schema["$ref"].rpartition("/")[2]], kinds)
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], kinds)
    if schema.get("type") == "object":
        needed = schema.get("required", [])
        return {name: sample(schema["properties"][name], kinds) for name in needed}
    if schema.get("type") == "array":
        return []
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "uuid":
        return str(new_id())
    return "x" * max(40, schema.get("minLength", 0)) if schema.get("type") == "string" else None


async def test_the_addresses_of_an_ipv6_network_count_as_one(strict: Running, at: At) -> None:
    site = network()
    others = [at(strict, f"{site}:{n:x}::1").get("/login") for n in range(6)]
    assert await codes(*others) == [200] * 6
    rotated = [at(strict, f"{site}:0:{n:x}:{n + 7:x}::{n:x}").get("/login") for n in range(6)]
    assert await codes(*rotated) == [200] * 4 + [429] * 2


async def test_ipv4_in_ipv6_counts_as_its_ipv4(strict: Running, at: At) -> None:
    plain = somewhere()
    asked = [at(strict, address).get("/login") for address in [f"::ffff:{plain}", plain] * 3]
    assert await codes(*asked) == [200] * 5 + [429]


# -- headers


@given(
    st.sampled_from(["person", "search", "address", "sign-in"]),
    st.integers(1, 10_000),
    st.integers(1, 3_600),
    st.floats(0, 4_000),
)
def test_what_is_said_of_limits_is_a_structured_field(
    name: str, most: int, window: int, busy: float
) -> None:
    limit = Limit(name, most, window)
    made = dict(limit_headers([Allowance(limit, busy), Allowance(Limit("other", 1, 1), 0.5)]))
    policy, second = http_sf.parse(made[b"ratelimit-policy"], tltype="list")
    assert policy == (name, {"q": most, "w": window})
    assert second == ("other", {"q": 1, "w": 1})
    (shown, now), _ = http_sf.parse(made[b"ratelimit"], tltype="list")
    assert shown == name
    assert 0 <= now["r"] <= most
    assert now["t"] >= 0
    wait = Allowance(limit, busy).wait
    assert (wait > 0) == (busy > window + 1e-6)
    assert now["r"] == 0 or wait == 0


def test_no_limit_says_nothing() -> None:
    assert limit_headers([]) == []


async def test_a_persons_limit_is_not_used_up_by_strangers_and_the_other_way_round(
    strict: Running, at: At, admin: Somebody
) -> None:
    client = at(strict)
    assert (await codes(*(client.get("/login") for _ in range(6))))[-1] == 429
    asked = [client.get("/v1/leads", headers=admin.headers) for _ in range(5)]
    assert await codes(*asked) == [200] * 4 + [429]
    assert (await client.get(f"/v1/leads/{NIL}")).status_code == 429


async def test_limits_may_be_switched_off_one_by_one(
    serve: Serve, few: Settings, at: At, admin: Somebody
) -> None:
    off = msgspec.structs.replace(few, rate_per_minute=0, rate_anonymous=0)
    async with serve(off) as running:
        client = at(running)
        assert await codes(*(client.get("/login") for _ in range(7))) == [200] * 7
        asked = [client.get("/v1/leads", headers=admin.headers) for _ in range(6)]
        assert await codes(*asked) == [200] * 6
        asked = [client.get("/v1/search?q=a", headers=admin.headers) for _ in range(7)]
        assert await codes(*asked) == [200] * 6 + [429]
