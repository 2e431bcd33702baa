-- A call whose parties were put into a conference, so that it can be monitored, held or handed over. `room` is the conference's
-- name. Written before Twilio is told: serve answers the parent leg's Dial action from it.
CREATE TABLE call_rooms (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  call_id uuid NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  parent_sid text COLLATE "C" NOT NULL,
  room text COLLATE "C" NOT NULL,
  conference_sid text COLLATE "C",
  agent_sid text COLLATE "C",
  customer_sid text COLLATE "C",
  consult_sid text COLLATE "C",
  consult_to text COLLATE "C",
  recorded boolean NOT NULL,
  ended_at timestamptz(3),
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX idx_call_rooms_parent ON call_rooms (parent_sid);
CREATE INDEX idx_call_rooms_call ON call_rooms (call_id);
CREATE INDEX idx_call_rooms_open ON call_rooms (workspace_id) WHERE ended_at IS NULL;
CREATE INDEX idx_call_rooms_consulted ON call_rooms (consult_to) WHERE consult_to IS NOT NULL;
CREATE INDEX idx_call_rooms_conference ON call_rooms (conference_sid) WHERE conference_sid IS NOT NULL;

-- Who of ours listened in on a call, and how. One live row per call and supervisor.
CREATE TABLE call_monitors (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  call_id uuid NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id),
  mode text COLLATE "C" NOT NULL CHECK (mode IN ('listen', 'whisper', 'barge')),
  leg_sid text COLLATE "C" NOT NULL,
  started_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  version bigint NOT NULL DEFAULT 1,
  updated_at timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX idx_call_monitors_live ON call_monitors (call_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX idx_call_monitors_open ON call_monitors (workspace_id) WHERE ended_at IS NULL;
CREATE INDEX idx_call_monitors_leg ON call_monitors (leg_sid);
CREATE INDEX idx_call_monitors_call ON call_monitors (call_id);
CREATE INDEX idx_call_monitors_user ON call_monitors (user_id);

-- What became of the sound: fetched to a file, deleted at Twilio.
ALTER TABLE recordings ADD COLUMN fetched_at timestamptz(3);
ALTER TABLE recordings ADD COLUMN file_name text COLLATE "C";
ALTER TABLE recordings ADD COLUMN deleted_at timestamptz(3);

CREATE INDEX idx_recordings_workspace ON recordings (workspace_id, created_at, id);

-- Calls that began before it were purged: what holds the log against Twilio's adds none of them again.
ALTER TABLE call_counters ADD COLUMN purged_before timestamptz(3);

-- The call that was placed for a callback: it is done once whoever is called has answered.
ALTER TABLE callbacks ADD COLUMN calling_sid text COLLATE "C";
CREATE INDEX idx_callbacks_calling ON callbacks (calling_sid) WHERE calling_sid IS NOT NULL;

-- Row policies as everywhere.
ALTER TABLE call_rooms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_rooms
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE call_monitors ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_monitors
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
