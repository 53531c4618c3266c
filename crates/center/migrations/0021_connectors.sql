-- A third kind of connector, and which of them the centre works with (an administrator's
-- choice; none: the one that was added last). SQLite changes no CHECK in place.
CREATE TABLE crm_connectors_2 (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL CHECK (kind IN ('directory', 'salesforce', 'web')),
    name       TEXT NOT NULL,
    -- origin, without a slash at the end; empty for the directory
    domain     TEXT NOT NULL,
    -- JSON
    settings   TEXT NOT NULL DEFAULT '{}',
    added_at   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- rises with every change
    version    INTEGER NOT NULL DEFAULT 1,
    chosen     INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO crm_connectors_2 (id, kind, name, domain, settings, added_at, changed_at, version)
    SELECT id, kind, name, domain, settings, added_at, changed_at, version FROM crm_connectors;
-- Numbers are never used again.
UPDATE sqlite_sequence
    SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'crm_connectors')
    WHERE name = 'crm_connectors_2';
CREATE TABLE crm_secrets_2 (
    connector INTEGER PRIMARY KEY REFERENCES crm_connectors_2 (id) ON DELETE CASCADE,
    -- JSON, by the kind of the connector
    secret    TEXT NOT NULL
) STRICT;
INSERT INTO crm_secrets_2 (connector, secret) SELECT connector, secret FROM crm_secrets;
DROP TABLE crm_secrets;
DROP TABLE crm_connectors;
ALTER TABLE crm_connectors_2 RENAME TO crm_connectors;
ALTER TABLE crm_secrets_2 RENAME TO crm_secrets;
