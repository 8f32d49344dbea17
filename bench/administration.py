"""What the pages of administration list, many times over: events, jobs, people, sessions."""

from __future__ import annotations

from uuid import UUID

from bench import filling, names
from bench.filling import Connection, Say

_ROWS_PER_PERSON = 10

# Spread over the 30 days that events are kept quickly readable; the audit chain takes in none of
# them, as it does with those that were there before it: sealing would run beside what is measured.
_EVENTS = """INSERT INTO tenfold.security_events
    (id, tenant_id, user_id, event_type, ip_address, detail, created_at, xid, seq)
SELECT bench.id(i, 60, at), $4, $5,
    (ARRAY['login_success', 'login_failed', 'logout', 'new_device', 'password_changed'])[1 + i % 5],
    '198.51.100.' || i % 250, '{}', at, NULL, NULL
FROM (SELECT i, now() - make_interval(secs => 2592000 * (1 - i::float8 / ($3 + 1))) AS at
      FROM generate_series($1::bigint, $2::bigint) AS i) g"""
# Finished within the 7 days that finished jobs are kept; one in a hundred failed.
_JOBS = """INSERT INTO jobs.job (tenant_id, id, actor_id, name, payload, state, attempt, lease,
    error, run_at, created_at, started_at, finished_at)
SELECT $4, bench.id(i, 61, at), $5, 'mail.send', '{}',
    CASE WHEN i % 100 = 0 THEN 'failed' ELSE 'completed' END, 1, 1,
    CASE WHEN i % 100 = 0 THEN 'The server did not answer.' ELSE '' END, at, at, at, at
FROM (SELECT i, now() - make_interval(secs => 518400 * (1 - i::float8 / ($3 + 1))) AS at
      FROM generate_series($1::bigint, $2::bigint) AS i) g"""
_USERS = """INSERT INTO tenfold.users (id, email, first_name, last_name, email_verified_at)
SELECT bench.id(i, 62, at), 'person' || i || '@example.com', f.name, l.name, now()
FROM (SELECT i, now() - make_interval(secs => 63000000 * (1 - i::float8 / ($3 + 1))) AS at
      FROM generate_series($1::bigint, $2::bigint) AS i) g
JOIN bench.first_names f ON f.n = bench.rank(i, 1, {first_names})
JOIN bench.last_names l ON l.n = bench.rank(i, 2, {last_names})"""
_MEMBERS = """INSERT INTO tenfold.members (tenant_id, user_id, role)
SELECT $1, id, 'member' FROM tenfold.users WHERE email LIKE 'person%@example.com'"""
_SESSIONS = """INSERT INTO tenfold.sessions
    (id, user_id, tenant_id, methods, ip_address, user_agent, created_at, expires_at)
SELECT gen_random_uuid(), id, $1, '{pwd}', '198.51.100.7', 'Mozilla/5.0 (X11; Linux) Firefox/140.0',
    now() - interval '1 hour', now() + interval '20 days'
FROM tenfold.users WHERE email LIKE 'person%@example.com'"""


async def fill(db: Connection, tenant: UUID, person: UUID, rows: int, say: Say) -> None:
    """So many events and jobs of the organisation, and a tenth as many people, signed in."""
    users = _USERS.format(first_names=names.FIRST_NAMES, last_names=names.LAST_NAMES)
    await filling.load(db, users, rows // _ROWS_PER_PERSON, "people", say)
    await db.execute(_MEMBERS, tenant)
    await db.execute(_SESSIONS, tenant)
    await filling.load(db, _EVENTS, rows, "security events", say, tenant, person)
    await filling.load(db, _JOBS, rows, "finished jobs", say, tenant, person)
