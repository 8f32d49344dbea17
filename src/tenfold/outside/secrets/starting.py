"""The settings of a process that begins, with the secrets that are kept elsewhere."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import (
    SettingError,
    Settings,
    from_environment,
    named_secrets,
    secret_names,
    variable,
    with_secrets,
)
from tenfold.outside.secrets.source import source_of

_TOLD = "TENFOLD_SECRETS_TOLD"
"""Says to a child that its environment holds all the secrets that its parent had read."""
_log = logging.getLogger(__name__)  # a command's goes to stderr, beside what it prints
_DECIDING = ("database_url", "master_key")
"""What a wrong guess at would open, or begin, another installation than is meant."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The environment's settings, over which go the secrets of the source that it names.

    Raises Unavailable where the source is away and the environment does not stand in for it.
    """
    given = os.environ if environment is None else environment
    settings = from_environment(given)
    source = source_of(settings.secrets_from, given)
    if source is None:
        return settings
    try:
        found = source.read()
    except Unavailable as error:
        if not given.get(_TOLD) and not all(given.get(variable(name)) for name in _DECIDING):
            needed = " and ".join(variable(name) for name in _DECIDING)
            raise Unavailable(
                f"{error.message} Until then Tenfold starts only with {needed} in the environment."
            ) from None
        _log.warning("%s Those of the environment are used.", error.message)
        return settings
    values = named_secrets(found)
    if not values:
        known = ", ".join(variable(name) for name in secret_names())
        raise SettingError(f"{variable('secrets_from')} names a place with none of {known} in it.")
    return with_secrets(settings, values)


def for_children(settings: Settings) -> dict[str, str]:
    """What lets a child begin while the source is away: the secrets as they were last read."""
    if not settings.secrets_from:
        return {}
    secrets = {variable(name): getattr(settings, name) for name in secret_names()}
    return {_TOLD: "1"} | {name: value for name, value in secrets.items() if value}
