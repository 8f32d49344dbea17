"""Secret fields of every type never leak."""

import pytest
from tests.conformance import secrecy, turning
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_secrets_are_nowhere_in_plain(
    place: World, kind: Definition, capfd: pytest.CaptureFixture[str]
) -> None:
    await secrecy.check_leaks(place, kind, lambda: "".join(capfd.readouterr()))


async def test_secrets_are_bound_to_their_row(place: World, kind: Definition) -> None:
    await secrecy.check_binding(place, kind)


async def test_secrets_are_found_by_who_may_reveal_them(place: World, kind: Definition) -> None:
    await secrecy.check_finding(place, kind)


async def test_secrets_are_found_while_they_go_over(place: World, kind: Definition) -> None:
    await turning.check_turning(place, kind)


async def test_erased_secrets_are_not_found(place: World, kind: Definition) -> None:
    await turning.check_erased(place, kind)


async def test_secrets_open_for_who_may(place: World, kind: Definition) -> None:
    await secrecy.check_reveal(place, kind)
