"""How long a wrong API key takes to be refused tells nothing of the keys that there are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import Program, made
from tests.accounts.timing import auc, interleaved
from tests.factories import Somebody

from tenfold.accounts.identity import api_keys
from tenfold.accounts.identity.api_keys import ApiKeys
from tenfold.accounts.identity.tokens import Claims

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.untraced]
PAIRS, WARM = 1_000, 50
TRIES = 3  # a machine at other work may sway one; what can be told apart is so in all


async def told_apart(api: Api, key: Program) -> float:
    """How well a wrong key with a prefix that there is differs from one without, from 0.5."""

    def waiting(beginning: str) -> Iterator[str]:
        return iter([wrong(beginning or api_keys.new_key()[1]) for _ in range(WARM + PAIRS)])

    async def ask(tokens: Iterator[str]) -> None:
        headers = {"authorization": f"Bearer {next(tokens)}"}
        assert (await api.client.get("/v1/leads", headers=headers)).status_code == 401

    known, unknown = partial(ask, waiting(key.token[:11])), partial(ask, waiting(""))
    await interleaved(WARM, known, unknown)
    return auc(*await interleaved(PAIRS, known, unknown))


def wrong(beginning: str) -> str:
    """A key that nobody has."""
    text = beginning + api_keys.new_key()[0][11:-6]
    return text + api_keys._checksum(text)


async def test_a_known_prefix_can_not_be_told_from_an_unknown_one(
    api: Api, admin: Somebody
) -> None:
    key = await made(api, admin, "lead:read")
    found: list[float] = []
    while len(found) < TRIES and not (found and 0.45 <= found[-1] <= 0.55):
        found.append(await told_apart(api, key))
    assert 0.45 <= found[-1] <= 0.55, found


async def test_a_lookup_by_prefix_would_be_seen(
    api: Api, admin: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await made(api, admin, "lead:read")
    looked_up = ApiKeys.find

    async def hasty(self: ApiKeys, token: str) -> Claims | None:
        return await looked_up(self, token) if token.startswith(key.token[:11]) else None

    monkeypatch.setattr(ApiKeys, "find", hasty)
    assert not 0.4 <= await told_apart(api, key) <= 0.6
