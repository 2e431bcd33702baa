-- A call whose parties were put into a conference, so that it can be monitored, held or handed over. `room` is the conference's
-- name. Written before Twilio is told: serve answers the parent leg's Dial action from it.
CREATE TABLE call_rooms (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  parent_sid TEXT NOT NULL,
  room TEXT NOT NULL,
  conference_sid TEXT,
  agent_sid TEXT,
  customer_sid TEXT,
  consult_sid TEXT,
  consult_to TEXT,
  recorded INTEGER NOT NULL CHECK (recorded IN (0, 1)),
  ended_at TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_call_rooms_parent ON call_rooms (parent_sid);
CREATE INDEX idx_call_rooms_call ON call_rooms (call_id);
CREATE INDEX idx_call_rooms_open ON call_rooms (workspace_id) WHERE ended_at IS NULL;
CREATE INDEX idx_call_rooms_consulted ON call_rooms (consult_to) WHERE consult_to IS NOT NULL;
CREATE INDEX idx_call_rooms_conference ON call_rooms (conference_sid) WHERE conference_sid IS NOT NULL;

-- Who of ours listened in on a call, and how. One live row per call and supervisor.
CREATE TABLE call_monitors (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  call_id TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id),
  mode TEXT NOT NULL CHECK (mode IN ('listen', 'whisper', 'barge')),
  leg_sid TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_call_monitors_live ON call_monitors (call_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX idx_call_monitors_open ON call_monitors (workspace_id) WHERE ended_at IS NULL;
CREATE INDEX idx_call_monitors_leg ON call_monitors (leg_sid);
CREATE INDEX idx_call_monitors_call ON call_monitors (call_id);
CREATE INDEX idx_call_monitors_user ON call_monitors (user_id);

-- What became of the sound: fetched to a file, deleted at Twilio.
ALTER TABLE recordings ADD COLUMN fetched_at TEXT;
ALTER TABLE recordings ADD COLUMN file_name TEXT;
ALTER TABLE recordings ADD COLUMN deleted_at TEXT;

CREATE INDEX idx_recordings_workspace ON recordings (workspace_id, created_at, id);

-- Calls that began before it were purged: what holds the log against Twilio's adds none of them again.
ALTER TABLE call_counters ADD COLUMN purged_before TEXT;

-- The call that was placed for a callback: it is done once whoever is called has answered.
ALTER TABLE callbacks ADD COLUMN calling_sid TEXT;
CREATE INDEX idx_callbacks_calling ON callbacks (calling_sid) WHERE calling_sid IS NOT NULL;
