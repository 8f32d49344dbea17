SET LOCAL lock_timeout = '5s';

CREATE TABLE tenfold.pipelines (
    tenant_id uuid NOT NULL,
    type text COLLATE "C" NOT NULL,
    spec jsonb NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pipelines_pkey PRIMARY KEY (tenant_id, type)
);

ALTER TABLE tenfold.pipelines ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.pipelines AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.pipelines TO :app;
