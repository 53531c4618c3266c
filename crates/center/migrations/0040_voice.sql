-- What an interaction's voice was like, as the agent's softphone measured it (JSON of the
-- protocol's VoiceRecord); null: nothing was told.
ALTER TABLE interactions ADD COLUMN voice TEXT;
