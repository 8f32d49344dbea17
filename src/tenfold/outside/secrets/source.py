"""Where secrets are kept: a small protocol, and the choice by the setting `secrets_from`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

_TALKATIVE = ("boto3", "botocore", "httpcore", "httpx", "hvac", "urllib3")
"""Libraries that log what they send and get, at the level DEBUG even the secrets themselves."""


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
