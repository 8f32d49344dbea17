"""Somebody who changes the organisation, and whether they may."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from uuid import UUID

from tenfold.accounts.client import Client
from tenfold.accounts.identity.own import is_sure as proved_lately
from tenfold.accounts.identity.sessions import MFA
from tenfold.accounts.organisation.acts import ActName, need_owner, need_proof
from tenfold.accounts.people import Caller
from tenfold.db.database import Transaction
from tenfold.engine.access import Person
from tenfold.engine.registry import Registry
from tenfold.kernel.errors import Forbidden
from tenfold.kernel.language import say

OUTSIDE = "ADDRESS_NOT_ALLOWED"


@dataclass(frozen=True, slots=True)
class Administrator:
    """An administrator in the middle of a change, alone with the organisation's settings."""

    tx: Transaction
    person: Person
    registry: Registry
    client: Client
    sure: bool = True
    """Whether they have proved lately who they are; at the host's command line they have, and who
    made the key of a directory had."""

    def need(self, name: ActName) -> None:
        """Raise Forbidden where an act demands more than an administrator: an owner, or a proof."""
        need_owner(self.person, name)
        need_proof(self.person, name, sure=self.sure)

    @property
    def tenant(self) -> UUID:
        """The organisation."""
        return self.person.tenant


def need_administrator(caller: Caller, client: Client) -> None:
    """Raise Forbidden unless this person may administer, from there, having proved enough."""
    need_scope(caller)
    need_role(caller)
    need_place(caller, client)
    need_factor(caller)


def need_scope(caller: Caller) -> None:
    """Raise Forbidden for an API key that was not made to administer."""
    if caller.scopes is not None and not caller.scopes.admin:
        raise Forbidden(
            "This API key may not administer the organisation: that needs one of a service account "
            "with the role admin, made with the scope admin."
        )


def need_role(caller: Caller) -> None:
    """Raise Forbidden unless they are an owner or an admin."""
    if not caller.administers:
        raise Forbidden(say("Only an owner or an admin of the organisation may do this."))


def need_factor(caller: Caller) -> None:
    """Raise Forbidden where an administrator has to set up a second factor, or to use it."""
    standing = caller.standing
    if standing.overdue:
        raise Forbidden(
            say(
                "Administrators need a second factor: set up an authenticator app or a passkey "
                "first."
            ),
            code="MFA_REQUIRED",
        )
    if standing.enrolled and MFA not in standing.methods:
        raise Forbidden(
            say("Confirm that it is you with your second factor first."), code="STEP_UP_REQUIRED"
        )


def need_place(caller: Caller, client: Client) -> None:
    """Raise Forbidden where the organisation is administered from its own networks, not there."""
    if not inside(client.address, caller.standing.networks):
        raise Forbidden(
            say(
                "Your organisation is administered from its own networks only, and this address "
                "is in none of them."
            ),
            code=OUTSIDE,
        )


def need_taking_back(caller: Caller, client: Client) -> None:
    """Raise Forbidden unless they may undo a hand-over: it gives and takes as handing over does."""
    need_administrator(caller, client)
    need_proof(caller, "hand_over", sure=is_sure(caller))


def is_sure(caller: Caller) -> bool:
    """Whether this person has proved lately who they are."""
    standing = caller.standing
    return proved_lately(standing.sure_at, standing.methods, enrolled=standing.enrolled)


def inside(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address is in one of the networks (CIDR), or there are none.

    An IPv4 address counts as itself in its IPv6 form, too (`::ffff:192.0.2.1`).
    """
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(one, strict=False) for one in networks)
