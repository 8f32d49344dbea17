"""What a stranger's generator makes of the document: no warning, and a client that works."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from tests.factories import Somebody
from tests.openapi.conftest import ROOT, Served
from tools.environment import made

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
GENERATED = ROOT / "build" / "openapi-client"

# A stranger's program: only what the generator made, and what it needs.
PROGRAM = """
import sys
from tenfold_client import AuthenticatedClient
from tenfold_client.api.leads import change_lead, create_lead, delete_lead, list_leads, read_lead
from tenfold_client.models import LeadChange, LeadCreate, LeadStatus

address, token = sys.argv[1:]
client = AuthenticatedClient(address, token=token, raise_on_unexpected_status=True)
new = LeadCreate(first_name="Zoë", last_name="Ünal", budget=5)
made = create_lead.sync(client=client, body=new)
assert made.data.status is LeadStatus.NEW, made
contacted = LeadChange(status=LeadStatus.CONTACTED)
changed = change_lead.sync(made.data.id, client=client, body=contacted)
assert changed.data.version > made.data.version, changed
found = list_leads.sync(client=client, budgetgte=5, status=LeadStatus.CONTACTED, limit=1)
assert [lead.id for lead in found.data] == [made.data.id], found
assert delete_lead.sync(made.data.id, client=client).success
refused = read_lead.sync(made.data.id, client=client)
assert refused.error.code == "NOT_FOUND", refused
print("done")
"""


def generate(document: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the generator, which answers non-zero where it had anything to warn of."""
    binaries = made("openapi-client")
    folder.mkdir(parents=True)
    (folder / "openapi.json").write_text(json.dumps(document))
    # Formatting the result would take longer than making it.
    (folder / "config.yml").write_text("post_hooks: []\n")
    return subprocess.run(
        [
            *(str(binaries / "openapi-python-client"), "generate", "--fail-on-warning"),
            *("--meta", "none", "--path", "openapi.json", "--config", "config.yml"),
            *("--output-path", "tenfold_client"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def client_folder(document: dict[str, Any]) -> Path:
    """The client of this very document and generator; made once, since that takes a while."""
    told = _once({**document, "servers": []})  # the address is another in each run
    lock = (ROOT / "requirements" / "openapi-client.lock").read_bytes()
    name = hashlib.sha256(json.dumps(told).encode() + lock).hexdigest()[:16]
    GENERATED.mkdir(parents=True, exist_ok=True)
    with (GENERATED / "lock").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        folder = GENERATED / name
        if not (folder / "fine").is_file():
            for old in GENERATED.iterdir():
                shutil.rmtree(old, ignore_errors=True)
            done = generate(told, folder)
            assert done.returncode == 0, done.stdout + done.stderr
            assert "warning" not in (done.stdout + done.stderr).lower()
            (folder / "fine").touch()
    return folder


def _once(document: dict[str, Any]) -> dict[str, Any]:
    """The document with each type's filters in its list alone, not again in aggregate and export.

    The generator copies an operation's parameters as often as it has some: most of its time. All
    three refer to the same components, so what it makes of a filter is seen in the list.
    """
    paths = dict(document["paths"])
    dropped = 0
    for path in document["paths"]:
        for more in (f"{path}/aggregate", f"{path}/export"):
            if more not in paths:
                continue
            one = paths[more]["get"]
            listed = {p["$ref"] for p in paths[path]["get"]["parameters"] if "$ref" in p}
            kept = [p for p in one["parameters"] if p.get("$ref") not in listed]
            dropped += len(one["parameters"]) - len(kept)
            paths[more] = {**paths[more], "get": {**one, "parameters": kept}}
            # Only what the list of the same type refers to is dropped, never one of its own.
            assert all("$ref" not in p for p in kept), more
    assert dropped > 1_000
    return {**document, "paths": paths}


async def test_a_generated_client_works(
    client_folder: Path, served: Served, insider: Somebody
) -> None:
    python = made("openapi-client") / "python"
    done = await anyio.to_thread.run_sync(_run, python, client_folder, served, insider)
    assert done.stdout == "done\n", done.stderr


def _run(
    python: Path, folder: Path, served: Served, insider: Somebody
) -> subprocess.CompletedProcess[str]:
    """The stranger's program, run to its end."""
    return subprocess.run(
        [str(python), "-W", "error", "-c", PROGRAM, served.address, insider.token],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_generator_warns_of_what_it_can_not_make(tmp_path: Path) -> None:
    answer = {"description": "x", "content": {"image/x-unheard-of": {"schema": {}}}}
    operation = {"operationId": "x", "responses": {"200": answer}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Planted", "version": "1"},
        "paths": {"/x": {"get": operation}},
    }
    done = generate(document, tmp_path / "planted")
    assert done.returncode != 0
    assert "WARNING" in done.stdout + done.stderr
