"""All that messages need of an installation, put together once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenfold.db.database import Database
from tenfold.db.keys import Keyring
from tenfold.engine.query import Query
from tenfold.engine.records import Records
from tenfold.engine.tenants import Tenants
from tenfold.engine.told import Teller
from tenfold.kernel.settings import Settings
from tenfold.messages.incoming import Mailbox
from tenfold.messages.posting import Poster
from tenfold.messages.sending import Sender
from tenfold.messages.writing import Writer
from tenfold.outside.calls import Outside


@dataclass(frozen=True, slots=True)
class Messages:
    """What writes, sends and takes messages; of a server or a worker."""

    keyring: Keyring
    tenants: Tenants
    query: Query
    records: Records
    poster: Poster
    writer: Writer

    @classmethod
    def of(
        cls, settings: Settings, keyring: Keyring, tenants: Tenants, query: Query, records: Records
    ) -> Messages:
        """Those of an installation."""
        poster = Poster(settings, keyring)
        writer = Writer(Teller(query, settings.address), poster)
        return cls(keyring, tenants, query, records, poster, writer)

    def mailbox(self, database: Database) -> Mailbox:
        """Where answers arrive."""
        return Mailbox(database, self.tenants, self.records)

    def sender(self, now: Callable[[], Settings], database: Database, outside: Outside) -> Sender:
        """What sends; the carrier may be another one for each message."""
        return Sender(now, database, self.keyring, outside, self.tenants, self.records)
