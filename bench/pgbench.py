"""The limit: pgbench running the very statements of the engine, with no server in between.

As the application's role, under row security, prepared, through the Unix socket. A second script,
which comes up once in ten transactions, chooses another tenant (or record) and sets it for the
following ones, so that the trip that sets it hardly costs pgbench anything. Only the statement's
own transactions are counted.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from bench.load import Sample
from bench.site import BenchError, Site
from tenfold.engine import ask as asking
from tenfold.engine.access import Person
from tenfold.engine.registry import Registry
from tenfold.engine.sql import Statement, compiled
from tenfold.engine.statement import PersonReading
from tenfold.engine.types import Locale

CLIENTS = 8
_SOMEBODY = Person(UUID(int=1), UUID(int=2), "owner")
# The same as the server asks of its connections (db/database.py).
_SESSION = "-c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC"
_TPS = re.compile(r"SQL script 2: .*?tps = ([\d.]+).*?latency average = ([\d.]+) ms", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Texts:
    """The statements of lead pages and of one lead, as pgbench takes them."""

    page: str
    plain: str
    one: str


def texts(types: Registry) -> Texts:
    """What the engine runs for the owner of an organisation, and the page as plain rows."""
    lead = types.by_name["lead"]
    reading = PersonReading(lead, _SOMEBODY, types)
    asked = asking.parse([], lead, _SOMEBODY.access(lead), Locale())
    made = reading.list_statement(asked, None)
    assert made.plan is not None
    rows = made.plan.limit(sa.literal_column(str(asked.limit))).subquery("t")
    plain = compiled(sa.select(*reading.projection("t")).select_from(rows))
    return Texts(_script(made.page), _script(plain), _script(reading.one_statement((), ())))


def _script(statement: Statement) -> str:
    """A statement with pgbench's variables; refuses what pgbench would misread."""
    text = " ".join(statement.text.split())
    # A colon that is not part of a cast would name a variable.
    if re.search(r"(?<!:):(?!:)", text) or statement.constants:
        raise BenchError("The engine's statement can't be run by pgbench; see bench/pgbench.py.")
    for place in range(len(statement.parameters), 0, -1):
        text = text.replace(f"${place}::", f":{statement.parameters[place - 1]}::")
    return f"{text};\n"


@dataclass(frozen=True, slots=True)
class Scripts:
    """What one run sends: the script that chooses, the one that counts, the first choice."""

    choose: str
    statement: str
    first: Mapping[str, str]


def run(site: Site, folder: Path, scripts: Scripts, seconds: float) -> Sample:
    """One stretch of so many seconds."""
    command = _command(site, folder, scripts, seconds)
    options = f"{_SESSION} -c app.tenant_id={scripts.first['tenant']}"
    meter = site.meter()
    meter.begin()
    done = subprocess.run(
        command,
        env={**os.environ, "PGOPTIONS": options},
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    used = meter.end()
    found = _TPS.search(done.stdout)
    if done.returncode or found is None:
        said = (done.stderr or done.stdout).strip()
        return Sample(0, 0, seconds, problem=f"pgbench: {said[-500:]}")
    rate = float(found[1])
    milliseconds = {"mean": float(found[2])}
    return Sample(rate, round(rate * seconds), seconds, milliseconds, used)


def _command(site: Site, folder: Path, scripts: Scripts, seconds: float) -> list[str]:
    server = site.database
    chooser, statement = folder / "choose.sql", folder / "statement.sql"
    chooser.write_text(scripts.choose, "utf-8")
    statement.write_text(scripts.statement, "utf-8")
    variables = [f"-D{name}={value}" for name, value in scripts.first.items()]
    # Whole seconds, rounded up: pgbench takes no others.
    lasting = str(-int(-seconds // 1))
    return [
        str(server.programs / "pgbench"),
        *("-n", "-M", "prepared", "-c", str(CLIENTS), "-T", lasting),
        *("-h", str(server.socket_dir), "-p", str(server.port)),
        *("-U", site.installation.roles.app),
        *variables,
        *("-f", f"{chooser}@1", "-f", f"{statement}@9"),
        "tenfold",
    ]
