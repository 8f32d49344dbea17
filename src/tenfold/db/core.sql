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
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Who must sign in with a second factor (admins, all), and how long they have to set one up.
    mfa             text COLLATE "C" NOT NULL DEFAULT 'admins',
    mfa_grace_days  int NOT NULL DEFAULT 7,
    -- From where the organisation may be administered, as CIDR; empty: from everywhere.
    admin_networks  text[] NOT NULL DEFAULT '{}',
    -- Requests a minute for one person, instead of the installation's.
    rate_per_minute int
);

CREATE TABLE tenfold.users (
    id             uuid PRIMARY KEY,
    email          text COLLATE "C" NOT NULL,
    first_name     text NOT NULL,
    last_name      text NOT NULL,
    password_hash  text,
    active         boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- A person, or the service account of one organisation.
    kind           text COLLATE "C" NOT NULL DEFAULT 'person',
    email_verified_at    timestamptz,
    password_changed_at  timestamptz,
    -- How pages speak to them; null follows their browser and their organisation.
    language       text COLLATE "C",
    region         text COLLATE "C",
    timezone       text COLLATE "C"
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
    -- Since when a second factor is asked of them; null where it isn't.
    mfa_from    timestamptz,
    -- What a directory that provisions people (SCIM) knows them by.
    external_id text COLLATE "C",
    PRIMARY KEY (tenant_id, user_id)
);
CREATE UNIQUE INDEX members_external ON tenfold.members (tenant_id, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX members_user ON tenfold.members (user_id);

CREATE TABLE tenfold.teams (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    name        text NOT NULL,
    parent_id   uuid,
    created_at  timestamptz NOT NULL DEFAULT now(),
    external_id text COLLATE "C",
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX teams_external ON tenfold.teams (tenant_id, external_id)
    WHERE external_id IS NOT NULL;
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
    -- Of the release before: a session's end is in sessions.ended_at now.
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

CREATE SEQUENCE tenfold.security_events_order;
CREATE TABLE tenfold.security_events (
    id          uuid PRIMARY KEY,
    tenant_id   uuid,
    user_id     uuid,
    event_type  text COLLATE "C" NOT NULL,
    ip_address  text,
    detail      jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- In which order the audit chain takes them in; null for those from before there was one.
    xid         xid8 DEFAULT pg_current_xact_id(),
    seq         bigint DEFAULT nextval('tenfold.security_events_order')
);
ALTER SEQUENCE tenfold.security_events_order OWNED BY tenfold.security_events.seq;
CREATE UNIQUE INDEX security_events_seq ON tenfold.security_events (seq);
CREATE INDEX security_events_tail ON tenfold.security_events (xid, seq);
CREATE INDEX security_events_tenant ON tenfold.security_events (tenant_id, created_at);
CREATE INDEX security_events_user ON tenfold.security_events (user_id, created_at);
CREATE INDEX security_events_age ON tenfold.security_events (created_at);
CREATE INDEX security_events_type ON tenfold.security_events (event_type, created_at);
CREATE INDEX security_events_address ON tenfold.security_events (ip_address, created_at);

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
    -- Empty where the key was erased: what it sealed is then lost for good.
    wrapped     bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Since when no live record has anything that it sealed; the change log may.
    retired_at  timestamptz,
    PRIMARY KEY (tenant_id, number)
);

-- A tenant's keys for a transaction that seals with them. It holds a lock until it ends, by which
-- who makes a new key can tell who may not have seen it; `alone` waits until nobody else seals.
CREATE FUNCTION tenfold.sealing_keys(tenant uuid, alone boolean)
RETURNS TABLE (numbers int[], wrapped bytea[], retired boolean[])
LANGUAGE plpgsql VOLATILE SET search_path = tenfold, pg_temp AS $$
BEGIN
    IF alone THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('keys of ' || tenant, 0));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('keys of ' || tenant, 0));
    END IF;
    -- Another statement than that of the lock, so that it sees what was made before it was given.
    RETURN QUERY SELECT array_agg(k.number ORDER BY k.number),
        array_agg(k.wrapped ORDER BY k.number),
        array_agg(k.retired_at IS NOT NULL ORDER BY k.number)
    FROM tenfold.data_keys k WHERE k.tenant_id = tenant;
END $$;

-- The transactions that hold that lock.
CREATE FUNCTION tenfold.sealers(tenant uuid) RETURNS text[]
LANGUAGE sql VOLATILE SET search_path = tenfold, pg_temp AS $$
    SELECT coalesce(array_agg(l.virtualtransaction), '{}') FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.mode = 'ShareLock'
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND (l.classid::bigint << 32) | l.objid::bigint
          = hashtextextended('keys of ' || tenant, 0)
$$;

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

-- The same for who the people of several organisations are, in an order that never crosses.
CREATE FUNCTION tenfold.bump_members(tenants uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
BEGIN
    INSERT INTO tenfold.versions AS v (tenant_id, topic, stripe)
    SELECT DISTINCT t, 'members', 0 FROM unnest(tenants) AS t ORDER BY t
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

-- Its arguments are the columns of secrets and of what they are found by: where only these change,
-- and who changes them says that they are sealed anew, the record stays at its version.
CREATE FUNCTION tenfold.touch() RETURNS trigger
LANGUAGE plpgsql SET search_path = tenfold, pg_temp AS $$
BEGIN
    IF NEW.tenant_id <> OLD.tenant_id OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the key of a record never changes';
    END IF;
    IF TG_NARGS > 0 AND current_setting('app.reseal', true) = 'on'
        AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
    THEN
        RETURN NEW;
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

-- How an organisation calls and shows the stages of a type, where it is not as they ship.
CREATE TABLE tenfold.pipelines (
    tenant_id   uuid NOT NULL,
    type        text COLLATE "C" NOT NULL,
    spec        jsonb NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, type)
);

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
    at          timestamptz NOT NULL DEFAULT now(),
    -- Which log it reads: the change log, or the security events.
    log         text COLLATE "C" NOT NULL DEFAULT 'changes'
);

-- The audit chain: seals over the entries of an organisation's log in the order in which they
-- committed, each over the one before. Of an entry it has the salted digest, so that what the
-- entry said may be erased and the chain still holds. The nil organisation's is of the events
-- that are no organisation's.
CREATE TABLE tenfold.audit_seals (
    tenant_id   uuid NOT NULL,
    log         text COLLATE "C" NOT NULL,
    number      bigint NOT NULL,
    -- When its oldest entry was written, and when it was made.
    since       timestamptz NOT NULL,
    sealed_at   timestamptz NOT NULL,
    -- Of each entry, in order: its place in the log, its digest (32 bytes), its salt (16 bytes).
    seqs        bigint[] NOT NULL,
    digests     bytea NOT NULL,
    salts       bytea NOT NULL,
    -- The hash of the seal before, that of this one, and what only the installation can make of it.
    before      bytea NOT NULL,
    hash        bytea NOT NULL,
    stamp       bytea NOT NULL,
    PRIMARY KEY (tenant_id, log, number)
);

-- Lets go of what has had its time, over all tenants and 5,000 of each at a time: answers kept for
-- an Idempotency-Key after 24 hours, failed sign-ins after a quiet day, sessions and their refresh
-- tokens 30 days after they expired (until then a reuse can be told), links, challenges and devices
-- a day after, invitations and mails after 90 days, security events after a year.
CREATE FUNCTION tenfold.forget() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
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
END $$;

-- The age in seconds of the oldest change that some consumer of the log has not seen; a figure
-- over all tenants, and nothing else of them.
CREATE FUNCTION tenfold.log_lag() RETURNS float8
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(l.at)), 0)::float8
    FROM tenfold.log_positions p CROSS JOIN LATERAL (
        SELECT c.at FROM tenfold.change_log c WHERE (c.xid, c.seq) > (p.xid, p.seq)
        ORDER BY c.xid, c.seq LIMIT 1) l
    WHERE p.log = 'changes'
$$;

-- How many sign-ins failed from a place (an address or a network) since a moment, at most so many,
-- and whether that was told already. A failure is written to each organisation of its person, and
-- is one all the same. The first is found by its index; of a network, the events since are looked
-- at by their type.
CREATE FUNCTION tenfold.failed_from(place text, since timestamptz, most int,
    OUT failures int, OUT told boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
BEGIN
    IF place LIKE '%/%' THEN
        SELECT count(*) INTO failures FROM (SELECT DISTINCT e.created_at, e.user_id
            FROM tenfold.security_events e
            WHERE e.event_type = 'login_failed' AND e.created_at > since
              AND CASE WHEN e.ip_address LIKE '%:%' THEN e.ip_address::inet <<= place::inet END
            LIMIT most) f;
        told := EXISTS (SELECT FROM tenfold.security_events e
            WHERE e.event_type = 'brute_force' AND e.created_at > since
              AND CASE WHEN e.ip_address LIKE '%:%' THEN e.ip_address::inet <<= place::inet END);
    ELSE
        SELECT count(*) INTO failures FROM (SELECT DISTINCT e.created_at, e.user_id
            FROM tenfold.security_events e
            WHERE e.ip_address = place AND e.created_at > since
              AND e.event_type = 'login_failed' LIMIT most) f;
        told := EXISTS (SELECT FROM tenfold.security_events e
            WHERE e.ip_address = place AND e.created_at > since AND e.event_type = 'brute_force');
    END IF;
END $$;

-- Organisations, or the one, of which sign-ins of more than so many people failed since a moment,
-- who did not get in since, and where that was not told yet. With a `step` somebody had been let
-- in, or nearly.
CREATE FUNCTION tenfold.sprayed(since timestamptz, people int, only_one uuid)
RETURNS TABLE (tenant_id uuid, tried bigint, addresses text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT e.tenant_id, count(DISTINCT e.user_id),
        array_agg(DISTINCT e.ip_address) FILTER (WHERE e.ip_address IS NOT NULL)
    FROM tenfold.security_events e
    WHERE e.event_type = 'login_failed' AND e.created_at > since AND e.user_id IS NOT NULL
        AND (only_one IS NULL AND e.tenant_id IS NOT NULL OR e.tenant_id = only_one)
        AND NOT e.detail ? 'step'
        AND NOT EXISTS (SELECT 1 FROM tenfold.security_events s WHERE s.user_id = e.user_id
            AND s.created_at > e.created_at AND s.event_type IN ('login_success', 'mfa_asked'))
        AND NOT EXISTS (SELECT 1 FROM tenfold.security_events t WHERE t.tenant_id = e.tenant_id
            AND t.created_at > since AND t.event_type = 'brute_force')
    GROUP BY e.tenant_id HAVING count(DISTINCT e.user_id) > people LIMIT 1000
$$;

-- Row security on everything that carries a tenant and that the application's role may touch.
-- Outside of it, each for its reason: tenants, users, refresh_tokens, sign_in_failures and
-- signing_keys (a person's or the installation's, and read before a tenant is known), versions
-- (counters, read through a function), log_positions (no tenant).
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['members', 'teams', 'roles', 'data_keys', 'slots', 'change_log',
                                'custom_fields', 'custom_types', 'pipelines', 'idempotency_keys',
                                'batches', 'audit_seals'] LOOP
        EXECUTE format('ALTER TABLE tenfold.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON tenfold.%I '
            'USING (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'')::uuid)', name);
    END LOOP;
END $$;
CREATE POLICY tail ON tenfold.change_log FOR SELECT TO :tail USING (true);
CREATE POLICY tail ON tenfold.audit_seals TO :tail USING (true);
-- What happens to a person is noted to each organisation of theirs, or to none; who reads sees
-- their own organisation's alone.
ALTER TABLE tenfold.security_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenfold.security_events FOR SELECT
    USING (tenant_id = current_setting('app.tenant_id')::uuid);
CREATE POLICY noted ON tenfold.security_events FOR INSERT WITH CHECK (true);
CREATE POLICY tail ON tenfold.security_events FOR SELECT TO :tail USING (true);

GRANT USAGE ON SCHEMA tenfold TO :app, :tail;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.tenants, tenfold.users, tenfold.members,
    tenfold.teams, tenfold.roles, tenfold.refresh_tokens, tenfold.sign_in_failures,
    tenfold.data_keys, tenfold.slots, tenfold.custom_fields, tenfold.custom_types, tenfold.pipelines,
    tenfold.idempotency_keys, tenfold.batches, tenfold.signing_keys TO :app;
-- Where it stands among all is not for the writer to say.
GRANT SELECT, INSERT (id, tenant_id, user_id, event_type, ip_address, detail, created_at)
    ON tenfold.security_events TO :app;
GRANT SELECT ON tenfold.change_log TO :app, :tail;
GRANT USAGE ON SEQUENCE tenfold.security_events_order TO :app;
GRANT SELECT ON tenfold.security_events TO :tail;
GRANT SELECT ON tenfold.audit_seals TO :app;
GRANT SELECT, INSERT ON tenfold.audit_seals TO :tail;
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

-- The organisations that somebody is an active member of and has signed in to.
CREATE FUNCTION tenfold.known_in(person uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT m.tenant_id FROM tenfold.members m
    WHERE m.user_id = person AND m.active AND m.known_at IS NOT NULL
$$;

-- Takes somebody out of the organisations that added them by their address and that they never
-- signed in to, as their address is another now; answers which those were.
CREATE FUNCTION tenfold.leave_unknown(person uuid) RETURNS SETOF uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    DELETE FROM tenfold.members m WHERE m.user_id = person AND m.known_at IS NULL
    RETURNING m.tenant_id
$$;
REVOKE ALL ON FUNCTION tenfold.make_partitions(int), tenfold.forget() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.make_partitions(int), tenfold.forget() TO :app;
REVOKE ALL ON FUNCTION tenfold.log_lag() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.log_lag() TO :app;
