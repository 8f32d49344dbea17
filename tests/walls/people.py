"""The people of the table: one of each, in one organisation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from tests.factories import Organisation, Somebody

from tenfold.engine.access import ORGANISATION_ROLES
from tenfold.engine.definition import Definition, Field
from tenfold.engine.types import LongText, Text
from tenfold.proofs.document import Document
from tenfold.proofs.isolation.caller import Caller
from tenfold.proofs.isolation.things import RECORD, Maker, Things, delivery, hook, message, pipeline

VEILED = "veiled"


def hidden(kind: Definition) -> Field | None:
    """The field that the role of one's own hides: the first text that may be empty."""
    seen_anyhow = kind.tenant_made or "member" in kind.access
    return None if seen_anyhow else next((one for one in _veilable(kind)), None)


def locked(kind: Definition) -> Field | None:
    """The field that it locks: the next one."""
    return next((one for one in [*_veilable(kind)][1:]), None)


def _veilable(kind: Definition) -> list[Field]:
    return [
        one
        for one in kind.fields.values()
        if type(one.type) in (Text, LongText)  # of a time zone not any text will do
        and one.writable
        and not one.required
        and not one.title
        and one.name != "external_id"
    ]


@dataclass(slots=True)
class People:
    """Makes the people of the table and asks as them."""

    document: Document
    http: httpx.AsyncClient
    here: Organisation
    kinds: dict[str, Definition]
    """The record types by address, `/v1/leads`."""
    more: dict[str, Maker]
    word: str = field(default_factory=lambda: f"ours{secrets.token_hex(6)}")
    veil: str = field(default_factory=lambda: f"veil{secrets.token_hex(6)}")
    """What stands in the hidden fields."""
    _callers: dict[str, Caller] = field(default_factory=dict)
    _number: int = 0

    async def things(self, whose: Somebody | None = None) -> Things:
        """What is there, made by the owner; each record holds words that are hidden from some.

        Records are the owner's, or `whose`.
        """
        made: dict[str, Maker] = {
            f"{base}{RECORD}": self._record(kind, whose) for base, kind in self.kinds.items()
        }
        return Things(await self.caller("owner"), str(self.here.id), {**made, **self.makers})

    @property
    def makers(self) -> dict[str, Maker]:
        """How to make what is no record."""
        return {
            **self.more,
            "/v1/auth/oidc/{provider}": _provider,
            "/v1/hooks/{secret}": hook,
            "/v1/carriers/{carrier}": _carrier,
            "/v1/carriers/{carrier}/{secret}": _carrier,
            "/v1/carriers/{carrier}/{secret}/{message}": _carrier,
            "/v1/messages/{message_id}": message,
            "/v1/notices/{notice_id}": self._notice,
            "/v1/members/{user_id}": self._member,
            "/v1/pipelines/{type}": pipeline,
            "/v1/webhook-deliveries/{delivery_id}": delivery,
        }

    def _record(self, kind: Definition, whose: Somebody | None) -> Maker:
        async def make(things: Things, place: str) -> str:
            values: dict[str, Any] = {}
            if (veiled := hidden(kind)) is not None:
                values[veiled.json_name] = self.veil
            if whose is not None:
                values["owner_id"] = str(whose.id)
            if kind.strict and kind.fields[kind.private].default == "private":
                values[kind.private] = "everyone"  # or nobody else would see it
            return await things.record(place, values)

        return make

    async def _notice(self, _things: Things, _: str) -> str:
        """Nobody's: things happen to people, who are then told."""
        return str(uuid4())

    async def _member(self, things: Things, _: str) -> str:
        self._number += 1
        return str((await self.here.person("member", name=f"new {self._number}")).id)

    async def caller(self, column: str, *, fresh: bool = False) -> Caller:
        """Somebody of a column; a `fresh` one has a session that nobody else needs."""
        if column not in self._callers or fresh:
            self._number += fresh
            headers = {}
            if column != "nobody":
                headers = (await self.somebody(column, self._number if fresh else 0)).headers
            made = Caller(self.document, self.http, headers, self.word)
            if column == VEILED:
                made.forbidden.add(self.veil)
            if fresh:
                made.examples.word = f"{self.word}{self._number}"
                return made
            self._callers[column] = made
        return self._callers[column]

    async def somebody(self, column: str, number: int = 0, role: str = "agent") -> Somebody:
        """The person of a column."""
        match column:
            case "granted":
                return await self.here.person("member", [role], name=f"{number}")
            case "veiled":
                return await self.here.person("member", [VEILED], name=f"{number}")
            case "inactive":
                return await self._inactive(number)
            case _:
                return await self.here.person(column, name=f"{number}")

    async def _inactive(self, number: int) -> Somebody:
        person = await self.here.person("member", name=f"inactive {number}")
        owner = await self.caller("owner")
        await owner.made("change_member", {"active": False}, user_id=str(person.id))
        return person

    async def make_role(self) -> None:
        """The role of one's own that may all, but for what it does not see and can't set."""
        grants: dict[str, Any] = {}
        for kind in self.kinds.values():
            if kind.tenant_made:
                continue
            grant: dict[str, Any] = {"read": "all", "update": "all", "delete": "all"}
            grant["create"] = True
            for name, one in (("hide", hidden(kind)), ("read_only", locked(kind))):
                if one is not None:
                    grant[name] = [one.json_name]
            grants[kind.name] = grant
        owner = await self.caller("owner")
        await owner.made("create_role", {"name": VEILED, "grants": grants})


async def _provider(_things: Things, _place: str) -> str:
    """One that is not set up here."""
    return "google"


def may(kind: Definition, column: str, level: str, role: str) -> set[str]:
    """The statuses that fit a cell that says `grant`, by the declaration alone."""
    if column == VEILED and not kind.tenant_made:
        return {"in"} if level != "reveal" else {"403", "404"}
    given = [kind.access[name] for name in ("member", role) if name in kind.access]
    if column != "granted":
        given = given[:1] if "member" in kind.access else []
    granted = {
        "read": any(g.read != "none" for g in given),
        "create": any(g.create for g in given),
        "update": any(g.update != "none" for g in given),
        "delete": any(g.delete != "none" for g in given),
        "reveal": any(g.reveal for g in given),
    }
    if granted[level]:
        return {"in"} if granted["read"] or level in ("read", "create") else {"in", "404"}
    return {"403"} if granted["read"] else {"403", "404"}


def role_of(kind: Definition | None) -> str:
    """A role of a pack that a type grants something to; `agent` where it grants none."""
    if kind is None:
        return "agent"
    known = [name for name in kind.access if name not in ORGANISATION_ROLES]
    return known[0] if known else "agent"


async def _carrier(_things: Things, _: str) -> str:
    """A carrier that there is, and a secret that it was not given."""
    return "mail"
