"""Every statement of the queue, named; each that settles a job is fenced by its lease."""

# Times are written by clock_timestamp() and compared with statement_timestamp(): PostgreSQL uses
# an index only for the latter, and now() stands still in a long transaction.

from __future__ import annotations

# ── what callers do ────────────────────────────────────────────────────────────────────────────

# The payload travels as text so that it does not depend on the connection's JSON codec.
ENQUEUE = """
INSERT INTO jobs.job (tenant_id, id, actor_id, name, key, payload, rank, ready, run_at)
SELECT $1, $2, $3, $4, $5, $6::text::jsonb, $7, $8::float8 <= 0,
       clock_timestamp() + make_interval(secs => $8)
ON CONFLICT (tenant_id, name, key)
    WHERE key IS NOT NULL AND state IN ('pending', 'processing')
    DO NOTHING
RETURNING id
"""

ENQUEUE_MANY = """
INSERT INTO jobs.job (tenant_id, id, actor_id, name, payload, rank, ready, run_at)
SELECT $1, many.id, $3, $4, many.payload::jsonb, $6, $7::float8 <= 0,
       clock_timestamp() + make_interval(secs => $7)
FROM unnest($2::uuid[], $5::text[]) AS many (id, payload)
"""

UNFINISHED_WITH_KEY = """
SELECT id FROM jobs.job
WHERE tenant_id = $1 AND name = $2 AND key = $3 AND state IN ('pending', 'processing')
"""

_SHOWN = """
SELECT id, name, state, attempt, done, total, note, error, cancelling, actor_id,
       created_at, run_at, started_at, finished_at
FROM jobs.job
"""

STATUS = _SHOWN + "WHERE tenant_id = $1 AND id = $2"
STATUSES = _SHOWN + "WHERE tenant_id = $1 AND id = ANY ($2)"

LISTING = (
    _SHOWN
    + """
WHERE tenant_id = $1 AND id < $2
  AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR name = $4)
ORDER BY id DESC LIMIT $5
"""
)

# Apart from LISTING, so that the planner sees the partial index of the dead letters.
LISTING_FAILED = (
    _SHOWN
    + """
WHERE tenant_id = $1 AND id < $2 AND state = 'failed' AND ($3::text IS NULL OR name = $3)
ORDER BY id DESC LIMIT $4
"""
)

# In parts, so that each is read by the partial index of its state: jobs that are done are never
# looked at, however many there are.
UNFINISHED = f"""
SELECT * FROM (
    ({_SHOWN} WHERE tenant_id = $1 AND id < $2 AND state = 'pending' AND ready
        AND ($3::text IS NULL OR name = $3) ORDER BY id DESC LIMIT $4)
    UNION ALL
    ({_SHOWN} WHERE tenant_id = $1 AND id < $2 AND state = 'pending' AND NOT ready
        AND ($3::text IS NULL OR name = $3) ORDER BY id DESC LIMIT $4)
    UNION ALL
    ({_SHOWN} WHERE tenant_id = $1 AND id < $2 AND state = 'processing'
        AND ($3::text IS NULL OR name = $3) ORDER BY id DESC LIMIT $4)
) AS unfinished ORDER BY id DESC LIMIT $4
"""  # noqa: S608 - put together from constants

SCHEDULES = "SELECT name, cron, zone, next_at, last_at FROM jobs.schedule ORDER BY name"

RETRY = """
UPDATE jobs.job j
SET state = 'pending', ready = true, run_at = clock_timestamp(), attempt = 0,
    cancelling = false, started_at = NULL, finished_at = NULL
WHERE tenant_id = $1 AND id = $2 AND state IN ('failed', 'cancelled')
  AND NOT EXISTS (
    SELECT FROM jobs.job o
    WHERE o.tenant_id = $1 AND o.name = j.name AND o.key = j.key
      AND o.state IN ('pending', 'processing'))
RETURNING id
"""

CANCEL = """
UPDATE jobs.job
SET state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END,
    cancelling = true,
    finished_at = CASE WHEN state = 'pending' THEN clock_timestamp() END
WHERE tenant_id = $1 AND id = $2 AND state IN ('pending', 'processing')
RETURNING state
"""

# Each part is read by the index that holds it alone; what is completed does not slow it.
BACKLOG = """
SELECT ready.number AS ready, waiting.number AS waiting, processing.number AS processing,
       coalesce(extract(epoch FROM clock_timestamp() - least(ready.since, waiting.since)),
                0)::float8 AS lag
FROM (SELECT count(*) AS number, min(run_at) FILTER (WHERE run_at <= clock_timestamp()) AS since
      FROM jobs.job WHERE state = 'pending' AND ready) ready,
     (SELECT count(*) AS number, min(run_at) FILTER (WHERE run_at <= clock_timestamp()) AS since
      FROM jobs.job WHERE state = 'pending' AND NOT ready) waiting,
     (SELECT count(*) AS number FROM jobs.job WHERE state = 'processing') processing
"""

# ── what a job does ────────────────────────────────────────────────────────────────────────────

COMPLETE = """
UPDATE jobs.job
SET state = 'completed', error = '', worker_id = NULL, finished_at = clock_timestamp()
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state = 'processing' AND NOT cancelling
RETURNING id
"""

PUT_OFF = """
UPDATE jobs.job
SET run_at = clock_timestamp() + make_interval(secs => $3), ready = false,
    done = $4, total = $5, note = $6
WHERE tenant_id = $1 AND id = $2 AND state = 'pending' AND NOT cancelling
RETURNING true
"""

DROP = """
UPDATE jobs.job
SET state = 'completed', finished_at = clock_timestamp()
WHERE tenant_id = $1 AND id = $2 AND state = 'pending'
RETURNING true
"""

STEP = """
UPDATE jobs.job SET done = $4, total = $5, note = $6
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state = 'processing' AND NOT cancelling
RETURNING id
"""

PROGRESS = """
UPDATE jobs.job SET done = $4, total = $5, note = $6
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state = 'processing'
RETURNING cancelling
"""

IS_CANCELLING = """
SELECT cancelling FROM jobs.job
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state = 'processing'
"""

# ── what the worker does ───────────────────────────────────────────────────────────────────────

# $1 names, $2 how many, $3 the tenant served last, $4 tenants with running jobs here and $5 how
# many each, $6 most jobs of one tenant here, $7 worker.
# `turn` walks the index from group to group (rank, tenant) without reading the jobs between:
# within a rank first the tenants after the one served last, then (lap 1) those up to it.
# A row with `real` false only opens the next rank. A tenant at its limit is passed over.
CLAIM = """
WITH RECURSIVE
running AS MATERIALIZED (
    SELECT r.tenant_id, r.jobs FROM unnest($4::uuid[], $5::int[]) AS r (tenant_id, jobs)
),
turn (rank, lap, tenant_id, n, real) AS (
    (SELECT j.rank, 0, $3::uuid, 0, false
     FROM jobs.job j WHERE j.state = 'pending' AND j.ready AND j.name = ANY($1::text[])
     ORDER BY j.rank, j.tenant_id, j.run_at, j.id LIMIT 1)
    UNION ALL
    SELECT next.rank, next.lap, next.tenant_id,
           turn.n + (next.real AND NOT EXISTS (
               SELECT FROM running r WHERE r.tenant_id = next.tenant_id AND r.jobs >= $6))::int,
           next.real
    FROM turn CROSS JOIN LATERAL (
        (SELECT 1 AS way, j.rank, turn.lap, j.tenant_id, true AS real FROM jobs.job j
         WHERE j.state = 'pending' AND j.ready AND j.name = ANY($1::text[])
           AND j.rank = turn.rank AND j.tenant_id > turn.tenant_id
           AND (turn.lap = 0 OR j.tenant_id <= $3::uuid)
         ORDER BY j.tenant_id, j.run_at, j.id LIMIT 1)
        UNION ALL
        (SELECT 2, j.rank, 1, j.tenant_id, true FROM jobs.job j
         WHERE turn.lap = 0 AND j.state = 'pending' AND j.ready AND j.name = ANY($1::text[])
           AND j.rank = turn.rank AND j.tenant_id <= $3::uuid
         ORDER BY j.tenant_id, j.run_at, j.id LIMIT 1)
        UNION ALL
        (SELECT 3, j.rank, 0, $3::uuid, false FROM jobs.job j
         WHERE j.state = 'pending' AND j.ready AND j.name = ANY($1::text[])
           AND j.rank > turn.rank
         ORDER BY j.rank, j.tenant_id, j.run_at, j.id LIMIT 1)
        ORDER BY way LIMIT 1
    ) AS next
    WHERE turn.n < $2::int
),
served AS (
    SELECT t.rank, t.tenant_id, t.n,
           least(ceil($2::numeric / count(*) OVER (PARTITION BY t.rank))::int,
                 $6::int - coalesce(r.jobs, 0)) AS quota
    FROM turn t LEFT JOIN running r USING (tenant_id)
    WHERE t.real AND coalesce(r.jobs, 0) < $6
),
locked AS MATERIALIZED (
    SELECT s.rank, s.n, c.tenant_id, c.id, c.run_at
    FROM served s CROSS JOIN LATERAL (
        SELECT j.tenant_id, j.id, j.run_at FROM jobs.job j
        WHERE j.state = 'pending' AND j.ready AND j.name = ANY($1::text[])
          AND j.rank = s.rank AND j.tenant_id = s.tenant_id
        ORDER BY j.run_at, j.id LIMIT s.quota
        FOR UPDATE SKIP LOCKED
    ) AS c
),
chosen AS (
    SELECT l.tenant_id, l.id, l.n FROM locked l
    ORDER BY l.rank,
             row_number() OVER (PARTITION BY l.rank, l.tenant_id ORDER BY l.run_at, l.id), l.n
    LIMIT $2::int
)
UPDATE jobs.job j
SET state = 'processing', attempt = j.attempt + 1, lease = j.lease + 1, worker_id = $7,
    started_at = clock_timestamp()
FROM chosen WHERE j.tenant_id = chosen.tenant_id AND j.id = chosen.id
RETURNING j.tenant_id, j.id, j.actor_id, j.name, j.payload::text AS payload, j.attempt, j.lease,
          j.done, j.total, chosen.n
"""

PROMOTE = """
UPDATE jobs.job j SET ready = true
FROM (
    SELECT tenant_id, id FROM jobs.job
    WHERE state = 'pending' AND NOT ready AND run_at <= statement_timestamp()
    ORDER BY run_at LIMIT 500 FOR UPDATE SKIP LOCKED
) AS due
WHERE j.tenant_id = due.tenant_id AND j.id = due.id
"""

BEAT = """
WITH beat AS (
    INSERT INTO jobs.worker (id, until)
    VALUES ($1, clock_timestamp() + make_interval(secs => $2))
    ON CONFLICT (id) DO UPDATE SET until = excluded.until
)
SELECT tenant_id, id, lease, cancelling FROM jobs.job
WHERE worker_id = $1 AND state = 'processing'
"""

# The first time a job comes back at once. If its workers keep dying, it is spread over time, so
# that the neighbours of a job that kills its worker don't share all of its attempts.
RETAKE = """
UPDATE jobs.job j
SET state = CASE WHEN cancelling THEN 'cancelled' ELSE 'pending' END,
    ready = attempt <= 1,
    run_at = clock_timestamp() + make_interval(secs => $1 * greatest(attempt - 1, 0) * random()),
    worker_id = NULL,
    error = 'The worker died or lost touch during attempt ' || attempt || '.',
    finished_at = CASE WHEN cancelling THEN clock_timestamp() END
FROM (
    SELECT k.tenant_id, k.id FROM jobs.job k
    WHERE k.state = 'processing' AND NOT EXISTS (
        SELECT FROM jobs.worker w WHERE w.id = k.worker_id AND w.until > statement_timestamp())
    LIMIT 1000 FOR UPDATE OF k SKIP LOCKED
) AS stale
WHERE j.tenant_id = stale.tenant_id AND j.id = stale.id
RETURNING j.tenant_id, j.id
"""

FINISH = """
UPDATE jobs.job
SET state = CASE WHEN cancelling THEN 'cancelled' ELSE 'completed' END,
    error = '', worker_id = NULL, finished_at = clock_timestamp()
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state = 'processing'
"""

# $4 the error, $5 seconds until the next attempt, or null after the last one.
FAIL = """
UPDATE jobs.job
SET state = CASE WHEN cancelling THEN 'cancelled' WHEN $5::float8 IS NULL THEN 'failed'
            ELSE 'pending' END,
    ready = false, error = $4, worker_id = NULL,
    run_at = clock_timestamp() + make_interval(secs => coalesce($5, 0)),
    finished_at = CASE WHEN cancelling OR $5 IS NULL THEN clock_timestamp() END
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state = 'processing'
"""

# An attempt that was put off or handed back is not counted.
LATER = """
UPDATE jobs.job
SET state = CASE WHEN cancelling THEN 'cancelled' ELSE 'pending' END,
    ready = $4::float8 <= 0, attempt = attempt - 1, worker_id = NULL,
    run_at = clock_timestamp() + make_interval(secs => $4),
    finished_at = CASE WHEN cancelling THEN clock_timestamp() END
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND state = 'processing'
"""

LEAVE = "DELETE FROM jobs.worker WHERE id = $1"

TIDY = """
DELETE FROM jobs.job j USING (
    SELECT tenant_id, id FROM jobs.job
    WHERE state IN ('completed', 'failed', 'cancelled')
      AND finished_at < statement_timestamp()
          - make_interval(days => CASE WHEN state = 'failed' THEN $2::int ELSE $1::int END)
    ORDER BY finished_at LIMIT 5000 FOR UPDATE SKIP LOCKED
) AS old
WHERE j.tenant_id = old.tenant_id AND j.id = old.id
"""

TIDY_WORKERS = "DELETE FROM jobs.worker WHERE until < statement_timestamp() - interval '1 day'"

# ── schedules ──────────────────────────────────────────────────────────────────────────────────

NOW = "SELECT clock_timestamp()"

DECLARE = """
INSERT INTO jobs.schedule AS s (name, cron, zone, next_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE
SET cron = excluded.cron, zone = excluded.zone, next_at = excluded.next_at
WHERE (s.cron, s.zone) IS DISTINCT FROM (excluded.cron, excluded.zone)
"""

# The row lock makes one worker fire it; the others pass by and later find next_at moved on.
# A worker that still has another cron line (an older release) leaves it alone.
DUE = """
SELECT s.name, clock_timestamp() AS now FROM jobs.schedule s
JOIN unnest($1::text[], $2::text[], $3::text[]) AS mine (name, cron, zone)
  USING (name, cron, zone)
WHERE s.next_at <= statement_timestamp()
FOR UPDATE OF s SKIP LOCKED
"""

FIRED = "UPDATE jobs.schedule SET last_at = next_at, next_at = $2 WHERE name = $1"
