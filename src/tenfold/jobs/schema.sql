-- The job queue. Outside of row security and of the change log: every statement of
-- tenfold.jobs names its tenant, and only the worker reads across tenants.
-- Roles that may use it are named in the setting jobs.roles ('tenfold_app,tenfold_jobs').

CREATE SCHEMA IF NOT EXISTS jobs;

CREATE TABLE IF NOT EXISTS jobs.job (
    tenant_id   uuid        NOT NULL,
    id          uuid        NOT NULL,
    actor_id    uuid,
    name        text        NOT NULL,
    key         text,
    payload     jsonb       NOT NULL,
    state       text        NOT NULL DEFAULT 'pending'
                CHECK (state IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    -- False until run_at has come, so that a claim never walks over jobs that still wait.
    ready       boolean     NOT NULL DEFAULT true,
    -- The priority negated: the index is then read forwards in the order of claiming.
    rank        smallint    NOT NULL DEFAULT 0,
    run_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempt     smallint    NOT NULL DEFAULT 0,
    -- Rises with every claim: only the holder of the latest number may settle the job.
    lease       integer     NOT NULL DEFAULT 0,
    worker_id   uuid,
    cancelling  boolean     NOT NULL DEFAULT false,
    done        bigint      NOT NULL DEFAULT 0,
    total       bigint,
    note        text        NOT NULL DEFAULT '',
    error       text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at  timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05,
    autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX IF NOT EXISTS job_claim ON jobs.job (rank, tenant_id, run_at, id)
    WHERE state = 'pending' AND ready;
CREATE INDEX IF NOT EXISTS job_wait ON jobs.job (run_at)
    WHERE state = 'pending' AND NOT ready;
CREATE INDEX IF NOT EXISTS job_held ON jobs.job (worker_id)
    WHERE state = 'processing';
CREATE INDEX IF NOT EXISTS job_failed ON jobs.job (tenant_id, id)
    WHERE state = 'failed';
CREATE INDEX IF NOT EXISTS job_finished ON jobs.job (finished_at)
    WHERE state IN ('completed', 'failed', 'cancelled');
CREATE UNIQUE INDEX IF NOT EXISTS job_key ON jobs.job (tenant_id, name, key)
    WHERE key IS NOT NULL AND state IN ('pending', 'processing');

-- One row per worker, not one per job, carries the heartbeat: a beat is one small update.
CREATE TABLE IF NOT EXISTS jobs.worker (
    id         uuid        PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until      timestamptz NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

CREATE TABLE IF NOT EXISTS jobs.schedule (
    name    text        PRIMARY KEY,
    cron    text        NOT NULL,
    zone    text        NOT NULL,
    next_at timestamptz NOT NULL,
    last_at timestamptz
);

DO $grants$
DECLARE
    role text;
BEGIN
    FOR role IN
        SELECT btrim(r) FROM unnest(string_to_array(current_setting('jobs.roles', true), ',')) AS r
        WHERE btrim(r) <> ''
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA jobs TO %I', role);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO %I', role);
    END LOOP;
END
$grants$;
