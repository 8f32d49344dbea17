SET LOCAL lock_timeout = '5s';

DROP TABLE tenfold.audit_seals;

REVOKE ALL ON TABLE tenfold.security_events FROM :tail;

ALTER TABLE tenfold.log_positions DROP COLUMN log;

CREATE OR REPLACE FUNCTION tenfold.log_lag()
 RETURNS double precision
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'tenfold', 'pg_temp'
AS $function$
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(l.at)), 0)::float8
    FROM tenfold.log_positions p CROSS JOIN LATERAL (
        SELECT c.at FROM tenfold.change_log c WHERE (c.xid, c.seq) > (p.xid, p.seq)
        ORDER BY c.xid, c.seq LIMIT 1) l
$function$;
