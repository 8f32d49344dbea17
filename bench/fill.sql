-- What the benchmark's data is made with; run by the owner of all tables, in a schema of its own.
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;

CREATE TABLE bench.tenants (n int PRIMARY KEY, tenant_id uuid NOT NULL, user_id uuid NOT NULL,
    prefix text NOT NULL);
CREATE TABLE bench.first_names (n int PRIMARY KEY, name text, key text, words text[]);
CREATE TABLE bench.last_names (LIKE bench.first_names INCLUDING ALL);
CREATE TABLE bench.majors (LIKE bench.first_names INCLUDING ALL);
CREATE TABLE bench.domains (LIKE bench.first_names INCLUDING ALL);
-- Records that reads are measured with, so that pgbench can choose one by its number.
CREATE TABLE bench.picks (n int PRIMARY KEY, tenant_id uuid NOT NULL, id uuid NOT NULL);

-- A number in [0, 1) that depends on the row and on what it is for, and on nothing else.
CREATE FUNCTION bench.u(i bigint, what int) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (hashint8extended(i, what::bigint) & 9007199254740991)::float8 / 9007199254740992
$$;

-- A rank from 1 to `most` with the weights 1/(rank + 20) (Zipf–Mandelbrot): of 5,000 last names the
-- most common has 0.9 %, as Smith has in the United States.
CREATE FUNCTION bench.rank(i bigint, what int, most int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT least(most, 1 + floor(20 * (power((most + 20) / 20.0::float8, bench.u(i, what)) - 1))::int)
$$;

-- A UUIDv7 of a moment.
CREATE FUNCTION bench.id(i bigint, what int, at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
        || '7' || lpad(to_hex(hashint8extended(i, what::bigint) & 4095), 3, '0')
        || '8' || lpad(to_hex(hashint8extended(i, what + 1::bigint) & 1152921504606846975), 15, '0'))::uuid
$$;

-- A search vector as engine/values.search_vector writes it: the words in order, each with the
-- weight at its place in `weights`, behind the tenant's prefix. A sample is compared with the
-- engine's own after loading.
CREATE FUNCTION bench.vector(prefix text, words text[], weights text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg('''' || prefix || ':' || w || ''':' || n || substr(weights, n::int, 1), ' ')::tsvector
    FROM unnest(words) WITH ORDINALITY AS x (w, n)
$$;
