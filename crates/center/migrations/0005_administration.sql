-- What administrators lay down for pages, servers and apps.
ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'agent'
    CHECK (role IN ('agent', 'administrator'));

-- Origins whose pages may frame the toolbar; a source of CSP's frame-ancestors each.
CREATE TABLE frame_origins (
    origin TEXT PRIMARY KEY
) STRICT;

-- Hosts that third-party calls may reach: a host name, or host:port. One with a port
-- may be an address of a private network.
CREATE TABLE outside_hosts (
    host TEXT PRIMARY KEY
) STRICT;

-- Pages of the CRM by campaign, with placeholders; empty: none.
CREATE TABLE crm_pages (
    campaign       TEXT PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    landing_url    TEXT NOT NULL DEFAULT '',
    call_url       TEXT NOT NULL DEFAULT '',
    session_policy TEXT NOT NULL DEFAULT 'none' CHECK (session_policy IN ('none', 'cookie', 'sso'))
) STRICT;

-- Tokens for servers that call REST. All times are milliseconds since 1970.
CREATE TABLE rest_tokens (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    -- SHA-256 of the token, which is shown once
    hash       TEXT NOT NULL UNIQUE,
    made_by    TEXT NOT NULL,
    made_at    INTEGER NOT NULL,
    -- NULL: until it is removed
    expires_at INTEGER,
    once       INTEGER NOT NULL CHECK (once IN (0, 1)),
    -- the request that a one-time token was used for
    used_for   TEXT,
    used_at    INTEGER
) STRICT;
