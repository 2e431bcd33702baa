-- Which machine a lock's process runs on: two hosts may share a name, and a pid says nothing elsewhere.
ALTER TABLE leases ADD COLUMN machine TEXT NOT NULL DEFAULT '';

-- What happened to one object: its rows in jobs, and its images.
CREATE INDEX idx_job_rows_key ON job_rows (workspace_id, row_key);
CREATE INDEX idx_audit_images_key ON audit_images (workspace_id, object_key);

-- The same table with checks that do not say IN: for three values and more SQLite builds a table of them for every row
-- that comes in.
DROP VIEW phone_number;
DROP INDEX idx_phone_numbers_sid;
DROP INDEX idx_phone_numbers_trunk_sid;
DROP INDEX idx_phone_numbers_assistant_id;
ALTER TABLE phone_numbers RENAME TO phone_numbers_before;
CREATE TABLE phone_numbers (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  phone_number TEXT NOT NULL UNIQUE,
  sid TEXT,
  label TEXT,
  provider TEXT NOT NULL,
  country_code TEXT,
  capabilities TEXT,
  status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
  webhook_status TEXT NOT NULL DEFAULT 'configured',
  trunk_sid TEXT,
  assistant_id TEXT,
  sms_mode TEXT NOT NULL DEFAULT 'notify_all'
    CHECK (sms_mode = 'notify_all' OR sms_mode = 'claim' OR sms_mode = 'round_robin'),
  record_policy TEXT
    CHECK (record_policy = 'never' OR record_policy = 'always' OR record_policy = 'inbound' OR record_policy = 'outbound'),
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
INSERT INTO phone_numbers SELECT * FROM phone_numbers_before;
DROP TABLE phone_numbers_before;
CREATE UNIQUE INDEX idx_phone_numbers_sid ON phone_numbers (sid) WHERE sid IS NOT NULL;
CREATE INDEX idx_phone_numbers_trunk_sid ON phone_numbers (trunk_sid) WHERE trunk_sid IS NOT NULL;
CREATE INDEX idx_phone_numbers_assistant_id ON phone_numbers (assistant_id) WHERE assistant_id IS NOT NULL;

CREATE VIEW phone_number AS
  SELECT id, sid AS phone_sid, phone_number AS number, label, assistant_id AS inbound_assistant_id, webhook_status,
         status, trunk_sid, workspace_id, created_at, updated_at
  FROM phone_numbers;
