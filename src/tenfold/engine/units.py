"""Units of measure, by the names that declarations and choices give them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

PERCENT = "percent"
"""The unit of a share out of a hundred."""
AREAS: Mapping[str, Decimal] = {
    "square_meters": Decimal(1),
    "square_feet": Decimal("0.09290304"),
    "acres": Decimal("4046.8564224"),
    "hectares": Decimal(10_000),
}
"""How many square metres each is (international foot and acre: NIST SP 811)."""
