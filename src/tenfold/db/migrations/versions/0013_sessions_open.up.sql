SET lock_timeout = '10min';

CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_open ON tenfold.sessions USING btree (tenant_id, created_at, id) WHERE (ended_at IS NULL);
