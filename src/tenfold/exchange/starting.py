"""Begins imports: what the files are, which types they go into, and whether the person may."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers

from tenfold.db.database import Reader, Transaction
from tenfold.engine import batches
from tenfold.engine.access import Person
from tenfold.exchange import meanings
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import Options, Part, State
from tenfold.exchange.importing import Exchange
from tenfold.exchange.mapping import nearest
from tenfold.exchange.rows import NotReadable
from tenfold.exchange.salesforce_tree import Step, plan_of
from tenfold.exchange.targets import Goal, goals_of, type_of_object
from tenfold.exchange.text_lines import is_encoding
from tenfold.kernel.errors import Invalid, MissingFields
from tenfold.kernel.language import manner, say
from tenfold.kernel.money import CURRENCIES

_PLAN_BYTES = 100_000
_SEPARATOR = re.compile(r"[^\w\"\r\n\0]")
_REFUSED = re.compile(r"(.+)\.refused(?:-([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was stored for an import; its name is only shown."""

    filename: str
    stored: str


def shown_name(filename: str) -> str:
    """A file's name as it is shown: its last part, without what can't be stored."""
    plain = PurePath(filename.replace("\\", "/")).name
    return "".join(c for c in plain if c.isprintable())[:200] or "file"


def refused_name(filename: str) -> str:
    """The name of a file's refused rows: `x.refused.csv`, and `x.refused-2.csv` of those."""
    found = _REFUSED.fullmatch(PurePath(filename).stem)
    if found is None:
        return f"{PurePath(filename).stem}.refused.csv"
    return f"{found[1]}.refused-{int(found[2] or 1) + 1}.csv"


def parts_of(
    exchange: Exchange,
    files: ImportFiles,
    uploads: Sequence[Upload],
    kind: str,
    options: Options,
) -> list[Part]:
    """The files in the order in which they must be imported, each with its record type.

    Of several files, one may be the plan of a Salesforce tree export, which names the others.
    """
    if not uploads:
        raise MissingFields({"file": say("is required: the file to import")})
    for upload in uploads:
        if steps := _plan(files.upload(upload.stored)):
            return _planned(exchange, steps, [u for u in uploads if u is not upload], options)
    name = type_named(exchange, kind)
    return [Part(stored=u.stored, filename=u.filename, type=name) for u in uploads]


def type_named(exchange: Exchange, kind: str) -> str:
    """The record type that a request names; raises Invalid."""
    if not kind:
        raise MissingFields({"type": say("is required: the record type, like contacts")})
    shipped = exchange.shipped(kind)
    if shipped is None:
        raise Invalid({"type": say("there is no record type %(name)s", name=repr(kind[:60]))})
    return shipped.name


async def allowed(
    exchange: Exchange, reader: Reader, person: Person, parts: Sequence[Part], options: Options
) -> None:
    """Raise Forbidden where the person may not make records of each type.

    Raises Invalid where the options name a field or a choice that the types have not.
    """
    types: list[dict[str, Goal]] = []
    for part in parts:
        definition = await exchange.definition(reader, person.tenant, part.type)
        access = person.access(definition)
        access.need("read", definition)
        access.need("create", definition)
        types.append(goals_of(definition, access))
    _relations("create_missing", options.create_missing, types, ("ref",))
    _relations("leave_missing", options.leave_missing, types, ("ref", "user"))
    meanings.check(options.values, types)


def _relations(
    option: str, names: Sequence[str], types: Sequence[Mapping[str, Goal]], kinds: Sequence[str]
) -> None:
    """Raise Invalid for a name that is no relation of any of the types."""
    goals = (goal for one in types for goal in one.values() if goal.kind in kinds)
    known = list(dict.fromkeys(goal.own.name for goal in goals))
    for name in names:
        if name not in known:
            why = say("there is no relation %(name)s", name=repr(name[:60])) + nearest(
                name[:60], known
            )
            raise Invalid({option: why})


async def begin(tx: Transaction, identity: UUID, parts: Sequence[Part], options: Options) -> State:
    """Write the import down; its job is enqueued in the same transaction."""
    name = parts[0].filename if len(parts) == 1 else f"{len(parts)} files"
    spoken = manner()
    state = State(
        filename=name,
        options=options,
        parts=list(parts),
        language=spoken.language,
        region=spoken.region,
    )
    types = ",".join(dict.fromkeys(part.type for part in parts))
    await batches.begin(tx, identity, batches.IMPORT, types, state.summary(), status="pending")
    return state


def check(options: Options) -> Options:
    """The options, checked where they do not depend on the file; raises Invalid."""
    problems: dict[str, str] = {}
    if options.region and options.region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        problems["region"] = say("must be a region like US or DE (ISO 3166)")
    if options.currency and options.currency.upper() not in CURRENCIES:
        problems["currency"] = say("must be a currency like USD (ISO 4217)")
    if options.zone:
        try:
            ZoneInfo(options.zone)
        except (KeyError, ValueError, OSError):
            problems["zone"] = say("must be a time zone like Europe/Berlin")
    if options.encoding and not is_encoding(options.encoding):
        problems["encoding"] = say("must be an encoding like utf-8 or cp1252")
    if options.separator is not None and not _SEPARATOR.fullmatch(options.separator):
        problems["separator"] = say("must be one character, like a semicolon")
    if problems:
        raise Invalid(problems)
    return options


def _plan(path: Path) -> list[Step]:
    """The steps of a plan; none where the file is no plan."""
    if path.stat().st_size > _PLAN_BYTES:
        return []
    content = path.read_bytes()
    if b"sobject" not in content:
        return []
    try:
        return plan_of(content)
    except NotReadable:
        return []


def _planned(
    exchange: Exchange, steps: Sequence[Step], uploads: Sequence[Upload], options: Options
) -> list[Part]:
    problems: dict[str, str] = {}
    parts: list[Part] = []
    for step in steps:
        kind = options.types.get(step.sobject)
        found = (
            exchange.shipped(kind)
            if kind
            else exchange.shipped(
                type_of_object(step.sobject, exchange.records.registry.by_name) or ""
            )
        )
        if found is None:
            problems[f"types.{step.sobject}"] = say("is required: the record type of these records")
            continue
        for name in step.files:
            upload = _named(name, uploads)
            if upload is None:
                problems["file"] = say("the plan names %(name)s, which was not sent", name=name)
            else:
                part = Part(
                    stored=upload.stored,
                    filename=upload.filename,
                    type=found.name,
                    sobject=step.sobject,
                )
                parts.append(part)
    if problems:
        raise Invalid(problems)
    return parts


def _named(name: str, uploads: Sequence[Upload]) -> Upload | None:
    """The upload that a plan calls so: by its name, or by the end of it where one has that."""
    plain = PurePath(name).name
    exact = [u for u in uploads if PurePath(u.filename).name == plain]
    ending = [u for u in uploads if PurePath(u.filename).name.endswith(plain)]
    return (exact or ending or [None])[0]


__all__ = [
    "Upload",
    "allowed",
    "begin",
    "check",
    "parts_of",
    "refused_name",
    "shown_name",
    "type_named",
]
