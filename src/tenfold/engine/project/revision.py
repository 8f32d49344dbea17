"""The SQL scripts of a revision, generated from definitions and then reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tenfold.engine.definition import Definition
from tenfold.engine.project import tables


def create(definitions: Mapping[str, Definition], core: Iterable[str] = ()) -> str:
    """The script that makes every table of the definitions, after the core's own scripts."""
    statements = [text.strip().rstrip(";") for text in core]
    for one in definitions.values():
        statements.append(f"-- {one.label_plural} ({one.pack})\n{tables.create_table(one)}")
        statements.extend(sql for _, sql in tables.indexes(one))
        statements.extend(tables.protect(one, ":app"))
    for one in definitions.values():
        statements.extend(sql for _, sql in tables.foreign_keys(one, definitions))
    return ";\n\n".join(statements) + ";\n"


def drop(definitions: Mapping[str, Definition], core: Iterable[str] = ()) -> str:
    """The script that takes away what `create` made."""
    statements = [sql for one in definitions.values() for sql in tables.drop_table(one)]
    statements.extend(text.strip().rstrip(";") for text in core)
    return ";\n".join(statements) + ";\n"
