-- How people and programs prove who they are, what they are sent, and what is shared with them.
-- Made after core.sql, by the owner of all tables.

-- A sign-in of a person in one organisation: how they proved who they are, from where, until when.
CREATE TABLE tenfold.sessions (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    tenant_id   uuid NOT NULL,
    -- By the names of RFC 8176: pwd, otp, swk, mfa … and email, fed, rec of our own.
    methods     text[] NOT NULL DEFAULT '{}',
    -- When they last proved it; dangerous acts ask for it anew after a while.
    sure_at     timestamptz NOT NULL DEFAULT now(),
    device_id   uuid,
    ip_address  text,
    user_agent  text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    ended_by    text COLLATE "C"
);
CREATE INDEX sessions_user ON tenfold.sessions (user_id, created_at);
CREATE INDEX sessions_tenant ON tenfold.sessions (tenant_id, created_at);
CREATE INDEX sessions_age ON tenfold.sessions (expires_at);
CREATE INDEX sessions_open ON tenfold.sessions (tenant_id, created_at, id) WHERE ended_at IS NULL;

-- Browsers that a person has signed in from: they are let in while others lock the account.
CREATE TABLE tenfold.devices (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    token_hash  bytea NOT NULL,
    ip_address  text,
    user_agent  text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX devices_hash ON tenfold.devices (token_hash);
CREATE INDEX devices_user ON tenfold.devices (user_id);
CREATE INDEX devices_age ON tenfold.devices (expires_at);

-- Links that were mailed, each good once: to sign in, to set a new password, to prove an address.
CREATE TABLE tenfold.links (
    token_hash  bytea PRIMARY KEY,
    kind        text COLLATE "C" NOT NULL,
    user_id     uuid NOT NULL,
    email       text COLLATE "C" NOT NULL,
    detail      jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX links_user ON tenfold.links (user_id, kind);
CREATE INDEX links_age ON tenfold.links (expires_at);

-- What has begun and waits for its second half: a second factor, the answer of a passkey.
CREATE TABLE tenfold.challenges (
    token_hash  bytea PRIMARY KEY,
    kind        text COLLATE "C" NOT NULL,
    user_id     uuid,
    detail      jsonb NOT NULL DEFAULT '{}',
    tries       smallint NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL
);
CREATE INDEX challenges_user ON tenfold.challenges (user_id, kind);
CREATE INDEX challenges_age ON tenfold.challenges (expires_at);

-- Second factors. The key of one-time passwords is sealed; the step that was used last refuses a
-- code that comes twice.
CREATE TABLE tenfold.totp (
    user_id      uuid PRIMARY KEY,
    sealed       bytea NOT NULL,
    step         bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz
);

CREATE TABLE tenfold.recovery_codes (
    user_id     uuid NOT NULL,
    code_hash   bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    used_at     timestamptz,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE tenfold.passkeys (
    id             uuid PRIMARY KEY,
    user_id        uuid NOT NULL,
    credential_id  bytea NOT NULL,
    public_key     bytea NOT NULL,
    sign_count     bigint NOT NULL DEFAULT 0,
    transports     text[] NOT NULL DEFAULT '{}',
    backed_up      boolean NOT NULL DEFAULT false,
    name           text NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    used_at        timestamptz
);
CREATE UNIQUE INDEX passkeys_credential ON tenfold.passkeys (credential_id);
CREATE INDEX passkeys_user ON tenfold.passkeys (user_id);

-- Who a person is at other providers: what their tokens call them (`iss` and `sub`).
CREATE TABLE tenfold.identities (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    issuer      text COLLATE "C" NOT NULL,
    subject     text COLLATE "C" NOT NULL,
    provider    text COLLATE "C" NOT NULL,
    email       text COLLATE "C",
    created_at  timestamptz NOT NULL DEFAULT now(),
    used_at     timestamptz
);
CREATE UNIQUE INDEX identities_subject ON tenfold.identities (issuer, subject);
CREATE INDEX identities_user ON tenfold.identities (user_id);

-- Keys for programs, known by their hash; whose they are, and to what they are confined.
CREATE TABLE tenfold.api_keys (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    user_id     uuid NOT NULL,
    name        text NOT NULL,
    prefix      text COLLATE "C" NOT NULL,
    key_hash    bytea NOT NULL,
    scopes      text[] NOT NULL,
    created_by  uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz,
    used_at     timestamptz,
    used_from   text,
    revoked_at  timestamptz,
    -- The key that takes its place; both are good until the old one expires.
    successor_id uuid,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX api_keys_hash ON tenfold.api_keys (key_hash);
CREATE INDEX api_keys_user ON tenfold.api_keys (tenant_id, user_id);

CREATE TABLE tenfold.invitations (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    email       text COLLATE "C" NOT NULL,
    role        text COLLATE "C" NOT NULL,
    roles       text[] NOT NULL DEFAULT '{}',
    team_id     uuid,
    token_hash  bytea NOT NULL,
    invited_by  uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid,
    revoked_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX invitations_hash ON tenfold.invitations (token_hash);
CREATE INDEX invitations_email ON tenfold.invitations (tenant_id, email);

-- One record shown to a person or a team that would not see it otherwise.
CREATE TABLE tenfold.shares (
    tenant_id   uuid NOT NULL,
    type        text COLLATE "C" NOT NULL,
    record_id   uuid NOT NULL,
    -- A person's id or a team's, as `grantee` says.
    grantee_id  uuid NOT NULL,
    grantee     text COLLATE "C" NOT NULL,
    may         text COLLATE "C" NOT NULL DEFAULT 'read',
    shared_by   uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, record_id, grantee_id)
);
CREATE INDEX shares_grantee ON tenfold.shares (tenant_id, grantee_id, type);

-- What people keep for themselves in an organisation: favourites, pinned views, the columns of
-- lists, what they looked at last, what they have read of the guide.
CREATE TABLE tenfold.personal (
    tenant_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    kind      text NOT NULL,
    key       text NOT NULL CHECK (length(key) <= 200),
    value     text NOT NULL DEFAULT '' CHECK (length(value) <= 4000),
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, kind, key),
    FOREIGN KEY (tenant_id, user_id) REFERENCES tenfold.members (tenant_id, user_id)
        ON DELETE CASCADE
);

-- Who follows a record because they asked to, or because somebody mentioned them; or said that they
-- don't. Its owner and who made it follow without a row.
CREATE TABLE tenfold.followers (
    tenant_id uuid NOT NULL,
    type      text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    follows   boolean NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, record_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES tenfold.members (tenant_id, user_id)
        ON DELETE CASCADE
);
CREATE INDEX followers_user ON tenfold.followers (tenant_id, user_id, at);

-- Who was mentioned in the text of a record, by whom and when.
CREATE TABLE tenfold.mentions (
    tenant_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    type      text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    by_id     uuid,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, record_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES tenfold.members (tenant_id, user_id)
        ON DELETE CASCADE
);
CREATE INDEX mentions_user ON tenfold.mentions (tenant_id, user_id, at);

-- Mail to be sent, or kept to be read where no mail server is set. What it says is sealed, as it
-- may hold a link that lets somebody in.
CREATE TABLE tenfold.mails (
    id          uuid PRIMARY KEY,
    tenant_id   uuid,
    user_id     uuid,
    kind        text COLLATE "C" NOT NULL,
    recipient   text NOT NULL,
    subject     text NOT NULL,
    sealed      bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz,
    error       text,
    -- Of what an organisation writes: its message, and whether it is a mail or a text message.
    channel     text COLLATE "C" NOT NULL DEFAULT 'email',
    message_id  uuid,
    sealed_html bytea
);
CREATE INDEX mails_recent ON tenfold.mails (created_at);
CREATE INDEX mails_recipient ON tenfold.mails (recipient, created_at);

-- Limits on requests where they are kept in the database: until when a key has used up what it was
-- given (GCRA). None of it need survive a crash.
CREATE UNLOGGED TABLE tenfold.rate_limits (
    key         text COLLATE "C" PRIMARY KEY,
    used_until  timestamptz NOT NULL
);
CREATE INDEX rate_limits_age ON tenfold.rate_limits (used_until);

-- What browsers report of pages that tried to load or run what our policy forbids, counted.
CREATE TABLE tenfold.csp_reports (
    document    text COLLATE "C" NOT NULL,
    directive   text COLLATE "C" NOT NULL,
    blocked     text COLLATE "C" NOT NULL,
    n           bigint NOT NULL DEFAULT 1,
    first_at    timestamptz NOT NULL DEFAULT now(),
    last_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (document, directive, blocked)
);
CREATE INDEX csp_reports_age ON tenfold.csp_reports (last_at);

-- The key and the invitation that a secret opens, asked before a tenant is known.
CREATE FUNCTION tenfold.api_key(hash bytea)
RETURNS TABLE (tenant_id uuid, id uuid, user_id uuid, scopes text[], expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT k.tenant_id, k.id, k.user_id, k.scopes, k.expires_at FROM tenfold.api_keys k
    WHERE k.key_hash = hash AND k.revoked_at IS NULL
$$;

CREATE FUNCTION tenfold.invitation(hash bytea) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT i.tenant_id, i.id FROM tenfold.invitations i WHERE i.token_hash = hash
$$;

-- Row security where a tenant is known. Outside of it is what is a person's and not an
-- organisation's, or read before a tenant is known.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['api_keys', 'invitations', 'shares', 'personal', 'followers',
        'mentions'] LOOP
        EXECUTE format('ALTER TABLE tenfold.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON tenfold.%I '
            'USING (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'')::uuid)', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.sessions, tenfold.devices, tenfold.links,
    tenfold.challenges, tenfold.totp, tenfold.recovery_codes, tenfold.passkeys,
    tenfold.identities, tenfold.api_keys, tenfold.invitations, tenfold.shares, tenfold.personal,
    tenfold.followers, tenfold.mentions, tenfold.mails,
    tenfold.rate_limits, tenfold.csp_reports TO :app;
