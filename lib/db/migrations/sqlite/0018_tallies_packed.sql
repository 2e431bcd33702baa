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
