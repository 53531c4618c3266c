-- Chats that are not closed, whole but for their messages, as the centre takes them up
-- again after a restart.
CREATE TABLE chats (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

-- What was said in every chat, closed ones included.
CREATE TABLE chat_messages (
    chat   TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    sender TEXT NOT NULL CHECK (sender IN ('customer', 'agent', 'notice')),
    text   TEXT NOT NULL,
    -- milliseconds since 1970-01-01T00:00Z
    at     INTEGER NOT NULL,
    PRIMARY KEY (chat, seq)
) STRICT, WITHOUT ROWID;

ALTER TABLE interactions ADD COLUMN channel TEXT NOT NULL DEFAULT 'voice'
    CHECK (channel IN ('voice', 'chat'));
