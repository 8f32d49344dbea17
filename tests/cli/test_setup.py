"""`make install` on a machine that lacks something says so in one sentence."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "python.sh"


def made_with(python: Path | str, venv: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, python, venv], capture_output=True, text=True, check=False, timeout=60
    )


def python_of(version: str, folder: Path) -> Path:
    """A Python that says it has this version, and has no venv module."""
    made = folder / "python"
    made.write_text(f"#!/bin/sh\ncase $2 in *print*) echo {version} ;; *) exit 1 ;; esac\n")
    made.chmod(0o755)
    return made


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.10", "3.15", "4.0"])
def test_a_python_that_tenfold_does_not_run_on_is_told(version: str, tmp_path: Path) -> None:
    done = made_with(python_of(version, tmp_path), tmp_path / "venv")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("Tenfold needs Python 3.11 to 3.14, but ")
    assert f" is {version}. Install it" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("version", ["3.11", "3.14"])
def test_a_python_without_venv_is_told(version: str, tmp_path: Path) -> None:
    done = made_with(python_of(version, tmp_path), tmp_path / "venv")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"apt-get install python{version}-venv" in done.stderr


def test_no_python_at_all_is_told(tmp_path: Path) -> None:
    done = made_with("", tmp_path / "venv")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "found none" in done.stderr


def test_the_versions_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    script = SCRIPT.read_text("utf-8")
    assert project["requires-python"] == ">=3.11,<3.15"
    assert "\nfirst=3.11\nlast=3.14 " in script
    assert "Python 3.11 to 3.14" in (ROOT / "README.md").read_text("utf-8")
