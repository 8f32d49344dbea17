"""What a compiled definition must satisfy, by itself and together with the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tenfold.engine import types as t
from tenfold.engine.definition import (
    AGENDA,
    CHANNELS,
    PRIVATE,
    SYSTEM_FIELDS,
    TIMES,
    Definition,
    Field,
)
from tenfold.engine.mistakes import Mistake
from tenfold.engine.project import tables
from tenfold.engine.units import AREAS, PERCENT

Note = Callable[[str, str, str], None]
"""Takes down a mistake: field, problem, fix."""

_WORDY = frozenset({"text", "long_text", "rich_text", "email", "phone", "url", "address", "choice"})
_NUMBERS = frozenset({"integer", "decimal", "money"})
# An index entry has at most 2,704 bytes, and a letter at worst four.
_INDEXED = 600
_LONGEST = 63  # PostgreSQL cuts longer names off (NAMEDATALEN - 1)


# -- one field


def field(one: Field, note: Note) -> None:
    """What a type can't do, labels, limits and rules that don't fit one another."""
    kind = one.type
    if one.search not in ("", "A", "B", "C", "D"):
        note(one.name, f"search={one.search!r} is no weight", "use 'A', 'B', 'C' or 'D'")
    elif one.search and kind.kind not in _WORDY:
        note(one.name, f"{kind.kind} holds no words to search", "leave search out")
    compares = bool(kind.operators) and set(kind.operators) != {"null"}
    for use in ("filter", "sort", "unique"):
        fits = compares and (use == "filter" or (kind.ordered and not kind.many))
        if getattr(one, use) and not fits:
            note(one.name, f"{kind.kind} can't have {use}=True", f"leave {use} out")
    size = getattr(kind, "max_length", 0)
    indexed = compares and (one.filter or one.unique) and not isinstance(kind, t.Secret)
    if indexed and size > _INDEXED:
        problem = f"it is too long for an index with max_length={size}"
        note(one.name, problem, f"give max_length={_INDEXED} or less, or leave filter out")
    options = getattr(kind, "options", ())
    for label in getattr(kind, "labels", {}):
        if label not in options:
            note(one.name, f"labels name {label!r}, which is no option", "use the enum's values")
    least, most = getattr(kind, "least", None), getattr(kind, "most", None)
    if least is not None and most is not None and least > most:
        note(one.name, f"min={least} is above max={most}", "exchange them")
    _pointing(one, note)


def _pointing(one: Field, note: Note) -> None:
    """What becomes of a relation, or of a person's work, must be something that it can be."""
    kind = one.type
    if one.handed_over and not isinstance(kind, t.User):
        note(one.name, f"{kind.kind} is no person to hand over", "leave handed_over out")
    if one.required and isinstance(kind, t.Ref) and kind.on_delete == "clear":
        problem = "it is required, and on_delete='clear' would leave it empty"
        note(one.name, problem, "annotate it … | None, or use on_delete='restrict'")


def expression(one: Field, among: Mapping[str, Field], note: Note) -> Field:
    """A computed field with the fields it is computed from; a generated amount has a currency."""
    kind = one.type
    if not isinstance(kind, t.Generated | t.Computed):
        return one
    sql = re.sub(r"'[^']*'", "''", kind.sql)
    one = replace(one, uses=_used(one, sql, among))
    if isinstance(kind, t.Computed):
        if "current_date" in sql:
            note(one.name, "current_date is the date in UTC, not where people are", "write {today}")
        for name in dict.fromkeys(re.findall(r"(?<![\w.:])[a-z_]\w*", sql)):
            if name in among:
                problem = f"its SQL names the column {name!r} alone, which another may hide"
                note(one.name, problem, f"write {{t}}.{name}")
        return one
    if "{t}" in sql:
        note(one.name, "the SQL of a generated field has no {t}", "name the columns alone")
    if not isinstance(kind.of, t.Money):
        return one
    named = [n for n in re.findall(r"\w+", sql) if isinstance(_type(among, n), t.Money)]
    if not named:
        problem = "it is an amount, and its SQL names none whose currency it could have"
        note(one.name, problem, "compute it from a Money field, or make it an int")
        return one
    return replace(one, type=replace(kind, currency=named[0]))


def _used(one: Field, sql: str, among: Mapping[str, Field]) -> tuple[str, ...]:
    """The fields whose columns an expression names; rather one too many than one too few."""
    words = set(re.findall(r"\w+", sql.lower()))
    whole = re.search(r"\{t\}(?!\.\w)", sql)  # the row itself: {t}, {t}.*
    known = {**among, **SYSTEM_FIELDS}
    named = {
        f.name for f in known.values() if whole or words.intersection((f.name, *f.column_names))
    }
    return tuple(sorted(named - {one.name}))


# -- one type


def definition(one: Definition, note: Note) -> None:
    """What the fields, indexes and grants of a type must be to one another."""
    _columns(one, note)
    _private(one, note)
    _agenda(one, note)
    _contacted(one, note)
    _correspondence(one, note)
    _begins(one, note)
    _after(one, note)
    _names(one, note)
    _units(one, note)
    for name in one.default_sort.split(","):
        if name.lstrip("-") not in one.fields:
            note("", f"sort={name!r} names no field", "name a field, with - for the reverse")
    _access(one, note)
    if _indexes(one, note):
        _index_names(one, note)


def _columns(one: Definition, note: Note) -> None:
    """No two fields may make the same column or have the same name in JSON."""
    made: dict[str, str] = {}
    for each in one.fields.values():
        for column in dict.fromkeys((*each.column_names, each.json_name)):
            if column in made:
                problem = f"it is stored or shown as {column!r}, like {made[column]!r}"
                note(each.name, problem, "rename one of the two")
            made[column] = each.name


def _agenda(one: Definition, note: Note) -> None:
    """Moments name a date, and fields with values that they can have."""
    for each in one.agenda:
        found = one.fields.get(each.field)
        if found is None or found.type.kind not in TIMES:
            note("agenda", f"{each.field!r} is no date of it", "name a date or a moment")
        if each.kind not in AGENDA:
            note("agenda", f"{each.kind!r} is no kind", f"use one of {', '.join(AGENDA)}")
        for name, values in each.open:
            held = one.fields.get(name)
            options = getattr(held.type, "options", ("true", "false")) if held else ()
            if wrong := [v for v in values if v not in options]:
                note("agenda", f"{name} is never {wrong[0]!r}", "name a choice and its values")
        for name in each.people:
            person = one.fields.get(name)
            if person is None or not isinstance(person.type, t.User):
                note("agenda", f"{name!r} names nobody", "name a field that is a person")


def _contacted(one: Definition, note: Note) -> None:
    """Ways to write name fields with addresses, and those that give or take leave."""
    for each in one.contacted:
        kind = CHANNELS.get(each.channel)
        if kind is None:
            note("contacted", f"{each.channel!r} is no way", f"use one of {', '.join(CHANNELS)}")
        held = [one.fields.get(name) for name in each.fields]
        if not held or any(f is None or f.type.kind != kind for f in held):
            note("contacted", f"{each.channel} names no {kind} of it", f"name its fields of {kind}")
        for name in filter(None, (each.only, each.unless)):
            if not isinstance(_type(one.fields, name), t.Boolean):
                note("contacted", f"{name!r} says neither yes nor no", "name a true-or-false field")


_WRITTEN = {"subject", "kind", "at", "direction", "about", "body"}


def _correspondence(one: Definition, note: Note) -> None:
    """What keeps correspondence has the fields that it is kept in."""
    if one.correspondence and (lacks := sorted(_WRITTEN - {*one.fields})):
        note("", f"correspondence=True, and it has no {lacks[0]}", f"declare {', '.join(lacks)}")


def _private(one: Definition, note: Note) -> None:
    if not one.private:
        if one.strict:
            note("", "strict=True, and nothing says what is private", "give it private='…'")
        return
    found = _type(one.fields, one.private)
    if not isinstance(found, t.Choice) or PRIVATE not in found.options:
        problem = f"private={one.private!r} names no choice that can be {PRIVATE!r}"
        note("", problem, f"name a choice field with the option {PRIVATE!r}")
    elif one.fields[one.private].nullable:
        problem = "it decides who may see a record, and may be empty"
        note(one.private, problem, "give it a default, and no None in its annotation")


def _begins(one: Definition, note: Note) -> None:
    """Defaults that depend on a choice name one that is declared before, and values that fit."""
    seen: set[str] = set()
    for each in one.own_fields():
        for name, value, default in each.begins:
            before = _type(one.fields, name) if name in seen else None
            if not isinstance(before, t.Choice) or value not in before.options:
                problem = f"begins names {name}={value!r}, which no choice before it can be"
                note(each.name, problem, "name a choice that is declared before, and its value")
            elif not isinstance(each.type, t.Choice) or default not in each.type.options:
                problem = f"begins gives {default!r}, which it can't be"
                note(each.name, problem, "give one of its own options")
        if each.begins and each.default is None:
            note(each.name, "it begins somehow, and has no default", "give it a default")
        seen.add(each.name)


def _after(one: Definition, note: Note) -> None:
    """What comes after a date or moment of the type is of the same kind."""
    for each in one.own_fields():
        if not each.after:
            continue
        before = _type(one.fields, each.after)
        if before is None or before.kind != each.type.kind or before.kind not in TIMES:
            problem = f"after={each.after!r} names no date or moment like it"
            note(each.name, problem, "name a field of its kind, a date or a moment")


def _names(one: Definition, note: Note) -> None:
    """What a record is called by must be texts and relations that it has."""
    holder = one.belongs_to
    if holder and not isinstance(_type(one.fields, holder), t.Ref):
        note("", f"belongs_to={holder!r} names no relation to one", "name a Ref of this type")
    for name in one.named_by:
        found = _type(one.fields, name)
        if not isinstance(found, t.Text | t.Email | t.Phone | t.Ref):
            problem = f"named_by names {name!r}, by which nothing can be called"
            note("", problem, "name texts, e-mails, phones or relations to one of this type")


def _access(one: Definition, note: Note) -> None:
    for role, grant in one.access.items():
        for name in sorted(grant.reveal | grant.hide | grant.read_only):
            if name not in one.fields:
                problem = f"the grant of {role!r} names the unknown field {name!r}"
                note(name, problem, "name a field of this type")
            elif name in grant.reveal and not isinstance(one.fields[name].type, t.Secret):
                problem = f"the grant of {role!r} reveals it, and it is no secret"
                note(name, problem, "reveal Secret fields only")
        if "open" in (grant.update, grant.delete):
            problem = f"the grant of {role!r} uses OPEN for another verb than read"
            note("access", problem, "use OWN, TEAM or ALL")
        elif grant.read == "open" and not one.private:
            problem = f"the grant of {role!r} reads OPEN, and nothing says what is private"
            note("access", problem, "give the class private='…', or read ALL")


def _indexes(one: Definition, note: Note) -> bool:
    fine = True
    for each in one.indexes:
        for name in each.fields:
            found = one.fields.get(name.lstrip("-"))
            if found is None or not found.type.columns():
                fine = False
                known = ", ".join(f.name for f in one.own_fields())
                note(name, f"index names {name!r}, which has no column", f"use one of: {known}")
    return fine


def _index_names(one: Definition, note: Note) -> None:
    """Index names are unique, also among those that filter, sort and unique make."""
    seen: set[str] = set()
    for name, _ in tables.indexes(one):
        if name in seen:
            problem = f"two of its indexes would be called {name!r}"
            note("indexes", problem, "give one of them a name=…, or leave it out")
        if len(name) > _LONGEST:
            problem = f"the index name {name!r} has more than {_LONGEST} letters"
            note("indexes", problem, "give the index a short name=…")
        seen.add(name)


# -- all types together

_Backs = dict[tuple[str, str], tuple[Definition, Field]]


def across(compiled: Mapping[str, Definition]) -> Iterable[Mistake]:
    """Mistakes that show only when all types are known: relations and rollups."""
    backs: _Backs = {}
    for one in compiled.values():
        for each in one.relations.values():
            yield from _back(one, each, compiled, backs)
    for one in compiled.values():
        for each in one.own_fields():
            yield from _targets(one, each, compiled)
            if isinstance(each.type, t.Rollup):
                yield from _rolled(one, each, each.type, backs)


def _back(
    one: Definition, each: Field, compiled: Mapping[str, Definition], backs: _Backs
) -> Iterable[Mistake]:
    """Each list that comes back has a name of its own on the other side."""
    if not isinstance(each.type, t.Ref | t.Many) or not each.type.back:
        return
    to, back = each.type.to, each.type.back
    if (to, back) in backs:
        other, first = backs[to, back]
        problem = f"its back={back!r} is also that of {other.name}.{first.name}"
        yield _mistake(one, each, problem, "give it another back")
    elif to in compiled and back in {*compiled[to].by_json, *compiled[to].fields}:
        problem = f"its back={back!r} is also a field of {to!r}"
        yield _mistake(one, each, problem, "give it another back")
    backs.setdefault((to, back), (one, each))


def _targets(one: Definition, each: Field, compiled: Mapping[str, Definition]) -> Iterable[Mistake]:
    names: tuple[str, ...] = ()
    if isinstance(each.type, t.Ref | t.Many):
        names = (each.type.to,)
    elif isinstance(each.type, t.AnyRef):
        names = each.type.among
    for name in names:
        if name not in compiled:
            problem = f"it relates to {name!r}, which is not declared"
            yield _mistake(one, each, problem, f"use one of: {', '.join(sorted(compiled))}")


def _rolled(one: Definition, each: Field, kind: t.Rollup, backs: _Backs) -> Iterable[Mistake]:
    """A rollup is over the list of a to-one relation, and over a field that can be summed up."""
    found = backs.get((one.name, kind.relation))
    if found is None or isinstance(found[1].type, t.Many):
        problem = f"no to-one relation comes back as {kind.relation!r}"
        yield _mistake(one, each, problem, f"name the `back` of a relation to {one.name!r}")
        return
    if not kind.over:
        return
    other, over = found[0], found[0].fields.get(kind.over)
    if over is None or not over.type.stored:
        problem = f"it sums up {kind.over!r}, which {other.name!r} does not store"
        yield _mistake(one, each, problem, f"name a field of {other.name!r}")
        return
    counted = over.type.of if isinstance(over.type, t.Generated) else over.type
    if kind.function in ("sum", "avg") and counted.kind not in _NUMBERS:
        problem = f"{kind.function} needs numbers, and {other.name}.{over.name} has none"
        yield _mistake(one, each, problem, "name a number, or use count, min or max")


def _mistake(one: Definition, each: Field, problem: str, fix: str) -> Mistake:
    record = "".join(word.capitalize() for word in one.name.split("_"))
    return Mistake(one.source, record, each.name, problem, fix)


def _units(one: Definition, note: Note) -> None:
    """A unit is one that imports know, or is said by a choice among such."""
    for each in one.fields.values():
        if not each.unit or (each.unit == PERCENT and each.type.kind in ("integer", "decimal")):
            continue
        beside = _type(one.fields, each.unit)
        units = beside.options if isinstance(beside, t.Choice) else (each.unit,)
        if not isinstance(each.type, t.Decimal):
            note(each.name, f"{each.type.kind} has no unit", "leave unit out, or use Decimal")
        elif unknown := [unit for unit in units if unit not in AREAS]:
            problem = f"unit={each.unit!r}: there is no unit {unknown[0]!r}"
            use = f"use {', '.join([*AREAS, PERCENT])}, or the name of a choice of areas"
            note(each.name, problem, use)


def _type(fields: Mapping[str, Field], name: str) -> t.FieldType | None:
    found = fields.get(name)
    return found.type if found else None
