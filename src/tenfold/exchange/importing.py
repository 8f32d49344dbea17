"""Imports: a stored upload, a batch, and a job that brings its rows in piece by piece."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol
from uuid import UUID

from msgspec.structs import replace

from tenfold.db.database import Database, Reader, Transaction
from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.engine.custom_types import PREFIX
from tenfold.engine.definition import Definition
from tenfold.engine.halving import savepoint
from tenfold.engine.records import Records
from tenfold.engine.registry import CUSTOM
from tenfold.engine.tailored import Tailored
from tenfold.engine.types import Locale
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import SKIPPED, Column, Options, Part, Skipped, State, state_of
from tenfold.exchange.links import Lenience
from tenfold.exchange.mapping import UnknownName
from tenfold.exchange.prepared import Prepared
from tenfold.exchange.rows import NotReadable, Row
from tenfold.exchange.surveying import Survey, View, survey
from tenfold.exchange.unknown_values import unknown_values
from tenfold.exchange.values import Reading
from tenfold.exchange.writing_rows import Result, Writer
from tenfold.jobs import LeaseLost
from tenfold.kernel.context import Context
from tenfold.kernel.errors import NotFound, TenfoldError, Unauthenticated
from tenfold.kernel.language import grouped, say, say_n, speak, within
from tenfold.kernel.settings import Settings

TOPICS = ("members", "definitions")
_FIRST, _LEAST, _MOST = 500, 50, 5_000
_SECONDS = 2.0
"""How long a piece should take; far below the five seconds after which the log's readers wait."""

REHEARSED = 5_000
"""A dry run of at most so many rows is one transaction; a longer one forgets each piece."""

_TENANT = "SELECT region, currency, timezone FROM tenfold.tenants WHERE id = $1"
_VERSIONS = "SELECT tenfold.versions($1, $2)"
_READ = """SELECT summary -> 'counts' ->> 'read' FROM tenfold.batches
WHERE tenant_id = $1 AND id = $2 FOR UPDATE"""

LoadPerson = Callable[[Reader, UUID, UUID, UUID | None], Awaitable[Person]]


class Steps(Protocol):
    """How a long piece of work commits: as a job's steps, or at once in a command."""

    @property
    def context(self) -> Context:
        """The tenant and actor to work as."""
        ...

    def step(
        self, done: int, total: int | None = None, note: str = ""
    ) -> AbstractAsyncContextManager[Transaction]:
        """One piece, committed with how far the work is."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """The last piece, committed with the work's end."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """What imports and exports need of an installation."""

    database: Database
    records: Records
    tailored: Tailored
    home: Path
    load_person: LoadPerson
    region: str = "US"
    currency: str = "USD"

    @classmethod
    def of(
        cls, settings: Settings, database: Database, records: Records, load_person: LoadPerson
    ) -> Exchange:
        """That of the settings' installation."""
        return cls(
            database,
            records,
            Tailored(),
            settings.folder,
            load_person,
            settings.default_region,
            settings.default_currency,
        )

    async def definition(self, reader: Reader, tenant: UUID, name: str) -> Definition:
        """A record type as the tenant has it, by what the reader sees; its first topics are TOPICS.

        A job's pieces are opened without topics: there the version is asked for.
        """
        shipped = self.shipped(name)
        if shipped is None:
            raise NotFound(say("There is no record type %(name)s.", name=repr(name[:60])))
        versions = reader.versions or await reader.value(_VERSIONS, tenant, TOPICS)
        return await self.tailored.get(reader, tenant, shipped, versions[1])

    def shipped(self, name: str) -> Definition | None:
        """A type by its name or plural; of a tenant's own no more than its name is known yet."""
        registry = self.records.registry
        found = registry.by_name.get(name) or registry.by_plural.get(name)
        if found is None and name.startswith((PREFIX, "custom/")):
            rest = name.removeprefix(PREFIX).removeprefix("custom/")
            return registry.named(f"{CUSTOM}{rest}")
        return found

    async def person(self, reader: Reader, context: Context, key: UUID | None = None) -> Person:
        """The member who acts, confined as the API key that they act by.

        Raises Unauthenticated where they don't belong any more, or the key is void.
        """
        if context.actor is None:
            raise Unauthenticated(say("Only a member of the organisation can do this."))
        return await self.load_person(reader, context.tenant, context.actor, key)

    def files(self, tenant: UUID, identity: UUID) -> ImportFiles:
        """The folder of an import."""
        return ImportFiles(self.home, tenant, identity)


class Importer:
    """Runs imports that were stored; one object serves a whole process."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def run(self, work: Steps, identity: UUID, key: UUID | None = None) -> State:
        """Bring in what is left of an import; what earlier attempts committed stays."""
        context = work.context
        async with self.exchange.database.read(context.tenant, TOPICS) as reader:
            person = await self.exchange.person(reader, context, key)
            batch = await batches.find(reader, person, identity)
            state = state_of(batch.summary)
            speak(state.language, state.region)
            how, locale = await self.reading(reader, context.tenant, state.options)
            definitions = {
                part.type: await self.exchange.definition(reader, context.tenant, part.type)
                for part in state.parts
            }
        if batch.status in ("completed", "failed"):
            async with work.transaction():
                return state
        run = _Run(self.exchange, work, identity, person, state, how, locale, definitions, key)
        try:
            await run.all()
        except (NotReadable, UnknownName) as error:
            await run.end("failed", str(error))
        except TenfoldError as error:
            if error.status >= 500:
                raise
            await run.end("failed", error.message)
        return run.state

    async def stop(self, work: Steps, identity: UUID) -> None:
        """End an import where it is: what came in stays, and can be undone."""
        context = work.context
        async with self.exchange.database.read(context.tenant, TOPICS) as reader:
            person = await self.exchange.person(reader, context)
            batch = await batches.find(reader, person, identity)
        state = state_of(batch.summary)
        if batch.status not in ("completed", "failed"):
            state.stop()
            async with work.transaction() as tx:
                await batches.save(tx, identity, "failed", state.progress(), finished=True)

    async def reading(
        self, reader: Reader, tenant: UUID, options: Options
    ) -> tuple[Reading, Locale]:
        """How texts are read where they don't say it: by the options, then the organisation."""
        row = await reader.row(_TENANT, tenant)
        mine = (self.exchange.region, self.exchange.currency, "UTC")
        region, currency, zone = tuple(row) if row is not None else mine
        how = Reading(
            region=(options.region or region).upper(),
            currency=(options.currency or currency).upper(),
            plain=options.currency.upper(),
            zone=options.zone or zone,
        )
        return how, Locale(how.region, how.currency)


class _TakenBack(Exception):
    """Ends a rehearsal."""


@dataclass(slots=True)
class _Run:
    """One attempt at one import."""

    exchange: Exchange
    work: Steps
    identity: UUID
    person: Person
    state: State
    how: Reading
    locale: Locale
    definitions: dict[str, Definition]
    key: UUID | None = None
    held: Transaction | None = None

    @property
    def files(self) -> ImportFiles:
        """The import's folder."""
        return self.exchange.files(self.person.tenant, self.identity)

    async def all(self) -> None:
        """Survey every file, then bring them in, in their order."""
        surveys = [await asyncio.to_thread(self._survey, part) for part in self.state.parts]
        for part, found in zip(self.state.parts, surveys, strict=True):
            part.kind, part.encoding = found.source.kind, found.source.encoding
            part.separator, part.rows = found.source.separator, found.rows
            part.columns, part.notes = found.columns, found.notes
            part.mapping = [Column.of(guess) for guess in found.guesses]
            if self.state.options.dry_run:
                part.values = await asyncio.to_thread(unknown_values, found)
        self.state.total = sum(part.rows for part in self.state.parts)
        async with self.work.step(self.state.counts.read, self.state.total) as tx:
            await batches.save(tx, self.identity, "processing", self.state.summary())
        if self.state.options.dry_run and self.state.total <= REHEARSED:
            await self._rehearse(surveys)
        else:
            await self._parts(surveys)
        await self.end("completed")

    async def _parts(self, surveys: Sequence[Survey]) -> None:
        for index in range(self.state.part, len(surveys)):
            await self._part(index, surveys[index])
            self.state.part, self.state.row = index + 1, 0

    async def _rehearse(self, surveys: Sequence[Survey]) -> None:
        """Bring everything in and take it back, so that rows find those that came before them."""
        async with self.work.step(0, self.state.total) as tx:
            self.held = tx
            try:
                async with savepoint(tx):
                    await self._parts(surveys)
                    raise _TakenBack
            except _TakenBack:
                await batches.save(tx, self.identity, "processing", self.state.progress())
            finally:
                self.held = None

    @asynccontextmanager
    async def _step(self, done: int, note: str) -> AsyncGenerator[Transaction]:
        """A piece of its own, or the next one of a rehearsal."""
        if self.held is not None:
            yield self.held
            return
        async with self.work.step(done, self.state.total, note) as tx:
            yield tx

    async def end(self, status: str, error: str = "") -> None:
        """Write down that the import is over."""
        self.state.error = error
        async with self.work.transaction() as tx:
            summary = self.state.progress()
            await batches.save(tx, self.identity, status, summary, finished=True)

    def _survey(self, part: Part) -> Survey:
        types = self.exchange.records.registry.by_name
        view = View(self.definitions[part.type], self.person, types, self.how)
        return survey(self.files.upload(part.stored), part, self.state.options, view)

    async def _part(self, index: int, found: Survey) -> None:
        part = self.state.parts[index]
        definition = self.definitions[part.type]
        writer = Writer(
            self.exchange.records,
            self.person,
            definition,
            self.locale,
            found.keys.get(found.key),
            frozenset(self.state.options.create_missing),
            Lenience.of(found, self.state.options),
            skips=self.state.options.existing == "skip",
        )
        with closing(await asyncio.to_thread(_Feed, found, self.state.row)) as feed:
            await self._pieces(part, writer, feed)

    async def _pieces(self, part: Part, writer: Writer, feed: _Feed) -> None:
        size = _FIRST
        piece = await asyncio.to_thread(feed.take, size)
        while piece:
            began = time.monotonic()
            # While the database works on this piece, a thread prepares the next one.
            following = asyncio.create_task(asyncio.to_thread(feed.take, size))
            try:
                await self._piece(part, writer, piece, feed)
            except BaseException:
                await asyncio.wait([following])
                raise
            size = _next_size(size, len(piece), time.monotonic() - began)
            piece = await following

    async def _piece(self, part: Part, writer: Writer, piece: list[Prepared], feed: _Feed) -> None:
        """Write one piece and how far the import is, in one transaction."""
        state = self.state
        done = state.counts.read + len(piece)
        total = state.total or done
        rows = say_n(
            "%(done)s of %(n)s row",
            "%(done)s of %(n)s rows",
            total,
            done=grouped(done),
            n=grouped(total),
        )
        note = f"{part.filename}: {rows}"
        async with self._step(done, note) as tx:
            writer.person = await self._still(tx, writer.definition)
            await tx.join_batch(self.identity)
            rehearse = state.options.dry_run and self.held is None
            result = await writer.write(tx, piece, rehearse=rehearse)
            changed = self._counted(part, piece, result, feed)
            # A file is not taken back: whoever was overtaken by another may not touch it.
            if await tx.value(_READ, tx.context.tenant, self.identity) != str(state.counts.read):
                raise LeaseLost
            changed.refused_bytes = await asyncio.to_thread(
                self.files.refuse,
                state.refused_bytes,
                [(part.filename, piece[i].row, why) for i, why in sorted(result.reasons.items())],
            )
            await batches.save(tx, self.identity, "processing", changed.progress())
        self.state = changed

    async def _still(self, tx: Transaction, definition: Definition) -> Person:
        """Who imports, as they are now; raises where they may not any more."""
        person = await self.exchange.person(tx, self.work.context, self.key)
        access = person.access(definition)
        access.need("read", definition)
        access.need("create", definition)
        return person

    def _counted(self, part: Part, piece: list[Prepared], result: Result, feed: _Feed) -> State:
        """The state as it is once the piece is committed."""
        definition = self.definitions[part.type]
        before = self.state
        changed = replace(before, counts=replace(before.counts), tally=dict(before.tally))
        changed.part, changed.row = before.parts.index(part), before.row + len(piece)
        changed.skipped = [*before.skipped, *_skipped(part, piece, result)][:SKIPPED]
        changed.counts.read += len(piece)
        for fate in result.fates:
            setattr(changed.counts, fate, getattr(changed.counts, fate) + 1)
        for text, number in feed.tally(piece).items():
            changed.tally[text] = changed.tally.get(text, 0) + number
        for name, number in result.dropped.items():
            text = _dropped(definition, name)
            changed.tally[text] = changed.tally.get(text, 0) + number
        for text, number in result.told.items():
            changed.tally[text] = changed.tally.get(text, 0) + number
        for to, number in result.made.items():
            kind = self.exchange.records.registry.by_name[to]
            word = f"{{{within(kind.label)}|{within(kind.label_plural)}}}"
            text = say("%(things)s made, as named in the file", things=word)
            changed.tally[text] = changed.tally.get(text, 0) + number
        return changed


class _Feed:
    """Prepared rows of a file, from the first that is not settled yet; one thread at a time."""

    def __init__(self, found: Survey, settled: int) -> None:
        self._converter = found.converter()
        self._rows = found.source.rows()
        for row in islice(self._rows, settled):
            self._converter.convert(row)
        self._converter.tally.clear()
        self._tallies: dict[int, dict[str, int]] = {}

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def take(self, size: int) -> list[Prepared]:
        """The next rows."""
        rows: list[Row] = list(islice(self._rows, size))
        piece = [self._converter.convert(row) for row in rows]
        if piece:
            self._tallies[piece[0].row.number] = dict(self._converter.tally)
            self._converter.tally.clear()
        return piece

    def tally(self, piece: list[Prepared]) -> dict[str, int]:
        """What had to be left out of a piece."""
        return self._tallies.pop(piece[0].row.number, {})


def _skipped(part: Part, piece: Sequence[Prepared], result: Result) -> list[Skipped]:
    """The cells that were left out of rows that came in without them."""
    return [
        Skipped(file=part.filename, line=row.row.number, column=column, text=text)
        for index, row in enumerate(piece)
        if row.skipped and index not in result.reasons
        for column, text in row.skipped
    ]


def _dropped(definition: Definition, name: str) -> str:
    """What is told of rows whose relation leads nowhere."""
    one = definition.by_json[name]
    if one.type.kind == "user":
        return say(
            "{row has|rows have} nobody of your organisation as %(field)s", field=within(one.label)
        )
    return say(
        "{row names|rows name} a %(type)s that is not here, and came in without it",
        type=within(one.label),
    )


def _next_size(size: int, taken: int, seconds: float) -> int:
    """How many rows the next piece should have, so that it takes about _SECONDS."""
    fitting = int(taken * _SECONDS / max(seconds, 0.001))
    return max(_LEAST, min(_MOST, fitting, size * 3))
