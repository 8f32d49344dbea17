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
from tests.served import ROOT, Served
from tools.environment import made

from tenfold.app import registry

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
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
    told = _some({**document, "servers": []})  # the address is another in each run
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


def _some(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the addresses of a few record types that have every kind of field.

    All types' operations are made alike, and the generator takes twice as long over the others as
    all else in this suite of tests takes; what is no type's own stays whole, and all components.
    """
    kinds = {d.path: {f.type.kind for f in d.fields.values()} for d in registry()}
    chosen, missing = {"leads"}, set[str]().union(*kinds.values()) - kinds["leads"]
    while missing:
        most = max(kinds, key=lambda path: len(kinds[path] & missing))
        chosen.add(most)
        missing -= kinds[most]
    left_out = kinds.keys() - chosen
    assert len(left_out) > 10, "nothing is saved any more"
    paths = document["paths"]
    kept = {path: one for path, one in paths.items() if f"{path}//".split("/")[2] not in left_out}
    return {**document, "paths": kept}


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
