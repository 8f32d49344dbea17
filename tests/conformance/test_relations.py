"""What the records of every type have to do with one another."""

import pytest
from tests.conformance import relations
from tests.conformance.world import World

from tenfold.engine.definition import Definition

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_related_records_are_embedded(place: World, kind: Definition) -> None:
    await relations.check_embedding(place, kind)


async def test_embedding_keeps_to_what_may_be_read(place: World, kind: Definition) -> None:
    await relations.check_unreadable(place, kind)


async def test_embedded_lists_are_bounded(place: World, kind: Definition) -> None:
    await relations.check_embeds_are_bounded(place, kind)


async def test_deletion_follows_the_relations(place: World, kind: Definition) -> None:
    await relations.check_deletion(place, kind)


async def test_rollups_add_up(place: World, kind: Definition) -> None:
    await relations.check_rollups(place, kind)
