-- An agent who may take part in his campaigns' calls: listen, whisper, barge in.
ALTER TABLE accounts ADD COLUMN supervisor INTEGER NOT NULL DEFAULT 0 CHECK (supervisor IN (0, 1));

-- Whether the campaign's agents are shown that a supervisor listens to them.
ALTER TABLE campaigns ADD COLUMN tell_monitored INTEGER NOT NULL DEFAULT 0
    CHECK (tell_monitored IN (0, 1));
