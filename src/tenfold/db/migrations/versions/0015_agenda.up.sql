SET lock_timeout = '10min';

CREATE INDEX CONCURRENTLY IF NOT EXISTS advising_appointments_counselor_follow_up_at ON tenfold.advising_appointments USING btree (tenant_id, counselor_id, follow_up_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX CONCURRENTLY IF NOT EXISTS appointments_assignee_starts_at ON tenfold.appointments USING btree (tenant_id, assignee_id, starts_at, id) WHERE (deleted_at IS NULL);

CREATE INDEX CONCURRENTLY IF NOT EXISTS leads_owner_next_touch ON tenfold.leads USING btree (tenant_id, owner_id, next_touch, id) WHERE (deleted_at IS NULL);
