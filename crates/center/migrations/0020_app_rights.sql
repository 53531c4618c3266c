-- What an administrator has granted an app, and what its manifest asks for.
-- JSON: {"events", "control", "customers", "dial"}
ALTER TABLE apps ADD COLUMN rights TEXT NOT NULL
    DEFAULT '{"events":true,"control":false,"customers":false,"dial":false}';
ALTER TABLE apps ADD COLUMN asks TEXT NOT NULL
    DEFAULT '{"events":true,"control":false,"customers":false,"dial":false}';
