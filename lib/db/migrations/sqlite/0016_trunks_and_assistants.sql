-- A SIP trunk of an account at Twilio. `origination_url` is where its calls go; one is the main one of its workspace.
CREATE TABLE trunks (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  sid TEXT UNIQUE,
  account_sid TEXT NOT NULL,
  origination_url TEXT,
  is_main INTEGER NOT NULL CHECK (is_main IN (0, 1)),
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, name)
) STRICT;
CREATE UNIQUE INDEX idx_trunks_main ON trunks (workspace_id) WHERE is_main = TRUE;

-- A voice agent at LiveKit that numbers are handed to: its host, and what stands for it there. `sealed` holds LiveKit's API
-- secret as `base/seal.hpp` writes it.
CREATE TABLE assistants (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  sip_domain TEXT NOT NULL,
  api_key TEXT NOT NULL,
  sealed TEXT NOT NULL,
  key_id TEXT NOT NULL,
  agent_name TEXT,
  room_prefix TEXT NOT NULL,
  inbound_trunk_id TEXT,
  dispatch_rule_id TEXT,
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, name)
) STRICT;
