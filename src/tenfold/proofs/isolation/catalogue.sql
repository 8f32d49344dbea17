-- name: role
SELECT current_user::text AS name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
FROM pg_roles WHERE rolname = current_user

-- name: memberships
-- The roles that it may act as.
SELECT rolname::text FROM pg_roles
WHERE rolname <> current_user AND pg_has_role(current_user, oid, 'MEMBER') ORDER BY 1

-- name: owned
-- What it owns: who owns a table is not held by its row security.
SELECT format('table %I.%I', n.nspname, c.relname) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relowner = current_user::regrole AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND c.relpersistence <> 't'
UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p
    WHERE p.proowner = current_user::regrole
UNION ALL SELECT 'schema ' || nspname FROM pg_namespace
    WHERE nspowner = current_user::regrole AND nspname NOT LIKE 'pg\_%'
UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datdba = current_user::regrole

-- name: schemas
SELECT nspname::text, has_schema_privilege(current_user, oid, 'CREATE') AS makes
FROM pg_namespace WHERE nspname IN ('tenfold', 'jobs')

-- name: tables
-- Everything with a tenant that this role may touch in some way.
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind, c.relrowsecurity AS secured,
    coalesce('security_invoker=true' = ANY (c.reloptions)
        OR 'security_invoker=on' = ANY (c.reloptions), false) AS invoker,
    has_table_privilege(current_user, c.oid, 'SELECT')
        OR has_any_column_privilege(current_user, c.oid, 'SELECT') AS reads,
    has_table_privilege(current_user, c.oid, 'INSERT')
        OR has_any_column_privilege(current_user, c.oid, 'INSERT') AS inserts,
    has_table_privilege(current_user, c.oid, 'UPDATE')
        OR has_any_column_privilege(current_user, c.oid, 'UPDATE') AS updates,
    has_table_privilege(current_user, c.oid, 'DELETE') AS deletes,
    has_table_privilege(current_user, c.oid, 'TRUNCATE') AS truncates
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema)'
    AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attname = 'tenant_id' AND NOT a.attisdropped)
ORDER BY 1

-- name: policies
-- Those that let this role through, as PostgreSQL spells their conditions.
SELECT format('%I.%I', schemaname, tablename) AS name, policyname::text AS policy, cmd, qual, with_check
FROM pg_policies WHERE permissive = 'PERMISSIVE'
    AND ('public' = ANY (roles) OR current_user = ANY (roles))

-- name: columns
-- What a new row must be given, and the key of the row that it must point to.
SELECT a.attname::text AS name, t.typname::text AS type, 
    (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = f.confrelid) AS target,
    (SELECT b.attname::text FROM pg_attribute b WHERE b.attrelid = f.confrelid
        AND b.attnum = f.confkey[array_position(f.conkey, a.attnum)]) AS target_column
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_constraint f ON f.conrelid = a.attrelid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)
    AND a.attname <> 'tenant_id'
WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
    AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = '' AND a.attname <> 'tenant_id'
ORDER BY a.attnum

-- name: functions
-- Those that run as their owner, and where they look for what they name.
SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
    (SELECT substring(s FROM '=(.*)') FROM unnest(p.proconfig) AS s WHERE s LIKE 'search\_path=%') AS path
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1
