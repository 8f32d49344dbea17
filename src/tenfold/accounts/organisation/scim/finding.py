"""Lists of resources: filters as RFC 7644 has them, pages by their first place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from scim2_models import Resource, ScimFilter, SearchRequest
from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
)

from tenfold.accounts.organisation.scim.models import MOST, POLICY

_PARAMETERS = ("filter", "startIndex", "count", "attributes", "excludedAttributes")
_AT_ONCE = 500
_R = TypeVar("_R", bound=Resource[Any])


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What every resource that is looked for has, as far as the database can tell it."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str | None:
        """The value that an attribute must have."""
        return self.values.get(name.lower())


Fetch = Callable[[Narrowed, int, int], Awaitable[Sequence[_R]]]
"""So many resources from a place on, in one order, of those that are narrowed down to."""


def asked(kind: type[_R], query: Mapping[str, Any]) -> SearchRequest[_R]:
    """What a query asks for; raises ValidationError. Other parameters are left alone."""
    given = {name: query[name] for name in _PARAMETERS if query.get(name)}
    return SearchRequest[kind].model_validate(given, scim_policy=POLICY)  # pyright: ignore[reportInvalidTypeArguments]


async def found(
    request: SearchRequest[_R], fetch: Fetch[_R], count: Callable[[], Awaitable[int]]
) -> tuple[int, list[_R]]:
    """How many resources there are, and those of the page that is asked for."""
    start = (request.start_index or 1) - 1
    most = MOST if request.count is None else min(request.count, MOST)
    filter_: ScimFilter[_R] | None = request.filter
    if filter_ is None:
        whole = await count()
        return whole, list(await fetch(Narrowed({}), start, most)) if most else []
    # Directories look for one person by name or id, which the database finds at once. What else
    # a filter says is told by the library, on each of the resources.
    narrowed, matching, place = Narrowed(_equal(filter_.ast)), list[_R](), 0
    while some := await fetch(narrowed, place, _AT_ONCE):
        matching += [one for one in some if filter_.match(one)]
        place += len(some)
        if len(some) < _AT_ONCE:
            break
        await asyncio.sleep(0)
    return len(matching), matching[start : start + most]


def _equal(node: FilterNode) -> dict[str, str]:
    """The attributes that a filter says must be equal to a text."""
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        return {str(node.attr_path).lower(): node.value} if isinstance(node.value, str) else {}
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        every = [_equal(term) for term in node.terms]
        return {name: value for one in every for name, value in one.items()}
    return {}
