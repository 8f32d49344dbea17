SET LOCAL lock_timeout = '5s';

CREATE OR REPLACE FUNCTION tenfold.failed_from(place text, since timestamp with time zone, most integer, OUT failures integer, OUT told boolean)
 RETURNS record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION tenfold.sprayed(since timestamp with time zone, people integer, only_one uuid)
 RETURNS TABLE(tenant_id uuid, tried bigint, addresses text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
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
$function$;

ALTER TABLE tenfold.security_events ENABLE ROW LEVEL SECURITY;

CREATE POLICY noted ON tenfold.security_events AS PERMISSIVE FOR INSERT TO public WITH CHECK (true);

CREATE POLICY tail ON tenfold.security_events AS PERMISSIVE FOR SELECT TO :tail USING (true);

CREATE POLICY tenant ON tenfold.security_events AS PERMISSIVE FOR SELECT TO public USING ((tenant_id = (current_setting('app.tenant_id'::text))::uuid));
