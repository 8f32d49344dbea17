SET LOCAL lock_timeout = '5s';

CREATE TABLE tenfold.api_keys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    used_at timestamp with time zone,
    used_from text,
    revoked_at timestamp with time zone,
    successor_id uuid,
    CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX api_keys_hash ON tenfold.api_keys USING btree (key_hash);

CREATE INDEX api_keys_user ON tenfold.api_keys USING btree (tenant_id, user_id);

CREATE TABLE tenfold.challenges (
    token_hash bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    user_id uuid,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    tries smallint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT challenges_pkey PRIMARY KEY (token_hash)
);

CREATE INDEX challenges_age ON tenfold.challenges USING btree (expires_at);

CREATE INDEX challenges_user ON tenfold.challenges USING btree (user_id, kind);

CREATE TABLE tenfold.csp_reports (
    document text COLLATE "C" NOT NULL,
    directive text COLLATE "C" NOT NULL,
    blocked text COLLATE "C" NOT NULL,
    n bigint DEFAULT 1 NOT NULL,
    first_at timestamp with time zone DEFAULT now() NOT NULL,
    last_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT csp_reports_pkey PRIMARY KEY (document, directive, blocked)
);

CREATE INDEX csp_reports_age ON tenfold.csp_reports USING btree (last_at);

CREATE TABLE tenfold.devices (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    ip_address text,
    user_agent text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT devices_pkey PRIMARY KEY (id)
);

CREATE INDEX devices_age ON tenfold.devices USING btree (expires_at);

CREATE UNIQUE INDEX devices_hash ON tenfold.devices USING btree (token_hash);

CREATE INDEX devices_user ON tenfold.devices USING btree (user_id);

CREATE TABLE tenfold.identities (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    issuer text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    email text COLLATE "C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT identities_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX identities_subject ON tenfold.identities USING btree (issuer, subject);

CREATE INDEX identities_user ON tenfold.identities USING btree (user_id);

CREATE TABLE tenfold.invitations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    roles text[] DEFAULT '{}'::text[] NOT NULL,
    team_id uuid,
    token_hash bytea NOT NULL,
    invited_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    accepted_by uuid,
    revoked_at timestamp with time zone,
    CONSTRAINT invitations_pkey PRIMARY KEY (tenant_id, id)
);

CREATE INDEX invitations_email ON tenfold.invitations USING btree (tenant_id, email);

CREATE UNIQUE INDEX invitations_hash ON tenfold.invitations USING btree (token_hash);

CREATE TABLE tenfold.links (
    token_hash bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT links_pkey PRIMARY KEY (token_hash)
);

CREATE INDEX links_age ON tenfold.links USING btree (expires_at);

CREATE INDEX links_user ON tenfold.links USING btree (user_id, kind);

CREATE TABLE tenfold.mails (
    id uuid NOT NULL,
    tenant_id uuid,
    user_id uuid,
    kind text COLLATE "C" NOT NULL,
    recipient text NOT NULL,
    subject text NOT NULL,
    sealed bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    error text,
    CONSTRAINT mails_pkey PRIMARY KEY (id)
);

CREATE INDEX mails_recent ON tenfold.mails USING btree (created_at);

CREATE INDEX mails_recipient ON tenfold.mails USING btree (recipient, created_at);

CREATE TABLE tenfold.passkeys (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint DEFAULT 0 NOT NULL,
    transports text[] DEFAULT '{}'::text[] NOT NULL,
    backed_up boolean DEFAULT false NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT passkeys_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX passkeys_credential ON tenfold.passkeys USING btree (credential_id);

CREATE INDEX passkeys_user ON tenfold.passkeys USING btree (user_id);

CREATE UNLOGGED TABLE tenfold.rate_limits (
    key text COLLATE "C" NOT NULL,
    used_until timestamp with time zone NOT NULL,
    CONSTRAINT rate_limits_pkey PRIMARY KEY (key)
);

CREATE INDEX rate_limits_age ON tenfold.rate_limits USING btree (used_until);

CREATE TABLE tenfold.recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE tenfold.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    methods text[] DEFAULT '{}'::text[] NOT NULL,
    sure_at timestamp with time zone DEFAULT now() NOT NULL,
    device_id uuid,
    ip_address text,
    user_agent text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_by text COLLATE "C",
    CONSTRAINT sessions_pkey PRIMARY KEY (id)
);

CREATE INDEX sessions_age ON tenfold.sessions USING btree (expires_at);

CREATE INDEX sessions_tenant ON tenfold.sessions USING btree (tenant_id, created_at);

CREATE INDEX sessions_user ON tenfold.sessions USING btree (user_id, created_at);

CREATE TABLE tenfold.shares (
    tenant_id uuid NOT NULL,
    type text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    grantee_id uuid NOT NULL,
    grantee text COLLATE "C" NOT NULL,
    may text COLLATE "C" DEFAULT 'read'::text NOT NULL,
    shared_by uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT shares_pkey PRIMARY KEY (tenant_id, record_id, grantee_id)
);

CREATE INDEX shares_grantee ON tenfold.shares USING btree (tenant_id, grantee_id, type);

CREATE TABLE tenfold.totp (
    user_id uuid NOT NULL,
    sealed bytea NOT NULL,
    step bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    confirmed_at timestamp with time zone,
    CONSTRAINT totp_pkey PRIMARY KEY (user_id)
);

ALTER TABLE tenfold.contacts ADD COLUMN privacy text COLLATE "C" DEFAULT 'everyone'::text NOT NULL;

ALTER TABLE tenfold.data_keys ADD COLUMN retired_at timestamp with time zone;

ALTER TABLE tenfold.members ADD COLUMN mfa_from timestamp with time zone;

ALTER TABLE tenfold.members ADD COLUMN external_id text COLLATE "C";

ALTER TABLE tenfold.teams ADD COLUMN external_id text COLLATE "C";

ALTER TABLE tenfold.tenants ADD COLUMN mfa text COLLATE "C" DEFAULT 'admins'::text NOT NULL;

ALTER TABLE tenfold.tenants ADD COLUMN mfa_grace_days integer DEFAULT 7 NOT NULL;

ALTER TABLE tenfold.tenants ADD COLUMN admin_networks text[] DEFAULT '{}'::text[] NOT NULL;

ALTER TABLE tenfold.tenants ADD COLUMN rate_per_minute integer;

ALTER TABLE tenfold.users ADD COLUMN kind text COLLATE "C" DEFAULT 'person'::text NOT NULL;

ALTER TABLE tenfold.users ADD COLUMN email_verified_at timestamp with time zone;

ALTER TABLE tenfold.users ADD COLUMN password_changed_at timestamp with time zone;

CREATE OR REPLACE FUNCTION tenfold.api_key(hash bytea)
 RETURNS TABLE(tenant_id uuid, id uuid, user_id uuid, scopes text[], expires_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT k.tenant_id, k.id, k.user_id, k.scopes, k.expires_at FROM tenfold.api_keys k
    WHERE k.key_hash = hash AND k.revoked_at IS NULL
$function$;

CREATE OR REPLACE FUNCTION tenfold.bump_members(tenants uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
BEGIN
    INSERT INTO tenfold.versions AS v (tenant_id, topic, stripe)
    SELECT DISTINCT t, 'members', 0 FROM unnest(tenants) AS t ORDER BY t
    ON CONFLICT (tenant_id, topic, stripe) DO UPDATE SET n = v.n + 1;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.invitation(hash bytea)
 RETURNS TABLE(tenant_id uuid, id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT i.tenant_id, i.id FROM tenfold.invitations i WHERE i.token_hash = hash
$function$;

CREATE OR REPLACE FUNCTION tenfold.sealers(tenant uuid)
 RETURNS text[]
 LANGUAGE sql
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT coalesce(array_agg(l.virtualtransaction), '{}') FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.mode = 'ShareLock'
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND (l.classid::bigint << 32) | l.objid::bigint
          = hashtextextended('keys of ' || tenant, 0)
$function$;

CREATE OR REPLACE FUNCTION tenfold.sealing_keys(tenant uuid, alone boolean)
 RETURNS TABLE(numbers integer[], wrapped bytea[], retired boolean[])
 LANGUAGE plpgsql
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION tenfold.contacts_log_delete()
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
    SELECT 'contact', 'delete',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.email_2, o.phone, o.mobile_phone, o.company_id, o.company_name, o.job_title, o.department, o.source, o.privacy, o.lifecycle_stage, o.website, o.linkedin_url, o.address_line, o.other_address_line, o.birthday, o.language, o.time_zone, o.preferred_channel, o.do_not_call, o.email_opt_out, o.sms_consent, o.consent_at, o.consent_source, o.last_contacted_at, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'other_address', o.other_address, 'tags', o.tags), NULL
    FROM old_rows o;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.contacts_log_insert()
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
    SELECT 'contact', 'insert',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.email_2, n.phone, n.mobile_phone, n.company_id, n.company_name, n.job_title, n.department, n.source, n.privacy, n.lifecycle_stage, n.website, n.linkedin_url, n.address_line, n.other_address_line, n.birthday, n.language, n.time_zone, n.preferred_channel, n.do_not_call, n.email_opt_out, n.sms_consent, n.consent_at, n.consent_source, n.last_contacted_at, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'other_address', n.other_address, 'tags', n.tags)
    FROM new_rows n;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.contacts_log_update()
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
    SELECT 'contact', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.email_2, o.phone, o.mobile_phone, o.company_id, o.company_name, o.job_title, o.department, o.source, o.privacy, o.lifecycle_stage, o.website, o.linkedin_url, o.address_line, o.other_address_line, o.birthday, o.language, o.time_zone, o.preferred_channel, o.do_not_call, o.email_opt_out, o.sms_consent, o.consent_at, o.consent_source, o.last_contacted_at, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'other_address', o.other_address, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.email_2, n.phone, n.mobile_phone, n.company_id, n.company_name, n.job_title, n.department, n.source, n.privacy, n.lifecycle_stage, n.website, n.linkedin_url, n.address_line, n.other_address_line, n.birthday, n.language, n.time_zone, n.preferred_channel, n.do_not_call, n.email_opt_out, n.sms_consent, n.consent_at, n.consent_source, n.last_contacted_at, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'other_address', n.other_address, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.find_contacts(query tsquery, private boolean, person uuid, groups uuid[], most integer, gone boolean, made text)
 RETURNS TABLE(id uuid, rank real)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER ROWS 20
 SET search_path TO 'tenfold', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.contacts t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person
        OR f.privacy <> 'private' AND (groups IS NULL OR f.team_id = ANY (groups)))
    LIMIT most;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.find_notes(query tsquery, private boolean, person uuid, groups uuid[], most integer, gone boolean, made text)
 RETURNS TABLE(id uuid, rank real)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER ROWS 20
 SET search_path TO 'tenfold', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.notes t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person
        OR f.privacy <> 'private' AND (groups IS NULL OR f.team_id = ANY (groups)))
    LIMIT most;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.find_student_notes(query tsquery, private boolean, person uuid, groups uuid[], most integer, gone boolean, made text)
 RETURNS TABLE(id uuid, rank real)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER ROWS 20
 SET search_path TO 'tenfold', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
BEGIN
    RETURN QUERY
    SELECT f.id, ts_rank(f.search, query)
    FROM (SELECT t.* FROM tenfold.student_notes t WHERE t.search @@ query OFFSET 0) f
    WHERE f.tenant_id = current_setting('app.tenant_id')::uuid
      AND (f.deleted_at IS NOT NULL) = gone
      AND (person IS NULL OR f.owner_id = person
        OR f.privacy <> 'private' AND (groups IS NULL OR f.team_id = ANY (groups)))
    LIMIT most;
END $function$;

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
        ('security_events', 'created_at < now() - interval ''1 year''')
    ) AS t (name, old) LOOP
        EXECUTE format('DELETE FROM tenfold.%I WHERE ctid IN (SELECT ctid FROM tenfold.%I '
            'WHERE %s LIMIT 5000)', one.name, one.name, one.old);
        GET DIAGNOSTICS gone = ROW_COUNT;
        most := greatest(most, gone);
    END LOOP;
    RETURN most;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.listings_log_update()
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
    SELECT 'listing', CASE WHEN r.version = r.version_before THEN 'reseal' ELSE 'update' END,
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, o.version AS version_before, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.address_line, o.status, o.list_price, o.list_price_currency, o.listing_id, o.mls_status, o.property_type, o.property_sub_type, o.agent_id, o.co_agent_id, o.seller_id, o.original_list_price, o.original_list_price_currency, o.previous_list_price, o.previous_list_price_currency, o.close_price, o.close_price_currency, o.concessions, o.concessions_amount, o.concessions_amount_currency, o.bedrooms_total, o.bathrooms_total, o.bathrooms_full, o.bathrooms_half, o.living_area, o.living_area_units, o.lot_size_square_feet, o.year_built, o.stories, o.garage_spaces, o.pool, o.waterfront, o.new_construction, o.association_fee, o.association_fee_currency, o.association_fee_frequency, o.tax_annual_amount, o.tax_annual_amount_currency, o.tax_year, o.county, o.subdivision, o.parcel_number, o.latitude, o.longitude, o.high_school_district, o.listing_contract_date, o.on_market_date, o.purchase_contract_date, o.close_date, o.expiration_date, o.cancellation_date, o.withdrawn_date, o.off_market_date, o.status_changed_at, o.earlier_days_on_market, o.listing_agreement, o.listing_service, o.occupant, o.showing_instructions, o.lock_box_type, o.lock_box_serial_number, o.lockbox_code, o.public_remarks, o.private_remarks, o.photo, o.virtual_tour, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'view', o.view, 'heating', o.heating, 'cooling', o.cooling, 'special_conditions', o.special_conditions, 'showing_requirements', o.showing_requirements, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.address_line, n.status, n.list_price, n.list_price_currency, n.listing_id, n.mls_status, n.property_type, n.property_sub_type, n.agent_id, n.co_agent_id, n.seller_id, n.original_list_price, n.original_list_price_currency, n.previous_list_price, n.previous_list_price_currency, n.close_price, n.close_price_currency, n.concessions, n.concessions_amount, n.concessions_amount_currency, n.bedrooms_total, n.bathrooms_total, n.bathrooms_full, n.bathrooms_half, n.living_area, n.living_area_units, n.lot_size_square_feet, n.year_built, n.stories, n.garage_spaces, n.pool, n.waterfront, n.new_construction, n.association_fee, n.association_fee_currency, n.association_fee_frequency, n.tax_annual_amount, n.tax_annual_amount_currency, n.tax_year, n.county, n.subdivision, n.parcel_number, n.latitude, n.longitude, n.high_school_district, n.listing_contract_date, n.on_market_date, n.purchase_contract_date, n.close_date, n.expiration_date, n.cancellation_date, n.withdrawn_date, n.off_market_date, n.status_changed_at, n.earlier_days_on_market, n.listing_agreement, n.listing_service, n.occupant, n.showing_instructions, n.lock_box_type, n.lock_box_serial_number, n.lockbox_code, n.public_remarks, n.private_remarks, n.photo, n.virtual_tour, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'view', n.view, 'heating', n.heating, 'cooling', n.cooling, 'special_conditions', n.special_conditions, 'showing_requirements', n.showing_requirements, 'tags', n.tags) AS new
          FROM old_rows o JOIN new_rows n ON n.tenant_id = o.tenant_id AND n.id = o.id) r
    CROSS JOIN LATERAL tenfold.difference(r.old, r.new) d
    WHERE d.new IS NOT NULL;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.touch()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
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
END $function$;

CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON tenfold.listings FOR EACH ROW EXECUTE FUNCTION tenfold.touch('lockbox_code');

ALTER TABLE tenfold.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.invitations ENABLE ROW LEVEL SECURITY;

ALTER TABLE tenfold.shares ENABLE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenfold.api_keys AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.invitations AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

CREATE POLICY tenant ON tenfold.shares AS PERMISSIVE FOR ALL TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid)) WITH CHECK ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.api_keys TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.challenges TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.csp_reports TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.devices TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.identities TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.invitations TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.links TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.mails TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.passkeys TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.rate_limits TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.recovery_codes TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.sessions TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.shares TO :app;

GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenfold.totp TO :app;
