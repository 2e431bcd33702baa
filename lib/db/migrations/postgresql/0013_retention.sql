-- What must be kept although its time is over: one call, or all calls of a contact. A hold is ended, never removed.
CREATE TABLE legal_holds (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  call_id uuid REFERENCES calls (id),
  contact_id uuid REFERENCES contacts (id),
  reason text COLLATE "C" NOT NULL,
  held_by text COLLATE "C" NOT NULL,
  ended_at timestamptz(3),
  ended_by text COLLATE "C",
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  CHECK ((call_id IS NULL) <> (contact_id IS NULL))
);
CREATE UNIQUE INDEX idx_legal_holds_call ON legal_holds (call_id) WHERE ended_at IS NULL AND call_id IS NOT NULL;
CREATE UNIQUE INDEX idx_legal_holds_contact ON legal_holds (contact_id) WHERE ended_at IS NULL AND contact_id IS NOT NULL;
CREATE INDEX idx_legal_holds_workspace ON legal_holds (workspace_id, created_at);
-- A call that was held once may be purged when that is over; the hold's row goes with it.
CREATE INDEX idx_legal_holds_calls ON legal_holds (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX idx_legal_holds_contacts ON legal_holds (contact_id) WHERE contact_id IS NOT NULL;

-- Recordings whose calls were purged here and whose sound still lies at Twilio, until somebody has deleted it there.
CREATE TABLE recording_deletions (
  recording_sid text COLLATE "C" PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  asked_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_recording_deletions_asked ON recording_deletions (workspace_id, asked_at);

-- Row policies as everywhere.
ALTER TABLE legal_holds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON legal_holds
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE recording_deletions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recording_deletions
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
