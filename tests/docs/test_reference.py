"""Generated pages are up to date, links lead somewhere, and the README names real commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tools.assets import ICONS

from tenfold.app import registry
from tenfold.cli.commands import app
from tenfold.kernel.settings import Settings, variable

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_reference_pages_are_what_the_code_says() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_types_icon_is_one_that_the_pages_have() -> None:
    assert {one.icon for one in registry()} <= set(ICONS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_settings_that_a_page_names_exist(page: Path) -> None:
    known = {variable(field.name) for field in msgspec.structs.fields(Settings)}
    named = set(re.findall(r"\bTENFOLD_(?!TEST_)[A-Z_]+\b(?!_)", page.read_text()))
    assert named - known == set()


def test_commands_that_pages_show_exist() -> None:
    shown = "\n".join(page.read_text() for page in (ROOT / "docs" / "how-to").glob("*.md"))
    named = set(re.findall(r"^(?:\.venv/bin/)?tenfold ([a-z-]+)", shown, re.MULTILINE))
    assert {"limit", "csp-reports"} <= named <= set(app)


def test_the_commands_of_the_readme_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text()))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"up", "test"} <= named <= targets
    help_ = subprocess.run(
        [sys.executable, "-m", "tenfold", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in [
        "up",
        "serve",
        "worker",
        "migrate",
        "demo",
        "import",
        "export",
        "search",
        "bench",
        "user",
        "api-key",
    ]:
        assert re.search(rf"^\W*{command}\b", help_, re.MULTILINE), command
