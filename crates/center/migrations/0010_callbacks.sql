-- Callbacks that are booked and not yet made.
CREATE TABLE callbacks (
    id       TEXT PRIMARY KEY,
    campaign TEXT NOT NULL,
    -- NULL: for anyone of the campaign
    agent    TEXT,
    -- milliseconds since 1970
    at       INTEGER NOT NULL,
    -- JSON: the callback as the core keeps it
    body     TEXT NOT NULL
) STRICT;

-- Whether the agent is asked when to call back.
ALTER TABLE disposition_codes ADD COLUMN callback INTEGER NOT NULL DEFAULT 0
    CHECK (callback IN (0, 1));
