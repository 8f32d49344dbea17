SET LOCAL lock_timeout = '5s';

-- What every installation has before any record type: tenants, people, versions, the change log.
-- :app and :tail are the roles that the application and the log's reader connect as.
-- Run by the first migration, as the owner of all tables.

CREATE TABLE tenfold.tenants (
    id          uuid PRIMARY KEY,
    name        text NOT NULL,
    region      text NOT NULL DEFAULT 'US',
    currency    text NOT NULL DEFAULT 'USD',
    timezone    text NOT NULL DEFAULT 'UTC',
    packs       text[] NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tenfold.users (
    id             uuid PRIMARY KEY,
    email          text COLLATE "C" NOT NULL,
    first_name     text NOT NULL,
    last_name      text NOT NULL,
    password_hash  text,
    active         boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON tenfold.users (email);

-- A person of an organisation: one organisation role, any number of pack roles and teams.
CREATE TABLE tenfold.members (
    tenant_id   uuid NOT NULL,
    user_id     uuid NOT NULL,
    role        text NOT NULL,
    roles       text[] NOT NULL DEFAULT '{}',
    team_id     uuid,
    active      boolean NOT NULL DEFAULT true,
    -- Since when the organisation may know their name: null until somebody whose account was
    -- there before has signed in to it.
    known_at    timestamptz DEFAULT now(),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX members_user ON tenfold.members (user_id);

CREATE TABLE tenfold.teams (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    name        text NOT NULL,
    parent_id   uuid,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX teams_name ON tenfold.teams (tenant_id, lower(name));

-- Roles of a tenant's own: grants by record type, the same form as a declaration's `access`.
CREATE TABLE tenfold.roles (
    tenant_id   uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    grants      jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE tenfold.refresh_tokens (
    id          uuid PRIMARY KEY,
    family_id   uuid NOT NULL,
    user_id     uuid NOT NULL,
    tenant_id   uuid NOT NULL,
    token_hash  bytea NOT NULL,
    client_hash bytea NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    replaced_by uuid,
    revoked_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX refresh_tokens_hash ON tenfold.refresh_tokens (token_hash);
CREATE INDEX refresh_tokens_family ON tenfold.refresh_tokens (family_id);
CREATE INDEX refresh_tokens_user ON tenfold.refresh_tokens (user_id, expires_at);
CREATE INDEX refresh_tokens_age ON tenfold.refresh_tokens (expires_at);

-- Failed sign-ins by a keyed hash of the address typed, so that unknown accounts lock like known ones.
CREATE TABLE tenfold.sign_in_failures (
    account_hash  bytea PRIMARY KEY,
    failures      int NOT NULL DEFAULT 0,
    locks         int NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    at            timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tenfold.security_events (
    id          uuid PRIMARY KEY,
    tenant_id   uuid,
    user_id     uuid,
    event_type  text COLLATE "C" NOT NULL,
    ip_address  text,
    detail      jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX security_events_tenant ON tenfold.security_events (tenant_id, created_at);
CREATE INDEX security_events_user ON tenfold.security_events (user_id, created_at);
CREATE INDEX security_events_age ON tenfold.security_events (created_at);
CREATE INDEX security_events_type ON tenfold.security_events (event_type, created_at);

CREATE TABLE tenfold.signing_keys (
    id          text PRIMARY KEY,
    sealed      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    retired_at  timestamptz
);

-- Keys that encrypt a tenant's secret fields, wrapped by the installation's master key.
CREATE TABLE tenfold.data_keys (
    tenant_id   uuid NOT NULL,
    number      int NOT NULL,
    wrapped     bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, number)
);

-- How often what a tenant can see of a topic changed; in stripes, so that writers rarely meet, and
-- few of them, as each reader sums them up.
CREATE TABLE tenfold.versions (
    tenant_id  uuid NOT NULL,
    topic      text COLLATE "C" NOT NULL,
    stripe     smallint NOT NULL,
    n          bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, topic, stripe)
) WITH (fillfactor = 50);

CREATE FUNCTION tenfold.versions(tenant uuid, topics text[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
BEGIN
    RETURN (SELECT array_agg((SELECT coalesce(sum(v.n), 0)::bigint FROM tenfold.versions v
                              WHERE v.tenant_id = tenant AND v.topic = t.topic) ORDER BY t.place)
            FROM unnest(topics) WITH ORDINALITY AS t (topic, place));
END $$;

CREATE FUNCTION tenfold.bump(topics text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
BEGIN
    INSERT INTO tenfold.versions AS v (tenant_id, topic, stripe)
    SELECT current_setting('app.tenant_id')::uuid, t,
        CASE WHEN t IN ('members', 'definitions') THEN 0 ELSE pg_backend_pid() % 8 END
    FROM unnest(topics) AS t ORDER BY t
    ON CONFLICT (tenant_id, topic, stripe) DO UPDATE SET n = v.n + 1;
END $$;

-- Says for whom this transaction reads and who changes what, and refuses to go on (40001) where
-- topics are not at the versions that the caller knows: as these only grow, their sum tells.
CREATE FUNCTION tenfold.enter(tenant text, change text, topics text[], known bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
BEGIN
    PERFORM set_config('app.tenant_id', tenant, true), set_config('app.change', change, true);
    IF (SELECT coalesce(sum(v.n), 0) FROM tenfold.versions v
        WHERE v.tenant_id = tenant::uuid AND v.topic = ANY (topics)) <> known
    THEN
        RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure';
    END IF;
END $$;

-- The one change log: every committed change of a record, written by the tables' triggers alone.
CREATE TABLE tenfold.change_log (
    tenant_id   uuid NOT NULL,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at          timestamptz NOT NULL DEFAULT now(),
    type        text COLLATE "C" NOT NULL,
    record_id   uuid NOT NULL,
    operation   text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    old         jsonb,
    new         jsonb,
    actor_id    uuid,
    request_id  text,
    batch_id    uuid,
    cause_id    uuid,
    depth       smallint NOT NULL DEFAULT 0,
    reason      text,
    PRIMARY KEY (tenant_id, seq, at)
) PARTITION BY RANGE (at);
CREATE INDEX change_log_record ON tenfold.change_log (tenant_id, record_id, seq);
CREATE INDEX change_log_batch ON tenfold.change_log (tenant_id, batch_id, seq)
    WHERE batch_id IS NOT NULL;
CREATE INDEX change_log_tail ON tenfold.change_log (xid, seq);
CREATE TABLE tenfold.change_log_default PARTITION OF tenfold.change_log DEFAULT;

CREATE FUNCTION tenfold.make_partitions(months int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE first date; made int := 0; name text;
BEGIN
    FOR i IN 0..months LOOP
        first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
        name := 'change_log_' || to_char(first, 'YYYY_MM');
        IF to_regclass('tenfold.' || name) IS NULL THEN
            -- A month that began before it had a partition stays with the default one.
            BEGIN
                EXECUTE format('CREATE TABLE tenfold.%I PARTITION OF tenfold.change_log '
                    'FOR VALUES FROM (%L) TO (%L)', name,
                    first::timestamp AT TIME ZONE 'UTC',
                    (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
                made := made + 1;
            EXCEPTION WHEN check_violation THEN NULL;
            END;
        END IF;
    END LOOP;
    RETURN made;
END $$;
SELECT tenfold.make_partitions(3);

-- The fields that differ between two rows; null where none does.
CREATE FUNCTION tenfold.difference(before jsonb, after jsonb, OUT old jsonb, OUT new jsonb)
LANGUAGE sql IMMUTABLE SET search_path = tenfold, pg_temp AS $$
    SELECT jsonb_object_agg(k, $1 -> k), jsonb_object_agg(k, $2 -> k)
    FROM (SELECT jsonb_object_keys($1 || $2) AS k) keys
    WHERE $1 -> k IS DISTINCT FROM $2 -> k
$$;

CREATE FUNCTION tenfold.touch() RETURNS trigger
LANGUAGE plpgsql SET search_path = tenfold, pg_temp AS $$
BEGIN
    IF NEW.tenant_id <> OLD.tenant_id OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the key of a record never changes';
    END IF;
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END $$;

-- Values of fields with many values and of custom fields, typed, for filters and sorts.
CREATE TABLE tenfold.slots (
    tenant_id   uuid NOT NULL,
    field       text COLLATE "C" NOT NULL,
    record_id   uuid NOT NULL,
    place       smallint NOT NULL DEFAULT 0,
    text_value  text COLLATE "C",
    int_value   bigint,
    time_value  timestamptz,
    ref_value   uuid,
    PRIMARY KEY (tenant_id, record_id, field, place)
);
CREATE INDEX slots_text ON tenfold.slots (tenant_id, field, text_value, record_id)
    WHERE text_value IS NOT NULL;
CREATE INDEX slots_int ON tenfold.slots (tenant_id, field, int_value, record_id)
    WHERE int_value IS NOT NULL;
CREATE INDEX slots_time ON tenfold.slots (tenant_id, field, time_value, record_id)
    WHERE time_value IS NOT NULL;
CREATE INDEX slots_ref ON tenfold.slots (tenant_id, field, ref_value, record_id)
    WHERE ref_value IS NOT NULL;

-- Fields and record types that a tenant defined.
CREATE TABLE tenfold.custom_fields (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    type        text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    spec        jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    retired_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX custom_fields_name ON tenfold.custom_fields (tenant_id, type, name);

CREATE TABLE tenfold.custom_types (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    spec        jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    retired_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX custom_types_name ON tenfold.custom_types (tenant_id, name);

-- The answer to a write that carried an Idempotency-Key, in the same transaction as its effect.
CREATE TABLE tenfold.idempotency_keys (
    tenant_id   uuid NOT NULL,
    user_id     uuid NOT NULL,
    key         text COLLATE "C" NOT NULL,
    request     bytea NOT NULL,
    status      smallint NOT NULL,
    headers     jsonb NOT NULL,
    body        bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, key)
);
CREATE INDEX idempotency_keys_age ON tenfold.idempotency_keys (created_at);

-- Imports, bulk edits and their undo: what one batch of changes was.
CREATE TABLE tenfold.batches (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    type        text COLLATE "C" NOT NULL,
    status      text COLLATE "C" NOT NULL DEFAULT 'done',
    actor_id    uuid,
    summary     jsonb NOT NULL DEFAULT '{}',
    undone_by   uuid,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX batches_recent ON tenfold.batches (tenant_id, created_at);

-- What a consumer of the change log has seen: all of what committed below `xid`.
CREATE TABLE tenfold.log_positions (
    consumer    text COLLATE "C" PRIMARY KEY,
    epoch       int NOT NULL DEFAULT 1,
    xid         xid8 NOT NULL DEFAULT '0',
    seq         bigint NOT NULL DEFAULT 0,
    at          timestamptz NOT NULL DEFAULT now()
);

-- Lets go of what has had its time, over all tenants and 5,000 of each at a time: answers kept for
-- an Idempotency-Key after 24 hours, failed sign-ins after a quiet day, refresh tokens 30 days after
-- they expired (until then a reuse can be told), security events after a year.
CREATE FUNCTION tenfold.forget() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE gone int; more int;
BEGIN
    DELETE FROM tenfold.idempotency_keys WHERE ctid IN (
        SELECT ctid FROM tenfold.idempotency_keys
        WHERE created_at < now() - interval '24 hours' LIMIT 5000);
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM tenfold.sign_in_failures WHERE ctid IN (
        SELECT ctid FROM tenfold.sign_in_failures
        WHERE greatest(at, locked_until) < now() - interval '1 day' LIMIT 5000);
    GET DIAGNOSTICS more = ROW_COUNT;
    gone := greatest(gone, more);
    -- A family's first token stands for it and goes last.
    DELETE FROM tenfold.refresh_tokens WHERE ctid IN (
        SELECT t.ctid FROM tenfold.refresh_tokens t
        WHERE t.expires_at < now() - interval '30 days' AND (t.id <> t.family_id
            OR NOT EXISTS (SELECT 1 FROM tenfold.refresh_tokens o
                           WHERE o.family_id = t.id AND o.id <> t.id)) LIMIT 5000);
    GET DIAGNOSTICS more = ROW_COUNT;
    gone := greatest(gone, more);
    DELETE FROM tenfold.security_events WHERE ctid IN (
        SELECT ctid FROM tenfold.security_events
        WHERE created_at < now() - interval '1 year' LIMIT 5000);
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN greatest(gone, more);
END $$;

-- The age in seconds of the oldest change that some consumer of the log has not seen; a figure
-- over all tenants, and nothing else of them.
CREATE FUNCTION tenfold.log_lag() RETURNS float8
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(l.at)), 0)::float8
    FROM tenfold.log_positions p CROSS JOIN LATERAL (
        SELECT c.at FROM tenfold.change_log c WHERE (c.xid, c.seq) > (p.xid, p.seq)
        ORDER BY c.xid, c.seq LIMIT 1) l
$$;

-- Row security on everything that carries a tenant and that the application's role may touch.
-- Outside of it, each for its reason: tenants, users, refresh_tokens, sign_in_failures,
-- security_events and signing_keys (read before a tenant is known), versions (counters, read
-- through a function), log_positions (no tenant).
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['members', 'teams', 'roles', 'data_keys', 'slots', 'change_log',
                                'custom_fields', 'custom_types', 'idempotency_keys', 'batches'] LOOP
        EXECUTE format('ALTER TABLE tenfold.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON tenfold.%I '
            'USING (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'')::uuid)', name);
    END LOOP;
END $$;
CREATE POLICY tail ON tenfold.change_log FOR SELECT TO :tail USING (true);

GRANT USAGE ON SCHEMA tenfold TO :app, :tail;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.tenants, tenfold.users, tenfold.members,
    tenfold.teams, tenfold.roles, tenfold.refresh_tokens, tenfold.sign_in_failures,
    tenfold.data_keys, tenfold.slots, tenfold.custom_fields, tenfold.custom_types,
    tenfold.idempotency_keys, tenfold.batches, tenfold.signing_keys TO :app;
GRANT SELECT, INSERT ON tenfold.security_events TO :app;
GRANT SELECT ON tenfold.change_log TO :app, :tail;
GRANT SELECT, INSERT, UPDATE ON tenfold.log_positions TO :tail;
GRANT SELECT ON tenfold.log_positions TO :app;

-- The organisations of one person, asked before a tenant is chosen.
CREATE FUNCTION tenfold.memberships(person uuid)
RETURNS TABLE (tenant_id uuid, name text, role text, roles text[], team_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT m.tenant_id, t.name, m.role, m.roles, m.team_id
    FROM tenfold.members m JOIN tenfold.tenants t ON t.id = m.tenant_id
    WHERE m.user_id = person AND m.active ORDER BY m.created_at, m.tenant_id
$$;
REVOKE ALL ON FUNCTION tenfold.make_partitions(int), tenfold.forget() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.make_partitions(int), tenfold.forget() TO :app;
REVOKE ALL ON FUNCTION tenfold.log_lag() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.log_lag() TO :app;

-- The job queue (src/tenfold/jobs/schema.sql)
SET LOCAL jobs.roles = ':app,:tail';

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

-- Companies (base)
CREATE TABLE tenfold.companies (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    domain TEXT COLLATE "C",
    website TEXT COLLATE "C",
    kind TEXT COLLATE "C",
    industry TEXT COLLATE "C",
    size TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    address JSONB,
    address_line TEXT COLLATE "C",
    country TEXT COLLATE "C",
    annual_revenue BIGINT,
    annual_revenue_currency TEXT COLLATE "C",
    description TEXT COLLATE "C",
    tags JSONB,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX companies_created_at ON tenfold.companies (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX companies_name_sort ON tenfold.companies (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX companies_domain ON tenfold.companies (tenant_id, domain, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX companies_kind ON tenfold.companies (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX companies_industry ON tenfold.companies (tenant_id, industry, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX companies_phone ON tenfold.companies (tenant_id, phone, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX companies_country ON tenfold.companies (tenant_id, country, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX companies_owner ON tenfold.companies (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX companies_external_id_unique ON tenfold.companies (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX companies_updated_at_sort ON tenfold.companies (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX companies_search ON tenfold.companies USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.companies ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.companies USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.companies TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.companies FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.companies_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'company', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.domain, n.website, n.kind, n.industry, n.size, n.phone, n.address_line, n.country, n.annual_revenue, n.annual_revenue_currency, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'tags', n.tags)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.companies REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.companies_log_insert();

CREATE FUNCTION tenfold.companies_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'company', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.domain, o.website, o.kind, o.industry, o.size, o.phone, o.address_line, o.country, o.annual_revenue, o.annual_revenue_currency, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.domain, n.website, n.kind, n.industry, n.size, n.phone, n.address_line, n.country, n.annual_revenue, n.annual_revenue_currency, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.companies REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.companies_log_update();

CREATE FUNCTION tenfold.companies_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'company', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.domain, o.website, o.kind, o.industry, o.size, o.phone, o.address_line, o.country, o.annual_revenue, o.annual_revenue_currency, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'tags', o.tags), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.companies REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.companies_log_delete();

CREATE FUNCTION tenfold.find_companies
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.companies t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_companies(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_companies(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Contacts (base)
CREATE TABLE tenfold.contacts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    first_name TEXT COLLATE "C",
    first_name_key TEXT COLLATE "C",
    last_name TEXT COLLATE "C",
    last_name_key TEXT COLLATE "C",
    email TEXT COLLATE "C",
    email_2 TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    mobile_phone TEXT COLLATE "C",
    company_id UUID,
    company_name TEXT COLLATE "C",
    job_title TEXT COLLATE "C",
    department TEXT COLLATE "C",
    source TEXT COLLATE "C" DEFAULT 'manual' NOT NULL,
    lifecycle_stage TEXT COLLATE "C",
    website TEXT COLLATE "C",
    linkedin_url TEXT COLLATE "C",
    address JSONB,
    address_line TEXT COLLATE "C",
    other_address JSONB,
    other_address_line TEXT COLLATE "C",
    birthday DATE,
    language TEXT COLLATE "C",
    time_zone TEXT COLLATE "C",
    preferred_channel TEXT COLLATE "C",
    do_not_call BOOLEAN DEFAULT false NOT NULL,
    email_opt_out BOOLEAN DEFAULT false NOT NULL,
    sms_consent BOOLEAN DEFAULT false NOT NULL,
    consent_at TIMESTAMP WITH TIME ZONE,
    consent_source TEXT COLLATE "C",
    last_contacted_at TIMESTAMP WITH TIME ZONE,
    tags JSONB,
    notes TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX contacts_owner_updated_at ON tenfold.contacts (tenant_id, owner_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_created_at ON tenfold.contacts (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_first_name_sort ON tenfold.contacts (tenant_id, first_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_last_name_sort ON tenfold.contacts (tenant_id, last_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_email ON tenfold.contacts (tenant_id, email, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_phone ON tenfold.contacts (tenant_id, phone, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_mobile_phone ON tenfold.contacts (tenant_id, mobile_phone, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_company ON tenfold.contacts (tenant_id, company_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_source ON tenfold.contacts (tenant_id, source, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_lifecycle_stage ON tenfold.contacts (tenant_id, lifecycle_stage, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_last_contacted_at_sort ON tenfold.contacts (tenant_id, last_contacted_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_owner ON tenfold.contacts (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX contacts_external_id_unique ON tenfold.contacts (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX contacts_updated_at_sort ON tenfold.contacts (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX contacts_search ON tenfold.contacts USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.contacts ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.contacts USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.contacts TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.contacts FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.contacts_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'contact', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.email_2, n.phone, n.mobile_phone, n.company_id, n.company_name, n.job_title, n.department, n.source, n.lifecycle_stage, n.website, n.linkedin_url, n.address_line, n.other_address_line, n.birthday, n.language, n.time_zone, n.preferred_channel, n.do_not_call, n.email_opt_out, n.sms_consent, n.consent_at, n.consent_source, n.last_contacted_at, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'other_address', n.other_address, 'tags', n.tags)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.contacts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.contacts_log_insert();

CREATE FUNCTION tenfold.contacts_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'contact', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.email_2, o.phone, o.mobile_phone, o.company_id, o.company_name, o.job_title, o.department, o.source, o.lifecycle_stage, o.website, o.linkedin_url, o.address_line, o.other_address_line, o.birthday, o.language, o.time_zone, o.preferred_channel, o.do_not_call, o.email_opt_out, o.sms_consent, o.consent_at, o.consent_source, o.last_contacted_at, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'other_address', o.other_address, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.email_2, n.phone, n.mobile_phone, n.company_id, n.company_name, n.job_title, n.department, n.source, n.lifecycle_stage, n.website, n.linkedin_url, n.address_line, n.other_address_line, n.birthday, n.language, n.time_zone, n.preferred_channel, n.do_not_call, n.email_opt_out, n.sms_consent, n.consent_at, n.consent_source, n.last_contacted_at, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'other_address', n.other_address, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.contacts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.contacts_log_update();

CREATE FUNCTION tenfold.contacts_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'contact', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.email_2, o.phone, o.mobile_phone, o.company_id, o.company_name, o.job_title, o.department, o.source, o.lifecycle_stage, o.website, o.linkedin_url, o.address_line, o.other_address_line, o.birthday, o.language, o.time_zone, o.preferred_channel, o.do_not_call, o.email_opt_out, o.sms_consent, o.consent_at, o.consent_source, o.last_contacted_at, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'other_address', o.other_address, 'tags', o.tags), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.contacts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.contacts_log_delete();

CREATE FUNCTION tenfold.find_contacts
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.contacts t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_contacts(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_contacts(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Deals (base)
CREATE TABLE tenfold.deals (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    status TEXT COLLATE "C" DEFAULT 'qualification' NOT NULL,
    amount BIGINT,
    amount_currency TEXT COLLATE "C",
    probability BIGINT,
    close_date DATE,
    company_id UUID,
    contact_id UUID,
    source TEXT COLLATE "C",
    forecast_category TEXT COLLATE "C" DEFAULT 'pipeline' NOT NULL,
    next_step TEXT COLLATE "C",
    lost_reason TEXT COLLATE "C",
    competitor TEXT COLLATE "C",
    description TEXT COLLATE "C",
    tags JSONB,
    weighted_amount BIGINT GENERATED ALWAYS AS (CASE status WHEN 'won' THEN amount WHEN 'lost' THEN 0
    ELSE round(amount * coalesce(probability, 0) / 100.0)::bigint END) STORED,
    open_amount BIGINT GENERATED ALWAYS AS (CASE WHEN status IN ('won', 'lost') THEN 0 ELSE amount END) STORED,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX deals_owner_status_close_date ON tenfold.deals (tenant_id, owner_id, status, close_date, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_close_date_open ON tenfold.deals (tenant_id, close_date, id) WHERE deleted_at IS NULL AND status NOT IN ('won', 'lost');

CREATE INDEX deals_created_at ON tenfold.deals (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_name_sort ON tenfold.deals (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_status ON tenfold.deals (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_amount ON tenfold.deals (tenant_id, amount_currency, amount, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_amount_sort ON tenfold.deals (tenant_id, amount_currency, amount, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_amount_currency ON tenfold.deals (tenant_id, amount_currency, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_close_date ON tenfold.deals (tenant_id, close_date, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_close_date_sort ON tenfold.deals (tenant_id, close_date, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_company ON tenfold.deals (tenant_id, company_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_contact ON tenfold.deals (tenant_id, contact_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_source ON tenfold.deals (tenant_id, source, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_weighted_amount_sort ON tenfold.deals (tenant_id, weighted_amount, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_owner ON tenfold.deals (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX deals_external_id_unique ON tenfold.deals (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX deals_updated_at_sort ON tenfold.deals (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX deals_search ON tenfold.deals USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.deals ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.deals USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.deals TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.deals FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.deals_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'deal', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.status, n.amount, n.amount_currency, n.probability, n.close_date, n.company_id, n.contact_id, n.source, n.forecast_category, n.next_step, n.lost_reason, n.competitor, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'tags', n.tags)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.deals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.deals_log_insert();

CREATE FUNCTION tenfold.deals_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'deal', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.status, o.amount, o.amount_currency, o.probability, o.close_date, o.company_id, o.contact_id, o.source, o.forecast_category, o.next_step, o.lost_reason, o.competitor, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.status, n.amount, n.amount_currency, n.probability, n.close_date, n.company_id, n.contact_id, n.source, n.forecast_category, n.next_step, n.lost_reason, n.competitor, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.deals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.deals_log_update();

CREATE FUNCTION tenfold.deals_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'deal', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.status, o.amount, o.amount_currency, o.probability, o.close_date, o.company_id, o.contact_id, o.source, o.forecast_category, o.next_step, o.lost_reason, o.competitor, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'tags', o.tags), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.deals REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.deals_log_delete();

CREATE FUNCTION tenfold.find_deals
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.deals t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_deals(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_deals(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Quotas (base)
CREATE TABLE tenfold.quotas (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    person_id UUID,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    amount BIGINT NOT NULL,
    amount_currency TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX quotas_created_at ON tenfold.quotas (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX quotas_name_sort ON tenfold.quotas (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX quotas_person ON tenfold.quotas (tenant_id, person_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX quotas_starts_on_sort ON tenfold.quotas (tenant_id, starts_on, id) WHERE deleted_at IS NULL;

CREATE INDEX quotas_ends_on_sort ON tenfold.quotas (tenant_id, ends_on, id) WHERE deleted_at IS NULL;

CREATE INDEX quotas_owner ON tenfold.quotas (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX quotas_external_id_unique ON tenfold.quotas (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX quotas_updated_at_sort ON tenfold.quotas (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX quotas_search ON tenfold.quotas USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.quotas ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.quotas USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.quotas TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.quotas FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.quotas_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'quota', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.person_id, n.starts_on, n.ends_on, n.amount, n.amount_currency, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.quotas REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.quotas_log_insert();

CREATE FUNCTION tenfold.quotas_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'quota', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.person_id, o.starts_on, o.ends_on, o.amount, o.amount_currency, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.person_id, n.starts_on, n.ends_on, n.amount, n.amount_currency, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.quotas REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.quotas_log_update();

CREATE FUNCTION tenfold.quotas_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'quota', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.person_id, o.starts_on, o.ends_on, o.amount, o.amount_currency, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.quotas REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.quotas_log_delete();

CREATE FUNCTION tenfold.find_quotas
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.quotas t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_quotas(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_quotas(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Activities (base)
CREATE TABLE tenfold.activities (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    subject_key TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    minutes BIGINT,
    direction TEXT COLLATE "C",
    outcome TEXT COLLATE "C",
    about_id UUID,
    about_type TEXT COLLATE "C",
    contact_id UUID,
    company_id UUID,
    location TEXT COLLATE "C",
    body TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX activities_about_at ON tenfold.activities (tenant_id, about_id, at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_contact_at ON tenfold.activities (tenant_id, contact_id, at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_owner_at ON tenfold.activities (tenant_id, owner_id, at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_created_at ON tenfold.activities (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_subject_sort ON tenfold.activities (tenant_id, subject_key, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_kind ON tenfold.activities (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_at ON tenfold.activities (tenant_id, at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_at_sort ON tenfold.activities (tenant_id, at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_about ON tenfold.activities (tenant_id, about_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_contact ON tenfold.activities (tenant_id, contact_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_company ON tenfold.activities (tenant_id, company_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_owner ON tenfold.activities (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX activities_external_id_unique ON tenfold.activities (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX activities_updated_at_sort ON tenfold.activities (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX activities_search ON tenfold.activities USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.activities ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.activities USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.activities TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.activities FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.activities_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'activity', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.subject, n.subject_key, n.kind, n.at, n.minutes, n.direction, n.outcome, n.about_id, n.about_type, n.contact_id, n.company_id, n.location, n.body, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.activities REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.activities_log_insert();

CREATE FUNCTION tenfold.activities_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'activity', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.subject, o.subject_key, o.kind, o.at, o.minutes, o.direction, o.outcome, o.about_id, o.about_type, o.contact_id, o.company_id, o.location, o.body, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.subject, n.subject_key, n.kind, n.at, n.minutes, n.direction, n.outcome, n.about_id, n.about_type, n.contact_id, n.company_id, n.location, n.body, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.activities REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.activities_log_update();

CREATE FUNCTION tenfold.activities_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'activity', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.subject, o.subject_key, o.kind, o.at, o.minutes, o.direction, o.outcome, o.about_id, o.about_type, o.contact_id, o.company_id, o.location, o.body, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.activities REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.activities_log_delete();

CREATE FUNCTION tenfold.find_activities
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.activities t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_activities(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_activities(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Tasks (base)
CREATE TABLE tenfold.tasks (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    title_key TEXT COLLATE "C",
    due_at TIMESTAMP WITH TIME ZONE,
    done BOOLEAN DEFAULT false NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    priority TEXT COLLATE "C" DEFAULT 'normal' NOT NULL,
    assignee_id UUID,
    about_id UUID,
    about_type TEXT COLLATE "C",
    contact_id UUID,
    remind_at TIMESTAMP WITH TIME ZONE,
    description TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX tasks_assignee_open ON tenfold.tasks (tenant_id, assignee_id, due_at, id) WHERE deleted_at IS NULL AND NOT done;

CREATE INDEX tasks_owner_due_at ON tenfold.tasks (tenant_id, owner_id, due_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_created_at ON tenfold.tasks (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_title_sort ON tenfold.tasks (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_due_at ON tenfold.tasks (tenant_id, due_at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_due_at_sort ON tenfold.tasks (tenant_id, due_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_done ON tenfold.tasks (tenant_id, done, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_priority ON tenfold.tasks (tenant_id, priority, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_assignee ON tenfold.tasks (tenant_id, assignee_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_about ON tenfold.tasks (tenant_id, about_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_contact ON tenfold.tasks (tenant_id, contact_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_owner ON tenfold.tasks (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX tasks_external_id_unique ON tenfold.tasks (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX tasks_updated_at_sort ON tenfold.tasks (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tasks_search ON tenfold.tasks USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.tasks ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.tasks USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.tasks TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.tasks FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.tasks_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'task', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.due_at, n.done, n.done_at, n.priority, n.assignee_id, n.about_id, n.about_type, n.contact_id, n.remind_at, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.tasks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.tasks_log_insert();

CREATE FUNCTION tenfold.tasks_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'task', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.due_at, o.done, o.done_at, o.priority, o.assignee_id, o.about_id, o.about_type, o.contact_id, o.remind_at, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.due_at, n.done, n.done_at, n.priority, n.assignee_id, n.about_id, n.about_type, n.contact_id, n.remind_at, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.tasks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.tasks_log_update();

CREATE FUNCTION tenfold.tasks_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'task', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.due_at, o.done, o.done_at, o.priority, o.assignee_id, o.about_id, o.about_type, o.contact_id, o.remind_at, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.tasks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.tasks_log_delete();

CREATE FUNCTION tenfold.find_tasks
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.tasks t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_tasks(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_tasks(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Notes (base)
CREATE TABLE tenfold.notes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT COLLATE "C",
    title_key TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL,
    about_id UUID,
    about_type TEXT COLLATE "C",
    privacy TEXT COLLATE "C" DEFAULT 'everyone' NOT NULL,
    pinned BOOLEAN DEFAULT false NOT NULL,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX notes_about_created_at ON tenfold.notes (tenant_id, about_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX notes_created_at ON tenfold.notes (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX notes_title_sort ON tenfold.notes (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX notes_privacy ON tenfold.notes (tenant_id, privacy, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX notes_owner ON tenfold.notes (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX notes_external_id_unique ON tenfold.notes (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX notes_updated_at_sort ON tenfold.notes (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX notes_search ON tenfold.notes USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.notes ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.notes USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.notes TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.notes FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.notes_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'note', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.body, n.about_id, n.about_type, n.privacy, n.pinned, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.notes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.notes_log_insert();

CREATE FUNCTION tenfold.notes_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'note', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.body, o.about_id, o.about_type, o.privacy, o.pinned, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.body, n.about_id, n.about_type, n.privacy, n.pinned, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.notes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.notes_log_update();

CREATE FUNCTION tenfold.notes_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'note', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.body, o.about_id, o.about_type, o.privacy, o.pinned, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.notes REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.notes_log_delete();

CREATE FUNCTION tenfold.find_notes
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.notes t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups)
        OR groups IS NULL AND f.privacy <> 'private')
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_notes(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_notes(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Tags (base)
CREATE TABLE tenfold.tags (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    colour TEXT COLLATE "C" DEFAULT 'grey' NOT NULL,
    description TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX tags_created_at ON tenfold.tags (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX tags_name_unique ON tenfold.tags (tenant_id, name) WHERE deleted_at IS NULL AND name IS NOT NULL;

CREATE INDEX tags_name_sort ON tenfold.tags (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX tags_owner ON tenfold.tags (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX tags_external_id_unique ON tenfold.tags (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX tags_updated_at_sort ON tenfold.tags (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX tags_search ON tenfold.tags USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.tags ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.tags USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.tags TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.tags FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.tags_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'tag', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.colour, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.tags_log_insert();

CREATE FUNCTION tenfold.tags_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'tag', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.colour, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.colour, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.tags_log_update();

CREATE FUNCTION tenfold.tags_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'tag', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.colour, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.tags REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.tags_log_delete();

CREATE FUNCTION tenfold.find_tags
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.tags t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_tags(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_tags(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Clients (real_estate)
CREATE TABLE tenfold.clients (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    first_name TEXT COLLATE "C" NOT NULL,
    first_name_key TEXT COLLATE "C",
    last_name TEXT COLLATE "C" NOT NULL,
    last_name_key TEXT COLLATE "C",
    email TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    mobile_phone TEXT COLLATE "C",
    kind TEXT COLLATE "C" DEFAULT 'buyer' NOT NULL,
    status TEXT COLLATE "C" DEFAULT 'active' NOT NULL,
    address JSONB,
    address_line TEXT COLLATE "C",
    source TEXT COLLATE "C",
    referred_by TEXT COLLATE "C",
    budget_min BIGINT,
    budget_min_currency TEXT COLLATE "C",
    budget_max BIGINT,
    budget_max_currency TEXT COLLATE "C",
    areas JSONB,
    bedrooms_min BIGINT,
    favorites JSONB,
    spouse_name TEXT COLLATE "C",
    birthday DATE,
    anniversary DATE,
    language TEXT COLLATE "C",
    contact_id UUID,
    lead_id UUID,
    do_not_call BOOLEAN DEFAULT false NOT NULL,
    email_opt_in BOOLEAN DEFAULT false NOT NULL,
    tags JSONB,
    notes TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX clients_owner_status_created_at ON tenfold.clients (tenant_id, owner_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_created_at ON tenfold.clients (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_first_name_sort ON tenfold.clients (tenant_id, first_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_last_name_sort ON tenfold.clients (tenant_id, last_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_email ON tenfold.clients (tenant_id, email, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_phone ON tenfold.clients (tenant_id, phone, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_kind ON tenfold.clients (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_status ON tenfold.clients (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_budget_max_sort ON tenfold.clients (tenant_id, budget_max_currency, budget_max, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_budget_max_currency ON tenfold.clients (tenant_id, budget_max_currency, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_contact ON tenfold.clients (tenant_id, contact_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_lead ON tenfold.clients (tenant_id, lead_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_owner ON tenfold.clients (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX clients_external_id_unique ON tenfold.clients (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX clients_updated_at_sort ON tenfold.clients (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX clients_search ON tenfold.clients USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.clients ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.clients USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.clients TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.clients FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.clients_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'client', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.phone, n.mobile_phone, n.kind, n.status, n.address_line, n.source, n.referred_by, n.budget_min, n.budget_min_currency, n.budget_max, n.budget_max_currency, n.bedrooms_min, n.spouse_name, n.birthday, n.anniversary, n.language, n.contact_id, n.lead_id, n.do_not_call, n.email_opt_in, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'areas', n.areas, 'favorites', n.favorites, 'tags', n.tags)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.clients REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.clients_log_insert();

CREATE FUNCTION tenfold.clients_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'client', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.phone, o.mobile_phone, o.kind, o.status, o.address_line, o.source, o.referred_by, o.budget_min, o.budget_min_currency, o.budget_max, o.budget_max_currency, o.bedrooms_min, o.spouse_name, o.birthday, o.anniversary, o.language, o.contact_id, o.lead_id, o.do_not_call, o.email_opt_in, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'areas', o.areas, 'favorites', o.favorites, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.phone, n.mobile_phone, n.kind, n.status, n.address_line, n.source, n.referred_by, n.budget_min, n.budget_min_currency, n.budget_max, n.budget_max_currency, n.bedrooms_min, n.spouse_name, n.birthday, n.anniversary, n.language, n.contact_id, n.lead_id, n.do_not_call, n.email_opt_in, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'areas', n.areas, 'favorites', n.favorites, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.clients REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.clients_log_update();

CREATE FUNCTION tenfold.clients_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'client', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.phone, o.mobile_phone, o.kind, o.status, o.address_line, o.source, o.referred_by, o.budget_min, o.budget_min_currency, o.budget_max, o.budget_max_currency, o.bedrooms_min, o.spouse_name, o.birthday, o.anniversary, o.language, o.contact_id, o.lead_id, o.do_not_call, o.email_opt_in, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'areas', o.areas, 'favorites', o.favorites, 'tags', o.tags), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.clients REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.clients_log_delete();

CREATE FUNCTION tenfold.find_clients
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.clients t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_clients(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_clients(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Leads (real_estate)
CREATE TABLE tenfold.leads (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    first_name TEXT COLLATE "C" NOT NULL,
    first_name_key TEXT COLLATE "C",
    last_name TEXT COLLATE "C" NOT NULL,
    last_name_key TEXT COLLATE "C",
    email TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    status TEXT COLLATE "C" DEFAULT 'new' NOT NULL,
    budget BIGINT,
    budget_currency TEXT COLLATE "C",
    timeline TEXT COLLATE "C",
    preapproved BOOLEAN DEFAULT false NOT NULL,
    engagement_count BIGINT DEFAULT 0 NOT NULL,
    source TEXT COLLATE "C",
    source_detail TEXT COLLATE "C",
    areas JSONB,
    bedrooms_min BIGINT,
    price_min BIGINT,
    price_min_currency TEXT COLLATE "C",
    price_max BIGINT,
    price_max_currency TEXT COLLATE "C",
    living TEXT COLLATE "C",
    must_sell_first BOOLEAN DEFAULT false NOT NULL,
    represented BOOLEAN DEFAULT false NOT NULL,
    lender TEXT COLLATE "C",
    preapproval_amount BIGINT,
    preapproval_amount_currency TEXT COLLATE "C",
    preapproval_expires DATE,
    campaign TEXT COLLATE "C",
    contact_id UUID,
    do_not_call BOOLEAN DEFAULT false NOT NULL,
    sms_consent BOOLEAN DEFAULT false NOT NULL,
    email_opt_in BOOLEAN DEFAULT false NOT NULL,
    first_response_seconds BIGINT,
    last_touch TIMESTAMP WITH TIME ZONE,
    next_touch TIMESTAMP WITH TIME ZONE,
    notes TEXT COLLATE "C",
    score BIGINT GENERATED ALWAYS AS ((CASE WHEN coalesce(budget, 0) >= 100000000 THEN 30
    WHEN budget >= 50000000 THEN 24 WHEN budget >= 25000000 THEN 18
    WHEN budget > 0 THEN 10 ELSE 0 END) + (CASE timeline WHEN 'immediate' THEN 25 WHEN '1_3_months' THEN 20
    WHEN '3_6_months' THEN 12 WHEN '6_12_months' THEN 6 ELSE 0 END) + (CASE WHEN preapproved THEN 20 ELSE 0 END) + (least(coalesce(engagement_count, 0), 10)::int * 3 / 2) + (CASE source WHEN 'referral' THEN 10 WHEN 'past_client' THEN 10
    WHEN 'open_house' THEN 7 WHEN 'walk_in' THEN 6 WHEN 'website' THEN 4
    WHEN 'portal' THEN 4 WHEN 'social_media' THEN 3 ELSE 0 END)) STORED,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX leads_owner_status_created_at ON tenfold.leads (tenant_id, owner_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_created_at ON tenfold.leads (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_first_name_sort ON tenfold.leads (tenant_id, first_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_last_name_sort ON tenfold.leads (tenant_id, last_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_email ON tenfold.leads (tenant_id, email, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_phone ON tenfold.leads (tenant_id, phone, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_status ON tenfold.leads (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_budget_sort ON tenfold.leads (tenant_id, budget_currency, budget, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_budget_currency ON tenfold.leads (tenant_id, budget_currency, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_source ON tenfold.leads (tenant_id, source, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_contact ON tenfold.leads (tenant_id, contact_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_next_touch_sort ON tenfold.leads (tenant_id, next_touch, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_score_sort ON tenfold.leads (tenant_id, score, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_owner ON tenfold.leads (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX leads_external_id_unique ON tenfold.leads (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX leads_updated_at_sort ON tenfold.leads (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_search ON tenfold.leads USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.leads ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.leads USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.leads TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.leads FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.leads_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'lead', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.phone, n.status, n.budget, n.budget_currency, n.timeline, n.preapproved, n.engagement_count, n.source, n.source_detail, n.bedrooms_min, n.price_min, n.price_min_currency, n.price_max, n.price_max_currency, n.living, n.must_sell_first, n.represented, n.lender, n.preapproval_amount, n.preapproval_amount_currency, n.preapproval_expires, n.campaign, n.contact_id, n.do_not_call, n.sms_consent, n.email_opt_in, n.first_response_seconds, n.last_touch, n.next_touch, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'areas', n.areas)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.leads REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.leads_log_insert();

CREATE FUNCTION tenfold.leads_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'lead', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.phone, o.status, o.budget, o.budget_currency, o.timeline, o.preapproved, o.engagement_count, o.source, o.source_detail, o.bedrooms_min, o.price_min, o.price_min_currency, o.price_max, o.price_max_currency, o.living, o.must_sell_first, o.represented, o.lender, o.preapproval_amount, o.preapproval_amount_currency, o.preapproval_expires, o.campaign, o.contact_id, o.do_not_call, o.sms_consent, o.email_opt_in, o.first_response_seconds, o.last_touch, o.next_touch, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'areas', o.areas) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.phone, n.status, n.budget, n.budget_currency, n.timeline, n.preapproved, n.engagement_count, n.source, n.source_detail, n.bedrooms_min, n.price_min, n.price_min_currency, n.price_max, n.price_max_currency, n.living, n.must_sell_first, n.represented, n.lender, n.preapproval_amount, n.preapproval_amount_currency, n.preapproval_expires, n.campaign, n.contact_id, n.do_not_call, n.sms_consent, n.email_opt_in, n.first_response_seconds, n.last_touch, n.next_touch, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'areas', n.areas) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.leads REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.leads_log_update();

CREATE FUNCTION tenfold.leads_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'lead', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.phone, o.status, o.budget, o.budget_currency, o.timeline, o.preapproved, o.engagement_count, o.source, o.source_detail, o.bedrooms_min, o.price_min, o.price_min_currency, o.price_max, o.price_max_currency, o.living, o.must_sell_first, o.represented, o.lender, o.preapproval_amount, o.preapproval_amount_currency, o.preapproval_expires, o.campaign, o.contact_id, o.do_not_call, o.sms_consent, o.email_opt_in, o.first_response_seconds, o.last_touch, o.next_touch, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'areas', o.areas), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.leads REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.leads_log_delete();

CREATE FUNCTION tenfold.find_leads
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.leads t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_leads(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_leads(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Listings (real_estate)
CREATE TABLE tenfold.listings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    address JSONB NOT NULL,
    address_line TEXT COLLATE "C",
    status TEXT COLLATE "C" DEFAULT 'active' NOT NULL,
    list_price BIGINT NOT NULL,
    list_price_currency TEXT COLLATE "C",
    price_per_sqft BIGINT GENERATED ALWAYS AS (round(list_price * 100.0 / nullif(living_area, 0)
    / CASE living_area_units WHEN 'square_meters' THEN 10.7639 ELSE 1 END)::bigint) STORED,
    listing_id TEXT COLLATE "C",
    mls_status TEXT COLLATE "C",
    property_type TEXT COLLATE "C" DEFAULT 'residential' NOT NULL,
    property_sub_type TEXT COLLATE "C",
    agent_id UUID,
    co_agent_id UUID,
    seller_id UUID,
    original_list_price BIGINT,
    original_list_price_currency TEXT COLLATE "C",
    previous_list_price BIGINT,
    previous_list_price_currency TEXT COLLATE "C",
    close_price BIGINT,
    close_price_currency TEXT COLLATE "C",
    concessions TEXT COLLATE "C",
    concessions_amount BIGINT,
    concessions_amount_currency TEXT COLLATE "C",
    bedrooms_total BIGINT,
    bathrooms_total BIGINT,
    bathrooms_total_integer BIGINT GENERATED ALWAYS AS (ceil(bathrooms_total / 10.0)::bigint) STORED,
    bathrooms_full BIGINT,
    bathrooms_half BIGINT,
    living_area BIGINT,
    living_area_units TEXT COLLATE "C" DEFAULT 'square_feet' NOT NULL,
    lot_size_square_feet BIGINT,
    year_built BIGINT,
    stories BIGINT,
    garage_spaces BIGINT,
    pool BOOLEAN,
    waterfront BOOLEAN,
    new_construction BOOLEAN,
    view JSONB,
    heating JSONB,
    cooling JSONB,
    association_fee BIGINT,
    association_fee_currency TEXT COLLATE "C",
    association_fee_frequency TEXT COLLATE "C",
    tax_annual_amount BIGINT,
    tax_annual_amount_currency TEXT COLLATE "C",
    tax_year BIGINT,
    county TEXT COLLATE "C",
    subdivision TEXT COLLATE "C",
    parcel_number TEXT COLLATE "C",
    latitude BIGINT,
    longitude BIGINT,
    high_school_district TEXT COLLATE "C",
    listing_contract_date DATE,
    on_market_date DATE,
    purchase_contract_date DATE,
    close_date DATE,
    expiration_date DATE,
    cancellation_date DATE,
    withdrawn_date DATE,
    off_market_date DATE,
    status_changed_at TIMESTAMP WITH TIME ZONE,
    earlier_days_on_market BIGINT DEFAULT 0 NOT NULL,
    listing_agreement TEXT COLLATE "C",
    listing_service TEXT COLLATE "C",
    special_conditions JSONB,
    occupant TEXT COLLATE "C",
    showing_requirements JSONB,
    showing_instructions TEXT COLLATE "C",
    lock_box_type TEXT COLLATE "C",
    lock_box_serial_number TEXT COLLATE "C",
    lockbox_code BYTEA,
    public_remarks TEXT COLLATE "C",
    private_remarks TEXT COLLATE "C",
    photo TEXT COLLATE "C",
    virtual_tour TEXT COLLATE "C",
    tags JSONB,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    search_private TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX listings_owner_status_created_at ON tenfold.listings (tenant_id, owner_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_status_owner ON tenfold.listings (tenant_id, status, owner_id, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_status_list_price ON tenfold.listings (tenant_id, status, list_price_currency, list_price, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_created_at ON tenfold.listings (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_address_sort ON tenfold.listings (tenant_id, address_line, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_status ON tenfold.listings (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_list_price ON tenfold.listings (tenant_id, list_price_currency, list_price, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_list_price_sort ON tenfold.listings (tenant_id, list_price_currency, list_price, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_list_price_currency ON tenfold.listings (tenant_id, list_price_currency, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_listing_id ON tenfold.listings (tenant_id, listing_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_property_type ON tenfold.listings (tenant_id, property_type, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_property_sub_type ON tenfold.listings (tenant_id, property_sub_type, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_agent ON tenfold.listings (tenant_id, agent_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_co_agent ON tenfold.listings (tenant_id, co_agent_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_seller ON tenfold.listings (tenant_id, seller_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_bedrooms_total ON tenfold.listings (tenant_id, bedrooms_total, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_living_area_sort ON tenfold.listings (tenant_id, living_area, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_parcel_number ON tenfold.listings (tenant_id, parcel_number, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_on_market_date_sort ON tenfold.listings (tenant_id, on_market_date, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_close_date_sort ON tenfold.listings (tenant_id, close_date, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_owner ON tenfold.listings (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX listings_external_id_unique ON tenfold.listings (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX listings_updated_at_sort ON tenfold.listings (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX listings_search ON tenfold.listings USING gin (search) WITH (fastupdate = off);

CREATE INDEX listings_search_private ON tenfold.listings USING gin (search_private) WITH (fastupdate = off);

ALTER TABLE tenfold.listings ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.listings USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.listings TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.listings FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.listings_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'listing', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.address_line, n.status, n.list_price, n.list_price_currency, n.listing_id, n.mls_status, n.property_type, n.property_sub_type, n.agent_id, n.co_agent_id, n.seller_id, n.original_list_price, n.original_list_price_currency, n.previous_list_price, n.previous_list_price_currency, n.close_price, n.close_price_currency, n.concessions, n.concessions_amount, n.concessions_amount_currency, n.bedrooms_total, n.bathrooms_total, n.bathrooms_full, n.bathrooms_half, n.living_area, n.living_area_units, n.lot_size_square_feet, n.year_built, n.stories, n.garage_spaces, n.pool, n.waterfront, n.new_construction, n.association_fee, n.association_fee_currency, n.association_fee_frequency, n.tax_annual_amount, n.tax_annual_amount_currency, n.tax_year, n.county, n.subdivision, n.parcel_number, n.latitude, n.longitude, n.high_school_district, n.listing_contract_date, n.on_market_date, n.purchase_contract_date, n.close_date, n.expiration_date, n.cancellation_date, n.withdrawn_date, n.off_market_date, n.status_changed_at, n.earlier_days_on_market, n.listing_agreement, n.listing_service, n.occupant, n.showing_instructions, n.lock_box_type, n.lock_box_serial_number, n.lockbox_code, n.public_remarks, n.private_remarks, n.photo, n.virtual_tour, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'view', n.view, 'heating', n.heating, 'cooling', n.cooling, 'special_conditions', n.special_conditions, 'showing_requirements', n.showing_requirements, 'tags', n.tags)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.listings REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.listings_log_insert();

CREATE FUNCTION tenfold.listings_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'listing', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.address_line, o.status, o.list_price, o.list_price_currency, o.listing_id, o.mls_status, o.property_type, o.property_sub_type, o.agent_id, o.co_agent_id, o.seller_id, o.original_list_price, o.original_list_price_currency, o.previous_list_price, o.previous_list_price_currency, o.close_price, o.close_price_currency, o.concessions, o.concessions_amount, o.concessions_amount_currency, o.bedrooms_total, o.bathrooms_total, o.bathrooms_full, o.bathrooms_half, o.living_area, o.living_area_units, o.lot_size_square_feet, o.year_built, o.stories, o.garage_spaces, o.pool, o.waterfront, o.new_construction, o.association_fee, o.association_fee_currency, o.association_fee_frequency, o.tax_annual_amount, o.tax_annual_amount_currency, o.tax_year, o.county, o.subdivision, o.parcel_number, o.latitude, o.longitude, o.high_school_district, o.listing_contract_date, o.on_market_date, o.purchase_contract_date, o.close_date, o.expiration_date, o.cancellation_date, o.withdrawn_date, o.off_market_date, o.status_changed_at, o.earlier_days_on_market, o.listing_agreement, o.listing_service, o.occupant, o.showing_instructions, o.lock_box_type, o.lock_box_serial_number, o.lockbox_code, o.public_remarks, o.private_remarks, o.photo, o.virtual_tour, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'view', o.view, 'heating', o.heating, 'cooling', o.cooling, 'special_conditions', o.special_conditions, 'showing_requirements', o.showing_requirements, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.address_line, n.status, n.list_price, n.list_price_currency, n.listing_id, n.mls_status, n.property_type, n.property_sub_type, n.agent_id, n.co_agent_id, n.seller_id, n.original_list_price, n.original_list_price_currency, n.previous_list_price, n.previous_list_price_currency, n.close_price, n.close_price_currency, n.concessions, n.concessions_amount, n.concessions_amount_currency, n.bedrooms_total, n.bathrooms_total, n.bathrooms_full, n.bathrooms_half, n.living_area, n.living_area_units, n.lot_size_square_feet, n.year_built, n.stories, n.garage_spaces, n.pool, n.waterfront, n.new_construction, n.association_fee, n.association_fee_currency, n.association_fee_frequency, n.tax_annual_amount, n.tax_annual_amount_currency, n.tax_year, n.county, n.subdivision, n.parcel_number, n.latitude, n.longitude, n.high_school_district, n.listing_contract_date, n.on_market_date, n.purchase_contract_date, n.close_date, n.expiration_date, n.cancellation_date, n.withdrawn_date, n.off_market_date, n.status_changed_at, n.earlier_days_on_market, n.listing_agreement, n.listing_service, n.occupant, n.showing_instructions, n.lock_box_type, n.lock_box_serial_number, n.lockbox_code, n.public_remarks, n.private_remarks, n.photo, n.virtual_tour, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'view', n.view, 'heating', n.heating, 'cooling', n.cooling, 'special_conditions', n.special_conditions, 'showing_requirements', n.showing_requirements, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.listings REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.listings_log_update();

CREATE FUNCTION tenfold.listings_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'listing', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.address_line, o.status, o.list_price, o.list_price_currency, o.listing_id, o.mls_status, o.property_type, o.property_sub_type, o.agent_id, o.co_agent_id, o.seller_id, o.original_list_price, o.original_list_price_currency, o.previous_list_price, o.previous_list_price_currency, o.close_price, o.close_price_currency, o.concessions, o.concessions_amount, o.concessions_amount_currency, o.bedrooms_total, o.bathrooms_total, o.bathrooms_full, o.bathrooms_half, o.living_area, o.living_area_units, o.lot_size_square_feet, o.year_built, o.stories, o.garage_spaces, o.pool, o.waterfront, o.new_construction, o.association_fee, o.association_fee_currency, o.association_fee_frequency, o.tax_annual_amount, o.tax_annual_amount_currency, o.tax_year, o.county, o.subdivision, o.parcel_number, o.latitude, o.longitude, o.high_school_district, o.listing_contract_date, o.on_market_date, o.purchase_contract_date, o.close_date, o.expiration_date, o.cancellation_date, o.withdrawn_date, o.off_market_date, o.status_changed_at, o.earlier_days_on_market, o.listing_agreement, o.listing_service, o.occupant, o.showing_instructions, o.lock_box_type, o.lock_box_serial_number, o.lockbox_code, o.public_remarks, o.private_remarks, o.photo, o.virtual_tour, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'view', o.view, 'heating', o.heating, 'cooling', o.cooling, 'special_conditions', o.special_conditions, 'showing_requirements', o.showing_requirements, 'tags', o.tags), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.listings REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.listings_log_delete();

CREATE FUNCTION tenfold.find_listings
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(CASE WHEN private THEN coalesce(f.search || f.search_private, f.search) ELSE f.search END, query)
    FROM (SELECT t.* FROM tenfold.listings t WHERE (t.search @@ query OR (private AND t.search_private @@ query)) OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_listings(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_listings(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Escrows (real_estate)
CREATE TABLE tenfold.escrows (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    property_address TEXT COLLATE "C" NOT NULL,
    property_address_key TEXT COLLATE "C",
    escrow_number TEXT COLLATE "C",
    status TEXT COLLATE "C" DEFAULT 'active' NOT NULL,
    milestone TEXT COLLATE "C" DEFAULT 'escrow_opened' NOT NULL,
    kind TEXT COLLATE "C" DEFAULT 'purchase_offer' NOT NULL,
    side TEXT COLLATE "C",
    purchase_price BIGINT,
    purchase_price_currency TEXT COLLATE "C",
    listing_id UUID,
    client_id UUID,
    acceptance_date DATE,
    opened_date DATE,
    close_date DATE,
    actual_close_date DATE,
    recorded_date DATE,
    instrument_number TEXT COLLATE "C",
    inspection_deadline DATE,
    appraisal_deadline DATE,
    loan_deadline DATE,
    disclosures_due DATE,
    contingencies_removed_on DATE,
    emd_amount BIGINT,
    emd_amount_currency TEXT COLLATE "C",
    emd_due DATE,
    emd_received_on DATE,
    option_fee BIGINT,
    option_fee_currency TEXT COLLATE "C",
    down_payment BIGINT,
    down_payment_currency TEXT COLLATE "C",
    concessions_amount BIGINT,
    concessions_amount_currency TEXT COLLATE "C",
    financing TEXT COLLATE "C",
    loan_amount BIGINT,
    loan_amount_currency TEXT COLLATE "C",
    lender TEXT COLLATE "C",
    rate_lock_expires DATE,
    commission_rate BIGINT,
    buyer_names TEXT COLLATE "C",
    seller_names TEXT COLLATE "C",
    escrow_officer TEXT COLLATE "C",
    title_company TEXT COLLATE "C",
    buyer_agent_id UUID,
    listing_agent_id UUID,
    backup_position BIGINT,
    cancellation_reason TEXT COLLATE "C",
    tags JSONB,
    notes TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX escrows_owner_status_created_at ON tenfold.escrows (tenant_id, owner_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_close_date_active ON tenfold.escrows (tenant_id, close_date, id) WHERE deleted_at IS NULL AND status = 'active';

CREATE INDEX escrows_created_at ON tenfold.escrows (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_property_address_sort ON tenfold.escrows (tenant_id, property_address_key, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_escrow_number ON tenfold.escrows (tenant_id, escrow_number, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_status ON tenfold.escrows (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_milestone ON tenfold.escrows (tenant_id, milestone, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_side ON tenfold.escrows (tenant_id, side, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_purchase_price ON tenfold.escrows (tenant_id, purchase_price_currency, purchase_price, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_purchase_price_sort ON tenfold.escrows (tenant_id, purchase_price_currency, purchase_price, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_purchase_price_currency ON tenfold.escrows (tenant_id, purchase_price_currency, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_listing ON tenfold.escrows (tenant_id, listing_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_client ON tenfold.escrows (tenant_id, client_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_close_date_sort ON tenfold.escrows (tenant_id, close_date, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_financing ON tenfold.escrows (tenant_id, financing, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_buyer_agent ON tenfold.escrows (tenant_id, buyer_agent_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_listing_agent ON tenfold.escrows (tenant_id, listing_agent_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_owner ON tenfold.escrows (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX escrows_external_id_unique ON tenfold.escrows (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX escrows_updated_at_sort ON tenfold.escrows (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX escrows_search ON tenfold.escrows USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.escrows ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.escrows USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.escrows TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.escrows FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.escrows_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'escrow', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.property_address, n.property_address_key, n.escrow_number, n.status, n.milestone, n.kind, n.side, n.purchase_price, n.purchase_price_currency, n.listing_id, n.client_id, n.acceptance_date, n.opened_date, n.close_date, n.actual_close_date, n.recorded_date, n.instrument_number, n.inspection_deadline, n.appraisal_deadline, n.loan_deadline, n.disclosures_due, n.contingencies_removed_on, n.emd_amount, n.emd_amount_currency, n.emd_due, n.emd_received_on, n.option_fee, n.option_fee_currency, n.down_payment, n.down_payment_currency, n.concessions_amount, n.concessions_amount_currency, n.financing, n.loan_amount, n.loan_amount_currency, n.lender, n.rate_lock_expires, n.commission_rate, n.buyer_names, n.seller_names, n.escrow_officer, n.title_company, n.buyer_agent_id, n.listing_agent_id, n.backup_position, n.cancellation_reason, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'tags', n.tags)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.escrows REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.escrows_log_insert();

CREATE FUNCTION tenfold.escrows_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'escrow', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.property_address, o.property_address_key, o.escrow_number, o.status, o.milestone, o.kind, o.side, o.purchase_price, o.purchase_price_currency, o.listing_id, o.client_id, o.acceptance_date, o.opened_date, o.close_date, o.actual_close_date, o.recorded_date, o.instrument_number, o.inspection_deadline, o.appraisal_deadline, o.loan_deadline, o.disclosures_due, o.contingencies_removed_on, o.emd_amount, o.emd_amount_currency, o.emd_due, o.emd_received_on, o.option_fee, o.option_fee_currency, o.down_payment, o.down_payment_currency, o.concessions_amount, o.concessions_amount_currency, o.financing, o.loan_amount, o.loan_amount_currency, o.lender, o.rate_lock_expires, o.commission_rate, o.buyer_names, o.seller_names, o.escrow_officer, o.title_company, o.buyer_agent_id, o.listing_agent_id, o.backup_position, o.cancellation_reason, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.property_address, n.property_address_key, n.escrow_number, n.status, n.milestone, n.kind, n.side, n.purchase_price, n.purchase_price_currency, n.listing_id, n.client_id, n.acceptance_date, n.opened_date, n.close_date, n.actual_close_date, n.recorded_date, n.instrument_number, n.inspection_deadline, n.appraisal_deadline, n.loan_deadline, n.disclosures_due, n.contingencies_removed_on, n.emd_amount, n.emd_amount_currency, n.emd_due, n.emd_received_on, n.option_fee, n.option_fee_currency, n.down_payment, n.down_payment_currency, n.concessions_amount, n.concessions_amount_currency, n.financing, n.loan_amount, n.loan_amount_currency, n.lender, n.rate_lock_expires, n.commission_rate, n.buyer_names, n.seller_names, n.escrow_officer, n.title_company, n.buyer_agent_id, n.listing_agent_id, n.backup_position, n.cancellation_reason, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.escrows REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.escrows_log_update();

CREATE FUNCTION tenfold.escrows_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'escrow', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.property_address, o.property_address_key, o.escrow_number, o.status, o.milestone, o.kind, o.side, o.purchase_price, o.purchase_price_currency, o.listing_id, o.client_id, o.acceptance_date, o.opened_date, o.close_date, o.actual_close_date, o.recorded_date, o.instrument_number, o.inspection_deadline, o.appraisal_deadline, o.loan_deadline, o.disclosures_due, o.contingencies_removed_on, o.emd_amount, o.emd_amount_currency, o.emd_due, o.emd_received_on, o.option_fee, o.option_fee_currency, o.down_payment, o.down_payment_currency, o.concessions_amount, o.concessions_amount_currency, o.financing, o.loan_amount, o.loan_amount_currency, o.lender, o.rate_lock_expires, o.commission_rate, o.buyer_names, o.seller_names, o.escrow_officer, o.title_company, o.buyer_agent_id, o.listing_agent_id, o.backup_position, o.cancellation_reason, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'tags', o.tags), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.escrows REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.escrows_log_delete();

CREATE FUNCTION tenfold.find_escrows
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.escrows t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_escrows(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_escrows(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Appointments (real_estate)
CREATE TABLE tenfold.appointments (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    title_key TEXT COLLATE "C",
    kind TEXT COLLATE "C" DEFAULT 'first_showing' NOT NULL,
    status TEXT COLLATE "C" DEFAULT 'pending' NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    time_zone TEXT COLLATE "C",
    method TEXT COLLATE "C" DEFAULT 'in_person' NOT NULL,
    location TEXT COLLATE "C",
    meeting_link TEXT COLLATE "C",
    assignee_id UUID,
    client_id UUID,
    lead_id UUID,
    listing_id UUID,
    escrow_id UUID,
    buyer_agreement_id UUID,
    feedback_interest BIGINT,
    feedback_price BIGINT,
    feedback_price_currency TEXT COLLATE "C",
    feedback TEXT COLLATE "C",
    notes TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX appointments_owner_starts_at ON tenfold.appointments (tenant_id, owner_id, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_listing_starts_at ON tenfold.appointments (tenant_id, listing_id, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_created_at ON tenfold.appointments (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_title_sort ON tenfold.appointments (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_kind ON tenfold.appointments (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_status ON tenfold.appointments (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_starts_at ON tenfold.appointments (tenant_id, starts_at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_starts_at_sort ON tenfold.appointments (tenant_id, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_assignee ON tenfold.appointments (tenant_id, assignee_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_client ON tenfold.appointments (tenant_id, client_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_lead ON tenfold.appointments (tenant_id, lead_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_listing ON tenfold.appointments (tenant_id, listing_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_escrow ON tenfold.appointments (tenant_id, escrow_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_buyer_agreement ON tenfold.appointments (tenant_id, buyer_agreement_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_owner ON tenfold.appointments (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX appointments_external_id_unique ON tenfold.appointments (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX appointments_updated_at_sort ON tenfold.appointments (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX appointments_search ON tenfold.appointments USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.appointments ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.appointments USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.appointments TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.appointments FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.appointments_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'appointment', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.kind, n.status, n.starts_at, n.ends_at, n.time_zone, n.method, n.location, n.meeting_link, n.assignee_id, n.client_id, n.lead_id, n.listing_id, n.escrow_id, n.buyer_agreement_id, n.feedback_interest, n.feedback_price, n.feedback_price_currency, n.feedback, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.appointments REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.appointments_log_insert();

CREATE FUNCTION tenfold.appointments_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'appointment', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.kind, o.status, o.starts_at, o.ends_at, o.time_zone, o.method, o.location, o.meeting_link, o.assignee_id, o.client_id, o.lead_id, o.listing_id, o.escrow_id, o.buyer_agreement_id, o.feedback_interest, o.feedback_price, o.feedback_price_currency, o.feedback, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.kind, n.status, n.starts_at, n.ends_at, n.time_zone, n.method, n.location, n.meeting_link, n.assignee_id, n.client_id, n.lead_id, n.listing_id, n.escrow_id, n.buyer_agreement_id, n.feedback_interest, n.feedback_price, n.feedback_price_currency, n.feedback, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.appointments REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.appointments_log_update();

CREATE FUNCTION tenfold.appointments_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'appointment', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.kind, o.status, o.starts_at, o.ends_at, o.time_zone, o.method, o.location, o.meeting_link, o.assignee_id, o.client_id, o.lead_id, o.listing_id, o.escrow_id, o.buyer_agreement_id, o.feedback_interest, o.feedback_price, o.feedback_price_currency, o.feedback, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.appointments REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.appointments_log_delete();

CREATE FUNCTION tenfold.find_appointments
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.appointments t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_appointments(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_appointments(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Open houses (real_estate)
CREATE TABLE tenfold.open_houses (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    title_key TEXT COLLATE "C",
    listing_id UUID,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT COLLATE "C" DEFAULT 'public' NOT NULL,
    status TEXT COLLATE "C" DEFAULT 'active' NOT NULL,
    host_id UUID,
    visitor_count BIGINT,
    remarks TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX open_houses_created_at ON tenfold.open_houses (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_title_sort ON tenfold.open_houses (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_listing ON tenfold.open_houses (tenant_id, listing_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_starts_at ON tenfold.open_houses (tenant_id, starts_at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_starts_at_sort ON tenfold.open_houses (tenant_id, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_kind ON tenfold.open_houses (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_status ON tenfold.open_houses (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_host ON tenfold.open_houses (tenant_id, host_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_owner ON tenfold.open_houses (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX open_houses_external_id_unique ON tenfold.open_houses (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX open_houses_updated_at_sort ON tenfold.open_houses (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX open_houses_search ON tenfold.open_houses USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.open_houses ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.open_houses USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.open_houses TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.open_houses FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.open_houses_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'open_house', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.listing_id, n.starts_at, n.ends_at, n.kind, n.status, n.host_id, n.visitor_count, n.remarks, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.open_houses REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.open_houses_log_insert();

CREATE FUNCTION tenfold.open_houses_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'open_house', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.listing_id, o.starts_at, o.ends_at, o.kind, o.status, o.host_id, o.visitor_count, o.remarks, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.listing_id, n.starts_at, n.ends_at, n.kind, n.status, n.host_id, n.visitor_count, n.remarks, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.open_houses REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.open_houses_log_update();

CREATE FUNCTION tenfold.open_houses_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'open_house', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.listing_id, o.starts_at, o.ends_at, o.kind, o.status, o.host_id, o.visitor_count, o.remarks, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.open_houses REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.open_houses_log_delete();

CREATE FUNCTION tenfold.find_open_houses
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.open_houses t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_open_houses(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_open_houses(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Buyer agreements (real_estate)
CREATE TABLE tenfold.buyer_agreements (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    title_key TEXT COLLATE "C",
    client_id UUID,
    kind TEXT COLLATE "C" DEFAULT 'exclusive' NOT NULL,
    status TEXT COLLATE "C" DEFAULT 'draft' NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    signed_on DATE,
    compensation_rate BIGINT,
    compensation_amount BIGINT,
    compensation_amount_currency TEXT COLLATE "C",
    document_id UUID,
    notes TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX buyer_agreements_created_at ON tenfold.buyer_agreements (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX buyer_agreements_title_sort ON tenfold.buyer_agreements (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX buyer_agreements_client ON tenfold.buyer_agreements (tenant_id, client_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX buyer_agreements_kind ON tenfold.buyer_agreements (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX buyer_agreements_status ON tenfold.buyer_agreements (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX buyer_agreements_starts_on_sort ON tenfold.buyer_agreements (tenant_id, starts_on, id) WHERE deleted_at IS NULL;

CREATE INDEX buyer_agreements_ends_on_sort ON tenfold.buyer_agreements (tenant_id, ends_on, id) WHERE deleted_at IS NULL;

CREATE INDEX buyer_agreements_owner ON tenfold.buyer_agreements (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX buyer_agreements_external_id_unique ON tenfold.buyer_agreements (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX buyer_agreements_updated_at_sort ON tenfold.buyer_agreements (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX buyer_agreements_search ON tenfold.buyer_agreements USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.buyer_agreements ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.buyer_agreements USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.buyer_agreements TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.buyer_agreements FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.buyer_agreements_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'buyer_agreement', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.client_id, n.kind, n.status, n.starts_on, n.ends_on, n.signed_on, n.compensation_rate, n.compensation_amount, n.compensation_amount_currency, n.document_id, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.buyer_agreements REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.buyer_agreements_log_insert();

CREATE FUNCTION tenfold.buyer_agreements_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'buyer_agreement', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.client_id, o.kind, o.status, o.starts_on, o.ends_on, o.signed_on, o.compensation_rate, o.compensation_amount, o.compensation_amount_currency, o.document_id, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.client_id, n.kind, n.status, n.starts_on, n.ends_on, n.signed_on, n.compensation_rate, n.compensation_amount, n.compensation_amount_currency, n.document_id, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.buyer_agreements REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.buyer_agreements_log_update();

CREATE FUNCTION tenfold.buyer_agreements_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'buyer_agreement', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.client_id, o.kind, o.status, o.starts_on, o.ends_on, o.signed_on, o.compensation_rate, o.compensation_amount, o.compensation_amount_currency, o.document_id, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.buyer_agreements REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.buyer_agreements_log_delete();

CREATE FUNCTION tenfold.find_buyer_agreements
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.buyer_agreements t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_buyer_agreements(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_buyer_agreements(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Agents (real_estate)
CREATE TABLE tenfold.agents (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    title TEXT COLLATE "C",
    role TEXT COLLATE "C",
    email TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    mobile_phone TEXT COLLATE "C",
    picture TEXT COLLATE "C",
    office TEXT COLLATE "C",
    license_number TEXT COLLATE "C",
    license_expires DATE,
    mls_id TEXT COLLATE "C",
    account_id UUID,
    biography TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX agents_created_at ON tenfold.agents (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_name_sort ON tenfold.agents (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_role ON tenfold.agents (tenant_id, role, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_email ON tenfold.agents (tenant_id, email, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_office ON tenfold.agents (tenant_id, office, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_license_number ON tenfold.agents (tenant_id, license_number, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_license_expires_sort ON tenfold.agents (tenant_id, license_expires, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_account ON tenfold.agents (tenant_id, account_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_owner ON tenfold.agents (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX agents_external_id_unique ON tenfold.agents (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX agents_updated_at_sort ON tenfold.agents (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX agents_search ON tenfold.agents USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.agents ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.agents USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.agents TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.agents FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.agents_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'agent', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.title, n.role, n.email, n.phone, n.mobile_phone, n.picture, n.office, n.license_number, n.license_expires, n.mls_id, n.account_id, n.biography, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.agents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.agents_log_insert();

CREATE FUNCTION tenfold.agents_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'agent', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.title, o.role, o.email, o.phone, o.mobile_phone, o.picture, o.office, o.license_number, o.license_expires, o.mls_id, o.account_id, o.biography, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.title, n.role, n.email, n.phone, n.mobile_phone, n.picture, n.office, n.license_number, n.license_expires, n.mls_id, n.account_id, n.biography, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.agents REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.agents_log_update();

CREATE FUNCTION tenfold.agents_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'agent', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.title, o.role, o.email, o.phone, o.mobile_phone, o.picture, o.office, o.license_number, o.license_expires, o.mls_id, o.account_id, o.biography, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.agents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.agents_log_delete();

CREATE FUNCTION tenfold.find_agents
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.agents t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_agents(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_agents(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Students (career_services)
CREATE TABLE tenfold.students (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    first_name TEXT COLLATE "C" NOT NULL,
    first_name_key TEXT COLLATE "C",
    last_name TEXT COLLATE "C" NOT NULL,
    last_name_key TEXT COLLATE "C",
    preferred_name TEXT COLLATE "C",
    middle_name TEXT COLLATE "C",
    pronouns TEXT COLLATE "C",
    username TEXT COLLATE "C",
    auth_identifier TEXT COLLATE "C",
    card_id TEXT COLLATE "C",
    email TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    status TEXT COLLATE "C" DEFAULT 'active' NOT NULL,
    school_year TEXT COLLATE "C",
    education_level TEXT COLLATE "C",
    college TEXT COLLATE "C",
    department TEXT COLLATE "C",
    major TEXT COLLATE "C",
    other_majors JSONB,
    minors JSONB,
    gpa BIGINT,
    starts_on DATE,
    graduates_on DATE,
    currently_attending BOOLEAN DEFAULT true NOT NULL,
    campus TEXT COLLATE "C",
    counselor_id UUID,
    career_interests JSONB,
    industries JSONB,
    locations JSONB,
    skills JSONB,
    resume_id UUID,
    linkedin_url TEXT COLLATE "C",
    labels JSONB,
    visibility TEXT COLLATE "C" DEFAULT 'school' NOT NULL,
    ferpa_block BOOLEAN DEFAULT false NOT NULL,
    on_hold BOOLEAN DEFAULT false NOT NULL,
    hold_reason TEXT COLLATE "C",
    work_authorization TEXT COLLATE "C",
    veteran BOOLEAN,
    first_generation BOOLEAN,
    pell_eligible BOOLEAN,
    accommodations TEXT COLLATE "C",
    contact_id UUID,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    search_private TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX students_counselor_last_name ON tenfold.students (tenant_id, counselor_id, last_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX students_created_at ON tenfold.students (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_first_name_sort ON tenfold.students (tenant_id, first_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX students_last_name_sort ON tenfold.students (tenant_id, last_name_key, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX students_username_unique ON tenfold.students (tenant_id, username) WHERE deleted_at IS NULL AND username IS NOT NULL;

CREATE INDEX students_username ON tenfold.students (tenant_id, username, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_card_id ON tenfold.students (tenant_id, card_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_email ON tenfold.students (tenant_id, email, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_phone ON tenfold.students (tenant_id, phone, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_status ON tenfold.students (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_school_year ON tenfold.students (tenant_id, school_year, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_college ON tenfold.students (tenant_id, college, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_major ON tenfold.students (tenant_id, major, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_graduates_on ON tenfold.students (tenant_id, graduates_on, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_graduates_on_sort ON tenfold.students (tenant_id, graduates_on, id) WHERE deleted_at IS NULL;

CREATE INDEX students_counselor ON tenfold.students (tenant_id, counselor_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_contact ON tenfold.students (tenant_id, contact_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_owner ON tenfold.students (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX students_external_id_unique ON tenfold.students (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX students_updated_at_sort ON tenfold.students (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX students_search ON tenfold.students USING gin (search) WITH (fastupdate = off);

CREATE INDEX students_search_private ON tenfold.students USING gin (search_private) WITH (fastupdate = off);

ALTER TABLE tenfold.students ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.students USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.students TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.students FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.students_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'student', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.preferred_name, n.middle_name, n.pronouns, n.username, n.auth_identifier, n.card_id, n.email, n.phone, n.status, n.school_year, n.education_level, n.college, n.department, n.major, n.gpa, n.starts_on, n.graduates_on, n.currently_attending, n.campus, n.counselor_id, n.resume_id, n.linkedin_url, n.visibility, n.ferpa_block, n.on_hold, n.hold_reason, n.work_authorization, n.veteran, n.first_generation, n.pell_eligible, n.accommodations, n.contact_id, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'other_majors', n.other_majors, 'minors', n.minors, 'career_interests', n.career_interests, 'industries', n.industries, 'locations', n.locations, 'skills', n.skills, 'labels', n.labels)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.students REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.students_log_insert();

CREATE FUNCTION tenfold.students_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'student', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.preferred_name, o.middle_name, o.pronouns, o.username, o.auth_identifier, o.card_id, o.email, o.phone, o.status, o.school_year, o.education_level, o.college, o.department, o.major, o.gpa, o.starts_on, o.graduates_on, o.currently_attending, o.campus, o.counselor_id, o.resume_id, o.linkedin_url, o.visibility, o.ferpa_block, o.on_hold, o.hold_reason, o.work_authorization, o.veteran, o.first_generation, o.pell_eligible, o.accommodations, o.contact_id, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'other_majors', o.other_majors, 'minors', o.minors, 'career_interests', o.career_interests, 'industries', o.industries, 'locations', o.locations, 'skills', o.skills, 'labels', o.labels) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.preferred_name, n.middle_name, n.pronouns, n.username, n.auth_identifier, n.card_id, n.email, n.phone, n.status, n.school_year, n.education_level, n.college, n.department, n.major, n.gpa, n.starts_on, n.graduates_on, n.currently_attending, n.campus, n.counselor_id, n.resume_id, n.linkedin_url, n.visibility, n.ferpa_block, n.on_hold, n.hold_reason, n.work_authorization, n.veteran, n.first_generation, n.pell_eligible, n.accommodations, n.contact_id, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'other_majors', n.other_majors, 'minors', n.minors, 'career_interests', n.career_interests, 'industries', n.industries, 'locations', n.locations, 'skills', n.skills, 'labels', n.labels) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.students REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.students_log_update();

CREATE FUNCTION tenfold.students_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'student', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.preferred_name, o.middle_name, o.pronouns, o.username, o.auth_identifier, o.card_id, o.email, o.phone, o.status, o.school_year, o.education_level, o.college, o.department, o.major, o.gpa, o.starts_on, o.graduates_on, o.currently_attending, o.campus, o.counselor_id, o.resume_id, o.linkedin_url, o.visibility, o.ferpa_block, o.on_hold, o.hold_reason, o.work_authorization, o.veteran, o.first_generation, o.pell_eligible, o.accommodations, o.contact_id, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'other_majors', o.other_majors, 'minors', o.minors, 'career_interests', o.career_interests, 'industries', o.industries, 'locations', o.locations, 'skills', o.skills, 'labels', o.labels), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.students REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.students_log_delete();

CREATE FUNCTION tenfold.find_students
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(CASE WHEN private THEN coalesce(f.search || f.search_private, f.search) ELSE f.search END, query)
    FROM (SELECT t.* FROM tenfold.students t WHERE (t.search @@ query OR (private AND t.search_private @@ query)) OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_students(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_students(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Employers (career_services)
CREATE TABLE tenfold.employers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    status TEXT COLLATE "C" DEFAULT 'pending' NOT NULL,
    relationship TEXT COLLATE "C" DEFAULT 'prospect' NOT NULL,
    kind TEXT COLLATE "C",
    industry TEXT COLLATE "C",
    size TEXT COLLATE "C",
    domain TEXT COLLATE "C",
    website TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    headquarters JSONB,
    headquarters_line TEXT COLLATE "C",
    logo TEXT COLLATE "C",
    partner_tier TEXT COLLATE "C",
    account_manager_id UUID,
    recruits_on_campus BOOLEAN DEFAULT false NOT NULL,
    sponsors_visas BOOLEAN,
    last_engaged_on DATE,
    company_id UUID,
    recruiter_id UUID,
    alumni_count BIGINT,
    flag_reason TEXT COLLATE "C",
    labels JSONB,
    description TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX employers_created_at ON tenfold.employers (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_name_sort ON tenfold.employers (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_status ON tenfold.employers (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_relationship ON tenfold.employers (tenant_id, relationship, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_kind ON tenfold.employers (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_industry ON tenfold.employers (tenant_id, industry, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_domain ON tenfold.employers (tenant_id, domain, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_partner_tier ON tenfold.employers (tenant_id, partner_tier, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_account_manager ON tenfold.employers (tenant_id, account_manager_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_last_engaged_on_sort ON tenfold.employers (tenant_id, last_engaged_on, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_company ON tenfold.employers (tenant_id, company_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_recruiter ON tenfold.employers (tenant_id, recruiter_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_owner ON tenfold.employers (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX employers_external_id_unique ON tenfold.employers (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX employers_updated_at_sort ON tenfold.employers (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX employers_search ON tenfold.employers USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.employers ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.employers USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.employers TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.employers FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.employers_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'employer', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.status, n.relationship, n.kind, n.industry, n.size, n.domain, n.website, n.phone, n.headquarters_line, n.logo, n.partner_tier, n.account_manager_id, n.recruits_on_campus, n.sponsors_visas, n.last_engaged_on, n.company_id, n.recruiter_id, n.alumni_count, n.flag_reason, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'headquarters', n.headquarters, 'labels', n.labels)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.employers REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.employers_log_insert();

CREATE FUNCTION tenfold.employers_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'employer', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.status, o.relationship, o.kind, o.industry, o.size, o.domain, o.website, o.phone, o.headquarters_line, o.logo, o.partner_tier, o.account_manager_id, o.recruits_on_campus, o.sponsors_visas, o.last_engaged_on, o.company_id, o.recruiter_id, o.alumni_count, o.flag_reason, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'headquarters', o.headquarters, 'labels', o.labels) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.status, n.relationship, n.kind, n.industry, n.size, n.domain, n.website, n.phone, n.headquarters_line, n.logo, n.partner_tier, n.account_manager_id, n.recruits_on_campus, n.sponsors_visas, n.last_engaged_on, n.company_id, n.recruiter_id, n.alumni_count, n.flag_reason, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'headquarters', n.headquarters, 'labels', n.labels) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.employers REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.employers_log_update();

CREATE FUNCTION tenfold.employers_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'employer', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.status, o.relationship, o.kind, o.industry, o.size, o.domain, o.website, o.phone, o.headquarters_line, o.logo, o.partner_tier, o.account_manager_id, o.recruits_on_campus, o.sponsors_visas, o.last_engaged_on, o.company_id, o.recruiter_id, o.alumni_count, o.flag_reason, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'headquarters', o.headquarters, 'labels', o.labels), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.employers REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.employers_log_delete();

CREATE FUNCTION tenfold.find_employers
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.employers t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_employers(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_employers(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Job postings (career_services)
CREATE TABLE tenfold.job_postings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    title_key TEXT COLLATE "C",
    employer_id UUID,
    status TEXT COLLATE "C" DEFAULT 'pending' NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    workplace TEXT COLLATE "C" DEFAULT 'onsite' NOT NULL,
    location TEXT COLLATE "C",
    pay_min BIGINT,
    pay_min_currency TEXT COLLATE "C",
    pay_max BIGINT,
    pay_max_currency TEXT COLLATE "C",
    pay_unit TEXT COLLATE "C",
    for_credit BOOLEAN DEFAULT false NOT NULL,
    opens_on DATE,
    expires_on DATE,
    openings BIGINT,
    gpa_min BIGINT,
    majors JSONB,
    school_years JSONB,
    sponsors_visa BOOLEAN DEFAULT false NOT NULL,
    documents JSONB,
    external_link TEXT COLLATE "C",
    decline_reason TEXT COLLATE "C",
    description TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX job_postings_status_expires_on ON tenfold.job_postings (tenant_id, status, expires_on, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_created_at ON tenfold.job_postings (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_title_sort ON tenfold.job_postings (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_employer ON tenfold.job_postings (tenant_id, employer_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_status ON tenfold.job_postings (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_kind ON tenfold.job_postings (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_workplace ON tenfold.job_postings (tenant_id, workplace, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_pay_max_sort ON tenfold.job_postings (tenant_id, pay_max_currency, pay_max, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_pay_max_currency ON tenfold.job_postings (tenant_id, pay_max_currency, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_opens_on_sort ON tenfold.job_postings (tenant_id, opens_on, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_expires_on_sort ON tenfold.job_postings (tenant_id, expires_on, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_owner ON tenfold.job_postings (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX job_postings_external_id_unique ON tenfold.job_postings (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX job_postings_updated_at_sort ON tenfold.job_postings (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX job_postings_search ON tenfold.job_postings USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.job_postings ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.job_postings USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.job_postings TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.job_postings FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.job_postings_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'job_posting', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.employer_id, n.status, n.kind, n.workplace, n.location, n.pay_min, n.pay_min_currency, n.pay_max, n.pay_max_currency, n.pay_unit, n.for_credit, n.opens_on, n.expires_on, n.openings, n.gpa_min, n.sponsors_visa, n.external_link, n.decline_reason, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'majors', n.majors, 'school_years', n.school_years, 'documents', n.documents)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.job_postings REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.job_postings_log_insert();

CREATE FUNCTION tenfold.job_postings_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'job_posting', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.employer_id, o.status, o.kind, o.workplace, o.location, o.pay_min, o.pay_min_currency, o.pay_max, o.pay_max_currency, o.pay_unit, o.for_credit, o.opens_on, o.expires_on, o.openings, o.gpa_min, o.sponsors_visa, o.external_link, o.decline_reason, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'majors', o.majors, 'school_years', o.school_years, 'documents', o.documents) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.employer_id, n.status, n.kind, n.workplace, n.location, n.pay_min, n.pay_min_currency, n.pay_max, n.pay_max_currency, n.pay_unit, n.for_credit, n.opens_on, n.expires_on, n.openings, n.gpa_min, n.sponsors_visa, n.external_link, n.decline_reason, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'majors', n.majors, 'school_years', n.school_years, 'documents', n.documents) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.job_postings REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.job_postings_log_update();

CREATE FUNCTION tenfold.job_postings_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'job_posting', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.employer_id, o.status, o.kind, o.workplace, o.location, o.pay_min, o.pay_min_currency, o.pay_max, o.pay_max_currency, o.pay_unit, o.for_credit, o.opens_on, o.expires_on, o.openings, o.gpa_min, o.sponsors_visa, o.external_link, o.decline_reason, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'majors', o.majors, 'school_years', o.school_years, 'documents', o.documents), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.job_postings REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.job_postings_log_delete();

CREATE FUNCTION tenfold.find_job_postings
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.job_postings t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_job_postings(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_job_postings(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Applications (career_services)
CREATE TABLE tenfold.applications (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    student_id UUID,
    job_posting_id UUID,
    employer_id UUID,
    title TEXT COLLATE "C",
    title_key TEXT COLLATE "C",
    status TEXT COLLATE "C" DEFAULT 'applied' NOT NULL,
    source TEXT COLLATE "C" DEFAULT 'platform' NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE,
    stage_since TIMESTAMP WITH TIME ZONE,
    schedule TEXT COLLATE "C",
    next_step TEXT COLLATE "C",
    next_step_on DATE,
    resume_id UUID,
    cover_letter TEXT COLLATE "C",
    offer_salary BIGINT,
    offer_salary_currency TEXT COLLATE "C",
    offer_bonus BIGINT,
    offer_bonus_currency TEXT COLLATE "C",
    offer_deadline DATE,
    decline_reason TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX applications_student_status ON tenfold.applications (tenant_id, student_id, status, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_job_posting_status ON tenfold.applications (tenant_id, job_posting_id, status, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_owner_status ON tenfold.applications (tenant_id, owner_id, status, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_created_at ON tenfold.applications (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_student ON tenfold.applications (tenant_id, student_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_job_posting ON tenfold.applications (tenant_id, job_posting_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_employer ON tenfold.applications (tenant_id, employer_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_title_sort ON tenfold.applications (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_status ON tenfold.applications (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_source ON tenfold.applications (tenant_id, source, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_applied_at ON tenfold.applications (tenant_id, applied_at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_applied_at_sort ON tenfold.applications (tenant_id, applied_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_stage_since_sort ON tenfold.applications (tenant_id, stage_since, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_next_step_on_sort ON tenfold.applications (tenant_id, next_step_on, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_offer_deadline_sort ON tenfold.applications (tenant_id, offer_deadline, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_owner ON tenfold.applications (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX applications_external_id_unique ON tenfold.applications (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX applications_updated_at_sort ON tenfold.applications (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX applications_search ON tenfold.applications USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.applications ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.applications USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.applications TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.applications FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.applications_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'application', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.student_id, n.job_posting_id, n.employer_id, n.title, n.title_key, n.status, n.source, n.applied_at, n.stage_since, n.schedule, n.next_step, n.next_step_on, n.resume_id, n.cover_letter, n.offer_salary, n.offer_salary_currency, n.offer_bonus, n.offer_bonus_currency, n.offer_deadline, n.decline_reason, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.applications REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.applications_log_insert();

CREATE FUNCTION tenfold.applications_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'application', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.student_id, o.job_posting_id, o.employer_id, o.title, o.title_key, o.status, o.source, o.applied_at, o.stage_since, o.schedule, o.next_step, o.next_step_on, o.resume_id, o.cover_letter, o.offer_salary, o.offer_salary_currency, o.offer_bonus, o.offer_bonus_currency, o.offer_deadline, o.decline_reason, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.student_id, n.job_posting_id, n.employer_id, n.title, n.title_key, n.status, n.source, n.applied_at, n.stage_since, n.schedule, n.next_step, n.next_step_on, n.resume_id, n.cover_letter, n.offer_salary, n.offer_salary_currency, n.offer_bonus, n.offer_bonus_currency, n.offer_deadline, n.decline_reason, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.applications REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.applications_log_update();

CREATE FUNCTION tenfold.applications_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'application', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.student_id, o.job_posting_id, o.employer_id, o.title, o.title_key, o.status, o.source, o.applied_at, o.stage_since, o.schedule, o.next_step, o.next_step_on, o.resume_id, o.cover_letter, o.offer_salary, o.offer_salary_currency, o.offer_bonus, o.offer_bonus_currency, o.offer_deadline, o.decline_reason, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.applications REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.applications_log_delete();

CREATE FUNCTION tenfold.find_applications
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.applications t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_applications(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_applications(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Advising appointments (career_services)
CREATE TABLE tenfold.advising_appointments (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    title_key TEXT COLLATE "C",
    student_id UUID,
    counselor_id UUID,
    kind TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" DEFAULT 'requested' NOT NULL,
    medium TEXT COLLATE "C" DEFAULT 'in_person' NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE,
    location TEXT COLLATE "C",
    meeting_link TEXT COLLATE "C",
    checked_in_at TIMESTAMP WITH TIME ZONE,
    questions TEXT COLLATE "C",
    summary TEXT COLLATE "C",
    competencies JSONB,
    learning_outcomes TEXT COLLATE "C",
    follow_up_at TIMESTAMP WITH TIME ZONE,
    rating BIGINT,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    search_private TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX advising_appointments_counselor_starts_at ON tenfold.advising_appointments (tenant_id, counselor_id, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_student_starts_at ON tenfold.advising_appointments (tenant_id, student_id, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_created_at ON tenfold.advising_appointments (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_title_sort ON tenfold.advising_appointments (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_student ON tenfold.advising_appointments (tenant_id, student_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_counselor ON tenfold.advising_appointments (tenant_id, counselor_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_kind ON tenfold.advising_appointments (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_status ON tenfold.advising_appointments (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_starts_at ON tenfold.advising_appointments (tenant_id, starts_at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_starts_at_sort ON tenfold.advising_appointments (tenant_id, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_follow_up_at_sort ON tenfold.advising_appointments (tenant_id, follow_up_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_owner ON tenfold.advising_appointments (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX advising_appointments_external_id_unique ON tenfold.advising_appointments (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX advising_appointments_updated_at_sort ON tenfold.advising_appointments (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX advising_appointments_search ON tenfold.advising_appointments USING gin (search) WITH (fastupdate = off);

CREATE INDEX advising_appointments_search_private ON tenfold.advising_appointments USING gin (search_private) WITH (fastupdate = off);

ALTER TABLE tenfold.advising_appointments ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.advising_appointments USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.advising_appointments TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.advising_appointments FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.advising_appointments_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'advising_appointment', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.student_id, n.counselor_id, n.kind, n.status, n.medium, n.starts_at, n.ends_at, n.location, n.meeting_link, n.checked_in_at, n.questions, n.summary, n.learning_outcomes, n.follow_up_at, n.rating, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'competencies', n.competencies)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.advising_appointments REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.advising_appointments_log_insert();

CREATE FUNCTION tenfold.advising_appointments_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'advising_appointment', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.student_id, o.counselor_id, o.kind, o.status, o.medium, o.starts_at, o.ends_at, o.location, o.meeting_link, o.checked_in_at, o.questions, o.summary, o.learning_outcomes, o.follow_up_at, o.rating, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'competencies', o.competencies) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.student_id, n.counselor_id, n.kind, n.status, n.medium, n.starts_at, n.ends_at, n.location, n.meeting_link, n.checked_in_at, n.questions, n.summary, n.learning_outcomes, n.follow_up_at, n.rating, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'competencies', n.competencies) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.advising_appointments REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.advising_appointments_log_update();

CREATE FUNCTION tenfold.advising_appointments_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'advising_appointment', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.student_id, o.counselor_id, o.kind, o.status, o.medium, o.starts_at, o.ends_at, o.location, o.meeting_link, o.checked_in_at, o.questions, o.summary, o.learning_outcomes, o.follow_up_at, o.rating, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'competencies', o.competencies), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.advising_appointments REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.advising_appointments_log_delete();

CREATE FUNCTION tenfold.find_advising_appointments
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(CASE WHEN private THEN coalesce(f.search || f.search_private, f.search) ELSE f.search END, query)
    FROM (SELECT t.* FROM tenfold.advising_appointments t WHERE (t.search @@ query OR (private AND t.search_private @@ query)) OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_advising_appointments(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_advising_appointments(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Student notes (career_services)
CREATE TABLE tenfold.student_notes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    title_key TEXT COLLATE "C",
    student_id UUID,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT COLLATE "C" DEFAULT 'advising' NOT NULL,
    privacy TEXT COLLATE "C" DEFAULT 'staff' NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    competencies JSONB,
    appointment_id UUID,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX student_notes_student_at ON tenfold.student_notes (tenant_id, student_id, at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_owner_at ON tenfold.student_notes (tenant_id, owner_id, at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_created_at ON tenfold.student_notes (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_title_sort ON tenfold.student_notes (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_student ON tenfold.student_notes (tenant_id, student_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_at ON tenfold.student_notes (tenant_id, at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_at_sort ON tenfold.student_notes (tenant_id, at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_kind ON tenfold.student_notes (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_privacy ON tenfold.student_notes (tenant_id, privacy, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_appointment ON tenfold.student_notes (tenant_id, appointment_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_owner ON tenfold.student_notes (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX student_notes_external_id_unique ON tenfold.student_notes (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX student_notes_updated_at_sort ON tenfold.student_notes (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX student_notes_search ON tenfold.student_notes USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.student_notes ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.student_notes USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.student_notes TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.student_notes FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.student_notes_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'student_note', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.student_id, n.at, n.kind, n.privacy, n.body, n.appointment_id, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'competencies', n.competencies)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.student_notes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.student_notes_log_insert();

CREATE FUNCTION tenfold.student_notes_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'student_note', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.student_id, o.at, o.kind, o.privacy, o.body, o.appointment_id, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'competencies', o.competencies) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.title, n.title_key, n.student_id, n.at, n.kind, n.privacy, n.body, n.appointment_id, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'competencies', n.competencies) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.student_notes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.student_notes_log_update();

CREATE FUNCTION tenfold.student_notes_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'student_note', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.title, o.title_key, o.student_id, o.at, o.kind, o.privacy, o.body, o.appointment_id, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'competencies', o.competencies), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.student_notes REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.student_notes_log_delete();

CREATE FUNCTION tenfold.find_student_notes
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.student_notes t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups)
        OR groups IS NULL AND f.privacy <> 'private')
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_student_notes(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_student_notes(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Reminders (career_services)
CREATE TABLE tenfold.reminders (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    subject_key TEXT COLLATE "C",
    student_id UUID,
    trigger TEXT COLLATE "C" DEFAULT 'manual' NOT NULL,
    status TEXT COLLATE "C" DEFAULT 'scheduled' NOT NULL,
    delay_days BIGINT DEFAULT 3 NOT NULL,
    channel TEXT COLLATE "C" DEFAULT 'email' NOT NULL,
    stop_when TEXT COLLATE "C" DEFAULT 'replied' NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    snoozed_until TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    message TEXT COLLATE "C",
    appointment_id UUID,
    application_id UUID,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX reminders_due ON tenfold.reminders (tenant_id, due_at, id) WHERE deleted_at IS NULL AND status IN ('scheduled', 'snoozed');

CREATE INDEX reminders_owner_due_at ON tenfold.reminders (tenant_id, owner_id, due_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_created_at ON tenfold.reminders (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_subject_sort ON tenfold.reminders (tenant_id, subject_key, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_student ON tenfold.reminders (tenant_id, student_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_trigger ON tenfold.reminders (tenant_id, trigger, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_status ON tenfold.reminders (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_channel ON tenfold.reminders (tenant_id, channel, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_due_at ON tenfold.reminders (tenant_id, due_at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_due_at_sort ON tenfold.reminders (tenant_id, due_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_sent_at_sort ON tenfold.reminders (tenant_id, sent_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_appointment ON tenfold.reminders (tenant_id, appointment_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_application ON tenfold.reminders (tenant_id, application_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_owner ON tenfold.reminders (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX reminders_external_id_unique ON tenfold.reminders (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX reminders_updated_at_sort ON tenfold.reminders (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX reminders_search ON tenfold.reminders USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.reminders ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.reminders USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.reminders TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.reminders FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.reminders_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'reminder', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.subject, n.subject_key, n.student_id, n.trigger, n.status, n.delay_days, n.channel, n.stop_when, n.due_at, n.snoozed_until, n.sent_at, n.message, n.appointment_id, n.application_id, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.reminders REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.reminders_log_insert();

CREATE FUNCTION tenfold.reminders_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'reminder', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.subject, o.subject_key, o.student_id, o.trigger, o.status, o.delay_days, o.channel, o.stop_when, o.due_at, o.snoozed_until, o.sent_at, o.message, o.appointment_id, o.application_id, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.subject, n.subject_key, n.student_id, n.trigger, n.status, n.delay_days, n.channel, n.stop_when, n.due_at, n.snoozed_until, n.sent_at, n.message, n.appointment_id, n.application_id, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.reminders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.reminders_log_update();

CREATE FUNCTION tenfold.reminders_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'reminder', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.subject, o.subject_key, o.student_id, o.trigger, o.status, o.delay_days, o.channel, o.stop_when, o.due_at, o.snoozed_until, o.sent_at, o.message, o.appointment_id, o.application_id, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.reminders REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.reminders_log_delete();

CREATE FUNCTION tenfold.find_reminders
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.reminders t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_reminders(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_reminders(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Outcomes (career_services)
CREATE TABLE tenfold.outcomes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    student_id UUID,
    title TEXT COLLATE "C",
    title_key TEXT COLLATE "C",
    class_year BIGINT NOT NULL,
    category TEXT COLLATE "C" DEFAULT 'no_information' NOT NULL,
    degree_level TEXT COLLATE "C",
    major TEXT COLLATE "C",
    college TEXT COLLATE "C",
    cip_code TEXT COLLATE "C",
    employment_kind TEXT COLLATE "C",
    employer_id UUID,
    employer_name TEXT COLLATE "C",
    job_title TEXT COLLATE "C",
    city TEXT COLLATE "C",
    state TEXT COLLATE "C",
    country TEXT COLLATE "C",
    salary BIGINT,
    salary_currency TEXT COLLATE "C",
    first_year_bonus BIGINT,
    first_year_bonus_currency TEXT COLLATE "C",
    starts_on DATE,
    related_to_major BOOLEAN,
    obtained_through TEXT COLLATE "C",
    institution TEXT COLLATE "C",
    programme TEXT COLLATE "C",
    information_source TEXT COLLATE "C",
    verified_on DATE,
    comments TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX outcomes_class_year_category ON tenfold.outcomes (tenant_id, class_year, category, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_created_at ON tenfold.outcomes (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_student ON tenfold.outcomes (tenant_id, student_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_title_sort ON tenfold.outcomes (tenant_id, title_key, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_class_year ON tenfold.outcomes (tenant_id, class_year, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_class_year_sort ON tenfold.outcomes (tenant_id, class_year, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_category ON tenfold.outcomes (tenant_id, category, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_degree_level ON tenfold.outcomes (tenant_id, degree_level, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_major ON tenfold.outcomes (tenant_id, major, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_college ON tenfold.outcomes (tenant_id, college, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_employer ON tenfold.outcomes (tenant_id, employer_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_salary_sort ON tenfold.outcomes (tenant_id, salary_currency, salary, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_salary_currency ON tenfold.outcomes (tenant_id, salary_currency, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_information_source ON tenfold.outcomes (tenant_id, information_source, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_owner ON tenfold.outcomes (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX outcomes_external_id_unique ON tenfold.outcomes (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX outcomes_updated_at_sort ON tenfold.outcomes (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX outcomes_search ON tenfold.outcomes USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.outcomes ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.outcomes USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.outcomes TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.outcomes FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.outcomes_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'outcome', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.student_id, n.title, n.title_key, n.class_year, n.category, n.degree_level, n.major, n.college, n.cip_code, n.employment_kind, n.employer_id, n.employer_name, n.job_title, n.city, n.state, n.country, n.salary, n.salary_currency, n.first_year_bonus, n.first_year_bonus_currency, n.starts_on, n.related_to_major, n.obtained_through, n.institution, n.programme, n.information_source, n.verified_on, n.comments, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.outcomes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.outcomes_log_insert();

CREATE FUNCTION tenfold.outcomes_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'outcome', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.student_id, o.title, o.title_key, o.class_year, o.category, o.degree_level, o.major, o.college, o.cip_code, o.employment_kind, o.employer_id, o.employer_name, o.job_title, o.city, o.state, o.country, o.salary, o.salary_currency, o.first_year_bonus, o.first_year_bonus_currency, o.starts_on, o.related_to_major, o.obtained_through, o.institution, o.programme, o.information_source, o.verified_on, o.comments, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.student_id, n.title, n.title_key, n.class_year, n.category, n.degree_level, n.major, n.college, n.cip_code, n.employment_kind, n.employer_id, n.employer_name, n.job_title, n.city, n.state, n.country, n.salary, n.salary_currency, n.first_year_bonus, n.first_year_bonus_currency, n.starts_on, n.related_to_major, n.obtained_through, n.institution, n.programme, n.information_source, n.verified_on, n.comments, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.outcomes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.outcomes_log_update();

CREATE FUNCTION tenfold.outcomes_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'outcome', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.student_id, o.title, o.title_key, o.class_year, o.category, o.degree_level, o.major, o.college, o.cip_code, o.employment_kind, o.employer_id, o.employer_name, o.job_title, o.city, o.state, o.country, o.salary, o.salary_currency, o.first_year_bonus, o.first_year_bonus_currency, o.starts_on, o.related_to_major, o.obtained_through, o.institution, o.programme, o.information_source, o.verified_on, o.comments, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.outcomes REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.outcomes_log_delete();

CREATE FUNCTION tenfold.find_outcomes
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.outcomes t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_outcomes(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_outcomes(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Card sets (drops)
CREATE TABLE tenfold.card_sets (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    code TEXT COLLATE "C" NOT NULL,
    released_on DATE,
    artist TEXT COLLATE "C",
    description TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX card_sets_created_at ON tenfold.card_sets (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX card_sets_name_sort ON tenfold.card_sets (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX card_sets_code_unique ON tenfold.card_sets (tenant_id, code) WHERE deleted_at IS NULL AND code IS NOT NULL;

CREATE INDEX card_sets_code ON tenfold.card_sets (tenant_id, code, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX card_sets_released_on_sort ON tenfold.card_sets (tenant_id, released_on, id) WHERE deleted_at IS NULL;

CREATE INDEX card_sets_owner ON tenfold.card_sets (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX card_sets_external_id_unique ON tenfold.card_sets (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX card_sets_updated_at_sort ON tenfold.card_sets (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX card_sets_search ON tenfold.card_sets USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.card_sets ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.card_sets USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.card_sets TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.card_sets FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.card_sets_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'card_set', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.code, n.released_on, n.artist, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.card_sets REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.card_sets_log_insert();

CREATE FUNCTION tenfold.card_sets_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'card_set', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.code, o.released_on, o.artist, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.code, n.released_on, n.artist, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.card_sets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.card_sets_log_update();

CREATE FUNCTION tenfold.card_sets_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'card_set', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.code, o.released_on, o.artist, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.card_sets REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.card_sets_log_delete();

CREATE FUNCTION tenfold.find_card_sets
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.card_sets t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_card_sets(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_card_sets(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Cards (drops)
CREATE TABLE tenfold.cards (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    card_set_id UUID,
    number BIGINT NOT NULL,
    rarity TEXT COLLATE "C" NOT NULL,
    print_run BIGINT,
    refund_credits BIGINT DEFAULT 0 NOT NULL,
    artist TEXT COLLATE "C",
    year TEXT COLLATE "C",
    medium TEXT COLLATE "C",
    art TEXT COLLATE "C",
    traits JSONB,
    tags JSONB,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX cards_card_set_number ON tenfold.cards (tenant_id, card_set_id, number, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_rarity_name ON tenfold.cards (tenant_id, rarity, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_created_at ON tenfold.cards (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_name_sort ON tenfold.cards (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_card_set ON tenfold.cards (tenant_id, card_set_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_number_sort ON tenfold.cards (tenant_id, number, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_rarity ON tenfold.cards (tenant_id, rarity, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_artist ON tenfold.cards (tenant_id, artist, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_owner ON tenfold.cards (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX cards_external_id_unique ON tenfold.cards (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX cards_updated_at_sort ON tenfold.cards (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX cards_search ON tenfold.cards USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.cards ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.cards USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.cards TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.cards FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.cards_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'card', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.card_set_id, n.number, n.rarity, n.print_run, n.refund_credits, n.artist, n.year, n.medium, n.art, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'traits', n.traits, 'tags', n.tags)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.cards REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.cards_log_insert();

CREATE FUNCTION tenfold.cards_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'card', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.card_set_id, o.number, o.rarity, o.print_run, o.refund_credits, o.artist, o.year, o.medium, o.art, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'traits', o.traits, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.card_set_id, n.number, n.rarity, n.print_run, n.refund_credits, n.artist, n.year, n.medium, n.art, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'traits', n.traits, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.cards REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.cards_log_update();

CREATE FUNCTION tenfold.cards_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'card', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.card_set_id, o.number, o.rarity, o.print_run, o.refund_credits, o.artist, o.year, o.medium, o.art, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'traits', o.traits, 'tags', o.tags), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.cards REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.cards_log_delete();

CREATE FUNCTION tenfold.find_cards
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.cards t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_cards(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_cards(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Pack types (drops)
CREATE TABLE tenfold.pack_types (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    card_set_id UUID,
    price BIGINT NOT NULL,
    cards_per_pack BIGINT NOT NULL,
    odds JSONB NOT NULL,
    slots JSONB,
    pity_after BIGINT,
    odds_hash TEXT COLLATE "C",
    art TEXT COLLATE "C",
    description TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX pack_types_created_at ON tenfold.pack_types (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX pack_types_name_sort ON tenfold.pack_types (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX pack_types_card_set ON tenfold.pack_types (tenant_id, card_set_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX pack_types_price_sort ON tenfold.pack_types (tenant_id, price, id) WHERE deleted_at IS NULL;

CREATE INDEX pack_types_owner ON tenfold.pack_types (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX pack_types_external_id_unique ON tenfold.pack_types (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX pack_types_updated_at_sort ON tenfold.pack_types (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX pack_types_search ON tenfold.pack_types USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.pack_types ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.pack_types USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.pack_types TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.pack_types FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.pack_types_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'pack_type', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.card_set_id, n.price, n.cards_per_pack, n.pity_after, n.odds_hash, n.art, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'odds', n.odds, 'slots', n.slots)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.pack_types REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.pack_types_log_insert();

CREATE FUNCTION tenfold.pack_types_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'pack_type', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.card_set_id, o.price, o.cards_per_pack, o.pity_after, o.odds_hash, o.art, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'odds', o.odds, 'slots', o.slots) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.card_set_id, n.price, n.cards_per_pack, n.pity_after, n.odds_hash, n.art, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'odds', n.odds, 'slots', n.slots) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.pack_types REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.pack_types_log_update();

CREATE FUNCTION tenfold.pack_types_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'pack_type', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.card_set_id, o.price, o.cards_per_pack, o.pity_after, o.odds_hash, o.art, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'odds', o.odds, 'slots', o.slots), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.pack_types REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.pack_types_log_delete();

CREATE FUNCTION tenfold.find_pack_types
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.pack_types t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_pack_types(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_pack_types(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Drops (drops)
CREATE TABLE tenfold.drops (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    pack_type_id UUID,
    status TEXT COLLATE "C" DEFAULT 'draft' NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE,
    supply BIGINT NOT NULL,
    remaining BIGINT,
    sold BIGINT GENERATED ALWAYS AS (supply - remaining) STORED,
    per_person BIGINT DEFAULT 5 NOT NULL,
    refund_hours BIGINT DEFAULT 24 NOT NULL,
    waves JSONB,
    allow_list JSONB,
    seed_hash TEXT COLLATE "C",
    seed TEXT COLLATE "C",
    description TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX drops_status_starts_at ON tenfold.drops (tenant_id, status, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_created_at ON tenfold.drops (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_name_sort ON tenfold.drops (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_pack_type ON tenfold.drops (tenant_id, pack_type_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_status ON tenfold.drops (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_starts_at ON tenfold.drops (tenant_id, starts_at, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_starts_at_sort ON tenfold.drops (tenant_id, starts_at, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_ends_at_sort ON tenfold.drops (tenant_id, ends_at, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_sold_sort ON tenfold.drops (tenant_id, sold, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_owner ON tenfold.drops (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX drops_external_id_unique ON tenfold.drops (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX drops_updated_at_sort ON tenfold.drops (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX drops_search ON tenfold.drops USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.drops ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.drops USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.drops TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.drops FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.drops_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'drop', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.pack_type_id, n.status, n.starts_at, n.ends_at, n.supply, n.remaining, n.per_person, n.refund_hours, n.seed_hash, n.seed, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'waves', n.waves, 'allow_list', n.allow_list)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.drops REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.drops_log_insert();

CREATE FUNCTION tenfold.drops_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'drop', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.pack_type_id, o.status, o.starts_at, o.ends_at, o.supply, o.remaining, o.per_person, o.refund_hours, o.seed_hash, o.seed, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'waves', o.waves, 'allow_list', o.allow_list) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.pack_type_id, n.status, n.starts_at, n.ends_at, n.supply, n.remaining, n.per_person, n.refund_hours, n.seed_hash, n.seed, n.description, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'waves', n.waves, 'allow_list', n.allow_list) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.drops REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.drops_log_update();

CREATE FUNCTION tenfold.drops_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'drop', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.pack_type_id, o.status, o.starts_at, o.ends_at, o.supply, o.remaining, o.per_person, o.refund_hours, o.seed_hash, o.seed, o.description, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'waves', o.waves, 'allow_list', o.allow_list), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.drops REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.drops_log_delete();

CREATE FUNCTION tenfold.find_drops
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.drops t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_drops(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_drops(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Purchases (drops)
CREATE TABLE tenfold.purchases (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    reference_key TEXT COLLATE "C",
    drop_id UUID,
    status TEXT COLLATE "C" DEFAULT 'requested' NOT NULL,
    quantity BIGINT DEFAULT 1 NOT NULL,
    credits BIGINT NOT NULL,
    reserved_until TIMESTAMP WITH TIME ZONE,
    paid_at TIMESTAMP WITH TIME ZONE,
    opened_at TIMESTAMP WITH TIME ZONE,
    refunded_at TIMESTAMP WITH TIME ZONE,
    client_seed TEXT COLLATE "C",
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX purchases_drop_owner ON tenfold.purchases (tenant_id, drop_id, owner_id, id) WHERE deleted_at IS NULL;

CREATE INDEX purchases_created_at ON tenfold.purchases (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX purchases_reference_unique ON tenfold.purchases (tenant_id, reference) WHERE deleted_at IS NULL AND reference IS NOT NULL;

CREATE INDEX purchases_reference ON tenfold.purchases (tenant_id, reference, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX purchases_reference_sort ON tenfold.purchases (tenant_id, reference_key, id) WHERE deleted_at IS NULL;

CREATE INDEX purchases_drop ON tenfold.purchases (tenant_id, drop_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX purchases_status ON tenfold.purchases (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX purchases_credits_sort ON tenfold.purchases (tenant_id, credits, id) WHERE deleted_at IS NULL;

CREATE INDEX purchases_paid_at_sort ON tenfold.purchases (tenant_id, paid_at, id) WHERE deleted_at IS NULL;

CREATE INDEX purchases_owner ON tenfold.purchases (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX purchases_external_id_unique ON tenfold.purchases (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX purchases_updated_at_sort ON tenfold.purchases (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX purchases_search ON tenfold.purchases USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.purchases ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.purchases USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.purchases TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.purchases FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.purchases_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'purchase', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.reference, n.reference_key, n.drop_id, n.status, n.quantity, n.credits, n.reserved_until, n.paid_at, n.opened_at, n.refunded_at, n.client_seed, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.purchases REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.purchases_log_insert();

CREATE FUNCTION tenfold.purchases_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'purchase', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.reference, o.reference_key, o.drop_id, o.status, o.quantity, o.credits, o.reserved_until, o.paid_at, o.opened_at, o.refunded_at, o.client_seed, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.reference, n.reference_key, n.drop_id, n.status, n.quantity, n.credits, n.reserved_until, n.paid_at, n.opened_at, n.refunded_at, n.client_seed, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.purchases REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.purchases_log_update();

CREATE FUNCTION tenfold.purchases_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'purchase', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.reference, o.reference_key, o.drop_id, o.status, o.quantity, o.credits, o.reserved_until, o.paid_at, o.opened_at, o.refunded_at, o.client_seed, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.purchases REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.purchases_log_delete();

CREATE FUNCTION tenfold.find_purchases
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.purchases t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_purchases(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_purchases(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- User cards (drops)
CREATE TABLE tenfold.user_cards (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    card_id UUID,
    purchase_id UUID,
    drop_id UUID,
    serial BIGINT,
    status TEXT COLLATE "C" DEFAULT 'sealed' NOT NULL,
    is_refunded BOOLEAN DEFAULT false NOT NULL,
    refunded_at TIMESTAMP WITH TIME ZONE,
    refund_credits BIGINT,
    acquired_at TIMESTAMP WITH TIME ZONE,
    refundable_until TIMESTAMP WITH TIME ZONE,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX user_cards_owner_kept ON tenfold.user_cards (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL AND NOT is_refunded;

CREATE INDEX user_cards_card_serial ON tenfold.user_cards (tenant_id, card_id, serial, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_created_at ON tenfold.user_cards (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_name_sort ON tenfold.user_cards (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_card ON tenfold.user_cards (tenant_id, card_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_purchase ON tenfold.user_cards (tenant_id, purchase_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_drop ON tenfold.user_cards (tenant_id, drop_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_serial_sort ON tenfold.user_cards (tenant_id, serial, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_status ON tenfold.user_cards (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_is_refunded ON tenfold.user_cards (tenant_id, is_refunded, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_acquired_at_sort ON tenfold.user_cards (tenant_id, acquired_at, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_owner ON tenfold.user_cards (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX user_cards_external_id_unique ON tenfold.user_cards (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX user_cards_updated_at_sort ON tenfold.user_cards (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX user_cards_search ON tenfold.user_cards USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.user_cards ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.user_cards USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.user_cards TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.user_cards FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.user_cards_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'user_card', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.card_id, n.purchase_id, n.drop_id, n.serial, n.status, n.is_refunded, n.refunded_at, n.refund_credits, n.acquired_at, n.refundable_until, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.user_cards REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.user_cards_log_insert();

CREATE FUNCTION tenfold.user_cards_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'user_card', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.card_id, o.purchase_id, o.drop_id, o.serial, o.status, o.is_refunded, o.refunded_at, o.refund_credits, o.acquired_at, o.refundable_until, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.card_id, n.purchase_id, n.drop_id, n.serial, n.status, n.is_refunded, n.refunded_at, n.refund_credits, n.acquired_at, n.refundable_until, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.user_cards REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.user_cards_log_update();

CREATE FUNCTION tenfold.user_cards_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'user_card', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.card_id, o.purchase_id, o.drop_id, o.serial, o.status, o.is_refunded, o.refunded_at, o.refund_credits, o.acquired_at, o.refundable_until, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.user_cards REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.user_cards_log_delete();

CREATE FUNCTION tenfold.find_user_cards
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.user_cards t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_user_cards(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_user_cards(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

-- Custom records (custom)
CREATE TABLE tenfold.custom_records (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C",
    kind TEXT COLLATE "C" NOT NULL,
    owner_id UUID,
    team_id UUID,
    external_id TEXT COLLATE "C",
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    version BIGINT DEFAULT 1 NOT NULL,
    custom JSONB DEFAULT '{}' NOT NULL,
    search TSVECTOR,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX custom_records_kind_created_at ON tenfold.custom_records (tenant_id, kind, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX custom_records_created_at ON tenfold.custom_records (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX custom_records_name_sort ON tenfold.custom_records (tenant_id, name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX custom_records_owner ON tenfold.custom_records (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;

CREATE UNIQUE INDEX custom_records_external_id_unique ON tenfold.custom_records (tenant_id, external_id) WHERE deleted_at IS NULL AND external_id IS NOT NULL;

CREATE INDEX custom_records_updated_at_sort ON tenfold.custom_records (tenant_id, updated_at, id) WHERE deleted_at IS NULL;

CREATE INDEX custom_records_search ON tenfold.custom_records USING gin (search) WITH (fastupdate = off);

ALTER TABLE tenfold.custom_records ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.custom_records USING (tenant_id = current_setting('app.tenant_id')::uuid) WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.custom_records TO :app;

CREATE TRIGGER touch BEFORE UPDATE ON tenfold.custom_records FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

CREATE FUNCTION tenfold.custom_records_log_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'custom_record', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.kind, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.custom_records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.custom_records_log_insert();

CREATE FUNCTION tenfold.custom_records_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp SET enable_nestloop = off AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'custom_record', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.kind, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.kind, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.custom_records REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.custom_records_log_update();

CREATE FUNCTION tenfold.custom_records_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'custom_record', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.kind, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.custom_records REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.custom_records_log_delete();

CREATE FUNCTION tenfold.find_custom_records
    (query tsquery, private boolean, person uuid, groups uuid[], most int, gone boolean, made text)
RETURNS TABLE (id uuid, rank real) LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.custom_records t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
      AND (made IS NULL OR f.kind = made)
    LIMIT most;
END $$;

REVOKE ALL ON FUNCTION tenfold.find_custom_records(tsquery, boolean, uuid, uuid[], int, boolean, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_custom_records(tsquery, boolean, uuid, uuid[], int, boolean, text) TO :app;

ALTER TABLE tenfold.contacts ADD CONSTRAINT contacts_company_fk FOREIGN KEY (tenant_id, company_id) REFERENCES tenfold.companies (tenant_id, id);

ALTER TABLE tenfold.deals ADD CONSTRAINT deals_company_fk FOREIGN KEY (tenant_id, company_id) REFERENCES tenfold.companies (tenant_id, id);

ALTER TABLE tenfold.deals ADD CONSTRAINT deals_contact_fk FOREIGN KEY (tenant_id, contact_id) REFERENCES tenfold.contacts (tenant_id, id);

ALTER TABLE tenfold.activities ADD CONSTRAINT activities_contact_fk FOREIGN KEY (tenant_id, contact_id) REFERENCES tenfold.contacts (tenant_id, id);

ALTER TABLE tenfold.activities ADD CONSTRAINT activities_company_fk FOREIGN KEY (tenant_id, company_id) REFERENCES tenfold.companies (tenant_id, id);

ALTER TABLE tenfold.tasks ADD CONSTRAINT tasks_contact_fk FOREIGN KEY (tenant_id, contact_id) REFERENCES tenfold.contacts (tenant_id, id);

ALTER TABLE tenfold.clients ADD CONSTRAINT clients_contact_fk FOREIGN KEY (tenant_id, contact_id) REFERENCES tenfold.contacts (tenant_id, id);

ALTER TABLE tenfold.clients ADD CONSTRAINT clients_lead_fk FOREIGN KEY (tenant_id, lead_id) REFERENCES tenfold.leads (tenant_id, id);

ALTER TABLE tenfold.leads ADD CONSTRAINT leads_contact_fk FOREIGN KEY (tenant_id, contact_id) REFERENCES tenfold.contacts (tenant_id, id);

ALTER TABLE tenfold.listings ADD CONSTRAINT listings_agent_fk FOREIGN KEY (tenant_id, agent_id) REFERENCES tenfold.agents (tenant_id, id);

ALTER TABLE tenfold.listings ADD CONSTRAINT listings_co_agent_fk FOREIGN KEY (tenant_id, co_agent_id) REFERENCES tenfold.agents (tenant_id, id);

ALTER TABLE tenfold.listings ADD CONSTRAINT listings_seller_fk FOREIGN KEY (tenant_id, seller_id) REFERENCES tenfold.clients (tenant_id, id);

ALTER TABLE tenfold.escrows ADD CONSTRAINT escrows_listing_fk FOREIGN KEY (tenant_id, listing_id) REFERENCES tenfold.listings (tenant_id, id);

ALTER TABLE tenfold.escrows ADD CONSTRAINT escrows_client_fk FOREIGN KEY (tenant_id, client_id) REFERENCES tenfold.clients (tenant_id, id);

ALTER TABLE tenfold.escrows ADD CONSTRAINT escrows_buyer_agent_fk FOREIGN KEY (tenant_id, buyer_agent_id) REFERENCES tenfold.agents (tenant_id, id);

ALTER TABLE tenfold.escrows ADD CONSTRAINT escrows_listing_agent_fk FOREIGN KEY (tenant_id, listing_agent_id) REFERENCES tenfold.agents (tenant_id, id);

ALTER TABLE tenfold.appointments ADD CONSTRAINT appointments_client_fk FOREIGN KEY (tenant_id, client_id) REFERENCES tenfold.clients (tenant_id, id);

ALTER TABLE tenfold.appointments ADD CONSTRAINT appointments_lead_fk FOREIGN KEY (tenant_id, lead_id) REFERENCES tenfold.leads (tenant_id, id);

ALTER TABLE tenfold.appointments ADD CONSTRAINT appointments_listing_fk FOREIGN KEY (tenant_id, listing_id) REFERENCES tenfold.listings (tenant_id, id);

ALTER TABLE tenfold.appointments ADD CONSTRAINT appointments_escrow_fk FOREIGN KEY (tenant_id, escrow_id) REFERENCES tenfold.escrows (tenant_id, id);

ALTER TABLE tenfold.appointments ADD CONSTRAINT appointments_buyer_agreement_fk FOREIGN KEY (tenant_id, buyer_agreement_id) REFERENCES tenfold.buyer_agreements (tenant_id, id);

ALTER TABLE tenfold.open_houses ADD CONSTRAINT open_houses_listing_fk FOREIGN KEY (tenant_id, listing_id) REFERENCES tenfold.listings (tenant_id, id);

ALTER TABLE tenfold.open_houses ADD CONSTRAINT open_houses_host_fk FOREIGN KEY (tenant_id, host_id) REFERENCES tenfold.agents (tenant_id, id);

ALTER TABLE tenfold.buyer_agreements ADD CONSTRAINT buyer_agreements_client_fk FOREIGN KEY (tenant_id, client_id) REFERENCES tenfold.clients (tenant_id, id);

ALTER TABLE tenfold.students ADD CONSTRAINT students_contact_fk FOREIGN KEY (tenant_id, contact_id) REFERENCES tenfold.contacts (tenant_id, id);

ALTER TABLE tenfold.employers ADD CONSTRAINT employers_company_fk FOREIGN KEY (tenant_id, company_id) REFERENCES tenfold.companies (tenant_id, id);

ALTER TABLE tenfold.employers ADD CONSTRAINT employers_recruiter_fk FOREIGN KEY (tenant_id, recruiter_id) REFERENCES tenfold.contacts (tenant_id, id);

ALTER TABLE tenfold.job_postings ADD CONSTRAINT job_postings_employer_fk FOREIGN KEY (tenant_id, employer_id) REFERENCES tenfold.employers (tenant_id, id);

ALTER TABLE tenfold.applications ADD CONSTRAINT applications_student_fk FOREIGN KEY (tenant_id, student_id) REFERENCES tenfold.students (tenant_id, id);

ALTER TABLE tenfold.applications ADD CONSTRAINT applications_job_posting_fk FOREIGN KEY (tenant_id, job_posting_id) REFERENCES tenfold.job_postings (tenant_id, id);

ALTER TABLE tenfold.applications ADD CONSTRAINT applications_employer_fk FOREIGN KEY (tenant_id, employer_id) REFERENCES tenfold.employers (tenant_id, id);

ALTER TABLE tenfold.advising_appointments ADD CONSTRAINT advising_appointments_student_fk FOREIGN KEY (tenant_id, student_id) REFERENCES tenfold.students (tenant_id, id);

ALTER TABLE tenfold.student_notes ADD CONSTRAINT student_notes_student_fk FOREIGN KEY (tenant_id, student_id) REFERENCES tenfold.students (tenant_id, id);

ALTER TABLE tenfold.student_notes ADD CONSTRAINT student_notes_appointment_fk FOREIGN KEY (tenant_id, appointment_id) REFERENCES tenfold.advising_appointments (tenant_id, id);

ALTER TABLE tenfold.reminders ADD CONSTRAINT reminders_student_fk FOREIGN KEY (tenant_id, student_id) REFERENCES tenfold.students (tenant_id, id);

ALTER TABLE tenfold.reminders ADD CONSTRAINT reminders_appointment_fk FOREIGN KEY (tenant_id, appointment_id) REFERENCES tenfold.advising_appointments (tenant_id, id);

ALTER TABLE tenfold.reminders ADD CONSTRAINT reminders_application_fk FOREIGN KEY (tenant_id, application_id) REFERENCES tenfold.applications (tenant_id, id);

ALTER TABLE tenfold.outcomes ADD CONSTRAINT outcomes_student_fk FOREIGN KEY (tenant_id, student_id) REFERENCES tenfold.students (tenant_id, id);

ALTER TABLE tenfold.outcomes ADD CONSTRAINT outcomes_employer_fk FOREIGN KEY (tenant_id, employer_id) REFERENCES tenfold.employers (tenant_id, id);

ALTER TABLE tenfold.cards ADD CONSTRAINT cards_card_set_fk FOREIGN KEY (tenant_id, card_set_id) REFERENCES tenfold.card_sets (tenant_id, id);

ALTER TABLE tenfold.pack_types ADD CONSTRAINT pack_types_card_set_fk FOREIGN KEY (tenant_id, card_set_id) REFERENCES tenfold.card_sets (tenant_id, id);

ALTER TABLE tenfold.drops ADD CONSTRAINT drops_pack_type_fk FOREIGN KEY (tenant_id, pack_type_id) REFERENCES tenfold.pack_types (tenant_id, id);

ALTER TABLE tenfold.purchases ADD CONSTRAINT purchases_drop_fk FOREIGN KEY (tenant_id, drop_id) REFERENCES tenfold.drops (tenant_id, id);

ALTER TABLE tenfold.user_cards ADD CONSTRAINT user_cards_card_fk FOREIGN KEY (tenant_id, card_id) REFERENCES tenfold.cards (tenant_id, id);

ALTER TABLE tenfold.user_cards ADD CONSTRAINT user_cards_purchase_fk FOREIGN KEY (tenant_id, purchase_id) REFERENCES tenfold.purchases (tenant_id, id);

ALTER TABLE tenfold.user_cards ADD CONSTRAINT user_cards_drop_fk FOREIGN KEY (tenant_id, drop_id) REFERENCES tenfold.drops (tenant_id, id);
