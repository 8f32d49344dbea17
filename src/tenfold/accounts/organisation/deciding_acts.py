"""Why somebody may or may not administer something: the gates asked one by one.

They are the gates' own functions (administrator.py, acts.py), so that nothing is said twice; a test
holds the answers against what the API really does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tenfold.accounts.organisation.acts import ACTS, ActName, Demand, need_owner, need_proof
from tenfold.accounts.organisation.administrator import is_sure, need_place, need_role, need_scope
from tenfold.accounts.organisation.invitations import need_confirmed
from tenfold.accounts.organisation.whom import (
    Finding,
    Whom,
    belongs,
    good_key,
    lets,
    second_factor,
)
from tenfold.kernel.errors import Forbidden
from tenfold.kernel.language import mark, say

_OUTSIDE = mark(
    "The address %(address)s is in none of the networks of the organisation: %(networks)s."
)
_PROVED = mark("It asks them to prove who they are, once in ten minutes; they have.")
_UNPROVED = mark("It asks them to prove who they are, once in ten minutes; that comes first.")


@dataclass(frozen=True, slots=True)
class ActQuestion:
    """What is asked: may this person, or this program, do this in the organisation."""

    who: Whom
    act: ActName

    @property
    def demand(self) -> Demand:
        """What the act demands."""
        return ACTS[self.act]


async def findings(question: ActQuestion) -> list[Finding]:
    """What every check says that has a say in it."""
    who = question.who
    checks = CHECKS if who.caller is not None else ()
    asked = [await belongs(who), *[await check(question) for check in checks]]
    return [finding for finding in asked if finding is not None]


async def _key(question: ActQuestion) -> Finding | None:
    return await good_key(question.who)


async def _by_key(question: ActQuestion) -> Finding | None:
    """Whether a program may do it at all, and with this key."""
    who, demand = question.who, question.demand
    if not who.program:
        return None
    if not demand.keys:
        text = mark("No program may %(words)s: somebody must sign in and do it themselves.")
        reason = say(text, words=say(demand.words))
        return Finding(check="scope", passed=False, reason=reason)
    if who.key is None or demand.everybody:
        return None
    may = lets(need_scope, who.them)
    reason = say("The key was made to administer the organisation (the scope admin).")
    if not may:
        reason = say(
            "The key may not administer the organisation: that needs one of a service account "
            "with the role admin, made with the scope admin."
        )
    detail = {"scopes": who.key.scopes}
    return Finding(check="scope", passed=may, reason=reason, detail=detail)


async def _role(question: ActQuestion) -> Finding | None:
    """Whether their role administers."""
    role, demand = question.who.member.role, question.demand
    words = say(demand.words)
    if demand.everybody:
        reason = say("Everybody who belongs to the organisation may %(words)s.", words=words)
        return Finding(check="role", passed=True, reason=reason)
    them = replace(question.who.them, scopes=None, _made={})
    may = lets(need_role, them)
    if may and not lets(need_owner, them, question.act):
        text = mark("Only an owner may %(words)s; their role is %(role)s.")
        reason = say(text, words=words, role=role)
        return Finding(check="role", passed=False, reason=reason, detail={"role": role})
    only = mark("Only an owner or an admin may %(words)s; their role is %(role)s.")
    text = mark("The role %(role)s lets them %(words)s.") if may else only
    reason = say(text, words=words, role=role)
    return Finding(check="role", passed=may, reason=reason, detail={"role": role})


async def _place(question: ActQuestion) -> Finding | None:
    """Whether they administer from where the organisation lets it be done."""
    who, demand = question.who, question.demand
    networks = who.them.standing.networks
    if demand.everybody or not networks:
        return None
    listed = ", ".join(networks)
    detail: dict[str, object] = {"networks": list(networks)}
    if who.client is None:
        text = mark("It is done from the networks of the organisation alone: %(networks)s.")
        reason = say(text, networks=listed)
        return Finding(check="network", passed=True, reason=reason, detail=detail)
    may, address = lets(need_place, who.them, who.client), who.client.address
    inside = mark("The address %(address)s is in the networks of the organisation: %(networks)s.")
    reason = say(inside if may else _OUTSIDE, address=address, networks=listed)
    detail["ip_address"] = address
    return Finding(check="network", passed=may, reason=reason, detail=detail)


async def _factor(question: ActQuestion) -> Finding | None:
    who = question.who
    administers = not question.demand.everybody and not who.program
    return await second_factor(who, administers=administers)


async def _proof(question: ActQuestion) -> Finding | None:
    """Whether they have proved lately who they are, where that is asked."""
    who, demand = question.who, question.demand
    if not demand.proof or who.program:
        return None
    sure = lets(need_proof, who.them, question.act, sure=is_sure(who.them))
    text = mark("It asks them to prove who they are, once in ten minutes.")
    if who.present:
        text = _PROVED if sure else _UNPROVED
    reason = say(text)
    return Finding(check="proof", passed=sure, reason=reason)


async def _confirmed(question: ActQuestion) -> Finding | None:
    """Whether their own address is confirmed, where letters go out in their name."""
    who = question.who
    if not question.demand.confirmed:
        return None
    try:
        await need_confirmed(who.reader, who.member.id)
    except Forbidden:
        reason = say("They have not confirmed their own e-mail address.")
        return Finding(check="address", passed=False, reason=reason)
    return None


CHECKS: tuple[Callable[[ActQuestion], Awaitable[Finding | None]], ...] = (
    _key,
    _by_key,
    _role,
    _place,
    _factor,
    _proof,
    _confirmed,
)
