"""What is installed is what was looked at: each package pinned and by its hash, no key in sight."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.evidence import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{60,}|\bAKIA[0-9A-Z]{16}\b|"
    r"\bghp_[A-Za-z0-9]{36}\b|\bxox[bp]-[A-Za-z0-9-]{20,}"
)


def _unpinned(text: str) -> list[str]:
    """The packages of a lock without a version or a hash."""
    joined = text.replace("\\\n", " ")
    lines = [one for one in joined.splitlines() if one.strip() and not one.startswith("#")]
    return [one for one in lines if "==" not in one or "--hash=sha256:" not in one]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_is_pinned_by_its_hash(lock: Path) -> None:
    text = lock.read_text()
    assert "==" in text
    assert _unpinned(text) == []


@pytest.mark.parametrize("line", ["httpx>=1", "httpx==0.28.1", "httpx --hash=sha256:aa"])
def test_a_package_without_is_told(line: str) -> None:
    assert _unpinned(line) == [line]


def test_what_is_installed_is_held_against_its_hash() -> None:
    assert "--require-hashes" in (ROOT / "tools" / "install.sh").read_text()


def test_no_key_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = [name for name in listed.stdout.decode().split("\0") if name]
    assert len(names) > 300
    found = [
        name
        for name in names
        if (ROOT / name).is_file() and _KEY.search((ROOT / name).read_text(errors="ignore"))
    ]
    assert found == []


def test_a_key_would_be_seen() -> None:
    assert _KEY.search("-----BEGIN PRIVATE " + "KEY-----\n" + "A" * 64)
