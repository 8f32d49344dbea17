"""Small forms: what was typed into them, what is wrong with it, and where to go on typing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenfold.kernel.errors import TenfoldError
from tenfold.web.pages import words
from tenfold.web.pages.refusals import refusal
from tenfold.web.pages.session import Form

# What is never shown again once it was sent.
_SECRET = frozenset({"password", "currentPassword", "newPassword", "code", "recovery"})


@dataclass(frozen=True, slots=True)
class Typed:
    """What a small form shows; `problem` is about it as a whole, `focus` the field to go on in."""

    focus: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: Mapping[str, str] = field(default_factory=dict[str, str])
    problem: str = ""

    def value(self, name: str) -> str:
        """What stands in a field."""
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        """What is wrong with a field, as a sentence."""
        return words.sentence(self.problems.get(name, ""))


def mistyped(form: Form, names: Sequence[str], error: TenfoldError) -> Typed:
    """The form again, with each mistake beside its field; the others are told above it."""
    problems = {name: error.fields[name] for name in names if error.fields.get(name)}
    values = {name: form.get(name)[:1_000] for name in names if name not in _SECRET}
    wrong = [name for name in names if name in error.fields]
    empty = [name for name in names if not values.get(name)]
    return Typed(
        focus=(wrong or empty or list(names))[0],
        values=values,
        problems=problems,
        problem="" if problems else refusal(error),
    )
