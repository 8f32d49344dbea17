"""The ways by which people are written to."""

from __future__ import annotations

from typing import Literal

Channel = Literal["email", "sms"]
