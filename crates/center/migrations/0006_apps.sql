-- Custom apps, unpacked. A package is small, and one transaction takes it in or out.
CREATE TABLE apps (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    version     TEXT NOT NULL,
    -- where the workspace shows it; NULL: nowhere
    slot        TEXT UNIQUE,
    -- JSON: [{"key", "label", "type"}]
    fields      TEXT NOT NULL DEFAULT '[]',
    uploaded_by TEXT NOT NULL,
    -- milliseconds since 1970
    uploaded_at INTEGER NOT NULL,
    UNIQUE (name, version)
) STRICT;

CREATE TABLE app_files (
    app     INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    path    TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (app, path)
) STRICT;
