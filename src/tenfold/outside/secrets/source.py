"""Where secrets are kept: a small protocol, and the choice by the setting `secrets_from`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import SettingError, variable

_TALKATIVE = ("boto3", "botocore", "httpcore", "httpx", "hvac", "urllib3")
"""Libraries that log what they send and get, at the level DEBUG even the secrets themselves."""
SECONDS = 5.0
"""How long a source may keep silent."""


class SecretSource(Protocol):
    """Something that keeps secrets."""

    def read(self) -> Mapping[str, str]:
        """All that it holds, by name; blocks, and raises Unavailable with a sentence."""
        ...


def source_of(setting: str, environment: Mapping[str, str]) -> SecretSource | None:
    """The source that a setting names; None where secrets stand in the environment alone.

    Raises SettingError where a part is missing: of the address, of its credentials, of us.
    """
    if not setting:
        return None
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    place = urlsplit(setting)
    kind = place.scheme.removesuffix("+http")
    if kind == "file":
        from tenfold.outside.secrets.files import Files  # noqa: PLC0415 - one source is needed

        return Files.of(place)
    if kind == "vault":
        from tenfold.outside.secrets.vault import Vault  # noqa: PLC0415

        return Vault.of(place, environment)
    if kind == "infisical":
        from tenfold.outside.secrets.infisical import Infisical  # noqa: PLC0415

        return Infisical.of(place, environment)
    from tenfold.outside.secrets.aws import SecretsManager  # noqa: PLC0415

    return SecretsManager.of(place)


def web_address(place: SplitResult) -> str:
    """The server of `vault://host:8200/…`, by https unless the scheme ends with +http."""
    return f"{'http' if place.scheme.endswith('+http') else 'https'}://{place.netloc}"


def steps(place: SplitResult, least: int, takes: str) -> list[str]:
    """The path's steps; raises SettingError where there are too few."""
    found = [unquote(step) for step in place.path.split("/") if step]
    if len(found) < least:
        raise SettingError(f"{variable('secrets_from')} can't be used: it takes {takes}.")
    return found


def credential(environment: Mapping[str, str], name: str) -> str:
    """What a source must be asked with; raises SettingError where the environment has it not."""
    if found := environment.get(name, ""):
        return found
    raise SettingError(f"{variable('secrets_from')} needs {name} in the environment.")


def package(name: str, extra: str) -> Any:
    """An optional package; raises SettingError with how to get it."""
    try:
        return import_module(name)
    except ImportError:
        raise SettingError(
            f"{variable('secrets_from')} needs the package {name}: install tenfold[{extra}]."
        ) from None


def unread(where: str, why: str) -> Unavailable:
    """That a source can't be read, in a sentence that holds nothing of what it said."""
    return Unavailable(f"The secrets can't be read from {where}: {why}.")
