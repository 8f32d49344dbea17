"""What a proof tried and found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["holds", "open", "unproven"]


@dataclass(slots=True)
class Findings:
    """How much was tried of each kind, what is open, and what was not tried.

    `left_out` is what a proof does not try and says why; what is `untried` it meant to try, and
    could not.
    """

    tried: Counter[str] = field(default_factory=Counter[str])
    open: list[str] = field(default_factory=list[str])
    untried: list[str] = field(default_factory=list[str])
    left_out: list[str] = field(default_factory=list[str])

    @property
    def verdict(self) -> Verdict:
        """Nothing is proven where something could not be tried."""
        if self.open:
            return "open"
        return "holds" if self.tried and not self.untried else "unproven"

    def hold(self, kind: str, holds: bool, otherwise: str) -> None:
        """Count one try, and note what is open where it does not hold."""
        self.tried[kind] += 1
        if not holds:
            self.open.append(otherwise)
