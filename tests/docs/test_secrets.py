"""The page about secrets names all that are, and the place of each kind."""

from __future__ import annotations

from pathlib import Path

from tenfold.kernel.settings import Settings, from_environment, secret_names, variable

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "secrets.md").read_text()


def test_every_secret_setting_is_named() -> None:
    first = PAGE.partition("By default")[0]
    assert [name for name in secret_names() if f"`{variable(name)}`" not in first] == []


def test_every_place_of_the_table_is_taken() -> None:
    places = [
        line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `") and "://" in line
    ]
    assert len(places) == 5
    for place in places:
        assert from_environment({variable("secrets_from"): place}).secrets_from == place
    assert Settings().secrets_from == ""
