"""10,000 changes with three automations each, from the first change until the last run is done."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

from bench.bench import Bench, fetch
from bench.figures import Target
from bench.load import Sample
from bench.organisations import Organisation
from bench.rounds import Measured, interleaved
from bench.site import BenchError

RECORDS, EACH = 10_000, 1_000
_PATIENCE = 300.0
_WHEN = {"on": "changed", "fields": ["engagement_count"]}
_WHERE = {"engagement_count[gte]": 1}
_AUTOMATIONS: dict[str, list[dict[str, Any]]] = {
    "Note it": [{"do": "set", "values": {"notes": "{{ first_name }}: {{ engagement_count }}"}}],
    "Call": [{"do": "create", "type": "task", "values": {"title": "Call {{ first_name }}"}}],
    "Warm": [{"do": "set", "values": {"timeline": "immediate", "campaign": "keen"}}],
}


def measure(bench: Bench) -> Measured:
    """The seconds, of several rounds; each in an organisation that had none of it before."""
    turn = iter(bench.many)

    def way(_seconds: float) -> Sample:
        return _round(bench, next(turn))

    rounds = interleaved({"automations": way}, 3, 0, bench.say, warm_seconds=0)
    seconds = rounds.seconds("automations")
    name = f"{RECORDS:,} changes, three automations each"
    figure = rounds.figure(name, "s", seconds, Target(60, at_most=True), "automations")
    return Measured([figure], rounds)


def _round(bench: Bench, organisation: Organisation) -> Sample:
    meter = bench.site.meter()
    address = f"http://127.0.0.1:{bench.server()}"
    headers = {"authorization": f"Bearer {organisation.token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
        ids = _leads(client)
        for name, steps in _AUTOMATIONS.items():
            body = {"name": name, "type": "lead", "when": _WHEN, "where": _WHERE, "steps": steps}
            _data(client.post("/v1/automations", json={**body, "enabled": True}), 201)
        meter.begin()
        began = time.perf_counter()
        for start in range(0, RECORDS, EACH):
            some = [{"id": one, "engagement_count": 2} for one in ids[start : start + EACH]]
            _data(client.patch("/v1/leads/bulk", json={"records": some}), 200)
        changed = time.perf_counter() - began
        done = _finished(bench, organisation)
        seconds = time.perf_counter() - began
        used = meter.end()
    bench.say(f"  {changed:.1f} s to change, {seconds:.1f} s until all was done")
    wanted = {"done": RECORDS * len(_AUTOMATIONS)}
    problem = "" if done == wanted else f"runs by state: {done}"
    return Sample(1 / seconds, 1, seconds, used=used, problem=problem)


def _leads(client: httpx.Client) -> list[str]:
    found: list[str] = []
    for start in range(0, RECORDS, EACH):
        rows = [{"first_name": f"Lead {start + n}", "last_name": "Bench"} for n in range(EACH)]
        made = _data(client.post("/v1/leads/bulk", json={"records": rows}), 201)
        found += [one["id"] for one in made]
    return found


def _finished(bench: Bench, organisation: Organisation) -> dict[str, int]:
    """How many runs there are by their state, once none is left to be done."""
    sql = f"""SELECT state, count(*) AS n FROM tenfold.automation_runs
    WHERE tenant_id = '{organisation.tenant}' GROUP BY state"""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        found = {row["state"]: row["n"] for row in asyncio.run(fetch(bench, sql))}
        ended = sum(found.get(state, 0) for state in ("done", "failed", "stopped"))
        if ended >= RECORDS * len(_AUTOMATIONS):
            return found
        time.sleep(0.25)
    raise BenchError(f"The runs were not done after {_PATIENCE:g} s.")


def _data(answer: httpx.Response, status: int) -> Any:
    if answer.status_code != status:
        raise BenchError(f"{answer.url} answered {answer.status_code}: {answer.text[:500]}")
    return answer.json()["data"]
