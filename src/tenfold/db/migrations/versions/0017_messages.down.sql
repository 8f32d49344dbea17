SET LOCAL lock_timeout = '5s';

DROP TABLE tenfold.message_settings, tenfold.messages, tenfold.notices, tenfold.suppressions, tenfold.templates;

DROP FUNCTION tenfold.written_to(text);

ALTER TABLE tenfold.mails DROP COLUMN channel;

ALTER TABLE tenfold.mails DROP COLUMN message_id;

ALTER TABLE tenfold.mails DROP COLUMN sealed_html;

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
        ('automation_runs', 'finished_at < now() - interval ''90 days'''),
        ('webhook_deliveries', 'created_at < now() - interval ''30 days'''),
        ('webhook_messages', 'created_at < now() - interval ''30 days'''),
        ('security_events', 'created_at < now() - interval ''1 year''')
    ) AS t (name, old) LOOP
        EXECUTE format('DELETE FROM tenfold.%I WHERE ctid IN (SELECT ctid FROM tenfold.%I '
            'WHERE %s LIMIT 5000)', one.name, one.name, one.old);
        GET DIAGNOSTICS gone = ROW_COUNT;
        most := greatest(most, gone);
    END LOOP;
    RETURN most;
END $function$;
