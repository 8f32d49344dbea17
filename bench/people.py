"""Builds the statements that make leads and students from what the engine knows of their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench import names, statements
from bench.custom import FILLED
from tenfold.engine.definition import Definition
from tenfold.engine.types import Choice, Locale
from tenfold.engine.values import plan_of

_LOCAL = "f.words[1] || '.' || l.words[1] || i"
_PHONE = "'1' || (212 + i % 700) || lpad((hashint8extended(i, 9) & 8388607)::text, 7, '2')"


def some(what: int, share: float, made: str) -> str:
    """A value that only a share of the rows has."""
    return f"CASE WHEN bench.u(i, {what}) < {share} THEN {made} END"


# A column's value and the words that search finds it by; the columns of the statement PEOPLE.
_SHARED = {
    "first_name": "f.name",
    "first_name_key": "f.key",
    "last_name": "l.name",
    "last_name_key": "l.key",
    "email": some(10, 0.9, f"{_LOCAL} || '@' || d.name"),
    "phone": some(11, 0.8, f"'+' || {_PHONE}"),
}
_WORDS = {
    "first_name": "f.words",
    "last_name": "l.words",
    "email": some(10, 0.9, "ARRAY[f.words[1], l.words[1] || i] || d.words"),
    "phone": some(11, 0.8, f"ARRAY[{_PHONE}, right({_PHONE}, 7)]"),
    "username": "ARRAY['s' || i]",
    "major": some(23, 0.8, "m.words"),
}
_LEAD = {
    "budget": some(12, 0.7, "(50 + hashint8extended(i, 12) & 1023) * 100000"),
    "budget_currency": some(12, 0.7, "'USD'"),
    "preapproved": "bench.u(i, 13) < 0.3",
    "engagement_count": "i % 12",
}
_STUDENT = {
    "username": "'s' || i",
    "major": some(23, 0.8, "m.name"),
    "gpa": some(24, 0.7, "2000 + (hashint8extended(i, 24) & 2047)"),
    "graduates_on": "date '2026-06-01' + (i % 1400)::int",
}
_CHOICES = {"lead": ("status", "timeline", "source"), "student": ("status", "school_year")}


def make(
    definition: Definition,
    *,
    one_tenant: int = 0,
    custom: bool = True,
    more: Mapping[str, str] | None = None,
) -> str:
    """INSERT … SELECT of the rows $1 to $2 of $3, over all tenants or all in the tenant given;
    without custom fields where none are defined, with the SQL of more columns where they count."""
    columns = {**_columns(definition, one_tenant), **(more or {})}
    if not custom:
        columns["custom"] = "'{}'::jsonb"
    return statements.PEOPLE.format(
        plural=definition.plural,
        columns=", ".join(columns),
        values=", ".join(columns.values()),
        tenant=str(one_tenant)
        if one_tenant
        else "1 + i % (SELECT count(*) - 1 FROM bench.tenants)",
        first_names=names.FIRST_NAMES,
        last_names=names.LAST_NAMES,
        domains=len(names.DOMAINS),
        majors=len(names.MAJORS),
    )


def _columns(definition: Definition, one_tenant: int) -> dict[str, str]:
    own = _LEAD if definition.name == "lead" else _STUDENT
    made = _SHARED | own
    for place, name in enumerate(_CHOICES[definition.name]):
        kind = definition.fields[name].type
        assert isinstance(kind, Choice)
        options = kind.options
        made[name] = (
            f"({_texts(options)})[1 + (hashint8extended(i, {30 + place}) & 1023) % {len(options)}]"
        )
    salt = 40 if one_tenant else 50
    return {
        "tenant_id": "t.tenant_id",
        "id": f"bench.id(i, {salt}, at)",
        **_defaults(definition, made),
        **made,
        "owner_id": "t.user_id",
        "created_by": "t.user_id",
        "created_at": "at",
        "updated_at": "at",
        "custom": _custom(),
        "search": _vector(definition),
    }


def _defaults(definition: Definition, made: Mapping[str, str]) -> dict[str, str]:
    """The columns that the engine fills where a client says nothing."""
    found: dict[str, str] = {}
    for step in plan_of(definition).expected:
        if step.field.default is not None:
            stored = step.field.type.parse(step.field.default, Locale())
            found |= dict(zip(step.columns, map(_literal, stored), strict=True))
    return {name: value for name, value in found.items() if name not in made}


def _custom() -> str:
    pairs = ", ".join(f"'{one.name}', {one.made}" for one in FILLED)
    return f"jsonb_build_object({pairs})"


def _vector(definition: Definition) -> str:
    """The words of the fields that are searched, in the order of their declaration."""
    words: list[str] = []
    weights: list[str] = []
    for field, column in plan_of(definition).public:
        if column in _WORDS:
            found = f"coalesce({_WORDS[column]}, '{{}}')"
            words.append(found)
            weights.append(f"repeat('{field.search}', cardinality({found}))")
    return f"bench.vector(t.prefix, {' || '.join(words)}, {' || '.join(weights)})"


def slots(definition: Definition, condition: str) -> str:
    """INSERT … SELECT of the slots of the custom fields that are filled."""
    values = ", ".join(_slot(definition.name, one.name, one.kind) for one in FILLED)
    return statements.SLOTS.format(plural=definition.plural, values=values, condition=condition)


def _slot(kind_of_record: str, name: str, kind: str) -> str:
    value = f"t.custom ->> '{name}'"
    text = number = moment = ""
    match kind:
        case "text" | "choice":
            text = value
        case "integer":
            number = f"({value})::bigint"
        case "boolean":
            number = f"({value})::boolean::int::bigint"
        case _:
            moment = f"({value})::date::timestamp AT TIME ZONE 'UTC'"
    parts = [text or "NULL::text", number or "NULL::bigint", moment or "NULL::timestamptz"]
    return f"('{kind_of_record}.custom.{name}', {', '.join(parts)})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"


def _texts(values: Sequence[str]) -> str:
    return f"ARRAY[{', '.join(_literal(value) for value in values)}]"


# How the data looks, for the report.
FILL = {
    "leads": "first and last name, status, timeline, source, pre-approval, engagement: all rows; "
    "e-mail 90 %, phone 80 %, budget 70 %; the other fields empty or at their default",
    "students": "first and last name, user name, status, school year, graduation: all rows; "
    "e-mail 90 %, phone and major 80 %, GPA 70 %; the other fields empty or at their default",
    "custom fields": f"20 defined in each organisation for leads and 20 for students; filled in "
    f"every row, with their slots: {', '.join(one.name for one in FILLED)}",
    "names": f"{names.FIRST_NAMES:,} first and {names.LAST_NAMES:,} last names, weight of rank r "
    "1/(r + 20); most common last name about 0.9 %",
}

__all__ = ["FILL", "make", "slots", "some"]
