-- What an administrator lays down.
CREATE TABLE centre (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    user          TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    -- argon2id, PHC string
    password_hash TEXT NOT NULL
) STRICT;

CREATE TABLE campaigns (
    id                  TEXT PRIMARY KEY,
    name                TEXT NOT NULL,
    kind                TEXT NOT NULL CHECK (kind IN ('inbound', 'outbound')),
    -- milliseconds; NULL: no limit
    wrap_up_ms          INTEGER,
    default_disposition TEXT
) STRICT;

CREATE TABLE queues (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    campaign TEXT NOT NULL REFERENCES campaigns (id),
    -- higher is served first
    priority INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE memberships (
    user     TEXT NOT NULL REFERENCES accounts (user) ON DELETE CASCADE,
    campaign TEXT NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    PRIMARY KEY (user, campaign)
) STRICT;

CREATE TABLE disposition_classes (
    id       INTEGER PRIMARY KEY,
    campaign TEXT NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL
) STRICT;

CREATE TABLE disposition_codes (
    id       TEXT NOT NULL,
    class    INTEGER NOT NULL REFERENCES disposition_classes (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (class, id)
) STRICT;

CREATE TABLE breaks (
    id       TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL
) STRICT;

CREATE TABLE ivrs (
    id   TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE ivr_options (
    ivr    TEXT NOT NULL REFERENCES ivrs (id) ON DELETE CASCADE,
    digits TEXT NOT NULL,
    queue  TEXT NOT NULL REFERENCES queues (id),
    PRIMARY KEY (ivr, digits)
) STRICT;

CREATE TABLE contacts (
    number TEXT PRIMARY KEY,
    name   TEXT NOT NULL
) STRICT;

-- What happens. All times are milliseconds since 1970-01-01T00:00Z.
CREATE TABLE interactions (
    id              TEXT PRIMARY KEY,
    call            TEXT NOT NULL,
    agent           TEXT,
    campaign        TEXT NOT NULL,
    queue           TEXT,
    direction       TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    customer_name   TEXT NOT NULL,
    customer_number TEXT,
    started_at      INTEGER NOT NULL,
    talk_ms         INTEGER NOT NULL,
    closed          INTEGER NOT NULL CHECK (closed IN (0, 1)),
    cause           TEXT,
    disposition     TEXT,
    note            TEXT NOT NULL
) STRICT;
CREATE INDEX interactions_of_agent ON interactions (agent, id) WHERE closed = 1;

CREATE TABLE events (
    id          INTEGER PRIMARY KEY,
    interaction TEXT NOT NULL,
    at          INTEGER NOT NULL,
    what        TEXT NOT NULL,
    detail      TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_interaction ON events (interaction, id);

-- Calls that are open, whole, as the centre takes them up again after a restart.
CREATE TABLE calls (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    id   TEXT PRIMARY KEY,
    user TEXT NOT NULL UNIQUE REFERENCES accounts (user) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;

-- Answers by the client's UUID: a repeated command is answered and not done again.
CREATE TABLE commands (
    user   TEXT NOT NULL,
    id     TEXT NOT NULL,
    at     INTEGER NOT NULL,
    -- JSON: {"ok": value} or {"error": {"code", "message"}}
    answer TEXT NOT NULL,
    PRIMARY KEY (user, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX commands_by_time ON commands (at);
