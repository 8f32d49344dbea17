"""The API keeps the promises that are the same for every type."""

import httpx
import pytest
from tests.api import contract
from tests.conformance.world import World
from tests.guards import Counter

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "check",
    [
        contract.check_paging,
        contract.check_capped_count,
        contract.check_cursor,
        contract.check_etag,
        contract.check_conditions,
        contract.check_lost_update,
        contract.check_two_writers,
        contract.check_idempotency,
        contract.check_keys_are_personal,
        contract.check_in_flight,
        contract.check_access_change,
        contract.check_bodies,
        contract.check_questions,
        contract.check_addresses,
        contract.check_signed_in,
        contract.check_moves,
        contract.check_amounts,
        contract.check_texts,
    ],
    ids=lambda check: check.__name__.removeprefix("check_"),
)
async def test_promise(place: World, check: contract.Check) -> None:
    await check(place)


async def test_pages_are_kept_and_never_stale(place: World, elsewhere: httpx.AsyncClient) -> None:
    await contract.check_cache(place, elsewhere)


async def test_requests_of_a_person_are_limited(place: World, strict: httpx.AsyncClient) -> None:
    await contract.check_limits(place, strict)


async def test_requests_cost_few_statements(place: World, queries: Counter) -> None:
    await contract.check_queries(place, queries)
