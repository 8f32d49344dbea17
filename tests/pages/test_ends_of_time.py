"""The first and the last moment are shown wherever the reader is."""

from __future__ import annotations

import pytest
from tests.factories import Organisation, Owner
from tests.pages.conftest import Make, Visitor

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("zone", "moment"),
    [("America/Los_Angeles", "0001-01-01T00:00:00Z"), ("Asia/Tokyo", "9999-12-31T23:59:59Z")],
)
async def test_a_moment_that_another_zone_does_not_have(
    visitor: Visitor, make: Make, owner: Owner, organisation: Organisation, zone: str, moment: str
) -> None:
    change = "UPDATE tenfold.tenants SET timezone = $2 WHERE id = $1"
    await owner.execute(change, organisation.id, zone)
    task = await make("tasks", title="Call", due_at=moment)
    for path in ("/tasks", f"/tasks/{task['id']}", f"/tasks/{task['id']}/edit"):
        await visitor.get(path)
        assert visitor.answer.status_code == 200, path
        # A form's input takes a year of four figures.
        year = moment[:4] if path.endswith("edit") else moment[:4].lstrip("0")
        assert year in visitor.answer.text, path
