"""Schemathesis tries the served API against its document: nothing breaks, nothing is undeclared.

All types share their handlers, so one small type is tried in every way, with the endpoints that
no type has, and what is written to all others with a few requests. That every type reads as its
document says is seen by a client that is written from it (test_stranger_client.py).
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests import factories
from tests.factories import Somebody
from tests.openapi.planted import BREACHES
from tests.served import Served, Start
from tools.environment import made

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
MORE_CHECKS = (
    *CHECKS,
    "unsupported_method",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
)
OWN_TYPE = "vehicles"
ENDING = ("logout", "delete_session", "delete_member_session", "switch")
# Tried in every way: a small type, the records of an own one, and what is not a type's own.
CLOSELY = (
    *("Tags", "Quotas", "Custom records", "Search", "Installation", "Sign-in", "Types", "Members"),
    *("Organization", "Teams", "Roles", "Access", "Custom fields", "Imports", "Batches"),
)
# A list takes a hundred filters, each tried in many ways: those of the tags do for all, and they
# are there for nothing else.
LEFT_OUT = "^(list|aggregate|export)_(quotas|custom_records)$|^(?!list_)[a-z_]+_tags?(_|$)"


def run(
    address: str, token: str, folder: Path, *arguments: str, checks: tuple[str, ...] = CHECKS
) -> dict[str, Any]:
    """Let schemathesis loose on a server; answers its report, with the statuses it saw."""
    binaries = made("schemathesis")
    (folder / "schemathesis.toml").write_text(
        f'[parameters]\n"path.type" = "{OWN_TYPE}"\n[warnings]\nenabled = false\n'
    )
    command = [
        *(str(binaries / "st"), "run", f"{address}/openapi.json"),
        *("--header", f"Authorization: Bearer {token}", "--checks", ",".join(checks)),
        *("--seed", "20261121", "--workers", "1", "--request-timeout", "20", "--no-shrink"),
        *("--continue-on-failure", "--suppress-health-check", "all"),
        # They would end the session that all other requests need.
        *(part for name in ENDING for part in ("--exclude-operation-id", name)),
        *("--report", "json", "--report-json-path", "report.json", *arguments),
    ]
    before = _statuses(address)
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )
    try:
        report = json.loads((folder / "report.json").read_text())
    except FileNotFoundError:
        pytest.fail(f"schemathesis did not run:\n{done.stdout[-3_000:]}{done.stderr[-3_000:]}")
    report["output"] = done.stdout[-6_000:]
    report["statuses"] = _statuses(address) - before
    return report


def _statuses(address: str) -> Counter[int]:
    """How often a server has answered with each status."""
    found: Counter[int] = Counter()
    figures = httpx.get(f"{address}/metrics").raise_for_status().text
    for family in text_string_to_metric_families(figures):
        for sample in family.samples:
            if sample.name == "tenfold_request_seconds_count":
                found[int(sample.labels["status"])] += int(sample.value)
    return found


@pytest.fixture
async def furnished(served: Served, insider: Somebody) -> Somebody:
    """Somebody whose organisation has a type of its own and a record of it."""
    async with httpx.AsyncClient(base_url=served.address, headers=insider.headers) as client:
        (await client.post("/v1/types", json={"name": OWN_TYPE})).raise_for_status()
        record = {"name": "A car"}
        (await client.post(f"/v1/custom/{OWN_TYPE}", json=record)).raise_for_status()
    return insider


async def test_nothing_breaks_and_nothing_is_undeclared(
    served: Served, furnished: Somebody, tmp_path: Path
) -> None:
    tags = [part for tag in CLOSELY for part in ("--include-tag", tag)]
    tags += ["--exclude-operation-id-regex", LEFT_OUT]
    phases = ("--phases", "examples,coverage,fuzzing", "--max-examples", "6")
    arguments = (*tags, *phases)
    report = run(served.address, furnished.token, tmp_path, *arguments, checks=MORE_CHECKS)
    assert report["failures"] == [], report["output"]
    assert report["errors"] == [], report["output"]
    assert report["operations"]["tested"] == report["operations"]["selected"] > 40
    _was_let_in(report, 1 / 25)


async def test_what_every_type_is_sent_keeps_to_the_document(
    served: Served, furnished: Somebody, tmp_path: Path
) -> None:
    methods = [part for one in ("POST", "PATCH", "PUT") for part in ("--include-method", one)]
    arguments = (*methods, "--phases", "fuzzing", "--max-examples", "1", "--mode", "positive")
    # Written about records that there are not, each is turned away alike: one type does for all.
    one = "^(create|preview)_(?!lead_)[a-z_]+_message$"
    arguments = (*arguments, "--exclude-operation-id-regex", one)
    report = run(served.address, furnished.token, tmp_path, *arguments)
    assert report["failures"] == [], report["output"]
    assert report["errors"] == [], report["output"]
    assert report["operations"]["tested"] > 250
    _was_let_in(report, 1 / 4)


async def test_planted_breaches_are_found(
    start: Start, owner: factories.Owner, tmp_path: Path
) -> None:
    with start("tests.openapi.planted:create_app") as breached:
        organisation = await factories.organisation(owner, breached.tokens, "Breached")
        person = await organisation.person("owner")
        paths = [part for path in BREACHES for part in ("--include-path", path)]
        few = ("--phases", "fuzzing", "--max-examples", "1")
        report = run(breached.address, person.token, tmp_path, *paths, *few)
    # The addresses alone: with a method named too, it would try all that have one of the two.
    assert report["operations"]["selected"] == len(BREACHES) + 1  # tags can be made, too
    told = json.dumps(report["failures"])
    for path in BREACHES:
        assert f"GET {path}" in told, path
    assert report["exit_code"] != 0


def _was_let_in(report: dict[str, Any], share: float) -> None:
    """A run that is mostly turned away at the door proves nothing."""
    statuses: Counter[int] = report["statuses"]
    assert statuses[200] + statuses[201] > sum(statuses.values()) * share, statuses
    assert statuses[201] > 20, statuses
    # Only the requests that are sent without a token to see them refused.
    assert statuses[401] < sum(statuses.values()) / 8, statuses
