"""Forms that bring files along: all but small ones go to the disk as they arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Request
from litestar.datastructures import UploadFile
from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

from tenfold.kernel.errors import BadRequest, TooLarge

TEXT_BYTES = 1_000_000
"""What all parts of a form that are no files may weigh together; they are held in memory."""
SPOOL_BYTES = 64 * 1024
"""What is held of a file in memory; a longer one goes to the disk."""
FILES = 50
"""How many files a form may bring."""
_MOST = 1_000

Part = tuple[str, str | UploadFile]


@asynccontextmanager
async def parts_of(request: Request[Any, Any, Any]) -> AsyncGenerator[list[Part]]:
    """The parts of a multipart form in their order, for as long as the files are open.

    Raises BadRequest where it is no whole form, TooLarge where it says too much.
    """
    made = _Parts()
    try:
        await _read(request, made)
        yield made.parts
    finally:
        await made.close()


async def _read(request: Request[Any, Any, Any], made: _Parts) -> None:
    boundary = request.content_type[1].get("boundary", "")
    try:
        with PushMultipartParser(boundary, max_segment_count=_MOST) as parser:
            async for piece in request.stream():
                for event in parser.parse(piece):
                    await made.take(event)
                if parser.closed:
                    break
    except ParserLimitReached:
        raise TooLarge(f"A form may have at most {_MOST:,} parts, each with few headers.") from None
    except MultipartError as error:
        raise BadRequest(f"The form can't be read: {error}.") from None


class _Parts:
    """The parts that have arrived, and the one that is arriving."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._name, self._text = "", bytearray()
        self._file: UploadFile | None = None
        self._weight = self._files = 0

    async def take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        """What the parser found: a part's head, a piece of its body, or its end (None)."""
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event is None:
            await self._end()
        elif self._file is not None:
            await self._file.write(bytes(event))
        else:
            self._weight += len(event)
            if self._weight > TEXT_BYTES:
                raise TooLarge(
                    f"What a form says besides files may have at most {TEXT_BYTES:,} bytes; "
                    "send a file as a part with a filename."
                )
            self._text += event

    async def close(self) -> None:
        """Let go of the files."""
        for file in (self._file, *(value for _, value in self.parts)):
            if isinstance(file, UploadFile):
                await file.close()

    def _begin(self, segment: MultipartSegment) -> None:
        self._name, self._text = segment.name or "", bytearray()
        if segment.filename:
            self._files += 1
            if self._files > FILES:
                raise TooLarge(f"A form may bring at most {FILES} files; send the others apart.")
            kind = segment.content_type or "application/octet-stream"
            self._file = UploadFile(
                content_type=kind, filename=segment.filename, max_spool_size=SPOOL_BYTES
            )

    async def _end(self) -> None:
        if self._file is not None:
            await self._file.seek(0)
            self.parts.append((self._name, self._file))
            self._file = None
            return
        try:
            self.parts.append((self._name, self._text.decode()))
        except UnicodeDecodeError:
            raise BadRequest(f"The form's {self._name[:100]!r} is not text in UTF-8.") from None
