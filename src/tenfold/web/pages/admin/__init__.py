"""The pages by which an organisation is administered, for its owners and admins."""

from __future__ import annotations

from tenfold.web.pages.admin import (
    audit_log,
    events,
    explaining,
    fields,
    health,
    invitations,
    jobs,
    organisation,
    people,
    person,
    pipelines,
    policy,
    program_keys,
    programs,
    role_fields,
    roles,
    sessions,
    start,
    teams,
    types,
)

HANDLERS = [
    *start.HANDLERS,
    *people.HANDLERS,
    *invitations.HANDLERS,
    *person.HANDLERS,
    *teams.HANDLERS,
    *roles.HANDLERS,
    *role_fields.HANDLERS,
    *types.HANDLERS,
    *fields.HANDLERS,
    *pipelines.HANDLERS,
    *sessions.HANDLERS,
    *organisation.HANDLERS,
    *jobs.HANDLERS,
    *health.HANDLERS,
    *policy.HANDLERS,
    *events.HANDLERS,
    *audit_log.HANDLERS,
    *programs.HANDLERS,
    *program_keys.HANDLERS,
    *explaining.HANDLERS,
]
