-- What a workspace decides about limits (ringctl-limits(7)).
ALTER TABLE workspaces ADD COLUMN limit_policy text COLLATE "C" NOT NULL DEFAULT 'attempts'
  CHECK (limit_policy IN ('attempts', 'connected'));
ALTER TABLE workspaces ADD COLUMN number_rotation text COLLATE "C" NOT NULL DEFAULT 'agent_default'
  CHECK (number_rotation IN ('agent_default', 'least_used', 'round_robin'));
ALTER TABLE workspaces ADD COLUMN limits_unavailable text COLLATE "C" NOT NULL DEFAULT 'refuse'
  CHECK (limits_unavailable IN ('refuse', 'allow'));

CREATE TABLE teams (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  name text COLLATE "C" NOT NULL,
  supervisor_id uuid,
  is_active boolean NOT NULL DEFAULT TRUE,
  job_id uuid,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, name)
);
CREATE INDEX idx_teams_supervisor_id ON teams (supervisor_id) WHERE supervisor_id IS NOT NULL;

-- People who take and make calls. `email` is folded; `skills` is a JSON array. Never deleted while referenced.
CREATE TABLE users (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  email text COLLATE "C" NOT NULL,
  name text COLLATE "C",
  role text COLLATE "C" NOT NULL CHECK (role IN ('agent', 'manager', 'supervisor', 'admin')),
  team_id uuid REFERENCES teams (id),
  phone_number text COLLATE "C",
  ring_on text COLLATE "C" NOT NULL CHECK (ring_on IN ('client', 'phone', 'both')),
  skills text COLLATE "C",
  availability text COLLATE "C" NOT NULL CHECK (availability IN ('online', 'busy', 'offline')),
  is_active boolean NOT NULL,
  last_call_ended_at timestamptz(3),
  job_id uuid,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, email)
);
ALTER TABLE teams ADD FOREIGN KEY (supervisor_id) REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX idx_users_team_id ON users (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX idx_users_phone_number ON users (workspace_id, phone_number) WHERE phone_number IS NOT NULL;

-- People who call us or whom we call. `tags` is a JSON array. Their phones and agents have tables of their own.
CREATE TABLE contacts (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  name text COLLATE "C",
  lead_status text COLLATE "C",
  product text COLLATE "C",
  market text COLLATE "C",
  state text COLLATE "C",
  country text COLLATE "C",
  tags text COLLATE "C",
  notes text COLLATE "C",
  erased_at timestamptz(3),
  job_id uuid,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_contacts_workspace ON contacts (workspace_id, id);

-- A phone belongs to one contact of the workspace; position 0 is the one it is known by.
CREATE TABLE contact_phones (
  workspace_id uuid NOT NULL,
  phone_number text COLLATE "C" NOT NULL,
  contact_id uuid NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  position bigint NOT NULL,
  PRIMARY KEY (workspace_id, phone_number)
);
CREATE UNIQUE INDEX idx_contact_phones_contact ON contact_phones (contact_id, position);

-- Who looks after a contact. An assignment that ended stays as inactive.
CREATE TABLE contact_assignments (
  contact_id uuid NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id),
  workspace_id uuid NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('active', 'inactive')),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (contact_id, user_id)
);
CREATE INDEX idx_contact_assignments_user ON contact_assignments (user_id, status);

-- Who may call from which number (`voice`, live while `is_active`: one per number) and who receives its messages
-- (`sms_access_enabled`: any number of people). One row per agent and number; `allowed_countries` is a JSON array.
-- A number that is deleted leaves the row as history.
CREATE TABLE agent_phone_numbers (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  agent_id uuid NOT NULL REFERENCES users (id),
  phone_number_id uuid REFERENCES phone_numbers (id) ON DELETE SET NULL,
  voice boolean NOT NULL,
  is_active boolean NOT NULL,
  daily_limit bigint NOT NULL DEFAULT 100 CHECK (daily_limit >= 0),
  allowed_countries text COLLATE "C",
  agent_default boolean NOT NULL DEFAULT FALSE,
  sms_access_enabled boolean NOT NULL DEFAULT FALSE,
  is_primary boolean NOT NULL DEFAULT FALSE,
  last_reserved_at timestamptz(3),
  job_id uuid,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (phone_number_id, agent_id)
);
CREATE UNIQUE INDEX idx_agent_phone_numbers_owner ON agent_phone_numbers (phone_number_id) WHERE voice AND is_active;
CREATE INDEX idx_agent_phone_numbers_agent ON agent_phone_numbers (agent_id);

-- One counter per assignment and local day: used = reserved - refunded - adjusted.
CREATE TABLE daily_usage (
  assignment_id uuid NOT NULL REFERENCES agent_phone_numbers (id),
  day date NOT NULL,
  workspace_id uuid NOT NULL,
  reserved bigint NOT NULL DEFAULT 0,
  connected bigint NOT NULL DEFAULT 0,
  refunded bigint NOT NULL DEFAULT 0,
  adjusted bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (assignment_id, day)
);
CREATE INDEX idx_daily_usage_day ON daily_usage (workspace_id, day);

-- A call that was let through: settled once, or expired when no call came of it.
CREATE TABLE reservations (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  assignment_id uuid NOT NULL REFERENCES agent_phone_numbers (id),
  day date NOT NULL,
  call_sid text COLLATE "C" UNIQUE,
  to_number text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL CHECK (state IN ('open', 'counted', 'refunded', 'expired')),
  connected boolean NOT NULL DEFAULT FALSE,
  reserved_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3),
  settled_at timestamptz(3)
);
CREATE INDEX idx_reservations_expiry ON reservations (workspace_id, expires_at) WHERE state = 'open' AND call_sid IS NULL;

-- A local day that was closed, with its sums. The row is what makes closing it twice the same as once.
CREATE TABLE resets (
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  day date NOT NULL,
  at timestamptz(3) NOT NULL,
  actor text COLLATE "C" NOT NULL,
  counters bigint NOT NULL,
  reserved bigint NOT NULL,
  connected bigint NOT NULL,
  refunded bigint NOT NULL,
  adjusted bigint NOT NULL,
  expired bigint NOT NULL,
  PRIMARY KEY (workspace_id, day)
);

-- What a caller presses to reach somebody. `number_id` NULL: on any number of the workspace.
CREATE TABLE user_extensions (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  user_id uuid NOT NULL REFERENCES users (id),
  extension text COLLATE "C" NOT NULL,
  number_id uuid REFERENCES phone_numbers (id) ON DELETE SET NULL,
  is_active boolean NOT NULL,
  job_id uuid,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, extension)
);
CREATE UNIQUE INDEX idx_user_extensions_number_user ON user_extensions (number_id, user_id) WHERE number_id IS NOT NULL;
CREATE INDEX idx_user_extensions_user ON user_extensions (user_id);

-- Numbers that asked not to be called or texted. `since` NULL: since it was recorded.
CREATE TABLE opt_outs (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  phone_number text COLLATE "C" NOT NULL,
  channel text COLLATE "C" NOT NULL CHECK (channel IN ('sms', 'voice', 'all')),
  since timestamptz(3),
  source text COLLATE "C",
  job_id uuid,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, phone_number)
);

-- The documents' other names. `calls_made_today` is the count of `last_reset_date`, the last day with a call.
CREATE VIEW user_profiles_with_workspace WITH (security_invoker = true) AS
  SELECT u.id, u.id AS user_id, u.email, u.name, u.role, u.role AS workspace_role, u.team_id, u.phone_number,
         'agent_' || replace(u.id::text, '-', '') AS twilio_identity, u.is_active, u.workspace_id, w.name AS workspace_name,
         u.created_at, u.updated_at
  FROM users u JOIN workspaces w ON w.id = u.workspace_id;
CREATE VIEW livechat_contact_assignments WITH (security_invoker = true) AS
  SELECT contact_id, user_id, workspace_id, status, created_at, updated_at FROM contact_assignments;
CREATE VIEW twilio_numbers WITH (security_invoker = true) AS
  SELECT id, workspace_id AS agency_id, phone_number, sid AS phone_sid, label AS friendly_name, status, created_at,
         updated_at
  FROM phone_numbers WHERE provider = 'twilio';
CREATE VIEW twilio_number_assignments WITH (security_invoker = true) AS
  SELECT id, phone_number_id AS number_id, agent_id AS user_id, workspace_id AS agency_id, is_primary,
         sms_access_enabled, sms_access_enabled AS is_active, created_at, updated_at
  FROM agent_phone_numbers WHERE phone_number_id IS NOT NULL AND (sms_access_enabled OR NOT voice);
CREATE VIEW agent_phone_number_usage WITH (security_invoker = true) AS
  SELECT a.id, a.agent_id, a.phone_number_id, a.workspace_id AS organization_id, a.daily_limit, a.allowed_countries,
         coalesce(u.reserved - u.refunded - u.adjusted, 0) AS calls_made_today, u.day AS last_reset_date, a.created_at,
         a.updated_at
  FROM agent_phone_numbers a
  LEFT JOIN daily_usage u ON u.assignment_id = a.id
    AND u.day = (SELECT max(day) FROM daily_usage d WHERE d.assignment_id = a.id)
  WHERE a.voice AND a.is_active;

-- Row policies as everywhere; that the workspace exists is asked once a statement.
ALTER TABLE teams ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON teams
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON users
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE contacts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contacts
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE contact_phones ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contact_phones
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE contact_assignments ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contact_assignments
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE agent_phone_numbers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agent_phone_numbers
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE daily_usage ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON daily_usage
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE reservations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reservations
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE resets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON resets
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE user_extensions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON user_extensions
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE opt_outs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON opt_outs
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));

CREATE OR REPLACE FUNCTION refuse_if_not_empty() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  LOCK TABLE phone_numbers, contacts IN SHARE MODE;
  IF EXISTS (SELECT FROM phone_numbers WHERE workspace_id = OLD.id)
     OR EXISTS (SELECT FROM contacts WHERE workspace_id = OLD.id) THEN
    RAISE foreign_key_violation USING MESSAGE = 'the workspace still holds numbers or contacts', TABLE = 'workspaces';
  END IF;
  RETURN OLD;
END $$;
