"""The SQL scripts of a revision, generated from definitions and then reviewed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tenfold.engine.definition import Definition
from tenfold.engine.project import tables

_TABLE = re.compile(rf"^CREATE TABLE {tables.SCHEMA}\.(\w+)", re.MULTILINE)


def create(
    definitions: Mapping[str, Definition],
    core: Iterable[str] = (),
    known: Mapping[str, Definition] | None = None,
) -> str:
    """The script that makes every table of the definitions, after the core's own scripts.

    `known` are all types that there are, where the definitions are only the new ones.
    """
    statements = [text.strip().rstrip(";") for text in core]
    for one in definitions.values():
        statements.append(f"-- {one.label_plural} ({one.pack})\n{tables.create_table(one)}")
        statements.extend(sql for _, sql in tables.indexes(one))
        statements.extend(tables.protect(one, ":app"))
    for one in definitions.values():
        statements.extend(sql for _, sql in tables.foreign_keys(one, known or definitions))
    return ";\n\n".join(statements) + ";\n"


def without_table(
    definitions: Mapping[str, Definition], scripts: Iterable[str]
) -> dict[str, Definition]:
    """The types whose table no script makes yet."""
    made = {name for text in scripts for name in _TABLE.findall(text)}
    return {n: d for n, d in definitions.items() if tables.table_of(d).name not in made}


def drop(definitions: Mapping[str, Definition], core: Iterable[str] = ()) -> str:
    """The script that takes away what `create` made."""
    statements = [sql for one in definitions.values() for sql in tables.drop_table(one)]
    statements.extend(text.strip().rstrip(";") for text in core)
    return ";\n".join(statements) + ";\n"
