SET LOCAL lock_timeout = '5s';

-- In two steps, so that the table is not written anew: events from before stay without.
CREATE SEQUENCE tenfold.security_events_order;
ALTER TABLE tenfold.security_events ADD COLUMN xid xid8, ADD COLUMN seq bigint;
ALTER TABLE tenfold.security_events ALTER COLUMN xid SET DEFAULT pg_current_xact_id(),
    ALTER COLUMN seq SET DEFAULT nextval('tenfold.security_events_order');
ALTER SEQUENCE tenfold.security_events_order OWNED BY tenfold.security_events.seq;
GRANT USAGE ON SEQUENCE tenfold.security_events_order TO :app;
