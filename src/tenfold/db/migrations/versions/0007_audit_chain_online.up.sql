SET lock_timeout = '10min';

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS security_events_seq ON tenfold.security_events USING btree (seq);

CREATE INDEX CONCURRENTLY IF NOT EXISTS security_events_tail ON tenfold.security_events USING btree (xid, seq);
