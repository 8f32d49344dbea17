"""Tables name tests that exist and run; one that is renamed, goes or is skipped is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import evidence


def test_a_test_that_exists_is_found() -> None:
    own = "tests/docs/test_evidence.py::test_a_test_that_exists_is_found"
    assert evidence.missing([own, f"{own}[a case]"]) == []


@pytest.mark.parametrize(
    "name",
    [
        "tests/docs/test_evidence.py::test_that_never_was",
        "tests/docs/test_nothing.py::test_a_test_that_exists_is_found",
        "tests/docs/test_evidence.py",
        "tests/docs/test_evidence.py::test_a",
        "tests/docs::test_a_test_that_exists_is_found",
        "",
    ],
)
def test_a_test_that_is_gone_is_told(name: str) -> None:
    assert evidence.missing([name]) == [name]


@pytest.mark.parametrize(
    ("body", "runs"),
    [
        ("def test_y(): ...", True),
        ("@pytest.mark.skip\ndef test_y(): ...", False),
        ("@pytest.mark.skipif(True, reason='x')\nasync def test_y(): ...", False),
        ("@pytest.mark.xfail(strict=True)\ndef test_y(): ...", False),
        ("def test_y():\n    pytest.skip('not here')", False),
        ("pytestmark = [pytest.mark.skip]\ndef test_y(): ...", False),
        ("def test_x():\n    pytest.skip('not here')\ndef test_y(text): text.skip()", True),
    ],
)
def test_a_test_that_is_passed_over_is_told(tmp_path: Path, body: str, runs: bool) -> None:
    (tmp_path / "test_x.py").write_text(body)
    assert evidence.left_out(["test_x.py::test_y[a]"], tmp_path) == (
        [] if runs else ["test_x.py::test_y[a]"]
    )


def test_tests_of_a_class_are_named_with_it(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text("class TestX:\n    async def test_y(self): ...\n")
    assert evidence.exists("test_x.py::TestX::test_y", tmp_path)
    assert not evidence.exists("test_x.py::test_y", tmp_path)


BODY = "import pytest\n{}\n"
USING = "@pytest.fixture\ndef a(b): ...\ndef test_y(a): ...\n"
TEST = "def test_y(): ...\n"


@pytest.mark.parametrize(
    "text",
    [
        f"@pytest.mark.skip\n{TEST}",
        f"@pytest.mark.skip(reason='later')\n{TEST}",
        f"@pytest.mark.skipif(True, reason='x')\n{TEST}",
        f"@pytest.mark.xfail\n{TEST}",
        f"@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.skip)])\n{TEST}",
        f"needs_root = pytest.mark.skipif(True, reason='x')\n@needs_root\n{TEST}",
        f"from pytest import mark\nfrom unittest import skip as left\n@left\n{TEST}",
        "def test_y():\n    if 1:\n        pytest.skip('x')\n",
        "def test_y():\n    x = pytest.importorskip('x')\n",
        "async def test_y():\n    pytest.xfail('x')\n",
        f"pytestmark = [pytest.mark.anyio, pytest.mark.skip]\n{TEST}",
        f"pytest.skip('x', allow_module_level=True)\n{TEST}",
        f"if 1:\n    pytest.skip('x', allow_module_level=True)\n{TEST}",
        f"@pytest.fixture\ndef b(): pytest.skip('x')\n{USING}",
        f"@pytest.fixture(autouse=True)\ndef a(): pytest.skip('x')\n{TEST}",
        f"@pytest.fixture\ndef a(): pytest.skip('x')\n@pytest.mark.usefixtures('a')\n{TEST}",
        "def test_y(far): ...\n",
    ],
)
def test_a_test_that_may_be_skipped_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "conftest.py").write_text(BODY.format("@pytest.fixture\ndef far(): pytest.skip()"))
    (tmp_path / "test_x.py").write_text(BODY.format(text))
    assert evidence.may_be_skipped("test_x.py::test_y", tmp_path)


def test_a_class_skips_its_tests(tmp_path: Path) -> None:
    inside = "class TestX:\n    {}\n    def test_y(self): ...\n"
    for text in (
        f"@pytest.mark.skip\n{inside.format('pass')}",
        inside.format("pytestmark = pytest.mark.xfail"),
    ):
        (path := tmp_path / f"test_{len(text)}.py").write_text(BODY.format(text))
        assert evidence.may_be_skipped(f"{path.name}::TestX::test_y", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        f"@pytest.mark.parametrize('n', [1])\n{TEST}",
        f"@pytest.mark.skip\ndef test_z(): ...\n{TEST}",
        f"rooted = pytest.mark.skipif(True, reason='x')\n@rooted\ndef test_z(): ...\n{TEST}",
        "def test_y(cursor):\n    cursor.skip(3)\n    skip = 1\n",
        f"@pytest.fixture\ndef a(): pytest.skip('x')\n{TEST}",
    ],
)
def test_a_test_that_always_runs_is_fine(tmp_path: Path, text: str) -> None:
    (tmp_path / "conftest.py").write_text(BODY.format("@pytest.fixture\ndef far(): pytest.skip()"))
    (tmp_path / "test_x.py").write_text(BODY.format(text))
    assert not evidence.may_be_skipped("test_x.py::test_y", tmp_path)


def test_the_suite_has_tests_that_may_be_skipped_and_such_that_may_not() -> None:
    real = "tests/exchange/test_real_files.py::test_art_files_with_quoted_commas"
    assert evidence.may_be_skipped(real)
    assert not evidence.may_be_skipped("tests/docs/test_evidence.py::test_a_class_skips_its_tests")
