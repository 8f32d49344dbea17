"""Stores a piece of prepared rows: relations found, keys looked up, each row made or changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from tenfold.db.database import Reader, Transaction
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition, Field
from tenfold.engine.halving import halved, savepoint
from tenfold.engine.project.tables import table_of
from tenfold.engine.records import Records
from tenfold.engine.sql import TENANT, Statement, compiled
from tenfold.engine.types import Columns, Locale, Refused
from tenfold.engine.written import Change
from tenfold.exchange.finding import Absent, Answer, Finder
from tenfold.exchange.keys import name_of
from tenfold.exchange.links import Answers, Lenience
from tenfold.exchange.prepared import Pointer, Prepared
from tenfold.exchange.targets import STANDS_IN
from tenfold.kernel.errors import NotFound, TenfoldError
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say, within

Fate = Literal["created", "updated", "unchanged", "refused", "skipped"]


@dataclass(slots=True)
class Result:
    """What became of a piece's rows, in their order."""

    fates: list[Fate] = field(default_factory=list[Fate])
    reasons: dict[int, str] = field(default_factory=dict[int, str])
    made: Counter[str] = field(default_factory=Counter[str])
    """How many targets of relations were made, by type."""
    dropped: Counter[str] = field(default_factory=Counter[str])
    """How many rows named somebody unknown in a relation that may be left out, by its name."""
    told: Counter[str] = field(default_factory=Counter[str])
    """What else was done to how many rows, as the end of a sentence."""


_STRICT = Lenience(frozenset(), frozenset())


class _Rehearsal(Exception):
    """Takes everything back that a dry run wrote."""


@dataclass(slots=True)
class Writer:
    """Writes rows of one type for one person."""

    records: Records
    person: Person
    definition: Definition
    locale: Locale
    key: Field | None = None
    create_missing: frozenset[str] = frozenset()
    lenience: Lenience = _STRICT
    """Relations that are left out of a row where they lead nowhere."""
    skips: bool = False
    """Whether records that exist are left as they are."""
    finder: Finder = field(init=False)

    def __post_init__(self) -> None:
        self.finder = Finder(self.records.query, self.locale)

    async def write(
        self, tx: Transaction, piece: Sequence[Prepared], *, rehearse: bool = False
    ) -> Result:
        """Store the good rows; a rehearsal does it all and takes it back."""
        result = Result()
        try:
            if not rehearse:
                await self._write(tx, piece, result)
                return result
            async with savepoint(tx):
                await self._write(tx, piece, result)
                raise _Rehearsal
        except _Rehearsal:
            return result

    async def _write(self, tx: Transaction, piece: Sequence[Prepared], result: Result) -> None:
        found = await self._existing(tx, piece)
        settled: dict[int, Fate | TenfoldError] = {}
        if self.skips:
            # Before their relations are looked for: nothing is made for a row that is skipped.
            settled.update(dict.fromkeys(found, "skipped"))
            found = {}
        await self.relate(tx, [o for i, o in enumerate(piece) if i not in settled], result, tx)
        left = [i for i, one in enumerate(piece) if i not in settled and not one.problem]
        new = [i for i in left if i not in found]
        old = [i for i in left if i in found]
        for index in new:
            result.told.update(_stand_in(piece[index].body, self.definition))

        # What a statement that is taken back had said is overwritten by the next attempt.
        async def create(some: Sequence[int]) -> None:
            bodies = [piece[i].body for i in some]
            written, refused = await self.records.create(
                tx, self.person, self.definition, bodies, self.locale, partial=True, answer=False
            )
            settled.update({i: "created" for i, w in zip(some, written, strict=True) if w})
            settled.update({some[r.index]: r.error for r in refused})

        async def change(some: Sequence[int]) -> None:
            changes = [Change(found[i], piece[i].body) for i in some]
            same: set[int] = set()
            _, refused = await self.records.update(
                tx, self.person, self.definition, changes, self.locale, partial=True, same=same
            )
            settled.update(dict.fromkeys(some, "updated"))
            settled.update({some[place]: "unchanged" for place in same})
            settled.update({some[r.index]: self._known(r.error) for r in refused})

        await halved(tx, new, create, settled.__setitem__)
        await halved(tx, old, change, settled.__setitem__)
        _tell(result, piece, settled)

    def _known(self, error: TenfoldError) -> TenfoldError:
        """What a record says that has the key, but lies outside of what the person may see."""
        text = say(
            "A %(type)s with this key exists, but you may not change it.",
            type=within(self.definition.label),
        )
        return NotFound(text) if isinstance(error, NotFound) else error

    # -- relations

    async def relate(
        self,
        reader: Reader,
        piece: Sequence[Prepared],
        result: Result,
        tx: Transaction | None = None,
        known: Answers | None = None,
    ) -> None:
        """Put the ids of the records that the rows' relations name; where none is, the problem.

        Without a transaction nothing is made, and what would be is no problem.
        """
        every = [p for one in piece if not one.problem for p in one.pointers]
        answers = dict(known or await self.answers(reader, every))
        if tx is not None:
            await self._make_missing(tx, piece, answers, result)
        unmade = {_asks(p) for p in every if tx is None and self._may_make(p, answers)}
        for one in piece:
            if not one.problem and one.pointers:
                _point(one, answers, self.lenience, unmade, result)

    async def answers(
        self, reader: Reader, pointers: Iterable[Pointer]
    ) -> dict[tuple[str, bool, str], Answer]:
        """What the pointers lead to, or why they lead nowhere."""
        wanted: dict[tuple[str, bool], list[str]] = {}
        for pointer in pointers:
            wanted.setdefault((pointer.to, pointer.reference), []).append(pointer.text)
        answers: dict[tuple[str, bool, str], Answer] = {}
        for (to, references), texts in wanted.items():
            found = await self.finder.find(reader, self.person, to, texts, references=references)
            answers |= {(to, references, text): answer for text, answer in found.items()}
        return answers

    async def _make_missing(
        self,
        tx: Transaction,
        piece: Sequence[Prepared],
        answers: dict[tuple[str, bool, str], Answer],
        result: Result,
    ) -> None:
        """Make the targets that do not exist, of the relations for which that was asked."""
        missing: dict[str, dict[str, None]] = {}
        for one in piece:
            for pointer in one.pointers if not one.problem else ():
                if self._may_make(pointer, answers):
                    missing.setdefault(pointer.to, {})[pointer.text] = None
        for to, texts in missing.items():
            definition = self.records.registry.by_name[to]
            title = definition.title_fields[0]
            names = list(texts)
            bodies = [{title.json_name: text} for text in names]
            written, refused = await self.records.create(
                tx, self.person, definition, bodies, self.locale, partial=True, answer=False
            )
            for text, made in zip(names, written, strict=True):
                if made is not None:
                    answers[to, False, text] = made.id
                    result.made[to] += 1
            for refusal in refused:
                why = say(
                    "The %(type)s can't be made: %(why)s",
                    type=within(definition.label),
                    why=sentence(refusal.error),
                )
                answers[to, False, names[refusal.index]] = why

    def _may_make(self, pointer: Pointer, answers: Answers) -> bool:
        answer = answers[_asks(pointer)]
        asked = pointer.name.removesuffix("_id") in self.create_missing
        if (
            not asked
            or pointer.keyed
            or pointer.reference
            or isinstance(answer, UUID)
            or pointer.to == "user"
        ):
            return False
        definition = self.records.registry.by_name[pointer.to]
        named = name_of(definition) is not None
        return named and isinstance(answer, Absent) and parse_id(pointer.text) is None

    # -- keys

    async def _existing(self, tx: Transaction, piece: Sequence[Prepared]) -> dict[int, UUID]:
        """The records that rows stand for, by the id of our own export or by the key."""
        found: dict[int, UUID] = {}
        ids = {i: one.id for i, one in enumerate(piece) if one.id and not one.problem}
        if ids:
            answers = await self.finder.find(
                tx, self.person, self.definition.name, ids.values(), definition=self.definition
            )
            for index, text in ids.items():
                answer = answers[text]
                if isinstance(answer, UUID):
                    found[index] = answer
                elif piece[index].body.get("external_id") is None:
                    piece[index].body["external_id"] = text
        if self.key is not None:
            keyed = [i for i, o in enumerate(piece) if not o.problem and i not in found]
            by = self._by_key if self.key.unique else self._by_value
            found |= await by(tx, piece, keyed, self.key)
        return found

    async def _by_value(
        self, tx: Transaction, piece: Sequence[Prepared], indexes: Iterable[int], key: Field
    ) -> dict[int, UUID]:
        """By a field that several records may share: of those that the person may see."""
        values = {i: piece[i].body.get(key.json_name) for i in indexes}
        texts = {i: str(value) for i, value in values.items() if value is not None}
        answers = await self.finder.keyed(tx, self.person, self.definition, key, texts.values())
        found: dict[int, UUID] = {}
        for index, text in texts.items():
            answer = answers.get(text)
            if isinstance(answer, UUID):
                found[index] = answer
            elif answer is not None:
                piece[index].problem = f"{key.json_name}: {answer}"
        return found

    async def _by_key(
        self, tx: Transaction, piece: Sequence[Prepared], indexes: Iterable[int], key: Field
    ) -> dict[int, UUID]:
        values: dict[Any, int] = {}
        for index in indexes:
            value = piece[index].body.get(key.json_name)
            if value is None:
                continue
            try:
                values[key.type.parse(value, self.locale)[0]] = index
            except Refused as refusal:
                piece[index].problem = f"{key.json_name}: {refusal}."
        if not values:
            return {}
        shape = ("import key", self.definition.name, self.definition.digest, key.name)
        statement = self.records.query.shapes.get(shape, lambda: _key_rows(self.definition, key))
        bound: dict[str, object] = {"tenant": self.person.tenant, "values": list(values)}
        rows = await tx.rows(statement.text, *statement.arguments(bound))
        return {values[value]: identity for value, identity in rows if value in values}


def sentence(error: TenfoldError) -> str:
    """A refusal as one text that names every field."""
    if error.fields:
        return " ".join(f"{name}: {text}." for name, text in error.fields.items())
    return error.message


def _stand_in(body: dict[str, Any], definition: Definition) -> list[str]:
    """Give a new record what it needs from what stands in for it; answers what to tell."""
    told: list[str] = []
    for name, other in STANDS_IN.items():
        if name in definition.fields and body.get(name) is None and body.get(other) is not None:
            body[name] = body[other]
            if currency := body.get(f"{other}_currency"):
                body[f"{name}_currency"] = currency
            labels = (within(definition.fields[one].label) for one in (name, other))
            lacking = mark("{row has|rows have} no %(field)s; %(other)s stands for it")
            told.append(say(lacking, **dict(zip(("field", "other"), labels, strict=True))))
    return told


def _tell(
    result: Result, piece: Sequence[Prepared], settled: Mapping[int, Fate | TenfoldError]
) -> None:
    """What became of each row, in their order."""
    for index, one in enumerate(piece):
        fate = settled.get(index, "refused")
        reason = sentence(fate) if isinstance(fate, TenfoldError) else ""
        if one.problem or reason:
            result.reasons[index] = one.problem or reason
        refused = one.problem or isinstance(fate, TenfoldError)
        result.fates.append("refused" if refused else fate)  # pyright: ignore[reportArgumentType]


def _asks(pointer: Pointer) -> tuple[str, bool, str]:
    return pointer.to, pointer.reference, pointer.text


def _point(
    one: Prepared, answers: Answers, lenience: Lenience, unmade: Collection[object], result: Result
) -> None:
    """Of several columns for one relation, the first that leads to a record counts."""
    problems: dict[str, str] = {}
    coming = {pointer.name for pointer in one.pointers if _asks(pointer) in unmade}
    for pointer in one.pointers:
        answer = answers[_asks(pointer)]
        if pointer.name in one.body or pointer.name in coming:
            continue
        if isinstance(answer, UUID):
            one.body[pointer.name] = answer
            problems.pop(pointer.name, None)
        # A title says more to people than an id does.
        elif not pointer.keyed or pointer.name not in problems:
            problems[pointer.name] = answer
    absent = {name for name, problem in problems.items() if isinstance(problem, Absent)}
    for name in problems.keys() & (lenience.optional | (lenience.absent & absent)):
        result.dropped[name] += 1
        del problems[name]
    if problems:
        one.problem = " ".join(f"{name}: {text}" for name, text in problems.items())


def _key_rows(definition: Definition, key: Field) -> Statement:
    table = table_of(definition)
    column = key.type.compared(key.name, Columns.of(table))
    return compiled(
        sa.select(column, table.c.id).where(
            table.c.tenant_id == TENANT,
            table.c.deleted_at.is_(None),
            column == sa.any_(sa.bindparam("values", type_=ARRAY(column.type))),
        )
    )
