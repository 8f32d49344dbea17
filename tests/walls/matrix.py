"""Asks an operation as everybody of the table, and holds what is answered against its row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.walls import table
from tests.walls.people import VEILED, People, may, role_of
from tests.walls.table import Row

from tenfold.proofs.document import Operation
from tenfold.proofs.isolation.caller import Answer, Caller
from tenfold.proofs.isolation.things import RECORD, Things, places, words

_CODES = {"401": {"NO_TOKEN", "INVALID_TOKEN"}, "403": {"FORBIDDEN"}, "404": {"NOT_FOUND"}}
# What is asked for here changes who asks: each is done by somebody of their own.
_TOUCHES_ACCOUNT = ("/v1/auth/", "/v1/api-keys", "/v1/organization/ownership")


@dataclass(slots=True)
class Matrix:
    """One organisation, in which everybody asks for everything."""

    people: People
    wrong: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def types(self) -> frozenset[str]:
        """The addresses of record types."""
        return frozenset(self.people.kinds)

    async def try_operation(self, one: Operation, columns: Iterable[str]) -> None:
        """Those who may not come first, so that what they meant is still there to be looked at."""
        row = table.row(one, self.types)
        things = await self.people.things()
        in_order = sorted(columns, key=lambda column: row.cells[column] == "in")
        for column in in_order:
            await self._try(one, row, column, things)

    async def _try(self, one: Operation, row: Row, column: str, things: Things) -> None:
        base = table.base_of(one, self.types)
        kind = self.people.kinds.get(base)
        role = role_of(kind)
        cell = row.cells[column]
        fits = may(kind, column, row.level, role) if kind and cell == "grant" else {cell}
        who = await self._caller(one, column, role)
        if one.path.startswith(_TOUCHES_ACCOUNT) and column not in ("nobody", "inactive"):
            things = Things(who, things.tenant, self.people.makers)
        elif kind is not None and column in ("member", "granted", VEILED):
            things = await self.people.things(await self.people.somebody(column, role=role))
        elif one.method != "GET" and kind is not None:
            things.forget(base + RECORD)  # another has changed it, or it is gone
        given, body = await _question(one, things)
        if one.path.endswith("/restore"):
            await things.who.made(f"delete_{one.name.removeprefix('restore_')}", **given)
        answer = await who.ask(one, given, body)
        self.asked[column] += 1
        got = _class(answer, row.says if cell == "in" else "")
        if got not in fits:
            self.wrong.append(
                f"{one.title} as {column}{f' ({role})' if column == 'granted' else ''}: "
                f"{got} instead of {' or '.join(sorted(fits))}: {answer.text[:200]}"
            )
        elif got in _CODES and one.method != "GET" and base and not one.path.endswith("/restore"):
            await self._unchanged(one, column, things, base)
        self.wrong += [f"as {column}: {leak}" for leak in who.leaks]
        who.leaks.clear()

    async def _unchanged(self, one: Operation, column: str, things: Things, base: str) -> None:
        """What was asked for in vain is as it was made."""
        read = self.people.document.at(f"GET {base}{RECORD}")
        assert read is not None
        kept = await things.who.made(read.name, **await things.parameters(read))
        if kept["data"]["version"] != 1:
            self.wrong.append(f"{one.title} as {column} is refused and changes it all the same")

    async def _caller(self, one: Operation, column: str, role: str) -> Caller:
        if one.path.startswith(_TOUCHES_ACCOUNT):
            return await self.people.caller(column, fresh=True)
        if column == "granted" and role != "agent":
            person = await self.people.somebody(column, role=role)
            return Caller(self.people.document, self.people.http, person.headers)
        return await self.people.caller(column)


async def _question(one: Operation, things: Things) -> tuple[dict[str, Any], Any]:
    """Parameters and a body that are fine by themselves, of things that are there."""
    given: dict[str, Any] = {}
    for name, place in places(one.path):
        again = one.method != "GET" and place == one.path and not place.endswith(RECORD)
        given[name] = await (things.new if again else things.at)(place)
    return {**given, **words(one)}, await things.body(one)


def _class(answer: Answer, says: str) -> str:
    """What an answer is in the words of the table."""
    status = str(answer.status)
    if says and answer.code == says:
        return "in"
    if status in _CODES:
        return status if answer.code in _CODES[status] else f"{status} {answer.code}"
    if answer.status >= 500 or says:
        return f"{status} {answer.code}"
    return "in"
