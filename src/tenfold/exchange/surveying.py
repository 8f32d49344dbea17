"""Looks a file through before it is imported: its columns, where they go, what to tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tenfold.engine.access import Person
from tenfold.engine.definition import TIMES, Definition, Field
from tenfold.exchange.address_groups import addressed
from tenfold.exchange.converting import Converter, texts_of
from tenfold.exchange.import_state import Options, Part
from tenfold.exchange.keys import chosen_key, keys_of, shared
from tenfold.exchange.mapping import Guess, Target, guess, missing
from tenfold.exchange.meanings import meanings
from tenfold.exchange.readers import Source, open_source
from tenfold.exchange.refusals import added, place_of
from tenfold.exchange.rows import NotReadable, Row, Value, is_blank
from tenfold.exchange.salesforce_tree import TYPE
from tenfold.exchange.targets import (
    FULL_NAME,
    ID,
    STANDS_IN,
    Goal,
    exported_here,
    goals_of,
    references,
)
from tenfold.exchange.value_texts import Reading, Special, shown
from tenfold.kernel.language import mark, say, within

SAMPLED = 1_000
_JSON = frozenset({"json", "ndjson"})
NO_COLUMN = mark("No column goes into any field; say by hand where each belongs.")
NEEDED = mark("No column goes into %(field)s, which a new %(type)s needs.")
KEY_SKIPS = mark("Rows whose %(key)s exists are skipped.")
KEY_CHANGES = mark("Rows whose %(key)s exists change that record.")
ALL_NEW = mark(
    "Every row makes a new record, also if it was imported before: several have the same "
    "%(field)s (%(value)s), so the %(things)s that are here are not looked for by it. Choose by "
    "what they are found, or import the file only once."
)


@dataclass(slots=True)
class Survey:
    """A file looked through: its columns, where they go, what people must know about it."""

    source: Source
    columns: list[str]
    guesses: list[Guess]
    goals: dict[str, Goal]
    rows: int
    notes: list[str]
    keys: dict[str, Field]
    """The fields by which rows may find their records."""
    key: str
    need_key: bool
    how: Reading
    values: dict[str, dict[str, str | Special]]
    """What words of the file were said to mean, by field."""
    skips: bool
    """Whether cells that can't be read are left out, where their rows can do without them."""
    missing: list[Target]
    """What a new record needs and no column gives."""

    def converter(self) -> Converter:
        """A converter that has learned how the whole file is written."""
        dated = [g.column for g in self.guesses if g.target and self.goals[g.target].kind in TIMES]
        mapped = [g.column for g in self.guesses if g.target]
        with closing(self.source.rows()) as rows:
            learned = texts_of(islice(rows, SAMPLED), mapped)
        if dated:
            with closing(self.source.rows()) as rows:
                learned |= texts_of(rows, dated)
        return Converter(
            self.guesses,
            self.goals,
            self.how,
            learned,
            self.keys.get(self.key),
            need_key=self.need_key,
            values=self.values,
            skips=self.skips,
            place=place_of([self.source.kind]),
        )


@dataclass(frozen=True, slots=True)
class View:
    """As whom and how a file is looked at."""

    definition: Definition
    person: Person
    types: Mapping[str, Definition]
    how: Reading


def survey(path: Path, part: Part, options: Options, view: View) -> Survey:
    """Look through a file and guess its mapping; raises NotReadable, UnknownName or Invalid."""
    definition = view.definition
    source = open_source(
        path,
        part.filename,
        encoding=options.encoding,
        separator=options.separator,
        header=options.header,
    )
    with closing(source.rows()) as rows:
        first = list(islice(rows, SAMPLED))
        samples = [row.values for row in first]
        number, empty, read = _counted(rows, source.columns, first)
    if number and not read and source.kind in _JSON:
        raise NotReadable(say("The file could not be read: %(why)s", why=first[0].error))
    columns = [*source.columns, *(c for c in source.late_columns if c not in source.columns)]
    ours = exported_here(columns, samples)
    goals = goals_of(definition, view.person.access(definition), own=ours)
    chosen = dict(options.mapping)
    if part.sobject:
        # A plan's options name the columns of several files.
        chosen = {c: t for c, t in chosen.items() if c in columns}
    linked = references(columns, samples, goals, view.types)
    # The columns of our own exports are named as the fields are.
    own = {c: c for c in columns if c in goals} if ours else {}
    settled = {**linked, **own, **chosen}
    guesses = _guessed(columns, samples, goals, settled)
    keys = keys_of(definition, view.person.access(definition))
    mapped = {g.target: [one.get(g.column) for one in samples] for g in guesses if g.target}
    key, need = chosen_key(keys, mapped, options.key)
    lacking = _missing(guesses, goals)
    needed = [say(NEEDED, field=t.label, type=within(definition.label)) for t in lacking]
    notes = [*source.notes, *_notes(guesses, empty), *needed]
    if key:
        text = KEY_SKIPS if options.existing == "skip" else KEY_CHANGES
        notes.append(say(text, key=within(keys[key].label)))
    elif not options.key and not ours and (twin := shared(keys, mapped)):
        notes.append(_all_new(definition, *twin))
    if number and not any(one.target for one in guesses):
        notes.append(say(NO_COLUMN))
    if not number:
        notes = [*source.notes, say("The file holds no rows, only what comes before them.")]
    # Our own exports write a point, wherever the organisation is.
    how = replace(view.how, decimals="point") if ours else view.how
    said = meanings(options.values, goals)
    skips = options.unreadable == "skip"
    return Survey(
        source, columns, guesses, goals, number, notes, keys, key, need, how, said, skips, lacking
    )


def _guessed(
    columns: Sequence[str],
    samples: Sequence[Mapping[str, Value]],
    goals: Mapping[str, Goal],
    settled: Mapping[str, str | None],
) -> list[Guess]:
    """Where each column goes; one that was left out, but had no field anyway, is not chosen."""
    targets = [goal.target for goal in goals.values()]

    def guesses(known: Mapping[str, str | None]) -> list[Guess]:
        places = addressed(columns, samples, goals, {*known, *filter(None, known.values())})
        return guess(columns, samples, targets, {**places.targets, **known}, places.left)

    found = guesses(settled)
    kept = {c: t for c, t in settled.items() if t is not None}
    if len(kept) == len(settled):
        return found
    free = guesses(kept)
    return [
        other if one.target is None is other.target else one
        for one, other in zip(found, free, strict=True)
    ]


def _counted(
    rest: Iterable[Row], columns: Sequence[str], first: Sequence[Row]
) -> tuple[int, set[str], bool]:
    """How many rows there are, the columns in which none has anything, whether any can be read."""
    empty = {c for c in columns if all(is_blank(row.values.get(c)) for row in first)}
    number, read = len(first), not all(row.error for row in first)
    for row in rest:
        number += 1
        read = read or not row.error
        if empty:
            empty -= {c for c in empty if not is_blank(row.values.get(c))}
    return number, empty, read


def _notes(guesses: Sequence[Guess], empty: set[str]) -> list[str]:
    notes: list[str] = []
    # A record's type says what it is; it is no value of it.
    extra = [g.column for g in guesses if g.target is None and g.reason != "chosen"]
    ours = added([g.column for g in guesses])
    extra = [c for c in extra if c != TYPE and c not in empty and c not in ours]
    if extra:
        notes.append(
            say("These columns have no field and were left out: %(names)s.", names=", ".join(extra))
        )
    out = [g.column for g in guesses if g.target is None and g.reason == "chosen"]
    if out:
        notes.append(say("These columns were left out as asked: %(names)s.", names=", ".join(out)))
    return notes


def _all_new(definition: Definition, field: Field, value: str) -> str:
    names = {"field": within(field.label), "things": within(definition.label_plural)}
    return say(ALL_NEW, value=shown(value), **names)


def _missing(guesses: Sequence[Guess], goals: Mapping[str, Goal]) -> list[Target]:
    """What a new record needs and no column gives, in parts or in another's place either."""
    given = {(g.target or "").split(".")[0] for g in guesses}
    if ID in given:
        return []
    if FULL_NAME in given:
        given |= {"first_name", "last_name"}
    every = missing(guesses, [goal.target for goal in goals.values()])
    return [t for t in every if t.name not in given and STANDS_IN.get(t.name) not in given]
