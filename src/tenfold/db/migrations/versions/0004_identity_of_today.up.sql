SET LOCAL lock_timeout = '5s';

-- Sessions stood for themselves by their first refresh token; who is signed in stays so.
INSERT INTO tenfold.sessions (id, user_id, tenant_id, methods, sure_at, created_at, seen_at,
    expires_at, ended_at, ended_by)
SELECT f.id, f.user_id, f.tenant_id, '{pwd}', f.created_at, f.created_at, max(t.created_at),
    max(t.expires_at), max(t.revoked_at), CASE WHEN max(t.revoked_at) IS NOT NULL THEN 'ended' END
FROM tenfold.refresh_tokens f JOIN tenfold.refresh_tokens t ON t.family_id = f.id
WHERE f.id = f.family_id
GROUP BY f.id
ON CONFLICT (id) DO NOTHING;

-- From now on administrators are asked for a second factor.
UPDATE tenfold.members SET mfa_from = now() WHERE role IN ('owner', 'admin') AND mfa_from IS NULL;
