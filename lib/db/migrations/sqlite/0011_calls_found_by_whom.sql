-- Calls of a team, and callbacks of a contact: asked when one of those is deleted.
CREATE INDEX idx_calls_team ON calls (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX idx_callbacks_contact ON callbacks (contact_id) WHERE contact_id IS NOT NULL;
-- What stands under a phone alone, for whoever is erased.
CREATE INDEX idx_calls_nobody_from ON calls (workspace_id, from_number) WHERE contact_id IS NULL;
CREATE INDEX idx_calls_nobody_to ON calls (workspace_id, to_number) WHERE contact_id IS NULL;
CREATE INDEX idx_callbacks_nobody ON callbacks (workspace_id, phone_number) WHERE contact_id IS NULL;
-- Calls that began in the same millisecond have an order, too.
DROP INDEX idx_calls_started;
CREATE INDEX idx_calls_started ON calls (workspace_id, started_at, id);

-- When the caller's last choice was decided on: what `plan`, `routed_by` and `rule_name` then are. NULL: as it came in.
ALTER TABLE calls ADD COLUMN decided_at TEXT;
