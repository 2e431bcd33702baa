-- What a workspace decides about limits (ringctl-limits(7)).
ALTER TABLE workspaces ADD COLUMN limit_policy TEXT NOT NULL DEFAULT 'attempts'
  CHECK (limit_policy IN ('attempts', 'connected'));
ALTER TABLE workspaces ADD COLUMN number_rotation TEXT NOT NULL DEFAULT 'agent_default'
  CHECK (number_rotation = 'agent_default' OR number_rotation = 'least_used' OR number_rotation = 'round_robin');
ALTER TABLE workspaces ADD COLUMN limits_unavailable TEXT NOT NULL DEFAULT 'refuse'
  CHECK (limits_unavailable IN ('refuse', 'allow'));

CREATE TABLE teams (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  supervisor_id TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, name)
) STRICT;
CREATE INDEX idx_teams_supervisor_id ON teams (supervisor_id) WHERE supervisor_id IS NOT NULL;

-- People who take and make calls. `email` is folded; `skills` is a JSON array. Never deleted while referenced.
CREATE TABLE users (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  email TEXT NOT NULL,
  name TEXT,
  role TEXT NOT NULL CHECK (role = 'agent' OR role = 'manager' OR role = 'supervisor' OR role = 'admin'),
  team_id TEXT REFERENCES teams (id),
  phone_number TEXT,
  ring_on TEXT NOT NULL CHECK (ring_on = 'client' OR ring_on = 'phone' OR ring_on = 'both'),
  skills TEXT,
  availability TEXT NOT NULL CHECK (availability = 'online' OR availability = 'busy' OR availability = 'offline'),
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  last_call_ended_at TEXT,
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, email)
) STRICT;
CREATE INDEX idx_users_team_id ON users (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX idx_users_phone_number ON users (workspace_id, phone_number) WHERE phone_number IS NOT NULL;

-- People who call us or whom we call. `tags` is a JSON array. Their phones and agents have tables of their own.
CREATE TABLE contacts (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT,
  lead_status TEXT,
  product TEXT,
  market TEXT,
  state TEXT,
  country TEXT,
  tags TEXT,
  notes TEXT,
  erased_at TEXT,
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_contacts_workspace ON contacts (workspace_id, id);

-- A phone belongs to one contact of the workspace; position 0 is the one it is known by.
CREATE TABLE contact_phones (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  phone_number TEXT NOT NULL,
  contact_id TEXT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, phone_number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX idx_contact_phones_contact ON contact_phones (contact_id, position);

-- Who looks after a contact. An assignment that ended stays as inactive.
CREATE TABLE contact_assignments (
  contact_id TEXT NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id),
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (contact_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_contact_assignments_user ON contact_assignments (user_id, status);

-- Who may call from which number (`voice`, live while `is_active`: one per number) and who receives its messages
-- (`sms_access_enabled`: any number of people). One row per agent and number; `allowed_countries` is a JSON array.
-- A number that is deleted leaves the row as history.
CREATE TABLE agent_phone_numbers (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  agent_id TEXT NOT NULL REFERENCES users (id),
  phone_number_id TEXT REFERENCES phone_numbers (id) ON DELETE SET NULL,
  voice INTEGER NOT NULL CHECK (voice IN (0, 1)),
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  daily_limit INTEGER NOT NULL DEFAULT 100 CHECK (daily_limit >= 0),
  allowed_countries TEXT,
  agent_default INTEGER NOT NULL DEFAULT 0 CHECK (agent_default IN (0, 1)),
  sms_access_enabled INTEGER NOT NULL DEFAULT 0 CHECK (sms_access_enabled IN (0, 1)),
  is_primary INTEGER NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1)),
  last_reserved_at TEXT,
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (phone_number_id, agent_id)
) STRICT;
CREATE UNIQUE INDEX idx_agent_phone_numbers_owner ON agent_phone_numbers (phone_number_id) WHERE voice = 1 AND is_active = 1;
CREATE INDEX idx_agent_phone_numbers_agent ON agent_phone_numbers (agent_id);

-- One counter per assignment and local day: used = reserved - refunded - adjusted.
CREATE TABLE daily_usage (
  assignment_id TEXT NOT NULL REFERENCES agent_phone_numbers (id),
  day TEXT NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  reserved INTEGER NOT NULL DEFAULT 0,
  connected INTEGER NOT NULL DEFAULT 0,
  refunded INTEGER NOT NULL DEFAULT 0,
  adjusted INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (assignment_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_daily_usage_day ON daily_usage (workspace_id, day);

-- A call that was let through: settled once, or expired when no call came of it.
CREATE TABLE reservations (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  assignment_id TEXT NOT NULL REFERENCES agent_phone_numbers (id),
  day TEXT NOT NULL,
  call_sid TEXT UNIQUE,
  to_number TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state = 'open' OR state = 'counted' OR state = 'refunded' OR state = 'expired'),
  connected INTEGER NOT NULL DEFAULT 0 CHECK (connected IN (0, 1)),
  reserved_at TEXT NOT NULL,
  expires_at TEXT,
  settled_at TEXT
) STRICT;
CREATE INDEX idx_reservations_expiry ON reservations (workspace_id, expires_at) WHERE state = 'open' AND call_sid IS NULL;

-- A local day that was closed, with its sums. The row is what makes closing it twice the same as once.
CREATE TABLE resets (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  day TEXT NOT NULL,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  counters INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  connected INTEGER NOT NULL,
  refunded INTEGER NOT NULL,
  adjusted INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, day)
) STRICT, WITHOUT ROWID;

-- What a caller presses to reach somebody. `number_id` NULL: on any number of the workspace.
CREATE TABLE user_extensions (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  extension TEXT NOT NULL,
  number_id TEXT REFERENCES phone_numbers (id) ON DELETE SET NULL,
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, extension)
) STRICT;
CREATE UNIQUE INDEX idx_user_extensions_number_user ON user_extensions (number_id, user_id) WHERE number_id IS NOT NULL;
CREATE INDEX idx_user_extensions_user ON user_extensions (user_id);

-- Numbers that asked not to be called or texted. `since` NULL: since it was recorded.
CREATE TABLE opt_outs (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  phone_number TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel = 'sms' OR channel = 'voice' OR channel = 'all'),
  since TEXT,
  source TEXT,
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, phone_number)
) STRICT;

-- The documents' other names. `calls_made_today` is the count of `last_reset_date`, the last day with a call.
CREATE VIEW user_profiles_with_workspace AS
  SELECT u.id, u.id AS user_id, u.email, u.name, u.role, u.role AS workspace_role, u.team_id, u.phone_number,
         'agent_' || replace(u.id, '-', '') AS twilio_identity, u.is_active, u.workspace_id, w.name AS workspace_name,
         u.created_at, u.updated_at
  FROM users u JOIN workspaces w ON w.id = u.workspace_id;
CREATE VIEW livechat_contact_assignments AS
  SELECT contact_id, user_id, workspace_id, status, created_at, updated_at FROM contact_assignments;
CREATE VIEW twilio_numbers AS
  SELECT id, workspace_id AS agency_id, phone_number, sid AS phone_sid, label AS friendly_name, status, created_at,
         updated_at
  FROM phone_numbers WHERE provider = 'twilio';
CREATE VIEW twilio_number_assignments AS
  SELECT id, phone_number_id AS number_id, agent_id AS user_id, workspace_id AS agency_id, is_primary,
         sms_access_enabled, sms_access_enabled AS is_active, created_at, updated_at
  FROM agent_phone_numbers WHERE phone_number_id IS NOT NULL AND (sms_access_enabled = 1 OR voice = 0);
CREATE VIEW agent_phone_number_usage AS
  SELECT a.id, a.agent_id, a.phone_number_id, a.workspace_id AS organization_id, a.daily_limit, a.allowed_countries,
         coalesce(u.reserved - u.refunded - u.adjusted, 0) AS calls_made_today, u.day AS last_reset_date, a.created_at,
         a.updated_at
  FROM agent_phone_numbers a
  LEFT JOIN daily_usage u ON u.assignment_id = a.id
    AND u.day = (SELECT max(day) FROM daily_usage d WHERE d.assignment_id = a.id)
  WHERE a.voice = 1 AND a.is_active = 1;
