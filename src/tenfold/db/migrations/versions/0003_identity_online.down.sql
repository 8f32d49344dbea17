SET lock_timeout = '10min';

DROP INDEX CONCURRENTLY IF EXISTS tenfold.contacts_privacy;

DROP INDEX CONCURRENTLY IF EXISTS tenfold.members_external;

DROP INDEX CONCURRENTLY IF EXISTS tenfold.security_events_address;

DROP INDEX CONCURRENTLY IF EXISTS tenfold.teams_external;
