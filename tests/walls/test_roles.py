"""Who may do what, as the golden table says it: each operation, asked by everybody."""

from __future__ import annotations

import pytest
from tests.conftest import MakeOrganisation, Running
from tests.walls import table
from tests.walls.conftest import whole
from tests.walls.matrix import Matrix
from tests.walls.people import People

from tenfold.app import registry
from tenfold.proofs.document import Document, Operation
from tenfold.proofs.isolation.things import Maker

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]


@pytest.fixture
async def matrix(
    document: Document,
    free: Running,
    make_organisation: MakeOrganisation,
    more: dict[str, Maker],
) -> Matrix:
    """An organisation with everybody in it."""
    types = registry()
    own = types.named("custom~things")
    assert own is not None
    kinds = {**{f"/v1/{kind.path}": kind for kind in types}, "/v1/custom/{type}": own}
    people = People(document, free.client, await make_organisation(), kinds, more)
    await people.make_role()
    return Matrix(people)


def _columns(one: Operation, of_record: bool) -> list[str]:
    """Everybody; of the many operations of record types, each time others."""
    if whole() or not of_record or one.path.startswith("/v1/leads"):
        return list(table.PEOPLE)
    return ["nobody", table.PEOPLE[sum(one.title.encode()) % (len(table.PEOPLE) - 1)]]


async def test_everybody_gets_what_the_table_says(matrix: Matrix, document: Document) -> None:
    for one in document.operations:
        columns = _columns(one, bool(table.base_of(one, matrix.types)))
        await matrix.try_operation(one, columns)
    assert matrix.wrong == [], "\n".join(matrix.wrong)


async def test_every_row_is_of_an_operation(matrix: Matrix, document: Document) -> None:
    served = {table.title(one, matrix.types) for one in document.operations}
    assert table.titles() - served == set(), "rows of operations that are served no more"


async def test_an_operation_without_a_row_is_told(matrix: Matrix) -> None:
    new = Operation("create_vault", "POST", "/v1/vaults", {}, ())
    with pytest.raises(table.NoRow, match=r'add "POST /v1/vaults" = "<level>" to tests/walls'):
        await matrix.try_operation(new, table.PEOPLE)
