"""Keys of one purpose while the installation's master key changes: the first signs, all count."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Keys = Callable[[], Sequence[bytes]]
"""The keys as they are now: the one that signs, then those that are accepted beside it."""


def live(key: bytes | Keys) -> Keys:
    """Keys that may change, or one that never does."""
    return (lambda: (key,)) if isinstance(key, bytes) else key
