-- How pages name the customer's part in a call that is over (contract: crtObjectId).
ALTER TABLE interactions ADD COLUMN customer_leg TEXT;
