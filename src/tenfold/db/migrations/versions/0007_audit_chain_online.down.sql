SET lock_timeout = '10min';

DROP INDEX CONCURRENTLY IF EXISTS tenfold.security_events_seq;

DROP INDEX CONCURRENTLY IF EXISTS tenfold.security_events_tail;
