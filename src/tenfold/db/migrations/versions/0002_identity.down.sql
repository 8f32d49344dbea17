SET LOCAL lock_timeout = '5s';

DROP TABLE tenfold.api_keys, tenfold.challenges, tenfold.csp_reports, tenfold.devices, tenfold.identities, tenfold.invitations, tenfold.links, tenfold.mails, tenfold.passkeys, tenfold.rate_limits, tenfold.recovery_codes, tenfold.sessions, tenfold.shares, tenfold.totp;

DROP FUNCTION tenfold.api_key(bytea);

DROP FUNCTION tenfold.bump_members(uuid[]);

DROP FUNCTION tenfold.invitation(bytea);

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
