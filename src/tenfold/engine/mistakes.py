"""What is wrong in a declaration, with its place and its fix; all of it is reported at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a declaration: where it is, and how to put it right."""

    file: str
    record: str
    field: str
    problem: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.record}.{self.field}" if self.field else self.record
        return f"{self.file}: {place}: {self.problem}. Fix: {self.fix}."


class DeclarationError(Exception):
    """The declarations can't be compiled; carries every mistake found."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)))
