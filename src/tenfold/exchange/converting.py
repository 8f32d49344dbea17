"""A file's rows become what the write path takes, each by itself, with all its problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, cast

from tenfold.engine.definition import Field
from tenfold.engine.types import Decimal as DecimalType
from tenfold.engine.types import Integer, Locale
from tenfold.engine.units import AREAS
from tenfold.exchange import value_units
from tenfold.exchange.cells import simple, store
from tenfold.exchange.keys import compared
from tenfold.exchange.mapping import Guess
from tenfold.exchange.prepared import Prepared, Put, Store
from tenfold.exchange.refusals import PLACE_LABELS
from tenfold.exchange.rows import Row, Value, as_text
from tenfold.exchange.targets import CURRENCY, STREET_PARTS, Goal, options_of
from tenfold.exchange.value_contacts import NoMailbox, parted
from tenfold.exchange.value_dates import NoYear
from tenfold.exchange.value_numbers import are_shares
from tenfold.exchange.value_texts import shown
from tenfold.exchange.values import Reading, Refusal, Special, each, learn, quick, read
from tenfold.kernel.language import mark, say, say_n, within

OTHER = "other"
_DIGITS = 18
"""No number with more digits before its point fits into a field."""
_KEPT = 100
"""How much of a cell that was left out is told."""
_UNITS = {
    "square_meters": mark("square meters"),
    "square_feet": mark("square feet"),
    "acres": mark("acres"),
    "hectares": mark("hectares"),
}
# What a tally counts: one, or many; see `State.notes`.
_NO_AMOUNT = mark("{value|values} of %(column)s left out: no amount beside")
_UNREADABLE = mark("{value|values} of %(column)s left out: can't be read")
_CONVERTED = mark("{value|values} of %(column)s converted to %(unit)s")
_NO_YEAR = mark("{value|values} of %(column)s left out: no year")
_NO_MAILBOX = mark("{value|values} of %(column)s left out: only a name within Exchange")
_OTHER_SOURCE = mark("{value|values} of %(column)s kept as %(other)s: none of our sources")
_FINER = mark("{value|values} of %(column)s put into %(field)s")
_ROUNDED = mark("{value|values} of %(column)s rounded to %(digits)s")
_MORE_UNREADABLE = mark("{value|values} more in cells of %(column)s left out: can't be read")
_NO_FIELD_LEFT = mark("{value|values} more in cells of %(column)s left out: no field is left")
_OVERFLOW = {"email": ("email_2", "email_3"), "phone": ("mobile_phone", "phone_2", "home_phone")}

_Rescue = Callable[[Value, Prepared, Refusal], bool]


class Converter:
    """Turns rows into prepared ones by one mapping; counts what it had to leave out."""

    def __init__(
        self,
        guesses: Sequence[Guess],
        goals: Mapping[str, Goal],
        how: Reading,
        learned: Mapping[str, Sequence[Value]],
        key: Field | None = None,
        *,
        need_key: bool = False,
        values: Mapping[str, Mapping[str, str | Special]] | None = None,
        skips: bool = False,
        place: str = "line",
    ) -> None:
        self.tally: Counter[str] = Counter()
        self._key, self._need_key, self._place = key, need_key, PLACE_LABELS[place]
        self._locale = Locale(how.region, how.currency)
        named = key.json_name if key else ""
        self._seen: dict[object, int] = {}
        self._goals = goals
        self._taken = {guess.target for guess in guesses if guess.target}
        self._puts: list[tuple[str, Put]] = []
        taken = [goal for name, goal in goals.items() if name in self._taken]
        self._amounts = [goal.own for goal in taken if goal.kind == "money"]
        self._bare = next((g.column for g in guesses if g.target and _bare(goals[g.target])), "")
        for guess in guesses:
            if guess.target is None:
                continue
            goal = goals[guess.target]
            said = (values or {}).get(goal.target.name, {})
            reading = replace(how, options=options_of(goal.field), values=said)
            texts = learned.get(guess.column, ())
            if goal.target.measured:
                texts = [value_units.parted(as_text(text))[0] for text in texts]
            reading = learn(goal.kind, texts, reading)
            if goal.field and isinstance(goal.field.type, Integer) and goal.field.type.most == 100:
                reading = replace(reading, shares=are_shares([as_text(text) for text in texts]))
            put = self._putter(guess.column, goal, reading)
            needed = goal.target.required or goal.target.name == named or goal.kind == CURRENCY
            if skips and not needed:
                put = self._skipping(guess.column, put)
            self._puts.append((guess.column, put))
        # The row's currency is known before its amounts are read.
        self._puts.sort(key=lambda pair: pair[0] != self._bare)

    def convert(self, row: Row) -> Prepared:
        """The row's values, or every problem that it has as one text."""
        made = Prepared(row)
        if row.error:
            made.problem = row.error
            return made
        problems: list[str] = []
        values = row.values
        for column, put in self._puts:
            value = values.get(column)
            if value is not None and value != "":
                put(value, made, problems)
        for column, kind, value in made.more:
            self._overflow(column, kind, value, made)
        _finish(made.body)
        for column, one, unit in made.measures:
            self._in_unit(column, one, unit, made)
        self._with_currencies(made)
        if not problems:
            self._check_key(made, problems)
        if not problems and not made.body and not made.pointers:
            problems.append(say("The row holds nothing that can be imported."))
        made.problem = " ".join(problems)
        return made

    def takes(self, column: str, text: str) -> bool:
        """Whether a row could come in with this text in a column that goes somewhere."""
        problems: list[str] = []
        put = next(put for name, put in self._puts if name == column)
        put(text, Prepared(Row(0, {})), problems)
        return not problems

    def _with_currencies(self, made: Prepared) -> None:
        """A currency goes with its amount; alone, as many programs write it, it says nothing."""
        for column, one, code in made.currencies:
            held = _held(one, made)
            if held.get(one.json_name) is not None:
                held[f"{one.name}_currency"] = code
            elif one.json_name not in held:
                self._without_amount(column)
        if made.currency and not any(one.json_name in _held(one, made) for one in self._amounts):
            self._without_amount(self._bare)

    def _tell(self, column: str, text: str, count: int = 1, **values: str) -> None:
        """Count what was done about values of a column."""
        self.tally[say(text, column=repr(column), **values)] += count

    def _without_amount(self, column: str) -> None:
        self._tell(column, _NO_AMOUNT)

    def _check_key(self, made: Prepared, problems: list[str]) -> None:
        if self._key is None:
            return
        name = self._key.json_name
        key = made.body.get(name)
        if key is None:
            if self._need_key:
                problems.append(say("%(name)s is the key and is empty.", name=self._key.label))
            return
        made.key = compared(self._key, key, self._locale)
        before = self._seen.setdefault(made.key, made.row.number)
        if before != made.row.number:
            problems.append(
                say(
                    "%(place)s %(number)s has the same %(name)s %(value)s already.",
                    place=say(self._place),
                    number=before,
                    name=within(self._key.label),
                    value=shown(str(key)),
                )
            )

    # -- one function per column, chosen once

    def _putter(self, column: str, goal: Goal, how: Reading) -> Put:
        if put := simple(column, goal, how):
            return put
        kept = store(goal.own, goal.kind)
        if goal.kind == "money":
            return self._amount(column, goal, how, kept)
        put = self._plain(column, goal, how, kept)
        return self._measured(column, goal.own, put) if goal.target.measured else put

    def _skipping(self, column: str, put: Put) -> Put:
        """Leave a cell out that can't be read; an amount without its currency would be another."""

        def skipping(value: Value, made: Prepared, problems: list[str]) -> None:
            before = len(problems)
            put(value, made, problems)
            if len(problems) > before:
                del problems[before:]
                self._tell(column, _UNREADABLE)
                made.skipped += ((column, as_text(value)[:_KEPT]),)

        return skipping

    def _amount(self, column: str, goal: Goal, how: Reading, put: Store) -> Put:
        """An amount in the currency that its cell names, or else in that of its row."""
        puts = {"": self._plain(column, goal, how, put)}

        def amount(value: Value, made: Prepared, problems: list[str]) -> None:
            code = made.currency
            if code not in puts:
                # `$` beside CAD is a Canadian dollar.
                reading = replace(how, currency=code, plain=code)
                puts[code] = self._plain(column, goal, reading, put)
            puts[code](value, made, problems)

        return amount

    def _measured(self, column: str, one: Field, put: Put) -> Put:
        """A number in the unit that its cell or its column names, or else in the record's own."""
        _, of_column = value_units.named(column)

        def measured(value: Value, made: Prepared, problems: list[str]) -> None:
            text, unit = value_units.parted(as_text(value))
            put(text, made, problems)
            unit = unit or of_column
            if unit and isinstance(made.body.get(one.json_name), Decimal):
                made.measures.append((column, one, unit))

        return measured

    def _in_unit(self, column: str, one: Field, unit: str, made: Prepared) -> None:
        """Let the record say the unit where it can; else convert the number to one that it says."""
        into = one.unit
        if into not in AREAS:
            into = self._sayable(one.unit, unit)
            said = made.body.setdefault(one.unit, into)
            if into != unit and said in AREAS:
                into = said
        if into == unit:
            return
        number = made.body[one.json_name] * AREAS[unit] / AREAS[into]
        made.body[one.json_name] = _to_places(number, getattr(one.type, "places", 0))
        self._tell(column, _CONVERTED, unit=say(_UNITS.get(into, into)))

    def _sayable(self, name: str, unit: str) -> str:
        """The unit itself where the field beside the number has it, or else its first area."""
        options = options_of(self._goals[name].field) if name in self._goals else {}
        return unit if unit in options else next((o for o in options if o in AREAS), unit)

    def _plain(self, column: str, goal: Goal, how: Reading, put: Store) -> Put:
        kind = goal.kind
        own = goal.own.type
        places = own.places if isinstance(own, DecimalType) else None
        listed = kind in _OVERFLOW or kind == "url"
        reader = quick(kind, how)
        rescue = self._rescue(column, goal, how)

        def plain(value: Value, made: Prepared, problems: list[str]) -> None:
            if listed and (type(value) is not str or ":::" in value):
                self._several(column, kind, value, how, made, problems, put)
                return
            try:
                found = reader(value)
            except Refusal as refusal:
                pieces = parted(kind, as_text(value)) if kind in _OVERFLOW else []
                if pieces:
                    self._several(column, kind, pieces, how, made, problems, put)
                elif rescue is None or not rescue(value, made, refusal):
                    problems.append(f"{column}: {refusal.reason}")
                return
            if found is Special.LEAVE:
                return
            if places is not None and isinstance(found, Decimal):
                found = self._rounded(column, found, places)
            put(made, None if found is Special.CLEAR else found)

        return plain

    def _rescue(self, column: str, goal: Goal, how: Reading) -> _Rescue | None:
        """What can be done about a value that the field itself can't take."""
        name = goal.target.name
        if finer := self._finer(goal):
            return lambda value, made, _: self._went_finer(column, value, how, finer, made)
        if goal.kind == "email":
            return lambda _value, _made, refusal: self._without_mailbox(column, refusal)
        if "birth" in name:
            return lambda _value, _made, refusal: self._without_year(column, refusal)
        if goal.kind == "choice" and name.endswith("source") and OTHER in options_of(goal.field):
            return lambda value, made, _: self._other_source(column, name, value, made)
        return None

    def _without_year(self, column: str, refusal: Refusal) -> bool:
        """Whether it is a birthday that only lacks its year: no reason to lose a person."""
        if isinstance(refusal, NoYear):
            self._tell(column, _NO_YEAR)
        return isinstance(refusal, NoYear)

    def _without_mailbox(self, column: str, refusal: Refusal) -> bool:
        """Whether it is a name within Exchange, which no program but Outlook can write to."""
        if isinstance(refusal, NoMailbox):
            self._tell(column, _NO_MAILBOX)
        return isinstance(refusal, NoMailbox)

    def _other_source(self, column: str, name: str, value: Value, made: Prepared) -> bool:
        """A source that only the other program knows is another one; its word is kept beside."""
        made.body[name] = OTHER
        detail = f"{name}_detail"
        if detail in self._goals and detail not in self._taken:
            made.body[detail] = as_text(value).strip()[:200]
        self._tell(column, _OTHER_SOURCE, other=OTHER)
        return True

    def _finer(self, goal: Goal) -> Goal | None:
        """The field for the finer kind beside one for the kind: `sub_type` beside `type`."""
        name = goal.target.name
        if goal.kind != "choice" or not name.endswith("type") or name.endswith("sub_type"):
            return None
        other = f"{name.removesuffix('type')}sub_type"
        return self._goals.get(other) if other not in self._taken else None

    def _went_finer(
        self, column: str, value: Value, how: Reading, finer: Goal, made: Prepared
    ) -> bool:
        """Whether a value that is no kind is a finer kind, and is kept as that."""
        try:
            found = read("choice", value, replace(how, options=options_of(finer.field)))
        except Refusal:
            return False
        made.body[finer.target.name] = found
        self._tell(column, _FINER, field=within(finer.target.label))
        return True

    def _rounded(self, column: str, number: Decimal, places: int) -> Decimal:
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            rounded = _to_places(number, places)
            if rounded != number:
                digits = say_n("%(n)s decimal place", "%(n)s decimal places", places, n=places)
                self._tell(column, _ROUNDED, digits=digits)
            return rounded
        return number

    def _several(
        self,
        column: str,
        kind: str,
        value: Value,
        how: Reading,
        made: Prepared,
        problems: list[str],
        put: Store,
    ) -> None:
        """Take the first of several that can be read; others go into fields that wait for them."""
        found: list[object] = []
        reasons: list[str] = []
        for text in each(value):
            try:
                found.append(read(kind, text, how))
            except Refusal as refusal:
                reasons.append(f"{column}: {refusal.reason}")
        if not found:
            problems += reasons[:1]
            return
        if reasons:
            self._tell(column, _MORE_UNREADABLE, count=len(reasons))
        put(made, found[0])
        # The fields for further ones may have columns of their own, which come first.
        made.more += [(column, kind, more) for more in found[1:]]

    def _overflow(self, column: str, kind: str, value: object, made: Prepared) -> None:
        """Put a further e-mail or number into a field that waits for it."""
        for name in _OVERFLOW.get(kind, ()):
            if made.body.get(name) == value:
                return
            free = name in self._goals and name not in made.body
            if free and self._goals[name].kind == kind:
                made.body[name] = value
                return
        self._tell(column, _NO_FIELD_LEFT)


def _bare(goal: Goal) -> bool:
    """Whether a column is for the currency of all amounts."""
    return goal.kind == CURRENCY and goal.field is None


def _held(one: Field, made: Prepared) -> dict[str, Any]:
    """What of a row holds a field's value."""
    return made.body.get("custom", {}) if one.custom else made.body


def _to_places(number: Decimal, places: int) -> Decimal:
    """The number rounded; one beyond what any field holds stays, and is refused as such."""
    if number.adjusted() > _DIGITS:
        return number
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


def _finish(body: dict[str, Any]) -> None:
    """Join what other programs keep in pieces: the parts of a street."""
    for name, value in body.items():
        if type(value) is dict and any(part in value for part in STREET_PARTS):
            pieces = cast("dict[str, str]", value)
            street = " ".join(pieces.pop(p) for p in STREET_PARTS if p in pieces)
            body[name] = {"street": street, **pieces}


def texts_of(rows: Iterable[Row], columns: Sequence[str]) -> dict[str, list[Value]]:
    """The distinct texts of some columns over all rows, to learn how they are written."""
    found: dict[str, dict[str, None]] = {column: {} for column in columns}
    for row in rows:
        for column in columns:
            value = row.values.get(column)
            if isinstance(value, str) and len(found[column]) < 50_000:
                found[column][value] = None
    return {column: list(texts) for column, texts in found.items()}
