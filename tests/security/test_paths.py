"""No address and no name of a file leads out of where it belongs."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.conftest import MakeOrganisation
from tests.served import Served, served, start

from tenfold.kernel.settings import Settings

__all__ = ["served", "start"]
pytestmark = pytest.mark.anyio
PATHS = (
    "../../../pyproject.toml",
    "..%2f..%2f..%2fpyproject.toml",
    "%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
    "..%252f..%252fpyproject.toml",
    "....//....//pyproject.toml",
    "..\\..\\..\\pyproject.toml",
    "..%5c..%5cpyproject.toml",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "file:///etc/passwd",
    "app.css%00.html",
    "..%c0%af..%c0%afetc/passwd",
    ".git/config",
    "~/.ssh/id_rsa",
)
NAMES = (
    "../../evil.csv",
    "..\\..\\evil.csv",
    "/tmp/evil.csv",
    "C:\\evil.csv",
    "\\\\host\\share\\evil.csv",
    "CON",
    "con.csv",
    f"{'a' * 300}.csv",
    "evil.csv\x00.png",
    ".",
    "..",
)


@pytest.mark.parametrize("place", ["/static/", "/docs/", "/static/vendor/", "/v1/docs/"])
@pytest.mark.parametrize("path", PATHS)
def test_no_address_leads_to_another_file(served: Served, place: str, path: str) -> None:
    """Sent as it is, past every client that would tidy it."""
    target = httpx.URL(served.address).copy_with(raw_path=(place + path).encode())
    answer = httpx.get(target)
    assert answer.status_code in (400, 404), answer.text[:200]
    assert "[project]" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("name", NAMES)
async def test_a_files_name_is_no_place(
    client: httpx.AsyncClient, make_organisation: MakeOrganisation, settings: Settings, name: str
) -> None:
    who = await (await make_organisation()).person("owner")
    before = {path.name for path in Path(settings.home).parent.rglob("*evil*")}
    body = {"type": "contacts", "filename": name, "content": "first_name,last_name\na,b\n"}
    answer = await client.post("/v1/imports", json=body, headers=who.headers)
    assert answer.status_code in (202, 400), answer.text
    kept = Path(settings.home) / "imports" / str(who.tenant)
    for path in kept.rglob("*") if kept.exists() else ():
        assert "evil" not in path.name
        assert path.resolve().is_relative_to(kept.resolve())
    assert {path.name for path in Path(settings.home).parent.rglob("*evil*")} == before
