"""The SQL scripts of the first revision, generated from the definitions and then reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import tenfold.db
import tenfold.jobs
from tenfold.db import migrate
from tenfold.engine.definition import Definition
from tenfold.engine.project import tables
from tenfold.engine.registry import Registry

_SCRIPTS = ("core.sql", "identity.sql", "automation.sql", "webhooks.sql", "messages.sql")
_CORE = Path(tenfold.db.__file__).parent
_QUEUE = Path(tenfold.jobs.__file__).parent
# Whoever waits for a lock on a table makes everybody after him wait as well.
QUICKLY = f"SET LOCAL lock_timeout = '{migrate.LOCK_TIMEOUT}'"
# The queue's grants take the names of their roles from a setting.
_QUEUE_ROLES = """-- The job queue (src/tenfold/jobs/schema.sql)
SET LOCAL jobs.roles = ':app,:tail';

"""


def first(types: Registry) -> tuple[str, str]:
    """The script that makes all there is in an empty schema, and the one that takes it away."""
    queue = _QUEUE_ROLES + (_QUEUE / "schema.sql").read_text()
    core = [(_CORE / name).read_text() for name in _SCRIPTS]
    up = [QUICKLY, *core, queue]
    down = [(_QUEUE / "schema_down.sql").read_text(), (_CORE / "core_down.sql").read_text()]
    return create(types.stored, up), f"{QUICKLY};\n" + drop(types.stored, down)


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
