"""The body of an answer, piece by piece, never more of it than was asked for."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

from tenfold.outside.targets import OutsideError

_PIECE = 1 << 16


async def unpacked(pieces: AsyncIterator[bytes], encoding: str, most: int) -> AsyncIterator[bytes]:
    """The bytes as they were before the server packed them; raises OutsideError past so many."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise OutsideError("answered in an encoding that was not asked for")
    gzip = _Gzip() if encoding.endswith("gzip") else None
    arrived = size = 0
    async for packed in pieces:
        arrived += len(packed)
        for piece in gzip.open(packed) if gzip else (packed,):
            size += len(piece)
            if max(arrived, size) > most:
                raise OutsideError(f"answered with more than {most:,} bytes")
            yield piece
            await asyncio.sleep(0)  # a bomb may have very many pieces in few bytes
    if gzip and arrived and not gzip.whole:
        raise OutsideError("broke off its answer")


class _Gzip:
    """Opens a packed body by pieces of bounded size, however much is in them."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def open(self, packed: bytes) -> Iterator[bytes]:
        try:
            while packed and not self._stream.eof:
                if piece := self._stream.decompress(packed, _PIECE):
                    yield piece
                packed = self._stream.unconsumed_tail
        except zlib.error:
            raise OutsideError("broke off its answer") from None

    @property
    def whole(self) -> bool:
        return self._stream.eof
