SET LOCAL lock_timeout = '5s';

DROP POLICY noted ON tenfold.security_events;

DROP POLICY tail ON tenfold.security_events;

DROP POLICY tenant ON tenfold.security_events;

ALTER TABLE tenfold.security_events DISABLE ROW LEVEL SECURITY;

DROP FUNCTION tenfold.failed_from(text,timestamp with time zone,integer);

DROP FUNCTION tenfold.sprayed(timestamp with time zone,integer,uuid);
