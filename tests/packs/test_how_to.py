"""docs/how-to/add-a-pack.md, followed to the letter."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest

from tenfold import app, packs
from tenfold.db import migrate
from tenfold.engine.project import catalogue
from tenfold.engine.registry import Registry

pytestmark = pytest.mark.anyio
PACKS = dict(app.PACKS)  # taken before the conformance suite adds types of its own
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add-a-pack.md").read_text()
_FILE = re.compile(r"(?ms)^`src/tenfold/packs/(fleet/\w+\.py)`:\n\n```python\n(.*?)```")


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("migration", ROOT / "tools" / "migration.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fleet(tmp_path, monkeypatch) -> Registry:
    """What ships and the pack of the page, its files written as the page says."""
    files = dict(_FILE.findall(PAGE))
    assert set(files) == {"fleet/vehicle.py", "fleet/__init__.py"}
    (tmp_path / "fleet").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(packs, "__path__", [*packs.__path__, str(tmp_path)])
    module = importlib.import_module("tenfold.packs.fleet")
    yield Registry({**PACKS, "fleet": module.RECORDS})
    for name in [n for n in sys.modules if n.startswith("tenfold.packs.fleet")]:
        del sys.modules[name]


@pytest.fixture
async def written(server, fleet, tmp_path) -> list[Path]:
    """The migration that the page has one make, beside copies of those that ship."""
    versions = tmp_path / "versions"
    shutil.copytree(migrate.VERSIONS, versions, ignore=shutil.ignore_patterns("__pycache__"))
    made = await catalogue.read(server.base(server.template).admin_url, server.roles)
    async with server.database(empty=True) as base:
        await catalogue.make_straight(base.admin_url, base.roles, fleet)
        described = await catalogue.read(base.admin_url, base.roles)
    return _tool().write("fleet", made, described, versions)


def test_the_pack_compiles(fleet):
    vehicle = fleet.by_name["vehicle"]
    assert (vehicle.pack, vehicle.plural) == ("fleet", "vehicles")
    assert "vehicles" in fleet.backs["contact"]
    assert '"fleet": fleet.RECORDS' in PAGE


async def test_the_migration_makes_only_the_new_table(server, written):
    number = f"{int(migrate.head()) + 1:04d}"
    names = [path.name for path in written]
    assert names == [f"{number}_fleet.up.sql", f"{number}_fleet.down.sql", f"{number}_fleet.py"]
    up = written[0].read_text()
    assert up.count("CREATE TABLE") == 1
    assert "ALTER TABLE tenfold.vehicles" in up
    assert up.count("ALTER TABLE") == up.count("ALTER TABLE tenfold.vehicles")
    async with server.database("fleet") as base:
        versions = written[0].parent
        await migrate.upgrade(base.migrate_url, base.roles, versions=versions)
        owner = await asyncpg.connect(base.admin_url)
        assert await owner.fetchval("SELECT count(*) FROM tenfold.vehicles") == 0
        await migrate.downgrade(base.migrate_url, base.roles, migrate.head(), versions)
        assert await owner.fetchval("SELECT to_regclass('tenfold.vehicles')") is None
        await owner.close()


def test_a_name_that_can_not_be_a_file():
    with pytest.raises(SystemExit, match="Name it in a-z"):
        _tool().empty("../fleet", migrate.VERSIONS)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "how-to").glob("*.md")), ids=str)
def test_what_the_page_names_is_there(page):
    for path in re.findall(r"`((?:src|tests|tools|docs)/[\w./-]+)`", page.read_text()):
        if "fleet" not in path:
            assert (ROOT / path).exists(), path
