-- A day's sums of one dimension lie in one row, not in one for each agent, number or hour: a report over a year reads
-- hundreds of rows where it read tens of thousands, and a change takes as few away. `reports refresh` keeps the days
-- anew.
DROP TABLE call_tallies;
TRUNCATE call_days;

-- Sums of a day's calls by what they have in common, the dimension; lib/report/packed_tallies.hpp says in which form.
CREATE TABLE call_tallies (
  workspace_id uuid NOT NULL,
  dimension text COLLATE "C" NOT NULL CHECK (dimension <> ''),
  day date NOT NULL,
  tallies text COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, dimension, day),
  FOREIGN KEY (workspace_id, day) REFERENCES call_days (workspace_id, day) ON DELETE CASCADE
);
-- Uncompressed: they are a hundredth of what the calls take, and a report would wait longer for unpacking than for reading.
ALTER TABLE call_tallies ALTER COLUMN tallies SET STORAGE EXTERNAL;
CREATE INDEX idx_call_tallies_day ON call_tallies (workspace_id, day);

-- Row policies as everywhere.
ALTER TABLE call_tallies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON call_tallies
  USING (workspace_id = (SELECT current_workspace()) OR (SELECT current_door()) = 'maintenance')
  WITH CHECK (workspace_id = (SELECT id FROM workspaces WHERE id = current_workspace())
              OR ((SELECT current_door()) = 'maintenance' AND workspace_id IN (SELECT id FROM workspaces)));
