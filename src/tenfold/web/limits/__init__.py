"""How many requests one caller may make."""

from tenfold.web.limits.limit import Allowance, Limit
from tenfold.web.limits.limits import Limits
from tenfold.web.limits.memory import Memory

__all__ = ["Allowance", "Limit", "Limits", "Memory"]
