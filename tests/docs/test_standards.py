"""Who says that a requirement is met names a test that is there and runs; else the build fails."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from msgspec import ValidationError
from msgspec.structs import replace
from tests.standards import mistakes
from tools import standards
from tools.standards import ALL_OF_ASVS, ASVS, STANDARDS, Requirement, Standard

ROOT = Path(__file__).parents[2]
BY_FILE = pytest.mark.parametrize("standard", STANDARDS, ids=lambda one: one.file)


@BY_FILE
def test_each_requirement_is_met_by_a_test_or_says_why_not(standard: Standard) -> None:
    assert mistakes(standard.read(), standard.levels) == []


def test_the_standard_is_known_whole() -> None:
    """OWASP's own counts of ASVS 5.0.0."""
    assert Counter(ALL_OF_ASVS.values()) == {1: 70, 2: 183, 3: 92}
    assert len(ASVS.levels) == 253
    assert {one.partition(".")[0] for one in ALL_OF_ASVS} == {f"V{n}" for n in range(1, 18)}
    assert ALL_OF_ASVS["V6.2.1"] == 1
    assert ALL_OF_ASVS["V6.3.3"] == ALL_OF_ASVS["V10.4.11"] == 2
    assert ALL_OF_ASVS["V17.2.8"] == 3


@BY_FILE
def test_lines_are_in_the_standards_order_and_short(standard: Standard) -> None:
    rows = standard.read()
    assert [one.id for one in rows] == list(standard.levels)
    assert [one.id for one in rows if len(one.what) > 110 or "|" in one.what + one.why] == []


@BY_FILE
def test_the_page_counts_and_links(standard: Standard) -> None:
    page, rows = standards.page(standard), standard.read()
    counted = Counter(one.state for one in rows)
    shown = [str(counted[state] or "") for state in standards.STATES]
    assert f"| **all** | {' | '.join(shown)} | {len(rows)} |" in page
    linked = set(re.findall(r"\]\(\.\./\.\./(tests/[^)]+)\)", page))
    assert linked == {name.partition("::")[0] for one in rows for name in one.tests}


def test_every_dependency_is_locked_by_its_hash() -> None:
    locks = sorted((ROOT / "requirements").glob("*.lock"))
    assert {"runtime.lock", "dev.lock"} <= {one.name for one in locks}
    for lock in locks:
        said = re.sub(r"\\\n\s*", " ", lock.read_text())
        lines = [one for one in said.splitlines() if one.strip() and not one.startswith("#")]
        assert lines
        assert [one for one in lines if "==" not in one or "--hash=sha256:" not in one] == []
    npm = (ROOT / "package-lock.json").read_text()
    assert npm.count('"node_modules/') == npm.count('"integrity": "sha512-') > 0


# -- the gate turns red


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a test that runs, one that doesn't, and one that may not."""
    (tmp_path / "Makefile").write_text("lint: install\n\tx\n")
    (tmp_path / "test_x.py").write_text(
        "import pytest\n"
        "def test_fine(): ...\n"
        "@pytest.mark.skip\ndef test_skipped(): ...\n"
        "@pytest.mark.xfail\ndef test_failing(): ...\n"
        "@pytest.fixture\ndef files(): pytest.skip('none')\n"
        "def test_of_files(files): ...\n"
    )
    return tmp_path


LEVELS = {"V1.1.1": 1, "V1.1.2": 2}
DONE = Requirement("V1.1.1", "One", "done", 1, ("test_x.py::test_fine",))
OPEN = Requirement("V1.1.2", "Two", "open", 2, (), "later")


def test_a_true_table_is_green(root: Path) -> None:
    part = replace(DONE, state="part", why="the rest is later")
    for one in (DONE, part, replace(DONE, tests=("make lint", *DONE.tests))):
        assert mistakes([one, OPEN], LEVELS, root) == []


@pytest.mark.parametrize(
    ("rows", "saying"),
    [
        ([DONE], "V1.1.2 has no line"),
        ([DONE, OPEN, replace(OPEN, id="V1.1.3")], "V1.1.3 is no requirement of this standard"),
        ([DONE, OPEN, replace(OPEN, id="1.1.2")], "1.1.2 is no requirement of this standard"),
        ([DONE, OPEN, OPEN], "V1.1.2 has 2 lines"),
        ([replace(DONE, level=2), OPEN], "V1.1.1 is of level 1, not 2"),
        ([replace(DONE, what=" "), OPEN], "V1.1.1 does not say what is asked"),
        ([replace(DONE, tests=()), OPEN], "V1.1.1 is done and names no test"),
        ([DONE, replace(OPEN, why="")], "V1.1.2 is open and does not say why"),
        ([DONE, replace(OPEN, state="part", why="")], "V1.1.2 is part and does not say why"),
        (
            [DONE, replace(OPEN, state="not applicable", why=" ")],
            "V1.1.2 is not applicable and does not say why",
        ),
        ([DONE, replace(OPEN, tests=DONE.tests)], "V1.1.2 is open and names tests"),
    ],
)
def test_an_untrue_line_is_told(root: Path, rows: list[Requirement], saying: str) -> None:
    assert mistakes(rows, LEVELS, root) == [saying]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("test_x.py::test_gone", "which is not there"),
        ("test_y.py::test_fine", "which is not there"),
        ("test_x.py", "which is not there"),
        ("", "which is not there"),
        ("test_x.py::test_skipped", "which may be skipped"),
        ("test_x.py::test_failing", "which may be skipped"),
        ("test_x.py::test_of_files", "which may be skipped"),
        ("test_x.py::test_fine[1]", "a case of a test, which may go unseen; name the test"),
        ("make proof", "which the Makefile has not"),
        ("make", "which is not there"),
    ],
)
@pytest.mark.parametrize("state", ["done", "part"])
def test_a_test_that_proves_nothing_is_told(root: Path, state: str, name: str, why: str) -> None:
    one = Requirement("V1.1.1", "One", state, 1, (name,), "" if state == "done" else "the rest")
    assert mistakes([one, OPEN], LEVELS, root) == [f"V1.1.1 names {name}, {why}"]


@pytest.mark.parametrize(
    "line", ['state = "finished"', 'state = "done"\nproof = "x"', 'state = "done"\nlevel = "1"']
)
def test_a_table_that_can_not_be_read_is_told(root: Path, line: str) -> None:
    (folder := root / "docs" / "security").mkdir(parents=True)
    (folder / "asvs.toml").write_text(f'[[requirement]]\nid = "V1.1.1"\nwhat = "x"\n{line}\n')
    with pytest.raises(ValidationError):
        ASVS.read(root)
