"""Each place that secrets may come from: read, refused, away; no word of them in what is said."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from tests.outside import keepers
from tests.outside.keepers import Keeper, keeping

from tenfold.kernel.errors import TenfoldError, Unavailable
from tenfold.kernel.settings import SettingError
from tenfold.outside.secrets import asking
from tenfold.outside.secrets.source import SecretSource, source_of

WORD = "s3cret-canary"
HELD = {"DATABASE_URL": f"postgresql://me:{WORD}@db/tenfold", "master_key": "ab" * 32, "other": "x"}


@pytest.fixture(autouse=True)
def _unlogged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever is logged, at whatever level, tells no secret."""
    caplog.set_level(logging.DEBUG)
    yield
    assert not [one for one in caplog.get_records("call") if WORD in one.getMessage()]


def made(setting: str, **environment: str) -> SecretSource:
    found = source_of(setting, environment)
    assert found is not None
    return found


def refusal(setting: str, **environment: str) -> str:
    """What is said where it can't be read."""
    with pytest.raises((Unavailable, SettingError)) as caught:
        made(setting, **environment).read()
    assert WORD not in repr(caught.value)
    assert "word" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


# -- files


def test_a_folder_has_a_file_for_each(tmp_path: Path) -> None:
    (tmp_path / "database_url").write_text("postgresql://a b/c\n")
    (tmp_path / "TENFOLD_MASTER_KEY").write_text("ab" * 32)
    (tmp_path / "..data").mkdir()
    (tmp_path / ".hidden").write_text("no")
    found = made(f"file://{tmp_path}").read()
    assert found == {"database_url": "postgresql://a b/c", "TENFOLD_MASTER_KEY": "ab" * 32}


def test_kubernetes_swaps_a_folder_behind_links(tmp_path: Path) -> None:
    for version in ("1", "2"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "master_key").write_text(version)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "master_key").symlink_to("..data/master_key")
    source = made(f"file://{tmp_path}")
    assert source.read() == {"master_key": "1"}
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert source.read() == {"master_key": "2"}


def test_a_file_has_a_line_for_each(tmp_path: Path) -> None:
    lines = [
        "# of our own",
        "",
        "DATABASE_URL=postgresql://me:a#b$HOME\\x=y@h/d  ",
        'export TENFOLD_MASTER_KEY = "ab cd"',
        "SINGLE='it''s'",
        'OPEN="x',
        "no line at all",
    ]
    path = tmp_path / "secrets.env"
    path.write_text("\n".join(lines))
    assert made(f"file://{path}").read() == {
        "DATABASE_URL": "postgresql://me:a#b$HOME\\x=y@h/d",
        "TENFOLD_MASTER_KEY": "ab cd",
        "SINGLE": "it''s",
        "OPEN": '"x',
    }


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    told = refusal(f"file://{tmp_path}/none")
    assert told == f"The secrets can't be read from {tmp_path}/none: No such file or directory."
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    assert refusal(f"file://{tmp_path}").endswith("it holds what is no text.")


# -- Vault


@pytest.fixture
def vault() -> Iterator[Keeper]:
    with keeping(keepers.vault) as keeper:
        keeper.secrets = dict(HELD)
        keeper.tokens = {WORD}
        yield keeper


def test_vault_is_read_with_a_token(vault: Keeper) -> None:
    source = made(f"vault+http://{vault.address}/kv/tenfold/prod", VAULT_TOKEN=WORD)
    assert source.read() == HELD
    assert vault.asked == ["GET /v1/kv/data/tenfold/prod"]
    assert WORD not in repr(source)


def test_vault_is_read_as_a_role_that_signs_in_again(vault: Keeper) -> None:
    role = {"VAULT_ROLE_ID": "role", "VAULT_SECRET_ID": "word"}
    source = made(f"vault+http://{vault.address}/kv/tenfold/prod", **role)
    assert source.read() == source.read() == HELD
    assert len(vault.asked) == 3  # one sign-in for two readings
    vault.tokens = set()  # as when it has run out
    assert source.read() == HELD


def test_what_vault_refuses_is_told(vault: Keeper) -> None:
    place = f"vault+http://{vault.address}/kv"
    where = f"The secrets can't be read from Vault at http://{vault.address}: "
    told = refusal(f"{place}/tenfold/prod", VAULT_TOKEN="other")
    assert told == f"{where}it refuses these credentials, or they may not read this."
    told = refusal(f"{place}/none", VAULT_TOKEN=WORD)
    assert told == f"{where}there is no such secret."
    wrong = {"VAULT_ROLE_ID": "role", "VAULT_SECRET_ID": "no"}
    assert refusal(f"{place}/tenfold/prod", **wrong) == f"{where}it refuses these credentials."
    vault.away = True
    told = refusal(f"{place}/tenfold/prod", VAULT_TOKEN=WORD)
    assert told == f"{where}it does not answer as it should."


# -- Infisical

IDENTITY = {"INFISICAL_CLIENT_ID": "id", "INFISICAL_CLIENT_SECRET": "word"}


@pytest.mark.parametrize("kind", [keepers.infisical, keepers.older_infisical])
def test_infisical_is_read_by_its_newest_call(kind: object) -> None:
    with keeping(kind) as keeper:  # pyright: ignore[reportArgumentType]
        keeper.secrets = dict(HELD)
        source = made(f"infisical+http://{keeper.address}/p1/prod/app", **IDENTITY)
        assert source.read() == HELD
        assert "secretPath=%2Fapp&expandSecretReferences=true" in keeper.asked[1]
        assert "word" not in repr(source)


def test_what_infisical_refuses_is_told() -> None:
    with keeping(keepers.infisical) as keeper:
        place = f"infisical+http://{keeper.address}"
        where = f"The secrets can't be read from Infisical at http://{keeper.address}: "
        wrong = {**IDENTITY, "INFISICAL_CLIENT_SECRET": "no"}
        told = refusal(f"{place}/p1/prod", **wrong)
        assert told == f"{where}it refuses these credentials, or they may not read this."
        told = refusal(f"{place}/p2/prod", **IDENTITY)
        assert told == f"{where}there is no such project or environment."
        keeper.secrets = {"master_key": "<hidden-by-infisical>"}
        told = refusal(f"{place}/p1/prod", **IDENTITY)
        assert told == f"{where}the identity may see their names, but not their values."
        keeper.away = True
        assert refusal(f"{place}/p1/prod", **IDENTITY) == f"{where}it does not answer."


# -- AWS


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """AWS Secrets Manager as moto serves it."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", WORD)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield server
    server.stop()


def keep_at_aws(text: str, name: str = "tenfold/prod") -> str:
    """Keep a secret there; answers its ARN."""
    import boto3  # noqa: PLC0415

    return boto3.client("secretsmanager", region_name="eu-central-1").create_secret(
        Name=name, SecretString=text
    )["ARN"]


def test_aws_is_read_by_name_and_by_arn(aws: ThreadedMotoServer) -> None:
    arn = keep_at_aws(json.dumps(HELD))
    assert made("aws://eu-central-1/tenfold/prod").read() == HELD
    assert made(f"aws://eu-central-1/{arn}").read() == HELD


def test_what_aws_refuses_is_told(aws: ThreadedMotoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    where = "The secrets can't be read from AWS Secrets Manager in eu-central-1: "
    assert refusal("aws://eu-central-1/none") == f"{where}there is no such secret."
    keep_at_aws(f"just {WORD}", "tenfold/text")
    told = refusal("aws://eu-central-1/tenfold/text")
    assert told == f"{where}the secret is no JSON object with a text for each name."
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    told = refusal("aws://eu-central-1/tenfold/prod")
    assert told == f"{where}there are no credentials for AWS."


def test_aws_that_is_away_is_told(aws: ThreadedMotoServer) -> None:
    source = made("aws://eu-central-1/tenfold/prod")
    aws.stop()
    with pytest.raises(Unavailable, match="it does not answer"):
        source.read()
    aws.start()  # the fixture stops it


# -- the setting


@pytest.mark.parametrize(
    ("setting", "environment", "told"),
    [
        ("vault://h/kv", {"VAULT_TOKEN": "x"}, "it takes vault://host:8200/mount/path"),
        ("vault://h/kv/a", {}, "needs VAULT_TOKEN in the environment"),
        ("vault://h/kv/a", {"VAULT_ROLE_ID": "x"}, "needs VAULT_SECRET_ID in the environment"),
        ("infisical://h/p", IDENTITY, "it takes infisical://host/project-id/environment"),
        ("infisical://h/p/e", {}, "needs INFISICAL_CLIENT_ID in the environment"),
        ("aws://eu-central-1/", {}, "it takes aws://region/secret-id"),
    ],
)
def test_what_a_source_lacks_is_told(
    setting: str, environment: Mapping[str, str], told: str
) -> None:
    with pytest.raises(SettingError) as caught:
        source_of(setting, environment)
    assert told in str(caught.value)


def test_an_optional_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(asking, "import_module", missing)
    for setting, extra in (("vault://h/kv/a", "vault"), ("aws://eu-central-1/x", "aws")):
        with pytest.raises(SettingError) as caught:
            source_of(setting, {"VAULT_TOKEN": "x"})
        assert f"install tenfold[{extra}]" in str(caught.value)
        assert isinstance(caught.value, TenfoldError)


def test_without_the_setting_there_is_none() -> None:
    assert source_of("", {}) is None
