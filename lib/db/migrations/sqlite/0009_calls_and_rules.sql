-- What a workspace decides about calls (ringctl-workspaces(1)). NULL: the built-in text or list.
ALTER TABLE workspaces ADD COLUMN ring_timeout_s INTEGER NOT NULL DEFAULT 30 CHECK (ring_timeout_s BETWEEN 5 AND 600);
ALTER TABLE workspaces ADD COLUMN wave_size INTEGER NOT NULL DEFAULT 10 CHECK (wave_size BETWEEN 1 AND 10);
ALTER TABLE workspaces ADD COLUMN wave_timeout_s INTEGER NOT NULL DEFAULT 15 CHECK (wave_timeout_s BETWEEN 5 AND 600);
ALTER TABLE workspaces ADD COLUMN waves_total_s INTEGER NOT NULL DEFAULT 60 CHECK (waves_total_s BETWEEN 5 AND 3600);
ALTER TABLE workspaces ADD COLUMN queue_over INTEGER NOT NULL DEFAULT 50 CHECK (queue_over >= 1);
ALTER TABLE workspaces ADD COLUMN queue_wait_s INTEGER NOT NULL DEFAULT 600 CHECK (queue_wait_s BETWEEN 30 AND 14400);
ALTER TABLE workspaces ADD COLUMN hold_music_url TEXT;
ALTER TABLE workspaces ADD COLUMN ring_owner INTEGER NOT NULL DEFAULT 1 CHECK (ring_owner IN (0, 1));
ALTER TABLE workspaces ADD COLUMN ring_unavailable INTEGER NOT NULL DEFAULT 0 CHECK (ring_unavailable IN (0, 1));
ALTER TABLE workspaces ADD COLUMN on_call_hours INTEGER NOT NULL DEFAULT 4 CHECK (on_call_hours BETWEEN 1 AND 24);
ALTER TABLE workspaces ADD COLUMN accept_prompt INTEGER NOT NULL DEFAULT 1 CHECK (accept_prompt IN (0, 1));
ALTER TABLE workspaces ADD COLUMN extension_prompt TEXT;
ALTER TABLE workspaces ADD COLUMN after_ring TEXT NOT NULL DEFAULT 'voicemail'
  CHECK (after_ring = 'voicemail' OR after_ring = 'callback' OR after_ring = 'message' OR after_ring = 'support');
ALTER TABLE workspaces ADD COLUMN after_ring_message TEXT;
ALTER TABLE workspaces ADD COLUMN support_number TEXT;
ALTER TABLE workspaces ADD COLUMN recording_policy TEXT NOT NULL DEFAULT 'never'
  CHECK (recording_policy = 'never' OR recording_policy = 'always' OR recording_policy = 'inbound' OR recording_policy = 'outbound');
ALTER TABLE workspaces ADD COLUMN consent_policy TEXT NOT NULL DEFAULT 'recorded'
  CHECK (consent_policy = 'recorded' OR consent_policy = 'countries' OR consent_policy = 'always' OR consent_policy = 'never');
ALTER TABLE workspaces ADD COLUMN consent_countries TEXT;
ALTER TABLE workspaces ADD COLUMN consent_message TEXT;
ALTER TABLE workspaces ADD COLUMN outcomes TEXT;
ALTER TABLE workspaces ADD COLUMN twilio_accounts TEXT;
ALTER TABLE workspaces ADD COLUMN twiml_app_sid TEXT;

-- When-then of the main line, tried by position. `conditions` and `targets` are JSON (ringctl-rules(5)).
CREATE TABLE routing_rules (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 1),
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  conditions TEXT NOT NULL,
  targets TEXT NOT NULL,
  strategy TEXT NOT NULL CHECK (strategy = 'ring_all' OR strategy = 'in_order' OR strategy = 'round_robin'
    OR strategy = 'longest_idle' OR strategy = 'least_used' OR strategy = 'random'),
  ring_timeout_s INTEGER CHECK (ring_timeout_s BETWEEN 5 AND 600),
  job_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, name)
) STRICT;
CREATE INDEX idx_routing_rules_position ON routing_rules (workspace_id, position);

-- One row per caller's visit, or per call that one of ours places. `plan` is the ring plan as it was decided, `sequence`
-- the newest status applied, `closed_seq` the place among the finished calls of the workspace.
CREATE TABLE calls (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  call_sid TEXT NOT NULL UNIQUE,
  direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  status TEXT NOT NULL CHECK (status = 'queued' OR status = 'initiated' OR status = 'ringing' OR status = 'in-progress'
    OR status = 'completed' OR status = 'busy' OR status = 'no-answer' OR status = 'failed' OR status = 'canceled'
    OR status = 'missed'),
  from_number TEXT NOT NULL,
  to_number TEXT NOT NULL,
  number_id TEXT REFERENCES phone_numbers (id) ON DELETE SET NULL,
  contact_id TEXT REFERENCES contacts (id),
  customer_name TEXT,
  user_id TEXT REFERENCES users (id),
  team_id TEXT REFERENCES teams (id),
  routed_by TEXT,
  rule_name TEXT,
  plan TEXT,
  refusal TEXT,
  reservation_id TEXT,
  started_at TEXT NOT NULL,
  answered_at TEXT,
  ended_at TEXT,
  duration_s INTEGER,
  sequence INTEGER,
  outcome TEXT,
  notes TEXT,
  price TEXT,
  price_unit TEXT,
  closed_seq INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_calls_started ON calls (workspace_id, started_at);
CREATE INDEX idx_calls_live ON calls (workspace_id, started_at) WHERE ended_at IS NULL;
CREATE INDEX idx_calls_user ON calls (user_id, started_at) WHERE user_id IS NOT NULL;
CREATE INDEX idx_calls_contact ON calls (contact_id, started_at) WHERE contact_id IS NOT NULL;
CREATE INDEX idx_calls_number ON calls (number_id) WHERE number_id IS NOT NULL;
CREATE UNIQUE INDEX idx_calls_closed ON calls (workspace_id, closed_seq) WHERE closed_seq IS NOT NULL;

-- One party rung for a call: where in the plan, who, and what came of it. `party` is as Twilio was told it.
CREATE TABLE call_attempts (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  leg_sid TEXT NOT NULL UNIQUE,
  user_id TEXT REFERENCES users (id),
  party TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status = 'queued' OR status = 'initiated' OR status = 'ringing' OR status = 'in-progress'
    OR status = 'completed' OR status = 'busy' OR status = 'no-answer' OR status = 'failed' OR status = 'canceled'),
  step INTEGER,
  wave INTEGER,
  started_at TEXT NOT NULL,
  ringing_at TEXT,
  answered_at TEXT,
  ended_at TEXT,
  sequence INTEGER,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_call_attempts_call ON call_attempts (call_id);
CREATE INDEX idx_call_attempts_live ON call_attempts (workspace_id, answered_at) WHERE answered_at IS NOT NULL AND ended_at IS NULL;
CREATE INDEX idx_call_attempts_user ON call_attempts (user_id, started_at) WHERE user_id IS NOT NULL;

-- Every webhook about a call as it came, once. `event_key` tells one from the same one sent again.
CREATE TABLE call_events (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  event_key TEXT NOT NULL,
  call_sid TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT,
  sequence INTEGER,
  received_at TEXT NOT NULL,
  form TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_call_events_key ON call_events (workspace_id, event_key);
CREATE INDEX idx_call_events_call ON call_events (call_sid, received_at);
CREATE INDEX idx_call_events_received ON call_events (workspace_id, received_at);

-- What Twilio recorded: a message that a caller left, or a call. The sound itself stays there.
CREATE TABLE recordings (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  recording_sid TEXT NOT NULL UNIQUE,
  call_id TEXT REFERENCES calls (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('voicemail', 'call')),
  status TEXT NOT NULL,
  url TEXT,
  duration_s INTEGER,
  channels INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_recordings_call ON recordings (call_id);

-- Somebody to be called back, by whom and when.
CREATE TABLE callbacks (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  phone_number TEXT NOT NULL,
  contact_id TEXT REFERENCES contacts (id),
  user_id TEXT REFERENCES users (id),
  call_id TEXT REFERENCES calls (id) ON DELETE SET NULL,
  status TEXT NOT NULL CHECK (status = 'open' OR status = 'completed' OR status = 'canceled'),
  due_at TEXT NOT NULL,
  notes TEXT,
  completed_at TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_callbacks_due ON callbacks (workspace_id, due_at) WHERE status = 'open';
CREATE INDEX idx_callbacks_user ON callbacks (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX idx_callbacks_call ON callbacks (call_id) WHERE call_id IS NOT NULL;

-- The last place given to a finished call.
CREATE TABLE call_counters (
  workspace_id TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (id),
  closed_seq INTEGER NOT NULL
) STRICT;

-- What programs show to act for a user. Only a hash is kept.
CREATE TABLE api_tokens (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  token_hash TEXT NOT NULL UNIQUE,
  label TEXT,
  expires_at TEXT,
  revoked_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_api_tokens_user ON api_tokens (user_id);

-- The documents' other names.
CREATE VIEW call_logs AS
  SELECT id, workspace_id, contact_id, call_sid, direction, from_number, to_number, status,
         coalesce(duration_s, 0) AS duration, created_at, updated_at
  FROM calls;
CREATE VIEW livechat_messages AS
  SELECT id, workspace_id, contact_id, user_id, 'call' AS msg_type, coalesce(notes, '') AS body, direction,
         call_sid AS twilio_sid, status, created_at, updated_at
  FROM calls;
