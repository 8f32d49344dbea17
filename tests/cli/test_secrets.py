"""Commands of an installation whose secrets are kept elsewhere."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from tests import server as servers
from tests.outside import keepers
from tests.outside.keepers import Keeper, keeping
from tests.server import Base

from tenfold import app as composition
from tenfold.cli.commands import app, plain
from tenfold.cli.installation import open_installation
from tenfold.db import roles
from tenfold.db.keys import Keyring
from tenfold.db.roles import Roles
from tenfold.kernel.settings import Settings

WORD = "s3cret-canary"


def typed(*arguments: str) -> object:
    """The exit code of a command."""
    try:
        return plain(lambda: app(arguments))
    except SystemExit as ended:
        return ended.code


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Keeper]:
    for name in ("DATABASE_URL", "TENFOLD_APP_DATABASE_URL", "TENFOLD_TAIL_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with keeping(keepers.vault) as keeper:
        keeper.tokens = {WORD}
        monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("TENFOLD_SECRETS_FROM", f"vault+http://{keeper.address}/kv/tenfold/prod")
        monkeypatch.setenv("VAULT_TOKEN", WORD)
        yield keeper


def test_a_source_that_is_away_is_one_sentence(
    vault: Keeper, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    vault.away = True
    assert typed("migrate") == 1
    told = capsys.readouterr()
    assert told.err.startswith("tenfold: The secrets can't be read from Vault at http://127.0.0.1:")
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert not (tmp_path / "home").exists()


def test_a_credential_that_is_missing_is_one_sentence(
    vault: Keeper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    assert typed("migrate") == 2
    told = capsys.readouterr().err
    assert told == "tenfold: TENFOLD_SECRETS_FROM needs VAULT_TOKEN in the environment.\n"


def test_a_secret_of_the_source_that_can_not_be_used_is_not_shown(
    vault: Keeper, capsys: pytest.CaptureFixture[str]
) -> None:
    vault.secrets = {"DATABASE_URL": f"mysql://{WORD}/x"}
    assert typed("migrate") == 2
    told = capsys.readouterr().err
    assert told.startswith("tenfold: DATABASE_URL can't be used: it takes")
    assert WORD not in told


def test_a_master_key_that_is_given_is_the_one_that_is_used(tmp_path: Path) -> None:
    key = secrets.token_hex(32)
    made = composition.parts(Settings(home=str(tmp_path), master_key=key))
    other = Keyring.of(tmp_path / "elsewhere", key)
    assert made.keyring.derive("x") == other.derive("x")
    assert not (tmp_path / "keys").exists()


async def _empty() -> Base:
    server = await servers.shared()
    async with server.bare("secrets") as base:
        return base


def test_passwords_that_are_kept_elsewhere_are_left_alone(tmp_path: Path) -> None:
    """Else a start would set back what a rotation has changed, and lock the application out."""
    base = asyncio.run(_empty())
    names = Roles.of(f"kept_{secrets.token_hex(4)}")
    given = roles.as_role(base.admin_url, names.app, WORD)
    settings = Settings(
        home=str(tmp_path),
        database_url=base.admin_url,
        app_database_url=given,
        role_prefix=names.app.removesuffix("_app"),
        secrets_from="file:///run/secrets",
    )
    installation = open_installation(settings, lambda _: None)
    try:
        assert installation.settings.app_database_url == given
        assert installation.environment["TENFOLD_APP_DATABASE_URL"] == given
        assert installation.environment["DATABASE_URL"] == base.admin_url
        assert installation.environment["TENFOLD_SECRETS_TOLD"] == "1"
        assert asyncio.run(_with_password(base.admin_url, names)) == {names.migrate, names.tail}
    finally:
        asyncio.run(_gone(base.admin_url, names))


async def _with_password(url: str, names: Roles) -> set[str]:
    """Those of the roles that somebody gave a password."""
    connection = await asyncpg.connect(url)
    found = await connection.fetch(
        "SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname = ANY($1)",
        [names.owner, names.migrate, names.app, names.tail],
    )
    await connection.close()
    return {row[0] for row in found}


async def _gone(url: str, names: Roles) -> None:
    connection = await asyncpg.connect(url)
    for name in (names.app, names.tail, names.migrate, names.owner):
        await connection.execute(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")
    await connection.close()
