-- What the transaction said it may see. Wrapped in (SELECT ...) inside policies, so that each is asked once a statement.
CREATE FUNCTION current_workspace() RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('ringctl.workspace', true), '')::uuid $$;
CREATE FUNCTION current_door() RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT coalesce(current_setting('ringctl.door', true), '') $$;

-- The workspace: the tenant that owns every other row.
CREATE TABLE workspaces (
  id uuid PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  timezone text COLLATE "C" NOT NULL,
  default_country text COLLATE "C",
  is_active boolean NOT NULL DEFAULT TRUE,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);

-- Long work: what was asked, how far it came, what it did. `position` is the last key committed.
CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  kind text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL CHECK (state IN ('running', 'finished', 'failed', 'undone')),
  actor text COLLATE "C" NOT NULL,
  input_name text COLLATE "C" NOT NULL,
  input_digest text COLLATE "C",
  options text COLLATE "C" NOT NULL,
  counts text COLLATE "C" NOT NULL,
  position text COLLATE "C",
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3)
);
CREATE INDEX idx_jobs_workspace ON jobs (workspace_id, created_at);
CREATE INDEX idx_jobs_unfinished ON jobs (workspace_id, input_digest) WHERE state = 'running';

-- The rows of a job that need remembering one by one: rejected ones, and changed ones with what they held before.
-- Rows a job made carry its id themselves.
CREATE TABLE job_rows (
  job_id uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  line bigint NOT NULL,
  row_key text COLLATE "C" NOT NULL,
  verdict text COLLATE "C" NOT NULL,
  code text COLLATE "C",
  message text COLLATE "C",
  before_image text COLLATE "C",
  version_after bigint,
  PRIMARY KEY (job_id, line, row_key)
);

-- Numbers we hold. One per E.164 in the whole database; `job_id` is the bulk job that made the row.
CREATE TABLE phone_numbers (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  phone_number text COLLATE "C" NOT NULL UNIQUE,
  sid text COLLATE "C",
  label text COLLATE "C",
  provider text COLLATE "C" NOT NULL,
  country_code text COLLATE "C",
  capabilities text COLLATE "C",
  status text COLLATE "C" NOT NULL CHECK (status IN ('active', 'inactive')),
  webhook_status text COLLATE "C" NOT NULL DEFAULT 'configured',
  trunk_sid text COLLATE "C",
  assistant_id uuid,
  sms_mode text COLLATE "C" NOT NULL DEFAULT 'notify_all' CHECK (sms_mode IN ('notify_all', 'claim', 'round_robin')),
  record_policy text COLLATE "C" CHECK (record_policy IN ('never', 'always', 'inbound', 'outbound')),
  job_id uuid,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_phone_numbers_workspace ON phone_numbers (workspace_id, phone_number);
CREATE UNIQUE INDEX idx_phone_numbers_sid ON phone_numbers (sid) WHERE sid IS NOT NULL;
CREATE INDEX idx_phone_numbers_trunk_sid ON phone_numbers (trunk_sid) WHERE trunk_sid IS NOT NULL;
CREATE INDEX idx_phone_numbers_assistant_id ON phone_numbers (assistant_id) WHERE assistant_id IS NOT NULL;

-- Locks: who works on what, until when. `scope` is a workspace id, or empty for the whole database. Holds no tenant's data.
CREATE TABLE leases (
  name text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  token text COLLATE "C" NOT NULL,
  holder text COLLATE "C" NOT NULL,
  host text COLLATE "C" NOT NULL,
  since timestamptz(3) NOT NULL,
  expires timestamptz(3) NOT NULL,
  PRIMARY KEY (name, scope)
);

-- Who changed what. Each row carries the hash of the one before it in its workspace.
CREATE TABLE audit_log (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  seq bigint NOT NULL,
  at timestamptz(3) NOT NULL,
  actor text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id uuid,
  job_id uuid,
  before_digest text COLLATE "C",
  after_digest text COLLATE "C",
  previous_hash text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  UNIQUE (workspace_id, seq)
);
CREATE INDEX idx_audit_log_object ON audit_log (object_type, object_id);

-- What the object was called and held, before and after. Kept apart so that it can be erased without breaking the chain.
CREATE TABLE audit_images (
  audit_id uuid PRIMARY KEY REFERENCES audit_log (id) ON DELETE CASCADE,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  object_key text COLLATE "C",
  salt text COLLATE "C",
  before_image text COLLATE "C",
  after_image text COLLATE "C"
);

-- The newest link of each workspace's chain; locked last in every transaction that changes something.
CREATE TABLE audit_heads (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces (id),
  seq bigint NOT NULL,
  hash text COLLATE "C" NOT NULL
);

-- The documents' other name for the number table.
CREATE VIEW phone_number WITH (security_invoker = true) AS
  SELECT id, sid AS phone_sid, phone_number AS number, label, assistant_id AS inbound_assistant_id, webhook_status,
         status, trunk_sid, workspace_id, created_at, updated_at
  FROM phone_numbers;

-- Row policies, forced on the owner too: a statement sees the rows of the workspace its transaction named, or what a
-- named door lets through, else nothing.
ALTER TABLE workspaces ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workspaces
  USING (id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance');
CREATE POLICY workspaces ON workspaces FOR SELECT
  USING ((SELECT current_door()) = 'workspaces');

ALTER TABLE phone_numbers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON phone_numbers
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance');
CREATE POLICY number_holder ON phone_numbers FOR SELECT
  USING ((SELECT current_door()) = 'number_holder');

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON jobs
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance');
ALTER TABLE job_rows ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON job_rows
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance');
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_log
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance');
ALTER TABLE audit_images ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_images
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance');
ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_heads
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance');
