-- Automations: what an organisation has done by itself, and each time that it was.
-- Made after identity.sql, by the owner of all tables.

-- Each automation as it is now; below, as it was in each version.
CREATE TABLE tenfold.automations (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    version     int NOT NULL DEFAULT 1,
    enabled     boolean NOT NULL DEFAULT false,
    -- Only what happens from then on sets it off.
    enabled_at  timestamptz,
    -- The record type that it is about, and what sets it off: `created`, `time` …
    type        text COLLATE "C" NOT NULL,
    event       text COLLATE "C" NOT NULL,
    spec        jsonb NOT NULL,
    -- Its name in the pack that ships it.
    shipped     text COLLATE "C",
    made_by     uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz,
    -- Up to when its times were looked for.
    looked_at   timestamptz,
    -- The secret of its own address, as its hash.
    hook_hash   bytea,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX automations_shipped ON tenfold.automations (tenant_id, shipped)
    WHERE shipped IS NOT NULL;
CREATE UNIQUE INDEX automations_hook ON tenfold.automations (hook_hash)
    WHERE hook_hash IS NOT NULL;
CREATE INDEX automations_enabled ON tenfold.automations (tenant_id, event)
    WHERE enabled AND deleted_at IS NULL;

CREATE TABLE tenfold.automation_versions (
    tenant_id     uuid NOT NULL,
    automation_id uuid NOT NULL,
    version       int NOT NULL,
    spec          jsonb NOT NULL,
    made_by       uuid NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, automation_id, version)
);

-- Each time that an automation was set off. `key` is what set it off: one event, one run.
CREATE TABLE tenfold.automation_runs (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    automation_id uuid NOT NULL,
    version       int NOT NULL,
    key           text COLLATE "C" NOT NULL,
    record_id     uuid,
    -- ready, waiting, done, failed, stopped
    state         text COLLATE "C" NOT NULL DEFAULT 'ready',
    step          smallint NOT NULL DEFAULT 0,
    depth         smallint NOT NULL DEFAULT 1,
    -- When what set it off happened, and when it goes on.
    at            timestamptz NOT NULL,
    due_at        timestamptz NOT NULL DEFAULT now(),
    -- Whether it comes of an import or of sample data: it then sends nothing to anybody.
    silent        boolean NOT NULL DEFAULT false,
    reason        text,
    trail         jsonb NOT NULL DEFAULT '[]',
    payload       jsonb,
    created_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX automation_runs_key
    ON tenfold.automation_runs (tenant_id, automation_id, key);
CREATE INDEX automation_runs_recent ON tenfold.automation_runs (tenant_id, automation_id, id);
CREATE INDEX automation_runs_record ON tenfold.automation_runs (tenant_id, record_id, id)
    WHERE record_id IS NOT NULL;
CREATE INDEX automation_runs_age ON tenfold.automation_runs (finished_at)
    WHERE finished_at IS NOT NULL;

-- The records for which an automation's conditions hold, so that it is told when they begin to.
CREATE TABLE tenfold.automation_met (
    tenant_id     uuid NOT NULL,
    automation_id uuid NOT NULL,
    record_id     uuid NOT NULL,
    PRIMARY KEY (tenant_id, automation_id, record_id)
);

-- The organisations, of these or of all, that have automations set off by some events.
CREATE FUNCTION tenfold.automated(events text[], among uuid[]) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT a.tenant_id), '{}') FROM tenfold.automations a
    WHERE a.enabled AND a.deleted_at IS NULL AND a.event = ANY (events)
      AND (among IS NULL OR a.tenant_id = ANY (among))
$$;

-- Whose automation has an address with this secret.
CREATE FUNCTION tenfold.hooked(secret bytea, OUT tenant uuid, OUT id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT a.tenant_id, a.id FROM tenfold.automations a
    WHERE a.hook_hash = secret AND a.enabled AND a.deleted_at IS NULL
$$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['automations', 'automation_versions', 'automation_runs',
        'automation_met'] LOOP
        EXECUTE format('ALTER TABLE tenfold.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON tenfold.%I '
            'USING (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'')::uuid)', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.automations, tenfold.automation_versions,
    tenfold.automation_runs, tenfold.automation_met TO :app;
REVOKE ALL ON FUNCTION tenfold.automated(text[], uuid[]), tenfold.hooked(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.automated(text[], uuid[]), tenfold.hooked(bytea) TO :app;
