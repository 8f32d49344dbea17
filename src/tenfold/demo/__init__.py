"""A demo organisation with believable, made-up data in every pack."""

from tenfold.demo.seed import seed

__all__ = ["seed"]
