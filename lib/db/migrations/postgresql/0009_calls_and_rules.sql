-- What a workspace decides about calls (ringctl-workspaces(1)). NULL: the built-in text or list.
ALTER TABLE workspaces ADD COLUMN ring_timeout_s bigint NOT NULL DEFAULT 30 CHECK (ring_timeout_s BETWEEN 5 AND 600);
ALTER TABLE workspaces ADD COLUMN wave_size bigint NOT NULL DEFAULT 10 CHECK (wave_size BETWEEN 1 AND 10);
ALTER TABLE workspaces ADD COLUMN wave_timeout_s bigint NOT NULL DEFAULT 15 CHECK (wave_timeout_s BETWEEN 5 AND 600);
ALTER TABLE workspaces ADD COLUMN waves_total_s bigint NOT NULL DEFAULT 60 CHECK (waves_total_s BETWEEN 5 AND 3600);
ALTER TABLE workspaces ADD COLUMN queue_over bigint NOT NULL DEFAULT 50 CHECK (queue_over >= 1);
ALTER TABLE workspaces ADD COLUMN queue_wait_s bigint NOT NULL DEFAULT 600 CHECK (queue_wait_s BETWEEN 30 AND 14400);
ALTER TABLE workspaces ADD COLUMN hold_music_url text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN ring_owner boolean NOT NULL DEFAULT TRUE;
ALTER TABLE workspaces ADD COLUMN ring_unavailable boolean NOT NULL DEFAULT FALSE;
ALTER TABLE workspaces ADD COLUMN on_call_hours bigint NOT NULL DEFAULT 4 CHECK (on_call_hours BETWEEN 1 AND 24);
ALTER TABLE workspaces ADD COLUMN accept_prompt boolean NOT NULL DEFAULT TRUE;
ALTER TABLE workspaces ADD COLUMN extension_prompt text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN after_ring text COLLATE "C" NOT NULL DEFAULT 'voicemail'
  CHECK (after_ring IN ('voicemail', 'callback', 'message', 'support'));
ALTER TABLE workspaces ADD COLUMN after_ring_message text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN support_number text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN recording_policy text COLLATE "C" NOT NULL DEFAULT 'never'
  CHECK (recording_policy IN ('never', 'always', 'inbound', 'outbound'));
ALTER TABLE workspaces ADD COLUMN consent_policy text COLLATE "C" NOT NULL DEFAULT 'recorded'
  CHECK (consent_policy IN ('recorded', 'countries', 'always', 'never'));
ALTER TABLE workspaces ADD COLUMN consent_countries text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN consent_message text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN outcomes text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN twilio_accounts text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN twiml_app_sid text COLLATE "C";

-- When-then of the main line, tried by position. `conditions` and `targets` are JSON (ringctl-rules(5)).
CREATE TABLE routing_rules (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  name text COLLATE "C" NOT NULL,
  position bigint NOT NULL CHECK (position >= 1),
  enabled boolean NOT NULL,
  conditions text COLLATE "C" NOT NULL,
  targets text COLLATE "C" NOT NULL,
  strategy text COLLATE "C" NOT NULL
    CHECK (strategy IN ('ring_all', 'in_order', 'round_robin', 'longest_idle', 'least_used', 'random')),
  ring_timeout_s bigint CHECK (ring_timeout_s BETWEEN 5 AND 600),
  job_id uuid,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, name)
);
CREATE INDEX idx_routing_rules_position ON routing_rules (workspace_id, position);

-- One row per caller's visit, or per call that one of ours places. `plan` is the ring plan as it was decided, `sequence`
-- the newest status applied, `closed_seq` the place among the finished calls of the workspace.
CREATE TABLE calls (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  call_sid text COLLATE "C" NOT NULL UNIQUE,
  direction text COLLATE "C" NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  status text COLLATE "C" NOT NULL
    CHECK (status IN ('queued', 'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed',
                      'canceled', 'missed')),
  from_number text COLLATE "C" NOT NULL,
  to_number text COLLATE "C" NOT NULL,
  number_id uuid REFERENCES phone_numbers (id) ON DELETE SET NULL,
  contact_id uuid REFERENCES contacts (id),
  customer_name text COLLATE "C",
  user_id uuid REFERENCES users (id),
  team_id uuid REFERENCES teams (id),
  routed_by text COLLATE "C",
  rule_name text COLLATE "C",
  plan text COLLATE "C",
  refusal text COLLATE "C",
  reservation_id uuid,
  started_at timestamptz(3) NOT NULL,
  answered_at timestamptz(3),
  ended_at timestamptz(3),
  duration_s bigint,
  sequence bigint,
  outcome text COLLATE "C",
  notes text COLLATE "C",
  price text COLLATE "C",
  price_unit text COLLATE "C",
  closed_seq bigint,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_calls_started ON calls (workspace_id, started_at);
CREATE INDEX idx_calls_live ON calls (workspace_id, started_at) WHERE ended_at IS NULL;
CREATE INDEX idx_calls_user ON calls (user_id, started_at) WHERE user_id IS NOT NULL;
CREATE INDEX idx_calls_contact ON calls (contact_id, started_at) WHERE contact_id IS NOT NULL;
CREATE INDEX idx_calls_number ON calls (number_id) WHERE number_id IS NOT NULL;
CREATE UNIQUE INDEX idx_calls_closed ON calls (workspace_id, closed_seq) WHERE closed_seq IS NOT NULL;

-- One party rung for a call: where in the plan, who, and what came of it. `party` is as Twilio was told it.
CREATE TABLE call_attempts (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  call_id uuid NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  leg_sid text COLLATE "C" NOT NULL UNIQUE,
  user_id uuid REFERENCES users (id),
  party text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL
    CHECK (status IN ('queued', 'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed', 'canceled')),
  step bigint,
  wave bigint,
  started_at timestamptz(3) NOT NULL,
  ringing_at timestamptz(3),
  answered_at timestamptz(3),
  ended_at timestamptz(3),
  sequence bigint,
  updated_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_call_attempts_call ON call_attempts (call_id);
CREATE INDEX idx_call_attempts_live ON call_attempts (workspace_id, answered_at) WHERE answered_at IS NOT NULL AND ended_at IS NULL;
CREATE INDEX idx_call_attempts_user ON call_attempts (user_id, started_at) WHERE user_id IS NOT NULL;

-- Every webhook about a call as it came, once. `event_key` tells one from the same one sent again.
CREATE TABLE call_events (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  event_key text COLLATE "C" NOT NULL,
  call_sid text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  status text COLLATE "C",
  sequence bigint,
  received_at timestamptz(3) NOT NULL,
  form text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX idx_call_events_key ON call_events (workspace_id, event_key);
CREATE INDEX idx_call_events_call ON call_events (call_sid, received_at);
CREATE INDEX idx_call_events_received ON call_events (workspace_id, received_at);

-- What Twilio recorded: a message that a caller left, or a call. The sound itself stays there.
CREATE TABLE recordings (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  recording_sid text COLLATE "C" NOT NULL UNIQUE,
  call_id uuid REFERENCES calls (id) ON DELETE CASCADE,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('voicemail', 'call')),
  status text COLLATE "C" NOT NULL,
  url text COLLATE "C",
  duration_s bigint,
  channels bigint,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_recordings_call ON recordings (call_id);

-- Somebody to be called back, by whom and when.
CREATE TABLE callbacks (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  phone_number text COLLATE "C" NOT NULL,
  contact_id uuid REFERENCES contacts (id),
  user_id uuid REFERENCES users (id),
  call_id uuid REFERENCES calls (id) ON DELETE SET NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('open', 'completed', 'canceled')),
  due_at timestamptz(3) NOT NULL,
  notes text COLLATE "C",
  completed_at timestamptz(3),
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_callbacks_due ON callbacks (workspace_id, due_at) WHERE status = 'open';
CREATE INDEX idx_callbacks_user ON callbacks (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX idx_callbacks_call ON callbacks (call_id) WHERE call_id IS NOT NULL;

-- The last place given to a finished call.
CREATE TABLE call_counters (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces (id),
  closed_seq bigint NOT NULL
);

-- What programs show to act for a user. Only a hash is kept.
CREATE TABLE api_tokens (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  user_id uuid NOT NULL REFERENCES users (id),
  token_hash text COLLATE "C" NOT NULL UNIQUE,
  label text COLLATE "C",
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_api_tokens_user ON api_tokens (user_id);

-- The documents' other names.
CREATE VIEW call_logs WITH (security_invoker = true) AS
  SELECT id, workspace_id, contact_id, call_sid, direction, from_number, to_number, status,
         coalesce(duration_s, 0) AS duration, created_at, updated_at
  FROM calls;
CREATE VIEW livechat_messages WITH (security_invoker = true) AS
  SELECT id, workspace_id, contact_id, user_id, 'call' AS msg_type, coalesce(notes, '') AS body, direction,
         call_sid AS twilio_sid, status, created_at, updated_at
  FROM calls;

-- Row policies as everywhere; that the workspace exists is asked once a statement.
ALTER TABLE routing_rules ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON routing_rules
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE calls ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON calls
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE call_attempts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_attempts
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE call_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_events
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE recordings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recordings
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE callbacks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON callbacks
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE call_counters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_counters
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_tokens
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
-- Which workspace and user a token is for is asked before the workspace is known.
CREATE POLICY token_holder ON api_tokens FOR SELECT
  USING ((SELECT current_door()) = 'token_holder');

CREATE OR REPLACE FUNCTION refuse_if_not_empty() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  LOCK TABLE phone_numbers, contacts, calls, call_events IN SHARE MODE;
  IF EXISTS (SELECT FROM phone_numbers WHERE workspace_id = OLD.id)
     OR EXISTS (SELECT FROM contacts WHERE workspace_id = OLD.id)
     OR EXISTS (SELECT FROM calls WHERE workspace_id = OLD.id)
     OR EXISTS (SELECT FROM call_events WHERE workspace_id = OLD.id) THEN
    RAISE foreign_key_violation
      USING MESSAGE = 'the workspace still holds numbers, contacts or calls', TABLE = 'workspaces';
  END IF;
  RETURN OLD;
END $$;
