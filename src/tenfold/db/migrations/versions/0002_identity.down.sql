SET LOCAL lock_timeout = '5s';

DROP TABLE tenfold.api_keys, tenfold.challenges, tenfold.csp_reports, tenfold.devices, tenfold.identities, tenfold.invitations, tenfold.links, tenfold.mails, tenfold.passkeys, tenfold.rate_limits, tenfold.recovery_codes, tenfold.sessions, tenfold.shares, tenfold.totp;

DROP FUNCTION tenfold.api_key(bytea);

DROP FUNCTION tenfold.bump_members(uuid[]);

DROP FUNCTION tenfold.invitation(bytea);

ALTER TABLE tenfold.contacts DROP COLUMN privacy;

ALTER TABLE tenfold.data_keys DROP COLUMN retired_at;

ALTER TABLE tenfold.members DROP COLUMN mfa_from;

ALTER TABLE tenfold.members DROP COLUMN external_id;

ALTER TABLE tenfold.teams DROP COLUMN external_id;

ALTER TABLE tenfold.tenants DROP COLUMN mfa;

ALTER TABLE tenfold.tenants DROP COLUMN mfa_grace_days;

ALTER TABLE tenfold.tenants DROP COLUMN admin_networks;

ALTER TABLE tenfold.tenants DROP COLUMN rate_per_minute;

ALTER TABLE tenfold.users DROP COLUMN kind;

ALTER TABLE tenfold.users DROP COLUMN email_verified_at;

ALTER TABLE tenfold.users DROP COLUMN password_changed_at;

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
        o.tenant_id, o.id, o.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.email_2, o.phone, o.mobile_phone, o.company_id, o.company_name, o.job_title, o.department, o.source, o.lifecycle_stage, o.website, o.linkedin_url, o.address_line, o.other_address_line, o.birthday, o.language, o.time_zone, o.preferred_channel, o.do_not_call, o.email_opt_out, o.sms_consent, o.consent_at, o.consent_source, o.last_contacted_at, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'other_address', o.other_address, 'tags', o.tags), NULL
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
        n.tenant_id, n.id, n.version, NULL, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.email_2, n.phone, n.mobile_phone, n.company_id, n.company_name, n.job_title, n.department, n.source, n.lifecycle_stage, n.website, n.linkedin_url, n.address_line, n.other_address_line, n.birthday, n.language, n.time_zone, n.preferred_channel, n.do_not_call, n.email_opt_out, n.sms_consent, n.consent_at, n.consent_source, n.last_contacted_at, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'other_address', n.other_address, 'tags', n.tags)
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
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.first_name, o.first_name_key, o.last_name, o.last_name_key, o.email, o.email_2, o.phone, o.mobile_phone, o.company_id, o.company_name, o.job_title, o.department, o.source, o.lifecycle_stage, o.website, o.linkedin_url, o.address_line, o.other_address_line, o.birthday, o.language, o.time_zone, o.preferred_channel, o.do_not_call, o.email_opt_out, o.sms_consent, o.consent_at, o.consent_source, o.last_contacted_at, o.notes, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'other_address', o.other_address, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.first_name, n.first_name_key, n.last_name, n.last_name_key, n.email, n.email_2, n.phone, n.mobile_phone, n.company_id, n.company_name, n.job_title, n.department, n.source, n.lifecycle_stage, n.website, n.linkedin_url, n.address_line, n.other_address_line, n.birthday, n.language, n.time_zone, n.preferred_channel, n.do_not_call, n.email_opt_out, n.sms_consent, n.consent_at, n.consent_source, n.last_contacted_at, n.notes, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'other_address', n.other_address, 'tags', n.tags) AS new
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
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups))
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
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups)
        OR groups IS NULL AND f.privacy <> 'private')
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
      AND (person IS NULL OR f.owner_id = person OR f.team_id = ANY (groups)
        OR groups IS NULL AND f.privacy <> 'private')
    LIMIT most;
END $function$;

CREATE OR REPLACE FUNCTION tenfold.forget()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
DECLARE gone int; more int;
BEGIN
    DELETE FROM tenfold.idempotency_keys WHERE ctid IN (
        SELECT ctid FROM tenfold.idempotency_keys
        WHERE created_at < now() - interval '24 hours' LIMIT 5000);
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM tenfold.sign_in_failures WHERE ctid IN (
        SELECT ctid FROM tenfold.sign_in_failures
        WHERE greatest(at, locked_until) < now() - interval '1 day' LIMIT 5000);
    GET DIAGNOSTICS more = ROW_COUNT;
    gone := greatest(gone, more);
    -- A family's first token stands for it and goes last.
    DELETE FROM tenfold.refresh_tokens WHERE ctid IN (
        SELECT t.ctid FROM tenfold.refresh_tokens t
        WHERE t.expires_at < now() - interval '30 days' AND (t.id <> t.family_id
            OR NOT EXISTS (SELECT 1 FROM tenfold.refresh_tokens o
                           WHERE o.family_id = t.id AND o.id <> t.id)) LIMIT 5000);
    GET DIAGNOSTICS more = ROW_COUNT;
    gone := greatest(gone, more);
    DELETE FROM tenfold.security_events WHERE ctid IN (
        SELECT ctid FROM tenfold.security_events
        WHERE created_at < now() - interval '1 year' LIMIT 5000);
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN greatest(gone, more);
END $function$;
