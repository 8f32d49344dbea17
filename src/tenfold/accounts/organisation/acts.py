"""What there is to administer, and what each of it demands beside being an administrator.

The gates ask by these names (`Administrator.need`), and so does the explanation of a decision. An
act wants a fresh proof of who does it where somebody with a stolen session would begin: by what
lets anybody in, lets anybody see or do more, takes from others, or can't be undone. What only takes
away from an attacker, too (ending sessions, revoking keys) is done at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from tenfold.accounts.identity.own import step_up_first
from tenfold.engine.access import Person
from tenfold.kernel.errors import Forbidden
from tenfold.kernel.language import mark, say

ActName = Literal[
    "administer",
    "read_security_events",
    "read_audit_log",
    "change_organization",
    "change_types",
    "change_teams",
    "move_teams",
    "change_roles",
    "invite",
    "withdraw_invitations",
    "add_members",
    "place_members",
    "make_admins",
    "make_owners",
    "deactivate_members",
    "reactivate_members",
    "end_sessions",
    "hand_over",
    "change_policy",
    "rotate_secret_keys",
    "change_programs",
    "create_api_keys",
    "revoke_api_keys",
    "change_automations",
    "change_webhooks",
    "change_messages",
    "transfer_ownership",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What an act demands, and how it is called: somebody may, or may not, `words`."""

    words: str
    everybody: bool = False
    """Whether members may who administer nothing."""
    owner: bool = False
    """Whether owners alone may."""
    proof: bool = False
    """Whether it wants who has proved lately who they are."""
    keys: bool = True
    """Whether an API key with the scope admin may, which can prove nothing anew."""
    confirmed: bool = False
    """Whether it wants somebody whose own address is confirmed."""


ACTS: Mapping[ActName, Demand] = {
    "administer": Demand(words=mark("open the pages of administration")),
    "read_security_events": Demand(words=mark("read the security events")),
    "read_audit_log": Demand(words=mark("read the audit log")),
    "change_organization": Demand(words=mark("change the organisation's name and region")),
    "change_types": Demand(words=mark("change record types and fields of their own making")),
    "change_teams": Demand(words=mark("make, rename and delete teams")),
    "move_teams": Demand(words=mark("make a team part of another"), proof=True),
    "change_roles": Demand(words=mark("make, change and delete roles"), proof=True),
    "invite": Demand(words=mark("invite people"), proof=True, confirmed=True),
    "withdraw_invitations": Demand(words=mark("take invitations back")),
    "add_members": Demand(words=mark("add members without an invitation"), proof=True),
    "place_members": Demand(words=mark("give members roles and teams"), proof=True),
    "make_admins": Demand(words=mark("make somebody an admin"), proof=True, keys=False),
    "make_owners": Demand(words=mark("make somebody an owner"), owner=True, proof=True, keys=False),
    "deactivate_members": Demand(words=mark("deactivate members"), proof=True, keys=False),
    "reactivate_members": Demand(words=mark("take members back"), proof=True),
    "end_sessions": Demand(words=mark("end the sessions of members")),
    "hand_over": Demand(words=mark("hand over what somebody has"), proof=True, keys=False),
    "change_policy": Demand(words=mark("change the policy"), proof=True, keys=False),
    "rotate_secret_keys": Demand(words=mark("change the key of secrets"), proof=True),
    "change_programs": Demand(
        words=mark("make and change service accounts"), proof=True, keys=False
    ),
    "create_api_keys": Demand(
        words=mark("make API keys of their own"), everybody=True, proof=True, keys=False
    ),
    "revoke_api_keys": Demand(words=mark("revoke the API keys of others"), keys=False),
    "change_automations": Demand(words=mark("make, change and switch automations")),
    "change_webhooks": Demand(words=mark("have what changes sent elsewhere"), proof=True),
    "change_messages": Demand(words=mark("change how the organisation writes to people")),
    "transfer_ownership": Demand(
        words=mark("give the organisation to somebody else"), owner=True, proof=True, keys=False
    ),
}
assert set(ACTS) == set(get_args(ActName))


def need_owner(person: Person, name: ActName) -> None:
    """Raise Forbidden where an act is the owners' alone."""
    if ACTS[name].owner and person.role != "owner":
        raise Forbidden(say("Only an owner may %(words)s.", words=say(ACTS[name].words)))


def need_proof(person: Person, name: ActName, *, sure: bool) -> None:
    """Raise Forbidden where an act wants who has proved lately who they are (`sure`)."""
    demand = ACTS[name]
    if not demand.proof or sure:
        return
    if person.scopes is None:
        raise step_up_first()
    if not demand.keys:
        raise Forbidden("An API key may not do this: somebody must sign in and do it themselves.")
