"""Secrets in files: one each in a folder, as Docker and Kubernetes mount them, or a .env file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote

from tenfold.outside.secrets.asking import unread

_MOST = 65_536
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
_QUOTED = re.compile(r"(['\"])(.*)\1")


@dataclass(frozen=True, slots=True)
class Files:
    """A folder with a file for each secret, called like it, or one file with a line for each."""

    path: Path

    @classmethod
    def of(cls, place: SplitResult) -> Files:
        """The files of `file:///run/secrets` or `file:///etc/tenfold/secrets.env`."""
        return cls(Path(unquote(place.path)))

    def read(self) -> Mapping[str, str]:
        """All of them, without the line's end that editors add."""
        try:
            if self.path.is_dir():
                files = [one for one in self.path.iterdir() if one.name[0] != "." and one.is_file()]
                return {one.name: _text(one).rstrip("\r\n") for one in files}
            return dict(_lines(_text(self.path)))
        except OSError as error:
            raise unread(str(self.path), error.strerror or "it can't be opened") from None
        except UnicodeDecodeError:
            raise unread(str(self.path), "it holds what is no text") from None


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST).decode()


def _lines(text: str) -> list[tuple[str, str]]:
    """NAME=value, with or without quotes; a value is what it says, nothing in it is expanded."""
    found = [_LINE.fullmatch(line) for line in text.splitlines()]
    return [(one[1], _QUOTED.sub(r"\2", one[2])) for one in found if one]
