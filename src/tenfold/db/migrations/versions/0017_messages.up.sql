SET LOCAL lock_timeout = '5s';

CREATE TABLE tenfold.message_settings (
    tenant_id uuid NOT NULL,
    sender_name text DEFAULT ''::text NOT NULL,
    reply_to text DEFAULT ''::text NOT NULL,
    postal_address text DEFAULT ''::text NOT NULL,
    quiet_from time without time zone DEFAULT '21:00:00'::time without time zone NOT NULL,
    quiet_until time without time zone DEFAULT '08:00:00'::time without time zone NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT message_settings_pkey PRIMARY KEY (tenant_id)
);

CREATE TABLE tenfold.messages (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    incoming boolean DEFAULT false NOT NULL,
    state text COLLATE "C" NOT NULL,
    reason text,
    type text COLLATE "C" DEFAULT ''::text NOT NULL,
    record_id uuid,
    address text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    user_id uuid,
    by_id uuid,
    answers_id uuid,
    owner_id uuid,
    template_id uuid,
    mailing boolean DEFAULT false NOT NULL,
    depth smallint DEFAULT 0 NOT NULL,
    language text COLLATE "C" DEFAULT ''::text NOT NULL,
    sender text DEFAULT ''::text NOT NULL,
    reply_to text DEFAULT ''::text NOT NULL,
    subject text DEFAULT ''::text NOT NULL,
    text text DEFAULT ''::text NOT NULL,
    html text DEFAULT ''::text NOT NULL,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    carrier text COLLATE "C",
    carrier_id text COLLATE "C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    settled_at timestamp with time zone,
    answered_at timestamp with time zone,
    CONSTRAINT messages_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX messages_address ON tenfold.messages USING btree (address, id);

CREATE UNIQUE INDEX messages_key ON tenfold.messages USING btree (tenant_id, key);

CREATE INDEX messages_record ON tenfold.messages USING btree (tenant_id, record_id, id) WHERE (record_id IS NOT NULL);

CREATE INDEX messages_state ON tenfold.messages USING btree (tenant_id, state, id);

CREATE TABLE tenfold.notices (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    type text COLLATE "C" DEFAULT ''::text NOT NULL,
    record_id uuid,
    by_id uuid,
    text text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    read_at timestamp with time zone,
    mailed_at timestamp with time zone,
    CONSTRAINT notices_pkey PRIMARY KEY (tenant_id, user_id, id)
);

CREATE INDEX notices_age ON tenfold.notices USING btree (created_at);

CREATE UNIQUE INDEX notices_key ON tenfold.notices USING btree (tenant_id, user_id, key);

CREATE INDEX notices_unread ON tenfold.notices USING btree (tenant_id, user_id) WHERE (read_at IS NULL);

CREATE TABLE tenfold.suppressions (
    tenant_id uuid NOT NULL,
    channel text COLLATE "C" NOT NULL,
    address text NOT NULL,
    reason text COLLATE "C" NOT NULL,
    message_id uuid,
    by_id uuid,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT suppressions_pkey PRIMARY KEY (tenant_id, channel, address)
);

CREATE TABLE tenfold.templates (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    name text NOT NULL,
    channel text COLLATE "C" NOT NULL,
    type text COLLATE "C" DEFAULT ''::text NOT NULL,
    mailing boolean DEFAULT false NOT NULL,
    texts text NOT NULL,
    shipped text COLLATE "C",
    made_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT templates_pkey PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX templates_shipped ON tenfold.templates USING btree (tenant_id, shipped) WHERE (shipped IS NOT NULL);

ALTER TABLE tenfold.mails ADD COLUMN channel text COLLATE "C" DEFAULT 'email'::text NOT NULL;

ALTER TABLE tenfold.mails ADD COLUMN message_id uuid;

ALTER TABLE tenfold.mails ADD COLUMN sealed_html bytea;

CREATE OR REPLACE FUNCTION tenfold.written_to(given text)
 RETURNS TABLE(tenant uuid, id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT DISTINCT ON (m.tenant_id) m.tenant_id, m.id FROM tenfold.messages m
    WHERE m.address = given AND m.channel = 'sms' AND NOT m.incoming
      AND m.state IN ('sent', 'kept', 'delivered')
    ORDER BY m.tenant_id, m.id DESC
$function$;

REVOKE ALL ON FUNCTION tenfold.written_to(text) FROM PUBLIC;

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
        ('notices', 'created_at < now() - interval ''90 days'''),
        ('security_events', 'created_at < now() - interval ''1 year''')
    ) AS t (name, old) LOOP
        EXECUTE format('DELETE FROM tenfold.%I WHERE ctid IN (SELECT ctid FROM tenfold.%I '
            'WHERE %s LIMIT 5000)', one.name, one.name, one.old);
        GET DIAGNOSTICS gone = ROW_COUNT;
        most := greatest(most, gone);
    END LOOP;
    RETURN most;
END $function$;

ALTER TABLE tenfold.message_settings ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.notices ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.suppressions ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.templates ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.message_settings AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.messages AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.notices AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.suppressions AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.templates AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.message_settings TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.messages TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.notices TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.suppressions TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.templates TO :app;

GRANT EXECUTE ON FUNCTION tenfold.written_to(text) TO :app;
