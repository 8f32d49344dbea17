SET LOCAL lock_timeout = '5s';

CREATE TABLE tenfold.audit_seals (
    tenant_id uuid NOT NULL,
    log text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    seqs bigint[] NOT NULL,
    digests bytea NOT NULL,
    salts bytea NOT NULL,
    before bytea NOT NULL,
    hash bytea NOT NULL,
    stamp bytea NOT NULL,
    CONSTRAINT audit_seals_pkey PRIMARY KEY (tenant_id, log, number)
);

ALTER TABLE tenfold.log_positions ADD COLUMN log text COLLATE "C" DEFAULT 'changes'::text NOT NULL;

CREATE OR REPLACE FUNCTION tenfold.log_lag()
 RETURNS double precision
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(l.at)), 0)::float8
    FROM tenfold.log_positions p CROSS JOIN LATERAL (
        SELECT c.at FROM tenfold.change_log c WHERE (c.xid, c.seq) > (p.xid, p.seq)
        ORDER BY c.xid, c.seq LIMIT 1) l
    WHERE p.log = 'changes'
$function$;

ALTER TABLE tenfold.audit_seals ENABLE ROW LEVEL SECURITY;

CREATE POLICY tail ON tenfold.audit_seals AS PERMISSIVE FOR ALL TO :tail USING (true);

CREATE POLICY tenant ON tenfold.audit_seals AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

GRANT SELECT ON TABLE tenfold.audit_seals TO :app;

GRANT INSERT, SELECT ON TABLE tenfold.audit_seals TO :tail;

GRANT SELECT ON TABLE tenfold.security_events TO :tail;
