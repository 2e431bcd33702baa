-- A day's sums of one dimension lie in one row, not in one for each agent, number or hour: a report over a year reads
-- hundreds of rows where it read tens of thousands, and a change takes as few away. `reports refresh` keeps the days
-- anew.
DELETE FROM call_days;
DROP TABLE call_tallies;

-- Sums of a day's calls by what they have in common, the dimension; lib/report/packed_tallies.hpp says in which form.
CREATE TABLE call_tallies (
  workspace_id TEXT NOT NULL,
  dimension TEXT NOT NULL CHECK (dimension <> ''),
  day TEXT NOT NULL,
  tallies TEXT NOT NULL,
  PRIMARY KEY (workspace_id, dimension, day),
  FOREIGN KEY (workspace_id, day) REFERENCES call_days (workspace_id, day) ON DELETE CASCADE
) STRICT;
CREATE INDEX idx_call_tallies_day ON call_tallies (workspace_id, day);

-- By rule, calls stand under the rule only where it was the one that routed them; and what is written as it was, as the
-- outcome beside a note is, changes no sum.
DROP TRIGGER call_days_call_altered;
CREATE TRIGGER call_days_call_altered AFTER UPDATE OF
  direction, status, from_number, to_number, number_id, user_id, team_id, rule_name, routed_by, refusal, started_at,
  answered_at, ended_at, duration_s, outcome, price, price_unit
ON calls WHEN
  OLD.direction IS NOT NEW.direction OR OLD.status IS NOT NEW.status OR OLD.from_number IS NOT NEW.from_number OR
  OLD.to_number IS NOT NEW.to_number OR OLD.number_id IS NOT NEW.number_id OR OLD.user_id IS NOT NEW.user_id OR
  OLD.team_id IS NOT NEW.team_id OR OLD.rule_name IS NOT NEW.rule_name OR OLD.routed_by IS NOT NEW.routed_by OR
  OLD.refusal IS NOT NEW.refusal OR OLD.started_at IS NOT NEW.started_at OR OLD.answered_at IS NOT NEW.answered_at OR
  OLD.ended_at IS NOT NEW.ended_at OR OLD.duration_s IS NOT NEW.duration_s OR OLD.outcome IS NOT NEW.outcome OR
  OLD.price IS NOT NEW.price OR OLD.price_unit IS NOT NEW.price_unit
BEGIN
  DELETE FROM call_days WHERE workspace_id = NEW.workspace_id AND starts_at <= NEW.started_at AND ends_at =
    (SELECT min(d.ends_at) FROM call_days d WHERE d.workspace_id = NEW.workspace_id AND d.ends_at > NEW.started_at);
END;
