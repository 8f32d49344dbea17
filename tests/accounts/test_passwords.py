"""New passwords: long enough, hard to guess, in no breach; judged without asking anybody."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.accounts.identity.breached import Breached
from tenfold.accounts.identity.passwords import weakness
from tenfold.kernel.settings import SettingError, from_environment


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "password",
        "Password1",
        "qwertyuiop",
        "letmein123",
        "iloveyou2",
        "aaaaaaaaaaaa",
        "abcdefghij",
        "1234567890",
        "a" * 201,
    ],
)
def test_what_others_guess_first_is_refused(password: str) -> None:
    assert weakness(password)


@pytest.mark.parametrize(
    "password", ["plum harbour lantern 42", "Tr0ub4dor&3-vacht", "ß" * 3 + "qz7Kw!x"]
)
def test_what_nobody_guesses_will_do(password: str) -> None:
    assert weakness(password) == ""


def test_ones_own_name_is_guessed_first() -> None:
    assert weakness("analyticalengines", ("ada@example.com", "Analytical Engines"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of breached passwords as haveibeenpwned.com gives it."""
    path = tmp_path_factory.mktemp("breached") / "pwned.txt"
    found = sorted(hashlib.sha1(word.encode()).hexdigest().upper() for word in WORDS)
    path.write_text("".join(f"{digest}:{n + 1}\r\n" for n, digest in enumerate(found)))
    return path


WORDS = [f"plum harbour lantern {n}" for n in range(2_000)]


def test_a_file_of_breaches_is_searched(file: Path) -> None:
    breached = Breached(str(file))
    assert all(word in breached for word in WORDS)
    assert "plum harbour lantern" not in breached
    assert "breach" in weakness("plum harbour lantern 42", (), breached)


@given(word=st.text())
def test_no_word_is_found_that_is_not_there(file: Path, word: str) -> None:
    if word not in WORDS:
        assert (word in Breached(str(file))) == (word in Breached())


def test_a_file_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(SettingError, match="TENFOLD_BREACHED_PASSWORDS"):
        from_environment({"TENFOLD_BREACHED_PASSWORDS": "/no/such/file"})
