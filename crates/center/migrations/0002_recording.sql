-- Whether the campaign's customers are recorded. A campaign of before is not: that is
-- for an administrator to decide.
ALTER TABLE campaigns ADD COLUMN record INTEGER NOT NULL DEFAULT 0 CHECK (record IN (0, 1));

-- Whether recordings/<call>.wav in the data directory holds this conversation.
ALTER TABLE interactions ADD COLUMN recorded INTEGER NOT NULL DEFAULT 0 CHECK (recorded IN (0, 1));
