"""What there is to administer: the sections by group, and the settings that each of them has."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.kernel.language import mark, say


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
        mark("People"),
        (
            Section(
                mark("People"),
                "/admin/people",
                "users",
                mark("Who belongs here, with which role and team"),
                (
                    Setting(
                        mark("Invite somebody"), "/admin/people/invite", "add new member colleague"
                    ),
                    Setting(mark("Invitations"), "/admin/people/invitations", "pending letters"),
                ),
            ),
            Section(
                mark("Teams"), "/admin/teams", "workflow", mark("Who sees whose records together")
            ),
            Section(
                mark("Roles"),
                "/admin/roles",
                "user-cog",
                mark("What each role sees and does, field by field"),
                (
                    Setting(
                        mark("New role"), "/admin/roles/new", "permissions rights matrix grants"
                    ),
                    Setting(
                        mark("Hide a field from a role"), "/admin/roles", "column read-only secret"
                    ),
                ),
            ),
            Section(
                mark("Sessions"),
                "/admin/sessions",
                "monitor",
                mark("Who is signed in, and ending it"),
                (Setting(mark("Sign everybody out"), "/admin/sessions", "end devices logout"),),
            ),
        ),
    ),
    Group(
        mark("Records"),
        (
            Section(
                mark("Types and fields"),
                "/admin/types",
                "layout-grid",
                mark("Your own fields and record types"),
                (
                    Setting(mark("Custom fields"), "/admin/types", "add column property attribute"),
                    Setting(
                        mark("New record type"), "/admin/types/new", "custom object table entity"
                    ),
                ),
            ),
            Section(
                mark("Tags"),
                "/admin/tags",
                "tags",
                mark("What is in use, renamed, merged and taken off"),
                (
                    Setting(mark("Merge tags"), "/admin/tags", "rename delete labels words"),
                    Setting(mark("Tags and their colours"), "/tags", "labels words groups"),
                ),
            ),
            Section(
                mark("Pipelines"),
                "/admin/pipelines",
                "square-kanban",
                mark("What stages are called, and when work is stuck"),
                (
                    Setting(
                        mark("Names and colours of stages"),
                        "/admin/pipelines",
                        "status board moves",
                    ),
                ),
            ),
        ),
    ),
    Group(
        mark("Programs"),
        (
            Section(
                mark("Programs"),
                "/admin/programs",
                "plug",
                mark("Service accounts and API keys"),
                (
                    Setting(mark("New API key"), "/admin/programs/keys/new", "token integration"),
                    Setting(mark("New service account"), "/admin/programs/new", "robot bot"),
                ),
            ),
        ),
    ),
    Group(
        mark("Security"),
        (
            Section(
                mark("Security"),
                "/admin/security",
                "shield-check",
                mark("Second factors, networks, keys of secrets"),
                (
                    Setting(
                        mark("Second factor for everybody"), "/admin/security", "mfa 2fa policy"
                    ),
                    Setting(
                        mark("Networks of administration"), "/admin/security", "ip address allow"
                    ),
                    Setting(
                        mark("Security events"), "/admin/security/events", "log sign-in history"
                    ),
                    Setting(mark("Audit log"), "/admin/security/audit-log", "seals export chain"),
                ),
            ),
            Section(
                mark("Explain access"),
                "/admin/explain",
                "circle-help",
                mark("Why somebody can, or can't, see something"),
                (
                    Setting(
                        mark("Why can't somebody see this"), "/admin/explain", "permission denied"
                    ),
                ),
            ),
        ),
    ),
    Group(
        mark("Installation"),
        (
            Section(
                mark("Organisation"),
                "/admin/organisation",
                "building-2",
                mark("Name, region, currency, packs, sample data"),
                (
                    Setting(
                        mark("Time zone and currency"), "/admin/organisation", "region locale money"
                    ),
                    Setting(mark("Switch a pack off"), "/admin/organisation", "modules hide"),
                    Setting(
                        mark("Remove the sample data"), "/admin/organisation", "demo reset delete"
                    ),
                ),
            ),
            Section(
                mark("Jobs"),
                "/admin/jobs",
                "list-checks",
                mark("What waits, runs and failed"),
                (
                    Setting(
                        mark("Failed jobs"), "/admin/jobs?which=failed", "queue dead retry error"
                    ),
                    Setting(mark("Schedules"), "/admin/jobs", "cron"),
                ),
            ),
            Section(
                mark("Health"),
                "/admin/health",
                "activity",
                mark("Whether database, jobs and disk are well"),
                (Setting(mark("Version"), "/admin/health", "status database disk worker mail"),),
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
        (
            setting,
            group.label,
            " ".join(
                [say(setting.label), setting.label, setting.words, say(group.label), say(one.label)]
            ),
        )
        for group in GROUPS
        for one in group.sections
        for setting in (Setting(one.label, one.href, one.text), *one.settings)
    ]
    return [
        (one, where)
        for one, where, names in every
        if all(word in names.casefold() for word in words)
    ]
