"""Opens a file to import: what it is, how it is written, its columns and its rows."""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from tenfold.exchange import read_delimited, read_json, read_vcard
from tenfold.exchange.detect_encoding import (
    SAMPLE,
    Encoding,
    detect,
    refuse_binary,
    refuse_noise,
)
from tenfold.exchange.json_items import decoded
from tenfold.exchange.read_workbook import notes_beside
from tenfold.exchange.rows import Kind, NotReadable, Row
from tenfold.exchange.text_lines import is_encoding, text_of
from tenfold.kernel.language import say

_SUFFIXES: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".vcf": "vcard",
    ".vcard": "vcard",
}
_MARKUP = re.compile(r"\s*<[!?]?(?:doctype\s+)?(html|xml|svg)\b", re.IGNORECASE)
_PREVIEWED = 1_000


class Source:
    """A file to import. `columns` is what its beginning shows; JSON may add `late_columns`."""

    def __init__(self, origin: _Origin, kind: Kind, encoding: Encoding, text: str) -> None:
        self._origin = origin
        self._encoding = encoding
        self._shape: read_delimited.Shape | None = None
        self._sample = text
        self.kind: Kind = kind
        self.encoding = encoding.name
        self.notes: list[str] = []
        self.columns: list[str] = []
        self.late_columns: list[str] = []
        if encoding.guessed:
            self.notes.append(
                say("The encoding is not stated; %(name)s was guessed.", name=encoding.name)
            )

    @property
    def separator(self) -> str | None:
        """What stands between two cells; None for a file that is not delimited."""
        return self._shape.separator if self._shape else None

    def rows(self) -> Generator[Row]:
        """Each record with its line, in order; holds one record at a time."""
        known = set(self.columns)
        with self._origin.opened() as stream:
            text = text_of(stream, self._encoding)
            try:
                for row in self._read(text):
                    new = () if self._shape else (name for name in row.values if name not in known)
                    for name in new:
                        known.add(name)
                        self.late_columns.append(name)
                    yield row
            finally:
                text.detach()

    def look(self, separator: str | None, header: bool | None) -> None:
        """Finds the columns from the beginning of the file."""
        if self.kind == "csv":
            shape = read_delimited.shape_of(self._sample, self.encoding, separator, header)
            self._shape, self.columns = shape, shape.columns
            self.notes += shape.notes
        elif self.kind == "vcard":
            self.columns = list(read_vcard.COLUMNS)
        else:
            found: dict[str, None] = {}
            for number, row in enumerate(self._read(io.StringIO(self._sample)), 1):
                found.update(dict.fromkeys(row.values))
                if number == _PREVIEWED:
                    break
            self.columns = list(found)

    def _read(self, text: io.TextIOBase) -> Iterator[Row]:
        if self._shape:
            return read_delimited.rows_of(text, self._shape)
        if self.kind == "vcard":
            return read_vcard.rows_of(text, self.encoding)
        if self.kind == "ndjson":
            return read_json.rows_of_lines(text, self.encoding)
        return read_json.rows_of(text, self.encoding)


def open_source(
    file: Path | str | BinaryIO,
    name: str = "",
    *,
    kind: Kind | None = None,
    encoding: str | None = None,
    separator: str | None = None,
    header: bool | None = None,
) -> Source:
    """Looks at the first 256 kB of a file; what is given is not guessed. Raises NotReadable.

    A binary stream stays the caller's to close; one that can't seek gives its rows only once.
    """
    origin = _Origin(file)
    with origin.opened() as stream:
        head = _read_head(stream)
        refuse_binary(head)
        found = detect(stream, head)
    if encoding:
        found = _given(encoding, head, found)
    origin.keep(head)
    body = head[found.mark :]
    text = body.decode(found.name, errors="tenfold.mark")
    chosen = kind or _kind(text, name or (str(file) if isinstance(file, str | Path) else ""))
    if not text.strip():
        raise NotReadable(
            say("The file holds only blanks; a CSV, Excel, JSON or vCard file is needed.")
        )
    if found.guessed:
        refuse_noise(text)
    if chosen == "csv" and (markup := _MARKUP.match(text)):
        raise NotReadable(
            say(
                "The file is %(what)s; a CSV, Excel, JSON or vCard file is needed.",
                what=markup[1].upper(),
            )
        )
    source = Source(origin, chosen, found, text)
    source.look(separator, header)
    if isinstance(file, str | Path) and (beside := notes_beside(Path(file))).is_file():
        source.notes = [*beside.read_text("utf-8").splitlines(), *source.notes]
    return source


class _Origin:
    """Where the bytes come from, opened anew for each reading."""

    def __init__(self, file: Path | str | BinaryIO) -> None:
        self._file = file
        self._start = 0
        self._head: bytes | None = None
        self._spent = False
        if not isinstance(file, str | Path) and file.seekable():
            self._start = file.tell()

    def keep(self, head: bytes) -> None:
        """Remembers the beginning of a stream that can't go back to it."""
        if not isinstance(self._file, str | Path) and not self._file.seekable():
            self._head = head

    @contextmanager
    def opened(self) -> Generator[BinaryIO]:
        """The bytes from their beginning."""
        if isinstance(self._file, str | Path):
            with Path(self._file).open("rb") as stream:
                yield stream
        elif self._head is not None:
            if self._spent:
                raise NotReadable(say("This stream can't be read twice; open it again."))
            self._spent = True
            yield cast(BinaryIO, io.BufferedReader(_Joined(self._head, self._file)))
        else:
            if self._file.seekable():
                self._file.seek(self._start)
            yield self._file


class _Joined(io.RawIOBase):
    """The bytes that were looked at already, then the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _read_head(stream: BinaryIO) -> bytes:
    """The first bytes, also of a stream that gives fewer at once than it is asked for."""
    head = b""
    while len(head) < SAMPLE and (piece := stream.read(SAMPLE - len(head))):
        head += piece
    return head


def _given(name: str, head: bytes, found: Encoding) -> Encoding:
    if not is_encoding(name, head):
        raise NotReadable(
            say("There is no encoding %(name)s; utf-8 or cp1252 are common.", name=repr(name))
        )
    same = re.sub(r"\W", "", name.lower()) in ("utf8", "utf8sig", "utf16", "utf32")
    return found if same and found.mark else Encoding(name)


def _kind(text: str, name: str) -> Kind:
    """What the file is, by how it begins; by its name where that could be several."""
    start = text.lstrip()[:12].upper()
    suffix = _SUFFIXES.get(Path(name).suffix.lower())
    if start.startswith("BEGIN:VCARD"):
        return "vcard"
    if suffix in ("csv", "vcard", "ndjson"):
        return suffix
    if start[:1] not in ("{", "["):
        return "csv"
    return "ndjson" if start[0] == "{" and _is_lines(text) else "json"


def _is_lines(text: str) -> bool:
    """Whether the first line is a whole object and another line begins with one too."""
    first, *others = text.lstrip().split("\n", 2)
    try:
        decoded(first)
    except ValueError:
        return False
    return any(other.lstrip().startswith("{") for other in others)
