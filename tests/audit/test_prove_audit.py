"""`tenfold prove audit` on an installation as it should be, and with what it must find."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
import msgspec
import pytest
from tests import server as servers
from tests.audit.conftest import Place
from tests.factories import Organisation

from tenfold.cli import prove as command
from tenfold.cli.installation import Installation
from tenfold.db.roles import Roles
from tenfold.kernel.errors import BadRequest
from tenfold.proofs.evidence import FOLDER

pytestmark = pytest.mark.anyio


def _evidence(place: Place) -> list[Path]:
    """What was kept, the newest last."""
    return sorted((Path(place.settings.home) / FOLDER / "audit").glob("*.json"))


@pytest.fixture(autouse=True)
def _nothing_kept(place: Place) -> None:
    for one in _evidence(place):
        one.unlink()


async def _proved(place: Place, against: Path | None = None) -> tuple[int, str]:
    said: list[str] = []
    roles = Roles.of(os.environ[servers.PREFIX])
    installation = Installation(place.settings, place.base.admin_url, roles, {}, None)
    code = await anyio.to_thread.run_sync(command.audit, installation, against, said.append, str)
    return code, "\n".join(said)


async def test_it_holds_and_the_next_run_compares(
    place: Place, ours: Organisation, tmp_path: Path
) -> None:
    await _whole(place)
    code, said = await _proved(place)
    assert code == 0, said
    assert "It holds." in said
    (first,) = _evidence(place)
    kept = msgspec.json.decode(first.read_bytes())
    assert kept["heads"][f"{ours.id} changes"].startswith("3 ")
    assert kept["tried"]["tries to alter by a role of the installation"] == 18
    assert kept["about"]["compared with"] == "no earlier run"
    code, said = await _proved(place)
    assert code == 0, said
    second = _evidence(place)[-1]
    assert first.name in msgspec.json.decode(second.read_bytes())["about"]["compared with"]
    # The end is cut off, and only what was kept knows of it.
    last = (await place.seals(ours, "changes"))[-1]
    for statement in (
        "DELETE FROM tenfold.change_log WHERE tenant_id = $1 AND seq = ANY ($2)",
        "DELETE FROM tenfold.audit_seals WHERE tenant_id = $1 AND log = 'changes' AND $2 = seqs",
    ):
        await place.owner.execute(statement, ours.id, last.seqs)
    code, said = await _proved(place)
    assert code == 1
    assert "OPEN: changes of Sealed: it ends at seal 2, but seal 3 was known before" in said
    elsewhere = tmp_path / "copy.txt"
    elsewhere.write_bytes(first.read_bytes())
    for one in _evidence(place):
        one.unlink()
    code, said = await _proved(place, elsewhere)
    assert code == 1
    assert "seal 3 was known before" in said
    elsewhere.write_text("lost")
    with pytest.raises(BadRequest, match="is no evidence of a proof"):
        await _proved(place, elsewhere)


@pytest.mark.parametrize("table", ["change_log", "security_events", "audit_seals"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
async def test_a_role_that_may_alter_turns_it_red(
    place: Place, ours: Organisation, table: str, verb: str
) -> None:
    await _whole(place)
    async with _given(place, table, verb):
        code, said = await _proved(place)
    assert code == 1
    assert f"OPEN: the application's role may {verb} {table}" in said
    assert (await place.verify(ours)).faults == [], "trying changed something"


async def test_a_worker_that_does_not_run_is_told(place: Place) -> None:
    ours = await place.organisation()
    await _whole(place)
    await place.owner.execute(
        "INSERT INTO tenfold.change_log (tenant_id, type, record_id, operation, version, at) "
        "VALUES ($1, 'tag', $1, 'insert', 1, now() - interval '6 minutes')",
        ours.id,
    )
    code, said = await _proved(place)
    assert code == 1
    assert "OPEN: 1 entries of changes are older than 5 minutes" in said
    await place.seal(ours)


async def _whole(place: Place) -> None:
    """Forget the organisations that earlier tests broke."""
    await place.owner.execute(
        "DELETE FROM tenfold.tenants WHERE id NOT IN (SELECT tenant_id "
        "FROM tenfold.audit_seals WHERE number = 1 ORDER BY sealed_at DESC LIMIT 1)"
    )


@asynccontextmanager
async def _given(place: Place, table: str, verb: str) -> AsyncIterator[None]:
    app = place.base.roles.app
    await place.owner.execute(f"GRANT {verb} ON tenfold.{table} TO {app}")
    try:
        yield
    finally:
        await place.owner.execute(f"REVOKE {verb} ON tenfold.{table} FROM {app}")
