-- The workspace: the tenant that owns every other row.
CREATE TABLE workspaces (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL UNIQUE,
  timezone TEXT NOT NULL,
  default_country TEXT,
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

-- Long work: what was asked, how far it came, what it did. `position` is the last key committed.
CREATE TABLE jobs (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'undone')),
  actor TEXT NOT NULL,
  input_name TEXT NOT NULL,
  input_digest TEXT,
  options TEXT NOT NULL,
  counts TEXT NOT NULL,
  position TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  finished_at TEXT
) STRICT;
CREATE INDEX idx_jobs_workspace ON jobs (workspace_id, created_at);
CREATE INDEX idx_jobs_unfinished ON jobs (workspace_id, input_digest) WHERE state = 'running';

-- The rows of a job that need remembering one by one: rejected ones, and changed ones with what they held before.
-- Rows a job made carry its id themselves.
CREATE TABLE job_rows (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  line INTEGER NOT NULL,
  row_key TEXT NOT NULL,
  verdict TEXT NOT NULL,
  code TEXT,
  message TEXT,
  before_image TEXT,
  version_after INTEGER,
  PRIMARY KEY (job_id, line, row_key)
) STRICT, WITHOUT ROWID;

-- Numbers we hold. One per E.164 in the whole database; `job_id` is the bulk job that made the row.
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
  sms_mode TEXT NOT NULL DEFAULT 'notify_all' CHECK (sms_mode IN ('notify_all', 'claim', 'round_robin')),
  record_policy TEXT CHECK (record_policy IN ('never', 'always', 'inbound', 'outbound')),
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_phone_numbers_sid ON phone_numbers (sid) WHERE sid IS NOT NULL;
CREATE INDEX idx_phone_numbers_trunk_sid ON phone_numbers (trunk_sid) WHERE trunk_sid IS NOT NULL;
CREATE INDEX idx_phone_numbers_assistant_id ON phone_numbers (assistant_id) WHERE assistant_id IS NOT NULL;

-- Locks: who works on what, until when. `scope` is a workspace id, or empty for the whole database.
CREATE TABLE leases (
  name TEXT NOT NULL,
  scope TEXT NOT NULL,
  token TEXT NOT NULL,
  holder TEXT NOT NULL,
  host TEXT NOT NULL,
  since TEXT NOT NULL,
  expires TEXT NOT NULL,
  PRIMARY KEY (name, scope)
) STRICT, WITHOUT ROWID;

-- Who changed what. Each row carries the hash of the one before it in its workspace.
CREATE TABLE audit_log (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  seq INTEGER NOT NULL,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id TEXT,
  job_id TEXT,
  before_digest TEXT,
  after_digest TEXT,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  UNIQUE (workspace_id, seq)
) STRICT;
CREATE INDEX idx_audit_log_object ON audit_log (object_type, object_id);

-- What the object was called and held, before and after. Kept apart so that it can be erased without breaking the chain.
CREATE TABLE audit_images (
  audit_id TEXT PRIMARY KEY NOT NULL REFERENCES audit_log (id) ON DELETE CASCADE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  object_key TEXT,
  salt TEXT,
  before_image TEXT,
  after_image TEXT
) STRICT;

-- The newest link of each workspace's chain; locked last in every transaction that changes something.
CREATE TABLE audit_heads (
  workspace_id TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (id),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;

-- The documents' other name for the number table.
CREATE VIEW phone_number AS
  SELECT id, sid AS phone_sid, phone_number AS number, label, assistant_id AS inbound_assistant_id, webhook_status,
         status, trunk_sid, workspace_id, created_at, updated_at
  FROM phone_numbers;
