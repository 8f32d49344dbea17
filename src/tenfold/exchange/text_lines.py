"""Lines of text out of bytes, never more than a bounded piece of them at once."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from tenfold.exchange.detect_encoding import Encoding
from tenfold.kernel.language import mark, say

LINE_LIMIT = 4 * 1_048_576
"""The longest line that is held in memory, in characters; what is beyond it is passed over."""

LINE_TOO_LONG = mark("The line is longer than %(most)s characters.")

_BAD = re.compile("[\ud800-\udfff]")


class Line(NamedTuple):
    """A line with its end, its number from 1, and whether it was cut for being too long."""

    number: int
    text: str
    cut: bool = False


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Stands a lone surrogate for each byte that can't be decoded, so that its row is known."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("tenfold.mark", _mark)


def is_encoding(name: str, sample: bytes = b"aaaa") -> bool:
    """Whether there is a text encoding of this name, with which the sample can be read."""
    try:
        sample.decode(name, errors="tenfold.mark")
    except (LookupError, ValueError):
        return False
    return True


def text_of(stream: BinaryIO, encoding: Encoding) -> io.TextIOWrapper:
    """The stream as text with its own line ends; bad bytes become marks, nothing raises."""
    stream.read(encoding.mark)
    return io.TextIOWrapper(stream, encoding.name, errors="tenfold.mark", newline="")


def lines_of(text: io.TextIOBase, first: int = 1) -> Iterator[Line]:
    """Each line of the text, with its number."""
    number = first
    while piece := text.readline(LINE_LIMIT):
        cut = len(piece) >= LINE_LIMIT and piece[-1] not in "\r\n"
        yield Line(number, piece, cut)
        if cut:
            _pass_over(text)
        number += 1


def flaw(text: str, encoding: str) -> str | None:
    """What keeps the text from being stored: bytes that are no text, or the NUL character."""
    if "\x00" in text:
        return say("holds the NUL character, which no field can keep")
    found = None if text.isascii() else _BAD.search(text)
    if not found:
        return None
    code = ord(found[0]) - 0xDC00
    if 0 <= code <= 0xFF:
        return say(
            "holds the byte %(byte)s, which is not text in the file's encoding (%(encoding)s)",
            byte=f"0x{code:02X}",
            encoding=encoding,
        )
    return say("holds half a character (a lone surrogate), which no field can keep")


def readable(text: str) -> str:
    """The text with a replacement character for each byte that is none."""
    return _BAD.sub("\ufffd", text).replace("\x00", "\ufffd")


def _pass_over(text: io.TextIOBase) -> None:
    while piece := text.readline(LINE_LIMIT):
        if piece[-1] in "\r\n":
            return
