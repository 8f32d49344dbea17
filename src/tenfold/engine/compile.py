"""Declarations become definitions; all mistakes are reported at once, each with its place and fix."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields as attributes
from datetime import date, datetime
from decimal import Decimal as PyDecimal
from enum import Enum, StrEnum
from typing import Any

from tenfold.engine import types as t
from tenfold.engine.declare import Record, Specifier
from tenfold.engine.definition import SYSTEM_FIELDS, Definition, Field, Grant, Index
from tenfold.engine.types.identity import Id
from tenfold.engine.types.other import Expression

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_RESERVED = frozenset({*SYSTEM_FIELDS, "id", "tenant", "custom", "search", "type", "private"})
_PYTHON: Mapping[type, type[t.FieldType]] = {
    str: t.Text,
    int: t.Integer,
    bool: t.Boolean,
    PyDecimal: t.Decimal,
    date: t.Date,
    datetime: t.DateTime,
}


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


def compile_all(packs: Mapping[str, Iterable[type[Record]]]) -> dict[str, Definition]:
    """The definitions by name of every pack's records; raises DeclarationError with all mistakes."""
    mistakes: list[Mistake] = []
    compiled: dict[str, Definition] = {}
    for pack, records in packs.items():
        for record in records:
            one = _Compiler(pack, record, mistakes).definition()
            for other in compiled.values():
                if other.name == one.name or other.plural == one.plural:
                    problem = f"its name {one.plural!r} is also that of {other.source}"
                    mistakes.append(Mistake(one.source, one.name, "", problem, "rename one of them"))
            compiled[one.name] = one
    mistakes.extend(_across(compiled))
    if mistakes:
        raise DeclarationError(mistakes)
    return compiled


class _Compiler:
    """One declaration on its way to a definition, collecting mistakes."""

    def __init__(self, pack: str, record: type[Record], mistakes: list[Mistake]) -> None:
        self.pack, self.record, self.found = pack, record, mistakes
        self.name = _snake(record.__name__)
        self.file = _place(record)

    def mistake(self, field: str, problem: str, fix: str) -> None:
        self.found.append(Mistake(self.file, self.record.__name__, field, problem, fix))

    def definition(self) -> Definition:
        options = dict(self.record.options)
        label = options.pop("label", self.name.replace("_", " ").capitalize())
        doc = inspect.cleandoc(self.record.__doc__ or "")
        if not doc or self.record.__doc__ == Record.__doc__:
            self.mistake("", "it has no docstring", "say in a line what a record of it is")
        plural = options.pop("plural", self.name + "s")
        definition = Definition(
            name=self.name,
            plural=plural,
            pack=self.pack,
            doc=doc,
            fields={"id": _ID, **self.fields(), **SYSTEM_FIELDS},
            indexes=tuple(self.record.indexes),
            access=dict(self.record.access),
            source=self.file,
            cache_seconds=options.pop("cache", 300),
            default_sort=options.pop("sort", "-created_at"),
            label=label,
            label_plural=options.pop("label_plural", plural.replace("_", " ").capitalize()),
            icon=options.pop("icon", "circle"),
        )
        for unknown in options:
            self.mistake("", f"the class keyword {unknown!r} is unknown", "see Record")
        if not _NAME.match(plural):
            self.mistake("", f"the plural {plural!r} can't be an address", "use a-z, 0-9 and _")
        self.check_indexes(definition)
        self.check_access(definition)
        return definition

    def fields(self) -> dict[str, Field]:
        made: dict[str, Field] = {}
        try:
            hints = typing.get_type_hints(self.record)
        except NameError as error:
            self.mistake(error.name or "", "its annotation names something unknown", "import it")
            return made
        for name, hint in hints.items():
            if name in ("indexes", "access", "options"):
                continue
            if name in _RESERVED or not _NAME.match(name):
                self.mistake(name, "this name is taken or not allowed", "choose another name")
                continue
            if one := self.field(name, hint):
                made[name] = one
        for name, value in vars(self.record).items():
            if isinstance(value, Specifier) and name not in hints:
                self.mistake(name, "it has no annotation", "write `name: Type = …`")
        return made

    def field(self, name: str, hint: Any) -> Field | None:
        given = vars(self.record).get(name)
        spec = given if isinstance(given, Specifier) else Specifier()
        if given is not None and spec is not given:
            spec = Specifier(default=given)
        annotation, optional = _optional(hint)
        kind = self.kind(name, annotation, spec)
        if kind is None:
            return None
        default = spec.default if spec.has_default else None
        default = str(default) if isinstance(default, Enum) else default
        if default is not None and kind.writable:
            try:
                kind.parse(default, t.Locale())
            except t.Refused as refusal:
                self.mistake(name, f"its default {refusal}", "give a default that the type takes")
        for problem in kind.mistakes():
            self.mistake(name, problem, "correct the specifier")
        common = dict(spec.common)
        common["label"] = common.get("label") or name.replace("_", " ").capitalize()
        if common.get("search", "") not in ("", "A", "B", "C", "D"):
            self.mistake(name, f"search={common['search']!r} is no weight", "use 'A', 'B', 'C' or 'D'")
        required = not optional and not spec.has_default and kind.writable
        return Field(
            name=name, type=kind, required=required, nullable=optional, default=default, **common
        )

    def kind(self, name: str, annotation: Any, spec: Specifier) -> t.FieldType | None:
        """The field type that an annotation and its specifier make."""
        parameters = dict(spec.parameters)
        if (name == "status") != (spec.kind == "pipeline"):
            self.mistake(name, "a stage is always the field `status`", "use status = pipeline(…)")
            return None
        base, extra = self.annotated(annotation, spec)
        if base is None:
            fix = "use a field type, str, int, bool, Decimal, date, datetime, an enum or set of one"
            self.mistake(name, f"the annotation {annotation!r} is no field type", fix)
            return None
        parameters |= extra
        if spec.kind in ("generated", "computed"):
            try:
                inner = base(**extra)
            except TypeError as error:
                self.mistake(name, f"its type is incomplete ({error})", "use a plain type")
                return None
            shell: type[Expression] = t.Generated if spec.kind == "generated" else t.Computed
            return shell(sql=parameters["sql"], of=inner)
        if spec.kind == "rollup":
            return t.Rollup(**parameters)
        if base is t.Text and (spec.common.get("sort") or spec.common.get("title")):
            parameters["folded"] = True
        accepted = {a.name for a in attributes(base)}
        if spec.kind == "relation":
            parameters = {k: v for k, v in parameters.items() if k in accepted}
        for parameter in sorted(set(parameters) - accepted):
            word = {"least": "min", "most": "max"}.get(parameter, parameter)
            self.mistake(name, f"{base.kind} takes no {word}", f"leave {word} out")
        parameters = {k: v for k, v in parameters.items() if k in accepted}
        for limit in ("least", "most"):
            if base in (t.Decimal, t.Money) and limit in parameters:
                parameters[limit] = PyDecimal(str(parameters[limit]))
        try:
            return base(**parameters)
        except TypeError as error:
            self.mistake(name, f"its specifier is incomplete ({error})", "give what is missing")
            return None

    def annotated(
        self, annotation: Any, spec: Specifier
    ) -> tuple[type[t.FieldType] | None, dict[str, Any]]:
        if isinstance(annotation, type) and issubclass(annotation, StrEnum):
            kind = t.Stage if spec.kind == "pipeline" else t.Choice
            return kind, {"options": tuple(map(str, annotation))}
        if typing.get_origin(annotation) is set:
            (inner,) = typing.get_args(annotation)
            if isinstance(inner, type) and issubclass(inner, StrEnum):
                return t.Choices, {"options": tuple(map(str, inner))}
            return None, {}
        if isinstance(annotation, type):
            if issubclass(annotation, t.FieldType):
                return annotation, {}
            return _PYTHON.get(annotation), {}
        return None, {}

    def check_indexes(self, definition: Definition) -> None:
        for one in definition.indexes:
            for name in one.fields:
                found = definition.fields.get(name.lstrip("-"))
                if found is None or not found.type.columns():
                    known = ", ".join(f.name for f in definition.own_fields())
                    problem = f"index names {name!r}, which has no column"
                    self.mistake(name, problem, f"use one of: {known}")

    def check_access(self, definition: Definition) -> None:
        for role, grant in definition.access.items():
            for name in sorted(grant.reveal | grant.hide | grant.read_only):
                if name not in definition.fields:
                    problem = f"the grant of {role!r} names the unknown field {name!r}"
                    self.mistake(name, problem, "name a field of this type")


def _across(compiled: Mapping[str, Definition]) -> Iterable[Mistake]:
    """Mistakes that show only when all types are known: relations and rollups."""
    backs = {
        (f.type.to, f.type.back)
        for d in compiled.values()
        for f in d.fields.values()
        if isinstance(f.type, t.Ref | t.Many) and f.type.back
    }
    for definition in compiled.values():
        for one in definition.own_fields():
            names: tuple[str, ...] = ()
            if isinstance(one.type, t.Ref | t.Many):
                names = (one.type.to,)
            elif isinstance(one.type, t.AnyRef):
                names = one.type.among
            for name in names:
                if name not in compiled:
                    problem = f"it relates to {name!r}, which is not declared"
                    fix = f"use one of: {', '.join(sorted(compiled))}"
                    yield Mistake(definition.source, definition.name, one.name, problem, fix)
            if isinstance(one.type, t.Rollup) and (definition.name, one.type.relation) not in backs:
                problem = f"no relation comes back as {one.type.relation!r}"
                fix = f"name the `back` of a relation to {definition.name!r}"
                yield Mistake(definition.source, definition.name, one.name, problem, fix)


def _optional(hint: Any) -> tuple[Any, bool]:
    """The annotation without None, and whether None was in it."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [a for a in typing.get_args(hint) if a is not type(None)]
        if len(rest) == 1:
            return rest[0], len(rest) < len(typing.get_args(hint))
    return hint, False


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _place(record: type) -> str:
    try:
        return f"{inspect.getsourcefile(record)}:{inspect.getsourcelines(record)[1]}"
    except (OSError, TypeError):
        return record.__module__


_ID = Field(
    name="id",
    type=Id(),
    label="Id",
    help="Made by Tenfold (UUIDv7).",
    system=True,
    nullable=False,
)

__all__ = ["DeclarationError", "Grant", "Index", "Mistake", "compile_all"]
