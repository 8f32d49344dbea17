"""Nobody is sent from here to another site (RELIABILITY, row "Open redirect")."""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.conftest import Running
from tests.factories import Somebody
from tests.security.conftest import HOST, At

from tenfold.web.safe_next import safe_next

pytestmark = pytest.mark.anyio
EVIL = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "//evil.example@tenfold.test",
    "https://tenfold.test@evil.example",
    "@evil.example",
    "/\x00/evil.example",
    "\x00//evil.example",
    "%00//evil.example",
    "//[evil",
    "/.//evil.example",
    "/..//evil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "／／evil.example",
    "/／evil.example",
    "next=//evil.example",
    "/leads\r\nset-cookie: x=y",
    "?next=//evil.example",
    "#//evil.example",
    ".evil.example",
]
_PARTS = st.sampled_from(
    ["/", "\\", "//", "evil.example", "@", ":", "https:", "javascript:", "\t", "\n", " ", "\x00",
     "%00", "%2f", "%5c", "?", "#", ".", "..", "tenfold.test", "[", "]", ";", "é", "／", "\u2028"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(_PARTS, max_size=8).map("".join))


def follow(location: str) -> str:
    """Where a browser goes (WHATWG URL): it drops tabs and newlines, and takes \\ for /."""
    seen = re.sub(r"[\t\r\n]", "", location).strip("".join(map(chr, range(33))))
    return urljoin(f"{HOST}/login", seen.replace("\\", "/"))


@given(_TEXTS)
@example("/é")
@example("/leads?q=é")
def test_next_never_leads_away(text: str) -> None:
    found = safe_next(text)
    assert urlsplit(follow(found))[:2] == ("http", "tenfold.test")
    assert found.isascii()
    assert found.startswith("/")
    assert found[1:2] not in ("/", "\\")
    assert not re.search(r"[\x00-\x20\x7f\\]", found)


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=20))
def test_a_path_of_ours_is_kept(word: str) -> None:
    for path in (f"/{word}", f"/{word}?status={word}&q=a%20b", f"/{word}/x#y"):
        assert safe_next(path) == path
    assert unquote(safe_next(f"/search?q={word}é")) == f"/search?q={word}é"


@pytest.mark.parametrize("target", EVIL)
async def test_no_next_leads_to_another_site(
    app: Running, at: At, admin: Somebody, target: str
) -> None:
    client = at(app)
    client.cookies.set("session", admin.token, domain="tenfold.test")
    answers = [await client.get("/login", params={"next": target})]
    page = await client.get("/")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token
    form = {"csrf": token[1], "theme": "dark", "next": target}
    answers.append(await client.post("/appearance", data=form))
    anybody = at(app)
    if target.isprintable():
        answers.append(await anybody.post(f"{HOST}/leads{target}"))
    for name in ("referer", "hx-current-url"):
        said = {name: f"http://tenfold.test{target}", "accept": "text/html"}
        answers.append(await anybody.post("/leads/new", headers=_sendable(said)))
        answers.append(
            await anybody.get("/leads", headers=_sendable({**said, "hx-request": "true"}))
        )
    for answer in answers:
        away = answer.headers.get("location") or answer.headers.get("hx-redirect") or "/"
        assert urlsplit(follow(away))[:2] == ("http", "tenfold.test"), away
    # What the sign-in page would do with it afterwards.
    await anybody.get("/login", params={"next": target})


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    return {k: re.sub(r"[^ -~]", "", v) for k, v in headers.items()}
