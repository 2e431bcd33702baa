-- What is known of a number at Twilio: whose it is, since when the account does not show it, when it is to be given back.
ALTER TABLE phone_numbers ADD COLUMN account_sid TEXT;
ALTER TABLE phone_numbers ADD COLUMN missing_since TEXT;
ALTER TABLE phone_numbers ADD COLUMN release_at TEXT;
ALTER TABLE phone_numbers ADD COLUMN configured_at TEXT;

-- What a workspace decides about its account (ringctl-workspaces(1)). NULL: none.
ALTER TABLE workspaces ADD COLUMN conference_calls INTEGER NOT NULL DEFAULT 0 CHECK (conference_calls IN (0, 1));
ALTER TABLE workspaces ADD COLUMN release_wait_s INTEGER NOT NULL DEFAULT 86400 CHECK (release_wait_s BETWEEN 0 AND 31536000);
ALTER TABLE workspaces ADD COLUMN buy_budget TEXT;
ALTER TABLE workspaces ADD COLUMN account_countries TEXT;
ALTER TABLE workspaces ADD COLUMN fallback_url TEXT;

-- A Twilio account of a workspace: how its REST API is asked and its webhooks are verified. `sealed` is what is secret, as
-- `base/seal.hpp` writes it; `key_id` names the key that opens it, not the key.
CREATE TABLE twilio_accounts (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  account_sid TEXT NOT NULL,
  api_key TEXT,
  sealed TEXT NOT NULL,
  key_id TEXT NOT NULL,
  is_main INTEGER NOT NULL CHECK (is_main IN (0, 1)),
  trunk_sid TEXT,
  checked_at TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, account_sid)
) STRICT;
-- An account is one workspace's: its webhooks and its numbers are.
CREATE UNIQUE INDEX idx_twilio_accounts_sid ON twilio_accounts (account_sid);
CREATE UNIQUE INDEX idx_twilio_accounts_main ON twilio_accounts (workspace_id) WHERE is_main = TRUE;

-- What Twilio was asked to do that must not happen twice: written as `intent` before it is asked, `sent` as the request goes
-- out, then what came of it. `unknown`: no answer came, and Twilio has to be asked. `price_micros` is a month's, of a purchase. `request` holds no secret.
CREATE TABLE twilio_effects (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  job_id TEXT REFERENCES jobs (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  kind TEXT NOT NULL,
  effect_key TEXT NOT NULL,
  account_sid TEXT NOT NULL,
  request TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'sent', 'done', 'refused', 'unknown', 'undone')),
  sid TEXT,
  code TEXT,
  message TEXT,
  price_micros INTEGER,
  price_unit TEXT,
  actor TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_twilio_effects_line ON twilio_effects (job_id, line) WHERE job_id IS NOT NULL;
CREATE INDEX idx_twilio_effects_open ON twilio_effects (workspace_id, updated_at)
  WHERE state = 'intent' OR state = 'sent' OR state = 'unknown';
CREATE UNIQUE INDEX idx_twilio_effects_buying ON twilio_effects (effect_key)
  WHERE kind = 'number.buy' AND (state = 'intent' OR state = 'sent' OR state = 'unknown');
CREATE INDEX idx_twilio_effects_kind ON twilio_effects (workspace_id, kind, created_at);
