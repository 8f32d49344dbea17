"""A CSV file of 100,000 leads through the import job, as the worker runs it."""

from __future__ import annotations

import csv
import io
import random
import time
from collections.abc import Mapping
from typing import Any

import httpx

from bench import names
from bench.bench import Bench
from bench.figures import Target
from bench.load import Sample
from bench.organisations import Organisation
from bench.rounds import Measured, interleaved
from bench.site import BenchError

_PATIENCE = 300.0
_COLUMNS = ("First Name", "Last Name", "Email", "Phone", "Budget", "Timeline", "Source", "Notes")


def measure(bench: Bench) -> Measured:
    """From the upload's first byte until the import says that it is complete."""
    rows = bench.options.import_rows
    file = leads_csv(rows)
    bench.say(f"  a file of {rows:,} rows, {len(file) / 1e6:.1f} MB")
    # A small one first, so that the worker has its connections and statements.
    warm = _import(bench, bench.many[0], leads_csv(200), 200)
    bench.say(f"  warm-up import of 200 rows: {warm.seconds:.2f} s")
    turn = iter(range(1, 1_000_000))

    def way(_seconds: float) -> Sample:
        organisation = bench.many[next(turn) % len(bench.many)]
        return _import(bench, organisation, file, rows)

    rounds = interleaved({"import": way}, bench.options.imports, 0, bench.say, warm_seconds=0)
    seconds = rounds.seconds("import")
    target = Target(30, at_most=True)
    return Measured(
        [rounds.figure(f"{rows:,} CSV rows imported", "s", seconds, target, "import")], rounds
    )


def leads_csv(rows: int) -> bytes:
    """A file as another program exports it; always the same for one number of rows."""
    chosen = random.Random(rows)
    first, last = names.first_names(), names.last_names()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for n in range(rows):
        given, family = chosen.choice(first), chosen.choice(last)
        email = f"{given.words[0]}.{family.words[0]}{n}@example.com"
        phone = f"(415) 555-{n % 10_000:04}"
        budget, timeline = chosen.randrange(100, 2_000) * 1_000, chosen.choice(_TIMELINES)
        note = "Asked for a garden, and a garage" if n % 5 == 0 else ""
        writer.writerow((given.text, family.text, email, phone, budget, timeline, "Website", note))
    return out.getvalue().encode()


_TIMELINES = ("Immediate", "1-3 months", "3-6 months", "Exploring")


def _import(bench: Bench, organisation: Organisation, file: bytes, rows: int) -> Sample:
    meter = bench.site.meter()
    address = f"http://127.0.0.1:{bench.server()}"
    headers = {"authorization": f"Bearer {organisation.token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
        meter.begin()
        began = time.perf_counter()
        answer = client.post(
            "/v1/imports",
            files={"file": ("leads.csv", file, "text/csv")},
            data={"type": "lead"},
        )
        found = _followed(client, _data(answer, 202)["id"])
        seconds = time.perf_counter() - began
        used = meter.end()
    counts = found["counts"]
    problem = ""
    if found["state"] != "completed" or counts["created"] != rows:
        problem = f"the import is {found['state']}: {found['error']} {counts}, {found['notes'][:3]}"
    return Sample(1 / seconds, 1, seconds, used=used, problem=problem)


def _followed(client: httpx.Client, identity: str) -> Mapping[str, Any]:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        found = _data(client.get(f"/v1/imports/{identity}"), 200)
        if found["state"] in ("completed", "failed"):
            return found
        time.sleep(0.1)
    raise BenchError(f"The import was not complete after {_PATIENCE:g} s.")


def _data(answer: httpx.Response, status: int) -> Any:
    if answer.status_code != status:
        raise BenchError(f"/v1/imports answered {answer.status_code}: {answer.text[:500]}")
    return answer.json()["data"]
