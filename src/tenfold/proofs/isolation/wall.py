"""The wall as HTTP shows it: what another organisation has is as if it did not exist.

Each question is asked twice, with an id of the other organisation and with one that nobody has.
Both answers must be the same but for that id, and none may hold a word that the others wrote.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tenfold.proofs.document import Id, Operation
from tenfold.proofs.findings import Findings
from tenfold.proofs.isolation.caller import Answer, Caller, Unanswered
from tenfold.proofs.isolation.things import LeftOut, Things, Unknown, places, put, related, words

Ask = Callable[[str], Awaitable[Answer]]
Choose = Callable[[Operation, Sequence[Id]], Sequence[Id]]
_ORDERED = ("[gt]", "[gte]", "[lt]", "[lte]")
"""What compares ids by their order finds other rows of one's own with each id."""


def every(_one: Operation, found: Sequence[Id]) -> Sequence[Id]:
    """All places of ids are tried."""
    return found


@dataclass(slots=True)
class Wall:
    """Tries from `inside` what `theirs` are; `own` are the things of who tries."""

    own: Things
    theirs: Things
    choose: Choose = every
    findings: Findings = field(default_factory=Findings)

    @property
    def inside(self) -> Caller:
        """Who tries."""
        return self.own.who

    async def try_operation(self, one: Operation) -> None:
        """Their ids in the address, the body and the query of an operation."""
        try:
            await self.try_address(one)
            await self.try_body(one)
            await self.try_query(one)
        except LeftOut as reason:
            self.findings.left_out.append(f"{one.title}: {reason}")
        except (Unknown, Unanswered) as error:
            self.findings.untried.append(f"{one.title}: {error}")
        self.inside.forbidden.update(self.theirs.ids)
        self.findings.open += self.inside.leaks
        self.inside.leaks.clear()

    async def try_address(self, one: Operation) -> None:
        """Not found, like an id that nobody has; what comes before it is one's own."""
        named = [name for name, _ in places(one.path)]
        if not named:
            return
        theirs, body = await self.theirs.parameters(one), await self.own.body(one)
        if one.method == "GET":
            await self._found_by_them(one, theirs)
        for at, name in enumerate(named):
            own = await self.own.parameters(one) if at else {}
            given = {**theirs, **{earlier: own[earlier] for earlier in named[:at]}}

            def ask(value: str, given: dict[str, str] = given, name: str = name) -> Any:
                return self.inside.ask(one, {**given, **words(one), name: value}, body)

            answer = await self._compared(one, f"the {name} of another", ask, theirs[name])
            self.findings.tried["ids in addresses"] += 1
            if answer.status != 404:
                self.findings.open.append(
                    f"{one.title} answers {answer.status} to the {name} of another"
                )

    async def _found_by_them(self, one: Operation, theirs: dict[str, str]) -> None:
        """Else a wall that hides everything from everybody would be fine."""
        answer = await self.theirs.who.ask(one, {**theirs, **words(one)})
        if answer.status >= 400:
            self.findings.untried.append(f"{one.title} answers {answer.status} to whose it is")

    async def try_body(self, one: Operation) -> None:
        """Refused, or not found among others, like an id that nobody has."""
        schema = self.inside.document.body(one)
        if schema is None or not one.signed:
            return
        found = [f for f in self.inside.document.ids(schema) if f.relation != "file"]
        # Written row by row, what is refused is told in the answer and not by its status.
        forms: list[dict[str, Any]] = [{}]
        if "atomic" in schema.get("properties", {}):
            forms.append({"atomic": False})
        for place in self.choose(one, found):
            known = await self.theirs.of(related(one, place), one.path)
            for form in forms:
                answer = await self._in_body(one, place, known, form)
                if answer.status < 400 and not form and _may_refuse(one):
                    self.findings.open.append(f"{one.title} takes another's id as {place.name}")

    async def _in_body(self, one: Operation, place: Id, known: Any, form: dict[str, Any]) -> Answer:
        given = await self.own.parameters(one)

        async def ask(value: str) -> Answer:
            body = {**await self.own.body(one), **form}
            put(body, place.place, {**known, "id": value} if place.relation == "any" else value)
            return await self.inside.ask(one, given, body)

        identity = known["id"] if place.relation == "any" else known
        self.findings.tried["ids in bodies"] += 1
        return await self._compared(one, f"another's id as {place.name}", ask, identity)

    async def try_query(self, one: Operation) -> None:
        """Finds nothing, like an id or a word that nobody has."""
        found = list(_asked_by_id(one))
        chosen = self.choose(one, found)
        for place in chosen:
            known = await self.theirs.of(place, one.path)
            await self._question(one, str(place.place[0]), known)
        if any(about["name"] == "q" for about in one.parameters):
            await self._question(one, "q", self.theirs.who.examples.word)

    async def _question(self, one: Operation, name: str, known: str) -> None:
        own = await self.own.parameters(one)

        def ask(value: str) -> Any:
            return self.inside.ask(one, {**own, **words(one), name: value})

        self.findings.tried["ids and words in questions"] += 1
        if name.endswith(_ORDERED):
            await ask(known)
        else:
            await self._compared(one, f"another's as {name}", ask, known)

    async def _compared(self, one: Operation, what: str, ask: Ask, known: str) -> Answer:
        nobodys = _nobodys(known)
        theirs, unknown = await ask(known), await ask(nobodys)
        left, right = theirs.text.replace(known, "ID"), unknown.text.replace(nobodys, "ID")
        if (theirs.status, left) != (unknown.status, right):
            self.findings.open.append(
                f"{one.title} tells {what}: it answers {theirs.status} {left[:300]}, and to what "
                f"nobody has {unknown.status} {right[:300]}"
            )
        return theirs


def _may_refuse(one: Operation) -> bool:
    """Whether an id of another is refused; else it finds nothing, or takes nothing away."""
    taken_away = one.method == "DELETE" and "x-relation" in one.about
    return not taken_away and not one.path.endswith("/batch-read")


def _asked_by_id(one: Operation) -> Iterator[Id]:
    asked = [about for about in one.parameters if about["in"] == "query"]
    of_ids = {a["name"] for a in asked if a.get("schema", {}).get("format") == "uuid"}
    for about in asked:
        name = str(about["name"])
        field, _, how = name.partition("[")
        if name in of_ids or (field in of_ids and how == "in]"):
            yield Id((name, field), about.get("x-relation", ""))


def _nobodys(known: str) -> str:
    """An id, or a name, that nobody has."""
    return str(uuid4()) if len(known) == 36 else f"{known[0]}{uuid4().hex}"[: len(known)]
