"""The gates before the tests turn red at a planted mistake, and `make test` runs each of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import CoverageData

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CONFIG = ROOT / "pyproject.toml"


def run(*command: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def plant(folder: Path, text: str) -> Path:
    """A module of our package's shape in a scratch folder, with the repository's configuration."""
    shutil.copy(CONFIG, folder)
    module = folder / "src" / "planted.py"
    module.parent.mkdir()
    module.write_text(text)
    return module


GOOD = '"""A module."""\n\n\ndef double(number: int) -> int:\n    """Twice the number."""\n'


@pytest.mark.parametrize(
    ("body", "passes"),
    [("    return number * 2\n", True), ("    return number  *2\n", False)],
)
def test_what_is_not_in_its_usual_form_is_refused(tmp_path: Path, body: str, passes: bool) -> None:
    plant(tmp_path, GOOD + body)
    done = run(BIN / "ruff", "format", "--check", ".", cwd=tmp_path)
    assert (done.returncode == 0) is passes, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("    return number * 2\n", ""),
        ("    assert number\n    print(number)\n    return number\n", "T201"),
        ("    import os\n    return number\n", "F401"),
    ],
)
def test_what_breaks_the_style_is_refused(tmp_path: Path, body: str, rule: str) -> None:
    plant(tmp_path, GOOD + body)
    done = run(BIN / "ruff", "check", "--output-format", "concise", ".", cwd=tmp_path)
    assert (done.returncode == 0) is not rule, done.stdout + done.stderr
    assert rule in done.stdout


def test_what_is_mistyped_is_refused(tmp_path: Path) -> None:
    right = plant(tmp_path, GOOD + "    return number * 2\n")
    wrong = right.with_name("wrong.py")
    wrong.write_text(GOOD + "    return str(number)\n")
    loose = right.with_name("loose.py")
    loose.write_text('"""Untyped."""\n\n\ndef same(value):\n    """Itself."""\n    return value\n')
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for included in ("bench", "tools"):
        (tmp_path / included).mkdir()
    done = run(BIN / "basedpyright", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "wrong.py:6:12 - error" in done.stdout
    assert "loose.py:4:10 - error" in done.stdout
    assert "planted.py" not in done.stdout


def test_an_import_against_the_arrows_is_refused(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "src" / "tenfold",
        tmp_path / "tenfold",
        ignore=shutil.ignore_patterns("__pycache__", "static", "templates"),
    )
    (tmp_path / "tenfold" / "kernel" / "crooked.py").write_text("import tenfold.web.desk\n")
    done = run(
        BIN / "lint-imports",
        "--no-cache",
        "--config",
        CONFIG,
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "tenfold.kernel.crooked -> tenfold.web.desk" in done.stdout


def test_too_little_coverage_is_refused(tmp_path: Path) -> None:
    data = CoverageData(str(tmp_path / "data"))
    data.add_arcs({str(ROOT / "src" / "tenfold" / "kernel" / "money.py"): [(-1, 1)]})
    data.write()
    done = run(
        *(sys.executable, "-m", "coverage", "report", "--rcfile", CONFIG, "--data-file"),
        tmp_path / "data",
        cwd=ROOT,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "less than fail-under=90" in done.stdout + done.stderr


def test_make_test_runs_every_gate_and_measures() -> None:
    dry = run("make", "--dry-run", "--always-make", "test", cwd=ROOT, MAKEFLAGS="", ARGS="")
    assert dry.returncode == 0, dry.stderr
    gates = ["ruff check .", "ruff format --check .", "basedpyright", "lint-imports"]
    gates += ["tools/unsafe_steps.py"]
    for step in [
        *gates,
        "tools/browser.sh",
        "pytest -n auto --dist loadfile --no-loadscope-reorder --cov",
    ]:
        assert step in dry.stdout, step
