SET LOCAL lock_timeout = '5s';

REVOKE ALL ON TABLE tenfold.security_events FROM :app;

CREATE OR REPLACE FUNCTION tenfold.known_in(person uuid)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT m.tenant_id FROM tenfold.members m
    WHERE m.user_id = person AND m.active AND m.known_at IS NOT NULL
$function$;

CREATE OR REPLACE FUNCTION tenfold.leave_unknown(person uuid)
 RETURNS SETOF uuid
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    DELETE FROM tenfold.members m WHERE m.user_id = person AND m.known_at IS NULL
    RETURNING m.tenant_id
$function$;

GRANT SELECT ON TABLE tenfold.security_events TO :app;

-- Where an event stands among all is not for the writer to say.
GRANT INSERT (id, tenant_id, user_id, event_type, ip_address, detail, created_at)
    ON tenfold.security_events TO :app;
