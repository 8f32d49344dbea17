SET LOCAL lock_timeout = '5s';

CREATE TABLE tenfold.automation_met (
    tenant_id uuid NOT NULL,
    automation_id uuid NOT NULL,
    record_id uuid NOT NULL,
    CONSTRAINT automation_met_pkey PRIMARY KEY (tenant_id, automation_id, record_id)
);

CREATE TABLE tenfold.automation_runs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    automation_id uuid NOT NULL,
    version integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    record_id uuid,
    state text COLLATE "C" DEFAULT 'ready'::text NOT NULL,
    step smallint DEFAULT 0 NOT NULL,
    depth smallint DEFAULT 1 NOT NULL,
    at timestamp with time zone NOT NULL,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    silent boolean DEFAULT false NOT NULL,
    reason text,
    trail jsonb DEFAULT '[]'::jsonb NOT NULL,
    payload jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT automation_runs_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX automation_runs_age ON tenfold.automation_runs USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE UNIQUE INDEX automation_runs_key ON tenfold.automation_runs USING btree (tenant_id, automation_id, key);

CREATE INDEX automation_runs_recent ON tenfold.automation_runs USING btree (tenant_id, automation_id, id);

CREATE INDEX automation_runs_record ON tenfold.automation_runs USING btree (tenant_id, record_id, id) WHERE (record_id IS NOT NULL);

CREATE TABLE tenfold.automation_versions (
    tenant_id uuid NOT NULL,
    automation_id uuid NOT NULL,
    version integer NOT NULL,
    spec jsonb NOT NULL,
    made_by uuid NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT automation_versions_pkey PRIMARY KEY (tenant_id, automation_id, version)
);

CREATE TABLE tenfold.automations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    enabled boolean DEFAULT false NOT NULL,
    enabled_at timestamp with time zone,
    type text COLLATE "C" NOT NULL,
    event text COLLATE "C" NOT NULL,
    spec jsonb NOT NULL,
    shipped text COLLATE "C",
    made_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    looked_at timestamp with time zone,
    hook_hash bytea,
    CONSTRAINT automations_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX automations_enabled ON tenfold.automations USING btree (tenant_id, event) WHERE (enabled AND (deleted_at IS NULL));

CREATE UNIQUE INDEX automations_hook ON tenfold.automations USING btree (hook_hash) WHERE (hook_hash IS NOT NULL);

CREATE UNIQUE INDEX automations_shipped ON tenfold.automations USING btree (tenant_id, shipped) WHERE (shipped IS NOT NULL);

CREATE TABLE tenfold.webhook_deliveries (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    message_id uuid NOT NULL,
    state text COLLATE "C" DEFAULT 'pending'::text NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    tried_at timestamp with time zone,
    delivered_at timestamp with time zone,
    status integer,
    error text,
    answer text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX webhook_deliveries_age ON tenfold.webhook_deliveries USING btree (created_at);

CREATE UNIQUE INDEX webhook_deliveries_once ON tenfold.webhook_deliveries USING btree (tenant_id, webhook_id, message_id);

CREATE INDEX webhook_deliveries_recent ON tenfold.webhook_deliveries USING btree (tenant_id, webhook_id, id);

CREATE INDEX webhook_deliveries_state ON tenfold.webhook_deliveries USING btree (tenant_id, webhook_id, state, id);

CREATE TABLE tenfold.webhook_messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    record_id uuid,
    payload text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_messages_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX webhook_messages_age ON tenfold.webhook_messages USING btree (created_at);

CREATE UNIQUE INDEX webhook_messages_key ON tenfold.webhook_messages USING btree (tenant_id, key);

CREATE TABLE tenfold.webhooks (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    url text NOT NULL,
    events text[] DEFAULT '{}'::text[] NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    enabled_at timestamp with time zone DEFAULT now() NOT NULL,
    sealed bytea NOT NULL,
    sealed_before bytea,
    before_until timestamp with time zone,
    made_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    failing_since timestamp with time zone,
    rest_until timestamp with time zone,
    switched_off text,
    CONSTRAINT webhooks_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX webhooks_enabled ON tenfold.webhooks USING btree (tenant_id) WHERE (enabled AND (deleted_at IS NULL));

CREATE OR REPLACE FUNCTION tenfold.automated(events text[], among uuid[])
 RETURNS uuid[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT coalesce(array_agg(DISTINCT a.tenant_id), '{}') FROM tenfold.automations a
    WHERE a.enabled AND a.deleted_at IS NULL AND a.event = ANY (events)
      AND (among IS NULL OR a.tenant_id = ANY (among))
$function$;

REVOKE ALL ON FUNCTION tenfold.automated(text[],uuid[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION tenfold.hooked(secret bytea, OUT tenant uuid, OUT id uuid)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT a.tenant_id, a.id FROM tenfold.automations a
    WHERE a.hook_hash = secret AND a.enabled AND a.deleted_at IS NULL
$function$;

REVOKE ALL ON FUNCTION tenfold.hooked(bytea) FROM PUBLIC;

CREATE OR REPLACE FUNCTION tenfold.webhooked(among uuid[])
 RETURNS uuid[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT coalesce(array_agg(DISTINCT w.tenant_id), '{}') FROM tenfold.webhooks w
    WHERE w.enabled AND w.deleted_at IS NULL AND w.tenant_id = ANY (among)
$function$;

REVOKE ALL ON FUNCTION tenfold.webhooked(uuid[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION tenfold.forget()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
DECLARE one record; gone int; most int := 0;
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('idempotency_keys', 'created_at < now() - interval ''24 hours'''),
        ('sign_in_failures', 'greatest(at, locked_until) < now() - interval ''1 day'''),
        ('refresh_tokens', 'expires_at < now() - interval ''30 days'''),
        ('sessions', 'expires_at < now() - interval ''30 days'''),
        ('links', 'expires_at < now() - interval ''1 day'''),
        ('challenges', 'expires_at < now() - interval ''1 day'''),
        ('devices', 'expires_at < now() - interval ''1 day'''),
        ('rate_limits', 'used_until < now()'),
        ('invitations', 'expires_at < now() - interval ''90 days'''),
        ('mails', 'created_at < now() - interval ''90 days'''),
        ('csp_reports', 'last_at < now() - interval ''90 days'''),
        ('automation_runs', 'finished_at < now() - interval ''90 days'''),
        ('webhook_deliveries', 'created_at < now() - interval ''30 days'''),
        ('webhook_messages', 'created_at < now() - interval ''30 days'''),
        ('security_events', 'created_at < now() - interval ''1 year''')
    ) AS t (name, old) LOOP
        EXECUTE format('DELETE FROM tenfold.%I WHERE ctid IN (SELECT ctid FROM tenfold.%I '
            'WHERE %s LIMIT 5000)', one.name, one.name, one.old);
        GET DIAGNOSTICS gone = ROW_COUNT;
        most := greatest(most, gone);
    END LOOP;
    RETURN most;
END $function$;

ALTER TABLE tenfold.automation_met ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.automation_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.automation_versions ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.automations ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.webhook_deliveries ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.webhook_messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.webhooks ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.automation_met AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.automation_runs AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.automation_versions AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.automations AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.webhook_deliveries AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.webhook_messages AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.webhooks AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

GRANT EXECUTE ON FUNCTION tenfold.automated(text[],uuid[]) TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.automation_met TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.automation_runs TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.automation_versions TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.automations TO :app;

GRANT EXECUTE ON FUNCTION tenfold.hooked(bytea) TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.webhook_deliveries TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.webhook_messages TO :app;

GRANT EXECUTE ON FUNCTION tenfold.webhooked(uuid[]) TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.webhooks TO :app;
