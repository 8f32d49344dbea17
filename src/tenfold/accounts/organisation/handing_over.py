"""A leaver's records are handed over: by a job, in one batch, which can be undone.

What nobody but the leaver could read does not come to whom hands it over, as that would be a way to
read it: it goes to somebody else, or stays. Where such records go, the leaver and the owners of the
organisation are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from tenfold.accounts import people
from tenfold.accounts.events import note
from tenfold.accounts.identity import letters
from tenfold.accounts.identity.account import Account, Membership, by_id
from tenfold.accounts.organisation import members
from tenfold.accounts.organisation.administrator import Administrator
from tenfold.db.database import Reader, Transaction
from tenfold.db.keys import Keyring
from tenfold.engine import batches, handing_over, writing
from tenfold.engine.batches import Batch
from tenfold.engine.definition import Definition
from tenfold.engine.handing_over import Leaving
from tenfold.engine.own_types import types_of
from tenfold.engine.registry import Registry
from tenfold.jobs import Handler, Job, enqueue, job
from tenfold.kernel.errors import Conflict, Invalid, Unauthenticated
from tenfold.kernel.ids import new_id

HAND_OVER_JOB = "members.hand_over"
_TEAM = "SELECT team_id FROM tenfold.members WHERE tenant_id = $1 AND user_id = $2 AND active"
_UNFINISHED = """SELECT id FROM tenfold.batches WHERE tenant_id = $1 AND kind = 'hand_over'
AND status IN ('pending', 'processing') AND summary ->> 'user' = $2 LIMIT 1"""
_ORGANISATION = "SELECT name FROM tenfold.tenants WHERE id = $1"
_OWNERS = """SELECT m.user_id FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
WHERE m.tenant_id = $1 AND m.role = 'owner' AND m.active AND u.active AND u.kind = 'person'"""


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """To whom all that somebody has goes; `types` names others for some record types."""

    to: UUID
    types: Annotated[dict[str, UUID], Meta(max_length=500)] = {}


class Handing(msgspec.Struct, kw_only=True):
    """A handing over as its batch's summary holds it."""

    user: UUID
    to: dict[str, UUID]
    """To whom each type goes, in the order in which they are handed over."""
    at: int = 0
    """At which of these it is."""
    total: int = 0
    done: int = 0
    counts: dict[str, int] = {}
    """How many changes were made, by type: a record's owner and each work on it are one each."""
    stays: dict[str, int] = {}
    """What stays by type: private, and it would go to whom hands it over."""
    error: str = ""


class Run(msgspec.Struct):
    """The payload of the job: the batch."""

    id: UUID


async def owned(
    reader: Reader, tenant: UUID, registry: Registry, user: UUID
) -> Mapping[str, tuple[Definition, int]]:
    """The types of which somebody who has left has anything, and how much; nothing is left out."""
    return await _having(reader, tenant, registry, Leaving(user, private=True))


async def start(act: Administrator, keyring: Keyring, user: UUID, wanted: HandOver) -> Batch:
    """Write down what goes to whom, and let a worker do it; answers the batch.

    Raises Invalid for who can't have it: strangers, those who left, those whose roles don't read
    the type. Needs somebody who has proved lately who they are.
    """
    act.need("hand_over")
    member = await members.one(act.tx, act.tenant, user)
    if await act.tx.value(_UNFINISHED, act.tenant, str(user)):
        raise Conflict("This is being done just now; wait for it.", code="NOT_FINISHED")
    leaving = Leaving(user, private=not member.active)
    having = await _having(act.tx, act.tenant, act.registry, leaving)
    types = await types_of(act.tx, act.tenant, act.registry)
    problems = {
        f"types.{name[:60]}": "is not a record type" for name in wanted.types if name not in types
    }
    to = {name: wanted.types.get(name, wanted.to) for name in having}
    fields = {f"types.{name}": one for name, one in wanted.types.items()} | {"to": wanted.to}
    for field, one in fields.items():
        kinds = [d for name, (d, _) in having.items() if to[name] == one]
        if problem := await _problem(act, user, one, kinds):
            problems.setdefault(field, problem)
    if problems:
        raise Invalid(problems)
    private = await _private(act, leaving, having)
    stays = {name: count for name, count in private.items() if to[name] == act.person.user}
    total = sum(count for _, count in having.values()) - sum(stays.values())
    state = Handing(user=user, to=to, total=total, stays=stays)
    batch = new_id()
    summary: dict[str, Any] = msgspec.to_builtins(state)
    kind = batches.HAND_OVER
    await batches.begin(act.tx, batch, kind, ",".join(to), summary, status="pending")
    made = await enqueue(
        act.tx.connection, HAND_OVER_JOB, Run(batch), tenant=act.tenant, actor=act.person.user
    )
    await batches.save(act.tx, batch, "pending", {"job": str(made)})
    told = {"to": wanted.to, "types": wanted.types, "changes": state.total, "batch_id": batch}
    await note(act.tx, "records_handed_over", act.client, tenant=act.tenant, user=user, **told)
    if goes := {name: count for name, count in private.items() if name not in stays}:
        await _tell(act, keyring, member, sum(goes.values()), {to[name] for name in goes})
    found = await batches.of(act.tx, act.tenant, batch)
    assert found is not None
    return found


async def _having(
    reader: Reader, tenant: UUID, registry: Registry, leaving: Leaving
) -> Mapping[str, tuple[Definition, int]]:
    """The types of which somebody has anything, and how much."""
    types = await types_of(reader, tenant, registry)
    found: dict[str, tuple[Definition, int]] = {}
    for name, definition in types.items():
        if count := await handing_over.counted(reader, tenant, definition, leaving):
            found[name] = (definition, count)
    return found


async def _private(
    act: Administrator, leaving: Leaving, having: Mapping[str, tuple[Definition, int]]
) -> Mapping[str, int]:
    """How much of it nobody but the leaver could read, by type."""
    found: dict[str, int] = {}
    for name, (definition, count) in having.items():
        if leaving.private and definition.strict:
            seen = Leaving(leaving.user, private=False)
            open_ = await handing_over.counted(act.tx, act.tenant, definition, seen)
            if count > open_:
                found[name] = count - open_
    return found


async def _tell(
    act: Administrator, keyring: Keyring, leaver: members.Member, count: int, to: Iterable[UUID]
) -> None:
    """Write to the leaver and to the owners that private records go to others."""
    here = Membership(act.tenant, await act.tx.value(_ORGANISATION, act.tenant), leaver.role)
    heirs = ", ".join(sorted([(await members.one(act.tx, act.tenant, one)).email for one in to]))
    owners = [row[0] for row in await act.tx.rows(_OWNERS, act.tenant)]
    for one in dict.fromkeys([leaver.id, *owners]):
        user = await by_id(act.tx, one)
        if user is None:
            continue
        letter = letters.private_handed_over(
            user, here.name, leaver.email, heirs, count, act.client
        )
        await letters.post_to(act.tx, keyring, letter, Account(user, here, (here,)))


async def _problem(act: Administrator, user: UUID, to: UUID, types: list[Definition]) -> str:
    """Why somebody can't have records of these types; empty where they can."""
    if to == user:
        return "is the person whose records they are"
    try:
        person = await people.load(act.tx, act.tenant, to)
    except Unauthenticated:
        return f"there is no active person with the id {to} in this organisation"
    unread = [d.label_plural.lower() for d in types if person.access(d).read == "none"]
    if unread:
        listed = ", ".join(unread[:5])
        return f"has no role that reads {listed}; give them one, or name others in types"
    return ""


def handlers(registry: Registry) -> list[Handler[Any]]:
    """The declared job."""

    @job(HAND_OVER_JOB, Run, attempts=5, timeout=6 * 3_600.0)
    async def hand_over(one: Job[Run]) -> None:
        await _Work(registry, one).run()

    return [hand_over]


class _Work:
    """A handing over at work, piece by piece, each committed with how far it is."""

    def __init__(self, registry: Registry, one: Job[Run]) -> None:
        self._registry, self._job, self._batch = registry, one, one.payload.id

    async def run(self) -> None:
        """Do what is left."""
        state, done, total = None, self._job.done, None
        while state is None or (not state.error and state.at < len(state.to)):
            async with self._job.step(done, total) as tx:
                state = await self._piece(tx)
            done, total = state.done, state.total
        async with self._job.transaction() as tx:
            status = "failed" if state.error else "done"
            await self._save(tx, status, state, finished=True)

    async def _piece(self, tx: Transaction) -> Handing:
        """Hand over the next records; answers how far it is then."""
        await tx.join_batch(self._batch)
        state, tenant = await self._state(tx), tx.context.tenant
        if state.at >= len(state.to):
            return state
        name, to = list(state.to.items())[state.at]
        types = await types_of(tx, tenant, self._registry)
        rows = await tx.rows(_TEAM, tenant, to)
        if not rows:
            state.error = "Whom the rest was to go to has left; hand it over to somebody else."
        # One that is missing is a type of the organisation's own that ended meanwhile.
        elif name not in types or not (changed := await self._hand(tx, types[name], state, rows)):
            state.at += 1
        else:
            state.done += changed
            state.counts[name] = state.counts.get(name, 0) + changed
        await self._save(tx, "processing", state)
        return state

    async def _hand(
        self, tx: Transaction, definition: Definition, state: Handing, rows: Sequence[Any]
    ) -> int:
        member = await members.one(tx, tx.context.tenant, state.user)
        called = f"{member.first_name} {member.last_name}".strip() or member.email
        await tx.value(writing.REASON, f"Handed over from {called}.")
        to = state.to[definition.name]
        # Asked anew, as what is private may have changed since it was written down.
        withheld = definition.strict and to == tx.context.actor
        leaving = Leaving(state.user, private=not member.active and not withheld)
        return await handing_over.piece(tx, definition, leaving, to, rows[0][0])

    async def _save(
        self, tx: Transaction, status: str, state: Handing, *, finished: bool = False
    ) -> None:
        summary: dict[str, Any] = msgspec.to_builtins(state)
        await batches.save(tx, self._batch, status, summary, finished=finished)

    async def _state(self, reader: Reader) -> Handing:
        batch = await batches.kept(reader, self._job.tenant, self._batch)
        return msgspec.convert(batch.summary, Handing)


__all__ = ["HAND_OVER_JOB", "HandOver", "Handing", "handlers", "owned", "start"]
