"""Finds out how a file's bytes spell text, from a sample of them."""

from __future__ import annotations

import codecs
import unicodedata
from typing import BinaryIO, NamedTuple

from charset_normalizer import from_bytes

from tenfold.exchange.rows import NotReadable
from tenfold.kernel.language import mark, say

SAMPLE = 256 * 1024
"""How many bytes are looked at to tell encoding, separator and header."""

_MARKS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT = (
    (b"PK\x03\x04", mark("an Excel workbook or another ZIP archive")),
    (b"\xd0\xcf\x11\xe0", mark("an old Excel or Office file")),
    (b"%PDF-", mark("a PDF document")),
    (b"SQLite format 3\x00", mark("a SQLite database")),
    (b"\x1f\x8b", mark("a gzip archive")),
    (b"\x89PNG", mark("a picture")),
    (b"\xff\xd8\xff", mark("a picture")),
    (b"GIF8", mark("a picture")),
    (b"RIFF", mark("a picture, a sound or a film")),
    (b"{\\rtf", mark("a text document (RTF)")),
    (b"PK\x05\x06", mark("an empty ZIP archive")),
    (b"BZh", mark("a bzip2 archive")),
    (b"7z\xbc\xaf", mark("a 7z archive")),
    (b"\xfd7zXZ", mark("an xz archive")),
    (b"\x28\xb5\x2f\xfd", mark("a zstd archive")),
    (b"Rar!\x1a", mark("a RAR archive")),
    (b"PAR1", mark("a Parquet file")),
)
_CONTROLS = 0.05
"""The share of control characters above which a file is no text, whatever its encoding."""
# Turkish and Vietnamese (1254, 1258) differ from Western in too few signs to be told apart.
_EIGHT_BIT = [
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp1257",
    "koi8_r",
    "koi8_u",
    "iso8859_2",
    "iso8859_5",
    "iso8859_7",
    "cp874",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
]
# What Western programs write in Windows-1252 beside letters.
_WESTERN_SIGNS = frozenset("€‚„…†‡‰‹›‘’“”•–—™ \xa0¡¢£¥§©«»®°´·¿ªº½²×")


class Encoding(NamedTuple):
    """A codec, the length of the mark before the text, and whether it was only guessed."""

    name: str
    mark: int = 0
    guessed: bool = False


def refuse_binary(head: bytes) -> None:
    """Raises NotReadable for a file that is no text at all."""
    if not head:
        raise NotReadable(say("The file is empty; a CSV, Excel, JSON or vCard file is needed."))
    for start, what in _NOT_TEXT:
        if head.startswith(start):
            raise NotReadable(
                say(
                    "The file is %(what)s; a CSV, Excel, JSON or vCard file is needed.",
                    what=say(what),
                )
            )


def refuse_noise(text: str) -> None:
    """Raises NotReadable for what decodes, but as no text that anybody wrote."""
    sample = text[:65_536]
    odd = sum(not c.isprintable() and unicodedata.category(c) in ("Cc", "Cs") for c in sample)
    plain = sum(sample.count(c) for c in "\t\r\n\x0b\x0c\x1c")
    if odd - plain > max(8, _CONTROLS * len(sample)):
        raise NotReadable(say("The file is no text; a CSV, Excel, JSON or vCard file is needed."))


def detect(stream: BinaryIO, head: bytes) -> Encoding:
    """The encoding of a file that begins with `head`; reads on while all is plain ASCII."""
    for start, name in _MARKS:
        if head.startswith(start):
            return Encoding(name, len(start))
    wide = _without_mark(head)
    if wide:
        return Encoding(wide, guessed=True)
    sample = head
    # A long file may show its first accent late; it then decides, not the ASCII before it.
    while sample.isascii() and stream.seekable():
        sample = stream.read(SAMPLE)
        if not sample:
            break
    return Encoding("utf-8") if _is_utf8(sample) else Encoding(_eight_bit(sample), guessed=True)


def _without_mark(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, told by the zeros beside common characters."""
    if b"\x00" not in head or _has_plain_lines(head[:8192]):
        return None
    head = head[:8192]
    common = b"\n\r\t ,;|\"'" + bytes(range(0x30, 0x3A)) + bytes(range(0x41, 0x7B))
    found: list[tuple[int, str]] = []
    for name, width, place in (
        ("utf-32-le", 4, 0),
        ("utf-32-be", 4, 3),
        ("utf-16-le", 2, 0),
        ("utf-16-be", 2, 1),
    ):
        units = len(head) // width
        kept = [head[i : units * width : width] for i in range(width) if i != place]
        zero = range(units)
        chars = head[place : units * width : width]
        hits = sum(chars[i] in common and not any(other[i] for other in kept) for i in zero)
        # Japanese text has few ASCII characters, but a table always has separators and line ends.
        if units and hits / units > 0.02:
            found.append((hits * width, name))
    return max(found)[1] if found and _decodes(head, max(found)[1]) else None


def _has_plain_lines(head: bytes) -> bool:
    """Whether lines end without a zero beside the end: then a zero is a flaw, not half a sign."""
    ends = [place for place, byte in enumerate(head[:-1]) if byte in b"\r\n"]
    wide = sum(head[place + 1] == 0 or head[place - 1] == 0 for place in ends if place)
    return wide * 2 < len(ends)


def _decodes(head: bytes, name: str) -> bool:
    """Whether the bytes are text in this encoding, but for a character cut at their end."""
    try:
        codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(sample: bytes) -> bool:
    """Whether the sample is UTF-8, or UTF-8 in which a few bytes were spoilt."""
    if _decodes(sample, "utf-8"):
        return True
    text = sample.decode("utf-8", errors="surrogateescape")
    bad = sum("\udc80" <= c <= "\udcff" for c in text)
    good = sum(c > "\x7f" for c in text) - bad
    return good >= 5 * bad


def _eight_bit(sample: bytes) -> str:
    if _is_latin_9(sample):
        return "iso8859_15"
    if _is_mac(sample):
        return "mac_roman"
    if _looks_western(sample):
        return "cp1252"
    best = from_bytes(sample[: 64 * 1024], cp_isolation=list(_EIGHT_BIT)).best()
    name = best.encoding if best else "cp1252"
    return "latin-1" if name == "cp1252" and not _decodes(sample, "cp1252") else name


def _is_latin_9(sample: bytes) -> bool:
    """Whether a euro sign is where only ISO-8859-15 has it, and Windows' own signs are absent."""
    windows = any(0x80 <= byte <= 0x9F for byte in sample)
    return b"\xa4" in sample and not windows and _looks_western(sample, "iso8859_15")


def _is_mac(sample: bytes) -> bool:
    """Whether the bytes make words in an old Mac's encoding, and odd ones in Windows'."""
    high = sum(byte > 0x7F for byte in sample)
    windows, mac = (_jarring(sample.decode(name, "replace")) for name in ("cp1252", "mac_roman"))
    return windows > 0.3 * high and mac * 4 < windows


def _jarring(text: str) -> int:
    """How often a sign stands between two letters, or a capital after a small letter: `JosŽ`."""
    return sum(
        (char.isupper() and before.islower())
        or (not char.isalpha() and char not in "’·" and before.isalpha() and after.isalpha())
        for before, char, after in zip(text, text[1:], f"{text[2:]} ", strict=False)
        if char > "\x7f"
    )


def _looks_western(sample: bytes, encoding: str = "cp1252") -> bool:
    """Whether the encoding makes letters and usual signs of the bytes, and few among plain ones."""
    try:
        high = [c for c in sample.decode(encoding) if c > "\x7f"]
    except UnicodeDecodeError:
        return False
    letters = sum(chr(b).isalpha() for b in sample if b < 0x80)
    odd = sum(c not in _WESTERN_SIGNS and unicodedata.category(c)[0] != "L" for c in high)
    # Greek or Russian read as Western has more accented than plain letters.
    # Polish or Czech read as Western has one odd sign in five or so.
    accented = sum(c.isalpha() for c in high)
    return odd <= 0.05 * len(high) and accented <= 0.3 * (letters + 1)
