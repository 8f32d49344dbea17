"""What a directory sees of people and teams, and what it may write of them.

What it may write has models of its own: of anything else that it sends, such as telephone numbers,
nothing is taken, and nothing is refused.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from scim2_models import (
    CaseExact,
    ComplexAttribute,
    Mutability,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Uniqueness,
)
from scim2_models.urn import URN

MOST = 200
"""Resources in one answer."""
ROLES = ("admin", "manager", "read-only")
"""The organisation's roles that a directory gives; whoever has none of them is a plain member."""

# Entra's habits: https://learn.microsoft.com/entra/identity/app-provisioning/
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class Name(ComplexAttribute):
    """A person's name."""

    given_name: str | None = None
    """First name."""
    family_name: str | None = None
    """Last name."""


class Role(ComplexAttribute):
    """A role in the organisation, of a pack, or of the organisation's own making."""

    value: str | None = Field(None, examples=list(ROLES))
    """Name of the role."""


class WrittenRole(Role):
    """A role as Entra writes it, by `roles[primary eq "True"].value`."""

    primary: bool | None = None


class _Person(Resource[Any]):
    """What is written as it is read."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """E-mail address of the account, by which the person signs in."""
    name: Name | None = None
    """Name of the person."""
    active: bool | None = None
    """Whether they belong to the organisation; without it their sessions and keys end."""


class WrittenUser(_Person):
    """What of a person is taken."""

    roles: list[WrittenRole] | None = None


class Email(ComplexAttribute):
    """An e-mail address."""

    value: Annotated[str | None, Mutability.read_only] = None
    """The address, which is the userName."""
    type: Annotated[str | None, Mutability.read_only] = None
    """Always work."""
    primary: Annotated[bool | None, Mutability.read_only] = None
    """Always true."""


class Team(ComplexAttribute):
    """The team that a person is in."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """Id of the group."""
    ref: Annotated[Reference[Any] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Address of the group."""
    display: Annotated[str | None, Mutability.read_only] = None
    """Name of the team."""


class User(_Person):
    """A person of the organisation."""

    roles: list[Role] | None = None
    """What they may do; without any they are a plain member."""
    display_name: Annotated[str | None, Mutability.read_only] = None
    """First and last name."""
    emails: Annotated[list[Email] | None, Mutability.read_only] = None
    """The address of the account."""
    groups: Annotated[list[Team] | None, Mutability.read_only] = None
    """The team that the person is in."""


class WrittenMember(ComplexAttribute):
    """A person of a team, as directories name them."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    type: Annotated[str | None, Mutability.immutable] = None


class Member(ComplexAttribute):
    """A person of a team."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """Id of the user."""
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Address of the user."""
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    """Always User: teams within teams are arranged in Tenfold."""


class _Group(Resource[Any]):
    """What is written as it is read."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """Name of the team."""


class WrittenGroup(_Group):
    """What of a team is taken."""

    members: list[WrittenMember] | None = None


class Group(_Group):
    """A team: a person is in one at a time, and the team that took them in last has them."""

    members: list[Member] | None = None
    """Its people."""


CONFIG: dict[str, Any] = {
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": MOST},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": True},
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "API key",
            "description": "An API key of a service account with the scope scim.",
            "primary": True,
        }
    ],
}


def provider() -> ScimProvider:
    """What the service says of itself."""
    config = ServiceProviderConfig.model_validate(CONFIG)
    kinds = [ResourceType.from_resource(kind) for kind in (User, Group)]
    return ScimProvider([User, Group], kinds, config, POLICY)
