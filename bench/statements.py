"""The benchmark's own SQL, by name."""

from __future__ import annotations

INDEXES = """SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS made
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = $1::text::regclass AND NOT i.indisprimary ORDER BY c.relname"""

ADD_TENANTS = (
    "INSERT INTO bench.tenants SELECT * FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[])"
)
# A name's words travel as one text with blanks between: arrays of arrays must be rectangular.
ADD_NAMES = """INSERT INTO bench.{table} SELECT n, name, key, string_to_array(words, ' ')
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) AS x (n, name, key, words)"""

# {columns} and {values} come from bench/people.py, the bounds of i are bound.
PEOPLE = """INSERT INTO tenfold.{plural} ({columns})
SELECT {values}
FROM (SELECT i, now() - make_interval(secs => 63000000 * (1 - i::float8 / ($3 + 1))) AS at,
             ARRAY['email', 'phone', 'text', 'visit'] AS channels
      FROM generate_series($1::bigint, $2::bigint) AS i) g
JOIN bench.tenants t ON t.n = {tenant}
JOIN bench.first_names f ON f.n = bench.rank(i, 1, {first_names})
JOIN bench.last_names l ON l.n = bench.rank(i, 2, {last_names})
JOIN bench.domains d ON d.n = bench.rank(i, 3, {domains})
JOIN bench.majors m ON m.n = bench.rank(i, 4, {majors})
ORDER BY i"""

SLOTS = """INSERT INTO tenfold.slots
    (tenant_id, record_id, field, place, text_value, int_value, time_value)
SELECT t.tenant_id, t.id, v.field, 0, v.text_value, v.int_value, v.time_value
FROM tenfold.{plural} t
CROSS JOIN LATERAL (VALUES {values}) AS v (field, text_value, int_value, time_value)
WHERE {condition}"""

PICKS = """INSERT INTO bench.picks SELECT row_number() OVER (), x.tenant_id, x.id
FROM (SELECT tenant_id, id FROM tenfold.leads
      ORDER BY hashtextextended(id::text, 1) LIMIT 10000) x"""
READ_PICKS = """SELECT p.id, t.n AS tenant FROM bench.picks p
JOIN bench.tenants t ON t.tenant_id = p.tenant_id ORDER BY p.n"""

SAMPLE = "SELECT * FROM tenfold.{plural} ORDER BY hashtextextended(id::text, 2) LIMIT 1000"
DIFFERENT = """SELECT count(*)
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS x (tenant_id, id, vector)
JOIN tenfold.{plural} t USING (tenant_id, id) WHERE t.search IS DISTINCT FROM x.vector::tsvector"""
SLOTS_OF = """SELECT record_id, field, place, text_value, int_value, time_value, ref_value
FROM tenfold.slots WHERE tenant_id = $1 AND record_id = $2"""

# Names of students that exist, so that every search finds somebody.
NAMES_IN_USE = """SELECT t.n AS tenant, f.words AS first, l.words AS last, s.last_name_key AS key
FROM tenfold.students s JOIN bench.tenants t USING (tenant_id)
JOIN bench.first_names f ON f.name = s.first_name JOIN bench.last_names l ON l.name = s.last_name
WHERE {condition} ORDER BY hashtextextended(s.id::text, 3) LIMIT 2000"""

# What earlier runs left: records made after loading, with all that hangs on them.
TIDY_SLOTS = """DELETE FROM tenfold.slots s USING tenfold.{plural} t
WHERE t.created_at > $1 AND s.tenant_id = t.tenant_id AND s.record_id = t.id"""
TIDY_RECORDS = "DELETE FROM tenfold.{plural} WHERE created_at > $1"
TIDY_LOG = "TRUNCATE tenfold.change_log, tenfold.batches, tenfold.idempotency_keys"

PICK_TENANT = """\\set n random(1, {tenants})
SELECT set_config('app.tenant_id', tenant_id::text, false) AS tenant
FROM bench.tenants WHERE n = :n \\gset
"""
PICK_RECORD = """\\set n random(1, {records})
SELECT set_config('app.tenant_id', tenant_id::text, false) AS tenant, id
FROM bench.picks WHERE n = :n \\gset
"""

SAFE = ("fsync", "synchronous_commit", "full_page_writes")

TRIGGERS = "ALTER TABLE tenfold.{plural} {word} TRIGGER USER"
LOG_TRIGGER = "ALTER TABLE tenfold.leads {word} TRIGGER log_insert"

# The log's cost inside PostgreSQL: copies of real rows, in one statement.
LEAD_COLUMNS = """SELECT attname FROM pg_attribute WHERE attrelid = 'tenfold.leads'::regclass
AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"""
SET_TENANT = "SET app.tenant_id = '{tenant}'"
COPY_LEADS = """INSERT INTO tenfold.leads ({columns}) SELECT {values}
FROM (SELECT l.* FROM tenfold.leads l CROSS JOIN generate_series(1, 100) WHERE tenant_id = $1
      LIMIT $3) s"""

# The demo organisation: who works there, and the lead of whom most is told.
STAFF = "SELECT user_id FROM tenfold.members WHERE tenant_id = $1 ORDER BY user_id"
TOLD_MOST = """SELECT l.id FROM tenfold.leads l JOIN tenfold.change_log c
    ON c.tenant_id = l.tenant_id AND c.record_id = l.id
WHERE l.tenant_id = $1 AND l.deleted_at IS NULL
GROUP BY l.id ORDER BY count(*) DESC, l.id LIMIT 1"""
