SET lock_timeout = '10min';

DROP INDEX CONCURRENTLY IF EXISTS tenfold.advising_appointments_counselor_follow_up_at;

DROP INDEX CONCURRENTLY IF EXISTS tenfold.appointments_assignee_starts_at;

DROP INDEX CONCURRENTLY IF EXISTS tenfold.leads_owner_next_touch;
