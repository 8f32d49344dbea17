"""`tenfold import` and `tenfold export`: the work of the API's jobs, done here with progress."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tenfold.app import exchange_of, parts
from tenfold.db.database import Database
from tenfold.engine import ask as asking
from tenfold.engine.types import Locale
from tenfold.exchange import exporting, starting
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import Options, State
from tenfold.exchange.importing import TOPICS, Exchange, Importer
from tenfold.exchange.jobs import AtOnce
from tenfold.exchange.rows import NotReadable
from tenfold.exchange.salesforce_tree import plan_of
from tenfold.exchange.starting import Upload
from tenfold.kernel.context import Context
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import new_id, parse_id
from tenfold.kernel.settings import Settings

DONE, FAILED, PARTLY = 0, 1, 3

_MEMBERS = """SELECT u.id, m.tenant_id, t.name FROM tenfold.users u
CROSS JOIN LATERAL tenfold.memberships(u.id) m JOIN tenfold.tenants t ON t.id = m.tenant_id
WHERE u.email = $1"""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Who:
    """The person as whom a command works, and their organisation."""

    user: UUID
    tenant: UUID


@dataclass(frozen=True, slots=True)
class _Import:
    """What is to be imported, by whom and how."""

    path: Path
    kind: str
    email: str
    organisation: str
    options: Options


@dataclass(frozen=True, slots=True)
class _Export:
    """What is to be exported, by whom and how."""

    kind: str
    email: str
    organisation: str
    form: str
    query: str
    bom: bool


def run_import(
    settings: Settings,
    path: Path,
    kind: str,
    *,
    email: str,
    organisation: str = "",
    options: Options | None = None,
    refused: Path | None = None,
    say: Say = print,
) -> int:
    """Import a file, or the plan of a Salesforce tree export, as a member.

    Answers 0 where all rows are in, 3 where some were refused (they are written to `refused`, or
    beside the file), 1 where the import failed; what was done is said.
    """
    asked = _Import(path, kind, email, organisation, starting.check(options or Options()))
    return asyncio.run(_import(settings, asked, refused, say))


def run_export(
    settings: Settings,
    kind: str,
    to: Path | None,
    *,
    email: str,
    organisation: str = "",
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
    asked = _Export(kind, email, organisation, form, query, bom)
    return asyncio.run(_export(settings, asked, to, say))


async def _import(settings: Settings, asked: _Import, refused: Path | None, say: Say) -> int:
    async with _opened(settings) as exchange:
        files, state = await _run(exchange, asked)
        if state.error:
            say(f"The import failed: {state.error}")
            return FAILED
        for note in state.notes():
            say(note)
        counts = state.counts
        kinds = [("created", counts.created), ("updated", counts.updated)]
        kinds += [("unchanged", counts.unchanged), ("refused", counts.refused)]
        told = ", ".join(f"{number:,} {name}" for name, number in kinds)
        dry = " (a dry run: nothing was stored)" if asked.options.dry_run else ""
        say(f"{counts.read:,} rows read: {told}{dry}.")
        if not counts.refused:
            return DONE
        to = refused or asked.path.with_name(f"{asked.path.stem}.refused.csv")
        columns = list(dict.fromkeys(c for part in state.parts for c in part.columns))
        pieces = files.refused_csv(columns, state.refused_bytes, several=len(state.parts) > 1)
        await asyncio.to_thread(_write, to, pieces)
        say(f"The refused rows, each with its reason, are in {to}.")
        return PARTLY


async def _run(exchange: Exchange, asked: _Import) -> tuple[ImportFiles, State]:
    """Store, begin and bring in, with a bar that moves."""
    who = await _who(exchange, asked.email, asked.organisation)
    identity = new_id()
    files = exchange.files(who.tenant, identity)
    uploads: list[Upload] = []
    for number, one in enumerate(_with_plan(asked.path)):
        stored = await files.store(number, _read(one), sys.maxsize)
        uploads.append(Upload(one.name, stored))
    context = Context(who.tenant, who.user, request="tenfold import")
    try:
        found = starting.parts_of(exchange, files, uploads, asked.kind, asked.options)
        async with exchange.database.read(who.tenant, TOPICS) as reader:
            person = await exchange.person(reader, context)
        await starting.allowed(exchange, person, found)
        async with exchange.database.transaction(context) as tx:
            await starting.begin(tx, identity, found, asked.options)
    except BaseException:
        files.discard()
        raise
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(asked.path.name, total=None)
        work = AtOnce(
            exchange.database,
            context,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
        state = await Importer(exchange).run(work, identity)
    return files, state


async def _export(settings: Settings, asked: _Export, to: Path | None, say: Say) -> int:
    async with _opened(settings) as exchange:
        who = await _who(exchange, asked.email, asked.organisation)
        shipped = exchange.shipped(asked.kind)
        if shipped is None:
            raise NotFound(f"There is no record type {asked.kind[:60]!r}.")

        @asynccontextmanager
        async def opened() -> AsyncGenerator[exporting.Reading]:
            async with exchange.database.read(who.tenant, TOPICS) as reader:
                person = await exchange.load_person(reader, who.tenant, who.user)
                definition = await exchange.definition(reader, who.tenant, shipped.name)
                yield exporting.Reading(reader, person, definition)

        async with opened() as first:
            access = first.person.access(first.definition)
            pairs = parse_qsl(asked.query, keep_blank_values=True)
            ask = asking.parse(pairs, first.definition, access, Locale())
        pieces = exporting.export(exchange.records.query, opened, ask, asked.form, bom=asked.bom)
        size = await _sent(pieces, to)
        say(f"{size:,} bytes written{f' to {to}' if to else ''}.")
        return DONE


async def _sent(pieces: AsyncIterator[bytes], to: Path | None) -> int:
    """Write the pieces; a file stands there whole or not at all."""
    if to is None:
        return await _copied(pieces, sys.stdout.buffer)
    part = to.with_name(f".{to.name}.part")
    try:
        with part.open("wb") as file:
            size = await _copied(pieces, file)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    return size


async def _copied(pieces: AsyncIterator[bytes], file: BinaryIO) -> int:
    size = 0
    async for piece in pieces:
        file.write(piece)
        size += len(piece)
    file.flush()
    return size


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[Exchange]:
    made = parts(settings)
    database: Database = await made.database(seconds=300)
    try:
        yield exchange_of(made, database)
    finally:
        await database.close()


async def _who(exchange: Exchange, email: str, organisation: str) -> Who:
    """The member of this e-mail address, in the organisation of this name or id."""
    async with exchange.database.system() as reader:
        rows = await reader.rows(_MEMBERS, email.strip().lower())
    if not rows:
        raise NotFound(f"Nobody signs in as {email}.")
    wanted = organisation.strip()
    if wanted:
        key = parse_id(wanted)
        rows = [r for r in rows if r[1] == key or r[2].casefold() == wanted.casefold()]
        if not rows:
            raise NotFound(f"{email} is no member of {organisation!r}.")
    if len(rows) > 1:
        names = ", ".join(sorted(r[2] for r in rows))
        raise Invalid({"organisation": f"is required: {email} is in {names}"})
    return Who(rows[0][0], rows[0][1])


def _with_plan(path: Path) -> Sequence[Path]:
    """The file, and where it is a plan the files beside it that it names."""
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


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, 1 << 20):
            yield piece


def _write(to: Path, pieces: Iterable[bytes]) -> None:
    with to.open("wb") as file:
        for piece in pieces:
            file.write(piece)
