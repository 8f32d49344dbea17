"""Who has an account and who has none is told by nothing: the same answer, for the same work.

How long it takes is measured by `make prove` (tests/proofs/prove_enumeration.py).
"""

from __future__ import annotations

import re
from typing import Any

import argon2
import httpx
import pytest
from tests.accounts.conftest import Browser, opened
from tests.conftest import Running
from tests.guards import Counter
from tests.security.conftest import somewhere

pytestmark = pytest.mark.anyio
WAYS: dict[str, dict[str, Any]] = {
    "login": {"password": "not the right one at all"},
    "sign-in-link": {},
    "password-reset": {},
}
# What differs with each answer, whoever asks.
_ID = re.compile(r"[0-9a-f]{32}")  # of a request, in a statement
_OWN = frozenset({"x-request-id", "date", "set-cookie"})


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of argon2."""
    found: list[str] = []
    verify, make = argon2.PasswordHasher.verify, argon2.PasswordHasher.hash

    def verified(self: Any, hashed: Any, password: Any) -> Any:
        found.append("verify")
        return verify(self, hashed, password)

    def made(self: Any, password: Any, **more: Any) -> Any:
        found.append("hash")
        return make(self, password, **more)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verified)
    monkeypatch.setattr(argon2.PasswordHasher, "hash", made)
    return found


async def _asked(running: Running, way: str, email: str) -> httpx.Response:
    # From an address of its own: many failures from one are noted, whoever they are of.
    async with opened(running, transport_client=(somewhere(), 1)) as browser:
        return await browser.post(way, {"email": email, **WAYS[way]})


def _said(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes, list[str]]:
    """All of an answer: its cookies by their names and options, as each has a value of its own."""
    headers = [(n, v) for n, v in answer.headers.multi_items() if n not in _OWN]
    cookies = [re.sub("=[^;]*", "", one, count=1) for one in answer.headers.get_list("set-cookie")]
    return answer.status_code, sorted(headers), answer.content, cookies


@pytest.fixture
async def known(free: Running) -> str:
    """The address of an account; everything that is made once is made by then."""
    async with opened(free) as browser:
        await browser.register()
        for way in WAYS:
            for email in (browser.email, f"warm.{browser.email}"):
                await _asked(free, way, email)
        other = Browser(browser.http)
        await other.register()
        return other.email


@pytest.mark.parametrize("way", WAYS)
async def test_known_and_unknown_are_answered_byte_by_byte_alike(
    free: Running, known: str, way: str
) -> None:
    told = _said(await _asked(free, way, known))
    unknown = _said(await _asked(free, way, f"un{known[2:]}"))
    assert told == unknown


@pytest.mark.parametrize("way", WAYS)
async def test_known_and_unknown_cost_the_same_work(
    free: Running, known: str, queries: Counter, hashes: list[str], way: str
) -> None:
    work: list[tuple[list[str], list[str]]] = []
    for email in (known, f"un{known[2:]}"):
        queries.clear()
        hashes.clear()
        await _asked(free, way, email)
        work.append(([_ID.sub("", one) for one in queries.statements], list(hashes)))
    (statements, hashed), (unknown_statements, unknown_hashed) = work
    assert hashed == unknown_hashed == (["verify"] if way == "login" else [])
    assert statements == unknown_statements
    assert statements
