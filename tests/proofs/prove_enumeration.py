"""500 interleaved pairs of known and unknown accounts against a served installation, by the clock.

Run by `make prove` on a machine that does nothing else; no part of `make test`.
"""

from __future__ import annotations

import secrets
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from tests.accounts.timing import auc, interleaved
from tests.factories import Owner
from tests.served import Served, served, start

from tenfold.kernel.ids import new_id

__all__ = ["served", "start"]
pytestmark = pytest.mark.anyio
PAIRS, WARM = 500, 20
GAP_MS, LOW, HIGH = 5.0, 0.45, 0.55
_USER = """INSERT INTO tenfold.users (id, email, first_name, last_name, password_hash,
email_verified_at) VALUES ($1, $2, 'A', 'B', $3, now())"""
WAYS: dict[str, dict[str, Any]] = {
    "login": {"password": "not the right one at all"},
    "sign-in-link": {},
    "password-reset": {},
}
Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Tells the figures, whatever becomes of them."""

    def told(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)  # noqa: T201 - the figures are what this is for

    return told


@pytest.fixture
async def known(owner: Owner) -> list[str]:
    """The addresses of as many accounts as there are pairs: none is locked or written to twice."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    hashed = hasher.hash("plum harbour lantern 42")
    emails = [f"{secrets.token_hex(8)}@example.com" for _ in range(PAIRS + WARM)]
    await owner.executemany(_USER, [(new_id(), email, hashed) for email in emails])
    return emails


async def _measured(
    http: httpx.AsyncClient, way: str, emails: list[str], others: list[str], pairs: int
) -> tuple[list[float], list[float]]:
    async def ask(waiting: list[str]) -> None:
        body = {"email": waiting.pop(), **WAYS[way]}
        answer = await http.post(f"/v1/auth/{way}", json=body)
        assert answer.status_code == (401 if way == "login" else 202), answer.text

    return await interleaved(pairs, partial(ask, emails), partial(ask, others))


@pytest.mark.parametrize("way", WAYS)
async def test_known_and_unknown_take_the_same_time(
    served: Served, known: list[str], say: Say, way: str
) -> None:
    unknown = [f"{secrets.token_hex(8)}@example.com" for _ in known]
    async with httpx.AsyncClient(base_url=served.address, timeout=30) as http:
        await _measured(http, way, known, unknown, WARM)
        first, second = await _measured(http, way, known, unknown, PAIRS)
    middle = [statistics.median(one) * 1_000 for one in (first, second)]
    spread = [statistics.quantiles(one, n=20)[-1] * 1_000 for one in (first, second)]
    gap, told = abs(middle[0] - middle[1]), auc(first, second)
    say(
        f"\n{way}: median {middle[0]:.2f} ms known, {middle[1]:.2f} ms unknown (95 in 100 within "
        f"{spread[0]:.1f} and {spread[1]:.1f}); gap {gap:.2f} ms, AUC {told:.3f}, {PAIRS} pairs"
    )
    assert gap < GAP_MS
    assert LOW <= told <= HIGH
