"""Excel and OpenDocument workbooks: their first sheet, made into CSV as it is stored.

A workbook is read in a process of its own, which a hostile one may fill or hold up: that process
ends, and nothing else. All that follows sees a CSV file.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import lzma
import sys
import zipfile
import zlib
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from tenfold.exchange.rows import NotReadable
from tenfold.exchange.write_csv import cell
from tenfold.kernel.language import mark, say

SECONDS = 120
"""How long a workbook may take to be read."""
UNPACKED, RATIO = 1 << 30, 200
"""How many bytes its parts may have unpacked, and how often what they have packed (from 10 MB)."""
_MEMORY = 2 << 30
_SMALL = 10 << 20
_BEGINS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_NAMED = 5
"""How many sheets that were not read are named."""
_NONE = mark("holds no rows; a workbook with a header and rows is needed")
_NO_WORKBOOK = mark("is no Excel workbook that can be read; save it as XLSX or CSV")
_LOCKED = mark("is locked with a password; save it without one")
_DAMAGED = mark("is damaged; save it anew in Excel")
_TOO_LARGE = mark("is too large to be read as a workbook; save it as CSV and import that")


def is_workbook(path: Path) -> bool:
    """Whether a file begins as workbooks do: as a ZIP archive, or an Office file of old."""
    with path.open("rb") as stream:
        return stream.read(8).startswith(_BEGINS)


def notes_beside(path: Path) -> Path:
    """Where it stands what is to say of a file that was a workbook."""
    return path.with_name(f"{path.name}.notes")


async def made_csv(path: Path, most: int) -> list[str]:
    """Put the first sheet with rows, as CSV, in the place of a workbook; answers what to say of it.

    Raises NotReadable for what is none, is locked, would take too much to read, or has more than
    `most` characters as CSV.
    """
    target = path.with_suffix(".csv")
    command = (sys.executable, "-P", "-m", __name__, path, target, str(most))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL)
    problem, sheets = _TOO_LARGE, list[str]()
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate()
        if process.returncode == 0:
            problem, sheets = msgspec.json.decode(said, type=tuple[str, list[str]])
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if problem:
        target.unlink(missing_ok=True)
        raise NotReadable(problem)
    target.replace(path)
    name, *others = sheets
    if not others:
        return [say("Read from the sheet %(name)s.", name=name)]
    left = ", ".join(others[:_NAMED])
    return [say("Read from the sheet %(name)s; not read: %(others)s.", name=name, others=left)]


def _converted(source: str, target: str, most: int) -> tuple[str, list[str]]:
    """Runs in its own process; answers what is wrong, or the sheet that was read and the others."""
    _bounded()
    workbook: Any = CalamineWorkbook  # whose types are known in part
    try:
        if hindrance := _hindrance(source):
            return hindrance, []
        with workbook.from_path(source) as book:
            return _first(book, Path(target), most)
    except PasswordError:
        return _LOCKED, []
    except (MemoryError, _TooLong):
        return _TOO_LARGE, []
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError):
        return _NO_WORKBOOK, []


def _first(book: CalamineWorkbook, target: Path, most: int) -> tuple[str, list[str]]:
    names = [m.name for m in book.sheets_metadata if m.visible == SheetVisibleEnum.Visible]
    for name in names:
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height:
            with target.open("w", encoding="utf-8-sig", errors="replace", newline="") as stream:
                writer, written = csv.writer(stream), 0
                for row in _rows(sheet.to_python(skip_empty_area=False)):
                    writer.writerow(row)
                    written += sum(map(len, row)) + len(row)
                    if written > most:
                        raise _TooLong
            others = [one for one in names if one != name]
            return "", [name, *others]
    return _NONE, []


class _TooLong(Exception):
    """The sheet is longer as CSV than an upload may be."""


def _rows(found: Sequence[Sequence[object]]) -> Iterator[list[str]]:
    """The rows without the blank cells at their ends, each as long as the longest before it."""
    width = 0
    for values in found:
        cells = [_text(value) for value in values]
        used = next((n for n in range(len(cells), 0, -1) if cells[n - 1]), 0)
        width = max(width, used)
        yield cells[:width] if used else []


def _text(value: object) -> str:
    """A cell's value as CSV spells it: whole numbers and days without what Excel adds to them."""
    match value:
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        # What our own export marked as no formula is marked as it must be.
        case str() if value.startswith("'"):
            return value
        case _:
            return cell(value)


def _hindrance(source: str) -> str:
    """Why an archive is not unpacked: its parts are too large for that, or damaged."""
    if not zipfile.is_zipfile(source):
        return ""
    with zipfile.ZipFile(source) as archive:
        parts = archive.infolist()
        if sum(one.file_size for one in parts) > UNPACKED:
            return _TOO_LARGE
        if any(p.file_size > max(_SMALL, RATIO * p.compress_size) for p in parts):
            return _TOO_LARGE
        try:
            # What a part says of its size may be a lie, which unpacking it once finds out.
            damaged = archive.testzip()
        except (RuntimeError, EOFError, lzma.LZMAError, zlib.error):
            damaged = "yes"
        return _DAMAGED if damaged else ""


def _bounded() -> None:
    """Where the system can, bound the memory of this process."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    found = _converted(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    sys.stdout.buffer.write(msgspec.json.encode(found))
