"""What all sources of secrets need: their address's parts, credentials, packages, and a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import SplitResult, unquote

from tenfold.kernel.errors import Unavailable
from tenfold.kernel.settings import SettingError, variable

SECONDS = 5.0
"""How long a source may keep silent."""


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
