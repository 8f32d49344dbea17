-- Webhooks: what is sent to whom when records change, and how that went.
-- Made after automation.sql, by the owner of all tables.

CREATE TABLE tenfold.webhooks (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    url           text NOT NULL,
    -- `lead.created`, `lead.*` or `*`; none: only what automations send.
    events        text[] NOT NULL DEFAULT '{}',
    description   text NOT NULL DEFAULT '',
    enabled       boolean NOT NULL DEFAULT true,
    -- Only what happens from then on is sent.
    enabled_at    timestamptz NOT NULL DEFAULT now(),
    -- The secret that signs, and the one before, which signs as well until then.
    sealed        bytea NOT NULL,
    sealed_before bytea,
    before_until  timestamptz,
    made_by       uuid NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    changed_at    timestamptz NOT NULL DEFAULT now(),
    deleted_at    timestamptz,
    -- Since when nothing gets through, until when it is left in peace, and why it was switched off.
    failing_since timestamptz,
    rest_until    timestamptz,
    switched_off  text,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX webhooks_enabled ON tenfold.webhooks (tenant_id)
    WHERE enabled AND deleted_at IS NULL;

-- What is sent, to the letter: every attempt and every replay sends the same.
CREATE TABLE tenfold.webhook_messages (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    key         text COLLATE "C" NOT NULL,
    type        text COLLATE "C" NOT NULL,
    record_id   uuid,
    payload     text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX webhook_messages_key ON tenfold.webhook_messages (tenant_id, key);
CREATE INDEX webhook_messages_age ON tenfold.webhook_messages (created_at);

CREATE TABLE tenfold.webhook_deliveries (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    webhook_id   uuid NOT NULL,
    message_id   uuid NOT NULL,
    -- pending, delivered, failed
    state        text COLLATE "C" NOT NULL DEFAULT 'pending',
    attempts     smallint NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL DEFAULT now(),
    tried_at     timestamptz,
    delivered_at timestamptz,
    -- What the last attempt was answered, or why it was not.
    status       int,
    error        text,
    answer       text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX webhook_deliveries_once
    ON tenfold.webhook_deliveries (tenant_id, webhook_id, message_id);
CREATE INDEX webhook_deliveries_recent ON tenfold.webhook_deliveries (tenant_id, webhook_id, id);
CREATE INDEX webhook_deliveries_state
    ON tenfold.webhook_deliveries (tenant_id, webhook_id, state, id);
CREATE INDEX webhook_deliveries_age ON tenfold.webhook_deliveries (created_at);

-- The organisations, of these, that have webhooks.
CREATE FUNCTION tenfold.webhooked(among uuid[]) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT w.tenant_id), '{}') FROM tenfold.webhooks w
    WHERE w.enabled AND w.deleted_at IS NULL AND w.tenant_id = ANY (among)
$$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['webhooks', 'webhook_messages', 'webhook_deliveries'] LOOP
        EXECUTE format('ALTER TABLE tenfold.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON tenfold.%I '
            'USING (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'')::uuid)', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.webhooks, tenfold.webhook_messages,
    tenfold.webhook_deliveries TO :app;
REVOKE ALL ON FUNCTION tenfold.webhooked(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.webhooked(uuid[]) TO :app;
