-- Messages: what an organisation writes to people, by mail and text message, what comes back, and
-- what its own people are told. Made after identity.sql, by the owner of all tables.

-- What is written again and again: `texts` has a subject, a text and HTML for each language.
CREATE TABLE tenfold.templates (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    version     int NOT NULL DEFAULT 1,
    name        text NOT NULL,
    -- email, sms
    channel     text COLLATE "C" NOT NULL,
    -- The record type whose fields its texts name; empty: none.
    type        text COLLATE "C" NOT NULL DEFAULT '',
    -- Whether many get it, so that it needs their leave and can be refused.
    mailing     boolean NOT NULL DEFAULT false,
    -- JSON, in the order of its languages: the first stands for those that it lacks.
    texts       text NOT NULL,
    -- Its name in the pack that ships it.
    shipped     text COLLATE "C",
    made_by     uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX templates_shipped ON tenfold.templates (tenant_id, shipped)
    WHERE shipped IS NOT NULL;

-- Each message to or from one address. `key` is what gave rise to it: one event, one message.
CREATE TABLE tenfold.messages (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    key         text COLLATE "C" NOT NULL,
    -- email, sms
    channel     text COLLATE "C" NOT NULL,
    incoming    boolean NOT NULL DEFAULT false,
    -- waiting, sent, kept, delivered, bounced, complained, failed, withheld, received
    state       text COLLATE "C" NOT NULL,
    -- Why it was withheld, failed or bounced.
    reason      text,
    -- The record that it is about.
    type        text COLLATE "C" NOT NULL DEFAULT '',
    record_id   uuid,
    -- The address at the other end, who has it, and which of our people it is, if one of them.
    address     text NOT NULL,
    name        text NOT NULL DEFAULT '',
    user_id     uuid,
    -- Who wrote it; nobody: an automation. An incoming one answers another.
    by_id       uuid,
    answers_id  uuid,
    -- Who of ours is told of answers and bounces.
    owner_id    uuid,
    template_id uuid,
    mailing     boolean NOT NULL DEFAULT false,
    depth       smallint NOT NULL DEFAULT 0,
    language    text COLLATE "C" NOT NULL DEFAULT '',
    sender      text NOT NULL DEFAULT '',
    reply_to    text NOT NULL DEFAULT '',
    subject     text NOT NULL DEFAULT '',
    text        text NOT NULL DEFAULT '',
    html        text NOT NULL DEFAULT '',
    due_at      timestamptz NOT NULL DEFAULT now(),
    -- Who took it, and what it is called there.
    carrier     text COLLATE "C",
    carrier_id  text COLLATE "C",
    created_at  timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz,
    settled_at  timestamptz,
    answered_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX messages_key ON tenfold.messages (tenant_id, key);
CREATE INDEX messages_record ON tenfold.messages (tenant_id, record_id, id)
    WHERE record_id IS NOT NULL;
CREATE INDEX messages_state ON tenfold.messages (tenant_id, state, id);
CREATE INDEX messages_address ON tenfold.messages (address, id);

-- To where nothing is sent any more: unsubscribed, bounced, complained, by_hand.
CREATE TABLE tenfold.suppressions (
    tenant_id   uuid NOT NULL,
    channel     text COLLATE "C" NOT NULL,
    address     text NOT NULL,
    reason      text COLLATE "C" NOT NULL,
    message_id  uuid,
    by_id       uuid,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel, address)
);

-- How an organisation writes: as whom, and at which hours it leaves people alone.
CREATE TABLE tenfold.message_settings (
    tenant_id      uuid PRIMARY KEY,
    sender_name    text NOT NULL DEFAULT '',
    reply_to       text NOT NULL DEFAULT '',
    postal_address text NOT NULL DEFAULT '',
    quiet_from     time NOT NULL DEFAULT '21:00',
    quiet_until    time NOT NULL DEFAULT '08:00',
    changed_at     timestamptz NOT NULL DEFAULT now()
);

-- What one of our people is told. Whether they may read the record is asked as they look.
CREATE TABLE tenfold.notices (
    tenant_id   uuid NOT NULL,
    user_id     uuid NOT NULL,
    id          uuid NOT NULL,
    key         text COLLATE "C" NOT NULL,
    -- mention, assigned, changed, reminder, reply, bounce, automation
    kind        text COLLATE "C" NOT NULL,
    type        text COLLATE "C" NOT NULL DEFAULT '',
    record_id   uuid,
    by_id       uuid,
    text        text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    read_at     timestamptz,
    mailed_at   timestamptz,
    PRIMARY KEY (tenant_id, user_id, id)
);
CREATE UNIQUE INDEX notices_key ON tenfold.notices (tenant_id, user_id, key);
CREATE INDEX notices_unread ON tenfold.notices (tenant_id, user_id) WHERE read_at IS NULL;
CREATE INDEX notices_age ON tenfold.notices (created_at);

-- Whose a number is that answers: the last message to it in each organisation that wrote to it.
CREATE FUNCTION tenfold.written_to(given text) RETURNS TABLE (tenant uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tenfold, pg_temp AS $$
    SELECT DISTINCT ON (m.tenant_id) m.tenant_id, m.id FROM tenfold.messages m
    WHERE m.address = given AND m.channel = 'sms' AND NOT m.incoming
      AND m.state IN ('sent', 'kept', 'delivered')
    ORDER BY m.tenant_id, m.id DESC
$$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['templates', 'messages', 'suppressions', 'message_settings',
        'notices'] LOOP
        EXECUTE format('ALTER TABLE tenfold.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON tenfold.%I '
            'USING (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'WITH CHECK (tenant_id = current_setting(''app.tenant_id'')::uuid)', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenfold.templates, tenfold.messages, tenfold.suppressions,
    tenfold.message_settings, tenfold.notices TO :app;
REVOKE ALL ON FUNCTION tenfold.written_to(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenfold.written_to(text) TO :app;
