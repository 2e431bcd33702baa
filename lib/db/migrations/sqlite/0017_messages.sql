-- Text messages: who receives a number's, whose each conversation is, and who said that they want no more
-- (ringctl-messages(1)).

-- What a workspace decides about messages (ringctl-workspaces(1)). NULL: none.
ALTER TABLE workspaces ADD COLUMN sms_lease_s INTEGER NOT NULL DEFAULT 86400 CHECK (sms_lease_s BETWEEN 0 AND 31536000);
ALTER TABLE workspaces ADD COLUMN sms_offline TEXT NOT NULL DEFAULT 'skip' CHECK (sms_offline IN ('skip', 'include'));
ALTER TABLE workspaces ADD COLUMN sms_countries TEXT;
ALTER TABLE workspaces ADD COLUMN stop_means TEXT NOT NULL DEFAULT 'all' CHECK (stop_means IN ('all', 'sms'));
ALTER TABLE workspaces ADD COLUMN default_user TEXT;

-- The lock of a workspace's messages, and the last places given: whoever writes messages locks the row first.
CREATE TABLE message_counters (
  workspace_id TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (id),
  message_seq INTEGER NOT NULL DEFAULT 0,
  changed_seq INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One conversation of one of our numbers with somebody. `party_number` is as Twilio has it, not always E.164; NULL once
-- that person was erased. Whose it is: free when nobody is assigned or the lease has run out (NULL: it does not).
CREATE TABLE message_threads (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  our_number TEXT NOT NULL,
  party_number TEXT,
  number_id TEXT REFERENCES phone_numbers (id) ON DELETE SET NULL,
  contact_id TEXT REFERENCES contacts (id),
  assigned_user_id TEXT REFERENCES users (id),
  assigned_by TEXT CHECK (assigned_by IN ('claim', 'reply', 'round_robin', 'extension', 'reassign')),
  assigned_at TEXT,
  lease_expires_at TEXT,
  last_message_at TEXT NOT NULL,
  last_inbound_at TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (workspace_id, our_number, party_number),
  CHECK ((assigned_user_id IS NULL) = (assigned_at IS NULL)),
  CHECK (assigned_user_id IS NOT NULL OR lease_expires_at IS NULL)
) STRICT;
CREATE INDEX idx_message_threads_last ON message_threads (workspace_id, last_message_at);
CREATE INDEX idx_message_threads_party ON message_threads (workspace_id, party_number);
CREATE INDEX idx_message_threads_user ON message_threads (assigned_user_id) WHERE assigned_user_id IS NOT NULL;
CREATE INDEX idx_message_threads_contact ON message_threads (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX idx_message_threads_number ON message_threads (number_id) WHERE number_id IS NOT NULL;

-- Messages. `message_sid` NULL: Twilio has not said yet that it took it. `user_id`: who sent it; `assigned_user_id`: whose
-- the conversation was when it came in. `media` is a JSON array of {"content_type","url"}, `details` a JSON object of what
-- else Twilio said. `status_rank` orders `status`, which only moves forward. `message_seq`: its place among all.
CREATE TABLE messages (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  thread_id TEXT NOT NULL REFERENCES message_threads (id),
  message_sid TEXT UNIQUE,
  account_sid TEXT NOT NULL,
  number_id TEXT REFERENCES phone_numbers (id) ON DELETE SET NULL,
  contact_id TEXT REFERENCES contacts (id),
  user_id TEXT REFERENCES users (id),
  assigned_user_id TEXT REFERENCES users (id),
  direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
  from_number TEXT NOT NULL,
  to_number TEXT NOT NULL,
  extension TEXT,
  body TEXT,
  media TEXT,
  details TEXT,
  keyword TEXT CHECK (keyword IN ('stop', 'start', 'help')),
  encoding TEXT NOT NULL CHECK (encoding IN ('gsm7', 'ucs2')),
  segments INTEGER NOT NULL,
  status TEXT NOT NULL,
  status_rank INTEGER NOT NULL,
  error_code INTEGER,
  price TEXT,
  price_unit TEXT,
  message_seq INTEGER NOT NULL,
  changed_seq INTEGER,
  sent_at TEXT,
  delivered_at TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
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
CREATE TRIGGER messages_changed AFTER UPDATE OF updated_at ON messages
BEGIN
  UPDATE message_counters SET changed_seq = changed_seq + 1 WHERE workspace_id = NEW.workspace_id;
  UPDATE messages SET changed_seq = (SELECT c.changed_seq FROM message_counters c WHERE c.workspace_id = NEW.workspace_id)
  WHERE id = NEW.id;
END;

-- What Twilio told of messages that were sent, as it came; also of those that nobody here knows.
CREATE TABLE message_events (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  event_key TEXT NOT NULL,
  message_sid TEXT NOT NULL,
  message_id TEXT,
  status TEXT NOT NULL,
  error_code INTEGER,
  form TEXT NOT NULL,
  received_at TEXT NOT NULL,
  UNIQUE (workspace_id, event_key)
) STRICT;
CREATE INDEX idx_message_events_sid ON message_events (message_sid);
CREATE INDEX idx_message_events_received ON message_events (workspace_id, received_at);

-- Who was told of a message that came in, once each, and why they. Written with the message.
CREATE TABLE notifications (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  thread_id TEXT NOT NULL REFERENCES message_threads (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL CHECK (kind IN ('inbound_client_message', 'inbound_opt_out')),
  reason TEXT NOT NULL CHECK (reason IN ('pool', 'owner', 'turn', 'extension', 'contact', 'number_owner', 'default_user', 'support')),
  created_at TEXT NOT NULL,
  UNIQUE (message_id, user_id)
) STRICT;
CREATE INDEX idx_notifications_user ON notifications (user_id, created_at);
CREATE INDEX idx_notifications_thread ON notifications (thread_id, user_id);
CREATE INDEX idx_notifications_created ON notifications (workspace_id, created_at);

-- Whose turn it is in a number's pool: the user whose turn was last, and how many there were. Written with the message.
CREATE TABLE message_turns (
  number_id TEXT PRIMARY KEY NOT NULL REFERENCES phone_numbers (id) ON DELETE CASCADE,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  last_user_id TEXT NOT NULL,
  turns INTEGER NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX idx_message_turns_workspace ON message_turns (workspace_id);

-- Where a workspace wants to be told of messages. `sealed` is the key that it is signed with, as `base/seal.hpp` writes it.
CREATE TABLE message_hooks (
  workspace_id TEXT PRIMARY KEY NOT NULL REFERENCES workspaces (id),
  url TEXT NOT NULL,
  sealed TEXT NOT NULL,
  key_id TEXT NOT NULL,
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;

-- What is to be told there, queued with the message. `due_at`: not before; whoever is at it has until `taken_until`.
CREATE TABLE message_deliveries (
  id TEXT PRIMARY KEY NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  event TEXT NOT NULL CHECK (event IN ('message.received')),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'given_up')),
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at TEXT NOT NULL,
  taken_by TEXT,
  taken_until TEXT,
  response_status INTEGER,
  last_error TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (message_id, event)
) STRICT;
CREATE INDEX idx_message_deliveries_due ON message_deliveries (workspace_id, due_at) WHERE state = 'waiting';
CREATE INDEX idx_message_deliveries_state ON message_deliveries (workspace_id, state, updated_at);

-- What Twilio blocks since somebody said STOP: `ours` is the number or the messaging service that they said it to. An
-- opt-out that STOP made, or widened, remembers what was there before ('none', 'voice') and the version it was given; START
-- takes back no other.
CREATE TABLE message_stops (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  phone_number TEXT NOT NULL,
  ours TEXT NOT NULL,
  message_sid TEXT NOT NULL,
  stopped_at TEXT NOT NULL,
  PRIMARY KEY (workspace_id, phone_number, ours)
) STRICT;
ALTER TABLE opt_outs ADD COLUMN before_stop TEXT CHECK (before_stop IN ('none', 'voice'));
ALTER TABLE opt_outs ADD COLUMN stop_version INTEGER;

-- The documents' other names.
DROP VIEW livechat_messages;
CREATE VIEW livechat_messages AS
  SELECT id, workspace_id, contact_id, user_id, 'call' AS msg_type, coalesce(notes, '') AS body, direction,
         call_sid AS twilio_sid, status, created_at, updated_at
  FROM calls
  UNION ALL
  SELECT id, workspace_id, contact_id, user_id, 'sms' AS msg_type, coalesce(body, '') AS body, direction,
         message_sid AS twilio_sid, status, created_at, updated_at
  FROM messages;
CREATE VIEW message_logs AS
  SELECT m.id, m.workspace_id, m.thread_id, m.contact_id, t.assigned_user_id, m.user_id, m.direction, m.from_number,
         m.to_number, coalesce(m.body, '') AS body, m.message_sid AS twilio_sid, m.status, m.created_at, m.updated_at
  FROM messages m JOIN message_threads t ON t.id = m.thread_id;
