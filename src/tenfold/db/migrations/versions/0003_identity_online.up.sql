SET lock_timeout = '10min';

CREATE INDEX CONCURRENTLY IF NOT EXISTS contacts_privacy ON tenfold.contacts USING btree (tenant_id, privacy, created_at, id) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS members_external ON tenfold.members USING btree (tenant_id, external_id) WHERE (external_id IS NOT NULL);

CREATE INDEX CONCURRENTLY IF NOT EXISTS security_events_address ON tenfold.security_events USING btree (ip_address, created_at);

CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS teams_external ON tenfold.teams USING btree (tenant_id, external_id) WHERE (external_id IS NOT NULL);
