"""The table of attacks, and the holes: patches that open the shipped code to one of them each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.evidence import ROOT

TABLE = ROOT / "tests" / "security" / "attacks.toml"
HOLES = ROOT / "tests" / "holes"
_OURS = ("PYTEST", "TENFOLD_TEST_HOME", "TENFOLD_TEST_PREFIX", "COV")
"""What belongs to a run of tests that this one may be part of."""
_FAILED = re.compile(r"\b(\d+) failed\b")
_KEPT = ("src", "tests", "tools", "docs", "requirements", "pyproject.toml", "Makefile", "README.md")


@dataclass(frozen=True, slots=True)
class Attack:
    """A row of the table."""

    name: str
    asvs: str
    top10: str
    tests: tuple[str, ...]
    elsewhere: str = ""


def attacks() -> dict[str, Attack]:
    """All rows by name."""
    read = tomllib.loads(TABLE.read_text())
    return {
        name: Attack(name, row["asvs"], row["top10"], tuple(row["tests"]), row.get("elsewhere", ""))
        for name, row in read.items()
    }


@dataclass(frozen=True, slots=True)
class Hole:
    """A patch, and the row that must turn red by it."""

    path: Path
    row: str


def holes() -> list[Hole]:
    """All of them."""
    found: list[Hole] = []
    for path in sorted(HOLES.glob("*.patch")):
        first = path.read_text().partition("\n")[0]
        assert first.startswith("Row: "), f"{path.name} begins with the row that it opens"
        found.append(Hole(path, first.removeprefix("Row: ")))
    return found


def applies(hole: Hole, tree: Path = ROOT) -> str:
    """Why a patch does not apply to a tree; empty where it does."""
    return _git_apply(hole, tree, "--check")


def _git_apply(hole: Hole, tree: Path, *options: str) -> str:
    # A copy lies in no repository, and the ceiling keeps git from finding one above it.
    done = subprocess.run(
        ["git", "apply", *options, str(hole.path)],
        cwd=tree,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""


@contextmanager
def opened(hole: Hole) -> Iterator[Path]:
    """A copy of the source tree with the hole in it; the tree itself is never touched."""
    with tempfile.TemporaryDirectory(prefix="tenfold-hole-") as folder:
        tree = Path(folder) / "tenfold"
        tree.mkdir()
        for name in _KEPT:
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, tree / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, tree / name)
        problem = _git_apply(hole, tree)
        assert not problem, problem
        yield tree


def found(hole: Hole, tests: tuple[str, ...] = ()) -> tuple[bool, str]:
    """Whether the row's tests see the hole, and what they said."""
    chosen = tests or attacks()[hole.row].tests
    with opened(hole) as tree:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-x",
                "--no-cov",
                "-p",
                "no:cacheprovider",
                *chosen,
            ],
            cwd=tree,
            env={**inherited, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'src'}"},
            capture_output=True,
            text=True,
            check=False,
        )
    said = done.stdout + done.stderr
    return done.returncode == 1 and _FAILED.search(done.stdout) is not None, said
