-- How far each web service has been told what happens to interactions (the table events).
CREATE TABLE crm_pushes (
    connector INTEGER PRIMARY KEY REFERENCES crm_connectors (id) ON DELETE CASCADE,
    -- id of the last event that was told, or given up
    told      INTEGER NOT NULL,
    -- of the next one
    tries     INTEGER NOT NULL DEFAULT 0,
    -- not before; milliseconds since 1970
    next_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
