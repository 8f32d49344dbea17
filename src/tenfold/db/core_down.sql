REVOKE USAGE ON SCHEMA tenfold FROM :app, :tail;
DROP FUNCTION tenfold.written_to(text);
DROP TABLE tenfold.templates, tenfold.messages, tenfold.suppressions, tenfold.message_settings,
    tenfold.notices;
DROP FUNCTION tenfold.webhooked(uuid[]);
DROP TABLE tenfold.webhooks, tenfold.webhook_messages, tenfold.webhook_deliveries;
DROP FUNCTION tenfold.automated(text[], uuid[]);
DROP FUNCTION tenfold.hooked(bytea);
DROP TABLE tenfold.automations, tenfold.automation_versions, tenfold.automation_runs,
    tenfold.automation_met;
DROP FUNCTION tenfold.api_key(bytea);
DROP FUNCTION tenfold.invitation(bytea);
DROP TABLE tenfold.sessions, tenfold.devices, tenfold.links, tenfold.challenges, tenfold.totp,
    tenfold.recovery_codes, tenfold.passkeys, tenfold.identities, tenfold.api_keys,
    tenfold.invitations, tenfold.shares, tenfold.personal,
    tenfold.followers, tenfold.mentions, tenfold.mails, tenfold.rate_limits, tenfold.csp_reports;
DROP FUNCTION tenfold.log_lag();
DROP FUNCTION tenfold.failed_from(text, timestamptz, int);
DROP FUNCTION tenfold.sprayed(timestamptz, int, uuid);
DROP FUNCTION tenfold.memberships(uuid);
DROP FUNCTION tenfold.known_in(uuid);
DROP FUNCTION tenfold.leave_unknown(uuid);
DROP FUNCTION tenfold.difference(jsonb, jsonb);
DROP FUNCTION tenfold.touch();
DROP FUNCTION tenfold.sealers(uuid);
DROP FUNCTION tenfold.sealing_keys(uuid, boolean);
DROP FUNCTION tenfold.make_partitions(int);
DROP FUNCTION tenfold.forget();
DROP FUNCTION tenfold.enter(text, text, text[], bigint);
DROP FUNCTION tenfold.bump(text[]);
DROP FUNCTION tenfold.bump_members(uuid[]);
DROP FUNCTION tenfold.versions(uuid, text[]);
DROP TABLE tenfold.audit_seals, tenfold.change_log, tenfold.versions, tenfold.slots, tenfold.custom_fields,
    tenfold.custom_types, tenfold.pipelines, tenfold.idempotency_keys, tenfold.batches, tenfold.log_positions,
    tenfold.data_keys, tenfold.signing_keys, tenfold.security_events, tenfold.sign_in_failures,
    tenfold.refresh_tokens, tenfold.roles, tenfold.teams, tenfold.members, tenfold.users,
    tenfold.tenants;
