-- What must be kept although its time is over: one call, or all calls of a contact. A hold is ended, never removed.
CREATE TABLE legal_holds (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  call_id TEXT REFERENCES calls (id),
  contact_id TEXT REFERENCES contacts (id),
  reason TEXT NOT NULL,
  held_by TEXT NOT NULL,
  ended_at TEXT,
  ended_by TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  CHECK ((call_id IS NULL) <> (contact_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX idx_legal_holds_call ON legal_holds (call_id) WHERE ended_at IS NULL AND call_id IS NOT NULL;
CREATE UNIQUE INDEX idx_legal_holds_contact ON legal_holds (contact_id) WHERE ended_at IS NULL AND contact_id IS NOT NULL;
CREATE INDEX idx_legal_holds_workspace ON legal_holds (workspace_id, created_at);
-- A call that was held once may be purged when that is over; the hold's row goes with it.
CREATE INDEX idx_legal_holds_calls ON legal_holds (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX idx_legal_holds_contacts ON legal_holds (contact_id) WHERE contact_id IS NOT NULL;

-- Recordings whose calls were purged here and whose sound still lies at Twilio, until somebody has deleted it there.
CREATE TABLE recording_deletions (
  recording_sid TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  asked_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_recording_deletions_asked ON recording_deletions (workspace_id, asked_at);
