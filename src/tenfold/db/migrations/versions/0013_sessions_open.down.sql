SET lock_timeout = '10min';

DROP INDEX CONCURRENTLY IF EXISTS tenfold.sessions_open;
