"""Declarations become definitions; all mistakes are reported at once, with place and fix."""

from __future__ import annotations

import inspect
import linecache
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields as attributes
from datetime import date, datetime
from decimal import Decimal as PyDecimal
from enum import Enum, StrEnum
from typing import Any

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from tenfold.engine import compile_checks as check
from tenfold.engine import types as t
from tenfold.engine.declare import Record, Specifier
from tenfold.engine.definition import SYSTEM_FIELDS, Definition, Field
from tenfold.engine.mistakes import DeclarationError, Mistake
from tenfold.engine.types.identity import Id
from tenfold.engine.types.other import IndexedSecret
from tenfold.kernel.labels import label_of

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
# Words of SQL, of queries (`?limit=`), and fields that every record has.
_RESERVED = frozenset(
    {"id", "tenant", "custom", "search", "type", "private"}
    | {"user", "teams", "today"}  # what statements bind of their reader
    | {"limit", "cursor", "page", "sort", "fields", "embed", "count", "q", "deleted"}
    | {"shared", "where"}
    # of pages that show lists
    | {"as", "back", "choose", "columns", "edit", "figures", "group", "lane", "n", "on", "saved"}
    | {"query", "span"}
    | set(SYSTEM_FIELDS)
    | set(RESERVED_WORDS)
)
# Tables and addresses that every installation has beside its record types.
_TAKEN = frozenset(
    {"tenants", "users", "members", "teams", "roles", "refresh_tokens", "sign_in_failures"}
    | {"security_events", "signing_keys", "data_keys", "versions", "change_log", "slots"}
    | {"custom_fields", "custom_types", "pipelines", "idempotency_keys", "batches", "log_positions"}
    | {"sessions", "devices", "links", "challenges", "totp", "recovery_codes", "passkeys"}
    | {"followers", "mentions", "notices", "messages", "templates", "suppressions"}
    | {"message-templates", "automations", "webhooks", "files", "unsubscribe"}
    | {"identities", "api_keys", "invitations", "shares", "mails", "rate_limits", "csp_reports"}
    | {"custom", "auth", "health", "search", "me", "access", "scim", "settings"}
    | {"admin", "components", "favourites", "imports", "join", "offline", "palette", "personal"}
)
PYTHON: Mapping[Any, type[t.FieldType]] = {
    str: t.Text,
    int: t.Integer,
    bool: t.Boolean,
    PyDecimal: t.Decimal,
    date: t.Date,
    datetime: t.DateTime,
}


def compile_all(packs: Mapping[str, Iterable[type[Record]]]) -> dict[str, Definition]:
    """The definitions by name of all packs' records; raises DeclarationError with all mistakes."""
    mistakes: list[Mistake] = []
    compiled: dict[str, Definition] = {}
    for pack, records in packs.items():
        for record in records:
            one = _Compiler(pack, record, mistakes).definition()
            for other in compiled.values():
                if other.name == one.name or other.plural == one.plural:
                    problem = f"its name {one.plural!r} is also that of {other.source}"
                    mistakes.append(
                        Mistake(one.source, one.name, "", problem, "rename one of them")
                    )
            compiled[one.name] = one
    mistakes.extend(check.across(compiled))
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
        label = options.pop("label", label_of(self.name))
        doc = inspect.cleandoc(self.record.__doc__ or "")
        if not doc or self.record.__doc__ == Record.__doc__:
            self.mistake("", "it has no docstring", "say in a line what a record of it is")
        plural = options.pop("plural", self.name + "s")
        definition = Definition(
            name=self.name,
            plural=plural,
            pack=self.pack,
            declared_doc=doc,
            fields={"id": _ID, **self.fields(), **SYSTEM_FIELDS},
            indexes=tuple(self.record.indexes),
            agenda=tuple(self.record.agenda),
            contacted=tuple(self.record.contacted),
            access=dict(self.record.access),
            source=self.file,
            cache_seconds=options.pop("cache", 300),
            default_sort=options.pop("sort", "-created_at"),
            declared_label=label,
            declared_plural=options.pop("label_plural", label_of(plural)),
            icon=options.pop("icon", "circle"),
            private=options.pop("private", ""),
            strict=options.pop("strict", False),
            belongs_to=options.pop("belongs_to", ""),
            named_by=tuple(options.pop("named_by", ())),
            listed=options.pop("listed", True),
            correspondence=options.pop("correspondence", False),
            declared_guide=options.pop("guide", ""),
        )
        for unknown in options:
            self.mistake("", f"the class keyword {unknown!r} is unknown", "see Record")
        if not _NAME.match(plural) or plural in RESERVED_WORDS:
            self.mistake("", f"the plural {plural!r} can't be an address", "use a-z, 0-9 and _")
        if plural in _TAKEN:
            self.mistake("", f"the plural {plural!r} is taken", "choose another plural")
        check.definition(definition, self.mistake)
        return definition

    def fields(self) -> dict[str, Field]:
        made: dict[str, Field] = {}
        hints = self.hints()
        for name, hint in hints.items():
            if name in ("indexes", "agenda", "contacted", "access", "options"):
                continue
            if name in _RESERVED or not _NAME.match(name):
                self.mistake(name, "this name is taken or not allowed", "choose another name")
                continue
            if hint is not None and (one := self.field(name, hint)):
                made[name] = one
        for name, value in vars(self.record).items():
            if isinstance(value, Specifier) and name not in hints:
                self.mistake(name, "it has no annotation", "write `name: Type = …`")
        return {name: check.expression(one, made, self.mistake) for name, one in made.items()}

    def hints(self) -> dict[str, Any]:
        """The annotations; None for one that names something unknown, which is a mistake."""
        unknown: dict[str, Any] = {}
        while True:
            try:
                hints = typing.get_type_hints(self.record, localns=unknown)
            except NameError as error:
                if not error.name or error.name in unknown:
                    raise
                # Any can stand anywhere; the others are then resolved, and reported, too.
                unknown[error.name] = Any
                continue
            break
        written = inspect.get_annotations(self.record)
        for name, text in written.items():
            missing = [n for n in unknown if n in re.findall(r"\w+", str(text))]
            if missing:
                self.mistake(
                    name, f"its annotation names {missing[0]!r}, unknown here", "import it"
                )
                hints[name] = None
        return hints

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
        common["begins"] = _begins(common.pop("begins", {}))
        common["label"] = common.get("label") or label_of(name)
        for word in ("label", "help", "section"):
            common[f"declared_{word}"] = common.pop(word, "")
        if spec.has_default and default is None and not optional:
            self.mistake(name, "its default is None, and it can't be empty", "annotate … | None")
        required = not optional and not spec.has_default and kind.writable
        made = Field(
            name=name, type=kind, required=required, nullable=optional, default=default, **common
        )
        check.field(made, self.mistake)
        return made

    def kind(self, name: str, annotation: Any, spec: Specifier) -> t.FieldType | None:
        """The field type that an annotation and its specifier make."""
        if (name == "status") != (spec.kind == "pipeline"):
            self.mistake(name, "a stage is always the field `status`", "use status = pipeline(…)")
            return None
        base, extra = self.annotated(annotation, spec)
        if base is t.Secret and spec.common.get("filter"):
            base = IndexedSecret
        if base is None:
            fix = "use a field type, str, int, bool, Decimal, date, datetime, an enum or set of one"
            self.mistake(name, f"the annotation {annotation!r} is no field type", fix)
            return None
        try:
            if spec.kind == "rollup":
                return t.Rollup(**spec.parameters)
            if spec.kind == "generated":
                return t.Generated(sql=spec.parameters["sql"], of=base(**extra))
            if spec.kind == "computed":
                return t.Computed(sql=spec.parameters["sql"], of=base(**extra))
            return base(**self.parameters(name, base, spec), **extra)
        except TypeError as error:
            self.mistake(name, f"its specifier is incomplete ({error})", "give what is missing")
            return None

    def parameters(self, name: str, base: type[t.FieldType], spec: Specifier) -> dict[str, Any]:
        """What a specifier gives that the type takes."""
        given = dict(spec.parameters)
        if base is t.Text and (spec.common.get("sort") or spec.common.get("title")):
            given["folded"] = True
        accepted = {a.name for a in attributes(base)}
        for parameter in sorted(set(given) - accepted):
            # A relation's specifier is one for all relations; what a kind has no use for is empty.
            if spec.kind != "relation" or given[parameter] not in ("", (), "restrict"):
                word = {"least": "min", "most": "max"}.get(parameter, parameter)
                self.mistake(name, f"{base.kind} takes no {word}", f"leave {word} out")
        given = {k: v for k, v in given.items() if k in accepted}
        for limit in ("least", "most"):
            if base in (t.Decimal, t.Money) and limit in given:
                given[limit] = PyDecimal(str(given[limit]))
        return given

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
            return PYTHON.get(annotation), {}
        return None, {}


def _begins(given: Mapping[str, Mapping[Any, Any]]) -> tuple[tuple[str, str, object], ...]:
    """Defaults by another choice, as values that compare and repeat themselves."""
    return tuple(
        (other, str(value), str(default) if isinstance(default, Enum) else default)
        for other, defaults in given.items()
        for value, default in defaults.items()
    )


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
    """File and line; `inspect` would parse the whole file for each of its classes."""
    try:
        file = inspect.getsourcefile(record) or record.__module__
    except TypeError:
        return record.__module__
    head = re.compile(rf"\s*class {record.__name__}\b")
    lines = (n for n, line in enumerate(linecache.getlines(file), 1) if head.match(line))
    return f"{file}:{next(lines, 0)}"


_ID = Field(
    name="id",
    type=Id(),
    declared_label="ID",
    declared_help="Made by Tenfold (UUIDv7).",
    system=True,
    nullable=False,
)

__all__ = ["DeclarationError", "Mistake", "compile_all"]
