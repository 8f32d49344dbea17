"""Request bodies as structs."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from litestar import Request

from tenfold.kernel.structs import convert
from tenfold.web.api.requests import fields_of
from tenfold.web.desk import desk_of

STRANGERS_BYTES = 65_536
"""What those who are not signed in may send: reading ten megabytes takes a process a second."""
_T = TypeVar("_T", bound=msgspec.Struct)


async def body_of(request: Request[Any, Any, Any], struct: type[_T]) -> _T:
    """The body of somebody known as a struct; raises MissingFields, UnknownField or Invalid."""
    desk_of(request).claims(request.scope)  # a stranger's is not read at all
    return await strangers_body(request, struct)


async def strangers_body(request: Request[Any, Any, Any], struct: type[_T]) -> _T:
    """The same of anybody; the handler bounds what it takes by STRANGERS_BYTES."""
    return convert(await fields_of(request), struct)


__all__ = ["STRANGERS_BYTES", "body_of", "convert", "strangers_body"]
