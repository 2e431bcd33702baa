-- What a finished day came to, so that a report need not count it again (ringctl-reports(7)). A row of call_days says
-- that the day's rows in call_tallies are what counting its calls would give; whatever changes one of these calls
-- takes the row away, and the tallies with it. All days of a workspace are of one zone and one set of definitions.
CREATE TABLE call_days (
  workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  day date NOT NULL,
  zone text COLLATE "C" NOT NULL,
  definitions bigint NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  made_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, day)
);
CREATE UNIQUE INDEX idx_call_days_end ON call_days (workspace_id, ends_at);

-- Sums of a day's calls that have something in common: `key` is what, by `dimension`; price_unit is '' for calls
-- without a price.
CREATE TABLE call_tallies (
  workspace_id uuid NOT NULL,
  dimension text COLLATE "C" NOT NULL CHECK (dimension <> ''),
  day date NOT NULL,
  key text COLLATE "C" NOT NULL,
  price_unit text COLLATE "C" NOT NULL,
  inbound bigint NOT NULL,
  outbound bigint NOT NULL,
  refused bigint NOT NULL,
  waiting bigint NOT NULL,
  answered bigint NOT NULL,
  reached bigint NOT NULL,
  missed bigint NOT NULL,
  voicemail bigint NOT NULL,
  elsewhere bigint NOT NULL,
  abandoned bigint NOT NULL,
  abandoned_soon bigint NOT NULL,
  answered_soon bigint NOT NULL,
  answer_s bigint NOT NULL,
  talked bigint NOT NULL,
  talk_in_s bigint NOT NULL,
  talk_out_s bigint NOT NULL,
  billed_min bigint NOT NULL,
  priced bigint NOT NULL,
  price_micros bigint NOT NULL,
  transferred bigint NOT NULL,
  several bigint NOT NULL,
  rung bigint NOT NULL,
  rung_answered bigint NOT NULL,
  rung_declined bigint NOT NULL,
  rung_out bigint NOT NULL,
  rung_elsewhere bigint NOT NULL,
  ring_s bigint NOT NULL,
  span_s bigint NOT NULL,
  PRIMARY KEY (workspace_id, dimension, day, key, price_unit),
  FOREIGN KEY (workspace_id, day) REFERENCES call_days (workspace_id, day) ON DELETE CASCADE
);
CREATE INDEX idx_call_tallies_day ON call_tallies (workspace_id, day);

-- A finished call that changes (whoever changes one sets its updated_at) gets a new place, for exports of what changed
-- after it was handed out.
ALTER TABLE call_counters ADD COLUMN changed_seq bigint NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN changed_seq bigint;
CREATE UNIQUE INDEX idx_calls_changed ON calls (workspace_id, changed_seq) WHERE changed_seq IS NOT NULL;
CREATE FUNCTION place_changed_call() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE call_counters SET changed_seq = changed_seq + 1 WHERE workspace_id = NEW.workspace_id
    RETURNING changed_seq INTO NEW.changed_seq;
  RETURN NEW;
END $$;
CREATE TRIGGER calls_changed BEFORE UPDATE OF updated_at ON calls FOR EACH ROW
  WHEN (OLD.closed_seq IS NOT NULL) EXECUTE FUNCTION place_changed_call();

-- The first day that ends after an instant, if it has begun by then, is the day of that instant. Once a statement.
-- A session plans each of these once, for as many rows as its first statement touched; no later one shall read calls
-- whole for that, so all are found by index.
CREATE FUNCTION forget_days_of_calls() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
  SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  DELETE FROM call_days d USING (SELECT workspace_id, started_at FROM touched) t
  WHERE d.workspace_id = t.workspace_id AND d.starts_at <= t.started_at AND d.ends_at =
    (SELECT min(n.ends_at) FROM call_days n WHERE n.workspace_id = t.workspace_id AND n.ends_at > t.started_at);
  RETURN NULL;
END $$;
CREATE FUNCTION forget_days_of_altered_calls() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
  SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  DELETE FROM call_days d USING (SELECT workspace_id, started_at FROM touched UNION SELECT workspace_id, started_at FROM altered) t
  WHERE d.workspace_id = t.workspace_id AND d.starts_at <= t.started_at AND d.ends_at =
    (SELECT min(n.ends_at) FROM call_days n WHERE n.workspace_id = t.workspace_id AND n.ends_at > t.started_at);
  RETURN NULL;
END $$;
CREATE FUNCTION forget_days_of_parts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
  SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  DELETE FROM call_days d USING (SELECT c.workspace_id, c.started_at FROM touched x
    JOIN calls c ON c.id = x.call_id) t
  WHERE d.workspace_id = t.workspace_id AND d.starts_at <= t.started_at AND d.ends_at =
    (SELECT min(n.ends_at) FROM call_days n WHERE n.workspace_id = t.workspace_id AND n.ends_at > t.started_at);
  RETURN NULL;
END $$;
CREATE FUNCTION forget_days_of_altered_parts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
  SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  DELETE FROM call_days d USING (SELECT c.workspace_id, c.started_at FROM touched x
    JOIN calls c ON c.id = x.call_id UNION SELECT c.workspace_id, c.started_at FROM altered x
    JOIN calls c ON c.id = x.call_id) t
  WHERE d.workspace_id = t.workspace_id AND d.starts_at <= t.started_at AND d.ends_at =
    (SELECT min(n.ends_at) FROM call_days n WHERE n.workspace_id = t.workspace_id AND n.ends_at > t.started_at);
  RETURN NULL;
END $$;
CREATE TRIGGER call_days_call_added AFTER INSERT ON calls REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_calls();
CREATE TRIGGER call_days_call_altered AFTER UPDATE ON calls REFERENCING OLD TABLE AS touched NEW TABLE AS altered
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_altered_calls();
CREATE TRIGGER call_days_call_removed AFTER DELETE ON calls REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_calls();
CREATE TRIGGER call_days_leg_added AFTER INSERT ON call_attempts REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_parts();
CREATE TRIGGER call_days_leg_altered AFTER UPDATE ON call_attempts REFERENCING OLD TABLE AS touched NEW TABLE AS altered
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_altered_parts();
CREATE TRIGGER call_days_leg_removed AFTER DELETE ON call_attempts REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_parts();
CREATE TRIGGER call_days_recording_added AFTER INSERT ON recordings REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_parts();
CREATE TRIGGER call_days_recording_altered AFTER UPDATE ON recordings REFERENCING OLD TABLE AS touched NEW TABLE AS altered
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_altered_parts();
CREATE TRIGGER call_days_recording_removed AFTER DELETE ON recordings REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION forget_days_of_parts();

-- Row policies as everywhere.
ALTER TABLE call_days ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_days
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
ALTER TABLE call_tallies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_tallies
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
