"""As whom a command works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Who:
    """The person as whom a command works: an e-mail address, and where there are several, in which
    organisation (its name or id)."""

    email: str
    organisation: str = ""
