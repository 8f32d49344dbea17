"""Secrets of the installation: where they come from at start, and what changes while it runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import structlog
from tests.outside import keepers
from tests.outside.keepers import keeping

from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import SettingError, Settings, from_environment, secret_names
from tenfold.outside.secrets import current as currents
from tenfold.outside.secrets.current import Current
from tenfold.outside.secrets.starting import for_children, read_settings

pytestmark = pytest.mark.anyio

WORD = "s3cret-canary"
URL, OTHER = f"postgresql://app:{WORD}@db:5432/crm", f"postgresql://app:new-{WORD}@db:5432/crm"
KEY = "ab" * 32


class Held:
    """A source whose secrets a test changes."""

    def __init__(self, **secrets: str) -> None:
        self.secrets: Mapping[str, str] | Exception = secrets
        self.readings = 0
        self.free = threading.Event()
        self.free.set()

    def read(self) -> Mapping[str, str]:
        """What is held now, or its failure, once it is free."""
        self.readings += 1
        assert self.free.wait(10)
        if isinstance(self.secrets, Exception):
            raise self.secrets
        return self.secrets


@pytest.fixture
def said() -> Iterator[list[dict[str, object]]]:
    """What is logged."""
    with structlog.testing.capture_logs() as logs:
        yield logs
    assert WORD not in repr(logs)
    assert KEY not in repr(logs)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a source be asked again without a pause."""
    monkeypatch.setattr(currents, "_NOT_AGAIN", 0.0)


# -- what is secret


def test_settings_do_not_show_their_secrets() -> None:
    full = Settings(**dict.fromkeys(secret_names(), WORD))
    assert WORD not in repr(full)
    assert WORD not in str(full)
    assert WORD not in f"{full!r} {[full]} { {'settings': full} }"
    assert "master_key=***" in repr(full)
    assert "master_key=''" in repr(Settings())
    assert set(secret_names()) >= {"database_url", "app_database_url", "master_key"}


@pytest.mark.parametrize("name", ["DATABASE_URL", "TENFOLD_APP_DATABASE_URL", "TENFOLD_MASTER_KEY"])
def test_a_secret_that_can_not_be_used_is_not_shown(name: str) -> None:
    with pytest.raises(SettingError) as caught:
        from_environment({name: f"mysql://{WORD}"})
    assert name in str(caught.value)
    assert WORD not in repr(caught.value)


@pytest.mark.parametrize(
    "setting", ["env", "ftp://x/y", "file://x", "vault://", "vault://me:word@host/a/b", "aws:///x"]
)
def test_a_source_that_is_none_is_told(setting: str) -> None:
    with pytest.raises(SettingError, match="TENFOLD_SECRETS_FROM"):
        from_environment({"TENFOLD_SECRETS_FROM": setting})


# -- at start


def test_the_source_goes_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "database_url").write_text(URL)
    environment = {
        "TENFOLD_SECRETS_FROM": f"file://{tmp_path}",
        "DATABASE_URL": "postgresql://env/x",
        "TENFOLD_MASTER_KEY": KEY,
        "PORT": "9000",
    }
    found = read_settings(environment)
    assert (found.database_url, found.master_key, found.port) == (URL, KEY, 9000)


def test_a_place_without_any_of_our_secrets_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "tls_key").write_text(WORD)
    with pytest.raises(SettingError, match="none of DATABASE_URL"):
        read_settings({"TENFOLD_SECRETS_FROM": f"file://{tmp_path}"})


def test_a_wrong_secret_of_the_source_is_told_without_it(tmp_path: Path) -> None:
    (tmp_path / "TENFOLD_MASTER_KEY").write_text(WORD)
    with pytest.raises(SettingError) as caught:
        read_settings({"TENFOLD_SECRETS_FROM": f"file://{tmp_path}"})
    assert str(caught.value).startswith("TENFOLD_MASTER_KEY can't be used: it takes 64 hex digits")
    assert WORD not in str(caught.value)


@pytest.fixture
def away() -> Iterator[str]:
    """The address of a Vault that does not answer."""
    with keeping(keepers.vault) as keeper:
        keeper.away = True
        yield f"vault+http://{keeper.address}/kv/tenfold/prod"


def test_a_source_that_is_away_at_start_is_told(away: str) -> None:
    """Half of the secrets would do harm: a new master key, or an empty database."""
    for more in ({}, {"DATABASE_URL": URL}, {"TENFOLD_MASTER_KEY": KEY}):
        with pytest.raises(Unavailable) as caught:
            read_settings({"TENFOLD_SECRETS_FROM": away, "VAULT_TOKEN": "x", **more})
        told = str(caught.value)
        assert told.startswith("The secrets can't be read from Vault at http://127.0.0.1:")
        assert told.endswith("only with DATABASE_URL and TENFOLD_MASTER_KEY in the environment.")


def test_the_environment_stands_in_for_a_source_that_is_away(
    away: str, caplog: pytest.LogCaptureFixture
) -> None:
    environment = {"TENFOLD_SECRETS_FROM": away, "VAULT_TOKEN": "x", "DATABASE_URL": URL}
    found = read_settings({**environment, "TENFOLD_MASTER_KEY": KEY})
    assert (found.database_url, found.master_key) == (URL, KEY)
    assert "Those of the environment are used." in caplog.text
    assert WORD not in caplog.text


def test_a_child_begins_with_what_its_parent_read(away: str) -> None:
    parent = Settings(secrets_from=away, app_database_url=URL)
    told = for_children(parent)
    assert set(told) == {"TENFOLD_SECRETS_TOLD", "TENFOLD_APP_DATABASE_URL"}
    child = read_settings({"TENFOLD_SECRETS_FROM": away, "VAULT_TOKEN": "x", **told})
    assert child.app_database_url == URL
    assert for_children(Settings(app_database_url=URL)) == {}


# -- while it runs


async def test_a_changed_secret_is_used_and_told(
    said: list[dict[str, object]], at_once: None
) -> None:
    source = Held(TENFOLD_APP_DATABASE_URL=OTHER, tail_database_url=URL)
    current = Current(Settings(app_database_url=URL, tail_database_url=URL), source)
    heard: list[str] = []
    for name in ("app_database_url", "tail_database_url"):
        current.when_changed(name, lambda name=name: _note(heard, name))
    await current.look()
    await current.look()
    assert current.settings.app_database_url == OTHER
    assert heard == ["app_database_url"]
    assert [(one["event"], one["setting"]) for one in said] == [
        ("a secret has changed", "TENFOLD_APP_DATABASE_URL")
    ]


async def _note(heard: list[str], name: str) -> None:
    heard.append(name)


@pytest.mark.parametrize(
    ("name", "before", "now", "reason"),
    [
        ("master_key", KEY, "cd" * 32, "a change of it takes a restart"),
        ("app_database_url", URL, URL.replace("@db:", "@other:"), "a change of it takes a restart"),
        ("app_database_url", URL, f"{URL}2", "a change of it takes a restart"),
        ("app_database_url", URL, f"mysql://{WORD}/x", "can't be used"),
    ],
)
async def test_what_can_not_change_is_told_once_and_stays(
    said: list[dict[str, object]], at_once: None, name: str, before: str, now: str, reason: str
) -> None:
    current = Current(Settings(**{name: before}), Held(**{name: now}))
    for _ in range(3):
        await current.look()
    assert getattr(current.settings, name) == before
    assert [one["event"] for one in said] == ["a changed secret is not used"]
    assert reason in str(said[0]["reason"])


async def test_a_secret_that_is_gone_keeps_its_value(at_once: None) -> None:
    current = Current(Settings(app_database_url=URL), Held(other="x", app_database_url=""))
    await current.look()
    assert current.settings.app_database_url == URL


@pytest.mark.parametrize("failure", [Unavailable("It is away."), ValueError(WORD)])
async def test_an_outage_keeps_the_last_good_value(
    said: list[dict[str, object]], at_once: None, failure: Exception
) -> None:
    source = Held(app_database_url=OTHER)
    current = Current(Settings(app_database_url=URL), source)
    await current.look()
    source.secrets = failure
    await current.look()
    assert current.settings.app_database_url == OTHER
    assert said[-1]["event"] == "the last known secrets are used"
    assert said[-1]["reason"] in ("It is away.", "ValueError")
    source.secrets = {"app_database_url": URL}
    await current.look()
    assert current.settings.app_database_url == URL


async def test_nobody_waits_for_a_slow_source(
    monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    assert currents.PATIENCE_SECONDS < 2
    monkeypatch.setattr(currents, "PATIENCE_SECONDS", 0.02)
    source = Held(app_database_url=OTHER)
    source.free.clear()
    current = Current(Settings(app_database_url=URL), source)
    await asyncio.gather(*(current.look() for _ in range(20)))
    assert source.readings == 1  # asked once for all
    assert current.settings.app_database_url == URL
    source.free.set()
    await until(lambda: current.settings.app_database_url == OTHER)


async def test_it_is_asked_again_and_again(said: list[dict[str, object]]) -> None:
    source = Held(app_database_url=URL)
    settings = Settings(app_database_url=URL, secrets_refresh_seconds=0.01)
    current = Current(settings, source)
    async with current.kept():
        await until(lambda: source.readings > 2)
        source.secrets = Unavailable("It is away.")
        readings = source.readings
        await until(lambda: source.readings > readings + 1)
        source.secrets = {"app_database_url": OTHER}
        await until(lambda: current.settings.app_database_url == OTHER)
        assert 0 < current.age < 5


async def test_without_a_source_nothing_is_asked() -> None:
    current = Current(Settings())
    async with current.kept():
        await current.look()
    assert current.age == 0


async def test_a_process_ends_though_its_source_hangs() -> None:
    source = Held()
    source.free.clear()
    current = Current(Settings(secrets_refresh_seconds=0.001), source)
    async with current.kept():
        await until(lambda: source.readings == 1)
    hanging = [one for one in threading.enumerate() if one.name == "tenfold-aside"]
    assert all(one.daemon for one in hanging)
    assert hanging
    source.free.set()


async def test_vault_changes_and_goes_away_under_a_running_process(
    said: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "t")
    with keeping(keepers.vault) as keeper:
        keeper.tokens, keeper.secrets = {"t"}, {"app_database_url": URL}
        place = f"vault+http://{keeper.address}/kv/tenfold/prod"
        settings = read_settings({"TENFOLD_SECRETS_FROM": place, "VAULT_TOKEN": "t"})
        current = Current(settings)
        keeper.secrets = {"app_database_url": OTHER}
        await current.look()
        assert current.settings.app_database_url == OTHER
    await current.look()
    assert current.settings.app_database_url == OTHER
    assert said[-1]["event"] == "the last known secrets are used"


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that is about to happen."""
    for _ in range(5_000):
        if holds():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it did not happen")
