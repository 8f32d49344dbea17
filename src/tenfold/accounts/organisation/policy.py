"""What an organisation demands of its people: second factors, networks."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tenfold.accounts.events import note
from tenfold.accounts.identity.factors import enrolled
from tenfold.accounts.organisation.administrator import Administrator, inside
from tenfold.db.database import Reader, Transaction
from tenfold.kernel import clock
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import say

MOST_NETWORKS = 100
_READ = """SELECT mfa, mfa_grace_days, admin_networks, rate_per_minute
FROM tenfold.tenants WHERE id = $1"""
_CHANGE = """UPDATE tenfold.tenants SET mfa = $2, mfa_grace_days = $3, admin_networks = $4
WHERE id = $1"""
# Who is asked from now on, and who no longer is; whoever was asked before keeps their day.
_ASK = """UPDATE tenfold.members SET mfa_from = CASE
    WHEN $2 OR role IN ('owner', 'admin') THEN coalesce(mfa_from, $3) END
WHERE tenant_id = $1"""
_ASK_ONE = """UPDATE tenfold.members m SET mfa_from = CASE
    WHEN t.mfa = 'all' OR m.role IN ('owner', 'admin') THEN coalesce(m.mfa_from, $3) END
FROM tenfold.tenants t WHERE t.id = $1 AND m.tenant_id = $1 AND m.user_id = $2"""
_HOLD_NETWORKS = "SELECT name, admin_networks FROM tenfold.tenants WHERE id = $1 FOR UPDATE"
_OPEN = "UPDATE tenfold.tenants SET admin_networks = '{}' WHERE id = $1"

Network = Annotated[str, Meta(max_length=50)]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation demands.

    `mfa` says who must have a second factor, `mfa_grace_days` after they first were asked;
    `admin_networks` (CIDR) from where it is administered, empty for everywhere; `rate_per_minute`
    how many requests one person may make, null for the installation's limit; whoever runs the
    installation sets it.
    """

    mfa: Literal["admins", "all"]
    mfa_grace_days: int
    admin_networks: list[str]
    rate_per_minute: int | None


class MemberPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What of it concerns every member: who must have a second factor, and how soon."""

    mfa: Literal["admins", "all"]
    mfa_grace_days: int


class PolicyChange(msgspec.Struct, frozen=True, kw_only=True):
    """What may be changed of it."""

    mfa: Literal["admins", "all"] | UnsetType = UNSET
    mfa_grace_days: Annotated[int, Meta(ge=0, le=90)] | UnsetType = UNSET
    admin_networks: Annotated[list[Network], Meta(max_length=MOST_NETWORKS)] | UnsetType = UNSET


async def read(reader: Reader, tenant: UUID) -> Policy:
    """The organisation's policy."""
    (row,) = await reader.rows(_READ, tenant)
    return Policy(**dict(row.items()))


def for_members(all_of_it: Policy) -> MemberPolicy:
    """What of a policy everybody may know."""
    return MemberPolicy(mfa=all_of_it.mfa, mfa_grace_days=all_of_it.mfa_grace_days)


async def change(act: Administrator, wanted: PolicyChange) -> Policy:
    """Change what is given; raises Invalid where the administrator would lock themselves out."""
    act.need("change_policy")
    old = await read(act.tx, act.tenant)
    given = {
        name: value
        for name in wanted.__struct_fields__
        if (value := getattr(wanted, name)) is not UNSET
    }
    new = msgspec.structs.replace(old, **given)
    if new.admin_networks != old.admin_networks:
        networks = checked_networks(new.admin_networks)
        if not inside(act.client.address, tuple(networks)):
            told = say(
                "must have one with your own address, %(address)s, or you are out",
                address=act.client.address,
            )
            raise Invalid({"admin_networks": told})
        new = msgspec.structs.replace(new, admin_networks=networks)
    if new == old:
        return old
    if new.mfa_grace_days == 0 and not (await enrolled(act.tx, act.person.user)).any:
        told = say("set up a second factor of your own first, or you could administer nothing")
        raise Invalid({"mfa_grace_days": told})
    await act.tx.execute(
        _CHANGE,
        act.tenant,
        new.mfa,
        new.mfa_grace_days,
        new.admin_networks,
    )
    await act.tx.execute(_ASK, act.tenant, new.mfa == "all", clock.now())
    act.tx.touch("members")
    await note(act.tx, "policy_changed", act.client, tenant=act.tenant, before=old, after=new)
    return new


async def ask_member(tx: Transaction, tenant: UUID, user: UUID) -> None:
    """Note from when on a member is asked for a second factor, after their role was set."""
    await tx.execute(_ASK_ONE, tenant, user, clock.now())


async def open_networks(tx: Transaction, tenant: UUID) -> tuple[str, list[str]]:
    """Let an organisation be administered from everywhere again; answers its name and networks."""
    row = await tx.row(_HOLD_NETWORKS, tenant)
    assert row is not None
    await tx.execute(_OPEN, tenant)
    tx.touch("members")
    return row["name"], list(row["admin_networks"])


def checked_networks(given: list[str]) -> list[str]:
    """Networks in their usual form, each once; raises Invalid naming the one that is none."""
    found: dict[str, None] = {}
    for place, text in enumerate(given):
        try:
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            told = say("must be an address or a network, like 203.0.113.0/24 or 2001:db8::/32")
            raise Invalid({f"admin_networks[{place}]": told}) from None
        found[str(_plain(network))] = None
    return list(found)


def _plain(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """An IPv4 network that was written as IPv6 (`::ffff:192.0.2.0/120`) as what it is."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ipaddress.ip_network((mapped, network.prefixlen - 96))
