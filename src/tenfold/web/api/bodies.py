"""Request bodies as structs."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from litestar import Request

from tenfold.kernel.structs import convert
from tenfold.web.api.requests import fields_of

_T = TypeVar("_T", bound=msgspec.Struct)


async def body_of(request: Request[Any, Any, Any], struct: type[_T]) -> _T:
    """The request's body as a struct; raises MissingFields, UnknownField or Invalid."""
    return convert(await fields_of(request), struct)


__all__ = ["body_of", "convert"]
