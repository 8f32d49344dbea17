SET LOCAL lock_timeout = '5s';

DROP TABLE tenfold.api_keys, tenfold.challenges, tenfold.csp_reports, tenfold.devices, tenfold.identities, tenfold.invitations, tenfold.links, tenfold.mails, tenfold.passkeys, tenfold.rate_limits, tenfold.recovery_codes, tenfold.sessions, tenfold.shares, tenfold.totp;

DROP FUNCTION tenfold.api_key(bytea);

DROP FUNCTION tenfold.bump_members(uuid[]);

DROP FUNCTION tenfold.invitation(bytea);

DROP FUNCTION tenfold.sealers(uuid);

DROP FUNCTION tenfold.sealing_keys(uuid,boolean);

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
    SELECT 'listing', 'update',
        nullif(change[1], '')::uuid, nullif(change[2], ''), nullif(change[3], '')::uuid,
        nullif(change[4], '')::uuid, coalesce(nullif(change[5], '')::smallint, 0::smallint),
        nullif(current_setting('app.reason', true), ''),
        r.tenant_id, r.id, r.version, d.old, d.new
    FROM (SELECT n.tenant_id, n.id, n.version, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT o.address_line, o.status, o.list_price, o.list_price_currency, o.listing_id, o.mls_status, o.property_type, o.property_sub_type, o.agent_id, o.co_agent_id, o.seller_id, o.original_list_price, o.original_list_price_currency, o.previous_list_price, o.previous_list_price_currency, o.close_price, o.close_price_currency, o.concessions, o.concessions_amount, o.concessions_amount_currency, o.bedrooms_total, o.bathrooms_total, o.bathrooms_full, o.bathrooms_half, o.living_area, o.living_area_units, o.lot_size_square_feet, o.year_built, o.stories, o.garage_spaces, o.pool, o.waterfront, o.new_construction, o.association_fee, o.association_fee_currency, o.association_fee_frequency, o.tax_annual_amount, o.tax_annual_amount_currency, o.tax_year, o.county, o.subdivision, o.parcel_number, o.latitude, o.longitude, o.high_school_district, o.listing_contract_date, o.on_market_date, o.purchase_contract_date, o.close_date, o.expiration_date, o.cancellation_date, o.withdrawn_date, o.off_market_date, o.status_changed_at, o.earlier_days_on_market, o.listing_agreement, o.listing_service, o.occupant, o.showing_instructions, o.lock_box_type, o.lock_box_serial_number, o.lockbox_code, o.public_remarks, o.private_remarks, o.photo, o.virtual_tour, o.owner_id, o.team_id, o.external_id, o.created_at, o.created_by, o.deleted_at) x)) || jsonb_build_object('custom', o.custom, 'address', o.address, 'view', o.view, 'heating', o.heating, 'cooling', o.cooling, 'special_conditions', o.special_conditions, 'showing_requirements', o.showing_requirements, 'tags', o.tags) AS old, jsonb_strip_nulls((SELECT to_jsonb(x) FROM (SELECT n.address_line, n.status, n.list_price, n.list_price_currency, n.listing_id, n.mls_status, n.property_type, n.property_sub_type, n.agent_id, n.co_agent_id, n.seller_id, n.original_list_price, n.original_list_price_currency, n.previous_list_price, n.previous_list_price_currency, n.close_price, n.close_price_currency, n.concessions, n.concessions_amount, n.concessions_amount_currency, n.bedrooms_total, n.bathrooms_total, n.bathrooms_full, n.bathrooms_half, n.living_area, n.living_area_units, n.lot_size_square_feet, n.year_built, n.stories, n.garage_spaces, n.pool, n.waterfront, n.new_construction, n.association_fee, n.association_fee_currency, n.association_fee_frequency, n.tax_annual_amount, n.tax_annual_amount_currency, n.tax_year, n.county, n.subdivision, n.parcel_number, n.latitude, n.longitude, n.high_school_district, n.listing_contract_date, n.on_market_date, n.purchase_contract_date, n.close_date, n.expiration_date, n.cancellation_date, n.withdrawn_date, n.off_market_date, n.status_changed_at, n.earlier_days_on_market, n.listing_agreement, n.listing_service, n.occupant, n.showing_instructions, n.lock_box_type, n.lock_box_serial_number, n.lockbox_code, n.public_remarks, n.private_remarks, n.photo, n.virtual_tour, n.owner_id, n.team_id, n.external_id, n.created_at, n.created_by, n.deleted_at) x)) || jsonb_build_object('custom', n.custom, 'address', n.address, 'view', n.view, 'heating', n.heating, 'cooling', n.cooling, 'special_conditions', n.special_conditions, 'showing_requirements', n.showing_requirements, 'tags', n.tags) AS new
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
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
END $function$;

CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON tenfold.listings FOR EACH ROW EXECUTE FUNCTION tenfold.touch();
