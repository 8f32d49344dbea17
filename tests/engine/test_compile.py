"""Mistakes in declarations: each names its file, its field and its fix, and all come at once."""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tenfold import app
from tenfold.engine.compile import DeclarationError, compile_all
from tenfold.engine.declare import (
    ALL,
    OPEN,
    Record,
    can,
    computed,
    field,
    generated,
    index,
    pipeline,
    relation,
    rollup,
)
from tenfold.engine.types import (
    AnyRef,
    Decimal,
    Generated,
    Integer,
    Json,
    LongText,
    Many,
    Money,
    Ref,
    Secret,
    Tags,
)

if TYPE_CHECKING:
    from decimal import Decimal as Unknown


class Unit(StrEnum):
    ACRES = "acres"
    RODS = "rods"


class Known(StrEnum):
    ACRES = "acres"


class Colour(StrEnum):
    RED = "red"
    PRIVATE = "private"


class Sort(StrEnum):
    OPEN = "open"
    SHUT = "shut"


def mistakes(*records: type[Record]) -> list[str]:
    """The messages of what is wrong with a pack of these records."""
    try:
        compile_all({"pack": records})
    except DeclarationError as error:
        return str(error).splitlines()
    return []


def the(record: type[Record], *others: type[Record]) -> str:
    """The only mistake of a record; its message names this file."""
    (found,) = mistakes(record, *others)
    assert re.match(rf"^{re.escape(str(Path(__file__)))}:\d+: \w+", found), found
    return found.partition(": ")[2]


class Plain(Record, plural="plains"):
    """Something without mistakes."""

    name: str = field(title=True)
    count_of: int | None = field()
    price: Money | None = field()
    tags: Tags | None = field()


def test_what_ships_has_no_mistakes():
    assert len(app.registry().by_name) >= 30
    assert mistakes(Plain) == []


def test_no_docstring():
    class Bare(Record, plural="bares"):
        name: str = field()

    assert the(Bare) == "Bare: it has no docstring. Fix: say in a line what a record of it is."


def test_an_annotation_that_is_no_field_type():
    class Odd(Record, plural="odds"):
        """One."""

        size: complex = field()
        names: set[str] | None = field()

    size, names = mistakes(Odd)
    assert "Odd.size: the annotation <class 'complex'> is no field type. Fix: use a" in size
    assert "Odd.names: the annotation set[str] is no field type" in names


def test_an_annotation_that_was_not_imported():
    class Far(Record, plural="fars"):
        """One."""

        size: Unknown = field()
        depth: Unknown | None = field()
        weight: int = field(search="A")

    size, depth, weight = sorted(mistakes(Far), key=lambda m: "weight" in m)
    assert "Far.size: its annotation names 'Unknown', unknown here. Fix: import it." in size
    assert "Far.depth: its annotation names 'Unknown'" in depth
    assert "Far.weight: integer holds no words" in weight


def test_a_specifier_without_an_annotation():
    class Loose(Record, plural="looses"):
        """One."""

        name = field()

    assert the(Loose) == "Loose.name: it has no annotation. Fix: write `name: Type = …`."


@pytest.mark.parametrize("name", ["id", "owner", "tenant", "type", "order", "limit", "user", "Big"])
def test_a_name_that_is_taken(name):
    body = {
        "__doc__": "One.",
        "__annotations__": {name: str},
        name: field(),
        "__module__": __name__,
    }
    made = type("Taken", (Record,), body, plural="takens")
    (found,) = mistakes(made)
    assert f"Taken.{name}: this name is taken or not allowed. Fix: choose another name." in found


@pytest.mark.parametrize(
    ("plural", "problem"),
    [
        ("Plains", "the plural 'Plains' can't be an address. Fix: use a-z, 0-9 and _."),
        ("users", "the plural 'users' is taken. Fix: choose another plural."),
        ("health", "the plural 'health' is taken. Fix: choose another plural."),
    ],
)
def test_a_plural_that_can_not_be_an_address(plural, problem):
    class Shaped(Record, plural=plural):
        """One."""

        name: str = field()

    assert the(Shaped) == f"Shaped: {problem}"


def test_a_class_keyword_that_does_not_exist():
    class Spelt(Record, plural="spelts", icn="x"):
        """One."""

        name: str = field()

    assert the(Spelt) == "Spelt: the class keyword 'icn' is unknown. Fix: see Record."


def test_a_default_that_the_type_refuses():
    class Wrong(Record, plural="wrongs"):
        """One."""

        size: int = field(default="many")
        name: str = field(default=None)

    size, name = mistakes(Wrong)
    told = "its default must be a whole number like 1234. Fix: give a default that the type takes."
    assert f"Wrong.size: {told}" in size
    assert "Wrong.name: its default is None, and it can't be empty. Fix: annotate … | None" in name


def test_a_stage_that_is_not_the_field_status():
    class Staged(Record, plural="stageds"):
        """One."""

        stage: Sort = pipeline(default=Sort.OPEN)

    class Unstaged(Record, plural="unstageds"):
        """One."""

        status: Sort = field(default=Sort.OPEN)

    expected = "a stage is always the field `status`. Fix: use status = pipeline(…)."
    assert the(Staged) == f"Staged.stage: {expected}"
    assert the(Unstaged) == f"Unstaged.status: {expected}"


def test_moves_to_a_stage_that_does_not_exist():
    class Moving(Record, plural="movings"):
        """One."""

        status: Sort = pipeline(default=Sort.OPEN, moves={Sort.OPEN: {"ajar"}})

    assert "Moving.status: moves name the stage 'ajar', which does not exist." in the(Moving)


def test_parameters_that_a_type_does_not_take():
    class Given(Record, plural="givens"):
        """One."""

        size: int = field(places=2, max_length=3)
        paint: Colour = field(labels={"blue": "Blue"})
        depth: int = field(min=3, max=2)
        target: Money = relation("plain")

    length, places, labels, order, target = mistakes(Given, Plain)
    assert "Given.size: integer takes no max_length. Fix: leave max_length out." in length
    assert "Given.size: integer takes no places" in places
    assert "Given.paint: labels name 'blue', which is no option. Fix: use the enum's" in labels
    assert "Given.depth: min=3 is above max=2. Fix: exchange them." in order
    assert "Given.target: money takes no to. Fix: leave to out." in target


def test_an_incomplete_relation():
    class Open(Record, plural="opens"):
        """One."""

        plain: Ref = field()

    assert "Open.plain: its specifier is incomplete" in the(Open)


@pytest.mark.parametrize(
    ("annotation", "given", "problem"),
    [
        (str, {"search": "E"}, "search='E' is no weight. Fix: use 'A', 'B', 'C' or 'D'."),
        (Json, {"search": "A"}, "json holds no words to search. Fix: leave search out."),
        (LongText, {"filter": True}, "long_text can't have filter=True. Fix: leave filter out."),
        (Secret, {"sort": True}, "secret can't have sort=True. Fix: leave sort out."),
        (
            Secret,
            {"filter": True, "max_length": 1_000, "unique": True},
            "secret can't have unique=True. Fix: leave unique out.",
        ),
        (Secret, {"filter": True, "sort": True}, "secret can't have sort=True."),
        (Secret, {"filter": True, "search": "A"}, "secret holds no words to search."),
        (Tags, {"sort": True}, "tags can't have sort=True. Fix: leave sort out."),
        (Tags, {"unique": True}, "tags can't have unique=True. Fix: leave unique out."),
    ],
)
def test_uses_that_a_type_can_not_have(annotation, given, problem):
    body = {"__doc__": "One.", "__annotations__": {"it": annotation}, "it": field(**given)}
    made = type("Used", (Record,), {**body, "__module__": __name__}, plural="useds")
    (found,) = mistakes(made)
    assert f"Used.it: {problem}" in found


def test_a_text_too_long_for_an_index():
    class Long(Record, plural="longs"):
        """One."""

        name: str = field(filter=True, max_length=5_000)

    assert "Long.name: it is too long for an index with max_length=5000" in the(Long)


def test_two_fields_in_one_column():
    class Twice(Record, plural="twices"):
        """One."""

        plain: Ref = relation("plain")
        plain_id: str = field()
        price: Money = field()
        price_currency: str = field()

    first, second = mistakes(Twice, Plain)
    assert "Twice.plain_id: it is stored or shown as 'plain_id', like 'plain'. Fix: rename" in first
    assert "Twice.price_currency: it is stored or shown as 'price_currency', like 'price'" in second


def test_computed_and_generated_fields_name_their_columns_in_their_own_way():
    class Sums(Record, plural="sums"):
        """One."""

        price: Money | None = field()
        size: int | None = field()
        bare: int | None = computed("size + {t}.size + length('size')")
        days: int | None = computed("{t}.created_at::date - current_date")
        dotted: int | None = generated("{t}.size")
        amount: Money | None = generated("size * 2")

    bare, days, dotted, amount = mistakes(Sums)
    assert "Sums.days: current_date is the date in UTC" in days
    assert "Sums.bare: its SQL names the column 'size' alone" in bare
    assert "Fix: write {t}.size." in bare
    assert "Sums.dotted: the SQL of a generated field has no {t}. Fix: name the columns" in dotted
    assert "Sums.amount: it is an amount, and its SQL names none whose currency" in amount


def test_a_generated_amount_has_the_currency_of_the_amount_it_is_made_from():
    class Half(Record, plural="halves"):
        """One."""

        price: Money | None = field()
        half: Money | None = generated("price / 2")

    (made,) = compile_all({"pack": [Half]}).values()
    kind = made.fields["half"].type
    assert isinstance(kind, Generated)
    assert kind.currency == "price"


def test_an_expression_keeps_the_fields_that_it_names():
    class Told(Record, plural="tolds"):
        """One."""

        price: Money | None = field()
        size: int | None = field()
        note: str | None = field()
        each: int | None = generated("price / nullif(SIZE, 0)")
        band: str | None = computed("CASE WHEN {t}.price > 5 THEN 'size' END")
        unit: str | None = computed("{t}.price_currency")
        age: int | None = computed("extract(day FROM now() - {t}.created_at)::int")
        all_of_it: str | None = computed("({t})::text")

    (made,) = compile_all({"pack": [Told]}).values()
    uses = {name: one.uses for name, one in made.fields.items() if one.uses}
    assert {"note", "price", "size", "owner"} < {*uses.pop("all_of_it")}
    assert uses == {
        "each": ("price", "size"),
        "band": ("price",),
        "unit": ("price",),
        "age": ("created_at",),
    }


def test_indexes_of_what_has_no_column():
    class Indexed(Record, plural="indexeds"):
        """One."""

        name: str = field()
        is_big: bool = computed("true")
        indexes = (index("nam"), index("is_big"))

    first, second = mistakes(Indexed)
    assert "Indexed.nam: index names 'nam', which has no column. Fix: use one of: name" in first
    assert "Indexed.is_big: index names 'is_big', which has no column" in second


def test_index_names_that_meet_or_are_too_long():
    class Named(Record, plural="nameds"):
        """One."""

        due: date | None = field(filter=True)
        shelf_in_the_storehouse_behind_it: str | None = field()
        book_in_the_storehouse_behind_it: str | None = field()
        indexes = (
            index("due", where="due > '2000-01-01'"),
            index("shelf_in_the_storehouse_behind_it", "book_in_the_storehouse_behind_it"),
        )

    long, double = sorted(mistakes(Named), key=lambda m: "two of" in m)
    assert "Named.indexes: two of its indexes would be called 'nameds_due'" in double
    assert "has more than 63 letters. Fix: give the index a short name=…." in long


def test_grants_of_fields_that_are_not_there():
    class Granted(Record, plural="granteds"):
        """One."""

        name: str = field()
        access = {"agent": can(read=ALL, hide={"nmae"}, reveal={"name"})}  # noqa: RUF012

    reveal, hide = mistakes(Granted)
    assert "Granted.nmae: the grant of 'agent' names the unknown field 'nmae'. Fix: name" in hide
    assert "Granted.name: the grant of 'agent' reveals it, and it is no secret." in reveal


def test_open_scopes_without_anything_private():
    class Shared(Record, plural="shareds"):
        """One."""

        name: str = field()
        access = {  # noqa: RUF012
            "agent": can(read=OPEN),
            "broker": can(read=ALL, update=OPEN),
        }

    read, update = mistakes(Shared)
    assert "Shared.access: the grant of 'agent' reads OPEN, and nothing says what" in read
    assert "Shared.access: the grant of 'broker' uses OPEN for another verb than read." in update


def test_private_names_a_choice_that_can_be_private():
    class Hidden(Record, plural="hiddens", private="name"):
        """One."""

        name: str = field()

    class Maybe(Record, plural="maybes", private="level"):
        """One."""

        level: Colour | None = field()

    assert "Hidden: private='name' names no choice that can be 'private'. Fix: name a" in the(
        Hidden
    )
    assert "Maybe.level: it decides who may see a record, and may be empty." in the(Maybe)


def test_strict_privacy_says_what_is_private():
    class Sealed(Record, plural="sealeds", strict=True):
        """One."""

    assert "Sealed: strict=True, and nothing says what is private. Fix: give it" in the(Sealed)


def test_after_what_is_no_time_like_it():
    class Meeting(Record, plural="meetings"):
        """One."""

        name: str = field(title=True)
        day: date = field()
        ends_at: datetime = field(after="starts_at")
        due_at: datetime = field(after="day")
        until: str = field(after="name")
        last: date | None = field(after="day")

    for found, name in zip(mistakes(Meeting), ("ends_at", "due_at", "until"), strict=True):
        assert f"Meeting.{name}: after=" in found
        assert "names no date or moment like it" in found


def test_a_default_by_another_choice_names_what_there_is():
    class Begun(Record, plural="beguns"):
        """One."""

        early: Colour = field(default=Colour.RED, begins={"colour": {Colour.RED: Colour.PRIVATE}})
        colour: Colour = field(default=Colour.RED)
        wrong: Colour = field(default=Colour.RED, begins={"colour": {"pink": Colour.PRIVATE}})
        other: Colour = field(default=Colour.RED, begins={"colour": {Colour.RED: "pink"}})
        none: Colour | None = field(begins={"colour": {Colour.RED: Colour.PRIVATE}})
        fine: Colour = field(default=Colour.RED, begins={"colour": {Colour.RED: Colour.PRIVATE}})

    told = [re.sub(r".*? Begun\.", "", line) for line in mistakes(Begun) if "Begun." in line]
    assert [line.partition(". Fix")[0] for line in told] == [
        "early: begins names colour='red', which no choice before it can be",
        "wrong: begins names colour='pink', which no choice before it can be",
        "other: begins gives 'pink', which it can't be",
        "none: it begins somehow, and has no default",
    ]


def test_only_people_are_handed_over():
    class Handed(Record, plural="handeds"):
        """One."""

        name: str = field(handed_over="true")

    assert "Handed.name: text is no person to hand over. Fix: leave" in the(Handed)


def test_a_default_sort_by_nothing():
    class Sorted(Record, plural="sorteds", sort="-nmae"):
        """One."""

        name: str = field()

    assert "Sorted: sort='-nmae' names no field. Fix: name a field" in the(Sorted)


def test_relations_to_what_is_not_declared():
    class Linked(Record, plural="linkeds"):
        """One."""

        other: Ref = relation("nowhere")
        others: Many = relation("nowhere_too")
        about: AnyRef | None = relation(among=["plain", "nobody"])
        gone: Ref | None = relation("plain", on_delete="cascade")

    gone, other, others, about = mistakes(Linked, Plain)
    assert "Linked.other: it relates to 'nowhere', which is not declared. Fix: use one" in other
    assert "Linked.others: it relates to 'nowhere_too'" in others
    assert "Linked.about: it relates to 'nobody'" in about
    assert "Linked.gone: on_delete='cascade' is unknown; use 'restrict' or 'clear'" in gone


def test_a_required_relation_can_not_be_cleared():
    class Bound(Record, plural="bounds"):
        """One."""

        plain: Ref = relation("plain", on_delete="clear")
        other: Ref | None = relation("plain", back="loose", on_delete="clear")
        held: Ref = relation("plain", back="held")

    assert the(Bound, Plain) == (
        "Bound.plain: it is required, and on_delete='clear' would leave it empty. "
        "Fix: annotate it … | None, or use on_delete='restrict'."
    )


def test_lists_that_come_back_under_one_name():
    class First(Record, plural="firsts"):
        """One."""

        plain: Ref = relation("plain", back="things")
        again: Ref = relation("plain", back="things")
        price: Ref = relation("plain", back="price")

    double, field_too = mistakes(First, Plain)
    assert "First.again: its back='things' is also that of first.plain. Fix: give it" in double
    assert "First.price: its back='price' is also a field of 'plain'." in field_too


def test_units_are_known_or_said_by_a_choice_among_known_ones():
    class Plot(Record, plural="plots"):
        """One."""

        unit: Unit = field(default=Unit.ACRES)
        known: Known = field(default=Known.ACRES)
        size: Decimal = field(unit="unit")
        name: str = field(unit="acres")
        depth: Decimal = field(unit="fathoms")
        fine: Decimal = field(unit="known")
        feet: Decimal = field(unit="square_feet")

    size, name, depth = mistakes(Plot)
    assert "Plot.size: unit='unit': there is no unit 'rods'. Fix: use square_meters" in size
    assert "Plot.name: text has no unit. Fix: leave unit out, or use Decimal" in name
    assert "Plot.depth: unit='fathoms': there is no unit 'fathoms'" in depth


def test_rollups_over_what_can_not_be_summed_up():
    class Counted(Record, plural="counteds"):
        """One."""

        nothing: int = rollup("nothing")
        crowd: int = rollup("crowds")
        missing: int = rollup("parts", "sum", "nmae")
        words: int = rollup("parts", "sum", "name")
        odd: int = rollup("parts", "median", "price")
        fine: int = rollup("parts", "sum", "price")

    class Part(Record, plural="parts_of"):
        """One."""

        name: str = field()
        price: Money | None = field()
        counted: Ref = relation("counted", back="parts")
        many: Many = relation("counted", back="crowds")

    odd, nothing, crowd, missing, words = mistakes(Counted, Part)
    assert "Counted.odd: function 'median' is unknown" in odd
    assert "Counted.nothing: no to-one relation comes back as 'nothing'. Fix: name the" in nothing
    assert "Counted.crowd: no to-one relation comes back as 'crowds'" in crowd
    assert "Counted.missing: it sums up 'nmae', which 'part' does not store" in missing
    assert "Counted.words: sum needs numbers, and part.name has none" in words


def test_what_a_record_is_called_by_is_there():
    class Thing(Record, plural="things", belongs_to="size", named_by=("size", "nmae")):
        """One."""

        name: str | None = field(title=True)
        size: int | None = field()

    holder, size, name = mistakes(Thing)
    assert "belongs_to='size' names no relation to one" in holder
    assert "named_by names 'size', by which nothing can be called" in size
    assert "named_by names 'nmae'" in name


def test_two_types_of_one_name():
    class Plain(Record, plural="other_plains"):
        """Another one with the name of the first."""

        name: str = field()

    first = globals()["Plain"]
    (found,) = mistakes(first, Plain)
    assert "its name 'other_plains' is also that of" in found
    assert "test_compile.py" in found
    assert "Fix: rename one of them." in found


def test_all_mistakes_are_reported_at_once():
    class One(Record, plural="ones"):
        one: complex = field()
        two: int = field(default="x")
        three: Ref = relation("nowhere")

    class Two(Record, plural="twos"):
        """Two."""

        name: str = field(search="Z")
        indexes = (index("nmae"),)

    found = mistakes(One, Two)
    for part in ("no docstring", "One.one", "One.two", "One.three", "Two.name", "Two.nmae"):
        assert sum(part in message for message in found) == 1, part
    assert len(found) == 6


def test_the_error_carries_its_mistakes_apart():
    class Bad(Record, plural="bads"):
        """One."""

        size: int = field(search="A")

    with pytest.raises(DeclarationError) as caught:
        compile_all({"pack": [Bad]})
    (found,) = caught.value.mistakes
    assert (found.record, found.field) == ("Bad", "size")
    assert Integer.kind in found.problem
