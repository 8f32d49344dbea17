"""`tenfold import` and `tenfold export`: the work of the API's jobs, done here with progress."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl
from uuid import UUID

from rich.console import Console
from rich.progress import (
    BarColumn,
    FileSizeColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from tenfold.app import exchange_of
from tenfold.cli.seat import find, opened
from tenfold.cli.who import Who
from tenfold.db.database import Reader
from tenfold.engine import ask as asking
from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.exchange import exporting, starting
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import ChoiceValues, Column, Options, Part, State
from tenfold.exchange.importing import TOPICS, Exchange, Importer
from tenfold.exchange.jobs import AtOnce, stand_by
from tenfold.exchange.previewing import preview
from tenfold.exchange.rows import NotReadable
from tenfold.exchange.salesforce_tree import plan_of
from tenfold.exchange.starting import Upload
from tenfold.jobs import LeaseLost
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Conflict, Invalid, NotFound
from tenfold.kernel.ids import new_id
from tenfold.kernel.settings import Settings
from tenfold.kernel.text import plural, there_are

DONE, FAILED, PARTLY = 0, 1, 3
_SHOWN = 10
"""How many refused rows are said."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Import:
    """What is to be imported, by whom and how."""

    path: Path
    kind: str
    who: Who
    options: Options


@dataclass(frozen=True, slots=True)
class _Export:
    """What is to be exported, by whom and how."""

    kind: str
    who: Who
    form: str
    query: str
    bom: bool


@dataclass(frozen=True, slots=True)
class _Asking:
    """A connection that reads, and who asks."""

    reader: Reader
    person: Person


def run_import(
    settings: Settings,
    path: Path,
    kind: str,
    *,
    who: Who,
    options: Options | None = None,
    refused: Path | None = None,
    say: Say = print,
) -> int:
    """Import a file, or the plan of a Salesforce tree export, as a member.

    Answers 0 where all rows are in, 3 where some were refused (the first are said, and all written
    to `refused` or beside the file; a dry run writes none without `refused`), 1 where the import
    failed; what was done is said.
    """
    if refused and not refused.parent.is_dir():
        raise NotFound(f"There is no folder {refused.parent}.")
    asked = _Import(path, kind, who, starting.check(options or Options()))
    return asyncio.run(_import(settings, asked, refused, say))


def run_export(
    settings: Settings,
    kind: str,
    to: Path | None,
    *,
    who: Who,
    form: str = "csv",
    query: str = "",
    bom: bool = False,
    say: Say = print,
) -> int:
    """Export a list as a member sees it to a file, or to the standard output; 0 or 1.

    `query` filters and sorts as the API's address does: `status=active&sort=-created_at`.
    """
    if form not in exporting.FORMATS:
        raise Invalid({"format": f"must be one of {', '.join(exporting.FORMATS)}"})
    asked = _Export(kind, who, form, query, bom)
    return asyncio.run(_export(settings, asked, to, say))


async def _import(settings: Settings, asked: _Import, refused: Path | None, say: Say) -> int:
    async with opened(settings) as (made, database):
        exchange = exchange_of(made, database)
        files, state = await _run(exchange, asked)
        if state.error:
            say(f"The import failed: {state.error}")
            return FAILED
        _tell(state, say)
        if not state.counts.refused:
            return DONE
        for line in _refused(files, state, refused):
            say(line)
        if state.options.dry_run and refused is None:
            return PARTLY
        to = refused or _unused(asked.path)
        await asyncio.to_thread(_write, to, files.refused_csv(state))
        say(f"The refused rows, each with its reason, are in {to}.")
        return PARTLY


def _tell(state: State, say: Say) -> None:
    """Say where the columns go, where that was asked for, and what became of the rows."""
    dry = state.options.dry_run
    for part in state.parts if dry else ():
        say(f"{part.filename} into {part.type}:")
        for line in _mapped(part.mapping):
            say(line)
        for line in _unknown(part.values):
            say(line)
    for note in state.notes():
        say(note)
    for line in _skipped(state):
        say(line)
    counts = state.counts
    kinds = [("created", counts.created), ("updated", counts.updated)]
    kinds += [("unchanged", counts.unchanged), ("refused", counts.refused)]
    if state.options.existing == "skip":
        kinds.insert(2, ("skipped", counts.skipped))
    told = ", ".join(f"{number:,} {name}" for name, number in kinds)
    read = f"{plural(counts.read, 'row', 'rows')} read"
    if dry:
        say(f"Nothing was stored: this was a dry run. {read}; a real one would give {told}.")
    else:
        say(f"{read}: {told}.")


def _mapped(columns: Sequence[Column]) -> Iterator[str]:
    """Each column with its field and the first value in it."""
    width = min(30, max((len(one.column) for one in columns), default=0))
    for one in columns:
        sample = f"  ({' '.join(one.samples[0].split())[:40]})" if one.samples else ""
        yield f"  {one.column:<{width}} → {one.target or 'left out'}{sample}"


def _unknown(columns: Sequence[ChoiceValues]) -> Iterator[str]:
    """The words of each column that are none of its field's choices, and how to explain them."""
    for one in columns:
        words = [found for found in one.values if not found.given]
        if not words:
            continue
        yield f"Words of {one.column!r} that are none of the choices of {one.field}:"
        yield from (f"  {found.value}  ({plural(found.rows, 'row', 'rows')})" for found in words)
        if one.more:
            yield f"  and {one.more:,} more"
        choices = ", ".join(one.choices)
        example = f"{one.field}:{words[0].value}=CHOICE"
        yield f"Say what each means with --value {example!r}; the choices are {choices}."


def _skipped(state: State) -> Iterator[str]:
    """The first cells that were left out, with the place of each."""
    for one in state.skipped[:_SHOWN]:
        file = f"{one.file}, " if len(state.parts) > 1 else ""
        yield f"  {file}{state.place} {one.line:,}, {one.column}: {one.text}"
    if len(state.skipped) > _SHOWN:
        yield "  and more; the page of this import lists them."


def _refused(files: ImportFiles, state: State, to: Path | None) -> Iterator[str]:
    """The first rows that were refused, or would be by a real import, with their reasons."""
    dry = state.options.dry_run
    yield "These would be refused:" if dry else "These were refused:"
    for row in islice(files.refused_rows(state), _SHOWN):
        file = f"{row.values['file']}, " if len(state.parts) > 1 else ""
        yield f"  {file}{state.place} {row.number:,}: {row.error}"
    more = state.counts.refused - _SHOWN
    if more > 0:
        hint = "; --refused PATH writes all of them to a file" if dry and to is None else ""
        yield f"  and {more:,} more{hint}."


async def _run(exchange: Exchange, asked: _Import) -> tuple[ImportFiles, State]:
    """Store, begin and bring in, with a bar that moves."""
    if asked.kind:
        _shipped(exchange, asked.kind)
    who = await find(exchange.database, asked.who)
    identity = new_id()
    files = exchange.files(who.tenant, identity)
    uploads: list[Upload] = []
    for number, one in enumerate(_with_plan(asked.path)):
        stored = await files.store(number, _read(one), sys.maxsize)
        uploads.append(Upload(one.name, stored))
    context = Context(who.tenant, who.user, request="tenfold import")
    try:
        found = starting.parts_of(exchange, files, uploads, asked.kind, asked.options)
        await _checked(exchange, context, found, files.upload(found[0].stored), asked.options)
        async with exchange.database.transaction(context) as tx:
            state = await starting.begin(tx, identity, found, asked.options)
            job = await stand_by(tx, identity)
            state.job = str(job)
            await batches.save(tx, identity, "pending", state.summary())
    except BaseException:
        files.discard()
        raise
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with _shown(*columns, TimeRemainingColumn()) as bar:
        task = bar.add_task(asked.path.name, total=None)
        work = AtOnce(
            exchange.database,
            context,
            lambda done, total: bar.update(task, completed=done, total=total),
            job,
        )
        state = await _brought_in(Importer(exchange), work, identity)
    return files, state


async def _checked(
    exchange: Exchange, context: Context, parts: Sequence[Part], path: Path, options: Options
) -> None:
    """Refuse what the person may not, or said of columns or the key that can't be."""

    @asynccontextmanager
    async def enter() -> AsyncGenerator[_Asking]:
        async with exchange.database.read(context.tenant, TOPICS) as reader:
            yield _Asking(reader, await exchange.person(reader, context))

    if options.mapping or options.key:
        # What was said of the file is compared with the file, which takes a look through it.
        await preview(exchange, enter, path, parts=parts, options=options, whole=False)
        return
    async with enter() as by:
        await starting.allowed(exchange, by.reader, by.person, parts, options)


async def _brought_in(importer: Importer, work: AtOnce, identity: UUID) -> State:
    """Run the import; Ctrl-C ends it where it is, so that what came in can be undone."""
    try:
        return await importer.run(work, identity)
    except LeaseLost:
        why = "A worker goes on with this import, or somebody stopped it; its page tells."
        raise Conflict(why) from None
    except asyncio.CancelledError:
        await importer.stop(work, identity)
        raise


async def _export(settings: Settings, asked: _Export, to: Path | None, say: Say) -> int:
    async with opened(settings) as (made, database):
        exchange = exchange_of(made, database)
        shipped = _shipped(exchange, asked.kind)
        who = await find(database, asked.who)

        @asynccontextmanager
        async def looking() -> AsyncGenerator[exporting.Reading]:
            async with exchange.database.read(who.tenant, TOPICS) as reader:
                person = await exchange.load_person(reader, who.tenant, who.user, None)
                definition = await exchange.definition(reader, who.tenant, shipped.name)
                yield exporting.Reading(reader, person, definition)

        async with looking() as first:
            access = first.person.access(first.definition)
            pairs = parse_qsl(asked.query, keep_blank_values=True)
            ask = asking.parse(pairs, first.definition, access, first.person.locale)
        pieces = exporting.export(exchange.records.query, looking, ask, asked.form, bom=asked.bom)
        size = await _sent(pieces, to)
        say(f"{size:,} bytes written{f' to {to}' if to else ''}.")
        return DONE


async def _sent(pieces: AsyncGenerator[bytes], to: Path | None) -> int:
    """Write the pieces; a file stands there whole or not at all."""
    if to is None:
        return await _copied(pieces, sys.stdout.buffer)
    if not to.parent.is_dir():
        raise NotFound(f"There is no folder {to.parent}.")
    part = to.with_name(f".{to.name}.part")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), FileSizeColumn())
    try:
        with part.open("wb") as file, _shown(*columns) as bar:
            task = bar.add_task(to.name, total=None)
            size = await _copied(pieces, file, lambda done: bar.update(task, completed=done))
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return size


async def _copied(
    pieces: AsyncGenerator[bytes], file: BinaryIO, moved: Callable[[int], None] = lambda _: None
) -> int:
    size = 0
    async with aclosing(pieces):  # or what it holds goes only after the pool has gone
        async for piece in pieces:
            file.write(piece)
            size += len(piece)
            moved(size)
        file.flush()
    return size


def _shown(*columns: ProgressColumn) -> Progress:
    """A line that moves, at a terminal only."""
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _shipped(exchange: Exchange, kind: str) -> Definition:
    """The record type of this name; raises Invalid with the one that was probably meant."""
    found = exchange.shipped(kind)
    if found is None:
        known = sorted(one.plural for one in exchange.records.registry)
        close = get_close_matches(kind.lower(), known, 1)
        hint = f"did you mean {close[0]}?" if close else there_are(known)
        raise Invalid({"type": f"there is no record type {kind[:60]!r}; {hint}"})
    return found


def _with_plan(path: Path) -> Sequence[Path]:
    """The file, and where it is a plan the files beside it that it names."""
    if path.is_dir():
        raise Invalid({"file": f"{path} is a folder; name one file in it"})
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    if path.suffix != ".json" or path.stat().st_size > 100_000:
        return [path]
    content = path.read_bytes()
    try:
        steps = plan_of(content) if b"sobject" in content else []
    except NotReadable:
        steps = []
    named = [_beside(path, name) for step in steps for name in step.files]
    return [path, *(one for one in named if one is not None)]


def _beside(plan: Path, name: str) -> Path | None:
    exact = plan.with_name(Path(name).name)
    if exact.is_file():
        return exact
    ending = sorted(plan.parent.glob(f"*{Path(name).name}"))
    return ending[0] if ending else None


def _unused(path: Path) -> Path:
    """Where the refused rows of a file are written: never over those of another time."""
    to = path.with_name(starting.refused_name(path.name))
    while to.exists():
        to = path.with_name(starting.refused_name(to.name))
    return to


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, 1 << 20):
            yield piece


def _write(to: Path, pieces: Iterable[bytes]) -> None:
    with to.open("wb") as file:
        for piece in pieces:
            file.write(piece)
