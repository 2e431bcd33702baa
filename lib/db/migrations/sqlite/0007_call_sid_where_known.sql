-- Uniqueness of calls that are known, in an index without the others: a question for reservations without a call
-- could otherwise be answered by walking through all of them there.
DROP INDEX idx_reservations_expiry;
DROP INDEX idx_reservations_open;
ALTER TABLE reservations RENAME TO reservations_before;
CREATE TABLE reservations (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  assignment_id TEXT NOT NULL REFERENCES agent_phone_numbers (id),
  day TEXT NOT NULL,
  call_sid TEXT,
  to_number TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state = 'open' OR state = 'counted' OR state = 'refunded' OR state = 'expired'),
  connected INTEGER NOT NULL DEFAULT 0 CHECK (connected IN (0, 1)),
  reserved_at TEXT NOT NULL,
  expires_at TEXT,
  settled_at TEXT
) STRICT;
INSERT INTO reservations SELECT * FROM reservations_before;
DROP TABLE reservations_before;
CREATE UNIQUE INDEX idx_reservations_call_sid ON reservations (call_sid) WHERE call_sid IS NOT NULL;
CREATE INDEX idx_reservations_expiry ON reservations (workspace_id, expires_at) WHERE state = 'open' AND call_sid IS NULL;
CREATE INDEX idx_reservations_open ON reservations (assignment_id, day) WHERE state = 'open';
