SET LOCAL lock_timeout = '5s';

CREATE TABLE tenfold.followers (
    tenant_id uuid NOT NULL,
    type text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    user_id uuid NOT NULL,
    follows boolean NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT followers_pkey PRIMARY KEY (tenant_id, record_id, user_id)
);

CREATE INDEX followers_user ON tenfold.followers USING btree (tenant_id, user_id, at);

CREATE TABLE tenfold.mentions (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    type text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    by_id uuid,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mentions_pkey PRIMARY KEY (tenant_id, record_id, user_id)
);

CREATE INDEX mentions_user ON tenfold.mentions USING btree (tenant_id, user_id, at);

ALTER TABLE tenfold.followers ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.mentions ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.followers AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.mentions AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.followers TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.mentions TO :app;

ALTER TABLE tenfold.followers ADD CONSTRAINT followers_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES tenfold.members(tenant_id, user_id) ON DELETE CASCADE;

ALTER TABLE tenfold.mentions ADD CONSTRAINT mentions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES tenfold.members(tenant_id, user_id) ON DELETE CASCADE;
