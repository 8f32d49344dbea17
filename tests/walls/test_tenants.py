"""What another organisation has is as if it did not exist: by every operation of the document."""

from __future__ import annotations

import pytest
from tests.walls.conftest import some

from tenfold.proofs.document import Document
from tenfold.proofs.isolation.things import Things
from tenfold.proofs.isolation.wall import Wall

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


async def test_every_operation_hides_what_is_anothers(
    document: Document, sides: tuple[Things, Things]
) -> None:
    wall = Wall(*sides, choose=some)
    for one in document.operations:
        await wall.try_operation(one)
    found = wall.findings
    assert found.untried == []
    assert found.open == [], "\n".join(found.open)
