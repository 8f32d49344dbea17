"""What there is to administer: the sections by group, and the settings that each of them has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that is set or seen somewhere, with other words by which it is looked for."""

    label: str
    href: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A page of administration, what it is for, and what is found there."""

    label: str
    href: str
    icon: str
    text: str
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Sections about the same."""

    label: str
    sections: tuple[Section, ...]


GROUPS = (
    Group(
        "People",
        (
            Section(
                "People",
                "/admin/people",
                "users",
                "Who belongs here, with which role and team",
                (
                    Setting("Invite somebody", "/admin/people/invite", "add new member colleague"),
                    Setting("Invitations", "/admin/people/invitations", "pending letters"),
                ),
            ),
            Section("Teams", "/admin/teams", "workflow", "Who sees whose records together"),
            Section(
                "Roles",
                "/admin/roles",
                "user-cog",
                "What each role sees and does, field by field",
                (
                    Setting("New role", "/admin/roles/new", "permissions rights matrix grants"),
                    Setting("Hide a field from a role", "/admin/roles", "column read-only secret"),
                ),
            ),
            Section(
                "Sessions",
                "/admin/sessions",
                "monitor",
                "Who is signed in, and ending it",
                (Setting("Sign everybody out", "/admin/sessions", "end devices logout"),),
            ),
        ),
    ),
    Group(
        "Records",
        (
            Section(
                "Types and fields",
                "/admin/types",
                "layout-grid",
                "Your own fields and record types",
                (
                    Setting("Custom fields", "/admin/types", "add column property attribute"),
                    Setting("New record type", "/admin/types/new", "custom object table entity"),
                    Setting("Tags and their colours", "/tags", "labels words groups"),
                ),
            ),
            Section(
                "Pipelines",
                "/admin/pipelines",
                "square-kanban",
                "What stages are called, and when work is stuck",
                (Setting("Names and colours of stages", "/admin/pipelines", "status board moves"),),
            ),
        ),
    ),
    Group(
        "Programs",
        (
            Section(
                "Programs",
                "/admin/programs",
                "plug",
                "Service accounts and API keys",
                (
                    Setting("New API key", "/admin/programs/keys/new", "token integration"),
                    Setting("New service account", "/admin/programs/new", "robot bot"),
                ),
            ),
        ),
    ),
    Group(
        "Security",
        (
            Section(
                "Security",
                "/admin/security",
                "shield-check",
                "Second factors, networks, keys of secrets",
                (
                    Setting("Second factor for everybody", "/admin/security", "mfa 2fa policy"),
                    Setting("Networks of administration", "/admin/security", "ip address allow"),
                    Setting("Security events", "/admin/security/events", "log sign-in history"),
                    Setting("Audit log", "/admin/security/audit-log", "seals export chain"),
                ),
            ),
            Section(
                "Explain access",
                "/admin/explain",
                "circle-help",
                "Why somebody can, or can't, see something",
                (Setting("Why can't somebody see this", "/admin/explain", "permission denied"),),
            ),
        ),
    ),
    Group(
        "Installation",
        (
            Section(
                "Organisation",
                "/admin/organisation",
                "building-2",
                "Name, region, currency, packs, sample data",
                (
                    Setting("Time zone and currency", "/admin/organisation", "region locale money"),
                    Setting("Switch a pack off", "/admin/organisation", "modules hide"),
                    Setting("Remove the sample data", "/admin/organisation", "demo reset delete"),
                ),
            ),
            Section(
                "Jobs",
                "/admin/jobs",
                "list-checks",
                "What waits, runs and failed",
                (
                    Setting("Failed jobs", "/admin/jobs?which=failed", "queue dead retry error"),
                    Setting("Schedules", "/admin/jobs", "cron"),
                ),
            ),
            Section(
                "Health",
                "/admin/health",
                "activity",
                "Whether database, jobs and disk are well",
                (Setting("Version", "/admin/health", "status database disk worker mail"),),
            ),
        ),
    ),
)


def active(place: str) -> str:
    """The address of the section that a page belongs to; empty on the first page."""
    every = [one.href for group in GROUPS for one in group.sections]
    return max((one for one in every if _within(place, one)), key=len, default="")


def _within(place: str, href: str) -> bool:
    return place == href or place.startswith((f"{href}/", f"{href}-"))


def found(text: str) -> list[tuple[Setting, str]]:
    """The settings that have all the words, each with where it is."""
    words = text.casefold().split()
    if not words:
        return []
    every = [
        (setting, group.label, f"{setting.label} {setting.words} {group.label} {one.label}")
        for group in GROUPS
        for one in group.sections
        for setting in (Setting(one.label, one.href, one.text), *one.settings)
    ]
    return [
        (one, where)
        for one, where, names in every
        if all(word in names.casefold() for word in words)
    ]
