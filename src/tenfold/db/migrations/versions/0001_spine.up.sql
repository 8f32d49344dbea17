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
    failures       int NOT NULL DEFAULT 0,
    locks          int NOT NULL DEFAULT 0,
    locked_until   timestamptz,
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

-- Failed sign-ins by address and account, so that unknown accounts lock like known ones.
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

-- How often what a tenant can see of a topic changed; many stripes, so that writers rarely meet.
CREATE TABLE tenfold.versions (
    tenant_id  uuid NOT NULL,
    topic      text COLLATE "C" NOT NULL,
    stripe     smallint NOT NULL,
    n          bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, topic, stripe)
) WITH (fillfactor = 50);

CREATE FUNCTION tenfold.versions(tenant uuid, topics text[]) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT array_agg((SELECT coalesce(sum(v.n), 0)::bigint FROM tenfold.versions v
                      WHERE v.tenant_id = tenant AND v.topic = t.topic) ORDER BY t.place)
    FROM unnest(topics) WITH ORDINALITY AS t (topic, place)
$$;

CREATE FUNCTION tenfold.bump(topics text[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    INSERT INTO tenfold.versions AS v (tenant_id, topic, stripe)
    SELECT current_setting('app.tenant_id')::uuid, t, pg_backend_pid() % 32
    FROM unnest(topics) AS t ORDER BY t
    ON CONFLICT (tenant_id, topic, stripe) DO UPDATE SET n = v.n + 1
$$;

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
            EXECUTE format('CREATE TABLE tenfold.%I PARTITION OF tenfold.change_log '
                'FOR VALUES FROM (%L) TO (%L)', name,
                first::timestamp AT TIME ZONE 'UTC',
                (first + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;
SELECT tenfold.make_partitions(3);

CREATE FUNCTION tenfold.log_changes(
    kind text, operation text, tenants uuid[], ids uuid[], olds jsonb[], news jsonb[],
    versions bigint[]
) RETURNS void
LANGUAGE sql VOLATILE SET search_path = tenfold, pg_temp AS $$
    INSERT INTO tenfold.change_log (tenant_id, type, record_id, operation, version, old, new,
        actor_id, request_id, batch_id, cause_id, depth, reason)
    SELECT c.tenant, kind, c.id, operation, c.version, c.old, c.new,
        nullif(current_setting('app.actor_id', true), '')::uuid,
        nullif(current_setting('app.request_id', true), ''),
        nullif(current_setting('app.batch_id', true), '')::uuid,
        nullif(current_setting('app.cause_id', true), '')::uuid,
        coalesce(nullif(current_setting('app.depth', true), '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), '')
    FROM unnest(tenants, ids, olds, news, versions) AS c (tenant, id, old, new, version)
$$;

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
REVOKE ALL ON FUNCTION tenfold.log_changes(text, text, uuid[], uuid[], jsonb[], jsonb[], bigint[]),
    tenfold.make_partitions(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.make_partitions(int) TO :app;

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
    status TEXT COLLATE "C" NOT NULL,
    budget BIGINT,
    budget_currency TEXT COLLATE "C",
    timeline TEXT COLLATE "C",
    preapproved BOOLEAN NOT NULL,
    engagement_count BIGINT NOT NULL,
    source TEXT COLLATE "C",
    source_detail TEXT COLLATE "C",
    areas JSONB,
    bedrooms_min BIGINT,
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

CREATE INDEX leads_owner_created_at ON tenfold.leads (tenant_id, owner_id, created_at DESC, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_owner_status_created_at ON tenfold.leads (tenant_id, owner_id, status, created_at DESC, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_created_at ON tenfold.leads (tenant_id, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_first_name_sort ON tenfold.leads (tenant_id, first_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_last_name_sort ON tenfold.leads (tenant_id, last_name_key, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_email ON tenfold.leads (tenant_id, email, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_phone ON tenfold.leads (tenant_id, phone, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_status ON tenfold.leads (tenant_id, status, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_budget_sort ON tenfold.leads (tenant_id, budget, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_source ON tenfold.leads (tenant_id, source, created_at, id) WHERE deleted_at IS NULL;

CREATE INDEX leads_score ON tenfold.leads (tenant_id, score, created_at, id) WHERE deleted_at IS NULL;

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
DECLARE tenants uuid[]; ids uuid[]; olds jsonb[]; news jsonb[]; versions bigint[];
BEGIN
    SELECT array_agg(n.tenant_id), array_agg(n.id), array_agg(jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.phone, n.status, n.budget, n.budget_currency, n.timeline, n.preapproved, n.engagement_count, n.source, n.source_detail, n.bedrooms_min, n.next_touch, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'areas', n.areas)), array_agg(n.version)
    INTO tenants, ids, news, versions FROM new_rows n;
    IF ids IS NOT NULL THEN
        PERFORM tenfold.log_changes('lead', 'insert', tenants, ids, olds, news, versions);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON tenfold.leads REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.leads_log_insert();

CREATE FUNCTION tenfold.leads_log_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE tenants uuid[]; ids uuid[]; olds jsonb[]; news jsonb[]; versions bigint[];
BEGIN
    SELECT array_agg(r.tenant_id), array_agg(r.id), array_agg(d.old), array_agg(d.new),
           array_agg(r.version)
    INTO tenants, ids, olds, news, versions
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.phone, o.status, o.budget, o.budget_currency, o.timeline, o.preapproved, o.engagement_count, o.source, o.source_detail, o.bedrooms_min, o.next_touch, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'areas', o.areas) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.phone, n.status, n.budget, n.budget_currency, n.timeline, n.preapproved, n.engagement_count, n.source, n.source_detail, n.bedrooms_min, n.next_touch, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'areas', n.areas) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    IF ids IS NOT NULL THEN
        PERFORM tenfold.log_changes('lead', 'update', tenants, ids, olds, news, versions);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER log_update AFTER UPDATE ON tenfold.leads REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.leads_log_update();

CREATE FUNCTION tenfold.leads_log_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
DECLARE tenants uuid[]; ids uuid[]; olds jsonb[]; news jsonb[]; versions bigint[];
BEGIN
    SELECT array_agg(o.tenant_id), array_agg(o.id), array_agg(jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.phone, o.status, o.budget, o.budget_currency, o.timeline, o.preapproved, o.engagement_count, o.source, o.source_detail, o.bedrooms_min, o.next_touch, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'areas', o.areas)), array_agg(o.version)
    INTO tenants, ids, olds, versions FROM old_rows o;
    IF ids IS NOT NULL THEN
        PERFORM tenfold.log_changes('lead', 'delete', tenants, ids, olds, news, versions);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER log_delete AFTER DELETE ON tenfold.leads REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION tenfold.leads_log_delete();

CREATE FUNCTION tenfold.find_leads(query tsquery, private boolean, person uuid, groups uuid[], most int)
RETURNS TABLE (id uuid, rank real) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = tenfold, pg_temp SET enable_seqscan = off AS $$
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.leads t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid AND f.deleted_at IS NULL
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
    LIMIT most
$$;

REVOKE ALL ON FUNCTION tenfold.find_leads(tsquery, boolean, uuid, uuid[], int) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION tenfold.find_leads(tsquery, boolean, uuid, uuid[], int) TO :app;
