"""The API's promises that are the same for every type, as checks; tried here with leads.

Plain functions that raise AssertionError, so that the suite runs them and the suite's own tests
can see them fail where a promise is broken (test_contract_can_fail.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
from tests.conformance.world import World
from tests.factories import Somebody

Check = Callable[[World], Awaitable[None]]
PATH = "/v1/leads"
NAMES = {"first_name": "Ada", "last_name": "Lovelace"}


def refused(answer: httpx.Response, status: int, code: str, *fields: str) -> dict[str, Any]:
    """The answer is a refusal in the one shape, with this status and code, about these fields."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert set(document) == {"success", "error"}
    assert document["success"] is False
    error = document["error"]
    assert set(error) == {"code", "message", "fields"}
    assert error["code"] == code, error
    assert error["message"]
    if fields:
        assert set(error["fields"]) == set(fields)
    return error


async def boss(place: World) -> Somebody:
    """Who may do everything in the world's organisation."""
    return await place.here.person("owner")


async def lead(place: World, **values: Any) -> dict[str, Any]:
    """A new lead."""
    return await place.fine(await boss(place), "POST", PATH, {**NAMES, **values})


# -- paging


async def check_paging(place: World) -> None:
    """50 rows unless asked, at most 100, by cursor or by page, counts of three kinds."""
    who = await boss(place)
    rows = [{**NAMES, "external_id": f"p{n}"} for n in range(120)]
    await place.fine(who, "POST", f"{PATH}/bulk", {"records": rows})
    answer = (await place.call(who, "GET", PATH)).json()
    assert set(answer) == {"success", "data", "meta"}
    assert len(answer["data"]) == 50
    meta = answer["meta"]
    names = {"limit", "next_cursor", "has_more", "count", "count_kind", "cached"}
    assert set(meta) == names
    assert (meta["limit"], meta["has_more"]) == (50, True)
    assert (meta["count"], meta["count_kind"]) == (None, "none")
    counted = (await place.call(who, "GET", f"{PATH}?limit=100&count=capped")).json()
    assert len(counted["data"]) == 100
    assert (counted["meta"]["count"], counted["meta"]["count_kind"]) == (120, "exact")
    long = ("0000000019999", "000000001" + "9" * 5_000)
    for wrong in ("101", "0", "-1", "x", "1.5", "1e1", "", " 5", "٣", "9" * 30, *long):
        answer = await place.call(who, "GET", PATH, params={"limit": wrong})
        if wrong:
            refused(answer, 400, "INVALID_FIELDS", "limit")
    for wrong in ("page=0", "page=x", "page=-1", "page=1000000"):
        refused(await place.call(who, "GET", f"{PATH}?{wrong}"), 400, "INVALID_FIELDS", "page")
    for word in ("all", "estimate"):
        answer = await place.call(who, "GET", f"{PATH}?count={word}")
        refused(answer, 400, "INVALID_FIELDS", "count")
    refused(await place.call(who, "GET", f"{PATH}?limit=1&limit=2"), 400, "INVALID_FIELDS", "limit")
    third = (await place.call(who, "GET", f"{PATH}?page=3&limit=50")).json()
    assert (len(third["data"]), third["meta"]["has_more"]) == (20, False)
    beyond = (await place.call(who, "GET", f"{PATH}?page=4&limit=50")).json()
    assert beyond["data"] == []


async def check_capped_count(place: World) -> None:
    """More than 1,000 rows are counted as at least 1,000."""
    who = await boss(place)
    await place.fine(who, "POST", f"{PATH}/bulk", {"records": [NAMES] * 1_010})
    meta = (await place.call(who, "GET", f"{PATH}?limit=1&count=capped")).json()["meta"]
    assert (meta["count"], meta["count_kind"]) == (1_000, "at_least")


async def check_cursor(place: World) -> None:
    """A cursor is good for its own list alone, and not once a letter of it was changed."""
    who = await boss(place)
    rows = [{**NAMES, "external_id": f"c{n}"} for n in range(5)]
    await place.fine(who, "POST", f"{PATH}/bulk", {"records": rows})
    meta = (await place.call(who, "GET", f"{PATH}?limit=2&sort=-created_at")).json()["meta"]
    cursor = meta["next_cursor"]
    fine = await place.call(who, "GET", f"{PATH}?limit=2&sort=-created_at&cursor={cursor}")
    assert fine.status_code == 200, fine.text
    changed = [
        cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :]
        for n in range(0, len(cursor), 7)
    ]
    for wrong in (*changed, cursor[:-3], cursor + "AAAA", "x", "é", "%00", "=" * 9, "A" * 4_000):
        answer = await place.call(
            who, "GET", PATH, params={"limit": "2", "sort": "-created_at", "cursor": wrong}
        )
        refused(answer, 400, "INVALID_FIELDS", "cursor")
    for other in ("sort=created_at", "sort=-created_at&status=new", "sort=last_name"):
        answer = await place.call(who, "GET", f"{PATH}?limit=2&{other}&cursor={cursor}")
        refused(answer, 400, "INVALID_FIELDS", "cursor")
    answer = await place.call(who, "GET", f"/v1/contacts?limit=2&sort=-created_at&cursor={cursor}")
    refused(answer, 400, "INVALID_FIELDS", "cursor")
    answer = await place.call(who, "GET", f"{PATH}?limit=2&page=2&cursor={cursor}")
    refused(answer, 400, "INVALID_FIELDS", "page")


# -- versions


async def check_etag(place: World) -> None:
    """What did not change is a 304; what changed is a new ETag and never a 304."""
    who = await boss(place)
    record = await lead(place)
    for path in (f"{PATH}/{record['id']}", PATH):
        first = await place.call(who, "GET", path)
        known = {"if-none-match": first.headers["etag"]}
        again = await place.call(who, "GET", path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        changed = {"engagement_count": record["engagement_count"] + 1}
        record = await place.fine(who, "PATCH", f"{PATH}/{record['id']}", changed)
        fresh = await place.call(who, "GET", path, headers=known)
        assert fresh.status_code == 200
        assert fresh.headers["etag"] != first.headers["etag"]


async def check_conditions(place: World) -> None:
    """If-None-Match is understood weakly and among others; bodies are packed as is wanted."""
    who = await boss(place)
    await place.fine(who, "POST", f"{PATH}/bulk", {"records": [NAMES] * 9})
    etag = (await place.call(who, "GET", PATH)).headers["etag"]
    for known, status in (
        (f"W/{etag}", 304),
        (f'"x", {etag}', 304),
        ('"x"', 200),
        (etag[:-1], 200),
        ("", 200),
    ):
        answer = await place.call(who, "GET", PATH, headers={"if-none-match": known})
        assert answer.status_code == status, known
    for taken, packed in (
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br;q=0.9, zstd; q=0.8", "gzip"),
        ("GZIP;Q=0.5", "gzip"),
        ("gzip;q=0", ""),
        ("br;q=0, gzip; q=0.000, zstd;q=0, *", ""),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.1", "br"),
        ("identity, gzip;q=0.5", ""),
        ("gzip;q=wide, deflate", ""),
        ("identity", ""),
    ):
        answer = await place.call(who, "GET", PATH, headers={"accept-encoding": taken})
        assert answer.headers.get("content-encoding", "") == packed, taken
        assert len(answer.json()["data"]) == 9
        assert "Accept-Encoding" in answer.headers["vary"]


async def check_lost_update(place: World) -> None:
    """With If-Match, a change of something older than what is stored is refused with 412."""
    who = await boss(place)
    record = await lead(place)
    target = f"{PATH}/{record['id']}"
    read = await place.call(who, "GET", target)
    mine = {"if-match": read.headers["etag"]}
    first = await place.call(who, "PATCH", target, {"campaign": "a"}, headers=mine)
    assert first.status_code == 200, first.text
    for method, path, body in (
        ("PATCH", target, {"campaign": "b"}),
        ("PUT", target, {"campaign": "b"}),
        ("DELETE", target, None),
        ("POST", f"{target}/moves", {"to": "contacted"}),
    ):
        answer = await place.call(who, method, path, body, headers=mine)
        refused(answer, 412, "VERSION_MISMATCH")
    assert (await place.fine(who, "GET", target))["campaign"] == "a"
    again = {"if-match": first.headers["etag"]}
    assert (await place.call(who, "DELETE", target, headers=again)).status_code == 200
    other = f"{PATH}/{(await lead(place))['id']}"
    wrong = await place.call(who, "PATCH", other, {"campaign": "c"}, headers={"if-match": "x"})
    refused(wrong, 400, "BAD_REQUEST")


async def check_two_writers(place: World) -> None:
    """Of several changes of the same version at once, exactly one is accepted."""
    who = await boss(place)
    record = await lead(place)
    target = f"{PATH}/{record['id']}"
    mine = {"if-match": '"1"'}
    answers = await asyncio.gather(
        *(
            place.call(who, "PATCH", target, {"engagement_count": n}, headers=mine)
            for n in range(1, 6)
        )
    )
    assert sorted(a.status_code for a in answers) == [200, 412, 412, 412, 412]


# -- idempotency


async def check_idempotency(place: World) -> None:
    """The same request with the same key has one effect and one answer; another body is 422."""
    who = await boss(place)
    key = {"idempotency-key": "abc-1"}
    body = {**NAMES, "external_id": "once"}
    first = await place.call(who, "POST", PATH, body, headers=key)
    again = await place.call(who, "POST", PATH, body, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("location", "etag"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(await _leads(place, who)) == 1, "the same request had two effects"
    other = await place.call(who, "POST", PATH, {**body, "campaign": "x"}, headers=key)
    refused(other, 422, "IDEMPOTENCY_KEY_REUSED")
    refused(
        await place.call(who, "POST", f"{PATH}/bulk", {"records": [NAMES]}, headers=key),
        422,
        "IDEMPOTENCY_KEY_REUSED",
    )
    target = first.headers["location"]
    for method, where, sent in (
        ("PATCH", target, {"campaign": "y"}),
        ("POST", f"{target}/moves", {"to": "contacted"}),
        ("PATCH", f"{PATH}/bulk", {"records": [{"id": target[-36:], "campaign": "z"}]}),
        ("DELETE", target, None),
        ("POST", f"{target}/restore", None),
    ):
        key = {"idempotency-key": f"{method}{where}"[:200]}
        answers = [await place.call(who, method, where, sent, headers=key) for _ in range(2)]
        assert answers[0].is_success, answers[0].text
        assert answers[0].content == answers[1].content
    record = await place.fine(who, "GET", target)
    assert record["version"] == 6, "a repeated change was made twice"


async def check_keys_are_personal(place: World) -> None:
    """A key is one person's in one organisation, and a refused request uses none up."""
    key = {"idempotency-key": "shared"}
    people = [
        await boss(place),
        await place.here.person("admin"),
        await place.there.person("owner"),
    ]
    ids = set()
    for who in people:
        answer = await place.call(who, "POST", PATH, NAMES, headers=key)
        assert answer.status_code == 201, answer.text
        ids.add(answer.json()["data"]["id"])
    assert len(ids) == 3, "one person was answered with what another did"
    who = people[0]
    key = {"idempotency-key": "second try"}
    refused(await place.call(who, "POST", PATH, {}, headers=key), 400, "MISSING_FIELDS")
    assert (await place.call(who, "POST", PATH, NAMES, headers=key)).status_code == 201
    for wrong in ("k" * 256, "\x7f"):
        answer = await place.call(who, "POST", PATH, NAMES, headers={"idempotency-key": wrong})
        refused(answer, 400, "INVALID_FIELDS", "Idempotency-Key")


_WAITING = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tenfold.leads'::regclass"
)


async def check_in_flight(place: World) -> None:
    """While the first of two like requests is at work, the second is told so with 409."""
    who = await boss(place)
    key = {"idempotency-key": "slow"}
    async with place.owner.transaction():
        # Holds up whoever inserts, so that the first request is at work for as long as we like.
        await place.owner.execute("LOCK TABLE tenfold.leads IN SHARE ROW EXCLUSIVE MODE")
        first = asyncio.create_task(place.call(who, "POST", PATH, NAMES, headers=key))
        while not await place.owner.fetchval(_WAITING):  # noqa: ASYNC110 - the lock tells nobody
            await asyncio.sleep(0.01)
        second = asyncio.create_task(place.call(who, "POST", PATH, NAMES, headers=key))
        told, _ = await asyncio.wait({second}, timeout=1)
    answer, other = await first, await second
    assert told, "the second request waits instead of being told"
    refused(other, 409, "IN_FLIGHT")
    assert answer.status_code == 201, answer.text
    third = await place.call(who, "POST", PATH, NAMES, headers=key)
    assert third.content == answer.content
    assert len(await _leads(place, who)) == 1


async def _leads(place: World, who: Somebody) -> list[Any]:
    return (await place.call(who, "GET", PATH)).json()["data"]


# -- the page cache


async def check_cache(place: World, elsewhere: httpx.AsyncClient) -> None:
    """A page is answered from memory until something changed, wherever the change was made."""
    who = await boss(place)
    await lead(place)

    async def page() -> tuple[bool, set[str], str]:
        answer = await place.call(who, "GET", PATH)
        document = answer.json()
        return (
            document["meta"]["cached"],
            {r["id"] for r in document["data"]},
            answer.headers["etag"],
        )

    first, again = await page(), await page()
    assert [first[0], again[0]] == [False, True]
    assert first[1:] == again[1:], "being cached is not part of the page's identity"
    made = await elsewhere.post(PATH, json=NAMES, headers=who.headers)
    assert made.status_code == 201, made.text
    cached, ids, etag = await page()
    assert not cached, "a stale page"
    assert made.json()["data"]["id"] in ids, "another process's write is not read"
    assert etag != first[2]
    target = made.headers["location"]
    for method, path, body in (
        ("PATCH", target, {"campaign": "x"}),
        ("POST", f"{target}/moves", {"to": "contacted"}),
        ("DELETE", target, None),
        ("POST", f"{target}/restore", None),
        ("POST", f"{PATH}/bulk", {"records": [NAMES]}),
    ):
        assert (await page())[0] is True or (await page())[0] is True
        answer = await elsewhere.request(method, path, json=body, headers=who.headers)
        assert answer.is_success, answer.text
        assert (await page())[0] is False, f"{method} {path} left a stale page"


async def check_access_change(place: World) -> None:
    """What somebody may not see any more is in no page that was kept for them."""
    who = await place.here.person("member", ["helper"])
    await _grant(place, {"lead": {"read": "all"}, "contact": {"read": "all"}})
    chief = await boss(place)
    contact = await place.make(chief, place.registry.by_name["contact"])
    await lead(place, contact_id=contact["id"])
    page = f"{PATH}?embed=contact"
    for _ in range(2):
        (row,) = await place.fine(who, "GET", page)
        assert row["contact"]["id"] == contact["id"]
    etag = (await place.call(who, "GET", page)).headers["etag"]
    await _grant(place, {"lead": {"read": "all"}})
    (row,) = await place.fine(who, "GET", page)
    assert row["contact"] is None, "a kept page shows what may not be read any more"
    answer = await place.call(who, "GET", page, headers={"if-none-match": etag})
    assert answer.status_code == 200, "a page that shows less was said to be unchanged"
    await _grant(place, {"contact": {"read": "all"}})
    refused(await place.call(who, "GET", page), 403, "FORBIDDEN")


async def _grant(place: World, grants: dict[str, dict[str, str]]) -> None:
    """Say anew what the organisation's role of helpers may do."""
    await place.owner.execute(
        "INSERT INTO tenfold.roles (tenant_id, name, grants) VALUES ($1, 'helper', $2) "
        "ON CONFLICT (tenant_id, name) DO UPDATE SET grants = excluded.grants",
        place.here.id,
        msgspec.json.encode(grants).decode(),
    )
    async with place.owner.transaction():
        await place.owner.execute(f"SET LOCAL app.tenant_id = '{place.here.id}'")
        await place.owner.execute("SELECT tenfold.bump('{members}')")


# -- what can't be read


async def check_bodies(place: World) -> None:
    """Whatever is sent, the answer is a refusal in the one shape, never a failure of ours."""
    who = await boss(place)
    deep = b"[" * 100_000 + b"]" * 100_000
    bodies = {
        b"{": "INVALID_JSON",
        b"[]": "INVALID_JSON",
        b"null": "INVALID_JSON",
        b'"x"': "INVALID_JSON",
        b"\xff\xfe": "INVALID_JSON",
        b'{"first_name": "\xff"}': "INVALID_JSON",
        b'{"first_name": "\\ud800", "last_name": "b"}': "INVALID_JSON",
        b'{"first_name": "a", "last_name": "b", "budget": 1e400}': "INVALID_JSON",
        b'{"first_name": "a", "last_name": "b", "budget": NaN}': "INVALID_JSON",
        b'{"first_name": ' + deep + b"}": "INVALID_JSON",
        deep: "INVALID_JSON",
        b"": "MISSING_FIELDS",
        b"{}": "MISSING_FIELDS",
        b'{"first_name": "a\\u0000", "last_name": "b"}': "INVALID_FIELDS",
        b'{"first_name": "a", "last_name": "b", "budget": 1e300}': "INVALID_FIELDS",
        b'{"first_name": "a", "last_name": "b", "engagement_count": 1e30}': "INVALID_FIELDS",
        b'{"first_name": "a", "last_name": "b", "engagement_count": 1.5}': "INVALID_FIELDS",
        b'{"first_name": "a", "last_name": "b", "preapproved": "yes"}': "INVALID_FIELDS",
        b'{"first_name": "a", "last_name": "b", "areas": ["a\\u0000"]}': "INVALID_FIELDS",
        b'{"first_name": ["a"], "last_name": {"b": 1}}': "INVALID_FIELDS",
        b'{"first_name": "a", "last_name": "b", "custom": []}': "INVALID_FIELDS",
        b'{"first_name": "a", "last_name": "b", "custom": {"x": 1}}': "UNKNOWN_FIELD",
        b'{"first_name": "a", "last_name": "b", "\\u0000": 1}': "UNKNOWN_FIELD",
        b'{"first_name": "a", "last_name": "b", "tenant_id": "x"}': "UNKNOWN_FIELD",
    }
    headers = {"content-type": "application/json"}
    for body, code in bodies.items():
        answer = await place.call(who, "POST", PATH, content=body, headers=headers)
        refused(answer, 400, code)
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = await place.call(who, "POST", PATH, content=b"first_name=a", headers=form)
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    packed = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = await place.call(who, "POST", PATH, content=b"{}", headers=packed)
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    large = b'{"first_name": "' + b"a" * 10_485_761 + b'"}'
    answer = await place.call(who, "POST", PATH, content=large, headers=headers)
    refused(answer, 413, "TOO_LARGE")
    assert await _leads(place, who) == []


async def check_questions(place: World) -> None:
    """Unknown and unreadable parameters are named, with a hint; nothing in a query breaks it."""
    who = await boss(place)
    error = refused(await place.call(who, "GET", f"{PATH}?emial=x"), 400, "UNKNOWN_FIELD", "emial")
    assert "email" in error["fields"]["emial"], "no hint at what was meant"
    for part in ("", "/aggregate"):
        for name in ("sort", "fields") if not part else ("group", "sum"):
            for given in ("emial", "nope"):
                answer = await place.call(who, "GET", f"{PATH}{part}?{name}={given}")
                why = refused(answer, 400, "UNKNOWN_FIELD", name)["fields"][name]
                assert why.startswith(f"'{given}' is not a field of leads; ")
                assert why.count(",") < 10, "all the names there are"
                assert ("did you mean email?" in why) is (given == "emial")
    answer = await place.call(who, "GET", "/v1/contacts?address.city=Paris")
    why = refused(answer, 400, "UNKNOWN_FIELD", "address.city")["fields"]["address.city"]
    assert why.endswith("as a whole only: address=…, address[prefix]=…, address[null]=…")
    answer = await place.call(who, "GET", "/v1/contacts?sort=address.city")
    why = refused(answer, 400, "UNKNOWN_FIELD", "sort")["fields"]["sort"]
    assert why == "'address.city' is not a field; there is address as a whole only"
    for query, field in (
        ("q=ada", "q"),
        ("email[like]=x", "email[like]"),
        ("status=nope", "status"),
        ("budget[gte]=x", "budget[gte]"),
        ("created_at[gt]=yesterday", "created_at[gt]"),
        ("created_at[gt]=9999-12-31T23:59:59-10:00", "created_at[gt]"),
        ("score[gt]=99999999999999999999", "score[gt]"),
        ("email[null]=maybe", "email[null]"),
        ("status=%00", "status"),
        ("sort=a,b,c,d", "sort"),
        ("sort=areas", "sort"),
        ("sort=score,-score", "sort"),
        ("embed=a,b,c,d,e,f", "embed"),
        ("embed=a.b.c", "embed"),
        ("embed=nope", "embed"),
        ("deleted=perhaps", "deleted"),
    ):
        answer = await place.call(who, "GET", f"{PATH}?{query}")
        refused(answer, 400, "INVALID_FIELDS", field)
    refused(await place.call(who, "GET", f"{PATH}?status=%ff"), 400, "BAD_REQUEST")
    many = "&".join(f"email=x{n}" for n in range(101))
    refused(await place.call(who, "GET", f"{PATH}?{many}"), 400, "BAD_REQUEST")
    # What is not heeded is refused, lest somebody rely on it.
    foreign = ("limit=1", "cursor=x", "page=2", "embed=contact", "count=capped", "q=x")
    for kind, names in (("export", foreign), ("aggregate", (*foreign, "sort=id", "deleted=true"))):
        for query in names:
            answer = await place.call(who, "GET", f"{PATH}/{kind}?{query}")
            refused(answer, 400, "UNKNOWN_FIELD", query.partition("=")[0])
    record = await lead(place)
    answer = await place.call(who, "GET", f"{PATH}/{record['id']}?nope=1")
    refused(answer, 400, "UNKNOWN_FIELD", "nope")
    answer = await place.call(who, "GET", f"{PATH}/{record['id']}?fields=nope")
    refused(answer, 400, "UNKNOWN_FIELD", "fields")
    shown = await place.fine(who, "GET", f"{PATH}/{record['id']}?fields=email,score")
    assert set(shown) == {"id", "email", "score"}


async def check_addresses(place: World) -> None:
    """What is nowhere is 404, a method that is not taken 405 with what is."""
    who = await boss(place)
    for path in ("/v1/nothing", "/v1", f"{PATH}/x/y/z", f"{PATH}/not-an-id", f"{PATH}/%00"):
        refused(await place.call(who, "GET", path), 404, "NOT_FOUND")
    record = await lead(place)
    target = f"{PATH}/{record['id']}"
    for odd in (record["id"].replace("-", ""), f"{{{record['id']}}}", record["id"] + "0"):
        refused(await place.call(who, "GET", f"{PATH}/{odd}"), 404, "NOT_FOUND")
    for method, path in (("PUT", PATH), ("DELETE", PATH), ("POST", target), ("TRACE", target)):
        answer = await place.call(who, method, path)
        refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert "GET" in answer.headers["allow"]
    for path in (target, PATH, f"{PATH}/export", "/v1/nothing"):
        read, head = [await place.call(who, method, path) for method in ("GET", "HEAD")]
        assert (head.status_code, head.content) == (read.status_code, b"")
        for name in ("etag", "content-type"):
            assert head.headers.get(name) == read.headers.get(name), name
    for path, methods in (
        (target, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        (PATH, "GET, HEAD, OPTIONS, POST"),
        (f"{PATH}/bulk", "DELETE, OPTIONS, PATCH, POST"),
        ("/v1/auth/login", "OPTIONS, POST"),
    ):
        options = await place.app.client.options(path)
        assert (options.status_code, options.content) == (204, b""), path
        assert options.headers["allow"] == methods
        assert "content-length" not in options.headers
    refused(await place.call(who, "OPTIONS", "/v1/nothing/at/all/of/it"), 404, "NOT_FOUND")


async def check_signed_in(place: World) -> None:
    """Without a good token there is nothing; each way of not having one has its code."""
    who = await boss(place)
    client = place.app.client
    refused(await client.get(PATH), 401, "NO_TOKEN")
    half = who.token.rpartition(".")[0]
    for wrong in ("Bearer x", "Basic abc", "Bearer ", f"Bearer {half}.AAAA", "Bearer é"):
        answer = await client.get(PATH, headers={b"authorization": wrong.encode("latin-1")})
        refused(answer, 401, "INVALID_TOKEN")
        assert answer.headers["www-authenticate"] == "Bearer"
    reader = await place.here.person("read-only")
    refused(await place.call(reader, "POST", PATH, NAMES), 403, "FORBIDDEN")
    answer = await place.call(who, "GET", PATH, headers={"x-request-id": "given-by-me-1"})
    assert answer.headers["x-request-id"] == "given-by-me-1"
    answer = await place.call(who, "GET", PATH, headers={"x-request-id": "bad id\t"})
    assert answer.headers["x-request-id"] != "bad id\t"
    assert answer.headers["x-content-type-options"] == "nosniff"


# -- values


async def check_moves(place: World) -> None:
    """A move's own fields are named when they are wrong, and its reason stays with it."""
    who = await boss(place)
    target = f"{PATH}/{(await lead(place))['id']}/moves"
    for body, code, field in (
        ({}, "MISSING_FIELDS", "to"),
        ({"to": "nope"}, "INVALID_FIELDS", "to"),
        ({"to": 5}, "INVALID_FIELDS", "to"),
        ({"to": "contacted", "reason": "\x00"}, "INVALID_FIELDS", "reason"),
        ({"to": "contacted", "reason": "x" * 1_001}, "INVALID_FIELDS", "reason"),
    ):
        refused(await place.call(who, "POST", target, body), 400, code, field)
    answer = await place.call(who, "POST", target, {"to": "contacted", "reason": "rang"})
    assert answer.status_code == 201, answer.text
    (moved,) = await place.fine(who, "GET", answer.headers["location"])
    assert (moved["old"], moved["to"], moved["reason"]) == ("new", "contacted", "rang")


async def check_amounts(place: World) -> None:
    """Amounts are major units of their own currency, with as many places as it has."""
    for currency, given, shown in (
        ("USD", 500_000, 500_000),
        ("USD", 0.01, 0.01),
        ("USD", 12.3, 12.3),
        ("JPY", 1_000, 1_000),
        ("KWD", 1.234, 1.234),
        ("eur", 9.99, 9.99),
        ("USD", 90_071_992_547_409.91, 90_071_992_547_409.91),
    ):
        record = await lead(place, budget=given, budget_currency=currency)
        assert record["budget"] == shown, f"{given} {currency} became {record['budget']}"
        assert record["budget_currency"] == currency.upper()
    who = await boss(place)
    for currency, wrong in (
        ("USD", 0.001),
        ("JPY", 0.5),
        ("KWD", 1.2345),
        ("XXX", 1),
        ("DOLLARS", 1),
        ("USD", -1),
        ("USD", 1e17),
        ("USD", "1,000"),
        ("USD", True),
    ):
        body = {**NAMES, "budget": wrong, "budget_currency": currency}
        answer = await place.call(who, "POST", PATH, body)
        refused(answer, 400, "INVALID_FIELDS")
    found = await place.fine(who, "GET", f"{PATH}?budget=12.3")
    assert [r["budget"] for r in found] == [12.3]


async def check_texts(place: World) -> None:
    """Phones, dates and mail addresses are kept in one form, whichever way they are written."""
    who = await boss(place)
    for given, kept in (
        ("(415) 555-2671", "+14155552671"),
        ("+44 20 7946 0958", "+442079460958"),
        ("1-415-555-2671", "+14155552671"),
        ("+1 415 555 2671 ext. 12", "+14155552671;ext=12"),
    ):
        assert (await lead(place, phone=given))["phone"] == kept
    for given, kept in (
        ("2026-11-21T09:30:00Z", "2026-11-21T09:30:00+00:00"),
        ("2026-11-21T09:30:00+02:00", "2026-11-21T07:30:00+00:00"),
        ("2026-11-21T09:30:00.123456-05:30", "2026-11-21T15:00:00.123456+00:00"),
    ):
        assert (await lead(place, next_touch=given))["next_touch"] == kept
    assert (await lead(place, email=" Ada@EXAMPLE.com "))["email"] == "ada@example.com"
    assert (await lead(place, first_name="  Ada \n Maria "))["first_name"] == "Ada Maria"
    for field, wrongs in {
        "phone": ("12", "call me", 4155552671, "+1", "555-2671", "030 1234567"),
        "next_touch": ("2026-11-21T09:30:00", "2026-11-21", "soon", "2026-02-30T00:00:00Z", 5),
        "email": ("ada", "ada@", "@example.com", "a b@example.com", ["a@example.com"]),
        "first_name": ("", "   ", "x" * 501, 5, None),
    }.items():
        for wrong in wrongs:
            answer = await place.call(who, "POST", PATH, {**NAMES, field: wrong})
            refused(answer, 400, "INVALID_FIELDS", field)


async def check_limits(place: World, strict: httpx.AsyncClient) -> None:
    """Beyond the limit of one's own requests the answer is 429, and says when to come back."""
    who = await boss(place)
    answers = [await strict.get(PATH, headers=who.headers) for _ in range(5)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
    assert '"person";r=2;' in answers[0].headers["ratelimit"]
    assert answers[0].headers["ratelimit-policy"] == '"person";q=3;w=60'
    refused(answers[3], 429, "RATE_LIMITED")
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    other = await place.here.person("admin")
    assert (await strict.get(PATH, headers=other.headers)).status_code == 200


async def check_queries(place: World, counter: Any) -> None:
    """A page costs one statement beside that of the checkout, and none when it is kept."""
    who = await boss(place)
    await lead(place)
    await place.call(who, "GET", f"{PATH}?limit=9")
    for path, most in ((f"{PATH}?limit=9", 1), (f"{PATH}?limit=8", 2), (f"{PATH}?limit=8", 1)):
        counter.clear()
        await place.call(who, "GET", path)
        assert len(counter) <= most, counter.statements
    counter.clear()
    await place.fine(who, "POST", PATH, NAMES)
    assert len(counter) <= 4, counter.statements
    counter.clear()
    await place.fine(who, "POST", f"{PATH}/bulk", {"records": [NAMES] * 200})
    assert len(counter) <= 5, "the statements of a bulk request grow with its rows"
