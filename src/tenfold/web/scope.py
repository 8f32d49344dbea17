"""A request's scope as what it is: a place where layers leave each other notes."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, cast

Notes = MutableMapping[str, Any]


def notes(scope: object) -> Notes:
    """The notes of a scope, whose published type knows only those of ASGI."""
    return cast("Notes", scope)
