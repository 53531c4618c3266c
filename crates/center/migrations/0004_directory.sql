-- The centre's own directory takes the place of the list of contacts. Ids are never used
-- again: pages and their CRMs keep them.
CREATE TABLE customers (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    -- as it is dialled; NULL: none is known
    phone      TEXT UNIQUE,
    email      TEXT NOT NULL DEFAULT '',
    company    TEXT NOT NULL DEFAULT '',
    -- JSON: text by name
    fields     TEXT NOT NULL DEFAULT '{}',
    -- milliseconds since 1970-01-01T00:00Z
    added_at   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
INSERT INTO sqlite_sequence (name, seq) VALUES ('customers', 99999);
INSERT INTO customers (name, phone, added_at, changed_at)
    SELECT name, number, unixepoch() * 1000, unixepoch() * 1000 FROM contacts ORDER BY number;
DROP TABLE contacts;

CREATE TABLE cases (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    customer    INTEGER REFERENCES customers (id) ON DELETE SET NULL,
    subject     TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    status      TEXT NOT NULL DEFAULT 'New',
    added_at    INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;
INSERT INTO sqlite_sequence (name, seq) VALUES ('cases', 499999);

-- Where the CRM's records are. The first is the centre's own directory.
CREATE TABLE crm_connectors (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL CHECK (kind IN ('directory', 'salesforce')),
    name       TEXT NOT NULL,
    -- origin, without a slash at the end; empty for the directory
    domain     TEXT NOT NULL,
    -- JSON
    settings   TEXT NOT NULL DEFAULT '{}',
    added_at   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- rises with every change
    version    INTEGER NOT NULL DEFAULT 1
) STRICT;
INSERT INTO crm_connectors (kind, name, domain, added_at, changed_at)
    VALUES ('directory', 'Directory of this centre', '', unixepoch() * 1000, unixepoch() * 1000);

-- What the connectors sign in with; no list and no answer reads this table.
CREATE TABLE crm_secrets (
    connector INTEGER PRIMARY KEY REFERENCES crm_connectors (id) ON DELETE CASCADE,
    -- JSON: {"client_id", "client_secret", "refresh_token"}
    secret    TEXT NOT NULL
) STRICT;

-- In the directory; NULL: the number was not known.
ALTER TABLE interactions ADD COLUMN customer_id INTEGER;
-- JSON: the CRM record that it was about
ALTER TABLE interactions ADD COLUMN record TEXT;
-- Milliseconds since 1970; NULL while it is open, and for those of before.
ALTER TABLE interactions ADD COLUMN closed_at INTEGER;
