"""What goes into a write and comes out of it, row by row."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from tenfold.kernel.errors import TenfoldError

BULK = 10_000
"""How many rows one call may write."""


@dataclass(frozen=True, slots=True)
class Written:
    """A record as it is after the write: its JSON (None where the writer may not read it)."""

    id: UUID
    version: int
    json: bytes | None


@dataclass(frozen=True, slots=True)
class Change:
    """New values for one record; with `version`, only if it still has that version."""

    id: UUID
    body: Mapping[str, object]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of a bulk request that was not written, and why."""

    index: int
    error: TenfoldError


class Results:
    """One place per row asked for: what was written there, or why it was refused."""

    def __init__(self, count: int, *, partial: bool) -> None:
        self.partial = partial
        self.written: list[Written | None] = [None] * count
        self.refused: list[Refusal] = []

    def refuse(self, index: int, error: TenfoldError) -> None:
        """Note a refused row; raises its error where the request is all or nothing."""
        if not self.partial:
            error.row = index
            raise error
        self.written[index] = None
        self.refused.append(Refusal(index, error))

    @contextmanager
    def part(self, places: Sequence[int]) -> Generator[None]:
        """Some of the rows are written by themselves: an error's row is told by its place here."""
        try:
            yield
        except TenfoldError as error:
            error.row = None if error.row is None else places[error.row]
            raise

    def merge(
        self, places: Sequence[int], written: Sequence[Written | None], bad: Sequence[Refusal]
    ) -> None:
        """Take over the results of some of the rows; `places` are theirs here."""
        for place, one in zip(places, written, strict=True):
            self.written[place] = one
        self.refused.extend(Refusal(places[r.index], r.error) for r in bad)
