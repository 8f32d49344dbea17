"""The data folder, and short ways to read a text or bytes as a file."""

import io
import os
from pathlib import Path

import pytest

from tenfold.exchange.readers import Source, open_source

DATA = Path(
    os.environ.get("TENFOLD_TEST_DATA") or Path(__file__).parents[2].parent / "shared" / "data"
)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real files; without it these tests fail, unless they are told to stay out."""
    if os.environ.get("TENFOLD_TEST_DATA") == "none":
        pytest.skip("tests of real files are left out: TENFOLD_TEST_DATA=none")
    assert DATA.is_dir(), f"the test data is missing: {DATA} (set TENFOLD_TEST_DATA)"
    return DATA


@pytest.fixture
def opened():
    def open_it(content: bytes | str, name: str = "", **given) -> Source:
        if isinstance(content, str):
            content = content.encode()
        return open_source(io.BytesIO(content), name, **given)

    return open_it
