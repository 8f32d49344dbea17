SET LOCAL lock_timeout = '5s';

ALTER TABLE tenfold.security_events DROP COLUMN xid, DROP COLUMN seq;
