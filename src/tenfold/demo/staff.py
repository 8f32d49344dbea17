"""The people of the demo organisation, their teams and roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from tenfold.db.database import Transaction
from tenfold.engine.access import Person

NAME = "Tenfold Demo"
# The organisation's id is the same everywhere, by which a second run finds it.
TENANT = UUID("01900000-0000-7000-8000-00000000de30")
EMAIL, PASSWORD = "demo@example.com", "quiet-heron-lantern"  # shown to everybody

_NEW_TENANT = """INSERT INTO tenfold.tenants (id, name, region, currency, timezone)
VALUES ($1, $2, 'US', 'USD', 'America/Los_Angeles') ON CONFLICT (id) DO NOTHING RETURNING id"""
_NEW_TEAM = "INSERT INTO tenfold.teams (tenant_id, id, name, parent_id) VALUES ($1, $2, $3, $4)"
_NEW_USER = """INSERT INTO tenfold.users (id, email, first_name, last_name, password_hash,
email_verified_at) VALUES ($1, $2, $3, $4, $5, now())
ON CONFLICT (email) DO UPDATE SET email = excluded.email RETURNING id"""
_NEW_MEMBER = """INSERT INTO tenfold.members (tenant_id, user_id, role, roles, team_id)
VALUES ($1, $2, $3, $4, $5)"""

# Team → the team above it.
TEAMS: dict[str, str] = {
    "Sales": "",
    "Brokerage": "",
    "North office": "Brokerage",
    "South office": "Brokerage",
    "Career centre": "",
    "Card studio": "",
    "Collectors": "",
}


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody of the demo organisation: organisation role, pack roles, team."""

    first: str
    last: str
    role: str
    roles: tuple[str, ...] = ()
    team: str = ""
    email: str = ""

    @property
    def address(self) -> str:
        """Their e-mail address."""
        return self.email or f"{self.first}.{self.last}@example.com".lower()


EMPLOYEES: Sequence[Employee] = (
    Employee("Amara", "Okafor", "owner", email=EMAIL),
    Employee("Henrik", "Lund", "admin"),
    Employee("Priya", "Raman", "manager", team="Sales"),
    Employee("Diego", "Salas", "member", ("team_lead",), "Sales"),
    Employee("Hana", "Mori", "member", (), "Sales"),
    Employee("Tom", "Ashby", "member", (), "Sales"),
    Employee("Ruth", "Feldman", "member", ("broker",), "Brokerage"),
    Employee("Marcus", "Bell", "member", ("team_lead",), "North office"),
    Employee("Lucia", "Ferrer", "member", ("agent",), "North office"),
    Employee("Wei", "Tan", "member", ("agent",), "North office"),
    Employee("Nadia", "Haddad", "member", ("team_lead",), "South office"),
    Employee("Jakub", "Novak", "member", ("agent",), "South office"),
    Employee("Grace", "Mbeki", "member", ("agent",), "South office"),
    Employee("Olga", "Petrova", "member", ("coordinator",), "Brokerage"),
    Employee("Samuel", "Green", "member", ("counselor",), "Career centre"),
    Employee("Linh", "Pham", "member", ("counselor",), "Career centre"),
    Employee("Fatima", "Zahra", "member", ("counselor",), "Career centre"),
    Employee("Ben", "Carter", "member", ("recruiter_relations",), "Career centre"),
    Employee("Ines", "Moreau", "member", ("front_desk",), "Career centre"),
    Employee("Kenji", "Abe", "member", ("drop_manager",), "Card studio"),
    Employee("Robin", "Sand", "member", ("collector",), "Collectors"),
    Employee("Ayo", "Bello", "member", ("collector",), "Collectors"),
    Employee("Mia", "Lindgren", "member", ("collector",), "Collectors"),
    Employee("Noor", "Karim", "member", ("collector",), "Collectors"),
    Employee("Teo", "Vargas", "member", ("collector",), "Collectors"),
    Employee("Isla", "Fraser", "member", ("collector",), "Collectors"),
    Employee("Victor", "Hale", "read-only"),
)


@dataclass(frozen=True, slots=True)
class Staff:
    """The organisation's people by what they do."""

    people: Sequence[tuple[Employee, Person]] = field(default_factory=list[tuple[Employee, Person]])

    @property
    def owner(self) -> Person:
        """Who made the organisation."""
        return self.people[0][1]

    def of_role(self, *roles: str) -> list[Person]:
        """The people with any of these pack roles."""
        return [person for one, person in self.people if set(roles) & set(one.roles)]

    def of_team(self, *teams: str) -> list[Person]:
        """The people of these teams."""
        return [person for one, person in self.people if one.team in teams]

    def name(self, person: Person) -> str:
        """What somebody is called."""
        return next(f"{e.first} {e.last}" for e, p in self.people if p.user == person.user)


def identity(name: str) -> UUID:
    """The id of a team or a person of the demo organisation, always the same."""
    return uuid5(TENANT, name)


async def hire(tx: Transaction, password_hash: str) -> Staff | None:
    """Make the organisation, its teams and its people; None where it is there already."""
    if await tx.value(_NEW_TENANT, TENANT, NAME) is None:
        return None
    for team, above in TEAMS.items():
        parent = identity(above) if above else None
        await tx.execute(_NEW_TEAM, TENANT, identity(team), team, parent)
    people: list[tuple[Employee, Person]] = []
    for one in EMPLOYEES:
        # An account of this address may be there from before; it then joins with its own password.
        user = await tx.value(
            _NEW_USER, identity(one.address), one.address, one.first, one.last, password_hash
        )
        team = identity(one.team) if one.team else None
        await tx.execute(_NEW_MEMBER, TENANT, user, one.role, list(one.roles), team)
        people.append((one, _person(user, one)))
    tx.touch("members")
    return Staff(people)


def _person(user: UUID, one: Employee) -> Person:
    team = identity(one.team) if one.team else None
    below = [identity(name) for name, above in TEAMS.items() if one.team and above == one.team]
    teams = (*([team] if team else []), *below)
    return Person(
        user=user,
        tenant=TENANT,
        role=one.role,
        roles=frozenset(one.roles),
        teams=teams,
        team=team,
    )
