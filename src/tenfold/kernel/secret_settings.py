"""What marks a setting as secret: the word that stands as its type."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

_SECRET, _LASTING = "secret", "lasting"
Secret = Annotated[str, msgspec.Meta(extra={_SECRET: True})]
"""A setting that nobody is shown; it may come from `secrets_from` and change while we run."""
LastingSecret = Annotated[str, msgspec.Meta(extra={_SECRET: True, _LASTING: True})]
"""The same where a change takes a restart."""


def is_secret(kind: Any) -> bool:
    """Whether a setting of this type is one that nobody is shown."""
    return _marked(kind, _SECRET)


def is_lasting(kind: Any) -> bool:
    """Whether a change of it takes a restart."""
    return _marked(kind, _LASTING)


def _marked(kind: Any, word: str) -> bool:
    marks = getattr(kind, "__metadata__", ())
    return any(isinstance(one, msgspec.Meta) and word in (one.extra or {}) for one in marks)
