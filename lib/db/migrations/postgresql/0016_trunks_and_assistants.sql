-- A SIP trunk of an account at Twilio. `origination_url` is where its calls go; one is the main one of its workspace.
CREATE TABLE trunks (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  name text COLLATE "C" NOT NULL,
  sid text COLLATE "C" UNIQUE,
  account_sid text COLLATE "C" NOT NULL,
  origination_url text COLLATE "C",
  is_main boolean NOT NULL,
  is_active boolean NOT NULL DEFAULT TRUE,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, name)
);
CREATE UNIQUE INDEX idx_trunks_main ON trunks (workspace_id) WHERE is_main = TRUE;

-- A voice agent at LiveKit that numbers are handed to: its host, and what stands for it there. `sealed` holds LiveKit's API
-- secret as `base/seal.hpp` writes it.
CREATE TABLE assistants (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  name text COLLATE "C" NOT NULL,
  host text COLLATE "C" NOT NULL,
  sip_domain text COLLATE "C" NOT NULL,
  api_key text COLLATE "C" NOT NULL,
  sealed text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  agent_name text COLLATE "C",
  room_prefix text COLLATE "C" NOT NULL,
  inbound_trunk_id text COLLATE "C",
  dispatch_rule_id text COLLATE "C",
  is_active boolean NOT NULL DEFAULT TRUE,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, name)
);

-- Row policies as everywhere.
ALTER TABLE trunks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON trunks
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE assistants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON assistants
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
