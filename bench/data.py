"""The home's data: made once, used again while it is what the options and the tables ask for."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import time
from collections.abc import Callable, Generator
from pathlib import Path

import msgspec

from bench import filling, organisations
from bench import site as sites
from bench.custom import FIELDS
from bench.options import Options
from bench.organisations import Organisation
from bench.site import BenchError, Site
from tenfold.db import embedded, migrate
from tenfold.engine.registry import Registry

_FACTS, _PEOPLE = "bench.json", "bench-organisations.json"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a home holds; `loaded_at` is 0 while it is being made."""

    tenants: int
    leads: int
    students: int
    one_tenant: int
    made_by: str
    """A digest of what makes tables and data."""
    loaded_at: float = 0.0


@contextlib.contextmanager
def ready(
    options: Options, types: Registry, say: Callable[[str], None]
) -> Generator[tuple[Site, list[Organisation], Facts]]:
    """The installation with its data, made anew where it is not what is asked for."""
    wanted = _wanted(options)
    facts = facts_in(options.home)
    if (
        options.fresh
        or facts is None
        or msgspec.structs.replace(facts, loaded_at=0.0) != wanted
        or not facts.loaded_at
    ):
        clear(options.home, facts)
        write(options.home, wanted)
        facts = None
    with sites.opened(options.home, say) as site:
        path = options.home / _PEOPLE
        if facts is None:
            made = _make(site, types, options, say)
            organisations.write(path, made)
            facts = msgspec.structs.replace(wanted, loaded_at=time.time())
            write(options.home, facts)
        else:
            say("The data of an earlier run is used again; what that run wrote is taken away.")
            asyncio.run(filling.tidy(site, facts.loaded_at))
            made = asyncio.run(
                organisations.signed_in(site.serve("server"), organisations.read(path))
            )
            organisations.write(path, made)
        yield site, made, facts


def _make(
    site: Site, types: Registry, options: Options, say: Callable[[str], None]
) -> list[Organisation]:
    began = time.monotonic()
    port = site.serve("server")
    say(f"{options.tenants + 1} organisations register …")
    made: list[Organisation] = asyncio.run(organisations.register(port, options.tenants + 1))
    say(f"Each defines {len(FIELDS)} custom fields for leads and as many for students …")
    asyncio.run(organisations.define_fields(port, made))
    say("Records are made inside PostgreSQL:")
    asyncio.run(filling.fill(site, types, options, made, say))
    say(f"The data was made in {time.monotonic() - began:.0f} s.")
    return made


def _wanted(options: Options) -> Facts:
    return Facts(
        tenants=options.tenants,
        leads=options.leads,
        students=options.students,
        one_tenant=options.one_tenant,
        made_by=digest(),
    )


def digest(*more: Path) -> str:
    """Of what makes tables and data, and of some files more."""
    mark = hashlib.sha256()
    folder = Path(__file__).parent
    scripts = sorted((migrate.FOLDER / "versions").glob("*.up.sql"))
    own = (folder / n for n in ("fill.sql", "people.py", "names.py", "custom.py"))
    for path in (*scripts, *own, *more):
        mark.update(path.read_bytes())
    return mark.hexdigest()[:16]


def facts_in(home: Path) -> Facts | None:
    """What the home says that it holds; None where nobody ever made one there."""
    path = home / _FACTS
    if not path.exists():
        if home.exists() and any(home.iterdir()):
            raise BenchError(
                f"{home} is not empty and was not made by the benchmark; name another --home."
            )
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Facts)
    except msgspec.DecodeError as error:
        raise BenchError(
            f"{path} can't be read; delete the folder {home} and start again."
        ) from error


def clear(home: Path, facts: Facts | None) -> None:
    """Take away a home that the benchmark made."""
    if facts is not None:
        embedded.remove(home)
        shutil.rmtree(home)


def write(home: Path, facts: Facts) -> None:
    """Say in a home what it holds."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / _FACTS
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(facts))
    fresh.replace(path)
