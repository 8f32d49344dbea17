"""`tenfold user` and `tenfold api-key`: people, and the keys of their programs."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tenfold.cli.shell import Address, Organisation, User, run
from tenfold.cli.who import Who
from tenfold.kernel.errors import Invalid

Role = Literal["owner", "admin", "manager", "member", "read-only"]

user = App(name="user", help="The people of an organisation.")


@user.command(name="list")
def user_list(*, user: User, organisation: Organisation = "") -> int:
    """List the people of the organisation that this person belongs to."""
    from tenfold.cli.people import list_people

    return run(lambda settings: list_people(settings, Who(user, organisation), print))


@user.command
def add(
    email: Address,
    first_name: Annotated[str, Parameter(help="Needed for a person without an account.")] = "",
    last_name: Annotated[str, Parameter(help="Needed for a person without an account.")] = "",
    /,
    *,
    by: Annotated[str, Parameter(help="E-mail address of an owner or admin.")],
    organisation: Organisation = "",
    role: Annotated[Role, Parameter(help="What they may administer.", show_default=True)] = (
        "member"
    ),
    roles: Annotated[
        list[str] | None, Parameter(help="Role of a pack: agent, counselor …; repeatable.")
    ] = None,
) -> int:
    """Add a person to the organisation of who adds them; prints a first password."""
    from tenfold.accounts.organisation.members import NewMember
    from tenfold.cli.people import add_person

    new = NewMember(
        email=email,
        first_name=first_name or None,
        last_name=last_name or None,
        role=role,
        roles=roles or [],
    )
    return run(lambda settings: add_person(settings, Who(by, organisation), new, print))


@user.command
def password(
    email: Address,
    /,
    *,
    new: Annotated[
        str,
        Parameter(
            help="The password, or - to read it from the input; without it one is made.",
            allow_leading_hyphen=True,
        ),
    ] = "",
) -> int:
    """Give a person a new password: ends all their sessions and opens a locked account."""
    from tenfold.cli.people import set_password

    word = sys.stdin.readline().rstrip("\r\n") if new == "-" else new
    if new and not word:
        raise Invalid({"new": "is required: the input held no password"})
    return run(lambda settings: set_password(settings, email, word, print))


@user.command
def no_second_factor(email: Address, /) -> int:
    """Take away all second factors of a person who lost them; ends all their sessions."""
    from tenfold.cli.people import remove_factors

    return run(lambda settings: remove_factors(settings, email, print))


api_key = App(name="api-key", help="Keys by which programs use the API.")


@api_key.command
def create(
    name: Annotated[str, Parameter(help="What the key is for, as people will see it.")],
    /,
    *,
    user: User,
    scopes: Annotated[
        list[str], Parameter(help="lead:read, lead:write, *:read, admin, scim …; repeatable.")
    ],
    days: Annotated[int, Parameter(help="How long it is good for.", show_default=True)] = 90,
    service: Annotated[
        str, Parameter(help="Name or id of the service account that it is for, not the person.")
    ] = "",
    organisation: Organisation = "",
) -> int:
    """Make a key that acts as a person, or as a service account; it is printed once."""
    from tenfold.accounts.organisation.api_keys import NewApiKey
    from tenfold.cli.api_keys import make_key
    from tenfold.kernel.structs import convert

    body = {"name": name, "scopes": scopes, "expires_in_days": days}
    new, who = convert(body, NewApiKey), Who(user, organisation)
    return run(lambda settings: make_key(settings, who, new, service, print))


@api_key.command(name="list")
def api_key_list(*, user: User, organisation: Organisation = "") -> int:
    """List a person's keys, or all of the organisation where they are an owner or admin."""
    from tenfold.cli.api_keys import list_keys

    return run(lambda settings: list_keys(settings, Who(user, organisation), print))


@api_key.command
def revoke(
    prefix: Annotated[str, Parameter(help="The beginning by which it is known: tf_ and eight.")],
    /,
    *,
    user: User,
    organisation: Organisation = "",
) -> int:
    """End a key at once."""
    from tenfold.cli.api_keys import revoke_key

    return run(lambda settings: revoke_key(settings, Who(user, organisation), prefix, print))
