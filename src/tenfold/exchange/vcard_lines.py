"""The lines of a vCard: unfolded, taken apart and decoded, for versions 2.1, 3.0 and 4.0.

vobject 0.9.9 stops at the first folded quoted-printable line and at photos as phones write them
(3 of our 7 sample files), so that a single card would cost the whole file.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tenfold.exchange.rows import CELL_LIMIT, RAW_LIMIT
from tenfold.exchange.text_lines import Line, flaw
from tenfold.kernel.language import grouped, say

CARD_LIMIT = 4 * CELL_LIMIT
"""The longest card that is read, in characters, not counting its pictures."""

_BINARY = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
_BARE_ENCODINGS = frozenset({"QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"})
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CARET = {"^n": "\n", "^'": '"', "^^": "^"}


@dataclass(slots=True)
class Card:
    """The unfolded lines of one card, with the line of the file where it begins."""

    number: int
    lines: list[str] = field(default_factory=list[str])
    error: str | None = None
    # The line that may still go on: its pieces and length, and how it is folded.
    pieces: list[str] = field(default_factory=list[str])
    size: int = 0
    total: int = 0
    binary: bool = False
    quoted: bool = False
    soft: bool = False

    def close(self) -> None:
        """Ends the line that may still have gone on."""
        if self.pieces:
            self.lines.append("".join(self.pieces))
        self.pieces = []

    def raw(self) -> str:
        """The card's text, as far as it is kept for the file of refused rows."""
        return "\n".join(self.lines)[:RAW_LIMIT]


@dataclass(frozen=True, slots=True)
class Property:
    """One property: group, name in capitals, types, other parameters and the undecoded value."""

    group: str
    name: str
    types: tuple[str, ...]
    params: dict[str, str]
    value: str


def cards_of(lines: Iterator[Line]) -> Iterator[Card]:
    """Each card with its unfolded lines; an open card is refused."""
    card: Card | None = None
    bare = False
    for number, text, cut in lines:
        # Some phones end their lines with CR CR LF, which is one line end, not two.
        twin, bare = bare and text == "\r\n", text.endswith("\r")
        if twin:
            continue
        line = text.rstrip("\r\n")
        word = line.strip().upper()
        if word == "BEGIN:VCARD" and not line[:1].isspace():
            if card:
                yield _unended(card)
            card = Card(number)
        elif card and word == "END:VCARD":
            card.close()
            yield card
            card = None
        elif card:
            _add(card, line, cut=cut)
    if card:
        yield _unended(card)


def properties_of(card: Card, encoding: str) -> Iterator[Property]:
    """The card's properties but for pictures and keys; raises ValueError for a broken line."""
    for line in card.lines:
        found = _property(line)
        if found is None:
            raise ValueError(
                say("%(line)s is not a line of a vCard; NAME:value is needed", line=repr(line[:60]))
            )
        if found.name in _BINARY:
            continue
        value = _decoded(found)
        wrong = flaw(value, encoding)
        if wrong:
            raise ValueError(f"{found.name} {wrong}")
        yield Property(found.group, found.name, found.types, found.params, value)


def unescaped(value: str) -> str:
    r"""The text of a value: `\n` a line end, `\,` and `\;` and `\:` the sign itself."""
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def parts(value: str, separator: str = ";") -> list[str]:
    """The parts of a structured value, each unescaped and without blanks around it."""
    found: list[list[str]] = [[]]
    escaped = False
    for char in value:
        if char == separator and not escaped:
            found.append([])
        else:
            found[-1].append(char)
        escaped = char == "\\" and not escaped
    return [unescaped("".join(part)).strip() for part in found]


def _unended(card: Card) -> Card:
    card.close()
    card.error = say("The card has no END:VCARD.")
    return card


def _add(card: Card, line: str, *, cut: bool) -> None:
    """Joins a folded line to the one before it; pictures are dropped as they come."""
    if card.soft:
        # Android also ends a value with such a sign and a blank line.
        card.pieces[-1] = card.pieces[-1][:-1]
        piece = line.removeprefix(" ").removeprefix("\t")
    elif not line or card.error or (card.binary and ":" not in line):
        return
    elif line[0] in " \t" and card.pieces:
        piece = line[1:]
    else:
        card.close()
        card.binary = _is_binary(line[:100])
        card.quoted = "QUOTED-PRINTABLE" in line[:1000].split(":", 1)[0].upper()
        card.size = 0
        piece = line[:100] if card.binary else line
    card.soft = card.quoted and piece.endswith("=") and not card.binary
    card.pieces.append(piece)
    card.size += len(piece)
    card.total += len(piece)
    if card.size > CELL_LIMIT or (cut and not card.binary):
        card.error = say("A property has more than %(most)s characters.", most=grouped(CELL_LIMIT))
    elif card.total > CARD_LIMIT:
        card.error = say(
            "The card has more than %(most)s characters without its pictures.",
            most=grouped(CARD_LIMIT),
        )
    card.soft = card.soft and not card.error


def _is_binary(line: str) -> bool:
    name = re.split("[;:]", line, maxsplit=1)[0].rpartition(".")[2]
    return name.strip().upper() in _BINARY


def _property(line: str) -> Property | None:
    head, value = _at_colon(line)
    first, *given = _unquoted(head, ";")
    group, _, name = first.strip().rpartition(".")
    if value is None or not name or not name.replace("-", "").isalnum():
        return None
    types: list[str] = []
    params: dict[str, str] = {}
    for text in given:
        key, equals, what = text.partition("=")
        if not equals:
            key, what = ("ENCODING", key) if key.upper() in _BARE_ENCODINGS else ("TYPE", key)
        what = re.sub(r"\^[n'^]", lambda found: _CARET[found[0]], what.replace('"', ""))
        if key.strip().upper() == "TYPE":
            types += [part.strip().lower() for part in what.split(",")]
        else:
            params[key.strip().upper()] = what.strip()
    return Property(group, name.upper(), tuple(types), params, value)


def _at_colon(line: str) -> tuple[str, str | None]:
    """The line before and after the colon that ends the parameters."""
    quoted = False
    for place, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            return line[:place], line[place + 1 :]
    return line, None


def _unquoted(text: str, separator: str) -> list[str]:
    return re.split(rf'{separator}(?=(?:[^"]*"[^"]*")*[^"]*$)', text[:2000])


def _decoded(found: Property) -> str:
    charset = found.params.get("CHARSET", "utf-8")
    if found.params.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        content = quopri.decodestring(found.value.encode("utf-8", "surrogateescape"))
    elif "CHARSET" in found.params and not found.value.isascii():
        # One file may mix charsets: what did not decode as the file's is tried as the property's.
        content = found.value.encode("utf-8", "surrogateescape")
        if content.decode("utf-8", "replace") == found.value:
            return found.value
    else:
        return found.value
    for name in (charset, "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("utf-8", "replace")
