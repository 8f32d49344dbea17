SET LOCAL lock_timeout = '5s';

CREATE TABLE tenfold.personal (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    value text DEFAULT ''::text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT personal_key_check CHECK ((length(key) <= 200)),
    CONSTRAINT personal_pkey PRIMARY KEY (tenant_id, user_id, kind, key),
    CONSTRAINT personal_value_check CHECK ((length(value) <= 4000))
);

CREATE TABLE tenfold.saved_views (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    name_key text COLLATE "C",
    path text COLLATE "C" NOT NULL,
    parameters text COLLATE "C",
    privacy text COLLATE "C" DEFAULT 'private'::text NOT NULL,
    owner_id uuid,
    team_id uuid,
    external_id text COLLATE "C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by uuid,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    version bigint DEFAULT 1 NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    search tsvector,
    CONSTRAINT saved_views_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX saved_views_created_at ON tenfold.saved_views USING btree (tenant_id, created_at, id) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX saved_views_external_id_unique ON tenfold.saved_views USING btree (tenant_id, external_id) WHERE ((deleted_at IS NULL) AND (external_id IS NOT NULL));

CREATE INDEX saved_views_name_sort ON tenfold.saved_views USING btree (tenant_id, name_key, id) WHERE (deleted_at IS NULL);

CREATE INDEX saved_views_owner ON tenfold.saved_views USING btree (tenant_id, owner_id, created_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX saved_views_path ON tenfold.saved_views USING btree (tenant_id, path, created_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX saved_views_privacy ON tenfold.saved_views USING btree (tenant_id, privacy, created_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX saved_views_search ON tenfold.saved_views USING gin (search) WITH (fastupdate=off);

CREATE INDEX saved_views_updated_at_sort ON tenfold.saved_views USING btree (tenant_id, updated_at, id) WHERE (deleted_at IS NULL);

CREATE OR REPLACE FUNCTION tenfold.find_saved_views(query tsquery, private boolean, person uuid, groups uuid[], most integer, gone boolean, made text)
 RETURNS TABLE(id uuid, rank real)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER ROWS 20
 SET search_path TO 'tenfold', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.saved_views t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person
        OR f.privacy <> 'private' AND (groups IS NULL OR f.team_id = ANY (groups)))
    LIMIT most;
END $function$;

REVOKE ALL ON FUNCTION tenfold.find_saved_views(tsquery,boolean,uuid,uuid[],integer,boolean,text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION tenfold.saved_views_log_delete()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'saved_view', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.path, o.parameters, o.privacy, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom), NULL
    FROM old_rows o;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.saved_views_log_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'saved_view', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.path, n.parameters, n.privacy, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom)
    FROM new_rows n;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.saved_views_log_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
 SET enable_nestloop TO 'off'
AS $function$
DECLARE
    -- actor, request, batch, cause, depth: see Database.transaction
    change text[] := string_to_array(current_setting('app.change', true), ',');
BEGIN
    INSERT INTO tenfold.change_log (type, operation, actor_id, request_id, batch_id, cause_id,
        depth, reason, tenant_id, record_id, version, old, new)
    SELECT 'saved_view', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.name, o.name_key, o.path, o.parameters, o.privacy, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.name, n.name_key, n.path, n.parameters, n.privacy, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $function$;

CREATE OR REPLACE TRIGGER log_delete AFTER DELETE ON tenfold.saved_views REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.saved_views_log_delete();

CREATE OR REPLACE TRIGGER log_insert AFTER INSERT ON tenfold.saved_views REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.saved_views_log_insert();

CREATE OR REPLACE TRIGGER log_update AFTER UPDATE ON tenfold.saved_views REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.saved_views_log_update();

CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON tenfold.saved_views FOR EACH ROW EXECUTE FUNCTION tenfold.touch();

ALTER TABLE tenfold.personal ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.saved_views ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.personal AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.saved_views AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

GRANT EXECUTE ON FUNCTION tenfold.find_saved_views(tsquery,boolean,uuid,uuid[],integer,boolean,text) TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.personal TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.saved_views TO :app;

ALTER TABLE tenfold.personal ADD CONSTRAINT personal_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES tenfold.members(tenant_id, user_id) ON DELETE CASCADE;
