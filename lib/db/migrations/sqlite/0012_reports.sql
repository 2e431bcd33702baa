-- What a finished day came to, so that a report need not count it again (ringctl-reports(7)). A row of call_days says
-- that the day's rows in call_tallies are what counting its calls would give; whatever changes one of these calls
-- takes the row away, and the tallies with it. All days of a workspace are of one zone and one set of definitions.
CREATE TABLE call_days (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  day TEXT NOT NULL,
  zone TEXT NOT NULL,
  definitions INTEGER NOT NULL,
  starts_at TEXT NOT NULL,
  ends_at TEXT NOT NULL,
  made_at TEXT NOT NULL,
  PRIMARY KEY (workspace_id, day)
) STRICT;
CREATE UNIQUE INDEX idx_call_days_end ON call_days (workspace_id, ends_at);

-- Sums of a day's calls that have something in common: `key` is what, by `dimension`; price_unit is '' for calls
-- without a price.
CREATE TABLE call_tallies (
  workspace_id TEXT NOT NULL,
  dimension TEXT NOT NULL CHECK (dimension <> ''),
  day TEXT NOT NULL,
  key TEXT NOT NULL,
  price_unit TEXT NOT NULL,
  inbound INTEGER NOT NULL,
  outbound INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  reached INTEGER NOT NULL,
  missed INTEGER NOT NULL,
  voicemail INTEGER NOT NULL,
  elsewhere INTEGER NOT NULL,
  abandoned INTEGER NOT NULL,
  abandoned_soon INTEGER NOT NULL,
  answered_soon INTEGER NOT NULL,
  answer_s INTEGER NOT NULL,
  talked INTEGER NOT NULL,
  talk_in_s INTEGER NOT NULL,
  talk_out_s INTEGER NOT NULL,
  billed_min INTEGER NOT NULL,
  priced INTEGER NOT NULL,
  price_micros INTEGER NOT NULL,
  transferred INTEGER NOT NULL,
  several INTEGER NOT NULL,
  rung INTEGER NOT NULL,
  rung_answered INTEGER NOT NULL,
  rung_declined INTEGER NOT NULL,
  rung_out INTEGER NOT NULL,
  rung_elsewhere INTEGER NOT NULL,
  ring_s INTEGER NOT NULL,
  span_s INTEGER NOT NULL,
  PRIMARY KEY (workspace_id, dimension, day, key, price_unit),
  FOREIGN KEY (workspace_id, day) REFERENCES call_days (workspace_id, day) ON DELETE CASCADE
) STRICT;
CREATE INDEX idx_call_tallies_day ON call_tallies (workspace_id, day);

-- A finished call that changes (whoever changes one sets its updated_at) gets a new place, for exports of what changed
-- after it was handed out.
ALTER TABLE call_counters ADD COLUMN changed_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN changed_seq INTEGER;
CREATE UNIQUE INDEX idx_calls_changed ON calls (workspace_id, changed_seq) WHERE changed_seq IS NOT NULL;
CREATE TRIGGER calls_changed AFTER UPDATE OF updated_at ON calls WHEN OLD.closed_seq IS NOT NULL
BEGIN
  UPDATE call_counters SET changed_seq = changed_seq + 1 WHERE workspace_id = NEW.workspace_id;
  UPDATE calls SET changed_seq = (SELECT c.changed_seq FROM call_counters c WHERE c.workspace_id = NEW.workspace_id)
  WHERE id = NEW.id;
END;

-- The first day that ends after an instant, if it has begun by then, is the day of that instant.
CREATE TRIGGER call_days_call_added AFTER INSERT ON calls BEGIN
  DELETE FROM call_days WHERE workspace_id = NEW.workspace_id AND starts_at <= NEW.started_at AND ends_at =
    (SELECT min(d.ends_at) FROM call_days d WHERE d.workspace_id = NEW.workspace_id AND d.ends_at > NEW.started_at);
END;
CREATE TRIGGER call_days_call_removed AFTER DELETE ON calls BEGIN
  DELETE FROM call_days WHERE workspace_id = OLD.workspace_id AND starts_at <= OLD.started_at AND ends_at =
    (SELECT min(d.ends_at) FROM call_days d WHERE d.workspace_id = OLD.workspace_id AND d.ends_at > OLD.started_at);
END;
CREATE TRIGGER call_days_call_altered AFTER UPDATE OF direction, status, from_number, to_number, number_id, user_id, team_id, rule_name, refusal, started_at,
  answered_at, ended_at, duration_s, outcome, price, price_unit ON calls BEGIN
  DELETE FROM call_days WHERE workspace_id = NEW.workspace_id AND starts_at <= NEW.started_at AND ends_at =
    (SELECT min(d.ends_at) FROM call_days d WHERE d.workspace_id = NEW.workspace_id AND d.ends_at > NEW.started_at);
END;
CREATE TRIGGER call_days_call_moved AFTER UPDATE OF started_at ON calls WHEN OLD.started_at <> NEW.started_at BEGIN
  DELETE FROM call_days WHERE workspace_id = OLD.workspace_id AND starts_at <= OLD.started_at AND ends_at =
    (SELECT min(d.ends_at) FROM call_days d WHERE d.workspace_id = OLD.workspace_id AND d.ends_at > OLD.started_at);
END;

-- The day of a part's call, in the form in which SQLite does not read all the days after it. A part that goes from one
-- call to another is of both.
CREATE TRIGGER call_days_leg_added AFTER INSERT ON call_attempts BEGIN
  DELETE FROM call_days WHERE (workspace_id, ends_at) = (SELECT c.workspace_id, (SELECT min(d.ends_at) FROM call_days d
      WHERE d.workspace_id = c.workspace_id AND d.ends_at > c.started_at) FROM calls c WHERE c.id = NEW.call_id)
    AND starts_at <= (SELECT c.started_at FROM calls c WHERE c.id = NEW.call_id);
END;
CREATE TRIGGER call_days_leg_altered AFTER UPDATE ON call_attempts BEGIN
  DELETE FROM call_days WHERE (workspace_id, ends_at) = (SELECT c.workspace_id, (SELECT min(d.ends_at) FROM call_days d
      WHERE d.workspace_id = c.workspace_id AND d.ends_at > c.started_at) FROM calls c WHERE c.id = NEW.call_id)
    AND starts_at <= (SELECT c.started_at FROM calls c WHERE c.id = NEW.call_id);
END;
CREATE TRIGGER call_days_leg_moved AFTER UPDATE OF call_id ON call_attempts WHEN OLD.call_id <> NEW.call_id OR NEW.call_id IS NULL BEGIN
  DELETE FROM call_days WHERE (workspace_id, ends_at) = (SELECT c.workspace_id, (SELECT min(d.ends_at) FROM call_days d
      WHERE d.workspace_id = c.workspace_id AND d.ends_at > c.started_at) FROM calls c WHERE c.id = OLD.call_id)
    AND starts_at <= (SELECT c.started_at FROM calls c WHERE c.id = OLD.call_id);
END;
CREATE TRIGGER call_days_leg_removed AFTER DELETE ON call_attempts BEGIN
  DELETE FROM call_days WHERE (workspace_id, ends_at) = (SELECT c.workspace_id, (SELECT min(d.ends_at) FROM call_days d
      WHERE d.workspace_id = c.workspace_id AND d.ends_at > c.started_at) FROM calls c WHERE c.id = OLD.call_id)
    AND starts_at <= (SELECT c.started_at FROM calls c WHERE c.id = OLD.call_id);
END;
CREATE TRIGGER call_days_recording_added AFTER INSERT ON recordings BEGIN
  DELETE FROM call_days WHERE (workspace_id, ends_at) = (SELECT c.workspace_id, (SELECT min(d.ends_at) FROM call_days d
      WHERE d.workspace_id = c.workspace_id AND d.ends_at > c.started_at) FROM calls c WHERE c.id = NEW.call_id)
    AND starts_at <= (SELECT c.started_at FROM calls c WHERE c.id = NEW.call_id);
END;
CREATE TRIGGER call_days_recording_altered AFTER UPDATE ON recordings BEGIN
  DELETE FROM call_days WHERE (workspace_id, ends_at) = (SELECT c.workspace_id, (SELECT min(d.ends_at) FROM call_days d
      WHERE d.workspace_id = c.workspace_id AND d.ends_at > c.started_at) FROM calls c WHERE c.id = NEW.call_id)
    AND starts_at <= (SELECT c.started_at FROM calls c WHERE c.id = NEW.call_id);
END;
CREATE TRIGGER call_days_recording_moved AFTER UPDATE OF call_id ON recordings WHEN OLD.call_id <> NEW.call_id OR NEW.call_id IS NULL BEGIN
  DELETE FROM call_days WHERE (workspace_id, ends_at) = (SELECT c.workspace_id, (SELECT min(d.ends_at) FROM call_days d
      WHERE d.workspace_id = c.workspace_id AND d.ends_at > c.started_at) FROM calls c WHERE c.id = OLD.call_id)
    AND starts_at <= (SELECT c.started_at FROM calls c WHERE c.id = OLD.call_id);
END;
CREATE TRIGGER call_days_recording_removed AFTER DELETE ON recordings BEGIN
  DELETE FROM call_days WHERE (workspace_id, ends_at) = (SELECT c.workspace_id, (SELECT min(d.ends_at) FROM call_days d
      WHERE d.workspace_id = c.workspace_id AND d.ends_at > c.started_at) FROM calls c WHERE c.id = OLD.call_id)
    AND starts_at <= (SELECT c.started_at FROM calls c WHERE c.id = OLD.call_id);
END;
