"""What is refused says how it is written right, as the column is read."""

from __future__ import annotations

import pytest

from tenfold.exchange.value_texts import Decimals
from tenfold.exchange.values import Reading, Refusal, read


@pytest.mark.parametrize(
    ("decimals", "text", "examples"),
    [
        ("comma", "Preis auf Anfrage", "is not a number; 1234,50 and 1.234,50 are."),
        ("point", "on request", "is not a number; 1234.50 and 1,234.50 are."),
        (None, "on request", "is not a number; 1234.50 and 1,234.50 are."),
        ("comma", "1.2345.678", "groups its digits oddly; 1.234.567 is read."),
        ("point", "1,2345,678", "groups its digits oddly; 1,234,567 is read."),
    ],
)
def test_examples_of_numbers_are_read_themselves(
    decimals: Decimals | None, text: str, examples: str
) -> None:
    how = Reading(decimals=decimals)
    with pytest.raises(Refusal) as refused:
        read("decimal", text, how)
    assert str(refused.value) == f"{text!r} {examples}"
    told = examples.partition("; ")[2].removesuffix(" are.").removesuffix(" is read.")
    assert len({read("decimal", one, how) for one in told.split(" and ")}) == 1
