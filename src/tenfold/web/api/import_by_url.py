"""A file to import that Tenfold fetches itself: after it is known that the person may import it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit
from uuid import UUID

from tenfold.db.database import Reader
from tenfold.engine.access import Person
from tenfold.exchange import starting
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import Part
from tenfold.exchange.importing import Exchange
from tenfold.exchange.starting import Upload, shown_name
from tenfold.kernel.errors import Invalid
from tenfold.outside.calls import Outside
from tenfold.outside.targets import OutsideError, Terms
from tenfold.web.api.import_bodies import Sent

SECONDS = 120.0
"""How long the file may take to arrive, while the request waits for it."""


async def allowed(exchange: Exchange, reader: Reader, person: Person, sent: Sent) -> None:
    """Raise Forbidden or Invalid before anybody is called, not after."""
    part = Part(stored="", filename="", type=starting.type_named(exchange, sent.kind))
    await starting.allowed(exchange, reader, person, [part], sent.options)


async def fetched(
    outside: Outside, tenant: UUID, sent: Sent, files: ImportFiles, most: int
) -> Sent:
    """The same with the file stored like an upload; raises Invalid naming `url`."""
    terms = Terms(most=most, seconds=SECONDS)
    try:
        async with outside.opened(sent.url, terms=terms, asker=tenant) as (answer, pieces):
            if answer.status != 200:
                raise Invalid({"url": f"answered {answer.status} instead of a file"})
            stored = await files.store(0, pieces, most)
    except OutsideError as error:
        raise Invalid({"url": error.reason}) from None
    last = PurePosixPath(unquote(urlsplit(answer.url).path)).name
    return replace(sent, uploads=[Upload(shown_name(sent.filename or last), stored)])
