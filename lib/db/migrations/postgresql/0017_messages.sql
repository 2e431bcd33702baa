-- Text messages: who receives a number's, whose each conversation is, and who said that they want no more
-- (ringctl-messages(1)).

-- What a workspace decides about messages (ringctl-workspaces(1)). NULL: none.
ALTER TABLE workspaces ADD COLUMN sms_lease_s bigint NOT NULL DEFAULT 86400 CHECK (sms_lease_s BETWEEN 0 AND 31536000);
ALTER TABLE workspaces ADD COLUMN sms_offline text COLLATE "C" NOT NULL DEFAULT 'skip' CHECK (sms_offline IN ('skip', 'include'));
ALTER TABLE workspaces ADD COLUMN sms_countries text COLLATE "C";
ALTER TABLE workspaces ADD COLUMN stop_means text COLLATE "C" NOT NULL DEFAULT 'all' CHECK (stop_means IN ('all', 'sms'));
ALTER TABLE workspaces ADD COLUMN default_user text COLLATE "C";

-- The lock of a workspace's messages, and the last places given: whoever writes messages locks the row first.
CREATE TABLE message_counters (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces (id),
  message_seq bigint NOT NULL DEFAULT 0,
  changed_seq bigint NOT NULL DEFAULT 0
);

-- One conversation of one of our numbers with somebody. `party_number` is as Twilio has it, not always E.164; NULL once
-- that person was erased. Whose it is: free when nobody is assigned or the lease has run out (NULL: it does not).
CREATE TABLE message_threads (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  our_number text COLLATE "C" NOT NULL,
  party_number text COLLATE "C",
  number_id uuid REFERENCES phone_numbers (id) ON DELETE SET NULL,
  contact_id uuid REFERENCES contacts (id),
  assigned_user_id uuid REFERENCES users (id),
  assigned_by text COLLATE "C" CHECK (assigned_by IN ('claim', 'reply', 'round_robin', 'extension', 'reassign')),
  assigned_at timestamptz(3),
  lease_expires_at timestamptz(3),
  last_message_at timestamptz(3) NOT NULL,
  last_inbound_at timestamptz(3),
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, our_number, party_number),
  CHECK ((assigned_user_id IS NULL) = (assigned_at IS NULL)),
  CHECK (assigned_user_id IS NOT NULL OR lease_expires_at IS NULL)
);
CREATE INDEX idx_message_threads_last ON message_threads (workspace_id, last_message_at);
CREATE INDEX idx_message_threads_party ON message_threads (workspace_id, party_number);
CREATE INDEX idx_message_threads_user ON message_threads (assigned_user_id) WHERE assigned_user_id IS NOT NULL;
CREATE INDEX idx_message_threads_contact ON message_threads (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX idx_message_threads_number ON message_threads (number_id) WHERE number_id IS NOT NULL;

-- Messages. `message_sid` NULL: Twilio has not said yet that it took it. `user_id`: who sent it; `assigned_user_id`: whose
-- the conversation was when it came in. `media` is a JSON array of {"content_type","url"}, `details` a JSON object of what
-- else Twilio said. `status_rank` orders `status`, which only moves forward. `message_seq`: its place among all.
CREATE TABLE messages (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  thread_id uuid NOT NULL REFERENCES message_threads (id),
  message_sid text COLLATE "C" UNIQUE,
  account_sid text COLLATE "C" NOT NULL,
  number_id uuid REFERENCES phone_numbers (id) ON DELETE SET NULL,
  contact_id uuid REFERENCES contacts (id),
  user_id uuid REFERENCES users (id),
  assigned_user_id uuid REFERENCES users (id),
  direction text COLLATE "C" NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  from_number text COLLATE "C" NOT NULL,
  to_number text COLLATE "C" NOT NULL,
  extension text COLLATE "C",
  body text COLLATE "C",
  media text COLLATE "C",
  details text COLLATE "C",
  keyword text COLLATE "C" CHECK (keyword IN ('stop', 'start', 'help')),
  encoding text COLLATE "C" NOT NULL CHECK (encoding IN ('gsm7', 'ucs2')),
  segments bigint NOT NULL,
  status text COLLATE "C" NOT NULL,
  status_rank bigint NOT NULL,
  error_code bigint,
  price text COLLATE "C",
  price_unit text COLLATE "C",
  message_seq bigint NOT NULL,
  changed_seq bigint,
  sent_at timestamptz(3),
  delivered_at timestamptz(3),
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE UNIQUE INDEX idx_messages_seq ON messages (workspace_id, message_seq);
CREATE UNIQUE INDEX idx_messages_changed ON messages (workspace_id, changed_seq) WHERE changed_seq IS NOT NULL;
CREATE INDEX idx_messages_thread ON messages (thread_id, created_at);
CREATE INDEX idx_messages_created ON messages (workspace_id, created_at);
CREATE INDEX idx_messages_from ON messages (workspace_id, from_number, created_at);
CREATE INDEX idx_messages_to ON messages (workspace_id, to_number, created_at);
CREATE INDEX idx_messages_user ON messages (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_messages_assigned ON messages (assigned_user_id) WHERE assigned_user_id IS NOT NULL;
CREATE INDEX idx_messages_contact ON messages (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX idx_messages_number ON messages (number_id) WHERE number_id IS NOT NULL;

-- A message that changes (whoever changes one sets its updated_at) gets a new place, for exports of what changed after it
-- was handed out.
CREATE FUNCTION place_changed_message() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE message_counters SET changed_seq = changed_seq + 1 WHERE workspace_id = NEW.workspace_id
    RETURNING changed_seq INTO NEW.changed_seq;
  RETURN NEW;
END $$;
CREATE TRIGGER messages_changed BEFORE UPDATE OF updated_at ON messages FOR EACH ROW
  EXECUTE FUNCTION place_changed_message();

-- What Twilio told of messages that were sent, as it came; also of those that nobody here knows.
CREATE TABLE message_events (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  event_key text COLLATE "C" NOT NULL,
  message_sid text COLLATE "C" NOT NULL,
  message_id uuid,
  status text COLLATE "C" NOT NULL,
  error_code bigint,
  form text COLLATE "C" NOT NULL,
  received_at timestamptz(3) NOT NULL,
  UNIQUE (workspace_id, event_key)
);
CREATE INDEX idx_message_events_sid ON message_events (message_sid);
CREATE INDEX idx_message_events_received ON message_events (workspace_id, received_at);

-- Who was told of a message that came in, once each, and why they. Written with the message.
CREATE TABLE notifications (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  thread_id uuid NOT NULL REFERENCES message_threads (id),
  user_id uuid NOT NULL REFERENCES users (id),
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('inbound_client_message', 'inbound_opt_out')),
  reason text COLLATE "C" NOT NULL CHECK (reason IN ('pool', 'owner', 'turn', 'extension', 'contact', 'number_owner', 'default_user', 'support')),
  created_at timestamptz(3) NOT NULL,
  UNIQUE (message_id, user_id)
);
CREATE INDEX idx_notifications_user ON notifications (user_id, created_at);
CREATE INDEX idx_notifications_thread ON notifications (thread_id, user_id);
CREATE INDEX idx_notifications_created ON notifications (workspace_id, created_at);

-- Whose turn it is in a number's pool: the user whose turn was last, and how many there were. Written with the message.
CREATE TABLE message_turns (
  number_id uuid PRIMARY KEY REFERENCES phone_numbers (id) ON DELETE CASCADE,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  last_user_id uuid NOT NULL,
  turns bigint NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
CREATE INDEX idx_message_turns_workspace ON message_turns (workspace_id);

-- Where a workspace wants to be told of messages. `sealed` is the key that it is signed with, as `base/seal.hpp` writes it.
CREATE TABLE message_hooks (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces (id),
  url text COLLATE "C" NOT NULL,
  sealed text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  is_active boolean NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);

-- What is to be told there, queued with the message. `due_at`: not before; whoever is at it has until `taken_until`.
CREATE TABLE message_deliveries (
  id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  event text COLLATE "C" NOT NULL CHECK (event IN ('message.received')),
  state text COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'done', 'given_up')),
  attempts bigint NOT NULL DEFAULT 0,
  due_at timestamptz(3) NOT NULL,
  taken_by text COLLATE "C",
  taken_until timestamptz(3),
  response_status bigint,
  last_error text COLLATE "C",
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  UNIQUE (message_id, event)
);
CREATE INDEX idx_message_deliveries_due ON message_deliveries (workspace_id, due_at) WHERE state = 'waiting';
CREATE INDEX idx_message_deliveries_state ON message_deliveries (workspace_id, state, updated_at);

-- What Twilio blocks since somebody said STOP: `ours` is the number or the messaging service that they said it to. An
-- opt-out that STOP made, or widened, remembers what was there before ('none', 'voice') and the version it was given; START
-- takes back no other.
CREATE TABLE message_stops (
  workspace_id uuid NOT NULL REFERENCES workspaces (id),
  phone_number text COLLATE "C" NOT NULL,
  ours text COLLATE "C" NOT NULL,
  message_sid text COLLATE "C" NOT NULL,
  stopped_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, phone_number, ours)
);
ALTER TABLE opt_outs ADD COLUMN before_stop text COLLATE "C" CHECK (before_stop IN ('none', 'voice'));
ALTER TABLE opt_outs ADD COLUMN stop_version bigint;

-- The documents' other names.
DROP VIEW livechat_messages;
CREATE VIEW livechat_messages WITH (security_invoker = true) AS
  SELECT id, workspace_id, contact_id, user_id, 'call' AS msg_type, coalesce(notes, '') AS body, direction,
         call_sid AS twilio_sid, status, created_at, updated_at
  FROM calls
  UNION ALL
  SELECT id, workspace_id, contact_id, user_id, 'sms' AS msg_type, coalesce(body, '') AS body, direction,
         message_sid AS twilio_sid, status, created_at, updated_at
  FROM messages;
CREATE VIEW message_logs WITH (security_invoker = true) AS
  SELECT m.id, m.workspace_id, m.thread_id, m.contact_id, t.assigned_user_id, m.user_id, m.direction, m.from_number,
         m.to_number, coalesce(m.body, '') AS body, m.message_sid AS twilio_sid, m.status, m.created_at, m.updated_at
  FROM messages m JOIN message_threads t ON t.id = m.thread_id;

-- Row policies as everywhere.
ALTER TABLE message_counters ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_counters
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE message_threads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_threads
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE messages ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON messages
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE message_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_events
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notifications
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE message_turns ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_turns
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE message_hooks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_hooks
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE message_deliveries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_deliveries
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE message_stops ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_stops
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
