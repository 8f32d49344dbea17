"""Organisations and their people, made by the owner of the tables as sign-up would make them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from tenfold.accounts.identity.tokens import Tokens
from tenfold.kernel.ids import new_id

Owner = asyncpg.Connection  # a connection as the owner of the tables, past row security


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of an organisation who is signed in."""

    id: UUID
    tenant: UUID
    session: UUID
    role: str
    roles: tuple[str, ...]
    team: UUID | None
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that signs their requests."""
        return {"authorization": f"Bearer {self.token}"}


@dataclass(slots=True)
class Organisation:
    """A tenant with two teams; its people are made when they are first asked for."""

    owner: Owner
    tokens: Tokens
    id: UUID
    team: UUID
    other_team: UUID
    _people: dict[object, Somebody] = field(default_factory=dict)

    async def person(
        self,
        role: str = "member",
        roles: Iterable[str] = (),
        *,
        team: UUID | None = None,
        name: str = "",
    ) -> Somebody:
        """The person with these roles and this team; another `name` is another person."""
        key = (role, tuple(sorted(roles)), team, name)
        if key not in self._people:
            self._people[key] = await self._join(role, key[1], team)
        return self._people[key]

    async def _join(self, role: str, roles: tuple[str, ...], team: UUID | None) -> Somebody:
        user, session = new_id(), new_id()
        email = f"{user.hex}@example.com"
        await self.owner.execute(
            "INSERT INTO tenfold.users (id, email, first_name, last_name, email_verified_at) "
            "VALUES ($1, $2, $3, $4, now())",
            user,
            email,
            "Robin",
            role,
        )
        await self.owner.execute(
            "INSERT INTO tenfold.members (tenant_id, user_id, role, roles, team_id) "
            "VALUES ($1, $2, $3, $4, $5)",
            self.id,
            user,
            role,
            list(roles),
            team,
        )
        await self.owner.execute(
            "INSERT INTO tenfold.sessions (id, user_id, tenant_id, methods, expires_at) "
            "VALUES ($1, $2, $3, '{pwd}', now() + interval '7 days')",
            session,
            user,
            self.id,
        )
        await self.owner.execute(
            "INSERT INTO tenfold.refresh_tokens (id, family_id, user_id, tenant_id, token_hash, "
            "client_hash, expires_at) VALUES ($1, $1, $2, $3, $4, '', now() + interval '7 days')",
            session,
            user,
            self.id,
            session.bytes,
        )
        token = self.tokens.sign(user, self.id, session)
        return Somebody(user, self.id, session, role, roles, team, email, token)


async def organisation(owner: Owner, tokens: Tokens, name: str = "An organisation") -> Organisation:
    """A new organisation with two teams and nobody in them yet."""
    made = Organisation(owner, tokens, new_id(), new_id(), new_id())
    await owner.execute("INSERT INTO tenfold.tenants (id, name) VALUES ($1, $2)", made.id, name)
    for team, label in ((made.team, "One"), (made.other_team, "Two")):
        await owner.execute(
            "INSERT INTO tenfold.teams (tenant_id, id, name) VALUES ($1, $2, $3)",
            made.id,
            team,
            label,
        )
    return made
