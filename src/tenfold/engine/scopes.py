"""To what an API key confines whoever it acts as: a set of names like `lead:read`.

A key is never more than its owner: what they may do and what it names is what it gives.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

READ, WRITE, REVEAL = "read", "write", "reveal"
VERBS = (READ, WRITE, REVEAL)
ADMIN, SCIM = "admin", "scim"
EVERY = "*"
_NAME = re.compile(r"(\*|[a-z][a-z0-9_]*):(read|write|reveal)")


@dataclass(frozen=True, slots=True)
class Scopes:
    """What one key was made for."""

    key: UUID
    names: frozenset[str]

    def gives(self, verb: str, kind: str) -> bool:
        """Whether it covers a verb on the records of a type."""
        return not self.names.isdisjoint((f"{kind}:{verb}", f"{EVERY}:{verb}"))

    @property
    def admin(self) -> bool:
        """Whether the organisation may be administered with it."""
        return ADMIN in self.names

    @property
    def provisions(self) -> bool:
        """Whether people may be provisioned with it (SCIM)."""
        return SCIM in self.names

    @property
    def looks(self) -> bool:
        """Whether it may look at the organisation: its people, teams and types."""
        return self.admin or any(name.endswith(f":{READ}") for name in self.names)

    @property
    def readable(self) -> list[str] | None:
        """The types that it reads; None: all of them."""
        kinds = [name.partition(":")[0] for name in self.names if name.endswith(f":{READ}")]
        return None if EVERY in kinds else kinds


def unknown(names: Iterable[str], types: Collection[str]) -> list[str]:
    """Those of the names that are no scope, where these types exist."""
    return [name for name in names if not _known(name, types)]


def _known(name: str, types: Collection[str]) -> bool:
    if name in (ADMIN, SCIM):
        return True
    found = _NAME.fullmatch(name)
    return found is not None and (found[1] == EVERY or found[1] in types)
