-- The row that a job changed, whatever its key became since.
ALTER TABLE job_rows ADD COLUMN object_id TEXT;
