-- What is known of a number at Twilio: whose it is, since when the account does not show it, when it is to be given back.
ALTER TABLE phone_numbers ADD COLUMN account_sid text COLLATE "C";
ALTER TABLE phone_numbers ADD COLUMN missing_since timestamptz(3);
ALTER TABLE phone_numbers ADD COLUMN release_at timestamptz(3);
ALTER TABLE phone_numbers ADD COLUMN configured_at timestamptz(3);

-- What a workspace decides about its account (ringctl-workspaces(1)). NULL: none.
ALTER TABLE workspaces ADD COLUMN conference_calls boolean NOT NULL DEFAULT FALSE;
ALTER TABLE workspaces ADD COLUMN release_wait_s bigint NOT NULL DEFAULT 86400 CHECK (release_wait_s BETWEEN 0 AND 31536000);
ALTER TABLE workspaces ADD COLUMN buy_budget text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN account_countries text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN fallback_url text COLLATE "C";

-- A Twilio account of a workspace: how its REST API is asked and its webhooks are verified. `sealed` is what is secret, as
-- `base/seal.hpp` writes it; `key_id` names the key that opens it, not the key.
CREATE TABLE twilio_accounts (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  account_sid text COLLATE "C" NOT NULL,
  api_key text COLLATE "C",
  sealed text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  is_main boolean NOT NULL,
  trunk_sid text COLLATE "C",
  checked_at timestamptz(3),
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, account_sid)
);
-- An account is one workspace's: its webhooks and its numbers are.
CREATE UNIQUE INDEX idx_twilio_accounts_sid ON twilio_accounts (account_sid);
CREATE UNIQUE INDEX idx_twilio_accounts_main ON twilio_accounts (workspace_id) WHERE is_main = TRUE;

-- What Twilio was asked to do that must not happen twice: written as `intent` before it is asked, `sent` as the request goes
-- out, then what came of it. `unknown`: no answer came, and Twilio has to be asked. `price_micros` is a month's, of a purchase. `request` holds no secret.
CREATE TABLE twilio_effects (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  job_id uuid REFERENCES jobs (id) ON DELETE CASCADE,
  line bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  effect_key text COLLATE "C" NOT NULL,
  account_sid text COLLATE "C" NOT NULL,
  request text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL CHECK (state IN ('intent', 'sent', 'done', 'refused', 'unknown', 'undone')),
  sid text COLLATE "C",
  code text COLLATE "C",
  message text COLLATE "C",
  price_micros bigint,
  price_unit text COLLATE "C",
  actor text COLLATE "C" NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX idx_twilio_effects_line ON twilio_effects (job_id, line) WHERE job_id IS NOT NULL;
CREATE INDEX idx_twilio_effects_open ON twilio_effects (workspace_id, updated_at)
  WHERE state = 'intent' OR state = 'sent' OR state = 'unknown';
CREATE UNIQUE INDEX idx_twilio_effects_buying ON twilio_effects (effect_key)
  WHERE kind = 'number.buy' AND (state = 'intent' OR state = 'sent' OR state = 'unknown');
CREATE INDEX idx_twilio_effects_kind ON twilio_effects (workspace_id, kind, created_at);

-- Row policies as everywhere.
ALTER TABLE twilio_accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON twilio_accounts
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE twilio_effects ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON twilio_effects
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
