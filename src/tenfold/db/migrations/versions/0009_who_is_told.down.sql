SET LOCAL lock_timeout = '5s';

REVOKE ALL ON TABLE tenfold.security_events FROM :app;

DROP FUNCTION tenfold.known_in(uuid);

DROP FUNCTION tenfold.leave_unknown(uuid);

GRANT INSERT, SELECT ON TABLE tenfold.security_events TO :app;
