"""Somebody who changes the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.db.database import Transaction
from tenfold.engine.access import Person
from tenfold.engine.registry import Registry


@dataclass(frozen=True, slots=True)
class Administrator:
    """An administrator in the middle of a change, alone with the organisation's settings."""

    tx: Transaction
    person: Person
    registry: Registry
    client: Client

    @property
    def tenant(self) -> UUID:
        """The organisation."""
        return self.person.tenant
