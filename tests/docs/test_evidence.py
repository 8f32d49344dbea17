"""Tables name tests that exist; one that is renamed or goes is seen."""

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
