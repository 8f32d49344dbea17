"""Where imports keep their files: the uploads, and the rows that were refused."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from tenfold.exchange.import_state import State
from tenfold.exchange.read_workbook import is_workbook, made_csv, notes_beside
from tenfold.exchange.refusals import write_refusals
from tenfold.exchange.rows import NotReadable, Row
from tenfold.kernel.errors import Invalid, NotFound, TooLarge
from tenfold.kernel.language import grouped, say

_PIECE = 1 << 16


class ImportFiles:
    """The folder of one import: `<home>/imports/<tenant>/<import>`; names of ours alone."""

    def __init__(self, home: Path, tenant: UUID, identity: UUID) -> None:
        self.folder = home / "imports" / str(tenant) / str(identity)

    async def store(self, number: int, pieces: AsyncIterator[bytes], most: int) -> str:
        """Keep one upload as it arrives, up to so many bytes; answers its stored name.

        Of a workbook its first sheet is kept, as CSV. Raises TooLarge, and Invalid for a workbook
        that can't be read.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{number}.upload"
        size = 0
        with (self.folder / name).open("wb") as file:
            async for piece in pieces:
                size += len(piece)
                if size > most:
                    raise TooLarge(
                        say("A file to import may have at most %(most)s bytes.", most=grouped(most))
                    )
                file.write(piece)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())  # a large one may take seconds
        path = self.folder / name
        if is_workbook(path):
            try:
                notes = await made_csv(path, most)
            except NotReadable as error:
                raise Invalid({"file": say(str(error))}) from None
            notes_beside(path).write_text("\n".join(notes), encoding="utf-8")
        return name

    def share(self, stored: str, other: ImportFiles) -> None:
        """Let another import have an upload too."""
        other.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.upload(stored)
        for one in (path, notes_beside(path)):
            if one.is_file():
                (other.folder / one.name).hardlink_to(one)

    def discard(self) -> None:
        """Take away what was stored for an import that does not come about."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def upload(self, stored: str) -> Path:
        """The path of an upload; NotFound where this machine has it not any more."""
        path = self.folder / Path(stored).name
        if not path.is_file():
            raise NotFound(say("The uploaded file is not here any more."))
        return path

    def refuse(self, valid: int, refused: Iterable[tuple[str, Row, str]]) -> int:
        """Add refused rows after the valid bytes, on the disk before it returns; answers the end.

        What an attempt that died had written after the valid bytes is overwritten.
        """
        lines = [
            msgspec.json.encode((file, row.number, reason, row.values, row.raw))
            for file, row, reason in refused
        ]
        if not lines:
            return valid
        body = b"\n".join(lines) + b"\n"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.refused, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as stream:
            stream.seek(valid)
            stream.truncate()
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        return valid + len(body)

    def refused_csv(self, state: State) -> Iterator[bytes]:
        """The refused rows as CSV, with the place and the reason of each; NotFound when removed."""
        if state.refused_bytes and not self.refused.is_file():
            raise NotFound(say("The refused rows of this import are not kept any more."))
        names = dict.fromkeys(c for part in state.parts for c in part.columns)
        columns = [*names, "file"] if len(state.parts) > 1 else [*names]
        return write_refusals(columns, self.refused_rows(state), state.place)

    def refused_rows(self, state: State) -> Iterator[Row]:
        """The refused rows in the order of the files, of several each with its file.

        None where they are not kept any more.
        """
        if not state.refused_bytes or not self.refused.is_file():
            return
        several = len(state.parts) > 1
        with self.refused.open("rb") as stream:
            while stream.tell() < state.refused_bytes:
                found: Any = msgspec.json.decode(stream.readline())
                file, number, reason, values, raw = found
                if several:
                    values = {**values, "file": file}
                yield Row(number, values, reason, raw)

    @property
    def refused(self) -> Path:
        """Where the refused rows are."""
        return self.folder / "refused.ndjson"


async def pieces_of(content: bytes) -> AsyncIterator[bytes]:
    """Bytes at hand as a stream."""
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
