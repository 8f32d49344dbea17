"""The gates before the tests turn red at a planted mistake, and `make test` runs each of them."""

from __future__ import annotations

import os
import re
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


DANGEROUS = [
    ("S102", "exec(given)"),
    ("S307", "eval(given)"),
    ("S301", "import pickle\n\npickle.loads(given)"),
    ("S302", "import marshal\n\nmarshal.loads(given)"),
    ("S506", "import yaml\n\nyaml.load(given)"),
    ("S314", "from xml.etree import ElementTree\n\nElementTree.fromstring(given)"),
    ("S318", "from xml.dom import minidom\n\nminidom.parseString(given)"),
    ("S602", "import subprocess\n\nsubprocess.run(given, shell=True)"),
    ("S605", "import os\n\nos.system(given)"),
    ("S608", "database.execute(f\"SELECT * FROM leads WHERE name = '{given}'\")"),
    ("S324", "import hashlib\n\nhashlib.md5(given)"),
    ("S324", "import hashlib\n\nhashlib.sha1(given)"),
    ("S305", "from cryptography.hazmat.primitives.ciphers import modes\n\nmodes.ECB()"),
    ("S304", "from cryptography.hazmat.primitives.ciphers import algorithms as a\n\na.ARC4(given)"),
    ("S311", "import random\n\nrandom.choice(given)"),
    ("S501", "import httpx\n\nhttpx.get(given, verify=False)"),
    ("S113", "import requests\n\nrequests.get(given)"),
    ("S701", "import jinja2\n\njinja2.Environment(autoescape=False)"),
    ("S704", "import markupsafe\n\nmarkupsafe.Markup(given)"),
    ("S202", "import tarfile\n\ntarfile.open(given).extractall()"),
    ("S306", "import tempfile\n\ntempfile.mktemp()"),
    ("S103", "import os\n\nos.chmod(given, 0o777)"),
    ("S105", 'password = "plum harbour"'),
    ("S323", "import ssl\n\nssl._create_unverified_context()"),
    ("BLE001", "try:\n    given()\nexcept Exception:\n    pass"),
    ("ASYNC", "import time\n\n\nasync def f():\n    time.sleep(1)"),
]


def test_what_is_dangerous_is_refused(tmp_path: Path) -> None:
    """Of each kind of hole that a linter sees, one is planted; all are named, each where it is."""
    shutil.copy(CONFIG, tmp_path)
    (tmp_path / "src").mkdir()
    for number, (_, body) in enumerate(DANGEROUS):
        (tmp_path / "src" / f"hole{number}.py").write_text(body + "\n")
    done = run(BIN / "ruff", "check", "--output-format", "concise", ".", cwd=tmp_path)
    assert done.returncode == 1
    for number, (rule, body) in enumerate(DANGEROUS):
        found = [x for x in done.stdout.splitlines() if x.startswith(f"src/hole{number}.py:")]
        assert any(rule in line for line in found), f"{rule} is not seen: {body}"


def test_exceptions_to_what_is_dangerous_are_few_and_by_name() -> None:
    """Where a rule is switched off in what ships, it is for a line, and each such line is known."""
    lines = [
        f"{path.relative_to(ROOT / 'src' / 'tenfold').parts[0]} {rule}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for rule in re.findall(r"# noqa: .*?\b(S\d+)", path.read_text())
    ]
    never = {"S102", "S301", "S307", "S324", "S501", "S602", "S605", "S701"}
    assert not [line for line in lines if line.split()[1] in never]
    drawn = [line for line in lines if line.endswith("S311")]
    assert set(drawn) <= {"jobs S311", "demo S311"}, "chance that nobody may guess"


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
