-- Numbers by which CRM pages and REST name what an administrator has laid down. They
-- are never used again: a CRM has them in its own configuration.
ALTER TABLE campaigns ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaigns ADD COLUMN mask_numbers INTEGER NOT NULL DEFAULT 0
    CHECK (mask_numbers IN (0, 1));
ALTER TABLE queues ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE disposition_codes ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE campaigns SET number = 100 + rowid;
UPDATE queues SET number = 200 + rowid;
UPDATE disposition_codes SET number = 1000 + rowid;
CREATE UNIQUE INDEX campaigns_by_number ON campaigns (number);
CREATE UNIQUE INDEX queues_by_number ON queues (number);
CREATE UNIQUE INDEX disposition_codes_by_number ON disposition_codes (number);
